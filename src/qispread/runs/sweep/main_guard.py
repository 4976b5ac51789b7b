"""Detection of scripts that start worker processes without `if __name__ == "__main__"`."""

import multiprocessing
import sys

from qispread.inputs.errors import Fault, InputError


def unguarded_error() -> InputError:
    """Return the error for workers that end at the start, usually because each runs the caller's script again."""
    problem = "worker processes ended before any work; a script must start a sweep under if __name__ =="
    return InputError([Fault("--executor", f"{problem} '__main__'")])


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
