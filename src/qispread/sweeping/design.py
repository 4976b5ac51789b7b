"""Designs: from an experiment to its points, by scipy.stats.qmc and SALib."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.sweeping.experiment import Experiment, Grid, LatinHypercube, Morris, PointsFile, Saltelli, Sobol
from qispread.sweeping.salib import load_salib

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Points:
    """The points of an experiment.

    Attributes
    ----------
    numbers : array of (points, factors) float64
        As `Factor.value` takes them: within the range, or places of values.
    unit : array of (points, factors) float64, or None
        Where each lies in [0, 1] of each range, for designs that are drawn there.
    """

    numbers: Numbers
    unit: Numbers | None = None


def points_of(experiment: Experiment) -> Points:
    """Return the points of an experiment; the same seed gives the same.

    Raises
    ------
    InputError
        Where the design needs SALib, and it is not installed.
    """
    factors, design = experiment.varied, experiment.design
    if isinstance(design, PointsFile):
        return Points(np.array(design.rows, dtype=np.float64))
    if isinstance(design, Grid):
        levels = [factor.levels(design.levels) for factor in factors]
        return Points(np.array(list(product(*levels)), dtype=np.float64).reshape(-1, len(factors)))
    unit = drawn(design, len(factors), experiment.seed)
    columns = [factor.from_unit(unit[:, place]) for place, factor in enumerate(factors)]
    return Points(np.column_stack(columns), unit)


def number_of_points(experiment: Experiment) -> int:
    """Return how many points an experiment has, without making them."""
    factors, design = experiment.varied, experiment.design
    if isinstance(design, PointsFile):
        return len(design.rows)
    if isinstance(design, Grid):
        count = 1
        for factor in factors:
            count *= factor.levels(design.levels).size
        return count
    if isinstance(design, Morris):
        return design.trajectories * (len(factors) + 1)
    return design.points * block_of(experiment)


def block_of(experiment: Experiment) -> int:
    """Return how many points in a row belong together and make sense together only."""
    design, factors = experiment.design, len(experiment.factors)
    if isinstance(design, Saltelli):
        return 2 * factors + 2 if design.second_order else factors + 2
    return factors + 1 if isinstance(design, Morris) else 1


def drawn(design: Any, factors: int, seed: int) -> Numbers:
    """Return the points of a design in the unit cube, of (points, factors)."""
    if isinstance(design, LatinHypercube | Sobol):
        from scipy.stats import qmc

        rng = np.random.default_rng(seed)
        sampler = (
            qmc.LatinHypercube(factors, rng=rng) if isinstance(design, LatinHypercube) else qmc.Sobol(factors, rng=rng)
        )
        found: Numbers = sampler.random(design.points)
        return found
    # SALib changes what it is given, so that each call gets a problem of its own.
    problem = {"num_vars": factors, "names": [str(place) for place in range(factors)], "bounds": [[0.0, 1.0]] * factors}
    return sample_with_salib(design, problem, seed)


def sample_with_salib(design: Saltelli | Morris, problem: dict[str, Any], seed: int) -> Numbers:
    """Return the points of a design for sensitivity analysis in the unit cube."""
    found: Numbers
    if isinstance(design, Saltelli):
        sobol = load_salib("sample.sobol", "design.kind", design.kind)
        found = sobol.sample(problem, design.points, calc_second_order=design.second_order, seed=seed)
    else:
        morris = load_salib("sample.morris", "design.kind", design.kind)
        found = morris.sample(problem, design.trajectories, num_levels=design.levels, seed=seed)
    return np.asarray(found, dtype=np.float64)
