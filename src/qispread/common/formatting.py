"""Numbers, ranges, durations and lists as readers see them: in the terminal, reports, charts and on the page."""

import math
import re
from collections.abc import Sequence

MILLION, HUNDRED = 1e6, 100.0
MINUS = "\N{MINUS SIGN}"
MISSING_MARK = "\N{EN DASH}"
"""Printed in place of a missing value."""
COUNT_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
NEGATIVE_NUMBER = re.compile(r"(?:(?<=^)|(?<=[\s(]))-(?=\d)")


def format_value(value: float, number_format: str) -> str:
    """Return a number in text: whole percents, or three significant digits; a dash for NaN.

    Parameters
    ----------
    value : float
    number_format : str
        The format of the measure, see `qispread.model.measures.Form`; only "percent" differs from a plain number.
    """
    if math.isnan(value):
        return MISSING_MARK
    if number_format == "percent":
        return with_minus(f"{100.0 * value:.0f}%")
    return format_short(value)


def format_difference(value: float, number_format: str) -> str:
    """Return a signed difference in text, shares in percentage points with one decimal; a dash for NaN."""
    if math.isnan(value):
        return MISSING_MARK
    if number_format == "percent":
        return with_minus(f"{100.0 * value:+.1f}")
    return format_short(value, "+")


def format_size(value: float, number_format: str) -> str:
    """Return the size of a difference in text, without its sign."""
    return format_difference(abs(value), number_format).removeprefix("+")


def format_short(value: float, sign: str = "") -> str:
    """Return a number in a few digits: millions with "M", whole numbers from 100, three significant digits below.

    Parameters
    ----------
    value : float
    sign : str
        "+" also marks numbers above 0.
    """
    if abs(value) >= MILLION:
        return with_minus(f"{value / MILLION:{sign}.2f} M")
    return with_minus(f"{value:{sign},.0f}" if abs(value) >= HUNDRED else f"{value:{sign}.3g}")


def format_range(low: float, high: float) -> str:
    """Return a range of numbers in text: one number where both ends are the same."""
    return format_short(low) if low == high else f"{format_short(low)} to {format_short(high)}"


def format_interval(low: float, high: float, number_format: str) -> str:
    """Return the interval of a difference in text; a dash where an end is missing."""
    if math.isnan(low) or math.isnan(high):
        return MISSING_MARK
    return f"{format_difference(low, number_format)} to {format_difference(high, number_format)}"


def format_estimate(value: float, low: float, high: float, number_format: str) -> str:
    """Return a difference with its interval in brackets."""
    return f"{format_difference(value, number_format)} ({format_interval(low, high, number_format)})"


def format_duration(months: int) -> str:
    """Return a number of months in words, in years if it is a multiple of 12."""
    count, unit = (months // 12, "year") if months % 12 == 0 else (months, "month")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def format_runs(count: int) -> str:
    """Return a number of simulated runs in words."""
    return "1 run" if count == 1 else f"{count:,} runs"


def format_count(count: int) -> str:
    """Return a count in words up to twelve, in digits above."""
    return COUNT_WORDS[count] if count < len(COUNT_WORDS) else str(count)


def join_words(names: Sequence[str], conjunction: str = "and") -> str:
    """Return names as a list in a sentence, the last joined by `conjunction`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"


def capitalise_first(text: str) -> str:
    """Return text with its first letter in upper case and the rest unchanged."""
    return f"{text[:1].upper()}{text[1:]}"


def lower_first(text: str) -> str:
    """Return text with its first letter in lower case and the rest unchanged."""
    return f"{text[:1].lower()}{text[1:]}"


def with_minus(text: str) -> str:
    """Return a number in text with a real minus sign."""
    return text.replace("-", MINUS)


def apply_typography(text: str) -> str:
    """Return text with real minus signs, no space before percent signs, and a dash in place of a lone "-"."""
    if text == "-":
        return MISSING_MARK
    return NEGATIVE_NUMBER.sub(MINUS, text).replace(" %", "%")
