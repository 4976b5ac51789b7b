"""One sweep at a time in a folder: a lock that the system itself lets go of when its holder dies."""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from qispread.inputs.errors import Fault, InputError

LOCK, LOCK_HELD, REMOVING = ".lock", ".lock-held", ".lock-removing"
"""The file that is locked, the one that is there while a folder is held where no file can be locked, and the one that
is there while a process removes that of another which has ended."""
HELD_ERRORS = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""How systems say that another process has the lock; any other error says that there are no locks."""
NO_LOCKS = (
    "note: {folder} is on a file system without locks ({error}); the file {held} says that it is held, and has to be "
    "removed by hand should this process be killed on another machine"
)

Logger = Callable[[str], None]


def _acquire(file: IO[Any]) -> None:
    """Take the lock of a file, or raise OSError at once where another process has it, or where there are no locks."""
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
    """Holds a folder for one sweep; a process that is killed holds nothing any more.

    Where the file system has no locks, as Lustre mounted without them, a file that is there while the folder is held
    takes their place: one that a process of this machine left when it was killed counts for nothing.

    Parameters
    ----------
    folder : Path
    say : callable, optional
        Called with what there is to know of the lock.

    Raises
    ------
    InputError
        Where another sweep holds it, with the process that does, or the folder cannot be written to.
    """

    def __init__(self, folder: Path, say: Logger | None = None) -> None:
        self.folder, self.say = folder, say
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

    def _refusal(self, holder: str, more: str = "") -> InputError:
        self.file.close()
        problem = f"is held by another sweep ({holder.strip() or 'another process'}); wait for it, or stop it{more}"
        return InputError([Fault("", problem, str(self.folder))])

    def _hold_by_file(self, error: OSError) -> None:
        """Hold the folder by a file that is there."""
        held = self.folder / LOCK_HELD
        try:
            if is_dead(read_lock_text(held)):
                self._remove_of_dead(held)
            with held.open("x", encoding="utf-8") as file:
                file.write(current_process())
        except FileExistsError:
            left = [str(path) for path in (held, self.folder / REMOVING) if path.exists()]
            more = f"; where that process has ended, remove {' and '.join(left)}" if left else ""
            raise self._refusal(read_lock_text(held), more) from None
        except OSError as second:
            raise InputError([Fault("", f"cannot be written to: {second.strerror}", str(self.folder))]) from None
        self.held = held
        if self.say is not None:
            self.say(NO_LOCKS.format(folder=self.folder, error=error.strerror, held=LOCK_HELD))

    def _remove_of_dead(self, held: Path) -> None:
        """Remove the file of a holder that has ended; raises FileExistsError where another process is about to."""
        removing = self.folder / REMOVING
        removing.open("x").close()
        try:
            # Another process may have removed it, and hold the folder by a file of its own, since we looked.
            if is_dead(read_lock_text(held)):
                held.unlink(missing_ok=True)
        finally:
            removing.unlink(missing_ok=True)

    def __exit__(self, *_: object) -> None:
        # The locked file stays: removing it would let a third process lock another file of the same name.
        with suppress(OSError):
            self.file.truncate(0)
        self.file.close()
        if self.held is not None:
            self.held.unlink(missing_ok=True)


def current_process() -> str:
    """Return which process this is, as a lock says it."""
    return f"process {os.getpid()} on {socket.gethostname()}\n"


def read_lock_text(path: Path) -> str:
    """Return what a file holds; nothing where it is not there, or not any more."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def is_dead(holder: str) -> bool:
    """Return whether a lock is of a process of this machine that has ended."""
    words = holder.split()
    if len(words) != len(current_process().split()) or words[-1] != socket.gethostname() or not words[1].isdigit():
        return False
    if os.name != "posix":
        return False  # where a signal of 0 is none that only asks
    try:
        os.kill(int(words[1]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
