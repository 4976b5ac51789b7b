"""Claims as experiments: one file a claim, decided before it is run; `python -m experiments` runs all."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.claim_test import ClaimTest

EXPERIMENT_NAMES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("e[0-9][0-9]_*.py")))
"""The files of the experiments, in the order of their numbers."""


def load_all_experiments() -> "list[ClaimTest]":
    """Return all experiments, in order."""
    return [load_experiment_module(name) for name in EXPERIMENT_NAMES]


def load_experiment_module(name: str) -> "ClaimTest":
    """Return the experiment of a file."""
    found: ClaimTest = import_module(f"experiments.{name}").EXPERIMENT
    return found
