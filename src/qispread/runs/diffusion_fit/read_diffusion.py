"""The user's two tables, people and ties: read with care, every fault with its file and line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.csv_tables import CsvTable, ReadContext, join_names, parse_number, read_table, require_columns
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, ObservedDiffusion, build_tie_graph
from qispread.runs.diffusion_fit.periods import (
    EXPECTED_TIME,
    MONTHS_PER_UNIT,
    PeriodCalendar,
    PeriodUnit,
    Timestamp,
    choose_calendar,
    format_timestamp,
    parse_timestamp,
)

UnknownChoice = Literal["refuse", "leave_out"]
MAX_PERIODS = 400
MAX_WEIGHTS = 20


@keep_former_members
@dataclass(frozen=True)
class TableOptions:
    """How two tables are to be read.

    Attributes
    ----------
    id, adopted, community, first, second, weight : str
        Names of columns; `community` and `weight` may be absent from the tables.
    permutation_columns : tuple of str
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
    permutation_columns: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    start: str | None = None
    end: str | None = None
    unit: PeriodUnit | None = None
    seeds: bool = True
    self_ties: UnknownChoice = "refuse"
    unknown: UnknownChoice = "refuse"

    def __post_init__(self) -> None:
        names = dict.fromkeys(("id", "adopted", "community", "first", "second", "weight"), argument_checks.check_text)
        lists = dict.fromkeys(("alike", "never"), argument_checks.check_texts)
        moments = dict.fromkeys(("start", "end"), argument_checks.optional_check(argument_checks.check_text))
        ways = dict.fromkeys(("self_ties", "unknown"), argument_checks.choice_check("refuse", "leave_out"))
        unit = argument_checks.optional_check(argument_checks.choice_check(*MONTHS_PER_UNIT))
        argument_checks.check_arguments(
            vars(self), **names, **lists, **moments, **ways, unit=unit, seeds=argument_checks.check_flag
        )


@dataclass
class DiffusionReadState:
    """What reading has gathered."""

    options: TableOptions
    reading: ReadContext = field(default_factory=ReadContext)
    lines: dict[str, int] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    timestamps: list[tuple[int, str, Timestamp | None]] = field(default_factory=list)
    communities: list[str] = field(default_factory=list)
    group_keys: list[tuple[str, ...]] = field(default_factory=list)

    def add_fault(self, path: str, problem: str, display_name: str = "", line: int = 0) -> None:
        """Note a fault."""
        self.reading.faults.append(Fault(path, problem, display_name, line))


def read_observed(people: str | Path, ties: str | Path, options: TableOptions | None = None) -> ObservedDiffusion:
    """Return a diffusion from a table of people and a table of ties.

    Raises
    ------
    InputError
        With every fault of both tables: a person twice, an adoption that is no moment or before the start, ties to
        people who are not listed or to oneself, nobody who adopted, everybody at once ...
    """
    found = DiffusionReadState(options or TableOptions())
    read_people(found, read_table(Path(people), str(people), found.reading))
    periods, calendar = assign_periods(found, str(people))
    pairs = read_ties(found, read_table(Path(ties), str(ties), found.reading))
    if found.reading.faults:
        raise InputError(found.reading.faults)
    return build_observed(found, periods, calendar, pairs)


def read_people(found: DiffusionReadState, table: CsvTable) -> None:
    """Read who there is, when each adopted, and to what community each belongs."""
    terms = found.options
    optional = [terms.community] if terms.community in table.columns else []
    wanted = {terms.id: "who", terms.adopted: "when", **dict.fromkeys(terms.permutation_columns, "who is alike")}
    if not optional and terms.community != "community":
        wanted[terms.community] = "community"
    require_columns(table, wanted)
    for line, cells in table.rows:
        who = cells[terms.id]
        if not who:
            found.add_fault(f"column '{terms.id}'", "is blank; each person needs an id", table.display_name, line)
            continue
        if who in found.lines:
            problem = f"'{who}' is given twice, first on line {found.lines[who]}; ids must differ"
            found.add_fault(f"column '{terms.id}'", problem, table.display_name, line)
            continue
        found.lines[who] = line
        found.timestamps.append(
            (line, who, read_adoption_time(found, table.display_name, line, who, cells[terms.adopted]))
        )
        found.communities.append(cells[terms.community] if optional else "")
        found.group_keys.append(tuple(cells[name] for name in terms.permutation_columns))
        if optional and not cells[terms.community]:
            found.add_fault(
                f"column '{terms.community}' of {who}", "is blank; needed: a name", table.display_name, line
            )
    unsaid = join_names(f"'{word}'" for word in set(terms.never) - found.reported)
    if unsaid:
        found.reading.notes.append(f"{table.display_name}: column '{terms.adopted}' nowhere says {unsaid} (--never)")


def matches_word(word: str, text: str, moment: Timestamp | None) -> bool:
    """Return whether a cell says a word, or the number that the word is, however it is written."""
    return word == text or (moment is not None and not moment.is_date and parse_timestamp(word) == moment)


def read_adoption_time(found: DiffusionReadState, shown_as: str, line: int, who: str, text: str) -> Timestamp | None:
    """Return when somebody adopted; None for never, and for what is no moment, which is a fault."""
    moment = parse_timestamp(text)
    words = {word for word in found.options.never if matches_word(word, text, moment)}
    found.reported |= words
    if not text or words:
        return None
    if moment is None:
        problem = f"got '{text}'; needed: {EXPECTED_TIME}, or nothing for those who had not adopted by the end"
        found.add_fault(f"column '{found.options.adopted}' of {who}", problem, shown_as, line)
    return moment


def parse_time_option(found: DiffusionReadState, name: str, text: str | None, *, dated: bool) -> Timestamp | None:
    """Return the moment that an option gives, if it does and is of the kind that the table has."""
    moment = None if text is None else parse_timestamp(text)
    if text is not None and (moment is None or moment.is_date != dated):
        needed = "a date, as the table has" if dated else "a whole number, as the table has"
        found.add_fault(name, f"got '{text}'; needed: {needed}")
        return None
    return moment


def assign_periods(found: DiffusionReadState, shown_as: str) -> tuple[list[int], PeriodCalendar]:
    """Return the period in which each adopted, and their calendar; the last period is that of `end`."""
    where, terms = f"column '{found.options.adopted}'", found.options
    given = [(line, who, moment) for line, who, moment in found.timestamps if moment is not None]
    if not given and not found.reading.faults:
        found.add_fault(where, f"nobody adopted; needed: {EXPECTED_TIME} in some rows", shown_as)
    kinds = {moment.is_date for _, _, moment in given}
    if len(kinds) == 2:
        line, who, odd = next(row for row in given if row[2].is_date != given[0][2].is_date)
        found.add_fault(
            f"{where} of {who}", f"got {format_timestamp(odd)}; needed: all dates or all numbers", shown_as, line
        )
        given = []
    dated = True in kinds
    start = parse_time_option(found, "--start", terms.start, dated=dated)
    end = parse_time_option(found, "--end", terms.end, dated=dated)
    calendar = choose_calendar((moment for _, _, moment in given), start, terms.unit)
    if terms.unit is not None and not dated and given:
        calendar = PeriodCalendar(calendar.start, terms.unit)
    last = calendar.period(end) if end else max((calendar.period(moment) for _, _, moment in given), default=1)
    if start and end and end < start:  # every adoption would be refused for what the options get wrong
        found.add_fault(
            "--start",
            f"got {format_timestamp(start)}, after --end {format_timestamp(end)}; needed: a start before the end",
        )
    else:
        check_times(found, given, calendar, last, shown_as)
    return [
        NEVER_ADOPTED if moment is None or not given else calendar.period(moment) for _, _, moment in found.timestamps
    ], (calendar)


def check_times(
    found: DiffusionReadState,
    given: Sequence[tuple[int, str, Timestamp]],
    calendar: PeriodCalendar,
    last: int,
    shown_as: str,
) -> None:
    """Refuse adoptions before the start or after the end, too long a time, and times from which nothing follows."""
    where = f"column '{found.options.adopted}'"
    for line, who, moment in given:
        if calendar.period(moment) < 1:
            start = format_timestamp(calendar.start)
            problem = f"got {format_timestamp(moment)}, before the start ({start}); say --start, or correct it"
            found.add_fault(f"{where} of {who}", problem, shown_as, line)
        elif calendar.period(moment) > last:
            end = found.options.end
            problem = f"got {format_timestamp(moment)}, after the end ({end}); leave it blank, or say a later --end"
            found.add_fault(f"{where} of {who}", problem, shown_as, line)
    if last > MAX_PERIODS:
        problem = (
            f"{last:,} periods from {format_timestamp(calendar.start)}; needed: at most {MAX_PERIODS} (--start, --unit)"
        )
        found.add_fault(where, problem, shown_as)
    explained = {calendar.period(moment) for _, _, moment in given} - ({1} if found.options.seeds else set())
    if given and len(explained) < 2 and not found.reading.faults:
        after = " after the first, whose adopters are the seeds" if found.options.seeds else ""
        several = "1 period" if len(explained) == 1 else f"{len(explained)} periods"
        problem = f"adoptions in {several}{after}: nothing to explain; needed: adoptions in at least two"
        found.add_fault(where, problem, shown_as)


def read_ties(found: DiffusionReadState, table: CsvTable) -> dict[tuple[int, int], float]:
    """Return the weight of each pair of people, by their places; of a pair given again the larger weight holds."""
    terms, weighted = found.options, found.options.weight in table.columns
    if not weighted and terms.weight != "weight":
        require_columns(table, {terms.weight: "weight"})
    require_columns(table, {terms.first: "one end", terms.second: "other end"})
    place = {who: index for index, who in enumerate(found.lines)}
    pairs: dict[tuple[int, int], float] = {}
    counts = dict.fromkeys(("selves", "strangers", "again"), 0)
    for line, cells in table.rows:
        ends, weight = (
            (cells[terms.first], cells[terms.second]),
            parse_number(cells[terms.weight]) if weighted else 1.0,
        )
        problem, leave = check_tie(ends, weight, place, terms)
        if leave:
            counts[leave] += 1
        elif problem:
            found.add_fault(f"tie '{ends[0]}' - '{ends[1]}'", problem, table.display_name, line)
        else:
            a, b = sorted(place[end] for end in ends)
            counts["again"] += (a, b) in pairs
            pairs[a, b] = max(float(weight), pairs.get((a, b), 0.0))
    note_tie_problems(found, counts, table.display_name)
    if not pairs and not found.reading.faults:
        found.add_fault("", "holds no tie between two people of the table", table.display_name)
    levels = set(pairs.values())
    if len(levels) > MAX_WEIGHTS:
        problem = f"{len(levels)} different weights; needed: at most {MAX_WEIGHTS} (round them)"
        found.add_fault(f"column '{terms.weight}'", problem, table.display_name)
    return pairs


def check_tie(ends: tuple[str, str], weight: Any, place: dict[str, int], options: TableOptions) -> tuple[str, str]:
    """Return what is wrong with a tie, or else as what it is left out; two empty words for a good one."""
    strangers = [end for end in ends if end not in place]
    if not all(ends):
        return "ties to nobody: one id is blank", ""
    if ends[0] == ends[1]:
        hint = "ties a person to themselves (--leave-out self-ties leaves such ties out)"
        return ("", "selves") if options.self_ties == "leave_out" else (hint, "")
    if strangers and options.unknown == "leave_out":
        return "", "strangers"
    if strangers:
        named = f"'{strangers[0]}' is not in the table of people{did_you_mean(strangers[0], place)}"
        return f"{named} (--leave-out unknown leaves such ties out)", ""
    if not isinstance(weight, float) or not 0.0 < weight <= 1.0:
        return f"got weight {'blank' if weight is None else weight}; needed: a number in (0, 1]", ""
    return "", ""


def note_tie_problems(found: DiffusionReadState, counts: dict[str, int], shown_as: str) -> None:
    """Note which ties were left out, and which were given again."""
    words = {
        "selves": "ties of somebody to themselves left out",
        "strangers": "ties to people who are not listed left out",
        "again": "ties given again, or in the other direction, count once, at the larger weight",
    }
    found.reading.notes += [f"{shown_as}: {counts[name]:,} {text}" for name, text in words.items() if counts[name]]


def suspicious_last_period_note(found: DiffusionReadState, periods: Sequence[int]) -> list[str]:
    """Return a note where the last period looks like what a table writes of those who had not adopted."""
    counts = np.bincount(np.array(periods), minlength=2)
    last, left = int(counts[-1]), int(counts[NEVER_ADOPTED])
    if last <= counts[1:-1].max(initial=0) or (left and 2 * last <= len(periods)):
        return []
    text = format_timestamp(max(moment for _, _, moment in found.timestamps if moment is not None))
    everybody = "" if left else ", and nobody had not by then"
    told = f"{last:,} of {len(periods):,} people adopted in {text}, the last period, more than in any other{everybody}"
    return [f"{told}: if the table writes {text} of those who had not by the end, say --never {text}"]


def index_names(names: Iterable[Any]) -> tuple[list[int], list[Any]]:
    """Return the place of each name among the distinct ones, in the order in which they first stand."""
    order: dict[Any, int] = {}
    return [order.setdefault(name, len(order)) for name in names], list(order)


def build_observed(
    found: DiffusionReadState, periods: list[int], calendar: PeriodCalendar, pairs: dict[tuple[int, int], float]
) -> ObservedDiffusion:
    """Return the record of what was read, and note what a reader must know of it."""
    terms, ids = found.options, tuple(found.lines)
    community, names = index_names(found.communities)
    alike, _ = index_names(zip(found.communities, found.group_keys, strict=True))
    first, second = np.array(sorted(pairs), dtype=np.int64).T
    weights = np.array([pairs[pair] for pair in sorted(pairs)])
    ties = build_tie_graph(first, second, weights, len(ids))
    end = parse_time_option(found, "--end", terms.end, dated=calendar.start.is_date)
    last = calendar.period(end) if end else max(periods)
    seeded = terms.seeds and 1 in periods
    alone = [ids[place] for place in np.flatnonzero(np.diff(ties.indptr) == 0)]
    notes = [*found.reading.notes, *suspicious_last_period_note(found, periods)]
    if alone:
        notes.append(
            f"{len(alone)} people have no ties, so that only what comes from outside reaches them: {join_names(alone)}"
        )
    across = int(np.sum(np.asarray(community)[first] != np.asarray(community)[second]))
    if across:
        notes.append(f"{across:,} of {len(pairs):,} ties join two communities: held-out communities are not apart")
    if terms.seeds and not seeded:
        notes.append("nobody adopted in the first period: there are no seeds, and an external push starts it")
    return ObservedDiffusion(
        ids=ids,
        adopted=np.array(periods, dtype=np.int64),
        periods=last,
        community=np.array(community, dtype=np.int64),
        communities=tuple(names),
        permutation_groups=np.array(alike, dtype=np.int64),
        ties=ties,
        seeded=seeded,
        unit=calendar.unit,
        notes=tuple(notes),
        inputs=tuple(found.reading.inputs),
    )
