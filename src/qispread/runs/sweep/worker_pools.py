"""Who does the work: anything with the interface of concurrent.futures, and how to start and replace it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any

from qispread.common.cpu_cores import available_cores
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.runs.sweep.main_guard import unguarded_error
from qispread.runs.sweep.worker import MismatchError, Watchdog, process_name

EXECUTOR_NAMES = ("inline", "threads", "processes", "dask")
MAX_OUTSTANDING = 16
CHUNKS_PER_WORKER = 4
"""Chunks handed out for each worker, where there are many."""
MAX_REFUSALS = 200
"""Refusals in a row, with no work done between them, after which all workers count as refusing."""
MAX_START_ATTEMPTS = 3
"""Times that workers which end while they start are started, since one may have been killed from outside."""


class InlineExecutor(Executor):
    """Runs what it is given at once, in the caller's own thread: for looking into with a debugger."""

    def submit(self, task: Any, /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Run a task and return its future, which is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(task(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asks for the result
            future.set_exception(error)
        return future


class WorkerPool:
    """Workers that can be asked for results, replaced when they break, and sent away.

    Attributes
    ----------
    executor : concurrent.futures.Executor
    workers : int
        How many there are, or are taken to be: one for each core where that is not known.
    known_workers : int or None
        How many there are; None where an executor of the user's own does not say.
    outstanding : int
        How many chunks are handed out at most, which bounds what is held in memory.
    chunk_seconds : float
        How long a chunk should take: long against the cost of handing it out.
    """

    chunk_seconds = 0.1

    log: Callable[[str], None] = staticmethod(lambda _: None)
    """Called with what there is to know while they work."""

    def __init__(self, executor: Executor, known: int | None) -> None:
        self.executor, self.known_workers = executor, known
        self.workers = workers = known or available_cores()
        self.mismatched: dict[str, str] = {}
        self.refusals = 0
        self.outstanding = max(MAX_OUTSTANDING, CHUNKS_PER_WORKER * workers)

    def submit(self, task: Any, *arguments: Any) -> "Future[Any]":
        """Hand out a task."""
        return self.executor.submit(task, *arguments)

    def restart(self) -> None:
        """Start anew after the workers broke.

        Raises
        ------
        InputError
            Where that cannot be.
        """
        raise InputError([Fault("--executor", "its workers are gone, and they are not ours to start again")])

    def accepted(self) -> None:
        """Note that work was done."""
        self.refusals = 0

    def refused(self, error: MismatchError) -> None:
        """Note that a worker refused its work, and say so once; others are to do it.

        Raises
        ------
        InputError
            Where no worker is left that has the code and the libraries of this sweep.
        """
        self.refusals += 1
        self.note_mismatch(error.worker, error.differs)
        alone = error.process == process_name()
        every = self.known_workers is not None and len(self.mismatched) >= self.known_workers
        if alone or every or self.refusals >= MAX_REFUSALS:
            raise self.no_worker_error()

    def note_mismatch(self, worker: str, differs: str) -> None:
        """Say once that a worker differs and gets no work."""
        if worker not in self.mismatched:
            self.mismatched[worker] = differs
            self.log(f"Worker {worker} gets no work of this sweep: it has {differs}.")

    def no_worker_error(self) -> InputError:
        """Return the error for workers that all have other code or libraries."""
        named = [Fault(f"worker {name}", f"has {differs}") for name, differs in self.mismatched.items()]
        problem = "no worker is left that has the code and the libraries of this sweep; what is done is kept, and the "
        problem += "same command goes on from there once workers have them"
        return InputError([Fault("--executor", problem), *named[:MAX_OUTSTANDING]])

    def check_alive(self) -> None:
        """Look whether the workers can be reached, where that is not known anyway; raises as `restart`."""

    def shutdown(self, *, immediately: bool = False) -> None:
        """Send the workers away; `immediately` gives up what they are doing."""


class InlineWorkerPool(WorkerPool):
    """Nobody but ourselves."""

    def __init__(self) -> None:
        super().__init__(InlineExecutor(), 1)
        self.outstanding = 1


class ThreadWorkerPool(WorkerPool):
    """Threads: the compiled model lets go of Python's lock."""

    def __init__(self, workers: int) -> None:
        super().__init__(ThreadPoolExecutor(workers), workers)

    def shutdown(self, *, immediately: bool = False) -> None:
        """Send the threads away; `immediately` does not wait for what they are doing, whose results nobody takes."""
        self.executor.shutdown(wait=not immediately, cancel_futures=immediately)


def init_worker() -> None:
    """Make a process a worker: it leaves Ctrl-C to its parent, and ends when its parent has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Watchdog.enabled = True
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()


def _exit_with_parent(parent: Any) -> None:
    parent.join()
    os._exit(1)


def ping() -> int:
    """Return the id of this process: a worker that can say it can work."""
    return os.getpid()


class ProcessWorkerPool(WorkerPool):
    """Processes, started afresh and not forked, so that they work in notebooks and on every system."""

    def __init__(self, workers: int) -> None:
        super().__init__(self._start_executor(workers), workers)

    @staticmethod
    def _start_executor(workers: int) -> ProcessPoolExecutor:
        for _ in range(MAX_START_ATTEMPTS):
            pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=init_worker)
            try:
                pool.submit(ping).result()
            except BrokenProcessPool:
                pool.shutdown(cancel_futures=True)
            else:
                return pool
        raise unguarded_error()

    def restart(self) -> None:
        """Start other processes."""
        self.shutdown(immediately=True)
        self.mismatched.clear()
        self.executor = self._start_executor(self.workers)

    def shutdown(self, *, immediately: bool = False) -> None:
        """Send the processes away, or end them."""
        processes = dict(getattr(self.executor, "_processes", None) or {})
        if immediately:
            for process in processes.values():
                with suppress(OSError, ValueError):
                    process.kill()
        self.executor.shutdown(wait=True, cancel_futures=immediately)


def create_worker_pool(executor: str | Executor, workers: int | None, scheduler: str | None) -> WorkerPool:
    """Return the workers that a name, or an executor of the user's own, stands for.

    Raises
    ------
    InputError
        For a name that there is not, a wrong number of workers, or a scheduler without Dask.
    """
    faults = []
    if workers is not None and workers < 1:
        faults.append(Fault("--workers", f"got {workers}; needed: at least 1"))
    if scheduler is not None and executor != "dask":
        faults.append(Fault("--scheduler", "is for --executor dask alone"))
    elif scheduler is not None and not scheduler.strip():
        faults.append(Fault("--scheduler", "got nothing; needed: an address such as tcp://host:8786"))
    if isinstance(executor, str) and executor not in EXECUTOR_NAMES:
        faults.append(Fault("--executor", f"got '{executor}'{did_you_mean(executor, EXECUTOR_NAMES)}"))
    if faults:
        raise InputError(faults)
    count = workers or available_cores()
    if isinstance(executor, Executor):
        return WorkerPool(executor, workers or getattr(executor, "_max_workers", None))
    if executor == "dask":
        from qispread.runs.sweep.dask_pool import DaskWorkerPool

        return DaskWorkerPool(count, scheduler)
    return {"inline": lambda _: InlineWorkerPool(), "threads": ThreadWorkerPool, "processes": ProcessWorkerPool}[
        executor
    ](count)
