"""Folders of results: checked before any run, all files written or none, the manifest last."""

import html
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from qispread.inputs.errors import TRUNCATION_MARK, Fault, InputError
from qispread.outputs.results.manifest import scenario_changes
from qispread.runs.identity import EnvironmentChange, change_faults, compare_identities, describe_changes, read_identity
from qispread.runs.sweep.atomic_files import local_folder

MANIFEST = "manifest.json"
REMEDIES = "choose another folder, or use --overwrite"
OTHER_RESULT_KINDS = {"experiment": "a sweep", "calibration": "a calibration"}
"""Kinds of results other than a run or a comparison, by a key of their manifest."""
OTHER_FILES = {"log.jsonl": "a sweep", "points.parquet": "a sweep"}
"""Kinds of results by a file in their folder, where the manifest is damaged or missing: sweeps are readable without."""
ANALYSIS_FOLDER = "analysis"
"""The folder of analyses within a folder of results."""
CHARTS_FOLDER, CHART_KINDS = "charts", (".svg", ".png", ".csv")
"""The folder of the charts of a report within a folder of results, and the file types of each chart."""
PAGE_FILE = "report.html"
NAMED_FOLDERS = re.compile(r'<meta name="qispread-charts" content="([^"]*)">')
"""Element of a report that names its charts, to distinguish them from other files."""


def output_folder_error(folder: Path, problem: str) -> InputError:
    """Return the error for an output folder that cannot be used."""
    return InputError([Fault("--out", problem, str(folder))])


def check_results_folder(
    folder: Path,
    fingerprint: Mapping[str, Any],
    names: Collection[str],
    *,
    overwrite: bool = False,
    scenarios: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Check that results can be written to a folder, before any run.

    Parameters
    ----------
    folder : Path
    fingerprint : mapping
        The identity of the results to be written, as in their manifest.
    names : collection of str
        The files that may be written.
    overwrite : bool
        Whether the results of another run may be replaced.
    scenarios : mapping of str to mapping, optional
        Scenarios by their key in the identity, so that the error can name the values that differ.

    Raises
    ------
    InputError
        Where the folder is a file, cannot be written to, holds a sweep or a calibration, or holds the results of
        another run and `overwrite` is off.
    """
    local_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise output_folder_error(folder, "is a file; needed: a folder") from None
    except NotADirectoryError:
        raise output_folder_error(folder, "part of its path is a file") from None
    except OSError as error:
        raise output_folder_error(folder, f"cannot be written to: {error.strerror}") from None
    if names:
        reject_other_kind(folder)
    if not overwrite and any((folder / name).exists() for name in names):
        reject_other_results(folder, fingerprint, scenarios or {})


def reject_other_kind(folder: Path) -> None:
    """Refuse a folder that holds a sweep, even with a damaged or missing manifest, or a calibration.

    Raises
    ------
    InputError
        Where the folder holds one of these.
    """
    for name, label in OTHER_FILES.items():
        if (folder / name).exists():
            raise output_folder_error(folder, f"holds {name} of {label}; choose another folder")
    try:
        manifest = read_manifest(folder)
    except InputError:
        return
    for name, label in OTHER_RESULT_KINDS.items():
        if name in manifest:
            raise output_folder_error(folder, f"holds {label}; choose another folder")


def reject_other_results(
    folder: Path, fingerprint: Mapping[str, Any], scenarios: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse a folder whose results have another identity, with all differences.

    Raises
    ------
    InputError
        With a fault for each difference.
    """
    try:
        changes = compare_identities(read_identity(read_manifest(folder)), fingerprint)
    except (InputError, KeyError, TypeError, ValueError):
        problem = f"holds the results of another run, without a {MANIFEST} that identifies it; {REMEDIES}"
        raise output_folder_error(folder, problem) from None
    if changes:
        details = [detail for change in changes for detail in describe_contents(folder, change, scenarios)]
        problem = f"holds the results of another run ({describe_changes(changes)}); {REMEDIES}"
        raise InputError([Fault("--out", problem, str(folder)), *change_faults(details, str(folder))])


def describe_contents(
    folder: Path, change: EnvironmentChange, scenarios: Mapping[str, Mapping[str, Any]]
) -> list[EnvironmentChange]:
    """Return the values that differ between two scenarios, where both are known; any other change unchanged."""
    inside = change.name.removeprefix("scenario").removeprefix(".")
    if change.name not in scenarios or Path(inside).name != inside:
        return [change]
    try:
        previous = read_manifest(folder / inside)["scenario"]
        return scenario_changes(change.name, previous, scenarios[change.name]) or [change]
    except (InputError, KeyError, TypeError, AttributeError):
        return [change]


def has_fingerprint(folder: Path, fingerprint: Mapping[str, Any]) -> bool:
    """Return whether a folder holds results with this identity."""
    try:
        return not compare_identities(read_identity(read_manifest(folder)), fingerprint)
    except (InputError, KeyError, TypeError, ValueError):
        return False


def read_manifest(folder: Path, name: str = MANIFEST) -> dict[str, Any]:
    """Return the manifest of a folder of results.

    Raises
    ------
    InputError
        Where it is missing or cannot be read.
    """
    path = folder / name
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError([Fault("", f"holds no {name}; needed: a folder of results", str(folder))]) from None
    except json.JSONDecodeError as error:
        raise InputError([Fault("", TRUNCATION_MARK, str(path), error.lineno)]) from None
    except (OSError, ValueError) as error:
        raise InputError([Fault("", f"is no manifest that can be read: {error}", str(path))]) from None
    if not isinstance(manifest, dict):
        raise InputError([Fault("", "is no manifest: it has no keys", str(path))])
    return manifest


@contextmanager
def replace_atomically(
    folder: Path, names: Collection[str], *, replacing: bool, forgetting: Callable[[], None] | None = None
) -> Iterator[Path]:
    """Provide a temporary folder, and move its files into place once all are written, the manifest last.

    Files in subfolders, such as those of arms, go to the same subfolders of `folder`. When another run is replaced, its
    files that were not written again are removed, and its other files by `forgetting`, which is called once all new
    files are safely on the disk; files of the user stay.

    Raises
    ------
    InputError
        Where writing fails, for example on a full disk; then the earlier files are unchanged.
    """
    changed, new = "nothing was changed", folder / f".writing-{os.getpid()}"
    try:
        new.mkdir()
        yield new
        written = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
        written.sort(key=lambda path: (len(path.parts) == 1, path.name == MANIFEST, path))
        for path in written:
            with (new / path).open("r+b") as file:
                os.fsync(file.fileno())
        changed = "its files may be of two runs: rerun"
        for path in reversed(written):
            # A folder without its manifest is not mistaken for a complete run if this is interrupted.
            if path.name == MANIFEST:
                (folder / path).unlink(missing_ok=True)
        if forgetting:
            forgetting()
        for path in written:
            (folder / path).parent.mkdir(exist_ok=True)
            (new / path).replace(folder / path)
        for name in set(names) - {str(path) for path in written} if replacing else ():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise output_folder_error(folder, f"could not be written: {error.strerror or error}; {changed}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def result_folders(folder: Path) -> set[Path]:
    """Return a folder, its subfolders and its parents, as far as they exist; none for an invalid name."""
    try:
        return {path for path in (folder, *folder.parents, *folder.glob("*/")) if path.exists()}
    except OSError:
        return set()


@contextmanager
def cleanup_on_abort(folder: Path) -> Iterator[None]:
    """Remove empty folders that were created for results, with their parents, if the work is interrupted."""
    previous = result_folders(folder)
    try:
        yield
    except BaseException:
        for path in sorted(result_folders(folder) - previous, reverse=True):
            with suppress(OSError):
                path.rmdir()
        raise


def arm_folders(folder: Path) -> list[str]:
    """Return the arms of the comparison that a folder holds; none where it holds no comparison."""
    try:
        arms = [str(arm) for arm in read_manifest(folder)["comparison"]["arms"]]
    except (InputError, KeyError, TypeError):
        return []
    return [arm for arm in arms if arm and Path(arm).name == arm]


def remove_files(folder: Path, names: Collection[str]) -> None:
    """Remove files of a folder, as far as they exist.

    Raises
    ------
    OSError
        Where that is not permitted.
    """
    for name in names:
        (folder / name).unlink(missing_ok=True)


def delete_stale_arms(folder: Path, arms: Collection[str], names: Collection[str]) -> None:
    """Remove the files that an earlier comparison in a folder wrote for some of its arms; files of the user stay.

    Raises
    ------
    OSError
        Where that is not permitted.
    """
    for arm in arms:
        remove_files(folder / arm, names)
        with suppress(OSError):
            (folder / arm).rmdir()


def listed_analysis_files(path: Path) -> list[str]:
    """Return the names of the files of an analysis, from its JSON file; none where it is missing."""
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["files"]
        return [name for name in names if isinstance(name, str) and name and Path(name).name == name]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def delete_stale_analyses(folder: Path) -> None:
    """Remove the analyses of results that are being replaced; files of the user stay.

    Raises
    ------
    OSError
        Where that is not permitted.
    """
    for path in list(folder.glob(f"{ANALYSIS_FOLDER}/*/*.json")):
        remove_files(path.parent, listed_analysis_files(path))
        with suppress(OSError):
            path.parent.rmdir()
            path.parent.parent.rmdir()


def chart_files(folder: Path) -> list[str]:
    """Return the names of the charts of the report in a folder; none where it has no report."""
    try:
        element = NAMED_FOLDERS.search((folder / PAGE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    names = html.unescape(element[1]).split() if element else []
    return [name for name in names if Path(name).name == name]


def remove_charts(folder: Path, keep: Collection[str] = ()) -> None:
    """Remove the charts of the report in a folder, with their data, except those in `keep`; other files stay.

    Raises
    ------
    OSError
        Where that is not permitted.
    """
    for name in set(chart_files(folder)) - set(keep):
        remove_files(folder / CHARTS_FOLDER, [name + kind for kind in CHART_KINDS])
    with suppress(OSError):
        (folder / CHARTS_FOLDER).rmdir()


def write_table(table: Any, folder: Path, name: str, *, csv: bool) -> None:
    """Write a table as Parquet, and as CSV too."""
    pyarrow.parquet.write_table(table, folder / f"{name}.parquet", compression="zstd")
    if csv:
        write_csv(table, folder / f"{name}.csv")


def write_csv(table: Any, path: Path) -> None:
    """Write a table as CSV."""
    pyarrow.csv.write_csv(to_csv_values(table), path)


def to_csv_values(table: Any) -> Any:
    """Return a table for CSV: dictionary columns as text, and empty cells instead of NaN."""
    fields = [
        (field.name, pyarrow.string() if pyarrow.types.is_dictionary(field.type) else field.type)
        for field in table.schema
    ]
    plain = table.cast(pyarrow.schema(fields))
    for index, field in enumerate(plain.schema):
        if pyarrow.types.is_floating(field.type):
            column = plain.column(index)
            blank = pyarrow.scalar(None, field.type)
            plain = plain.set_column(index, field.name, pyarrow.compute.if_else(column.is_nan(), blank, column))
    return plain
