"""How results are put into words: plain sentences that say what is known and no more."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qispread.analysis.summary import written_difference
from qispread.measures import MEASURES

Verdict = Literal["none", "unknown", "one world", "unclear", "better", "worse", "more", "less"]

NOUNS = {
    "awareness": "the share of organisations that have heard of it",
    "reach": "the share of organisations that ever began",
    "adoption": "the share of organisations that use it",
    "sustainment": "the share of those that began and still use it",
    "lapses": "the share of those that began and gave it up",
    "fidelity": "fidelity among users",
    "appropriateness": "the fit of what is used to where it is used",
    "embedding": "embedding among users",
    "effect": "the effect among users",
    "origin_effect": "the effect where it began",
    "replication_ratio": "the effect among users as a share of the origin's",
    "replicated": "the share of users at 80 % of the origin's effect",
    "transformed": "the share of those that began and are transformed",
    "boosted": "the share of those that began and are boosted",
    "little": "the share of those that began and gain little",
    "generation": "the number of copies between users and the origin",
    "harm_averted": "harmful events averted",
    "harm": "harm per 10,000",
    "harm_range": "the range of harm between organisations, per 10,000,",
    "harm_gini": "the Gini coefficient of harm",
    "staff_time": "team-months of staff time given",
    "cost": "units of currency spent on policies",
    "local_gain": "the reduction of harm made at home",
    "leadership": "mean leadership",
    "culture": "mean culture",
    "capability": "mean capability",
}
"""What each measure is called in a sentence."""
SHARES = ("share", "ratio")
VERBS = {
    "harm_averted": ("avert", "harmful events"),
    "staff_time": ("take", "team-months of staff time"),
    "cost": ("cost", "units of currency"),
}
"""What an arm does to each measure that is a sum, and of what."""


NEGATIVE = re.compile(r"(?:(?<=^)|(?<=[\s(]))-(?=\d)")


def typeset(text: str) -> str:
    """Return text with real minus signs, a dash in place of a hyphen alone, and no break before a percent sign."""
    if text == "-":
        return "\N{EN DASH}"
    return NEGATIVE.sub("\N{MINUS SIGN}", text).replace(" %", "\N{NO-BREAK SPACE}%")


def form_of(measure: str) -> str:
    """Return how a measure is written: shares in percent, all others, and the Gini coefficient, as numbers."""
    return "percent" if MEASURES[measure].unit in SHARES and measure != "harm_gini" else "number"


@dataclass(frozen=True)
class Difference:
    """One row of the differences, with what a sentence needs.

    Attributes
    ----------
    arm, measure : str
    value, low, high : float
        For every 100 organisations where the measure is a sum, else as it is.
    summed : bool
    better : float
        Share of worlds in which the arm is better.
    worlds : int
    """

    arm: str
    measure: str
    value: float
    low: float
    high: float
    summed: bool
    better: float
    worlds: int

    @property
    def form(self) -> str:
        """How it is written: shares in percentage points."""
        return form_of(self.measure)

    @property
    def verdict(self) -> Verdict:
        """What can be said of it."""
        direction = MEASURES[self.measure].better
        if math.isnan(self.value):
            return "unknown"
        if self.value == 0.0 and not (self.low < 0.0 < self.high):
            return "none"
        if math.isnan(self.low):
            return "one world"
        if self.low <= 0.0 <= self.high:
            return "unclear"
        if direction == "neither":
            return "more" if self.value > 0.0 else "less"
        return "better" if (self.value > 0.0) == (direction == "more") else "worse"


def difference_of(row: dict[str, Any]) -> Difference:
    """Return a row of the differences for a sentence; sums are told for every 100 organisations."""
    value, per_100 = float(row["difference"]), float(row["for_100"])
    summed = not math.isnan(per_100)
    factor = per_100 / value if summed and value else 1.0
    return Difference(
        arm=str(row["arm"]),
        measure=str(row["measure"]),
        value=value * factor,
        low=float(row["low"]) * factor,
        high=float(row["high"]) * factor,
        summed=summed,
        better=float(row["better"]),
        worlds=int(row.get("worlds", 0)),
    )


def span(months: int) -> str:
    """Return a number of months in words, in years where they are whole."""
    count, unit = (months // 12, "year") if months % 12 == 0 else (months, "month")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def listed(names: Sequence[str], last: str = "and") -> str:
    """Return names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def amount(one: Difference, value: float) -> str:
    """Return a size without its sign, shares in percentage points."""
    return written_difference(abs(value), one.form).removeprefix("+")


def interval(one: Difference) -> str:
    """Return the interval of a difference; of one for the worse both bounds keep their signs."""
    if math.isnan(one.low):
        return ""
    low, high = written_difference(one.low, one.form), written_difference(one.high, one.form)
    return f"95 % interval {low} to {high}"


def would(one: Difference, months: int) -> str:
    """Return what an arm would do: "would avert 780 more harmful events for every 100 organisations over 10 years"."""
    more = one.value > 0
    if one.summed:
        verb, noun = VERBS[one.measure]
        number = f"{amount(one, one.value)} {'more' if more else 'fewer'}"
        return f"would {verb} {number} {noun} for every 100 organisations over {span(months)}"
    points = " percentage points" if one.form == "percent" else ""
    by = f"{amount(one, one.value)}{points}"
    return f"would {'raise' if more else 'lower'} {NOUNS[one.measure]} by {by} after {span(months)}"


def in_worlds(one: Difference) -> str:
    """Return in how many worlds an arm is better, in words."""
    if math.isnan(one.better):
        return ""
    share = round(100.0 * one.better)
    if one.better in {0.0, 1.0}:
        return f"better than the base in {'none of the' if one.better == 0.0 else 'all'} {one.worlds} worlds"
    return f"better than the base in {min(99, max(1, share))} % of {one.worlds} worlds"


def sentence(one: Difference, months: int, lead: str = "") -> str:
    """Return what an arm would change in one measure, as a sentence that says how sure it is.

    Parameters
    ----------
    one : Difference
    months : int
        Of the run.
    lead : str
        What comes before a difference that is there, such as "Of the two, coaching would do most: it", in place of the
        arm's name.
    """
    noun, name = NOUNS[one.measure], f"{one.arm[0].upper()}{one.arm[1:]}"
    within = "; ".join(part for part in (interval(one), in_worlds(one)) if part)
    if one.verdict == "unknown":
        return f"What {one.arm} changes cannot be told: {noun} has no meaning in these worlds."
    if one.verdict == "none":
        return f"{name} changes nothing in {noun} over {span(months)}, in any world."
    if one.verdict == "unclear":
        points = " percentage points" if one.form == "percent" else ""
        mean = (
            f"{written_difference(one.value, one.form)}{points}{' for every 100 organisations' if one.summed else ''}"
        )
        unsure = f"Whether {one.arm} changes {noun} cannot be told from {one.worlds} worlds"
        return f"{unsure}: the mean difference after {span(months)} is {mean} ({within})."
    told = f"{lead or name} {would(one, months)}"
    if one.verdict == "one world":
        return f"{told}, in the one world simulated; how far others differ is not known."
    return f"{told}{', for the worse' if one.verdict == 'worse' else ''} ({within})."
