"""From moments as a table has them, numbers or dates, to periods counted from the start."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Unit = Literal["period", "month", "quarter", "year"]
MONTHS = {"period": 1, "month": 1, "quarter": 3, "year": 12}
"""Months of a unit; dates are counted in months unless another is asked for, and numbers count periods."""
FORM = re.compile(r"(\d{4}-\d{2}(-\d{2})?)")
WITH_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?")
"""A date with a time of day, which no period is short enough to need."""
WHOLE = re.compile(r"[+-]?\d{1,9}(\.0*)?")
NEEDED = "a whole number of periods, or a date such as 1955-03 or 1955-03-14"


@dataclass(frozen=True, order=True)
class Moment:
    """One moment as given.

    Attributes
    ----------
    dated : bool
        Whether it is a date.
    count : int
        Months since the year 0 of a date, else the number itself.
    """

    dated: bool
    count: int


def moment_of(text: str) -> Moment | None:
    """Return the moment in a cell; None where it holds none."""
    if WHOLE.fullmatch(text):
        return Moment(dated=False, count=int(float(text)))
    found = FORM.fullmatch(text) or WITH_TIME.fullmatch(text)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[1] if len(found[1]) > len("0000-00") else f"{found[1]}-01")
    except ValueError:
        return None
    return Moment(dated=True, count=12 * day.year + day.month - 1)


def shown(moment: Moment) -> str:
    """Return a moment in words."""
    year, month = divmod(moment.count, 12)
    return f"{year:04d}-{month + 1:02d}" if moment.dated else str(moment.count)


@dataclass(frozen=True)
class Calendar:
    """How moments become periods.

    Attributes
    ----------
    start : Moment
        In the first period.
    unit : {"period", "month", "quarter", "year"}
        Of dates; numbers count whatever they count.
    """

    start: Moment
    unit: Unit

    def period(self, moment: Moment) -> int:
        """Return the period of a moment of the same kind, 1 for the first and less for those before it."""
        width = MONTHS[self.unit] if self.start.dated else 1
        return (moment.count - self.start.count) // width + 1


def calendar_of(given: Iterable[Moment], start: Moment | None, unit: Unit | None) -> Calendar:
    """Return the calendar for some moments: from `start`, or from 1, or from the period of the earliest date.

    Quarters and years are those of the calendar, unless a start is given, from which they then count.
    """
    found = sorted(given)
    dated = found[0].dated if found else start is not None and start.dated
    unit = unit or ("month" if dated else "period")
    if start is not None:
        return Calendar(start, unit)
    if not dated:
        return Calendar(Moment(dated=False, count=1), unit)
    width = MONTHS[unit]
    return Calendar(Moment(dated=True, count=found[0].count // width * width), unit)
