"""Sentences about differences between options, with their uncertainty."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from qispread.common.formatting import (
    capitalise_first,
    format_difference,
    format_duration,
    format_interval,
    format_runs,
    format_size,
)
from qispread.model.measures import MEASURES
from qispread.outputs.text.labels import INTERVAL_HEADING

DifferenceVerdict = Literal["none", "unknown", "one run", "unclear", "better", "worse", "more", "less"]


@dataclass(frozen=True)
class DifferenceStatement:
    """A difference between two arms in one measure, for a sentence.

    Attributes
    ----------
    arm, measure : str
    value, low, high : float
        Per 100 organisations where the measure is a sum.
    better : float
        Share of runs in which the arm is better.
    runs : int
    """

    arm: str
    measure: str
    value: float
    low: float
    high: float
    better: float
    runs: int

    @property
    def number_format(self) -> str:
        """Number format of the measure; shares are written in percentage points."""
        return MEASURES[self.measure].form

    @property
    def verdict(self) -> DifferenceVerdict:
        """Sign and clarity of the difference."""
        direction = MEASURES[self.measure].better
        if math.isnan(self.value):
            return "unknown"
        if self.value == 0.0 and not (self.low < 0.0 < self.high):
            return "none"
        if math.isnan(self.low):
            return "one run"
        if self.low <= 0.0 <= self.high:
            return "unclear"
        if direction == "neither":
            return "more" if self.value > 0.0 else "less"
        return "better" if (self.value > 0.0) == (direction == "more") else "worse"


def difference_from_row(row: dict[str, Any]) -> DifferenceStatement:
    """Return the statement of a row of the table of differences; sums are per 100 organisations."""
    value, per_100 = float(row["difference"]), float(row["per_100_organisations"])
    factor = per_100 / value if MEASURES[row["measure"]].is_sum and value else 1.0
    return DifferenceStatement(
        arm=str(row["arm"]),
        measure=str(row["measure"]),
        value=value * factor,
        low=float(row["low"]) * factor,
        high=float(row["high"]) * factor,
        better=float(row["share_better"]),
        runs=int(row.get("replicates", 0)),
    )


def points_phrase(value: float, number_format: str) -> str:
    """Return a signed difference with its unit where that is percentage points."""
    return f"{format_difference(value, number_format)}{_points(number_format)}"


def _points(number_format: str) -> str:
    return " percentage points" if number_format == "percent" else ""


def precision_phrase(measure: str, half_width: float) -> str:
    """Return the requested precision of a measure: "fidelity among users within 1.0 percentage points"."""
    declared = MEASURES[measure]
    return f"{declared.phrase} within {format_size(half_width, declared.form)}{_points(declared.form)}"


def interval_phrase(difference: DifferenceStatement) -> str:
    """Return the interval of a difference with its name, both bounds with their signs; empty where there is none."""
    if math.isnan(difference.low):
        return ""
    return f"{INTERVAL_HEADING} {format_interval(difference.low, difference.high, difference.number_format)}"


def effect_phrase(difference: DifferenceStatement, months: int) -> str:
    """Return the effect of an arm: "would avert 780 more adverse events per 100 organisations over 10 years"."""
    is_more, measure = difference.value > 0, MEASURES[difference.measure]
    size = format_size(difference.value, difference.number_format)
    if measure.verb is not None:
        verb, noun = measure.verb
        amount = f"{size} {'more' if is_more else 'fewer'} {noun}"
        return f"would {verb} {amount} per 100 organisations over {format_duration(months)}"
    move = "raise" if is_more else "lower"
    return f"would {move} {measure.phrase} by {size}{_points(difference.number_format)} after {format_duration(months)}"


def better_in_phrase(difference: DifferenceStatement) -> str:
    """Return the share of runs in which an arm is better than the baseline; empty where no direction is better."""
    if math.isnan(difference.better):
        return ""
    if difference.better == 0.0:
        return f"better than the baseline in none of the {format_runs(difference.runs)}"
    if difference.better == 1.0:
        return f"better than the baseline in all {format_runs(difference.runs)}"
    # A share is rounded to 0% or 100% only where it is exactly that.
    share = min(99, max(1, round(100.0 * difference.better)))
    return f"better than the baseline in {share}% of {format_runs(difference.runs)}"


def difference_sentence(difference: DifferenceStatement, months: int, lead: str = "") -> str:
    """Return the effect of an arm on one measure, as a sentence with its uncertainty.

    Parameters
    ----------
    difference : DifferenceStatement
    months : int
        Length of the run.
    lead : str
        Text before a clear difference instead of the name of the arm, such as "Of the two options, coaching would do
        most: it".
    """
    phrase, name = MEASURES[difference.measure].phrase, capitalise_first(difference.arm)
    if difference.verdict == "unknown":
        return f"The effect of {difference.arm} is unknown: {phrase} is not defined in these runs."
    if difference.verdict == "none":
        return f"{name} does not change {phrase} over {format_duration(months)} in any run."
    within = "; ".join(part for part in (interval_phrase(difference), better_in_phrase(difference)) if part)
    if difference.verdict == "unclear":
        return unclear_sentence(difference, months, within)
    effect = f"{lead or name} {effect_phrase(difference, months)}"
    if difference.verdict == "one run":
        return f"{effect} in the one run simulated; other runs may differ."
    return f"{effect}{', which is worse' if difference.verdict == 'worse' else ''} ({within})."


def unclear_sentence(difference: DifferenceStatement, months: int, within: str) -> str:
    """Return the sentence about a difference whose sign is not clear."""
    measure = MEASURES[difference.measure]
    mean = points_phrase(difference.value, difference.number_format)
    unit = " per 100 organisations" if measure.is_sum else ""
    return (
        f"Whether {difference.arm} changes {measure.phrase} is unclear after {format_runs(difference.runs)}: "
        f"the mean difference "
        f"after {format_duration(months)} is {mean}{unit} ({within})."
    )
