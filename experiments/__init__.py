"""The eleven claims as experiments: one file a claim, decided before it is run; `python -m experiments` runs all."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.design import Experiment

NAMES = (
    "e01_rarely_replicates",
    "e02_no_magic_bullet",
    "e03_embedding_takes_time",
    "e04_real_cycles",
    "e05_one_vision",
    "e06_constancy",
    "e07_present_culture",
    "e08_act_like_a_sector",
    "e09_networks_learn",
    "e10_realistic_goals",
    "e11_systems_not_bullets",
)


def every() -> "list[Experiment]":
    """Return all experiments, in order."""
    return [named(name) for name in NAMES]


def named(name: str) -> "Experiment":
    """Return the experiment of a file."""
    found: Experiment = import_module(f"experiments.{name}").EXPERIMENT
    return found
