"""Points of designs, by scipy.stats.qmc and SALib."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.runs.sweep.experiment import (
    Experiment,
    GridDesign,
    LatinHypercubeDesign,
    MorrisDesign,
    PointsListDesign,
    SaltelliDesign,
    SobolDesign,
)
from qispread.runs.sweep.salib_sampling import load_salib

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DesignPoints:
    """The points of an experiment.

    Attributes
    ----------
    numbers : array of (points, factors) float64
        Numbers for `Factor.value`: within the range, or indices of values.
    unit : array of (points, factors) float64, or None
        Positions in [0, 1] of each range, for sampled designs.
    """

    numbers: FloatArray
    unit: FloatArray | None = None


def build_points(experiment: Experiment) -> DesignPoints:
    """Return the points of an experiment, which depend only on its seed.

    Raises
    ------
    InputError
        If the design needs SALib and it is not installed.
    """
    factors, design = experiment.resolved_factors, experiment.design
    if isinstance(design, PointsListDesign):
        return DesignPoints(np.array(design.rows, dtype=np.float64))
    if isinstance(design, GridDesign):
        levels = [factor.levels(design.levels) for factor in factors]
        return DesignPoints(np.array(list(product(*levels)), dtype=np.float64).reshape(-1, len(factors)))
    unit = sample_unit_cube(design, len(factors), experiment.seed)
    columns = [factor.from_unit(unit[:, index]) for index, factor in enumerate(factors)]
    return DesignPoints(np.column_stack(columns), unit)


def count_points(experiment: Experiment) -> int:
    """Return the number of points of an experiment, without computing them."""
    factors, design = experiment.resolved_factors, experiment.design
    if isinstance(design, PointsListDesign):
        return len(design.rows)
    if isinstance(design, GridDesign):
        count = 1
        for factor in factors:
            count *= factor.levels(design.levels).size
        return count
    if isinstance(design, MorrisDesign):
        return design.trajectories * (len(factors) + 1)
    return design.points * block_size(experiment)


def block_size(experiment: Experiment) -> int:
    """Return the number of consecutive points that form a block of the design."""
    design, factors = experiment.design, len(experiment.factors)
    if isinstance(design, SaltelliDesign):
        return 2 * factors + 2 if design.second_order else factors + 2
    return factors + 1 if isinstance(design, MorrisDesign) else 1


def sample_unit_cube(design: Any, factors: int, seed: int) -> FloatArray:
    """Return the points of a design in the unit cube, an array of (points, factors)."""
    if isinstance(design, LatinHypercubeDesign | SobolDesign):
        from scipy.stats import qmc

        rng = np.random.default_rng(seed)
        sampler = (
            qmc.LatinHypercube(factors, rng=rng)
            if isinstance(design, LatinHypercubeDesign)
            else qmc.Sobol(factors, rng=rng)
        )
        points: FloatArray = sampler.random(design.points)
        return points
    # SALib modifies its problem, so that each call needs a new one.
    problem = {"num_vars": factors, "names": [str(index) for index in range(factors)], "bounds": [[0.0, 1.0]] * factors}
    return sample_with_salib(design, problem, seed)


def sample_with_salib(design: SaltelliDesign | MorrisDesign, problem: dict[str, Any], seed: int) -> FloatArray:
    """Return the points of a design for sensitivity analysis in the unit cube."""
    points: FloatArray
    if isinstance(design, SaltelliDesign):
        sobol = load_salib("sample.sobol", "design.kind", design.kind)
        points = sobol.sample(problem, design.points, calc_second_order=design.second_order, seed=seed)
    else:
        morris = load_salib("sample.morris", "design.kind", design.kind)
        points = morris.sample(problem, design.trajectories, num_levels=design.levels, seed=seed)
    return np.asarray(points, dtype=np.float64)
