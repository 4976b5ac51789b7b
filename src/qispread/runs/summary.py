"""Headline estimates of a simulation: median and 90% interval over runs."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qispread.inputs.cross_checks import POOLED
from qispread.model.engines.simulation import Runs, allocate_measures
from qispread.model.measures import MEASURE_NAMES, MEASURES

PERCENTILE_BAND = (0.05, 0.95)
"""Percentiles over runs that enclose nine in ten."""
HEADLINE_MEASURES = (
    "current_use",
    "discontinued",
    "fidelity",
    "effect",
    "origin_effect",
    "replication_ratio",
    "replicated",
    "events_averted",
)
"""Measures of each intervention in printed results."""
TOTAL_EVENTS_AVERTED = "Adverse events averted, including other local improvement"


@dataclass(frozen=True)
class IntervalEstimate:
    """One estimate of a summary.

    Attributes
    ----------
    label : str
    median, low, high : float
        Median and 5th and 95th percentile over the runs in which the measure is defined; NaN if there is none.
    replicates : int
        Number of these runs.
    number_format : str
        Number format, see `qispread.model.measures.Form`.
    """

    label: str
    median: float
    low: float
    high: float
    replicates: int
    number_format: str


def measure_figure(measure: str, values: NDArray[np.float64]) -> IntervalEstimate:
    """Return the estimate of a measure under its label."""
    declaration = MEASURES[measure]
    return summarise_measure(declaration.label, declaration.form, values)


def summarise_measure(label: str, number_format: str, values: NDArray[np.float64]) -> IntervalEstimate:
    """Return the median and 90% interval of a measure over the runs in which it is defined."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return IntervalEstimate(label, np.nan, np.nan, np.nan, 0, number_format)
    low, middle, high = np.quantile(known, (PERCENTILE_BAND[0], 0.5, PERCENTILE_BAND[1]))
    return IntervalEstimate(label, float(middle), float(low), float(high), int(known.size), number_format)


def headline_estimates(runs: Runs) -> dict[str, list[IntervalEstimate]]:
    """Return the headline estimates at the end of the runs, for each intervention and for all together."""
    estimates = {
        name: [measure_figure(measure, runs.final_values(measure, name)) for measure in HEADLINE_MEASURES]
        for name in runs.scenario.interventions
    }
    estimates[POOLED] = [*overall_estimates(runs), *own_estimates(runs)]
    return estimates


def overall_estimates(runs: Runs) -> list[IntervalEstimate]:
    """Return the overall estimates: event rates at the start, on the trend alone and now; events averted; cost."""
    column = MEASURE_NAMES.index("event_rate")
    start = np.array([run.measures[0, -1, column] for run in runs.runs if not run.error])
    trend_values = start * np.exp(-runs.scenario.outcome.secular * runs.scenario.horizon / 12.0)
    rate = MEASURES["event_rate"]
    estimates = [
        summarise_measure(f"{rate.label} at the start", rate.form, start),
        summarise_measure(f"{rate.label} on the underlying trend alone", rate.form, trend_values),
        summarise_measure(f"{rate.label} now", rate.form, runs.final_values("event_rate")),
        summarise_measure(TOTAL_EVENTS_AVERTED, MEASURES["events_averted"].form, runs.final_values("events_averted")),
    ]
    return [*estimates, measure_figure("cost", runs.final_values("cost"))] if runs.scenario.policies else estimates


def own_estimates(runs: Runs) -> list[IntervalEstimate]:
    """Return the estimates of the measures of the user's own at the end of the runs."""
    own = [measure for measure in runs.declarations if measure.name not in MEASURE_NAMES]
    return [summarise_measure(measure.label, measure.form, runs.final_values(measure.name)) for measure in own]


def summarise_months(runs: Runs) -> pa.Table:
    """Return the median and the 5th and 95th percentile over runs of every measure in every month, one row each.

    Runs in which a measure is undefined are left out; without any, the three are NaN.
    """
    values = np.array([run.measures for run in runs.runs if not run.error])
    values = values if values.size else np.full((1, *allocate_measures(runs.scenario).shape), np.nan)
    values.sort(axis=0)
    known = np.count_nonzero(~np.isnan(values), axis=0)
    month, intervention, measure = np.unravel_index(np.arange(known.size), known.shape)
    columns = {
        "month": month,
        "intervention": np.array(runs.interventions)[intervention],
        "measure": np.array(runs.measure_names)[measure],
        "replicates": known.ravel(),
    }
    for name, part in (("median", 0.5), ("p5", PERCENTILE_BAND[0]), ("p95", PERCENTILE_BAND[1])):
        columns[name] = percentile_of_sorted(values, known, part).ravel()
    return pa.table(columns)


def percentile_of_sorted(
    values: NDArray[np.float64], count: NDArray[np.int64], probability: float
) -> NDArray[np.float64]:
    """Return a percentile along the first axis of values sorted with NaN last, of which `count` are numbers."""
    position = probability * np.maximum(count - 1, 0)
    lower = np.floor(position).astype(np.int64)
    upper = np.minimum(lower + 1, np.maximum(count - 1, 0))
    low = np.take_along_axis(values, lower[None], axis=0)[0]
    high = np.take_along_axis(values, upper[None], axis=0)[0]
    return np.asarray(low + (position - lower) * (high - low))
