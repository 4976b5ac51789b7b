"""Atomic writes: a file is complete or absent, even if the disk is full or the machine stops."""

import os
import re
from contextlib import suppress
from pathlib import Path

from qispread.inputs.errors import Fault, InputError

TEMPORARY_PATTERN = ".*.tmp-*"
"""Names of files that a killed process may leave behind."""


URL = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""The start of a URL after `Path` has removed one of its slashes; a Windows drive has only one letter."""


def local_folder(folder: str | Path) -> Path:
    """Return a folder as a path.

    Raises
    ------
    InputError
        For a URL such as ``s3://bucket/folder``, which would create a local folder called ``s3:``.
    """
    if URL.match(str(folder)):
        problem = "is a URL, but results are only written to local folders; write them to a folder and copy it there, "
        raise InputError([Fault("--out", f"{problem}or mount the remote storage as a folder", str(folder))])
    return Path(folder)


def folder_error(folder: Path, error: OSError, note: str = "") -> InputError:
    """Return the error for a folder that is not writable."""
    return InputError([Fault("", f"could not be written: {error.strerror or error}{note}", str(folder))])


def fsync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, if the system supports it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def atomic_write(path: Path, content: bytes) -> None:
    """Write a temporary file and move it into place once it is on disk.

    Raises
    ------
    OSError
        If that fails; an existing file is then unchanged.
    """
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    fsync_folder(path.parent)


def append_line(path: Path, line: str) -> None:
    """Append a line to a file and flush it to disk; an earlier incomplete line remains separate.

    Raises
    ------
    OSError
        If that fails; the file is then unchanged.
    """
    with path.open("ab") as file:
        size = file.tell()
        try:
            file.write((("" if _ends_with_newline(path) else "\n") + line + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.truncate(path, size)
            raise


def _ends_with_newline(path: Path) -> bool:
    """Return whether a file is empty or ends with a line break."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def remove_temporary_files(*folders: Path) -> None:
    """Remove incomplete files of killed processes."""
    for folder in folders:
        for path in folder.glob(TEMPORARY_PATTERN):
            path.unlink(missing_ok=True)
