"""Worker processes for users' own classes of organisations, which Python runs on one core in each process."""

import inspect
import multiprocessing
import signal
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.organisation_class import (
    ORGANISATION_CLASS,
    OrganisationClass,
    describe_difference,
    refer_to_class,
    require_importable,
)

NAME_IN_WORKERS = "__mp_main__"
"""The name under which multiprocessing imports the script in a new process."""
EXIT_UNGUARDED = 1
"""Exit code of such a process if the script starts runs on import."""
UNGUARDED = "worker processes ended before any work; a script must start runs under if __name__ == '__main__'"
LOST = "a worker process ended during its runs, for example for lack of memory; use fewer workers"


def exit_import_in_worker() -> None:
    """End this process if it is a worker that imports a script which starts processes without a main guard.

    A new process imports the script of its parent under another name. It ends silently: its parent reports the fault
    once.
    """
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals.get("__name__") == NAME_IN_WORKERS:
            raise SystemExit(EXIT_UNGUARDED)
        frame = frame.f_back


def ignore_interrupt() -> None:
    """Leave Ctrl-C to the parent process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def open_processes(organisation_class: OrganisationClass | None, workers: int | None) -> Iterator[Executor | None]:
    """Open an executor of processes for a class of organisations, or None where this process does the work.

    Parameters
    ----------
    organisation_class : type or None
    workers : int or None
        Number of processes; with None or 1 there are none.

    Raises
    ------
    InputError
        For a class that processes cannot import, a script without a main guard, and processes that end early.
    """
    if organisation_class is None or workers is None or workers < 2:
        yield None
        return
    require_importable(organisation_class)
    exit_import_in_worker()
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=ignore_interrupt)
    try:
        wait_for_start(pool, organisation_class)
        yield pool
    except BrokenProcessPool:
        raise InputError([Fault("workers", LOST)]) from None
    except BaseException:
        for process in dict(getattr(pool, "_processes", None) or {}).values():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def wait_for_start(pool: Executor, organisation_class: OrganisationClass) -> None:
    """Wait until a first process has started and imported a class of organisations.

    Raises
    ------
    InputError
        If processes end at the start, usually because each runs the caller's script again; or if they have another
        class, usually because its file has been edited since this process imported it.
    """
    try:
        difference = pool.submit(describe_difference, refer_to_class(organisation_class)).result()
    except BrokenProcessPool:
        raise InputError([Fault("workers", UNGUARDED)]) from None
    if difference:
        raise InputError([Fault(ORGANISATION_CLASS, f"worker processes have {difference}")])
