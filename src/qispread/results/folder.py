"""A folder of results: checked before any time is spent, written whole or not at all, its manifest last."""

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from qispread.config.faults import Fault, InputError

MANIFEST = "manifest.json"
ANALYSIS = "analysis"
"""The folder of analyses within a folder of results."""


def refuse(folder: Path, problem: str) -> InputError:
    """Return the error for an output folder that cannot be used."""
    return InputError([Fault("--out", problem, str(folder))])


def check_folder(folder: Path, mark: Mapping[str, Any], names: Collection[str], *, overwrite: bool = False) -> None:
    """Make sure that results can be written to a folder, before any time is spent on them.

    Parameters
    ----------
    folder : Path
    mark : mapping
        The identity of what will be written, as in its manifest.
    names : collection of str
        The files that may be written.

    Raises
    ------
    InputError
        Where it is a file, cannot be written to, or holds the results of another run and `overwrite` is off.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise refuse(folder, "is a file; needed: a folder") from None
    except NotADirectoryError:
        raise refuse(folder, "part of its path is a file") from None
    except OSError as error:
        raise refuse(folder, f"cannot be written to: {error.strerror}") from None
    if not overwrite and any((folder / name).exists() for name in names) and not holds_same(folder, mark):
        raise refuse(folder, "holds the results of another run; choose another folder, or say --overwrite")


def holds_same(folder: Path, mark: Mapping[str, Any]) -> bool:
    """Return whether a folder holds the results of this identity."""
    try:
        return bool(read_manifest(folder)["identity"] == mark)
    except (InputError, KeyError):
        return False


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder of results.

    Raises
    ------
    InputError
        Where there is none, or none that can be read.
    """
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError([Fault("", f"holds no {MANIFEST}; needed: a folder of results", str(folder))]) from None
    except (OSError, ValueError) as error:
        raise InputError([Fault("", f"is no manifest that can be read: {error}", str(path))]) from None
    if not isinstance(found, dict):
        raise InputError([Fault("", "is no manifest: it holds no names", str(path))])
    return found


@contextmanager
def written_whole(folder: Path, names: Collection[str], *, replacing: bool) -> Iterator[Path]:
    """Give a folder to write to, and move its files into place once all are written, the manifest last.

    When another run is being replaced, its files that were not written again are removed; files that are not ours stay.

    Raises
    ------
    InputError
        Where writing fails, such as on a full disk; then what was there before is still whole.
    """
    changed, new = "nothing was changed", folder / f".writing-{os.getpid()}"
    try:
        new.mkdir()
        yield new
        written = sorted(new.iterdir(), key=lambda path: path.name == MANIFEST)
        for path in written:
            with path.open("r+b") as file:
                os.fsync(file.fileno())
        changed = "its files may be of two runs: run again"
        if written and written[-1].name == MANIFEST:
            # Without its manifest a folder cannot be taken for a whole run, should this be interrupted.
            (folder / MANIFEST).unlink(missing_ok=True)
        for path in written:
            path.replace(folder / path.name)
        for name in set(names) - {path.name for path in written} if replacing else ():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise refuse(folder, f"could not be written: {error.strerror or error}; {changed}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def folders_at(folder: Path) -> set[Path]:
    """Return a folder and those in it, as far as they are there; none for a name that no folder can have."""
    try:
        return {path for path in (folder, *folder.glob("*/")) if path.exists()}
    except OSError:
        return set()


@contextmanager
def tidied(folder: Path) -> Iterator[None]:
    """Remove the folders that were made for results and are still empty, should the work within be stopped."""
    before = folders_at(folder)
    try:
        yield
    except BaseException:
        for path in sorted(folders_at(folder), reverse=True):
            if path not in before:
                with suppress(OSError):
                    path.rmdir()
        raise


def forget_arms(folder: Path, keep: Collection[str], names: Collection[str]) -> None:
    """Remove what an earlier comparison in a folder wrote for arms that are not kept; what is not ours stays.

    Raises
    ------
    InputError
        Where that is not allowed.
    """
    try:
        arms = [str(arm) for arm in read_manifest(folder)["comparison"]["arms"]]
    except (InputError, KeyError, TypeError):
        return
    try:
        for arm in arms:
            if arm in keep or Path(arm).name != arm:
                continue
            for name in names:
                (folder / arm / name).unlink(missing_ok=True)
            with suppress(OSError):
                (folder / arm).rmdir()
    except OSError as error:
        raise refuse(folder, f"could not be changed: {error.strerror or error}") from None


def files_told(path: Path) -> list[str]:
    """Return the names of the files that an analysis wrote, as its JSON file tells them; none where there is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["files"]
        return [name for name in told if isinstance(name, str) and name and Path(name).name == name]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def forget_analyses(folder: Path) -> None:
    """Remove the analyses of results that are being replaced; what is not ours stays.

    Raises
    ------
    InputError
        Where that is not allowed.
    """
    try:
        for told in list(folder.glob(f"{ANALYSIS}/*/*.json")):
            for name in files_told(told):
                (told.parent / name).unlink(missing_ok=True)
            with suppress(OSError):
                told.parent.rmdir()
                told.parent.parent.rmdir()
    except OSError as error:
        raise refuse(folder, f"could not be changed: {error.strerror or error}") from None


def write_table(table: Any, folder: Path, name: str, *, csv: bool) -> None:
    """Write a table as Parquet, and as CSV too."""
    pyarrow.parquet.write_table(table, folder / f"{name}.parquet", compression="zstd")
    if csv:
        write_csv(table, folder / f"{name}.csv")


def write_csv(table: Any, path: Path) -> None:
    """Write a table as CSV."""
    pyarrow.csv.write_csv(plain(table), path)


def plain(table: Any) -> Any:
    """Return a table as CSV can hold it: words as plain text, and nothing where a number has no meaning."""
    fields = [
        (field.name, pyarrow.string() if pyarrow.types.is_dictionary(field.type) else field.type)
        for field in table.schema
    ]
    plain = table.cast(pyarrow.schema(fields))
    for place, field in enumerate(plain.schema):
        if pyarrow.types.is_floating(field.type):
            column = plain.column(place)
            blank = pyarrow.scalar(None, field.type)
            plain = plain.set_column(place, field.name, pyarrow.compute.if_else(column.is_nan(), blank, column))
    return plain
