"""Loading of scenarios from files: YAML with `extends`, tables and policy files, with all faults reported at once."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qispread.inputs import argument_checks
from qispread.inputs.build_scenario import build_fields
from qispread.inputs.csv_tables import ReadContext, read_table, read_ties_file
from qispread.inputs.errors import TRUNCATION_MARK, Fault, InputError
from qispread.inputs.extensions.plugin_files import read_named_packages, read_plugin
from qispread.inputs.field_errors import fault_at_path
from qispread.inputs.former_data import (
    MANIFEST_NOTE,
    is_former_scenario,
    rename_changes,
    rename_former,
)
from qispread.inputs.network_kinds import TiesFileNetwork
from qispread.inputs.rule_choices import split_dotted_rules
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import read_references
from qispread.inputs.table_references import (
    DERIVED_COUNTS,
    TableResolver,
)
from qispread.inputs.validate import validate
from qispread.inputs.yaml_reader import SourceLocation, SourceLocations, read_text, read_yaml

POLICY_FILE_KEYS = {"policies", "name", "description"}
"""The keys that a policy file may have."""
CLASS_NOTE = "its runs were made with organisation_class {}; without this class they cannot be repeated"
"""The note on the scenario of a manifest whose runs had a class of organisations."""


def merge_documents(parent: Any, child: Any) -> Any:
    """Return `child` merged recursively into `parent`; a different `kind` or `lever` replaces the whole mapping."""
    if not isinstance(parent, dict) or not isinstance(child, dict):
        return child
    if any(name in child and child[name] != parent.get(name, child[name]) for name in ("kind", "lever")):
        return child
    return {**parent, **{key: merge_documents(parent.get(key), value) for key, value in child.items()}}


def read_document(
    path: Path, display_name: str, notes: list[str] | None = None
) -> tuple[dict[str, Any], SourceLocations]:
    """Return the data of one YAML file, or the scenario in a manifest, without following `extends`.

    Notes on former names, which are accepted, are added to `notes`.
    """
    if path.suffix != ".json":
        data, locations = read_yaml(path, display_name)
        return split_dotted_rules(rename_former(data, locations, notes), locations), locations
    try:
        manifest = json.loads(read_text(path, display_name))
        scenario = manifest["scenario"]
    except json.JSONDecodeError as error:
        raise InputError([Fault("", TRUNCATION_MARK, display_name, error.lineno)]) from None
    except (KeyError, TypeError, RecursionError):
        scenario = None
    if not isinstance(scenario, dict):
        raise InputError([Fault("", "is not a manifest: it has no 'scenario'", display_name)])
    locations = {(): SourceLocation(display_name, 0)}
    if is_former_scenario(scenario) and notes is not None:
        notes.append(f"{display_name}: {MANIFEST_NOTE}")
    own_class = manifest["identity"].get("organisation_class") if isinstance(manifest.get("identity"), dict) else None
    if own_class and notes is not None:
        notes.append(f"{display_name}: {CLASS_NOTE.format(own_class)}")
    return rename_former(scenario, locations), locations


def read_with_parents(
    path: Path, display_name: str, visited: tuple[Path, ...] = (), notes: list[str] | None = None
) -> tuple[dict[str, Any], SourceLocations]:
    """Return the data of a file merged with those of the files it extends, and the location of each value.

    Notes on former names are added to `notes`.

    Raises
    ------
    InputError
        For a file that extends itself, directly or through others.
    """
    data, locations = read_document(path, display_name, notes)
    parents = data.pop("extends", [])
    parents = [parents] if isinstance(parents, str) else parents
    if not isinstance(parents, list) or not all(isinstance(parent, str) for parent in parents):
        raise InputError(
            [fault_at_path(("extends",), f"got {parents}; needed: the name of a file, or a list", locations)]
        )
    inherited: dict[str, Any] = {}
    inherited_locations: SourceLocations = {}
    chain = (*visited, Path(os.path.normpath(path.absolute())))
    for parent in parents:
        parent_path = Path(os.path.normpath(path.parent / parent))
        if Path(os.path.normpath(parent_path.absolute())) in chain:
            raise InputError([fault_at_path(("extends",), f"'{parent}' leads back to this file", locations)])
        parent_data, parent_locations = read_with_parents(
            parent_path, os.path.normpath(Path(display_name).parent / parent), chain, notes
        )
        inherited = merge_documents(inherited, parent_data)
        inherited_locations |= parent_locations
    return merge_documents(inherited, data), inherited_locations | locations


def build_scenario(
    data: dict[str, Any],
    locations: SourceLocations | None = None,
    base: Path | None = None,
    faults: Sequence[Fault] = (),
    finder: TableResolver | None = None,
) -> Scenario:
    """Return the validated scenario of plain data; arguments and errors as for `build_fields`."""
    return build_fields(Scenario, data, locations, base, faults, finder)


def read_policy_file(
    path: Path, display_name: str, notes: list[str] | None = None
) -> tuple[dict[str, Any], SourceLocations]:
    """Return the policies of a policy file; `notes` takes those on former names.

    Raises
    ------
    InputError
        If it holds other keys, or no policies.
    """
    data, locations = read_with_parents(path, display_name, notes=notes)
    problem = "is not allowed in a policy file, which holds only 'policies'"
    faults = [fault_at_path((key,), problem, locations) for key in data if key not in POLICY_FILE_KEYS]
    if not isinstance(data.get("policies"), dict) or not data["policies"]:
        faults.append(Fault("policies", "is missing; needed: a mapping of names to policies", display_name, 1))
    if faults:
        raise InputError(faults)
    return data, locations


def add_policies(data: dict[str, Any], locations: SourceLocations, files: Sequence[str | Path]) -> list[Fault]:
    """Add the policies of policy files to the data of a scenario and return the faults, such as duplicate names."""
    faults: list[Fault] = []
    notes: list[str] = []
    for file in files:
        try:
            fragment, fragment_locations = read_policy_file(Path(file), str(file), notes)
        except InputError as error:
            faults.extend(error.faults)
            continue
        policies = data.setdefault("policies", {})
        if not isinstance(policies, dict):
            continue
        for name, policy in fragment["policies"].items():
            if name in policies:
                problem = "the scenario already has a policy with this name"
                faults.append(fault_at_path(("policies", name), problem, fragment_locations))
                continue
            policies[name] = policy
            locations |= {
                path: location for path, location in fragment_locations.items() if path[:2] == ("policies", name)
            }
    add_notes(data, notes)
    return faults


def add_notes(data: dict[str, Any], notes: Sequence[str]) -> None:
    """Add notes to the data of a scenario."""
    if notes:
        data["notes"] = [*(data.get("notes") or ()), *notes]


def add_plugins(data: dict[str, Any], files: Sequence[str | Path]) -> list[Fault]:
    """Run plug-ins that the user names, let the data of a scenario name them, and return the faults.

    Installed plug-ins that the scenario names are imported, too: their user has installed them.
    """
    references, read = read_references(data.get("plugins") or ()), dict[str, str | Path]()
    faults = read_named_packages(references)
    named = [one.get("name") for one in references if isinstance(one, dict)] if isinstance(references, tuple) else []
    for file in files:
        try:
            plugin = read_plugin(file)
        except InputError as error:
            faults.extend(error.faults)
            continue
        if plugin.name in read:
            faults.append(Fault("plugins", f"'{read[plugin.name]}' and '{file}' have one name; needed: two names"))
        read[plugin.name] = file
        if plugin.name not in named and isinstance(references, tuple):
            references = (*references, {"name": plugin.name, "sha256": plugin.sha256})
            data["plugins"] = references
    return faults


def override_tables(data: dict[str, Any], locations: SourceLocations, organisations: Any, ties: Any) -> None:
    """Replace the tables of a scenario with those named on the command line."""
    section, network = data.get("organisations", {}), data.get("network", {})
    if organisations is not None and isinstance(section, dict):
        settings = {name: value for name, value in section.items() if name not in (*DERIVED_COUNTS, "rows")}
        data["organisations"] = {**settings, "file": str(organisations)}
        locations["organisations", "file"] = SourceLocation("", 0, "--organisations")
    if ties is not None and isinstance(network, dict):
        is_table = network.get("kind") in ("file", "memberships")
        data["network"] = {**(network if is_table else {"kind": "file"}), "file": str(ties)}
        locations["network", "file"] = SourceLocation("", 0, "--ties")


@argument_checks.validate_arguments(
    path=argument_checks.check_path,
    organisations=argument_checks.optional_check(argument_checks.check_path),
    ties=argument_checks.optional_check(argument_checks.check_path),
    policies=argument_checks.check_paths,
    plugins=argument_checks.check_paths,
    changes=argument_checks.optional_check(argument_checks.check_mapping),
)
def read_scenario(
    path: str | Path,
    *,
    organisations: str | Path | None = None,
    ties: str | Path | None = None,
    policies: Sequence[str | Path] = (),
    plugins: Sequence[str | Path] = (),
    changes: dict[str, Any] | None = None,
) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    path : str or Path
        A YAML scenario, or the manifest.json of an earlier run.
    organisations, ties : str or Path, optional
        CSV tables to use instead of those of the scenario.
    policies : sequence of str or Path
        Policy files to add.
    plugins : sequence of str or Path
        Files or installed packages with functions of the user's own, which are run and which the scenario then uses.
    changes : dict, optional
        Top-level values to change, such as ``{"seed": 3, "replicates": 50}``.

    Raises
    ------
    InputError
        With every fault in all these files.
    """
    notes: list[str] = []
    data, locations = read_with_parents(Path(path), str(path), notes=notes)
    add_notes(data, notes)
    faults = [*add_policies(data, locations, policies), *add_plugins(data, plugins)]
    for name, value in rename_changes(changes or {}).items():
        data[name] = value
        locations[name,] = SourceLocation("", 0, f"--{name}")
    override_tables(data, locations, organisations, ties)
    return build_scenario(data, locations, faults=faults)


def is_policy_file(data: dict[str, Any]) -> bool:
    """Return whether data come from a policy file."""
    return set(data) <= POLICY_FILE_KEYS and "policies" in data


def reject_policy_file(path: str | Path) -> None:
    """Raise InputError for a policy file in place of a scenario: the defaults would silently be used for the rest."""
    data, _ = read_with_parents(Path(path), str(path))
    if is_policy_file(data):
        problem = f"holds only policies; add it to a scenario: qispread run SCENARIO --policy {path}"
        raise InputError([Fault("", problem, str(path))])


def check_table(file: Path) -> Scenario:
    """Check a table of organisations, or a table of ties as far as possible without its organisations."""
    reading = ReadContext()
    columns = read_table(file, str(file), reading).columns
    if "id" not in columns and {"from", "to"} <= set(columns):
        read_ties_file(TiesFileNetwork(file=str(file)), file, str(file), None, reading)
        if reading.faults:
            raise InputError(reading.faults)
        note = f"{file}: read as ties; to check its ids, use --organisations and --ties together"
        return Scenario(notes=(*reading.notes, note))
    return build_scenario({"organisations": {"file": str(file)}, "network": {"kind": "complete"}})


@argument_checks.validate_arguments(
    path=argument_checks.check_path,
)
def check_file(path: str | Path) -> Scenario | None:
    """Check one file: a scenario, a manifest, a policy file, or a table of organisations or ties.

    Returns
    -------
    Scenario or None
        Its notes list what was left out; None for a policy file without any.

    Raises
    ------
    InputError
        With all its faults.
    """
    file = Path(path)
    if file.suffix == ".csv":
        return check_table(file)
    notes: list[str] = []
    data, locations = read_with_parents(file, str(path), notes=notes)
    if is_policy_file(data):
        data, locations = read_policy_file(file, str(path))
        _, _, faults = validate(Scenario, data, locations)
        if faults:
            raise InputError(faults)
        return Scenario(notes=tuple(notes)) if notes else None
    add_notes(data, notes)
    return build_scenario(data, locations, faults=add_plugins(data, ()))
