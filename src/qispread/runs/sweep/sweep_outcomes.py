"""What a sweep has measured, point by point, and what is missing of it."""

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
"""Months between those that are looked at, unless some are named."""
MAX_CATEGORIES = 12
"""Values up to which a number is treated as one of a few."""


class SweepReader(Protocol):
    """What is read of a sweep; `qispread.read_sweep` returns it."""

    @property
    def experiment(self) -> Experiment:
        """The experiment."""

    @property
    def points(self) -> pd.DataFrame:
        """A row a point, a column a factor."""

    def design(self) -> DesignPoints:
        """Return the points as numbers."""

    def values(self, measure: str, intervention: str = POOLED) -> FloatArray:
        """Return a measure at the end, of (points, replicates)."""

    def monthly(self, measure: str, intervention: str = POOLED) -> FloatArray:
        """Return a measure over time, of (points, replicates, months)."""

    def attempted(self) -> NDArray[np.bool_]:
        """Return which runs were made, of (points, replicates)."""


def check_swept(value: Any) -> str:
    """Check that a value is a sweep, as the checks of `qispread.inputs.argument_checks` do."""
    return (
        ""
        if hasattr(value, "experiment") and hasattr(value, "attempted")
        else "a Sweep, as qispread.read_sweep returns it"
    )


def measure_by_month(
    sweep: SweepReader, measure: str, intervention: str = POOLED, months: Sequence[int] | None = None
) -> dict[int, FloatArray]:
    """Return a measure by month, each an array of (points, replicates) with NaN where a run has none.

    Parameters
    ----------
    sweep : Sweep
    measure, intervention : str
    months : sequence of int, optional
        Those to look at. Unless given, every twelfth and the last where months were kept, else the end.

    Raises
    ------
    InputError
        For a measure or an intervention that was not kept, for months that were not, and where all runs failed.
    """
    reject_failed(sweep)
    experiment = sweep.experiment
    experiment.row_index(intervention)
    kept = experiment.measures
    index_of(measure, (*kept.final, *(name for name in kept.monthly if name not in kept.final)), "kept measure")
    end = experiment.scenario.horizon
    if months is None:
        months = sorted({*range(MONTH_INTERVAL, end, MONTH_INTERVAL), end}) if measure in kept.monthly else (end,)
    check_months(months, measure, experiment)
    if measure not in kept.monthly:
        return {end: sweep.values(measure, intervention)}
    values = sweep.monthly(measure, intervention)
    return {month: values[:, :, month] for month in months}


def reject_failed(sweep: SweepReader) -> None:
    """Refuse a sweep all of whose runs failed.

    Raises
    ------
    InputError
        With how many there are and why the first of them failed.
    """
    if not isinstance(sweep, Sweep) or sweep.status.completed or not sweep.status.failed:
        return
    errors = (str(error) for part in sweep.iterate_parts() for error in part["error"] if error)
    reason = next(errors, "no reason is given")
    raise InputError([Fault(str(sweep.folder), f"all {sweep.status.failed:,} runs failed: {reason}")])


def check_months(months: Sequence[int], measure: str, experiment: Experiment) -> None:
    """Refuse months that were not simulated, or of which the measure was not kept."""
    end, faults = experiment.scenario.horizon, []
    for month in months:
        if not 0 <= month <= end:
            faults.append(Fault("month", f"got {month}; needed: a month from 0 to {end}"))
        elif month != end and measure not in experiment.measures.monthly:
            hint = "; keep it under measures.monthly of the experiment"
            faults.append(Fault("month", f"got {month}, but of '{measure}' only the end was kept, month {end}{hint}"))
    if not months:
        faults.append(Fault("month", "none is given; needed: at least one"))
    if faults:
        raise InputError(faults)


def choose_measure(experiment: Experiment) -> str:
    """Return the measure that is looked at unless one is named: harm averted where it was kept, else the first kept."""
    kept = experiment.measures.final or experiment.measures.monthly
    return "events_averted" if "events_averted" in kept else kept[0]


def replicate_means(values: FloatArray) -> FloatArray:
    """Return the mean of each point over the worlds that have it, NaN where none has."""
    known = ~np.isnan(values)
    found = np.full(len(values), np.nan)
    count = known.sum(axis=1)
    np.divide(np.where(known, values, 0.0).sum(axis=1), count, out=found, where=count > 0)
    return found


def is_too_large(values: FloatArray) -> bool:
    """Return whether values are so large that their variance is no number."""
    with np.errstate(over="ignore", invalid="ignore"):
        return not bool(np.isfinite(np.var(values)))


def is_nearly_constant(values: FloatArray) -> bool:
    """Return whether values do not differ by more than rounding."""
    return values.size == 0 or bool(np.ptp(values) <= 1e-10 * np.abs(values).max())
