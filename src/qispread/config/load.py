"""Scenarios from files: YAML with `extends`, tables, policies added on the command line, all checked at once."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qispread.config.cross import cross_faults, organisation_ids
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario
from qispread.config.tables import (
    Reading,
    leave_out_isolated,
    organisation_rows,
    ties_of_file,
    ties_of_memberships,
)
from qispread.config.validate import fault_at, place_of, validated
from qispread.config.yaml_reader import Keys, Place, Places, read_text, read_yaml

TIE_READERS = {"file": ties_of_file, "memberships": ties_of_memberships}


def merged(parent: Any, child: Any) -> Any:
    """Return `parent` overlaid by `child`, mapping by mapping; another kind of network or lever replaces it whole."""
    if not isinstance(parent, dict) or not isinstance(child, dict):
        return child
    if any(name in child and child[name] != parent.get(name, child[name]) for name in ("kind", "lever")):
        return child
    return {**parent, **{key: merged(parent.get(key), value) for key, value in child.items()}}


def read_document(path: Path, shown: str) -> tuple[dict[str, Any], Places]:
    """Return the data of one YAML file, or the scenario kept in a manifest, without following `extends`."""
    if path.suffix != ".json":
        return read_yaml(path, shown)
    try:
        data = json.loads(read_text(path, shown))
        scenario = data["scenario"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        problem = "is not a manifest: it holds no 'scenario'"
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        raise InputError([Fault("", problem, shown, line)]) from None
    return scenario, {(): Place(shown, 0)}


def read_extended(path: Path, shown: str, seen: tuple[Path, ...] = ()) -> tuple[dict[str, Any], Places]:
    """Return the data of a file overlaid on that of the files it extends, with the place of each value.

    Raises
    ------
    InputError
        For a file that extends itself, directly or through others.
    """
    data, places = read_document(path, shown)
    parents = data.pop("extends", [])
    parents = [parents] if isinstance(parents, str) else parents
    below: dict[str, Any] = {}
    places_below: Places = {}
    for parent in parents:
        parent_path = (path.parent / str(parent)).resolve()
        if parent_path in (*seen, path.resolve()):
            raise InputError([fault_at(("extends",), f"'{parent}' comes back to this file", places)])
        parent_data, parent_places = read_extended(
            parent_path, str(Path(shown).parent / str(parent)), (*seen, path.resolve())
        )
        below = merged(below, parent_data)
        places_below |= parent_places
    return merged(below, data), places_below | places


def beside(path: Keys, name: str, places: Places, base: Path) -> Path:
    """Return a file that the scenario names at a path: relative to the file that gives the name."""
    file = place_of(path, places).file
    return Path(os.path.normpath((Path(file).parent if file else base) / name))


def read_tables(data: dict[str, Any], places: Places, base: Path) -> Reading:
    """Replace the tables that a scenario names by their rows and ties, in `data` itself."""
    reading = Reading()
    try:
        rows = read_organisations(data, places, base, reading)
        ties = read_ties(data, places, base, reading, rows)
    except InputError as error:
        reading.faults.extend(error.faults)
        return reading
    section = data.get("organisations")
    if rows is not None and ties is not None and isinstance(section, dict):
        shown = str(beside(("organisations", "file"), section["file"], places, base))
        choice = str(section.get("without_ties", "keep"))
        section["rows"] = leave_out_isolated(rows, ties, choice, shown, reading)
    return reading


def read_organisations(data: dict[str, Any], places: Places, base: Path, reading: Reading) -> list[Any] | None:
    """Read the table of organisations, if the scenario names one that has not been read."""
    section = data.get("organisations")
    if not isinstance(section, dict) or not isinstance(section.get("file"), str) or section.get("rows"):
        return None
    for name in ("number", "systems", "regions"):
        if name in section:
            problem = "cannot be given with a table: it counts its own"
            reading.faults.append(fault_at(("organisations", name), problem, places))
    path = beside(("organisations", "file"), section["file"], places, base)
    rows = organisation_rows(section, path, str(path), reading)
    section["rows"] = rows
    return rows


def read_ties(
    data: dict[str, Any], places: Places, base: Path, reading: Reading, rows: list[Any] | None
) -> list[Any] | None:
    """Read the table of ties, if the scenario names one, and put the ties in its place."""
    network = data.get("network")
    if not isinstance(network, dict) or network.get("kind") not in TIE_READERS:
        return None
    if not isinstance(network.get("file"), str):
        reading.faults.append(fault_at(("network", "file"), "is missing; needed: a CSV table", places))
        return None
    if "organisations" in data and rows is None:
        known = set(organisation_ids(validated({"organisations": data["organisations"]}, places)[0]))
    else:
        known = {row["id"] for row in rows} if rows is not None else set(organisation_ids(Scenario()))
    path = beside(("network", "file"), network["file"], places, base)
    ties = TIE_READERS[network["kind"]](network, path, str(path), known, reading)
    unread = {
        key for key in network if key not in ("kind", "file", "first", "second", "weight", "organisation", "group")
    }
    extra = unread - {"unknown"}
    data["network"] = {"kind": "ties", "ties": ties, **{key: network[key] for key in extra}}
    return ties


def scenario_from(data: dict[str, Any], places: Places | None = None, base: Path | None = None) -> Scenario:
    """Return the checked scenario of plain data.

    Raises
    ------
    InputError
        With every fault of the data and of the tables that it names.
    """
    places = dict(places or {})
    reading = read_tables(data, places, base or Path())
    places |= reading.places
    if reading.inputs or reading.notes:
        data = {**data, "inputs": [*data.get("inputs", []), *reading.inputs]}
        data["notes"] = [*data.get("notes", []), *reading.notes]
    scenario, wrong, faults = validated(as_tuples(data), places)
    if reading.faults:
        wrong |= {"organisations"}
    faults += reading.faults
    faults += [fault_at(path, problem, places) for path, problem in cross_faults(scenario, wrong)]
    if faults:
        raise InputError(faults)
    return scenario


def as_tuples(data: dict[str, Any]) -> dict[str, Any]:
    """Return data with its lists as tuples, which is what frozen sections hold."""

    def converted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: converted(item) for key, item in value.items()}
        return tuple(converted(item) for item in value) if isinstance(value, list | tuple) else value

    return {key: converted(value) for key, value in data.items()}


def policy_fragment(path: Path, shown: str) -> tuple[dict[str, Any], Places]:
    """Return the policies of a policy file.

    Raises
    ------
    InputError
        Where it holds anything but `policies`, or none.
    """
    data, places = read_extended(path, shown)
    faults = [
        fault_at((key,), "is not for a policy file, which holds 'policies' alone", places)
        for key in data
        if key not in ("policies", "description", "name")
    ]
    if not isinstance(data.get("policies"), dict) or not data["policies"]:
        faults.append(Fault("policies", "is missing; needed: a mapping of names to policies", shown, 1))
    if faults:
        raise InputError(faults)
    return data, places


def add_policies(data: dict[str, Any], places: Places, files: Sequence[str | Path]) -> None:
    """Add the policies of policy files to the data of a scenario; a name that is taken is a fault."""
    for file in files:
        fragment, fragment_places = policy_fragment(Path(file), str(file))
        policies = data.setdefault("policies", {})
        for name, policy in fragment["policies"].items():
            if name in policies:
                problem = "the scenario has a policy of this name already"
                raise InputError([fault_at(("policies", name), problem, fragment_places)])
            policies[name] = policy
        places |= {path: place for path, place in fragment_places.items() if path[:1] == ("policies",) and path[1:]}


def load(
    path: str | Path,
    *,
    organisations: str | Path | None = None,
    ties: str | Path | None = None,
    policies: Sequence[str | Path] = (),
    changes: dict[str, Any] | None = None,
) -> Scenario:
    """Read a scenario.

    Parameters
    ----------
    path : str or Path
        A YAML scenario, or the manifest.json of an earlier run.
    organisations, ties : str or Path, optional
        CSV tables to use in place of the scenario's own.
    policies : sequence of str or Path
        Policy files to add.
    changes : dict, optional
        Top-level values to change, such as ``{"seed": 3, "replicates": 50}``.

    Raises
    ------
    InputError
        With every fault in all these files.
    """
    data, places = read_extended(Path(path), str(path))
    add_policies(data, places, policies)
    for name, value in (changes or {}).items():
        data[name] = value
        places[name,] = Place(f"--{name}", 0)
    if organisations is not None:
        section = dict(data.get("organisations") or {})
        for name in ("number", "systems", "regions", "rows"):
            section.pop(name, None)
        data["organisations"] = {**section, "file": str(organisations)}
        places["organisations", "file"] = Place("", 0, "--organisations")
    if ties is not None:
        network = data.get("network")
        kept = network if isinstance(network, dict) and network.get("kind") in TIE_READERS else {"kind": "file"}
        data["network"] = {**kept, "file": str(ties)}
        places["network", "file"] = Place("", 0, "--ties")
    return scenario_from(data, places)


def check(path: str | Path) -> Scenario | None:
    """Check one file: a scenario, a manifest, a policy file, or a table of organisations.

    Returns
    -------
    Scenario or None
        The scenario, where the file is one.

    Raises
    ------
    InputError
        With all its faults.
    """
    file = Path(path)
    if file.suffix == ".csv":
        scenario_from({"organisations": {"file": str(file)}, "network": {"kind": "complete"}})
        return None
    data, places = read_extended(file, str(path))
    if set(data) <= {"policies", "name", "description"} and "policies" in data:
        data, places = policy_fragment(file, str(path))
        _, _, faults = validated(as_tuples(data), places)
        if faults:
            raise InputError(faults)
        return None
    return scenario_from(data, places)
