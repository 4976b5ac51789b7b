"""Sentences about differences between options: what is known, how well, and no more."""

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
    """One row of the differences, with what a sentence needs.

    Attributes
    ----------
    arm, measure : str
    value, low, high : float
        For every 100 organisations where the measure is a sum, else as it is.
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
        """How it is written: shares in percentage points."""
        return MEASURES[self.measure].form

    @property
    def verdict(self) -> DifferenceVerdict:
        """What can be said of it."""
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
    """Return a row of the table of differences for a sentence; sums are given for every 100 organisations."""
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


def points_phrase(value: float, form: str) -> str:
    """Return a signed difference with its unit where that is percentage points."""
    return f"{format_difference(value, form)}{_points(form)}"


def _points(form: str) -> str:
    return " percentage points" if form == "percent" else ""


def precision_phrase(measure: str, half_width: float) -> str:
    """Return how narrow the interval of a measure was to be: "fidelity among users within 1.0 percentage points"."""
    declared = MEASURES[measure]
    return f"{declared.phrase} within {format_size(half_width, declared.form)}{_points(declared.form)}"


def interval_phrase(difference: DifferenceStatement) -> str:
    """Return the interval of a difference with its name, both bounds with their signs; empty where there is none."""
    return (
        ""
        if math.isnan(difference.low)
        else f"{INTERVAL_HEADING} {format_interval(difference.low, difference.high, difference.number_format)}"
    )


def effect_phrase(difference: DifferenceStatement, months: int) -> str:
    """Return what an arm would do: "would avert 780 more adverse events for every 100 organisations over 10 years"."""
    more, measure = difference.value > 0, MEASURES[difference.measure]
    size = format_size(difference.value, difference.number_format)
    if measure.verb is not None:
        verb, noun = measure.verb
        amount = f"{size} {'more' if more else 'fewer'} {noun}"
        return f"would {verb} {amount} for every 100 organisations over {format_duration(months)}"
    move = "raise" if more else "lower"
    return f"would {move} {measure.phrase} by {size}{_points(difference.number_format)} after {format_duration(months)}"


def better_in_phrase(difference: DifferenceStatement) -> str:
    """Return in how many runs an arm is better than the baseline; empty where no direction is good."""
    if math.isnan(difference.better):
        return ""
    if difference.better == 0.0:
        return f"better than the baseline in none of the {format_runs(difference.runs)}"
    if difference.better == 1.0:
        return f"better than the baseline in all {format_runs(difference.runs)}"
    # Neither 0% nor 100% is said of a share that is neither.
    share = min(99, max(1, round(100.0 * difference.better)))
    return f"better than the baseline in {share}% of {format_runs(difference.runs)}"


def difference_sentence(difference: DifferenceStatement, months: int, lead: str = "") -> str:
    """Return what an arm would change in one measure, as a sentence with its uncertainty.

    Parameters
    ----------
    difference : DifferenceStatement
    months : int
        Of the run.
    lead : str
        What comes before a clear difference, such as "Of the two, coaching would do most: it", in place of the arm's
        name.
    """
    phrase, name = MEASURES[difference.measure].phrase, capitalise_first(difference.arm)
    if difference.verdict == "unknown":
        return f"The effect of {difference.arm} is unknown: {phrase} has no meaning in these runs."
    if difference.verdict == "none":
        return f"{name} changes nothing in {phrase} over {format_duration(months)}, in any run."
    within = "; ".join(part for part in (interval_phrase(difference), better_in_phrase(difference)) if part)
    if difference.verdict == "unclear":
        return unclear_sentence(difference, months, within)
    effect = f"{lead or name} {effect_phrase(difference, months)}"
    if difference.verdict == "one run":
        return f"{effect}, in the one run simulated; how far others differ is not known."
    return f"{effect}{', for the worse' if difference.verdict == 'worse' else ''} ({within})."


def unclear_sentence(difference: DifferenceStatement, months: int, within: str) -> str:
    """Return that the sign of a difference is not known, with its mean."""
    measure = MEASURES[difference.measure]
    mean = points_phrase(difference.value, difference.number_format)
    each = " for every 100 organisations" if measure.is_sum else ""
    return (
        f"Whether {difference.arm} changes {measure.phrase} is unclear after {format_runs(difference.runs)}: "
        f"the mean difference "
        f"after {format_duration(months)} is {mean}{each} ({within})."
    )
