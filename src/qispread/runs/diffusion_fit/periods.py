"""From moments as a table has them, numbers or dates, to periods counted from the start."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

PeriodUnit = Literal["period", "month", "quarter", "year"]
MONTHS_PER_UNIT = {"period": 1, "month": 1, "quarter": 3, "year": 12}
"""Months of a unit; dates are counted in months unless another is asked for, and numbers count periods."""
DATE_FORMAT = re.compile(r"(\d{4}-\d{2}(-\d{2})?)")
WITH_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?")
"""A date with a time of day, which no period is short enough to need."""
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,9}(\.0*)?")
EXPECTED_TIME = "a whole number of periods, or a date such as 1955-03 or 1955-03-14"


@dataclass(frozen=True, order=True)
class Timestamp:
    """One moment as given.

    Attributes
    ----------
    is_date : bool
        Whether it is a date.
    count : int
        Months since the year 0 of a date, else the number itself.
    """

    is_date: bool
    count: int


def parse_timestamp(text: str) -> Timestamp | None:
    """Return the moment in a cell; None where it holds none."""
    if WHOLE_NUMBER.fullmatch(text):
        return Timestamp(is_date=False, count=int(float(text)))
    found = DATE_FORMAT.fullmatch(text) or WITH_TIME.fullmatch(text)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[1] if len(found[1]) > len("0000-00") else f"{found[1]}-01")
    except ValueError:
        return None
    return Timestamp(is_date=True, count=12 * day.year + day.month - 1)


def format_timestamp(timestamp: Timestamp) -> str:
    """Return a moment in words."""
    year, month = divmod(timestamp.count, 12)
    return f"{year:04d}-{month + 1:02d}" if timestamp.is_date else str(timestamp.count)


@dataclass(frozen=True)
class PeriodCalendar:
    """How moments become periods.

    Attributes
    ----------
    start : Timestamp
        In the first period.
    unit : {"period", "month", "quarter", "year"}
        Of dates; numbers count whatever they count.
    """

    start: Timestamp
    unit: PeriodUnit

    def period(self, moment: Timestamp) -> int:
        """Return the period of a moment of the same kind, 1 for the first and less for those before it."""
        width = MONTHS_PER_UNIT[self.unit] if self.start.is_date else 1
        return (moment.count - self.start.count) // width + 1


def choose_calendar(
    timestamps: Iterable[Timestamp], start: Timestamp | None, unit: PeriodUnit | None
) -> PeriodCalendar:
    """Return the calendar for some moments: from `start`, or from 1, or from the period of the earliest date.

    Quarters and years are those of the calendar, unless a start is given, from which they then count.
    """
    found = sorted(timestamps)
    dated = found[0].is_date if found else start is not None and start.is_date
    unit = unit or ("month" if dated else "period")
    if start is not None:
        return PeriodCalendar(start, unit)
    if not dated:
        return PeriodCalendar(Timestamp(is_date=False, count=1), unit)
    width = MONTHS_PER_UNIT[unit]
    return PeriodCalendar(Timestamp(is_date=True, count=found[0].count // width * width), unit)
