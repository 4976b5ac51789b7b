"""Sweeps whose numbers come from a formula, so that what an analysis should say of them is known."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

import qispread as qs
from qispread.inputs.cross_checks import POOLED
from qispread.runs.sweep.designs import build_points

FACTOR_PATHS = (
    "copying.copy_loss",
    "copying.lineage",
    "hearing.contact",
    "deciding.peers",
    "deciding.reluctance",
    "hearing.broadcast",
)
"""Parameters that can be factors of a made sweep."""


@dataclass(frozen=True, eq=False)
class SyntheticSweep:
    """A sweep that was never run: its tables hold what a formula says."""

    experiment: qs.Experiment
    table: np.ndarray

    @cached_property
    def points(self):
        factors, numbers = self.experiment.resolved_factors, self.design().numbers
        return pd.DataFrame({one.path: one.format_values(numbers[:, place]) for place, one in enumerate(factors)})

    def design(self):
        return build_points(self.experiment)

    def values(self, measure, intervention=POOLED):
        return self.table[:, :, -1]

    def monthly(self, measure, intervention=POOLED):
        return self.table

    def attempted(self):
        return np.ones(self.table.shape[:2], dtype=bool)


def synthetic_experiment(factors, design, *, replicates=1, monthly=(), horizon=24):
    """Return an experiment with so many factors, or with those that a mapping describes."""
    named = {path: {} for path in FACTOR_PATHS[:factors]} if isinstance(factors, int) else factors
    return qs.read_experiment(
        {
            "base": qs.Scenario().replace({"horizon": horizon}),
            "factors": {path: {**said} for path, said in named.items()},
            "design": design,
            "replicates": replicates,
            "measures": {"final": ("effect",), "monthly": monthly},
        }
    )


def unit_points(experiment):
    """Return where the points of an experiment lie in [0, 1] of each range."""
    return build_points(experiment).unit


def synthetic_sweep(experiment, values):
    """Return the sweep of an experiment whose runs at the end are some values, of (points,) or (points, replicates)."""
    values = np.asarray(values, dtype=np.float64)
    table = values.reshape(len(values), -1)
    return SyntheticSweep(
        experiment, np.repeat(np.broadcast_to(table, (len(table), experiment.replicates))[..., None], 1, axis=2)
    )


def ishigami(unit):
    """Return the function of Ishigami and Homma, with 7 and 0.1, of three numbers in [0, 1]."""
    x = np.pi * (2.0 * unit - 1.0)
    return np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices():
    """Return first, total and the second order index of the first with the third, from the integrals."""
    a, b, pi = 7.0, 0.1, np.pi
    first = np.array([0.5 * (1.0 + b * pi**4 / 5.0) ** 2, a**2 / 8.0, 0.0])
    both = b**2 * pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    whole = first.sum() + both
    return first / whole, np.array([first[0] + both, first[1], both]) / whole, both / whole


G_COEFFICIENTS = np.array([0.0, 1.0, 4.5, 9.0])


def sobol_g(unit):
    """Return Sobol's g-function of four numbers in [0, 1]."""
    return np.prod((np.abs(4.0 * unit - 2.0) + G_COEFFICIENTS) / (1.0 + G_COEFFICIENTS), axis=1)


def sobol_g_indices():
    """Return first and total order indices of the g-function, from the integrals."""
    one = 1.0 / (3.0 * (1.0 + G_COEFFICIENTS) ** 2)
    whole = np.prod(1.0 + one) - 1.0
    return one / whole, one * np.prod(1.0 + one) / (1.0 + one) / whole
