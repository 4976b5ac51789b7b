"""The few numbers that a board asks for, each with its spread over worlds."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qispread.config.cross import POOLED
from qispread.engines.run import Runs, empty_measures
from qispread.measures import NAMES

MILLION, HUNDRED = 1e6, 100.0
INTERVAL = (0.05, 0.95)
"""Percentiles over worlds between which nine of ten lie."""


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
    form : {"percent", "number"}
    """

    label: str
    middle: float
    low: float
    high: float
    worlds: int
    form: str


HEADLINES = (
    ("adoption", "In use, of those who did not start it", "percent"),
    ("lapses", "Gave it up at least once, of those that began", "percent"),
    ("fidelity", "Fidelity among users", "percent"),
    ("effect", "Effect among users, of the largest possible", "percent"),
    ("origin_effect", "Effect where it began, of the largest possible", "percent"),
    ("replication_ratio", "Effect among users, of the origin's", "percent"),
    ("replicated", "Users at 80 % of the origin's effect or more", "percent"),
    ("harm_averted", "Harmful events averted by it", "number"),
)


DIFFERENCES_SHOWN = (
    ("adoption", "In use", "percent"),
    ("lapses", "Gave it up", "percent"),
    ("fidelity", "Fidelity", "percent"),
    ("effect", "Effect among users", "percent"),
    ("replicated", "Users at 80 %", "percent"),
    ("harm", "Harm, per 10,000", "number"),
    ("harm_gini", "Gini of harm", "number"),
    ("harm_averted", "Events averted", "number"),
    ("staff_time", "Team-months", "number"),
    ("cost", "Cost of policies", "number"),
)


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
        name: [figure(label, form, runs.last(measure, name)) for measure, label, form in HEADLINES]
        for name in runs.scenario.interventions
    }
    found[POOLED] = overall_headlines(runs)
    return found


def overall_headlines(runs: Runs) -> list[Figure]:
    """Return what belongs to the whole: harm at the start, by the trend alone, and now; events averted; cost."""
    harm = NAMES.index("harm")
    start = np.array([run.measures[0, -1, harm] for run in runs.runs if not run.error])
    by_trend = start * np.exp(-runs.scenario.outcome.secular * runs.scenario.horizon / 12.0)
    found = [
        figure("Harm at the start, per 10,000", "number", start),
        figure("Harm by now on the trend alone, per 10,000", "number", by_trend),
        figure("Harm now, per 10,000", "number", runs.last("harm")),
        figure("Harmful events averted in all, with home-grown improvement", "number", runs.last("harm_averted")),
    ]
    return [*found, figure("Cost of policies", "number", runs.last("cost"))] if runs.scenario.policies else found


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


def written_difference(value: float, form: str) -> str:
    """Return a difference as a reader wants it: signed, shares in percentage points."""
    if np.isnan(value):
        return "-"
    if form == "percent":
        return f"{100.0 * value:+.1f}"
    return short(value, "+")


def written(value: float, form: str) -> str:
    """Return a number as a reader wants it: whole percents, or three figures."""
    if np.isnan(value):
        return "-"
    if form == "percent":
        return f"{100.0 * value:.0f} %"
    return short(value)


def short(value: float, sign: str = "") -> str:
    """Return a number in few figures: millions as such, hundreds and more whole, the rest to three figures."""
    if abs(value) >= MILLION:
        return f"{value / MILLION:{sign}.2f} M"
    return f"{value:{sign},.0f}" if abs(value) >= HUNDRED else f"{value:{sign}.3g}"


def span(low: float, high: float) -> str:
    """Return a range as a reader wants it: one number where both ends are the same."""
    return short(low) if low == high else f"{short(low)} to {short(high)}"
