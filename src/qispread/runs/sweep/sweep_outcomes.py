"""Measures of a sweep by point, month and replicate, with checks of what is available."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError, index_of
from qispread.runs.sweep.designs import DesignPoints
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.sweep_reader import Sweep

FloatArray = NDArray[np.float64]
MONTH_INTERVAL = 12
"""Interval of the months used by default."""
MAX_CATEGORIES = 12
"""Largest number of values of a categorical number."""


class SweepReader(Protocol):
    """The interface of a sweep, as returned by `qispread.read_sweep`."""

    @property
    def experiment(self) -> Experiment:
        """The experiment."""

    @property
    def points(self) -> pd.DataFrame:
        """The points: one row for each point, one column for each factor."""

    def design(self) -> DesignPoints:
        """Return the points as numbers."""

    def values(self, measure: str, intervention: str = POOLED) -> FloatArray:
        """Return a measure at the end, an array of (points, replicates)."""

    def monthly(self, measure: str, intervention: str = POOLED) -> FloatArray:
        """Return a measure over time, an array of (points, replicates, months)."""

    def attempted(self) -> NDArray[np.bool_]:
        """Return which runs were made, an array of (points, replicates)."""


def check_swept(value: Any) -> str:
    """Check that a value is a sweep, in the form of `qispread.inputs.argument_checks`."""
    is_sweep = hasattr(value, "experiment") and hasattr(value, "attempted")
    return "" if is_sweep else "a Sweep, as returned by qispread.read_sweep"


def measure_by_month(
    sweep: SweepReader, measure: str, intervention: str = POOLED, months: Sequence[int] | None = None
) -> dict[int, FloatArray]:
    """Return a measure by month, each an array of (points, replicates) with NaN where it is undefined.

    Parameters
    ----------
    sweep : Sweep
    measure, intervention : str
    months : sequence of int, optional
        The months to return; default: every twelfth and the last if months were kept, else the end.

    Raises
    ------
    InputError
        For a measure, intervention or month that was not kept, and if all runs failed.
    """
    reject_failed(sweep)
    experiment = sweep.experiment
    experiment.row_index(intervention)
    measures = experiment.measures
    index_of(
        measure, (*measures.final, *(name for name in measures.monthly if name not in measures.final)), "kept measure"
    )
    end = experiment.scenario.horizon
    if months is None:
        months = sorted({*range(MONTH_INTERVAL, end, MONTH_INTERVAL), end}) if measure in measures.monthly else (end,)
    check_months(months, measure, experiment)
    if measure not in measures.monthly:
        return {end: sweep.values(measure, intervention)}
    values = sweep.monthly(measure, intervention)
    return {month: values[:, :, month] for month in months}


def reject_failed(sweep: SweepReader) -> None:
    """Raise InputError for a sweep in which all runs failed.

    Raises
    ------
    InputError
        With their number and the reason of the first failure.
    """
    if not isinstance(sweep, Sweep) or sweep.status.completed or not sweep.status.failed:
        return
    errors = (str(error) for part in sweep.iterate_parts() for error in part["error"] if error)
    reason = next(errors, "no reason is given")
    raise InputError([Fault(str(sweep.folder), f"all {sweep.status.failed:,} runs failed: {reason}")])


def check_months(months: Sequence[int], measure: str, experiment: Experiment) -> None:
    """Raise InputError for months that were not simulated, or in which the measure was not kept."""
    end, faults = experiment.scenario.horizon, []
    for month in months:
        if not 0 <= month <= end:
            faults.append(Fault("month", f"got {month}; needed: a month from 0 to {end}"))
        elif month != end and measure not in experiment.measures.monthly:
            hint = "; add it to measures.monthly of the experiment"
            faults.append(Fault("month", f"got {month}, but '{measure}' was only kept at the end, month {end}{hint}"))
    if not months:
        faults.append(Fault("month", "none is given; needed: at least one"))
    if faults:
        raise InputError(faults)


def choose_measure(experiment: Experiment) -> str:
    """Return the default measure: adverse events averted if kept, else the first measure kept."""
    measures = experiment.measures.final or experiment.measures.monthly
    return "events_averted" if "events_averted" in measures else measures[0]


def replicate_means(values: FloatArray) -> FloatArray:
    """Return the mean of each point over replicates that are not NaN; NaN without any."""
    known = ~np.isnan(values)
    means = np.full(len(values), np.nan)
    count = known.sum(axis=1)
    np.divide(np.where(known, values, 0.0).sum(axis=1), count, out=means, where=count > 0)
    return means


def is_too_large(values: FloatArray) -> bool:
    """Return whether values are so large that their variance is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return not bool(np.isfinite(np.var(values)))


def is_nearly_constant(values: FloatArray) -> bool:
    """Return whether values differ only by rounding."""
    return values.size == 0 or bool(np.ptp(values) <= 1e-10 * np.abs(values).max())
