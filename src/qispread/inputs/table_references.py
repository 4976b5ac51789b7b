"""The tables that a scenario refers to: located, read, and replaced by their rows and ties."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qispread.inputs.cross_checks import organisation_ids
from qispread.inputs.csv_tables import (
    ReadContext,
    drop_isolated,
    read_memberships,
    read_organisation_rows,
    read_ties_file,
)
from qispread.inputs.errors import InputError
from qispread.inputs.field_errors import fault_at_path, source_location
from qispread.inputs.network_kinds import GivenTiesNetwork, MembershipsNetwork, TiesFileNetwork
from qispread.inputs.scenario_fields import ScenarioFields
from qispread.inputs.yaml_reader import KeyPath, ReadableFile, SourceLocations

DERIVED_COUNTS = ("number", "partnerships", "regions")
"""Counts that follow from a table of organisations."""
TableResolver = Callable[[KeyPath, str, SourceLocations], tuple[ReadableFile, str]]
"""Returns the file for the name of a table at a path, and its display name."""


def resolve_path(path: KeyPath, name: str, locations: SourceLocations, base: Path) -> Path:
    """Return the path of a file that the scenario names, relative to the file that contains the name."""
    file = source_location(path, locations).file
    return Path(os.path.normpath((Path(file).parent if file else base) / name))


def disk_resolver(base: Path) -> TableResolver:
    """Return a resolver of tables on the disk; names that do not come from a file are relative to `base`."""

    def resolve(path: KeyPath, name: str, locations: SourceLocations) -> tuple[ReadableFile, str]:
        file = resolve_path(path, name, locations, base)
        return file, str(file)

    return resolve


class TableReferences:
    """The tables that a scenario names, read into rows and ties.

    Attributes
    ----------
    rows, ties : list or None
        The rows read; None if there is nothing to read or it could not be read.
    reading : ReadContext
        Source locations, faults, notes and hashes.
    whole : bool
        Whether every row of the table of organisations was valid.
    """

    def __init__(
        self, scenario: ScenarioFields, wrong: set[str], locations: SourceLocations, finder: TableResolver
    ) -> None:
        self.scenario, self.wrong, self.locations, self.finder = scenario, wrong, locations, finder
        self.reading, self.whole = ReadContext(), True
        self.rows = self._collect_problems(self.read_organisations)
        self.ties = self._collect_problems(self.read_ties)
        self.drop_isolated()

    def _collect_problems(self, read: Any) -> list[Any] | None:
        try:
            rows: list[Any] | None = read()
        except InputError as error:
            self.reading.faults.extend(error.faults)
            return None
        return rows

    def read_organisations(self) -> list[Any] | None:
        """Return the rows of the table of organisations, if the scenario names one that has not been read."""
        section = self.scenario.organisations
        if section.file is None or section.rows:
            return None
        for name in set(DERIVED_COUNTS) & section.model_fields_set:
            problem = "cannot be given with a table, which determines it"
            self.reading.faults.append(fault_at_path(("organisations", name), problem, self.locations))
        path, display_name = self.finder(("organisations", "file"), section.file, self.locations)
        rows = read_organisation_rows(section, path, display_name, self.reading)
        self.whole = not self.reading.ragged
        return rows

    def known_ids(self) -> set[str] | None:
        """Return the ids that ties may name, or None if they could not be read."""
        if self.rows is not None:
            return {str(row["id"]) for row in self.rows} if self.whole else None
        section = self.scenario.organisations
        unread = "organisations" in self.wrong or (section.file is not None and not section.rows)
        return None if unread else set(organisation_ids(self.scenario))

    def read_ties(self) -> list[Any] | None:
        """Return the ties of a table, if the scenario names one."""
        network = self.scenario.network
        if "network" in self.wrong or not isinstance(network, TiesFileNetwork | MembershipsNetwork):
            return None
        path, display_name = self.finder(("network", "file"), network.file, self.locations)
        if isinstance(network, TiesFileNetwork):
            return read_ties_file(network, path, display_name, self.known_ids(), self.reading)
        return read_memberships(network, path, display_name, self.known_ids(), self.reading)

    def drop_isolated(self) -> None:
        """Remove organisations without ties, if the scenario requires it."""
        section, network = self.scenario.organisations, self.scenario.network
        ties = [tie.model_dump() for tie in network.ties] if isinstance(network, GivenTiesNetwork) else self.ties
        if self.rows is None or section.file is None or not ties:
            return
        _, display_name = self.finder(("organisations", "file"), section.file, self.locations)
        self.rows = drop_isolated(self.rows, ties, section.without_ties, display_name, self.reading)


def insert_tables(data: dict[str, Any], tables: TableReferences) -> dict[str, Any]:
    """Return data with the names of tables replaced by their rows and ties."""
    reading = tables.reading
    data = dict(data)
    if tables.rows is not None:
        data["organisations"] = {**data["organisations"], "rows": tables.rows}
    if tables.ties is not None:
        data["network"] = {"kind": "ties", "ties": tables.ties}
    if reading.inputs or reading.notes:
        data["inputs"] = [*data.get("inputs", []), *reading.inputs]
        data["notes"] = [*data.get("notes", []), *reading.notes]
    return data
