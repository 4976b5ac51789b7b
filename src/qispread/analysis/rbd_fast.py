"""First order shares of variance from points of any design."""

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
    """Return the share of the variance of the means of points that each parameter explains alone.

    Equation: V[E(y | x_i)] / V(y). For a parameter of many values by RBD-FAST, as SALib has it with ten harmonics and
    its correction of bias (tarantola2006, tissot2012); for one of few values exactly, from the means of its classes
    (plischke2013). Parameters must vary independently, as in a grid or a Latin hypercube. Such designs do not
    identify interactions.

    Parameters and errors as for `sensitivity`.
    """
    names, numbers, rows = list(sweep.experiment.factors), sweep.design().numbers, []
    data = SensitivityInput(sweep, measure, intervention, months, 1, "points", MIN_POINTS)
    for selection in data.iterate_months():
        levels = selection.point_means
        first, half, estimators = estimate_first_order(numbers[selection.selected_points], levels)
        columns = interval_columns("first", first, half) | {"estimator": estimators, "points": levels.size}
        rows.append(selection.build_rows(names, columns))
    if sweep.experiment.design.kind == "list":
        data.notes.append("points of a list: shares are valid only where the parameters vary independently in it")
    return data.build_result("first_order", rows)


def estimate_first_order(points: FloatArray, levels: FloatArray) -> tuple[list[float], list[float], list[str]]:
    """Return the share, half its interval and the estimator of each parameter."""
    order = np.random.default_rng(RESAMPLING_SEED).permutation(levels.size)
    points, levels = points[order], levels[order]  # equal values must not follow the order of the design
    first, half, estimators = [], [], []
    for column in points.T:
        has_classes = np.unique(column).size <= MAX_CATEGORIES
        index, half_width = class_index(column, levels) if has_classes else rbd_fast_index(column, levels)
        first.append(index)
        half.append(half_width)
        estimators.append("classes" if has_classes else "rbd_fast")
    return first, half, estimators


def rbd_fast_index(column: FloatArray, levels: FloatArray) -> tuple[float, float]:
    """Return the share of a parameter of many values with half its interval."""
    analyze = load_analysis("rbd_fast")
    analysis = analyze(salib_problem(["x"]), column[:, None], levels, num_resamples=RESAMPLES, seed=RESAMPLING_SEED)
    return float(analysis["S1"][0]), float(analysis["S1_conf"][0])


def class_index(column: FloatArray, levels: FloatArray) -> tuple[float, float]:
    """Return the share of a parameter of few values with half its interval.

    Equation: 1 - (within / (n - k)) / (all / (n - 1)), of the sums of squares within k classes and of all n points; its
    expectation without an effect is 0.
    """
    _, classes = np.unique(column, return_inverse=True)
    rng = np.random.default_rng(RESAMPLING_SEED)
    samples = (rng.integers(levels.size, size=levels.size) for _ in range(RESAMPLES))
    resampled = [between_class_variance(classes[rows], levels[rows]) for rows in samples]
    return between_class_variance(classes, levels), NORMAL_QUANTILE_975 * float(np.std(resampled, ddof=1))


def between_class_variance(classes: NDArray[np.int64], levels: FloatArray) -> float:
    """Return the share of variance between classes, without the bias of few points."""
    count = np.bincount(classes)
    occupied = count > 0
    centres = np.bincount(classes, levels)[occupied] / count[occupied]
    total = float(np.var(levels)) * levels.size
    if total == 0.0:
        return 0.0
    within = total - float((count[occupied] * np.square(centres - levels.mean())).sum())
    return 1.0 - within / (levels.size - int(occupied.sum())) * (levels.size - 1) / total
