"""What the manifest of an earlier run says of it, beside its scenario, for whoever runs it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qispread.inputs.errors import Fault, InputError
from qispread.outputs.results.manifest import REPLICATE
from qispread.outputs.results.results_folder import read_manifest
from qispread.runs.identity import compare_identities, describe_changes, environment, read_identity, select_changes

RUN_ID = "run_id"
"""Name in a manifest of what the run is called in the sweep that it is of."""


@dataclass(frozen=True)
class ResultOrigin:
    """Where a scenario comes from.

    Attributes
    ----------
    replicate : int or None
        The one that is to be run again, where the manifest is of one that is not the first.
    description : mapping
        What else a manifest of the same run should say.
    notes : tuple of str
        How what made it differs from the program that runs.
    """

    replicate: int | None = None
    description: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_origin(path: str | Path) -> ResultOrigin:
    """Return where a scenario comes from; of a file that is no manifest, nothing is known.

    Raises
    ------
    InputError
        Where a manifest names a replicate that cannot be.
    """
    file = Path(path)
    if file.suffix != ".json" or not file.is_file():
        return ResultOrigin()
    manifest = read_manifest(file.parent, file.name)
    replicate = manifest.get(REPLICATE)
    if replicate is not None and (type(replicate) is not int or replicate < 0):
        raise InputError([Fault(REPLICATE, f"got {replicate!r}; needed: a whole number of at least 0", str(file))])
    named = {RUN_ID: manifest[RUN_ID]} if isinstance(manifest.get(RUN_ID), str) else {}
    return ResultOrigin(replicate or None, named, origin_notes(manifest, file))


def origin_notes(manifest: Mapping[str, Any], file: Path) -> tuple[str, ...]:
    """Return in words what of code and libraries was another when a manifest was written."""
    try:
        now = environment()
        before = {name: one for name, one in read_identity(manifest).items() if name in now}
    except (KeyError, TypeError, ValueError):
        return (f"{file} does not record the code that made it: results may differ",)
    found = select_changes(compare_identities(before, now), "code", "libraries")
    if not found:
        return ()
    differ = "; ".join(str(one) for one in found)
    return (f"{file} was made by {describe_changes(found)}, and results may differ from it: {differ}",)
