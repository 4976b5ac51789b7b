"""The few numbers that a board asks for, each with its spread over worlds."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qispread.config.cross import POOLED
from qispread.engines.run import Runs, empty_measures
from qispread.measures import MEASURES, NAMES
from qispread.presentation.labels import HEADLINES

INTERVAL = (0.05, 0.95)
"""Percentiles over worlds between which nine of ten lie."""
AVERTED_IN_ALL = "Adverse events averted, including other local improvement"


@dataclass(frozen=True)
class Figure:
    """One number of a summary.

    Attributes
    ----------
    label : str
    middle, low, high : float
        Median and 5th and 95th percentile over the worlds in which the measure has a meaning; NaN where none has.
    worlds : int
        How many these are.
    form : str
        How it is written, see `qispread.measures.Form`.
    """

    label: str
    middle: float
    low: float
    high: float
    worlds: int
    form: str


def figure_of(measure: str, values: NDArray[np.float64]) -> Figure:
    """Return the figure of a measure under its own label."""
    declared = MEASURES[measure]
    return figure(declared.label, declared.form, values)


def figure(label: str, form: str, values: NDArray[np.float64]) -> Figure:
    """Return the median and 90 % interval of a measure over worlds, leaving out those where it has no meaning."""
    known = values[~np.isnan(values)]
    if known.size == 0:
        return Figure(label, np.nan, np.nan, np.nan, 0, form)
    low, middle, high = np.quantile(known, (INTERVAL[0], 0.5, INTERVAL[1]))
    return Figure(label, float(middle), float(low), float(high), int(known.size), form)


def headlines(runs: Runs) -> dict[str, list[Figure]]:
    """Return the headline figures at the end of the runs, for each intervention and for all together."""
    found = {
        name: [figure_of(measure, runs.last(measure, name)) for measure in HEADLINES]
        for name in runs.scenario.interventions
    }
    found[POOLED] = overall_headlines(runs)
    return found


def overall_headlines(runs: Runs) -> list[Figure]:
    """Return what belongs to the whole: event rates at the start, by the trend alone and now; events averted; cost."""
    harm = NAMES.index("harm")
    start = np.array([run.measures[0, -1, harm] for run in runs.runs if not run.error])
    by_trend = start * np.exp(-runs.scenario.outcome.secular * runs.scenario.horizon / 12.0)
    rate = MEASURES["harm"]
    found = [
        figure(f"{rate.label} at the start", rate.form, start),
        figure(f"{rate.label} on the underlying trend alone", rate.form, by_trend),
        figure(f"{rate.label} now", rate.form, runs.last("harm")),
        figure(AVERTED_IN_ALL, MEASURES["harm_averted"].form, runs.last("harm_averted")),
    ]
    return [*found, figure_of("cost", runs.last("cost"))] if runs.scenario.policies else found


def months_summary(runs: Runs) -> pa.Table:
    """Return median, 5th and 95th percentile over worlds of every measure in every month, one in a row.

    Worlds in which a measure has no meaning are left out; where none is left the three are NaN.
    """
    values = np.array([run.measures for run in runs.runs if not run.error])
    values = values if values.size else np.full((1, *empty_measures(runs.scenario).shape), np.nan)
    values.sort(axis=0)
    known = np.count_nonzero(~np.isnan(values), axis=0)
    month, intervention, measure = np.unravel_index(np.arange(known.size), known.shape)
    columns = {
        "month": month,
        "intervention": np.array(runs.interventions)[intervention],
        "measure": np.array(NAMES)[measure],
        "worlds": known.ravel(),
    }
    for name, part in (("median", 0.5), ("p5", INTERVAL[0]), ("p95", INTERVAL[1])):
        columns[name] = percentile_of_sorted(values, known, part).ravel()
    return pa.table(columns)


def percentile_of_sorted(values: NDArray[np.float64], known: NDArray[np.int64], part: float) -> NDArray[np.float64]:
    """Return a percentile along the first axis of values sorted with NaN last, of which `known` are numbers."""
    place = part * np.maximum(known - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    low = np.take_along_axis(values, below[None], axis=0)[0]
    high = np.take_along_axis(values, above[None], axis=0)[0]
    return np.asarray(low + (place - below) * (high - low))
