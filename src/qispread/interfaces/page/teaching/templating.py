"""Texts with the numbers of runs in them, and conditions that must hold in the runs for a text to be true.

In a text ``{arm.measure}`` stands for the mean over worlds at the end, ``{arm - other.measure}`` for the mean of the
paired differences, and ``{arm > other.measure}`` for the share of worlds in which the first is above the second.
A condition is ``arm.measure < 0.2``, or ``arm.measure > other.measure``, or ``arm.measure - other.measure > 0.05``.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from qispread.common.formatting import apply_typography, format_difference, format_value
from qispread.model.measures import MEASURES
from qispread.runs.comparison.paired_statistics import finite_mean

ValueLookup = Callable[[str, str], NDArray[np.float64]]
"""Gives a measure at the end in every world of an arm, by the names of arm and measure; ``measure@24`` is its median
in a month, alone."""
OTHERWISE_CONDITION = "otherwise"

PLACEHOLDER = re.compile(r"\{(?P<arm>[^{}<>.-]+?)(?: (?P<sign>[->]) (?P<other>[^{}.]+?))?\.(?P<measure>\w+(?:@\d+)?)\}")
TERM_PATTERN = r"(?P<{0}>[A-Za-z][^<>.]*?)\.(?P<{1}>\w+(?:@\d+)?)"
CONDITION = re.compile(
    f"{TERM_PATTERN.format('arm', 'measure')}"
    rf"(?: - {TERM_PATTERN.format('less', 'less_measure')})? (?P<sign>[<>]) "
    rf"(?:(?P<number>-?[\d.]+)|{TERM_PATTERN.format('other', 'other_measure')})"
)


def fill_template(text: str, values: ValueLookup) -> str:
    """Return a text with numbers in the places that it leaves for them."""

    def number(place: "re.Match[str]") -> str:
        arm, sign, other, measure = place.group("arm", "sign", "other", "measure")
        first, form = values(arm, measure), MEASURES[measure.partition("@")[0]].form
        if sign is None:
            return format_value(finite_mean(first), form)
        second = values(other, measure)
        if sign == ">":
            known = ~np.isnan(first) & ~np.isnan(second)
            return format_value(float(np.mean((first > second)[known])), "percent")
        return format_difference(finite_mean(first - second), form).removeprefix("+")

    return apply_typography(PLACEHOLDER.sub(number, text))


def condition_holds(condition: str, values: ValueLookup) -> bool:
    """Return whether a condition is true of the means over worlds.

    Raises
    ------
    ValueError
        For a text that is no condition.
    """
    if condition == OTHERWISE_CONDITION:
        return True
    found = CONDITION.fullmatch(condition)
    if found is None:
        raise ValueError(f"'{condition}' is no condition")
    term: Mapping[str, str | None] = found.groupdict()

    def value(arm: str, measure: str) -> float:
        return finite_mean(values(str(term[arm]), str(term[measure])))

    left = value("arm", "measure") - (value("less", "less_measure") if term["less"] else 0.0)
    right = value("other", "other_measure") if term["number"] is None else float(term["number"])
    return left > right if term["sign"] == ">" else left < right
