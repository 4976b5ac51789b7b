"""Conversion of times in a table, numbers or dates, to periods from the start."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

PeriodUnit = Literal["period", "month", "quarter", "year"]
MONTHS_PER_UNIT = {"period": 1, "month": 1, "quarter": 3, "year": 12}
"""Months in each unit; dates are counted in months by default, and numbers count periods."""
DATE_FORMAT = re.compile(r"(\d{4}-\d{2}(-\d{2})?)")
WITH_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?")
"""A date with a time of day, which is ignored."""
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,9}(\.0*)?")
EXPECTED_TIME = "a whole number of periods, or a date such as 1955-03 or 1955-03-14"


@dataclass(frozen=True, order=True)
class Timestamp:
    """One time in a table.

    Attributes
    ----------
    is_date : bool
        Whether it is a date.
    count : int
        For a date, months since the year 0; else the number.
    """

    is_date: bool
    count: int


def parse_timestamp(text: str) -> Timestamp | None:
    """Return the time in a cell; None if it is not valid."""
    if WHOLE_NUMBER.fullmatch(text):
        return Timestamp(is_date=False, count=int(float(text)))
    match = DATE_FORMAT.fullmatch(text) or WITH_TIME.fullmatch(text)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match[1] if len(match[1]) > len("0000-00") else f"{match[1]}-01")
    except ValueError:
        return None
    return Timestamp(is_date=True, count=12 * day.year + day.month - 1)


def format_timestamp(timestamp: Timestamp) -> str:
    """Return a time as text."""
    year, month = divmod(timestamp.count, 12)
    return f"{year:04d}-{month + 1:02d}" if timestamp.is_date else str(timestamp.count)


@dataclass(frozen=True)
class PeriodCalendar:
    """The mapping from times to periods.

    Attributes
    ----------
    start : Timestamp
        A time in the first period.
    unit : {"period", "month", "quarter", "year"}
        Unit of dates; numbers count periods.
    """

    start: Timestamp
    unit: PeriodUnit

    def period(self, moment: Timestamp) -> int:
        """Return the period of a time of the same type: 1 for the first, less for earlier ones."""
        width = MONTHS_PER_UNIT[self.unit] if self.start.is_date else 1
        return (moment.count - self.start.count) // width + 1


def choose_calendar(
    timestamps: Iterable[Timestamp], start: Timestamp | None, unit: PeriodUnit | None
) -> PeriodCalendar:
    """Return the calendar for some times: from `start`, or else from 1 or the period of the earliest date.

    Quarters and years are calendar ones, or count from `start` if it is given.
    """
    moments = sorted(timestamps)
    dated = moments[0].is_date if moments else start is not None and start.is_date
    unit = unit or ("month" if dated else "period")
    if start is not None:
        return PeriodCalendar(start, unit)
    if not dated:
        return PeriodCalendar(Timestamp(is_date=False, count=1), unit)
    width = MONTHS_PER_UNIT[unit]
    return PeriodCalendar(Timestamp(is_date=True, count=moments[0].count // width * width), unit)
