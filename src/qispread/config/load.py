"""Scenarios from files: YAML with `extends`, tables, policies added on the command line, all checked at once."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qispread.config import arguments
from qispread.config.adapting import adapts, was_written
from qispread.config.cross import cross_faults
from qispread.config.faults import CUT_SHORT, Fault, InputError
from qispread.config.named_tables import COUNTS, Finder, Tables, on_disk, with_tables
from qispread.config.networks import Memberships, TiesFile
from qispread.config.scenario import Scenario
from qispread.config.tables import Reading, read_table, ties_of_file
from qispread.config.validate import fault_at, validated
from qispread.config.yaml_reader import Place, Places, read_text, read_yaml

FRAGMENT = {"policies", "name", "description"}
"""What a policy file may hold."""


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
        scenario = json.loads(read_text(path, shown))["scenario"]
    except json.JSONDecodeError as error:
        raise InputError([Fault("", CUT_SHORT, shown, error.lineno)]) from None
    except (KeyError, TypeError, RecursionError):
        scenario = None
    if not isinstance(scenario, dict):
        raise InputError([Fault("", "is not a manifest: it holds no 'scenario'", shown)])
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
    if not isinstance(parents, list) or not all(isinstance(parent, str) for parent in parents):
        raise InputError([fault_at(("extends",), f"got {parents}; needed: the name of a file, or a list", places)])
    below: dict[str, Any] = {}
    places_below: Places = {}
    here = (*seen, Path(os.path.normpath(path.absolute())))
    for parent in parents:
        parent_path = Path(os.path.normpath(path.parent / parent))
        if Path(os.path.normpath(parent_path.absolute())) in here:
            raise InputError([fault_at(("extends",), f"'{parent}' comes back to this file", places)])
        parent_data, parent_places = read_extended(parent_path, os.path.normpath(Path(shown).parent / parent), here)
        below = merged(below, parent_data)
        places_below |= parent_places
    return merged(below, data), places_below | places


def scenario_from(
    data: dict[str, Any],
    places: Places | None = None,
    base: Path | None = None,
    faults: Sequence[Fault] = (),
    finder: Finder | None = None,
) -> Scenario:
    """Return the checked scenario of plain data.

    Parameters
    ----------
    data : dict
        As a YAML file would give it.
    places : dict, optional
        Where each value was given.
    base : Path, optional
        To which names of tables are relative where no file gave them.
    faults : sequence of Fault
        Found before, to be said with the others.
    finder : callable, optional
        Finds the tables that the data name; on the disk unless given, with `base` for those that no file named.

    Raises
    ------
    InputError
        With every fault of the data and of the tables that it names.
    """
    places = dict(places or {})
    scenario, wrong, found = validated(data, places)
    tables = Tables(scenario, wrong, places, finder or on_disk(base or Path()))
    reading = tables.reading
    if tables.rows is not None or tables.ties is not None:
        places |= reading.places
        scenario, now_wrong, found = validated(with_tables(data, tables), places)
        wrong |= now_wrong
    if not tables.whole:
        wrong.add("organisations.")
    if tables.rows is None and scenario.organisations.file is not None and not scenario.organisations.rows:
        wrong.add("organisations.")
    if isinstance(scenario.network, TiesFile | Memberships) or (reading.faults and not tables.ties):
        wrong.add("network")
    found += reading.faults
    written = set(places)
    found += [
        fault_at(path, problem, places)
        for path, problem in cross_faults(scenario, wrong)
        if was_written(path, written) or not adapts(scenario, path)
    ]
    if found or faults:
        raise InputError([*faults, *found])
    return scenario


def policy_fragment(path: Path, shown: str) -> tuple[dict[str, Any], Places]:
    """Return the policies of a policy file.

    Raises
    ------
    InputError
        Where it holds anything but `policies`, or none.
    """
    data, places = read_extended(path, shown)
    problem = "is not for a policy file, which holds 'policies' alone"
    faults = [fault_at((key,), problem, places) for key in data if key not in FRAGMENT]
    if not isinstance(data.get("policies"), dict) or not data["policies"]:
        faults.append(Fault("policies", "is missing; needed: a mapping of names to policies", shown, 1))
    if faults:
        raise InputError(faults)
    return data, places


def add_policies(data: dict[str, Any], places: Places, files: Sequence[str | Path]) -> list[Fault]:
    """Add the policies of policy files to the data of a scenario, and return the faults; a taken name is one."""
    faults: list[Fault] = []
    for file in files:
        try:
            fragment, fragment_places = policy_fragment(Path(file), str(file))
        except InputError as error:
            faults.extend(error.faults)
            continue
        policies = data.setdefault("policies", {})
        if not isinstance(policies, dict):
            continue
        for name, policy in fragment["policies"].items():
            if name in policies:
                problem = "the scenario has a policy of this name already"
                faults.append(fault_at(("policies", name), problem, fragment_places))
                continue
            policies[name] = policy
            places |= {path: place for path, place in fragment_places.items() if path[:2] == ("policies", name)}
    return faults


def use_tables(data: dict[str, Any], places: Places, organisations: Any, ties: Any) -> None:
    """Put tables named on the command line in the place of the scenario's own."""
    section, network = data.get("organisations", {}), data.get("network", {})
    if organisations is not None and isinstance(section, dict):
        kept = {name: value for name, value in section.items() if name not in (*COUNTS, "rows")}
        data["organisations"] = {**kept, "file": str(organisations)}
        places["organisations", "file"] = Place("", 0, "--organisations")
    if ties is not None and isinstance(network, dict):
        known = network.get("kind") in ("file", "memberships")
        data["network"] = {**(network if known else {"kind": "file"}), "file": str(ties)}
        places["network", "file"] = Place("", 0, "--ties")


@arguments.checks(
    path=arguments.path,
    organisations=arguments.optional(arguments.path),
    ties=arguments.optional(arguments.path),
    policies=arguments.paths,
    changes=arguments.optional(arguments.mapping),
)
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
    faults = add_policies(data, places, policies)
    for name, value in (changes or {}).items():
        data[name] = value
        places[name,] = Place("", 0, f"--{name}")
    use_tables(data, places, organisations, ties)
    return scenario_from(data, places, faults=faults)


def holds_policies_alone(data: dict[str, Any]) -> bool:
    """Return whether data is that of a policy file."""
    return set(data) <= FRAGMENT and "policies" in data


def refuse_policy_file(path: str | Path) -> None:
    """Refuse a policy file where a scenario is meant: its policies would act in a world that nobody chose."""
    data, _ = read_extended(Path(path), str(path))
    if holds_policies_alone(data):
        problem = f"holds policies alone; add it to a scenario: qispread run SCENARIO --policy {path}"
        raise InputError([Fault("", problem, str(path))])


def check_table(file: Path) -> Scenario:
    """Check a table of organisations, or one of ties as far as that goes without its organisations."""
    reading = Reading()
    columns = read_table(file, str(file), reading).columns
    if "id" not in columns and {"from", "to"} <= set(columns):
        ties_of_file(TiesFile(file=str(file)), file, str(file), None, reading)
        if reading.faults:
            raise InputError(reading.faults)
        note = f"{file}: read as ties; whether its ids are known shows with --organisations and --ties"
        return Scenario(notes=(*reading.notes, note))
    return scenario_from({"organisations": {"file": str(file)}, "network": {"kind": "complete"}})


@arguments.checks(
    path=arguments.path,
)
def check(path: str | Path) -> Scenario | None:
    """Check one file: a scenario, a manifest, a policy file, or a table of organisations or ties.

    Returns
    -------
    Scenario or None
        Whose notes say what was left out; None for a policy file.

    Raises
    ------
    InputError
        With all its faults.
    """
    file = Path(path)
    if file.suffix == ".csv":
        return check_table(file)
    data, places = read_extended(file, str(path))
    if holds_policies_alone(data):
        data, places = policy_fragment(file, str(path))
        _, _, faults = validated(data, places)
        if faults:
            raise InputError(faults)
        return None
    return scenario_from(data, places)
