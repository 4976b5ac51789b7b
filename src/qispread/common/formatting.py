"""Numbers, ranges, durations and lists as readers see them: in the terminal, reports, charts and on the page."""

import math
import re
from collections.abc import Sequence

MILLION, HUNDRED = 1e6, 100.0
MINUS = "\N{MINUS SIGN}"
MISSING_MARK = "\N{EN DASH}"
"""Stands for a value that has no meaning."""
COUNT_WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
NEGATIVE_NUMBER = re.compile(r"(?:(?<=^)|(?<=[\s(]))-(?=\d)")


def format_value(value: float, form: str) -> str:
    """Return a number in text: whole percents, or three significant digits; a dash for NaN.

    Parameters
    ----------
    value : float
    form : str
        Of the measure, see `qispread.model.measures.Form`; only "percent" is written otherwise than as a number.
    """
    if math.isnan(value):
        return MISSING_MARK
    if form == "percent":
        return with_minus(f"{100.0 * value:.0f}%")
    return format_short(value)


def format_difference(value: float, form: str) -> str:
    """Return a signed difference in text, shares in percentage points with one decimal; a dash for NaN."""
    if math.isnan(value):
        return MISSING_MARK
    if form == "percent":
        return with_minus(f"{100.0 * value:+.1f}")
    return format_short(value, "+")


def format_size(value: float, form: str) -> str:
    """Return the size of a difference in text, without its sign."""
    return format_difference(abs(value), form).removeprefix("+")


def format_short(value: float, sign: str = "") -> str:
    """Return a number in few digits: millions as such, hundreds and more whole, the rest to three digits.

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


def format_interval(low: float, high: float, form: str) -> str:
    """Return the interval of a difference in text; a dash where an end has no meaning."""
    if math.isnan(low) or math.isnan(high):
        return MISSING_MARK
    return f"{format_difference(low, form)} to {format_difference(high, form)}"


def format_estimate(value: float, low: float, high: float, form: str) -> str:
    """Return a difference with its interval in brackets."""
    return f"{format_difference(value, form)} ({format_interval(low, high, form)})"


def format_duration(months: int) -> str:
    """Return a number of months in words, in years where they are whole."""
    count, unit = (months // 12, "year") if months % 12 == 0 else (months, "month")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def format_runs(count: int) -> str:
    """Return a number of simulated runs in words."""
    return "1 run" if count == 1 else f"{count:,} runs"


def format_count(count: int) -> str:
    """Return a number of things in letters, up to twelve."""
    return COUNT_WORDS[count] if count < len(COUNT_WORDS) else str(count)


def join_words(names: Sequence[str], conjunction: str = "and") -> str:
    """Return names as a list in a sentence, the last joined by `conjunction`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"


def capitalise_first(text: str) -> str:
    """Return text that starts with a capital letter, the rest as it is."""
    return f"{text[:1].upper()}{text[1:]}"


def lower_first(text: str) -> str:
    """Return text that starts with a small letter, the rest as it is."""
    return f"{text[:1].lower()}{text[1:]}"


def with_minus(text: str) -> str:
    """Return a number in text with a real minus sign."""
    return text.replace("-", MINUS)


def apply_typography(text: str) -> str:
    """Return a text from elsewhere with real minus signs, percent signs beside their numbers, a dash for "-" alone."""
    if text == "-":
        return MISSING_MARK
    return NEGATIVE_NUMBER.sub(MINUS, text).replace(" %", "%")
