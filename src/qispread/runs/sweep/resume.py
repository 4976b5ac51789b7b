"""Whether a sweep can be gone on with: by the same code, of the same experiment, with the same libraries."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qispread.common.former_names import FORMER_VERSION
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.former_data import is_former_scenario
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
    """Refuse to go on with a sweep whose experiment or code has changed.

    Parameters
    ----------
    store : SweepStore
    experiment : Experiment
    by_folder : bool
        Whether it is gone on with by its folder, so that only another program can be the reason.

    Raises
    ------
    InputError
        With everything that changed, and what can be done.
    """
    if is_former_scenario(store.manifest.get("scenario")):
        raise InputError([Fault("", FORMER_SWEEP, str(store.folder))])
    found = select_changes(
        compare_identities(read_identity(store.manifest), sweep_fingerprint(experiment)), "inputs", "code"
    )
    if found:
        problem = f"{describe_folder(store, found)}; {describe_remedies(store, found, by_folder=by_folder)}"
        raise InputError([Fault("", problem, str(store.folder)), *change_faults(found, str(store.folder))])


def describe_folder(store: SweepStore, found: Sequence[EnvironmentChange]) -> str:
    """Return in words what a folder holds of which something changed."""
    if not select_changes(found, "code"):
        return "holds a sweep of another experiment"
    version = store.manifest["identity"].get("qispread", "unknown")
    commit = store.manifest.get("git_commit")
    made = f"qispread {version}" + (f", commit {commit}" if commit else "")
    other = " of another experiment," if select_changes(found, "inputs") else ""
    return f"holds a sweep{other} made by other code ({made})"


def describe_remedies(store: SweepStore, found: Sequence[EnvironmentChange], *, by_folder: bool) -> str:
    """Return in words what can be done: only what can work."""
    if select_changes(found, "code"):
        return "finish it with that code, or begin anew in another folder (--out)"
    if by_folder:
        return "begin anew in another folder (--out)"
    return f"begin anew in another folder (--out), or go on with that one: qispread sweep {store.folder}"


def accept_libraries(store: SweepStore, say: Callable[[str], None], *, yes: bool) -> None:
    """Let a sweep be gone on with under other libraries only where that was asked for, and say so.

    Raises
    ------
    InputError
        Where libraries have changed that parts were made with, and `yes` is off.
    """
    now = environment()["libraries"]
    found = library_changes(store, now)
    if not found:
        return
    if not yes:
        raise InputError([Fault("", OTHER_LIBRARIES, str(store.folder)), *change_faults(found, str(store.folder))])
    listed = ", ".join(map(str, found[:MAX_LIBRARY_CHANGES]))
    say(f"note: the rest is made with other libraries than the finished parts: {listed}; the log records which")


def library_changes(store: SweepStore, now: Mapping[str, Any]) -> list[EnvironmentChange]:
    """Return how libraries differ from those that were used last, unless they were accepted before."""
    known = store.environments
    if any(not compare_identities(one, now) for one in known):
        return []
    return [EnvironmentChange(f"libraries.{one.name}", one.old, one.new) for one in compare_identities(known[-1], now)]


def describe_environments(store: SweepStore) -> list[str]:
    """Return in words how many parts were made with which libraries, where not all were made with the same."""
    known, parts = store.environments, [one.environment for one in store.part_records.values()]
    used = sorted(set(parts))
    if len(used) < 2:
        return []
    names = sorted({name for one in known for name in one if len({str(each.get(name)) for each in known}) > 1})
    return [
        f"{parts.count(place):,} of {len(parts):,} parts made with "
        + ", ".join(f"{name} {known[place].get(name, 'unknown')}" for name in names)
        for place in used
    ]
