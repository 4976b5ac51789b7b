"""Templates whose placeholders are filled from runs, and conditions on runs.

``{arm.measure}`` is the mean over runs at the end, ``{arm - other.measure}`` the mean of the paired differences, and
``{arm > other.measure}`` the share of runs in which the first arm is above the second. A condition is
``arm.measure < 0.2``, ``arm.measure > other.measure``, or ``arm.measure - other.measure > 0.05``.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from qispread.common.formatting import apply_typography, format_difference, format_value
from qispread.model.measures import MEASURES
from qispread.runs.comparison.paired_statistics import finite_mean

ValueLookup = Callable[[str, str], NDArray[np.float64]]
"""Maps arm and measure to the values at the end in each replicate; ``measure@24`` to the median in a month."""
OTHERWISE_CONDITION = "otherwise"

PLACEHOLDER = re.compile(r"\{(?P<arm>[^{}<>.-]+?)(?: (?P<sign>[->]) (?P<other>[^{}.]+?))?\.(?P<measure>\w+(?:@\d+)?)\}")
TERM_PATTERN = r"(?P<{0}>[A-Za-z][^<>.]*?)\.(?P<{1}>\w+(?:@\d+)?)"
CONDITION = re.compile(
    f"{TERM_PATTERN.format('arm', 'measure')}"
    rf"(?: - {TERM_PATTERN.format('less', 'less_measure')})? (?P<sign>[<>]) "
    rf"(?:(?P<number>-?[\d.]+)|{TERM_PATTERN.format('other', 'other_measure')})"
)


def fill_template(text: str, values: ValueLookup) -> str:
    """Return a text with its placeholders replaced by numbers."""

    def number(match: "re.Match[str]") -> str:
        arm, sign, other, measure = match.group("arm", "sign", "other", "measure")
        first, number_format = values(arm, measure), MEASURES[measure.partition("@")[0]].form
        if sign is None:
            return format_value(finite_mean(first), number_format)
        second = values(other, measure)
        if sign == ">":
            known = ~np.isnan(first) & ~np.isnan(second)
            return format_value(float(np.mean((first > second)[known])), "percent")
        return format_difference(finite_mean(first - second), number_format).removeprefix("+")

    return apply_typography(PLACEHOLDER.sub(number, text))


def condition_holds(condition: str, values: ValueLookup) -> bool:
    """Return whether a condition holds for the means over runs.

    Raises
    ------
    ValueError
        For text that is not a condition.
    """
    if condition == OTHERWISE_CONDITION:
        return True
    match = CONDITION.fullmatch(condition)
    if match is None:
        raise ValueError(f"'{condition}' is not a condition")
    term: Mapping[str, str | None] = match.groupdict()

    def value(arm: str, measure: str) -> float:
        return finite_mean(values(str(term[arm]), str(term[measure])))

    left = value("arm", "measure") - (value("less", "less_measure") if term["less"] else 0.0)
    right = value("other", "other_measure") if term["number"] is None else float(term["number"])
    return left > right if term["sign"] == ">" else left < right
