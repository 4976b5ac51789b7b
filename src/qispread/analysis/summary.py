"""The few numbers that a board asks for, each with its spread over worlds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.config.cross import POOLED
from qispread.engines.run import Runs

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
    ("adoption", "In use", "percent"),
    ("lapses", "Gave it up at least once, of those that began", "percent"),
    ("fidelity", "Fidelity among users", "percent"),
    ("effect", "Effect among users, of the largest possible", "percent"),
    ("origin_effect", "Effect where it began, of the largest possible", "percent"),
    ("replicated", "Users at 80 % of the origin's effect or more", "percent"),
    ("harm_averted", "Harmful events averted by it", "number"),
)
OVERALL_HEADLINES = (
    ("harm", "Harm in the last month, per 10,000", "number"),
    ("harm_averted", "Harmful events averted in all, against the trend", "number"),
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
    found[POOLED] = [figure(label, form, runs.last(measure)) for measure, label, form in OVERALL_HEADLINES]
    return found


def written(value: float, form: str) -> str:
    """Return a number as a reader wants it: whole percents, or three figures."""
    if np.isnan(value):
        return "-"
    if form == "percent":
        return f"{100.0 * value:.0f} %"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
