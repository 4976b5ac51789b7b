"""The user's two tables, people and ties: read with care, every fault with its file and line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from qispread.config import arguments
from qispread.config.faults import Fault, InputError, nearest
from qispread.config.tables import Reading, Table, listed, number_or_none, read_table, require_columns
from qispread.fitting.people import NEVER, Observed, ties_between
from qispread.fitting.periods import MONTHS, NEEDED, Calendar, Moment, Unit, calendar_of, moment_of, shown

Choice = Literal["refuse", "leave_out"]
MOST_PERIODS = 400
MOST_WEIGHTS = 20


@dataclass(frozen=True)
class Terms:
    """How two tables are to be read.

    Attributes
    ----------
    id, adopted, community, first, second, weight : str
        Names of columns; `community` and `weight` may be absent from the tables.
    alike : tuple of str
        More columns of the table of people: who agrees in all of them is alike.
    never : tuple of str
        What the column `adopted` says of those who had not by the end, besides nothing.
    start, end : str
        First and last period observed, as in the table; unless given 1 or the earliest date, and the last adoption.
    unit : {"period", "month", "quarter", "year"}
        How long a period is, where moments are dates.
    seeds : bool
        Whether those of the first period are taken as given.
    self_ties, unknown : {"refuse", "leave_out"}
        What to do with ties of somebody to themselves, and to people who are not listed.
    """

    id: str = "id"
    adopted: str = "adopted"
    community: str = "community"
    first: str = "from"
    second: str = "to"
    weight: str = "weight"
    alike: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    unit: Unit | None = None
    seeds: bool = True
    self_ties: Choice = "refuse"
    unknown: Choice = "refuse"

    def __post_init__(self) -> None:
        names = dict.fromkeys(("id", "adopted", "community", "first", "second", "weight"), arguments.text)
        lists = dict.fromkeys(("alike", "never"), arguments.texts)
        moments = dict.fromkeys(("start", "end"), arguments.optional(arguments.text))
        ways = dict.fromkeys(("self_ties", "unknown"), arguments.one_of("refuse", "leave_out"))
        unit = arguments.optional(arguments.one_of(*MONTHS))
        arguments.refuse_wrong(vars(self), **names, **lists, **moments, **ways, unit=unit, seeds=arguments.flag)


@dataclass
class Found:
    """What reading has gathered."""

    terms: Terms
    reading: Reading = field(default_factory=Reading)
    lines: dict[str, int] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    moments: list[tuple[int, str, Moment | None]] = field(default_factory=list)
    communities: list[str] = field(default_factory=list)
    alike: list[tuple[str, ...]] = field(default_factory=list)

    def fault(self, where: str, problem: str, shown_as: str = "", line: int = 0) -> None:
        """Note a fault."""
        self.reading.faults.append(Fault(where, problem, shown_as, line))


def read_observed(people: str | Path, ties: str | Path, terms: Terms | None = None) -> Observed:
    """Return a diffusion from a table of people and a table of ties.

    Raises
    ------
    InputError
        With every fault of both tables: a person twice, an adoption that is no moment or before the start, ties to
        people who are not listed or to oneself, nobody who adopted, everybody at once ...
    """
    found = Found(terms or Terms())
    read_people(found, read_table(Path(people), str(people), found.reading))
    periods, calendar = periods_of(found, str(people))
    pairs = read_ties(found, read_table(Path(ties), str(ties), found.reading))
    if found.reading.faults:
        raise InputError(found.reading.faults)
    return assembled(found, periods, calendar, pairs)


def read_people(found: Found, table: Table) -> None:
    """Read who there is, when each adopted, and to what community each belongs."""
    terms = found.terms
    optional = [terms.community] if terms.community in table.columns else []
    wanted = {terms.id: "who", terms.adopted: "when", **dict.fromkeys(terms.alike, "who is alike")}
    if not optional and terms.community != "community":
        wanted[terms.community] = "community"
    require_columns(table, wanted)
    for line, cells in table.rows:
        who = cells[terms.id]
        if not who:
            found.fault(f"column '{terms.id}'", "is blank; each person needs an id", table.shown, line)
            continue
        if who in found.lines:
            problem = f"'{who}' is given twice, first on line {found.lines[who]}; ids must differ"
            found.fault(f"column '{terms.id}'", problem, table.shown, line)
            continue
        found.lines[who] = line
        found.moments.append((line, who, moment_in(found, table.shown, line, who, cells[terms.adopted])))
        found.communities.append(cells[terms.community] if optional else "")
        found.alike.append(tuple(cells[name] for name in terms.alike))
        if optional and not cells[terms.community]:
            found.fault(f"column '{terms.community}' of {who}", "is blank; needed: a name", table.shown, line)
    unsaid = listed(f"'{word}'" for word in set(terms.never) - found.said)
    if unsaid:
        found.reading.notes.append(f"{table.shown}: column '{terms.adopted}' nowhere says {unsaid} (--never)")


def means(word: str, text: str, moment: Moment | None) -> bool:
    """Return whether a cell says a word, or the number that the word is, however it is written."""
    return word == text or (moment is not None and not moment.dated and moment_of(word) == moment)


def moment_in(found: Found, shown_as: str, line: int, who: str, text: str) -> Moment | None:
    """Return when somebody adopted; None for never, and for what is no moment, which is a fault."""
    moment = moment_of(text)
    words = {word for word in found.terms.never if means(word, text, moment)}
    found.said |= words
    if not text or words:
        return None
    if moment is None:
        problem = f"got '{text}'; needed: {NEEDED}, or nothing for those who had not adopted by the end"
        found.fault(f"column '{found.terms.adopted}' of {who}", problem, shown_as, line)
    return moment


def option(found: Found, name: str, text: str | None, *, dated: bool) -> Moment | None:
    """Return the moment that an option gives, if it does and is of the kind that the table has."""
    moment = None if text is None else moment_of(text)
    if text is not None and (moment is None or moment.dated != dated):
        needed = "a date, as the table has" if dated else "a whole number, as the table has"
        found.fault(name, f"got '{text}'; needed: {needed}")
        return None
    return moment


def periods_of(found: Found, shown_as: str) -> tuple[list[int], Calendar]:
    """Return the period in which each adopted, and their calendar; the last period is that of `end`."""
    where, terms = f"column '{found.terms.adopted}'", found.terms
    given = [(line, who, moment) for line, who, moment in found.moments if moment is not None]
    if not given and not found.reading.faults:
        found.fault(where, f"nobody adopted; needed: {NEEDED} in some rows", shown_as)
    kinds = {moment.dated for _, _, moment in given}
    if len(kinds) == 2:
        line, who, odd = next(row for row in given if row[2].dated != given[0][2].dated)
        found.fault(f"{where} of {who}", f"got {shown(odd)}; needed: all dates or all numbers", shown_as, line)
        given = []
    dated = True in kinds
    start = option(found, "--start", terms.start, dated=dated)
    end = option(found, "--end", terms.end, dated=dated)
    calendar = calendar_of((moment for _, _, moment in given), start, terms.unit)
    if terms.unit is not None and not dated and given:
        calendar = Calendar(calendar.start, terms.unit)
    last = calendar.period(end) if end else max((calendar.period(moment) for _, _, moment in given), default=1)
    if start and end and end < start:  # every adoption would be refused for what the options get wrong
        found.fault("--start", f"got {shown(start)}, after --end {shown(end)}; needed: a start before the end")
    else:
        refuse_times(found, given, calendar, last, shown_as)
    return [NEVER if moment is None or not given else calendar.period(moment) for _, _, moment in found.moments], (
        calendar
    )


def refuse_times(
    found: Found, given: Sequence[tuple[int, str, Moment]], calendar: Calendar, last: int, shown_as: str
) -> None:
    """Refuse adoptions before the start or after the end, too long a time, and times from which nothing follows."""
    where = f"column '{found.terms.adopted}'"
    for line, who, moment in given:
        if calendar.period(moment) < 1:
            problem = f"got {shown(moment)}, before the start ({shown(calendar.start)}); say --start, or correct it"
            found.fault(f"{where} of {who}", problem, shown_as, line)
        elif calendar.period(moment) > last:
            problem = f"got {shown(moment)}, after the end ({found.terms.end}); leave it blank, or say a later --end"
            found.fault(f"{where} of {who}", problem, shown_as, line)
    if last > MOST_PERIODS:
        problem = f"{last:,} periods from {shown(calendar.start)}; needed: at most {MOST_PERIODS} (--start, --unit)"
        found.fault(where, problem, shown_as)
    explained = {calendar.period(moment) for _, _, moment in given} - ({1} if found.terms.seeds else set())
    if given and len(explained) < 2 and not found.reading.faults:
        after = " after the first, whose adopters are the seeds" if found.terms.seeds else ""
        several = "1 period" if len(explained) == 1 else f"{len(explained)} periods"
        problem = f"adoptions in {several}{after}: nothing to explain; needed: adoptions in at least two"
        found.fault(where, problem, shown_as)


def read_ties(found: Found, table: Table) -> dict[tuple[int, int], float]:
    """Return the weight of each pair of people, by their places; of a pair given again the larger weight holds."""
    terms, weighted = found.terms, found.terms.weight in table.columns
    if not weighted and terms.weight != "weight":
        require_columns(table, {terms.weight: "weight"})
    require_columns(table, {terms.first: "one end", terms.second: "other end"})
    place = {who: index for index, who in enumerate(found.lines)}
    pairs: dict[tuple[int, int], float] = {}
    counts = dict.fromkeys(("selves", "strangers", "again"), 0)
    for line, cells in table.rows:
        ends, weight = (
            (cells[terms.first], cells[terms.second]),
            number_or_none(cells[terms.weight]) if weighted else 1.0,
        )
        problem, leave = tie_problem(ends, weight, place, terms)
        if leave:
            counts[leave] += 1
        elif problem:
            found.fault(f"tie '{ends[0]}' - '{ends[1]}'", problem, table.shown, line)
        else:
            a, b = sorted(place[end] for end in ends)
            counts["again"] += (a, b) in pairs
            pairs[a, b] = max(float(weight), pairs.get((a, b), 0.0))
    note_ties(found, counts, table.shown)
    if not pairs and not found.reading.faults:
        found.fault("", "holds no tie between two people of the table", table.shown)
    levels = set(pairs.values())
    if len(levels) > MOST_WEIGHTS:
        problem = f"{len(levels)} different weights; needed: at most {MOST_WEIGHTS} (round them)"
        found.fault(f"column '{terms.weight}'", problem, table.shown)
    return pairs


def tie_problem(ends: tuple[str, str], weight: Any, place: dict[str, int], terms: Terms) -> tuple[str, str]:
    """Return what is wrong with a tie, or else as what it is left out; two empty words for a good one."""
    strangers = [end for end in ends if end not in place]
    if not all(ends):
        return "ties to nobody: one id is blank", ""
    if ends[0] == ends[1]:
        hint = "ties a person to themselves (--leave-out self-ties leaves such ties out)"
        return ("", "selves") if terms.self_ties == "leave_out" else (hint, "")
    if strangers and terms.unknown == "leave_out":
        return "", "strangers"
    if strangers:
        named = f"'{strangers[0]}' is not in the table of people{nearest(strangers[0], place)}"
        return f"{named} (--leave-out unknown leaves such ties out)", ""
    if not isinstance(weight, float) or not 0.0 < weight <= 1.0:
        return f"got weight {'blank' if weight is None else weight}; needed: a number in (0, 1]", ""
    return "", ""


def note_ties(found: Found, counts: dict[str, int], shown_as: str) -> None:
    """Note which ties were left out, and which were given again."""
    words = {
        "selves": "ties of somebody to themselves left out",
        "strangers": "ties to people who are not listed left out",
        "again": "ties given again, or in the other direction, count once, at the larger weight",
    }
    found.reading.notes += [f"{shown_as}: {counts[name]:,} {text}" for name, text in words.items() if counts[name]]


def note_of_the_last(found: Found, periods: Sequence[int]) -> list[str]:
    """Return a note where the last period looks like what a table writes of those who had not adopted."""
    counts = np.bincount(np.array(periods), minlength=2)
    last, left = int(counts[-1]), int(counts[NEVER])
    if last <= counts[1:-1].max(initial=0) or (left and 2 * last <= len(periods)):
        return []
    text = shown(max(moment for _, _, moment in found.moments if moment is not None))
    everybody = "" if left else ", and nobody had not by then"
    told = f"{last:,} of {len(periods):,} people adopted in {text}, the last period, more than in any other{everybody}"
    return [f"{told}: if the table writes {text} of those who had not by the end, say --never {text}"]


def places_of(names: Iterable[Any]) -> tuple[list[int], list[Any]]:
    """Return the place of each name among the distinct ones, in the order in which they first stand."""
    order: dict[Any, int] = {}
    return [order.setdefault(name, len(order)) for name in names], list(order)


def assembled(found: Found, periods: list[int], calendar: Calendar, pairs: dict[tuple[int, int], float]) -> Observed:
    """Return the record of what was read, and note what a reader must know of it."""
    terms, ids = found.terms, tuple(found.lines)
    community, names = places_of(found.communities)
    alike, _ = places_of(zip(found.communities, found.alike, strict=True))
    first, second = np.array(sorted(pairs), dtype=np.int64).T
    weights = np.array([pairs[pair] for pair in sorted(pairs)])
    ties = ties_between(first, second, weights, len(ids))
    end = option(found, "--end", terms.end, dated=calendar.start.dated)
    last = calendar.period(end) if end else max(periods)
    seeded = terms.seeds and 1 in periods
    alone = [ids[place] for place in np.flatnonzero(np.diff(ties.starts) == 0)]
    notes = [*found.reading.notes, *note_of_the_last(found, periods)]
    if alone:
        notes.append(
            f"{len(alone)} people have no ties, so that only what comes from outside reaches them: {listed(alone)}"
        )
    across = int(np.sum(np.asarray(community)[first] != np.asarray(community)[second]))
    if across:
        notes.append(f"{across:,} of {len(pairs):,} ties join two communities: held-out communities are not apart")
    if terms.seeds and not seeded:
        notes.append("nobody adopted in the first period: there are no seeds, and an external push starts it")
    return Observed(
        ids=ids,
        adopted=np.array(periods, dtype=np.int64),
        periods=last,
        community=np.array(community, dtype=np.int64),
        communities=tuple(names),
        alike=np.array(alike, dtype=np.int64),
        ties=ties,
        seeded=seeded,
        unit=calendar.unit,
        notes=tuple(notes),
        inputs=tuple(found.reading.inputs),
    )
