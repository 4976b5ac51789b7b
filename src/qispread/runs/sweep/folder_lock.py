"""A lock for one sweep at a time in a folder, which the system releases when its process ends."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from qispread.inputs.errors import Fault, InputError

LOCK, LOCK_HELD, REMOVING = ".lock", ".lock-held", ".lock-removing"
"""The locked file; the file that exists while a folder is locked on a file system without locks; and the file that
exists while a process removes the lock of one that has ended."""
HELD_ERRORS = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""Errors if another process has the lock; any other error means that locks are not supported."""
NO_LOCKS = (
    "note: {folder} is on a file system without locks ({error}); the file {held} marks it as locked, and has to be "
    "removed by hand if this process is killed on another machine"
)

Logger = Callable[[str], None]


def _acquire(file: IO[Any]) -> None:
    """Lock a file, or raise OSError at once if another process has the lock or locks are not supported."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        file.seek(1 << 20)
        windows: Any = msvcrt
        windows.locking(file.fileno(), windows.LK_NBLCK, 1)
        file.seek(0)
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Locks a folder for one sweep; the lock ends with its process.

    On a file system without locks, such as Lustre mounted without them, a file marks the lock; a file left by a killed
    process of this machine is ignored.

    Parameters
    ----------
    folder : Path
    log : callable, optional
        Called with notes about the lock.

    Raises
    ------
    InputError
        If another sweep has the lock, with its process, or the folder is not writable.
    """

    def __init__(self, folder: Path, log: Logger | None = None) -> None:
        self.folder, self.log = folder, log
        self.held: Path | None = None

    def __enter__(self) -> Self:
        try:
            self.file = (self.folder / LOCK).open("a+", encoding="utf-8")
        except OSError as error:
            raise InputError([Fault("", f"cannot be written to: {error.strerror}", str(self.folder))]) from None
        try:
            _acquire(self.file)
        except OSError as error:
            if error.errno in HELD_ERRORS:
                self.file.seek(0)
                raise self._refusal(self.file.read()) from None
            self._hold_by_file(error)
        self.file.truncate(0)
        self.file.write(current_process())
        self.file.flush()
        return self

    def _refusal(self, holder: str, advice: str = "") -> InputError:
        self.file.close()
        problem = f"is locked by another sweep ({holder.strip() or 'another process'}); wait for it, or stop it{advice}"
        return InputError([Fault("", problem, str(self.folder))])

    def _hold_by_file(self, error: OSError) -> None:
        """Lock the folder by a marker file."""
        held = self.folder / LOCK_HELD
        try:
            if is_dead(read_lock_text(held)):
                self._remove_of_dead(held)
            with held.open("x", encoding="utf-8") as file:
                file.write(current_process())
        except FileExistsError:
            lock_files = [str(path) for path in (held, self.folder / REMOVING) if path.exists()]
            advice = f"; if that process has ended, remove {' and '.join(lock_files)}" if lock_files else ""
            raise self._refusal(read_lock_text(held), advice) from None
        except OSError as second:
            raise InputError([Fault("", f"cannot be written to: {second.strerror}", str(self.folder))]) from None
        self.held = held
        if self.log is not None:
            self.log(NO_LOCKS.format(folder=self.folder, error=error.strerror, held=LOCK_HELD))

    def _remove_of_dead(self, held: Path) -> None:
        """Remove the file of a process that has ended; raises FileExistsError if another process is removing it."""
        removing = self.folder / REMOVING
        removing.open("x").close()
        try:
            # Another process may have replaced it with its own lock since the last check.
            if is_dead(read_lock_text(held)):
                held.unlink(missing_ok=True)
        finally:
            removing.unlink(missing_ok=True)

    def __exit__(self, *_: object) -> None:
        # The locked file remains: otherwise a third process could lock another file with the same name.
        with suppress(OSError):
            self.file.truncate(0)
        self.file.close()
        if self.held is not None:
            self.held.unlink(missing_ok=True)


def current_process() -> str:
    """Return a description of this process for a lock."""
    return f"process {os.getpid()} on {socket.gethostname()}\n"


def read_lock_text(path: Path) -> str:
    """Return the text of a file; empty if it does not exist."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def is_dead(holder: str) -> bool:
    """Return whether a lock belongs to a process of this machine that has ended."""
    parts = holder.split()
    if len(parts) != len(current_process().split()) or parts[-1] != socket.gethostname() or not parts[1].isdigit():
        return False
    if os.name != "posix":
        return False  # where signal 0 does more than check the process
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
