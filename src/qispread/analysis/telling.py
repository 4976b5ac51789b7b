"""What an arm changes, in the words and digits in which every reader gets it: the terminal and the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from qispread.analysis.summary import DIFFERENCES_SHOWN, written, written_difference
from qispread.comparison.paired import COUNTED, Comparison
from qispread.measures import MEASURES

STARRED = " *"
"""Behind the label of what is told for every 100 organisations."""
CAUTION = (
    "Means over worlds at the end; differences of shares in percentage points. The interval tells how sure the model "
    "is of its own mean, not how sure anybody can be of the world. Better in: the share of worlds. *: for every 100 "
    "organisations."
)
HEADINGS = ("", "Base", "Arm", "Difference", "95 % interval", "Better in")


@dataclass(frozen=True)
class Told:
    """One measure of an arm against the base.

    Attributes
    ----------
    measure : str
    cells : sequence of str
        Under `HEADINGS`.
    pairing : float
        How many times as many independent worlds would have been needed.
    """

    measure: str
    cells: Sequence[str]
    pairing: float


def told_differences(comparison: Comparison, arm: str) -> list[Told]:
    """Return what an arm changes, a row a measure; shares in percentage points, sums for every 100 organisations."""
    found = []
    for measure, label, form in DIFFERENCES_SHOWN:
        one = comparison.difference(arm, measure)
        _, scale, star = shown_as(measure, comparison.number)
        low, middle, high = (written_difference(scale * one[name], form) for name in ("low", "difference", "high"))
        start = (label + star, *(written(scale * one[name], form) for name in ("base", "arm_mean")))
        between = "in every world" if one["low"] == one["high"] else f"{low} to {high}"
        between = "-" if "-" in (low, high) else between
        same = one["low"] == one["high"] == 0.0
        rest = ("none", "", "") if same else (middle, between, written(one["better"], "percent"))
        found.append(Told(measure, (*start, *rest), one["pairing"]))
    return found


def shown_as(measure: str, number: int) -> tuple[str, float, str]:
    """Return form, factor and mark of a measure: sums over `number` organisations are told for every 100 of them."""
    form = "percent" if MEASURES[measure].unit == "share" and measure != "harm_gini" else "number"
    counted = MEASURES[measure].unit in COUNTED
    return form, 100.0 / number if counted else 1.0, STARRED * counted
