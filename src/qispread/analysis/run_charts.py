"""Run charts of a traced run: which organisations, which points, and whether they vary more than by chance."""

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
"""With fewer points off the median the rules say nothing (anhoej2014 studies ten and more)."""
MIN_BASELINE_POINTS = 8
"""Points before a change from which the median is taken over them alone (assumption)."""
MIN_EVENTS_PER_POINT = 5.0
"""Events expected a point, on average, from which months are not put together (assumption)."""
POINT_MONTHS = (1, 3, 6, 12)
"""Months that a point may take."""
CASES_PER_RATE = 10_000.0
MONTHS_PER_YEAR = 12

SIGNAL, NO_SIGNAL, TOO_FEW = "signal", "no signal", "too few points to tell"

RATE_COLUMNS = {
    "period": "Middle of the period [years since the start of the run]",
    "count": "Harmful events observed [events]",
    "cases": "Cases [cases]",
    "rate": "Harmful events observed [per 10,000 cases]",
}


@dataclass(frozen=True, eq=False)
class RunChart:
    """What the Anhoej rules say of a series of points.

    Attributes
    ----------
    median : float
        Of the baseline, or of all points; NaN where there is none.
    baseline : int or None
        How many points, the first ones, the median is of; the rules then judge the points after them. None for all.
    useful : int
        Points judged that are off the median.
    longest_run : int
        Most useful points in a row on one side of the median.
    longest_run_limit : int or None
        A longer run is a shift; None where there are too few points to tell.
    crossings : int
        How often useful points in a row lie on different sides of the median.
    crossings_limit : int or None
        Fewer crossings are too few; None where there are too few points to tell.
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
        """Whether a run is longer than chance would have it."""
        return self.longest_run_limit is not None and self.longest_run > self.longest_run_limit

    @property
    def few_crossings(self) -> bool:
        """Whether the median is crossed less often than chance would have it."""
        return self.crossings_limit is not None and self.crossings < self.crossings_limit

    @property
    def signal(self) -> bool:
        """Whether either rule finds variation that is not random."""
        return self.shift or self.few_crossings

    @property
    def verdict(self) -> str:
        """What the chart says, in words."""
        if self.longest_run_limit is None:
            return TOO_FEW
        return SIGNAL if self.signal else NO_SIGNAL


@lru_cache(maxsize=512)
def anhoej_limits(useful: int) -> tuple[int, int]:
    """Return the longest run and the fewest crossings that chance would have among so many useful points, from 1.

    Equation: round(log2 n) + 3, and the 5th percentile of a binomial of n - 1 trials of 1/2. Source: anhoej2014.
    """
    from scipy.stats import binom

    return round(math.log2(useful)) + 3, int(binom.ppf(0.05, useful - 1, 0.5))


def analyse_run_chart(values: ArrayLike, baseline: int | None = None) -> RunChart:
    """Read a run chart by the Anhoej rules (anhoej2014): a long run, or few crossings, on points off the median.

    False alarms of random points, by exact count: 1.3, 3.1 and 4.3 % of charts of 12, 24 and 36 points around their own
    median. A median of few points is itself uncertain: taken from a baseline of 8 it gives false alarms in 12, 20 and
    26 % of charts with 12, 24 and 36 points after it, from a baseline of 20 in 8, 12 and 17 % (simulated).

    Parameters
    ----------
    values : array of numbers
        In order of time; NaN where a point is missing.
    baseline : int, optional
        Take the median over so many points, the first, and judge those after them; else all are used for both.

    Returns
    -------
    RunChart
        With fewer than 10 useful points it says that there are too few to tell.

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
    """Return a few organisations for run charts, by a rule that does not look at the charts: ids, each with its reason.

    They are the origin (the largest, where there are several); of the others that ever began, those with the largest,
    the median and the smallest fall of expected harm beyond the trend, as a share of what the trend leaves; and the
    largest that never began. Ties go by id.

    Raises
    ------
    InputError
        For an intervention that there is not.
    """
    place = index_of(intervention, tuple(trace.scenario.interventions), "intervention")
    history, size = trace.end.histories[place], trace.world.organisations[SIZE]
    fall, ids = event_rate_falls(trace), np.array(trace.world.static_world.ids)

    def ranked(who: NDArray[np.bool_], score: NDArray[np.float64]) -> list[int]:
        return sorted(np.flatnonzero(who).tolist(), key=lambda i: (-score[i], ids[i]))

    follows, began = history[ORIGIN] == 0, history[FIRST_ADOPTED] != NEVER
    origins = ranked(~follows, size)
    users, others = ranked(follows & began, fall), ranked(follows & ~began, size)
    found = {origins[0]: f"the origin of {intervention}" + (", the largest of several" if origins[1:] else "")}
    for rank, words in spread_ranks(len(users)).items():
        found[users[rank]] = (
            f"the {words} fall of expected harm beyond the trend among those that began: "
            f"{format_value(max(0.0, float(fall[users[rank]])), 'percent')}"
        )
    if others:
        found[others[0]] = "the largest of those that never began"
    return {str(ids[i]): why for i, why in found.items()}


def spread_ranks(count: int) -> dict[int, str]:
    """Return the first, the middle and the last of so many ranks, each once, with its name."""
    named = {(count - 1) // 2: "median", count - 1: "smallest", 0: "largest"}
    return dict(sorted(named.items())) if count else {}


def event_rate_falls(trace: Trace) -> NDArray[np.float64]:
    """Return by how much the expected harm of each organisation fell beyond the trend, as a share of what that leaves.

    Beyond it: the trend alone lowers the harm of everyone, and would be read as the doing of what spread.
    """
    scenario, after = trace.scenario, trace.end.organisations[EVENT_RATE]
    before = trace.world.organisations[BASELINE] * secular_trend(scenario.outcome.secular, scenario.horizon)
    left = np.divide(after, before, out=np.ones_like(after), where=before > 0.0)
    return np.asarray(1.0 - left)


@dataclass(frozen=True, eq=False)
class EventRateSeries:
    """The harm that one organisation observes, as points of a run chart.

    Attributes
    ----------
    organisation : str
        Its id.
    table : pyarrow.Table
        A row a point, with the columns of `RATE_COLUMNS`.
    months : int
        How many months a point takes: 1, 3, 6 or 12.
    started : int or None
        Month in which it first began; None if never.
    chart : RunChart
        Of the rates.
    baseline_reason : str
        Over which points the median is taken, and why, in words.
    """

    organisation: str
    table: pa.Table
    months: int
    started: int | None
    chart: RunChart
    baseline_reason: str


def build_event_rate_series(trace: Trace, organisation: str, intervention: str | None = None) -> EventRateSeries:
    """Return the rates of harm that one organisation observes, and what a run chart of them says.

    A point takes the fewest of 1, 3, 6 or 12 months in which at least 5 events are expected on average over the run,
    and 12 (or what the horizon holds) where none is enough; months left over at the end are left out. The median is
    taken over the points that ended before the organisation began, where there are at least 8, else over all.

    Parameters
    ----------
    trace : Trace
        Made with `observe=True`.
    organisation : str
        Its id.
    intervention : str, optional
        Whose beginning ends the baseline; unless given, the first that the organisation began.

    Raises
    ------
    InputError
        For a trace without events, and an organisation or an intervention that there is not.
    """
    if trace.observed_events is None or trace.expected_events is None:
        raise InputError([Fault("trace", "it kept no events; make it with trace(..., observe=True)")])
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
    began = first_adoption_month(trace, i, intervention)
    baseline, basis = baseline_points(points, months, began)
    return EventRateSeries(
        organisation=organisation,
        table=with_column_metadata(pa.table(columns), RATE_COLUMNS),
        months=months,
        started=began,
        chart=analyse_run_chart(columns["rate"], baseline),
        baseline_reason=basis,
    )


def months_per_point(expected: NDArray[np.float64]) -> int:
    """Return how many months a point takes, from the events expected in each month."""
    fitting = [months for months in POINT_MONTHS if months <= expected.size]
    mean = float(np.mean(expected))
    return next((months for months in fitting if mean * months >= MIN_EVENTS_PER_POINT), fitting[-1])


def first_adoption_month(trace: Trace, i: int, intervention: str | None) -> int | None:
    """Return the month in which an organisation first began an intervention, or any; None if never."""
    names = tuple(trace.scenario.interventions)
    places = range(len(names)) if intervention is None else [index_of(intervention, names, "intervention")]
    begun = [int(month) for month in trace.end.histories[places, FIRST_ADOPTED, i] if month != NEVER]
    return min(begun, default=None)


def baseline_points(points: int, months: int, began: int | None) -> tuple[int | None, str]:
    """Return how many points the median is taken over, None for all, and the reason in words."""
    if began is None:
        return None, f"median over all {points} points: it never began"
    before = min(points, (began - 1) // months)
    if before >= MIN_BASELINE_POINTS:
        return before, f"median over the {before} points before it began in month {began}; those after it are judged"
    why = f"{before} points lie before it began in month {began}, and {MIN_BASELINE_POINTS} are needed"
    return None, f"median over all {points} points: only {why}"
