"""One sweep at a time in a folder: a lock that the system itself lets go of when its holder dies."""

import os
import socket
from pathlib import Path
from typing import IO, Any, Self

from qispread.config.faults import Fault, InputError

LOCK = ".lock"


def _hold(file: IO[Any]) -> None:
    """Take the lock of a file, or raise OSError at once where another process has it."""
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

    Raises
    ------
    InputError
        Where another sweep holds it, with the process that does, or the folder cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Self:
        try:
            self.file = (self.folder / LOCK).open("a+", encoding="utf-8")
        except OSError as error:
            raise InputError([Fault("", f"cannot be written to: {error.strerror}", str(self.folder))]) from None
        try:
            _hold(self.file)
        except OSError:
            self.file.seek(0)
            holder = self.file.read().strip() or "another process"
            self.file.close()
            problem = f"is held by another sweep ({holder}); wait for it, or stop it"
            raise InputError([Fault("", problem, str(self.folder))]) from None
        self.file.truncate(0)
        self.file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        self.file.flush()
        return self

    def __exit__(self, *_: object) -> None:
        # The file stays: removing it would let a third process lock another file of the same name.
        self.file.truncate(0)
        self.file.close()
