"""Detection of scripts that start worker processes without `if __name__ == "__main__"`."""

import inspect
import multiprocessing
import sys

from qispread.inputs.errors import Fault, InputError

NAME_IN_WORKERS = "__mp_main__"
"""The name under which multiprocessing imports the script in a new process."""
EXIT_UNGUARDED = 1
"""Exit code of such a process if the script starts a sweep on import."""


def unguarded_error() -> InputError:
    """Return the error for workers that end at the start, usually because each runs the caller's script again."""
    problem = "worker processes ended before any work; a script must start a sweep under if __name__ =="
    return InputError([Fault("--executor", f"{problem} '__main__'")])


def exit_import_in_worker() -> None:
    """End this process if it is a worker that imports a script which starts a sweep without a main guard.

    A new process imports the script of its parent under another name. It ends silently: its parent reports the fault
    once.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == NAME_IN_WORKERS:
            raise SystemExit(EXIT_UNGUARDED)
        frame = frame.f_back


def require_main_guard() -> None:
    """Start one process as a worker would start, and end it, to find a script without a main guard.

    Dask may wait for ever for workers that end while they start, so this is known before it starts any (decision 90).

    Raises
    ------
    InputError
        If the process ends with an error, usually because it runs the caller's script again.
    """
    if getattr(sys.modules["__main__"], "__file__", None) is None:
        return
    process = multiprocessing.get_context("spawn").Process(target=int)
    process.start()
    process.join()
    if process.exitcode:
        raise unguarded_error()
