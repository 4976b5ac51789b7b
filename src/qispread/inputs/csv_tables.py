"""Reading of the user's CSV tables of organisations and ties; everything left out is noted."""

import csv
import difflib
import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from qispread.common.former_names import PARTNERSHIP, removal_note
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.network_kinds import MembershipsNetwork, TiesFileNetwork
from qispread.inputs.organisations import ROW_FIELDS, TEXT_FIELDS, Organisations
from qispread.inputs.yaml_reader import ReadableFile, SourceLocation, SourceLocations, read_text

BLANK_CELL_RULES = {
    "name": "the id is shown instead",
    "partnership": "each forms its own partnership",
    "region": "each is in the unnamed region",
    "map_east": "not shown on maps; no rule uses it",
    "map_north": "not shown on maps; no rule uses it",
}
"""The treatment of blank cells by column; in all other columns the value is drawn."""


@dataclass
class CsvTable:
    """A CSV table: its rows that are not blank, each with its line in the file."""

    display_name: str
    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]


@dataclass
class ReadContext:
    """What has been collected while reading tables: source locations, faults, notes and hashes of the files."""

    locations: SourceLocations = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inputs: list[dict[str, str]] = field(default_factory=list)
    ragged: bool = False


def join_names(names: Iterable[str], max_names: int = 6) -> str:
    """Return names in alphabetical order with commas, at most `max_names` of them."""
    ordered = sorted(names)
    return ", ".join(ordered[:max_names]) + (
        f" and {len(ordered) - max_names} more" if len(ordered) > max_names else ""
    )


def read_table(path: ReadableFile, display_name: str, reading: ReadContext) -> CsvTable:
    """Return a CSV table with a header.

    Raises
    ------
    InputError
        For a file that is missing or not text, has no header or rows, or has rows of the wrong length.
    """
    text = read_text(path, display_name)
    reading.inputs.append({"path": display_name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: tuple[str, ...] = ()
    rows: list[tuple[int, dict[str, str]]] = []
    faults: list[Fault] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = tuple(cell.strip() for cell in cells)
            elif len(cells) != len(columns):
                problem = f"has {len(cells)} cells; the header has {len(columns)}"
                reading.faults.append(Fault("", problem, display_name, reader.line_num))
                reading.ragged = True
            else:
                rows.append((reader.line_num, {c: cell.strip() for c, cell in zip(columns, cells, strict=True)}))
    except csv.Error as error:
        faults.append(Fault("", f"is not a CSV table: {error}", display_name, reader.line_num))
    duplicates = {column for column in columns if columns.count(column) > 1}
    if duplicates:
        faults.append(Fault("", f"column {join_names(duplicates)} is given twice", display_name, 1))
    if len(columns) == 1 and ";" in columns[0]:
        raise InputError([Fault("", "is separated by semicolons; save it with commas", display_name, 1)])
    if not rows and not faults and not reading.faults:
        faults.append(Fault("", "has no rows" if columns else "is empty", display_name))
    if faults:
        raise InputError(faults)
    return CsvTable(display_name, columns, rows)


def require_columns(table: CsvTable, required: dict[str, str]) -> None:
    """Raise InputError for a table that lacks columns; `required` gives the purpose of each column."""
    faults = [
        Fault(
            f"column '{column}' ({purpose})", "is missing" + did_you_mean(column, table.columns), table.display_name, 1
        )
        for column, purpose in required.items()
        if column not in table.columns
    ]
    if faults:
        raise InputError(faults)


def read_former_columns(
    columns: dict[str, str], mapping: dict[str, str], table: CsvTable, reading: ReadContext
) -> None:
    """Take columns of former names for fields that the table has not under their names of now, with a note."""
    for old, new in PARTNERSHIP.items():
        if old not in table.columns or new in mapping or old in mapping.values():
            continue
        if new in columns:
            reading.faults.append(
                Fault(
                    f"column '{old}'",
                    f"is the former name of '{new}', which the table has too; remove one",
                    table.display_name,
                    1,
                )
            )
        else:
            columns[new] = old
            reading.notes.append(f"{table.display_name}:1: {removal_note(old, new)}")


def map_columns(mapping: dict[str, str], table: CsvTable, reading: ReadContext) -> dict[str, str]:
    """Return the column of each field in the table: as mapped by the user, or of the same name."""
    unknown = [name for name in mapping if name not in ROW_FIELDS]
    faults = [
        Fault(f"organisations.columns.{name}", "unknown field" + did_you_mean(name, ROW_FIELDS)) for name in unknown
    ]
    if faults:
        raise InputError(faults)
    require_columns(table, {mapping.get("id", "id"): "id", **{column: name for name, column in mapping.items()}})
    field_columns = {name: mapping.get(name, name) for name in ROW_FIELDS if mapping.get(name, name) in table.columns}
    read_former_columns(field_columns, mapping, table, reading)
    for column in table.columns:
        missing = [name for name in ROW_FIELDS if name not in field_columns]
        if column not in field_columns.values() and difflib.get_close_matches(column.lower(), missing, n=1, cutoff=0.8):
            reading.notes.append(
                f"{table.display_name}: column '{column}' is not used{did_you_mean(column.lower(), missing)}"
            )
    return field_columns


def parse_number(text: str) -> Any:
    """Return the number in a cell, None for a blank cell, or the text itself, which validation rejects later."""
    if not text:
        return None
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text


def read_organisation_rows(
    section: Organisations, path: ReadableFile, display_name: str, reading: ReadContext
) -> list[dict[str, Any]]:
    """Return the organisations of a table as plain rows, without closed ones, which are noted."""
    table = read_table(path, display_name, reading)
    columns = map_columns(section.columns, table, reading)
    if section.closed is not None:
        require_columns(table, {section.closed: "closed"})
    rows: list[dict[str, Any]] = []
    closed: list[str] = []
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        if section.closed is not None and cells[section.closed]:
            closed.append(cells[columns["id"]])
            continue
        organisation_id = cells[columns["id"]]
        if organisation_id in lines:
            problem = f"'{organisation_id}' is given twice, first on line {lines[organisation_id]}; ids must differ"
            reading.faults.append(Fault(f"column '{columns['id']}'", problem, display_name, line))
            continue
        lines[organisation_id] = line
        row = {name: cells[column] or None for name, column in columns.items() if name in TEXT_FIELDS}
        row |= {name: parse_number(cells[column]) for name, column in columns.items() if name not in TEXT_FIELDS}
        for name, column in columns.items():
            label = f"column '{column}'" + (f" of {row['id']}" if name != "id" and row["id"] else "")
            reading.locations["organisations", "rows", len(rows), name] = SourceLocation(display_name, line, label)
        rows.append(row)
    if not rows:
        raise InputError([Fault("", "holds no organisation that is open", display_name)])
    if closed:
        reading.notes.append(f"{display_name}: {len(closed)} closed organisations left out: {join_names(closed)}")
    note_blank_cells(rows, columns, display_name, reading)
    return rows


def note_blank_cells(
    rows: list[dict[str, Any]], columns: dict[str, str], display_name: str, reading: ReadContext
) -> None:
    """Note the number and treatment of blank cells in each column."""
    columns_by_rule: dict[tuple[int, str], list[str]] = {}
    for name, column in columns.items():
        blank = sum(row[name] is None for row in rows)
        if blank and name != "id":
            columns_by_rule.setdefault((blank, BLANK_CELL_RULES.get(name, "drawn")), []).append(column)
    absent = [
        name for name in ROW_FIELDS if name not in columns and name not in (*TEXT_FIELDS, "map_east", "map_north")
    ]
    if absent:
        reading.notes.append(f"{display_name}: has no column {', '.join(absent)}: drawn for every organisation")
    if "partnership" not in columns:
        reading.notes.append(f"{display_name}: has no column partnership: each organisation forms its own partnership")
    for (blank, rule), names in columns_by_rule.items():
        subject = f"column {names[0]} is" if len(names) == 1 else f"columns {', '.join(names)} are"
        reading.notes.append(f"{display_name}: {subject} blank in {blank} of {len(rows)} rows: {rule}")


class UnknownIds:
    """Ids in a table of ties that are not in the table of organisations: refused, or left out and noted."""

    def __init__(self, known: set[str] | None, unknown: str, display_name: str) -> None:
        self.known, self.refused, self.shown = known, unknown == "refuse", display_name
        self.names: set[str] = set()

    def filter(self, *names: str) -> list[str]:
        """Return the names that are unknown; none if the known names could not be read."""
        new = [name for name in names if self.known is not None and name not in self.known]
        self.names.update(() if self.refused else new)
        return new

    def problem_with(self, new: list[str]) -> str | None:
        """Return the problem with unknown names, or None if they may be left out."""
        if not new or not self.refused:
            return None
        return f"unknown organisation '{new[0]}'{did_you_mean(new[0], self.known or ())} (or set `unknown: leave_out`)"

    def note_left_out(self, reading: ReadContext) -> None:
        """Note the names that were left out."""
        if self.names:
            count = f"{len(self.names)} organisations unknown to the table"
            reading.notes.append(f"{self.shown}: ties of {count} left out: {join_names(self.names)}")


def ties_to_rows(weights: dict[tuple[str, str], float]) -> list[dict[str, Any]]:
    """Return ties as plain rows, in order."""
    return [{"first": a, "second": b, "weight": weight} for (a, b), weight in sorted(weights.items())]


def tie_problem(first: str, second: str, weight: Any) -> str | None:
    """Return what is wrong with a single tie, or None."""
    if not first or not second:
        return "has a blank id"
    if first == second:
        return "ties an organisation to itself"
    if not isinstance(weight, float) or not 0.0 < weight <= 1.0:
        return f"got weight {weight if weight is not None else 'blank'}; needed: a number in (0, 1]"
    return None


def read_ties_file(
    section: TiesFileNetwork, path: ReadableFile, display_name: str, known: set[str] | None, reading: ReadContext
) -> list[Any]:
    """Return the ties in a table of pairs; a repeated pair, in either direction, counts once at its largest weight.

    Blank ids, self-ties, invalid weights and, unless they may be left out, unknown ids are collected as faults.
    """
    table = read_table(path, display_name, reading)
    weight = section.weight or ("weight" if "weight" in table.columns else None)
    required = {section.first: "first id", section.second: "second id"}
    require_columns(table, required | ({weight: "weight"} if weight is not None else {}))
    unknown_ids = UnknownIds(known, section.unknown, display_name)
    weights: dict[tuple[str, str], float] = {}
    repeated = 0
    for line, cells in table.rows:
        first, second = cells[section.first], cells[section.second]
        value = 1.0 if weight is None else parse_number(cells[weight])
        problem = tie_problem(first, second, value)
        new = unknown_ids.filter(first, second) if problem is None else []
        problem = problem or unknown_ids.problem_with(new)
        if problem:
            reading.faults.append(Fault(f"tie '{first}' - '{second}'", problem, display_name, line))
        elif not new:
            pair = (min(first, second), max(first, second))
            repeated += pair in weights
            weights[pair] = max(value, weights.get(pair, 0.0))
    unknown_ids.note_left_out(reading)
    if repeated:
        reading.notes.append(
            f"{display_name}: {repeated} repeated ties (in either direction) count once, at the largest weight"
        )
    return ties_to_rows(weights)


def read_memberships(
    section: MembershipsNetwork, path: ReadableFile, display_name: str, known: set[str] | None, reading: ReadContext
) -> list[Any]:
    """Return a tie for each pair that shares a group; weight = groups shared / most groups shared by any pair."""
    table = read_table(path, display_name, reading)
    require_columns(table, {section.organisation: "organisation", section.group: "group"})
    unknown_ids = UnknownIds(known, section.unknown, display_name)
    members: dict[str, set[str]] = {}
    for line, cells in table.rows:
        member, group = cells[section.organisation], cells[section.group]
        if not member or not group:
            reading.faults.append(Fault("membership", "has a blank cell", display_name, line))
            continue
        new = unknown_ids.filter(member)
        problem = unknown_ids.problem_with(new)
        if problem:
            reading.faults.append(Fault(f"membership of '{member}'", problem, display_name, line))
        members.setdefault(group, set()).add(member)
    unknown_ids.note_left_out(reading)
    shared = Counter(pair for group in members.values() for pair in combinations(sorted(group), 2))
    max_shared = max(shared.values(), default=1)
    weights = {pair: count / max_shared for pair, count in shared.items() if known is None or known.issuperset(pair)}
    return ties_to_rows(weights)


def drop_isolated(rows: list[Any], ties: list[Any], choice: str, display_name: str, reading: ReadContext) -> list[Any]:
    """Return the organisations, without those that have no ties if the user chose so; both choices are noted."""
    tied = {tie[end] for tie in ties for end in ("first", "second")}
    isolated = [str(row["id"]) for row in rows if row["id"] not in tied]
    if not isolated:
        return rows
    outcome = (
        "left out" if choice == "leave_out" else "kept: they can only hear of interventions from outside the network"
    )
    reading.notes.append(
        f"{display_name}: {len(isolated)} organisations without ties {outcome}: {join_names(isolated)}"
    )
    if choice != "leave_out":
        return rows
    connected = [index for index, row in enumerate(rows) if row["id"] in tied]
    for new_index, old_index in enumerate(connected):
        for name in rows[old_index]:
            reading.locations["organisations", "rows", new_index, name] = reading.locations[
                "organisations", "rows", old_index, name
            ]
    return [rows[index] for index in connected]
