"""Run charts of a traced run: selection of organisations, points, and the rules for non-random variation."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from qispread.common.formatting import format_value
from qispread.inputs.errors import Fault, InputError, index_of
from qispread.model.engines.run_tables import with_column_metadata
from qispread.model.engines.trace import Trace
from qispread.model.rules.outcome import secular_trend
from qispread.model.world.state_arrays import BASELINE, EVENT_RATE, EXPOSURE, FIRST_ADOPTED, NEVER, ORIGIN, SIZE

MIN_USEFUL_POINTS = 10
"""Smallest number of points off the median for which the rules apply (anhoej2014 studies ten and more)."""
MIN_BASELINE_POINTS = 8
"""Smallest number of points before adoption for which the median is of those points only (assumption)."""
MIN_EVENTS_PER_POINT = 5.0
"""Mean expected events per point above which months are not combined (assumption)."""
POINT_MONTHS = (1, 3, 6, 12)
"""Months per point."""
CASES_PER_RATE = 10_000.0
MONTHS_PER_YEAR = 12

SIGNAL, NO_SIGNAL, TOO_FEW = "signal", "no signal", "too few points"

RATE_COLUMNS = {
    "period": "Middle of the period [years since the start of the run]",
    "count": "Adverse events observed [events]",
    "cases": "Cases [cases]",
    "rate": "Adverse events observed [per 10,000 cases]",
}


@dataclass(frozen=True, eq=False)
class RunChart:
    """Result of the Anhoej rules for a series of points.

    Attributes
    ----------
    median : float
        Median of the baseline points, or of all points; NaN where there are none.
    baseline : int or None
        Number of first points that the median is of; the rules then apply to the points after them. None for all.
    useful : int
        Points to which the rules apply that are off the median.
    longest_run : int
        Largest number of consecutive useful points on one side of the median.
    longest_run_limit : int or None
        A longer run is a shift; None where there are too few points.
    crossings : int
        Number of times that consecutive useful points are on different sides of the median.
    crossings_limit : int or None
        Fewer crossings are a signal; None where there are too few points.
    """

    median: float
    baseline: int | None
    useful: int
    longest_run: int
    longest_run_limit: int | None
    crossings: int
    crossings_limit: int | None

    @property
    def shift(self) -> bool:
        """Whether a run is longer than expected by chance."""
        return self.longest_run_limit is not None and self.longest_run > self.longest_run_limit

    @property
    def few_crossings(self) -> bool:
        """Whether the median is crossed less often than expected by chance."""
        return self.crossings_limit is not None and self.crossings < self.crossings_limit

    @property
    def signal(self) -> bool:
        """Whether either rule signals non-random variation."""
        return self.shift or self.few_crossings

    @property
    def verdict(self) -> str:
        """Verdict of the rules as text."""
        if self.longest_run_limit is None:
            return TOO_FEW
        return SIGNAL if self.signal else NO_SIGNAL


@lru_cache(maxsize=512)
def anhoej_limits(useful: int) -> tuple[int, int]:
    """Return the limits for the longest run and for the number of crossings of `useful` points, at least 1.

    Equation: round(log2 n) + 3, and the 5th percentile of a binomial of n - 1 trials of 1/2. Source: anhoej2014.
    """
    from scipy.stats import binom

    return round(math.log2(useful)) + 3, int(binom.ppf(0.05, useful - 1, 0.5))


def analyse_run_chart(values: ArrayLike, baseline: int | None = None) -> RunChart:
    """Analyse a run chart by the Anhoej rules (anhoej2014): a long run, or few crossings, of points off the median.

    False alarms for random points, by exact count: 1.3, 3.1 and 4.3% of charts of 12, 24 and 36 points around their own
    median. The median of few points is itself uncertain: with a baseline of 8 points, false alarms are 12, 20 and 26%
    of charts with 12, 24 and 36 points after it, with a baseline of 20 points 8, 12 and 17% (simulated).

    Parameters
    ----------
    values : array of numbers
        In order of time; NaN where a point is missing.
    baseline : int, optional
        Take the median over this number of first points and apply the rules to those after them; else all points are
        used for both.

    Returns
    -------
    RunChart
        With fewer than 10 useful points its verdict is that there are too few points.

    Raises
    ------
    InputError
        For a baseline below 1.
    """
    if baseline is not None and baseline < 1:
        raise InputError([Fault("baseline", f"got {baseline}; needed: 1 point or more, or None for all points")])
    points = np.asarray(values, dtype=np.float64).ravel()
    known = points[:baseline][~np.isnan(points[:baseline])]
    median = float(np.median(known)) if known.size else math.nan
    judged = points[baseline or 0 :]
    judged = judged[~np.isnan(judged) & (judged != median)] if known.size else judged[:0]
    crossed = np.flatnonzero(np.diff(judged > median)) + 1
    runs = np.diff([0, *crossed, judged.size])
    longest_limit, crossings_limit = anhoej_limits(judged.size) if judged.size >= MIN_USEFUL_POINTS else (None, None)
    return RunChart(
        median=median,
        baseline=baseline,
        useful=int(judged.size),
        longest_run=int(runs.max()),
        longest_run_limit=longest_limit,
        crossings=int(crossed.size),
        crossings_limit=crossings_limit,
    )


def select_organisations(trace: Trace, intervention: str) -> dict[str, str]:
    """Return organisations for run charts, by a rule that does not look at the charts: ids, each with its reason.

    They are the pilot site (the largest, where there are several); of the other adopters, those with the largest, the
    median and the smallest reduction of the expected adverse event rate beyond the trend, as a share of the rate under
    the trend; and the largest organisation that never adopted. Ties are broken by id.

    Raises
    ------
    InputError
        For an intervention that does not exist.
    """
    index = index_of(intervention, tuple(trace.scenario.interventions), "intervention")
    history, size = trace.end.histories[index], trace.world.organisations[SIZE]
    fall, ids = event_rate_falls(trace), np.array(trace.world.static_world.ids)

    def ranked(members: NDArray[np.bool_], score: NDArray[np.float64]) -> list[int]:
        return sorted(np.flatnonzero(members).tolist(), key=lambda i: (-score[i], ids[i]))

    follows, adopted = history[ORIGIN] == 0, history[FIRST_ADOPTED] != NEVER
    origins = ranked(~follows, size)
    adopters, non_adopters = ranked(follows & adopted, fall), ranked(follows & ~adopted, size)
    several = ", the largest of several" if origins[1:] else ""
    reasons = {origins[0]: f"the pilot site of {intervention}{several}"}
    for rank, label in spread_ranks(len(adopters)).items():
        reduction = format_value(max(0.0, float(fall[adopters[rank]])), "percent")
        reasons[adopters[rank]] = (
            f"the {label} reduction of the expected adverse event rate beyond the trend among adopters, {reduction}"
        )
    if non_adopters:
        reasons[non_adopters[0]] = "the largest organisation that never adopted"
    return {str(ids[i]): reason for i, reason in reasons.items()}


def spread_ranks(count: int) -> dict[int, str]:
    """Return the first, the middle and the last of `count` ranks, each once, with its label."""
    labels = {(count - 1) // 2: "median", count - 1: "smallest", 0: "largest"}
    return dict(sorted(labels.items())) if count else {}


def event_rate_falls(trace: Trace) -> NDArray[np.float64]:
    """Return the reduction of the expected adverse event rate of organisations, as a share of the rate under the trend.

    The trend is excluded because it lowers every rate and would be read as an effect of the intervention.
    """
    scenario, rate = trace.scenario, trace.end.organisations[EVENT_RATE]
    expected = trace.world.organisations[BASELINE] * secular_trend(scenario.outcome.secular, scenario.horizon)
    ratio = np.divide(rate, expected, out=np.ones_like(rate), where=expected > 0.0)
    return np.asarray(1.0 - ratio)


@dataclass(frozen=True, eq=False)
class EventRateSeries:
    """Adverse event rates that one organisation observes, as points of a run chart.

    Attributes
    ----------
    organisation : str
        Its id.
    table : pyarrow.Table
        A row for each point, with the columns of `RATE_COLUMNS`.
    months : int
        Months per point: 1, 3, 6 or 12.
    started : int or None
        Month of first adoption; None if never.
    chart : RunChart
        Of the rates.
    baseline_reason : str
        Points that the median is of, and why, as text.
    """

    organisation: str
    table: pa.Table
    months: int
    started: int | None
    chart: RunChart
    baseline_reason: str


def build_event_rate_series(trace: Trace, organisation: str, intervention: str | None = None) -> EventRateSeries:
    """Return the adverse event rates that one organisation observes, with their run chart.

    A point covers the fewest of 1, 3, 6 or 12 months with at least 5 expected events on average over the run, and 12
    (or as many as the horizon has) where none is enough; remaining months at the end are left out. The median is of the
    points that end before adoption, where there are at least 8, else of all points.

    Parameters
    ----------
    trace : Trace
        Made with `observe=True`.
    organisation : str
        Its id.
    intervention : str, optional
        Whose adoption ends the baseline; by default the first that the organisation adopted.

    Raises
    ------
    InputError
        For a trace without events, and for an unknown organisation or intervention.
    """
    if trace.observed_events is None or trace.expected_events is None:
        raise InputError([Fault("trace", "has no events; needed: a trace made with trace(..., observe=True)")])
    i = index_of(organisation, trace.world.static_world.ids, "organisation")
    months = months_per_point(trace.expected_events[:, i])
    points = len(trace.observed_events) // months
    count = trace.observed_events[: points * months, i].reshape(points, months).sum(axis=1)
    cases = np.full(points, CASES_PER_RATE * months * trace.end.organisations[EXPOSURE, i])
    columns = {
        "period": (np.arange(points) + 0.5) * months / MONTHS_PER_YEAR,
        "count": count,
        "cases": cases,
        "rate": count / cases * CASES_PER_RATE,
    }
    adopted = first_adoption_month(trace, i, intervention)
    baseline, reason = baseline_points(points, months, adopted)
    return EventRateSeries(
        organisation=organisation,
        table=with_column_metadata(pa.table(columns), RATE_COLUMNS),
        months=months,
        started=adopted,
        chart=analyse_run_chart(columns["rate"], baseline),
        baseline_reason=reason,
    )


def months_per_point(expected: NDArray[np.float64]) -> int:
    """Return the number of months per point, from the events expected in each month."""
    fitting = [months for months in POINT_MONTHS if months <= expected.size]
    mean = float(np.mean(expected))
    return next((months for months in fitting if mean * months >= MIN_EVENTS_PER_POINT), fitting[-1])


def first_adoption_month(trace: Trace, i: int, intervention: str | None) -> int | None:
    """Return the month in which an organisation first adopted an intervention, or any; None if never."""
    names = tuple(trace.scenario.interventions)
    indices = range(len(names)) if intervention is None else [index_of(intervention, names, "intervention")]
    months = [int(month) for month in trace.end.histories[indices, FIRST_ADOPTED, i] if month != NEVER]
    return min(months, default=None)


def baseline_points(points: int, months: int, adopted: int | None) -> tuple[int | None, str]:
    """Return the number of points that the median is of, None for all, and the reason as text."""
    if adopted is None:
        return None, f"median of all {points} points"
    count = min(points, (adopted - 1) // months)
    if count >= MIN_BASELINE_POINTS:
        return count, f"median of the {count} points before adoption; the rules apply to the points after it"
    reason = f"{count} before adoption, {MIN_BASELINE_POINTS} needed for a baseline"
    return None, f"median of all {points} points: {reason}"
