"""A validated scenario from plain data and the tables that it names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qispread.inputs.adapt_scenario import is_adaptable, is_in_file
from qispread.inputs.cross_checks import cross_validate
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.extensions.plugins import used_by_default
from qispread.inputs.field_errors import fault_at_path
from qispread.inputs.former_data import rename_generated_partnerships
from qispread.inputs.network_kinds import MembershipsNetwork, TiesFileNetwork
from qispread.inputs.scenario_fields import read_references
from qispread.inputs.table_references import TableReferences, TableResolver, disk_resolver, insert_tables
from qispread.inputs.validate import Fields, validate
from qispread.inputs.yaml_reader import SourceLocations


def with_default_plugins(data: dict[str, Any]) -> dict[str, Any]:
    """Return data that name the plug-ins which every scenario of this process uses."""
    references = read_references(data.get("plugins") or ())
    if not isinstance(references, tuple):
        return data
    named = {one.get("name") for one in references if isinstance(one, dict)}
    added = tuple({"name": name} for name in used_by_default() if name not in named)
    return {**data, "plugins": (*references, *added)} if added else data


def build_fields(
    root: type[Fields],
    data: dict[str, Any],
    locations: SourceLocations | None = None,
    base: Path | None = None,
    faults: Sequence[Fault] = (),
    finder: TableResolver | None = None,
) -> Fields:
    """Return a validated scenario from plain data.

    Parameters
    ----------
    data : dict
        In the structure of a YAML file.
    locations : dict, optional
        Source location of each value.
    base : Path, optional
        Folder to which names of tables are relative if they do not come from a file.
    faults : sequence of Fault
        Earlier faults, to report with the others.
    finder : callable, optional
        Resolves the names of tables; by default on the disk.

    Raises
    ------
    InputError
        With every fault in the data and in its tables.
    """
    locations = dict(locations or {})
    data = with_default_plugins(rename_generated_partnerships(data, locations))
    scenario, invalid, found_faults = validate(root, data, locations)
    tables = TableReferences(scenario, invalid, locations, finder or disk_resolver(base or Path()))
    reading = tables.reading
    if tables.rows is not None or tables.ties is not None:
        locations |= reading.locations
        scenario, newly_invalid, found_faults = validate(root, insert_tables(data, tables), locations)
        invalid |= newly_invalid
    if not tables.whole:
        invalid.add("organisations.")
    if tables.rows is None and scenario.organisations.file is not None and not scenario.organisations.rows:
        invalid.add("organisations.")
    if isinstance(scenario.network, TiesFileNetwork | MembershipsNetwork) or (reading.faults and not tables.ties):
        invalid.add("network")
    found_faults += reading.faults
    written = set(locations)
    found_faults += [
        fault_at_path(path, problem, locations)
        for path, problem in cross_validate(scenario, invalid)
        if is_in_file(path, written) or not is_adaptable(scenario, path)
    ]
    if found_faults or faults:
        raise InputError([*faults, *found_faults])
    return scenario
