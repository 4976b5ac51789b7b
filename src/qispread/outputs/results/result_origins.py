"""Origin of a scenario that is read from a manifest: replicate, run identifier and version differences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.organisation_class import ORGANISATION_CLASS, require_same_class
from qispread.outputs.results.manifest import REPLICATE
from qispread.outputs.results.results_folder import read_manifest
from qispread.runs.identity import compare_identities, describe_changes, environment, read_identity, select_changes

RUN_ID = "run_id"
"""Key in a manifest of the identifier of a run in its sweep."""


@dataclass(frozen=True)
class ResultOrigin:
    """Origin of a scenario.

    Attributes
    ----------
    replicate : int or None
        Replicate to rerun, where the manifest is of one other than the first.
    description : mapping
        Other entries for the manifest of the same run.
    notes : tuple of str
        Differences between the version that made the results and this one.
    """

    replicate: int | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_origin(path: str | Path) -> ResultOrigin:
    """Return the origin of a scenario; an empty origin for a file that is no manifest.

    Raises
    ------
    InputError
        Where a manifest has an invalid replicate, or its runs had a class of organisations, which only Python can give.
    """
    file = Path(path)
    if file.suffix != ".json" or not file.is_file():
        return ResultOrigin()
    manifest = read_manifest(file.parent, file.name)
    replicate = manifest.get(REPLICATE)
    if replicate is not None and (type(replicate) is not int or replicate < 0):
        raise InputError([Fault(REPLICATE, f"got {replicate!r}; needed: a whole number of at least 0", str(file))])
    identity = manifest.get("identity")
    require_same_class(str(dict(identity or {}).get(ORGANISATION_CLASS, "")), None, str(file))
    description = {RUN_ID: manifest[RUN_ID]} if isinstance(manifest.get(RUN_ID), str) else {}
    return ResultOrigin(replicate or None, description, origin_notes(manifest, file))


def origin_notes(manifest: Mapping[str, Any], file: Path) -> tuple[str, ...]:
    """Return the differences in code and libraries since a manifest was written, as text."""
    try:
        current = environment()
        previous = {name: value for name, value in read_identity(manifest).items() if name in current}
    except (KeyError, TypeError, ValueError):
        return (f"{file} does not record the code that made it: results may differ",)
    changes = select_changes(compare_identities(previous, current), "code", "libraries")
    if not changes:
        return ()
    details = "; ".join(map(str, changes))
    return (f"{file} was made by {describe_changes(changes)}, and results may differ from it: {details}",)
