"""Checks before a sweep is resumed: the same experiment, code and libraries (decisions 65 and 67)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qispread.common.former_names import FORMER_VERSION
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.former_data import is_former_scenario
from qispread.model.engines.organisation_class import ORGANISATION_CLASS
from qispread.runs.identity import (
    EnvironmentChange,
    change_faults,
    compare_identities,
    environment,
    read_identity,
    select_changes,
)
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.sweep_store import SweepStore, sweep_fingerprint

MAX_LIBRARY_CHANGES = 8
OTHER_LIBRARIES = (
    "was made with other libraries, so numbers may differ; reinstall the earlier versions, or use --yes to continue "
    "with these: the log then records the libraries of each part"
)

FORMER_SWEEP = (
    f"holds a sweep of version {FORMER_VERSION}, whose tables have other columns: this version reads it and does not "
    f"add to it; finish it with version {FORMER_VERSION}, or begin anew in another folder (--out)"
)


def check_unchanged(store: SweepStore, experiment: Experiment, *, by_folder: bool = False) -> None:
    """Raise InputError if the experiment or code of a sweep has changed.

    Parameters
    ----------
    store : SweepStore
    experiment : Experiment
    by_folder : bool
        Whether the sweep is resumed by its folder, so that only the code can have changed.

    Raises
    ------
    InputError
        With every change, and the remedies.
    """
    if is_former_scenario(store.manifest.get("scenario")):
        raise InputError([Fault("", FORMER_SWEEP, str(store.folder))])
    changes = select_changes(
        compare_identities(read_identity(store.manifest), sweep_fingerprint(experiment)), "inputs", "code"
    )
    if changes:
        problem = f"{describe_folder(store, changes)}; {describe_remedies(store, changes, by_folder=by_folder)}"
        raise InputError([Fault("", problem, str(store.folder)), *change_faults(changes, str(store.folder))])


def describe_folder(store: SweepStore, changes: Sequence[EnvironmentChange]) -> str:
    """Return a description of a folder's sweep and how it differs."""
    if not select_changes(changes, "code"):
        return "holds a sweep of another experiment"
    if all(change.name == ORGANISATION_CLASS for change in select_changes(changes, "code")):
        return "holds a sweep with other organisations"
    version = store.manifest["identity"].get("qispread", "unknown")
    commit = store.manifest.get("git_commit")
    program = f"qispread {version}" + (f", commit {commit}" if commit else "")
    other = " of another experiment," if select_changes(changes, "inputs") else ""
    return f"holds a sweep{other} made by other code ({program})"


def describe_remedies(store: SweepStore, changes: Sequence[EnvironmentChange], *, by_folder: bool) -> str:
    """Return the remedies that apply to the changes."""
    if any(change.name == ORGANISATION_CLASS for change in changes):
        return f"finish it in Python with its {ORGANISATION_CLASS}, or start again in another folder (--out)"
    if select_changes(changes, "code"):
        return "finish it with that code, or start again in another folder (--out)"
    if by_folder:
        return "start again in another folder (--out)"
    return f"start again in another folder (--out), or resume the existing sweep: qispread sweep {store.folder}"


def accept_libraries(store: SweepStore, log: Callable[[str], None], *, yes: bool) -> None:
    """Allow a sweep to resume with other libraries only if confirmed, and log it.

    Raises
    ------
    InputError
        If libraries have changed and `yes` is False.
    """
    current = environment()["libraries"]
    changes = library_changes(store, current)
    if not changes:
        return
    if not yes:
        raise InputError([Fault("", OTHER_LIBRARIES, str(store.folder)), *change_faults(changes, str(store.folder))])
    listed = ", ".join(map(str, changes[:MAX_LIBRARY_CHANGES]))
    log(f"note: the rest is made with other libraries than the finished parts: {listed}; the log records which")


def library_changes(store: SweepStore, current: Mapping[str, Any]) -> list[EnvironmentChange]:
    """Return how libraries differ from those last used, unless they were accepted before."""
    environments = store.environments
    if any(not compare_identities(libraries, current) for libraries in environments):
        return []
    return [
        EnvironmentChange(f"libraries.{libraries.name}", libraries.old, libraries.new)
        for libraries in compare_identities(environments[-1], current)
    ]


def describe_environments(store: SweepStore) -> list[str]:
    """Return how many parts were made with which libraries, if they differ."""
    environments, parts = store.environments, [record.environment for record in store.part_records.values()]
    used = sorted(set(parts))
    if len(used) < 2:
        return []
    names = sorted(
        {
            name
            for record in environments
            for name in record
            if len({str(environment.get(name)) for environment in environments}) > 1
        }
    )
    return [
        f"{parts.count(index):,} of {len(parts):,} parts made with "
        + ", ".join(f"{name} {environments[index].get(name, 'unknown')}" for name in names)
        for index in used
    ]
