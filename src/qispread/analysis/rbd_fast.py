"""First-order shares of variance from points of any design."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qispread.analysis.sensitivity_inputs import (
    RESAMPLING_SEED,
    SensitivityInput,
    interval_columns,
    load_analysis,
    salib_problem,
)
from qispread.analysis.sensitivity_tables import SensitivityResult
from qispread.inputs.cross_checks import POOLED
from qispread.runs.sweep.analysis_notes import MIN_POINTS
from qispread.runs.sweep.sweep_outcomes import MAX_CATEGORIES, FloatArray, SweepReader

RESAMPLES = 200
NORMAL_QUANTILE_975 = 1.959963984540054


def first_order_indices(
    sweep: SweepReader, measure: str, *, intervention: str = POOLED, months: Sequence[int] | None = None
) -> SensitivityResult:
    """Return the share of the variance of the levels of points that each parameter makes by itself.

    Equation: V[E(y | x_i)] / V(y). For a parameter of many values by RBD-FAST, as SALib has it with ten harmonics and
    its correction of bias (tarantola2006, tissot2012); for one of few values exactly, from the means of its classes
    (plischke2013). Points must fill their ranges independently, as those of a grid or of a Latin hypercube do. What
    parameters do together cannot be had from such designs.

    Parameters and errors as for `sensitivity`.
    """
    names, numbers, rows = list(sweep.experiment.factors), sweep.design().numbers, []
    look = SensitivityInput(sweep, measure, intervention, months, 1, "points", MIN_POINTS)
    for one in look.iterate_months():
        first, half, estimators = estimate_first_order(numbers[one.selected_points], one.point_means)
        columns = interval_columns("first", first, half) | {"estimator": estimators, "points": one.point_means.size}
        rows.append(one.build_rows(names, columns))
    if sweep.experiment.design.kind == "list":
        look.notes.append("points of a list: shares hold only as far as the parameters vary independently in it")
    return look.build_result("first_order", rows)


def estimate_first_order(points: FloatArray, levels: FloatArray) -> tuple[list[float], list[float], list[str]]:
    """Return the share, half its interval and the estimator of each parameter."""
    order = np.random.default_rng(RESAMPLING_SEED).permutation(levels.size)
    points, levels = points[order], levels[order]  # equal values must not keep the order of the design
    first, half, estimators = [], [], []
    for column in points.T:
        few = np.unique(column).size <= MAX_CATEGORIES
        one, width = class_index(column, levels) if few else rbd_fast_index(column, levels)
        first.append(one)
        half.append(width)
        estimators.append("classes" if few else "rbd_fast")
    return first, half, estimators


def rbd_fast_index(column: FloatArray, levels: FloatArray) -> tuple[float, float]:
    """Return the share of a parameter of many values with half its interval."""
    analyze = load_analysis("rbd_fast")
    found = analyze(salib_problem(["x"]), column[:, None], levels, num_resamples=RESAMPLES, seed=RESAMPLING_SEED)
    return float(found["S1"][0]), float(found["S1_conf"][0])


def class_index(column: FloatArray, levels: FloatArray) -> tuple[float, float]:
    """Return the share of a parameter of few values with half its interval.

    Equation: 1 - (within / (n - k)) / (all / (n - 1)), of the squares within k classes and of all n points: what is
    expected of no effect is 0.
    """
    _, classes = np.unique(column, return_inverse=True)
    rng = np.random.default_rng(RESAMPLING_SEED)
    drawn = (rng.integers(levels.size, size=levels.size) for _ in range(RESAMPLES))
    again = [between_class_variance(classes[rows], levels[rows]) for rows in drawn]
    return between_class_variance(classes, levels), NORMAL_QUANTILE_975 * float(np.std(again, ddof=1))


def between_class_variance(classes: NDArray[np.int64], levels: FloatArray) -> float:
    """Return the share of variance between classes, without the bias of few points."""
    count = np.bincount(classes)
    there = count > 0
    centres = np.bincount(classes, levels)[there] / count[there]
    whole = float(np.var(levels)) * levels.size
    if whole == 0.0:
        return 0.0
    within = whole - float((count[there] * np.square(centres - levels.mean())).sum())
    return 1.0 - within / (levels.size - int(there.sum())) * (levels.size - 1) / whole
