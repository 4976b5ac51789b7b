"""Claims as experiments: one file a claim, decided before it is run; `python -m experiments` runs all."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.design import Experiment

NAMES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("e[0-9][0-9]_*.py")))
"""The files of the experiments, in the order of their numbers."""


def every() -> "list[Experiment]":
    """Return all experiments, in order."""
    return [named(name) for name in NAMES]


def named(name: str) -> "Experiment":
    """Return the experiment of a file."""
    found: Experiment = import_module(f"experiments.{name}").EXPERIMENT
    return found
