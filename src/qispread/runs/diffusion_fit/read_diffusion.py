"""Reading of the user's tables of people and ties, with the file and line of every fault."""

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
    """Options for reading the two tables.

    Attributes
    ----------
    id, adopted, community, first, second, weight : str
        Names of columns; `community` and `weight` may be absent from the tables.
    permutation_columns : tuple of str
        Further columns of the table of people: adoption times are shuffled among people who agree in all of them.
    never : tuple of str
        Entries of the column `adopted`, besides blanks, for people who had not adopted by the end.
    start, end : str
        First and last observed period, as in the table; default: 1 or the earliest date, and the last adoption.
    unit : {"period", "month", "quarter", "year"}
        Unit of a period, for dates.
    seeds : bool
        Whether adopters of the first period are given seeds.
    self_ties, unknown : {"refuse", "leave_out"}
        What to do with self-ties, and with ties to people who are not listed.
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
        lists = dict.fromkeys(("permutation_columns", "never"), argument_checks.check_texts)
        times = dict.fromkeys(("start", "end"), argument_checks.optional_check(argument_checks.check_text))
        choices = dict.fromkeys(("self_ties", "unknown"), argument_checks.choice_check("refuse", "leave_out"))
        unit = argument_checks.optional_check(argument_checks.choice_check(*MONTHS_PER_UNIT))
        argument_checks.check_arguments(
            vars(self), **names, **lists, **times, **choices, unit=unit, seeds=argument_checks.check_flag
        )


@dataclass
class DiffusionReadState:
    """The state of reading: options, rows read, notes and faults."""

    options: TableOptions
    reading: ReadContext = field(default_factory=ReadContext)
    lines: dict[str, int] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)
    timestamps: list[tuple[int, str, Timestamp | None]] = field(default_factory=list)
    communities: list[str] = field(default_factory=list)
    group_keys: list[tuple[str, ...]] = field(default_factory=list)

    def add_fault(self, path: str, problem: str, display_name: str = "", line: int = 0) -> None:
        """Record a fault."""
        self.reading.faults.append(Fault(path, problem, display_name, line))


def read_observed(people: str | Path, ties: str | Path, options: TableOptions | None = None) -> ObservedDiffusion:
    """Return a diffusion from a table of people and a table of ties.

    Raises
    ------
    InputError
        With every fault in both tables, such as duplicate people, invalid or too early adoption times, ties to people
        who are not listed, self-ties, or no adoption.
    """
    state = DiffusionReadState(options or TableOptions())
    read_people(state, read_table(Path(people), str(people), state.reading))
    periods, calendar = assign_periods(state, str(people))
    pairs = read_ties(state, read_table(Path(ties), str(ties), state.reading))
    if state.reading.faults:
        raise InputError(state.reading.faults)
    return build_observed(state, periods, calendar, pairs)


def read_people(state: DiffusionReadState, table: CsvTable) -> None:
    """Read the people, their adoption times and communities."""
    options = state.options
    optional = [options.community] if options.community in table.columns else []
    required = {options.id: "id", options.adopted: "time", **dict.fromkeys(options.permutation_columns, "group")}
    if not optional and options.community != "community":
        required[options.community] = "community"
    require_columns(table, required)
    for line, cells in table.rows:
        person = cells[options.id]
        if not person:
            state.add_fault(f"column '{options.id}'", "is blank; each person needs an id", table.display_name, line)
            continue
        if person in state.lines:
            problem = f"'{person}' is given twice, first on line {state.lines[person]}; ids must differ"
            state.add_fault(f"column '{options.id}'", problem, table.display_name, line)
            continue
        state.lines[person] = line
        moment = read_adoption_time(state, table.display_name, line, person, cells[options.adopted])
        state.timestamps.append((line, person, moment))
        state.communities.append(cells[options.community] if optional else "")
        state.group_keys.append(tuple(cells[name] for name in options.permutation_columns))
        if optional and not cells[options.community]:
            path = f"column '{options.community}' of {person}"
            state.add_fault(path, "is blank; needed: a name", table.display_name, line)
    unused_words = join_names(f"'{word}'" for word in set(options.never) - state.reported)
    if unused_words:
        problem = f"column '{options.adopted}' does not contain {unused_words} (--never)"
        state.reading.notes.append(f"{table.display_name}: {problem}")


def matches_word(word: str, text: str, moment: Timestamp | None) -> bool:
    """Return whether a cell equals a word, or the same number in another notation."""
    return word == text or (moment is not None and not moment.is_date and parse_timestamp(word) == moment)


def read_adoption_time(
    state: DiffusionReadState, display_name: str, line: int, person: str, text: str
) -> Timestamp | None:
    """Return the adoption time of a person; None for never, and for an invalid time, which is a fault."""
    moment = parse_timestamp(text)
    matches = {word for word in state.options.never if matches_word(word, text, moment)}
    state.reported |= matches
    if not text or matches:
        return None
    if moment is None:
        problem = f"got '{text}'; needed: {EXPECTED_TIME}, or blank for people who had not adopted by the end"
        state.add_fault(f"column '{state.options.adopted}' of {person}", problem, display_name, line)
    return moment


def parse_time_option(state: DiffusionReadState, name: str, text: str | None, *, dated: bool) -> Timestamp | None:
    """Return the time of an option, if it is given and of the same type as in the table."""
    moment = None if text is None else parse_timestamp(text)
    if text is not None and (moment is None or moment.is_date != dated):
        needed = "a date, as in the table" if dated else "a whole number, as in the table"
        state.add_fault(name, f"got '{text}'; needed: {needed}")
        return None
    return moment


def assign_periods(state: DiffusionReadState, display_name: str) -> tuple[list[int], PeriodCalendar]:
    """Return the adoption period of each person, and the calendar; the last period is that of `end`."""
    path, options = f"column '{state.options.adopted}'", state.options
    adoptions = [(line, person, moment) for line, person, moment in state.timestamps if moment is not None]
    if not adoptions and not state.reading.faults:
        state.add_fault(path, f"nobody adopted; needed: {EXPECTED_TIME} in some rows", display_name)
    date_flags = {moment.is_date for _, _, moment in adoptions}
    if len(date_flags) == 2:
        line, person, other_time = next(row for row in adoptions if row[2].is_date != adoptions[0][2].is_date)
        problem = f"got {format_timestamp(other_time)}; needed: all dates or all numbers"
        state.add_fault(f"{path} of {person}", problem, display_name, line)
        adoptions = []
    dated = True in date_flags
    start = parse_time_option(state, "--start", options.start, dated=dated)
    end = parse_time_option(state, "--end", options.end, dated=dated)
    calendar = choose_calendar((moment for _, _, moment in adoptions), start, options.unit)
    if options.unit is not None and not dated and adoptions:
        calendar = PeriodCalendar(calendar.start, options.unit)
    last = calendar.period(end) if end else max((calendar.period(moment) for _, _, moment in adoptions), default=1)
    if start and end and end < start:  # otherwise every adoption would be a fault
        problem = f"got {format_timestamp(start)}, after --end {format_timestamp(end)}; needed: a start before the end"
        state.add_fault("--start", problem)
    else:
        check_times(state, adoptions, calendar, last, display_name)
    return [
        NEVER_ADOPTED if moment is None or not adoptions else calendar.period(moment)
        for _, _, moment in state.timestamps
    ], calendar


def check_times(
    state: DiffusionReadState,
    adoptions: Sequence[tuple[int, str, Timestamp]],
    calendar: PeriodCalendar,
    last: int,
    display_name: str,
) -> None:
    """Record faults for adoptions outside the observed periods, too many periods, and too few with adoptions."""
    path = f"column '{state.options.adopted}'"
    for line, person, moment in adoptions:
        if calendar.period(moment) < 1:
            start = format_timestamp(calendar.start)
            problem = f"got {format_timestamp(moment)}, before the start ({start}); set --start, or correct it"
            state.add_fault(f"{path} of {person}", problem, display_name, line)
        elif calendar.period(moment) > last:
            end = state.options.end
            problem = f"got {format_timestamp(moment)}, after the end ({end}); leave it blank, or set a later --end"
            state.add_fault(f"{path} of {person}", problem, display_name, line)
    if last > MAX_PERIODS:
        limit = f"needed: at most {MAX_PERIODS} (--start, --unit)"
        state.add_fault(path, f"{last:,} periods from {format_timestamp(calendar.start)}; {limit}", display_name)
    explained = {calendar.period(moment) for _, _, moment in adoptions} - ({1} if state.options.seeds else set())
    if adoptions and len(explained) < 2 and not state.reading.faults:
        condition = " after the first, whose adopters are the seeds" if state.options.seeds else ""
        period_count = "1 period" if len(explained) == 1 else f"{len(explained)} periods"
        problem = f"adoptions in {period_count}{condition}: nothing to explain; needed: adoptions in at least two"
        state.add_fault(path, problem, display_name)


def read_ties(state: DiffusionReadState, table: CsvTable) -> dict[tuple[int, int], float]:
    """Return the weight of each pair of people by their indices; a repeated pair has its largest weight."""
    options, weighted = state.options, state.options.weight in table.columns
    if not weighted and options.weight != "weight":
        require_columns(table, {options.weight: "weight"})
    require_columns(table, {options.first: "one end", options.second: "other end"})
    indices = {person: index for index, person in enumerate(state.lines)}
    pairs: dict[tuple[int, int], float] = {}
    counts = dict.fromkeys(("self_ties", "unknown", "repeated"), 0)
    for line, cells in table.rows:
        ends = cells[options.first], cells[options.second]
        weight = parse_number(cells[options.weight]) if weighted else 1.0
        problem, reason = check_tie(ends, weight, indices, options)
        if reason:
            counts[reason] += 1
        elif problem:
            state.add_fault(f"tie '{ends[0]}' - '{ends[1]}'", problem, table.display_name, line)
        else:
            a, b = sorted(indices[end] for end in ends)
            counts["repeated"] += (a, b) in pairs
            pairs[a, b] = max(float(weight), pairs.get((a, b), 0.0))
    note_tie_problems(state, counts, table.display_name)
    if not pairs and not state.reading.faults:
        state.add_fault("", "holds no tie between two people in the table", table.display_name)
    levels = set(pairs.values())
    if len(levels) > MAX_WEIGHTS:
        problem = f"{len(levels)} different weights; needed: at most {MAX_WEIGHTS} (round them)"
        state.add_fault(f"column '{options.weight}'", problem, table.display_name)
    return pairs


def check_tie(ends: tuple[str, str], weight: Any, indices: dict[str, int], options: TableOptions) -> tuple[str, str]:
    """Return the problem with a tie, or the reason to leave it out; two empty texts for a valid tie."""
    unknown = [end for end in ends if end not in indices]
    if not all(ends):
        return "has a blank id", ""
    if ends[0] == ends[1]:
        hint = "is a self-tie (--leave-out self-ties leaves such ties out)"
        return ("", "self_ties") if options.self_ties == "leave_out" else (hint, "")
    if unknown and options.unknown == "leave_out":
        return "", "unknown"
    if unknown:
        problem = f"'{unknown[0]}' is not in the table of people{did_you_mean(unknown[0], indices)}"
        return f"{problem} (--leave-out unknown leaves such ties out)", ""
    if not isinstance(weight, float) or not 0.0 < weight <= 1.0:
        return f"got weight {'blank' if weight is None else weight}; needed: a number in (0, 1]", ""
    return "", ""


def note_tie_problems(state: DiffusionReadState, counts: dict[str, int], display_name: str) -> None:
    """Note the ties that were left out or repeated."""
    texts = {
        "self_ties": "self-ties left out",
        "unknown": "ties to people who are not listed left out",
        "repeated": "repeated ties, in either direction, count once, at the largest weight",
    }
    state.reading.notes += [f"{display_name}: {counts[name]:,} {text}" for name, text in texts.items() if counts[name]]


def suspicious_last_period_note(state: DiffusionReadState, periods: Sequence[int]) -> list[str]:
    """Return a note if the last period may be the table's entry for people who had not adopted."""
    counts = np.bincount(np.array(periods), minlength=2)
    last, never_count = int(counts[-1]), int(counts[NEVER_ADOPTED])
    if last <= counts[1:-1].max(initial=0) or (never_count and 2 * last <= len(periods)):
        return []
    text = format_timestamp(max(moment for _, _, moment in state.timestamps if moment is not None))
    condition = "" if never_count else ", and everybody had by then"
    report = f"{last:,} of {len(periods):,} people adopted in {text}, the last period, more than in any other"
    return [f"{report}{condition}: if {text} means not adopted by the end, use --never {text}"]


def index_names(names: Iterable[Any]) -> tuple[list[int], list[Any]]:
    """Return the index of each name among the distinct names in order of appearance, and these names."""
    order: dict[Any, int] = {}
    return [order.setdefault(name, len(order)) for name in names], list(order)


def build_observed(
    state: DiffusionReadState, periods: list[int], calendar: PeriodCalendar, pairs: dict[tuple[int, int], float]
) -> ObservedDiffusion:
    """Return the observed diffusion, with notes for readers."""
    options, ids = state.options, tuple(state.lines)
    community, names = index_names(state.communities)
    permutation_groups, _ = index_names(zip(state.communities, state.group_keys, strict=True))
    first, second = np.array(sorted(pairs), dtype=np.int64).T
    weights = np.array([pairs[pair] for pair in sorted(pairs)])
    ties = build_tie_graph(first, second, weights, len(ids))
    end = parse_time_option(state, "--end", options.end, dated=calendar.start.is_date)
    last = calendar.period(end) if end else max(periods)
    seeded = options.seeds and 1 in periods
    isolated = [ids[index] for index in np.flatnonzero(np.diff(ties.indptr) == 0)]
    notes = [*state.reading.notes, *suspicious_last_period_note(state, periods)]
    if isolated:
        reach = "people have no ties, so that only external influence reaches them"
        notes.append(f"{len(isolated)} {reach}: {join_names(isolated)}")
    across = int(np.sum(np.asarray(community)[first] != np.asarray(community)[second]))
    if across:
        share = f"{across:,} of {len(pairs):,} ties"
        notes.append(f"{share} join two communities: held-out communities are not independent")
    if options.seeds and not seeded:
        notes.append("nobody adopted in the first period: adoption starts without seeds, by external influence")
    return ObservedDiffusion(
        ids=ids,
        adopted=np.array(periods, dtype=np.int64),
        periods=last,
        community=np.array(community, dtype=np.int64),
        communities=tuple(names),
        permutation_groups=np.array(permutation_groups, dtype=np.int64),
        ties=ties,
        seeded=seeded,
        unit=calendar.unit,
        notes=tuple(notes),
        inputs=tuple(state.reading.inputs),
    )
