"""Files that are whole or not there, on a disk that may fill up and a machine that may stop at any moment."""

import os
import re
from contextlib import suppress
from pathlib import Path

from qispread.inputs.errors import Fault, InputError

TEMPORARY_PATTERN = ".*.tmp-*"
"""Names of what a process that was killed may leave behind."""


URL = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""How an address begins, once `Path` has taken one of its two strokes; a drive of Windows has one letter."""


def local_folder(given: str | Path) -> Path:
    """Return a folder as a path.

    Raises
    ------
    InputError
        For an address such as ``s3://bucket/folder``, which would make a folder called ``s3:`` here.
    """
    if URL.match(str(given)):
        problem = "is an address, and results are written to folders of this machine alone; write them to a folder and "
        raise InputError([Fault("--out", f"{problem}copy it there, or mount the other as a folder", str(given))])
    return Path(given)


def fsync_folder(folder: Path) -> None:
    """Make sure that the names in a folder outlast a loss of power, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def atomic_write(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there once it is safely on disk.

    Raises
    ------
    OSError
        Where that fails; then what was there before is as it was.
    """
    beside = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    fsync_folder(path.parent)


def append_line(path: Path, line: str) -> None:
    """Append a line to a file, safely on disk when this returns; a line cut short before is left to stand alone.

    Raises
    ------
    OSError
        Where that fails; then the file ends where it ended.
    """
    with path.open("ab") as file:
        before = file.tell()
        try:
            file.write((("" if _ends_with_newline(path) else "\n") + line + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.truncate(path, before)
            raise


def _ends_with_newline(path: Path) -> bool:
    """Return whether a file is empty or ends with a line break."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def remove_temporary_files(*folders: Path) -> None:
    """Remove what a process that was killed left half written."""
    for folder in folders:
        for path in folder.glob(TEMPORARY_PATTERN):
            path.unlink(missing_ok=True)
