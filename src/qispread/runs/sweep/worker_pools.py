"""Worker pools: executors with the interface of concurrent.futures, and how they start and restart."""

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
from qispread.inputs.errors import Fault, InputError
from qispread.runs.sweep.main_guard import unguarded_error
from qispread.runs.sweep.watchdog import Watchdog
from qispread.runs.sweep.worker import MismatchError, process_name

EXECUTOR_NAMES = ("inline", "threads", "processes", "dask")
MAX_OUTSTANDING = 16
CHUNKS_PER_WORKER = 4
"""Submitted chunks for each worker, if there are many workers."""
MAX_REFUSALS = 200
"""Consecutive refusals after which all workers count as refusing."""
MAX_START_ATTEMPTS = 3
"""Attempts to start workers that end at the start, because one may have been killed from outside."""


class InlineExecutor(Executor):
    """Runs tasks at once in the caller's thread, for debugging."""

    def submit(self, task: Any, /, *arguments: Any, **named: Any) -> "Future[Any]":
        """Run a task and return its completed future."""
        future: Future[Any] = Future()
        try:
            future.set_result(task(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - raised to the caller of `result`
            future.set_exception(error)
        return future


class WorkerPool:
    """Workers that run tasks, can be replaced when they break, and can be shut down.

    Attributes
    ----------
    executor : concurrent.futures.Executor
    in_process : bool
        Whether its workers are threads of this process.
    workers : int
        Number of workers; one for each core if unknown.
    known_workers : int or None
        Number of workers; None if unknown for the user's executor.
    outstanding : int
        Most chunks submitted at once, which limits memory.
    chunk_seconds : float
        Target duration of a chunk, long compared with the cost of submitting it.
    """

    chunk_seconds = 0.1

    log: Callable[[str], None] = staticmethod(lambda _: None)
    """Called with notes while workers run."""

    def __init__(self, executor: Executor, workers: int | None) -> None:
        self.executor, self.known_workers = executor, workers
        self.workers = workers = workers or available_cores()
        self.in_process = isinstance(executor, ThreadPoolExecutor | InlineExecutor)
        self.mismatched: dict[str, str] = {}
        self.refusals = 0
        self.outstanding = max(MAX_OUTSTANDING, CHUNKS_PER_WORKER * workers)

    def submit(self, task: Any, *arguments: Any) -> "Future[Any]":
        """Submit a task."""
        return self.executor.submit(task, *arguments)

    def restart(self) -> None:
        """Restart broken workers.

        Raises
        ------
        InputError
            If that is not possible.
        """
        raise InputError([Fault("--executor", "its workers ended, and qispread cannot restart a user's executor")])

    def accepted(self) -> None:
        """Record completed work."""
        self.refusals = 0

    def refused(self, error: MismatchError) -> None:
        """Record and report a worker that refused its work; others will do it.

        Raises
        ------
        InputError
            If no worker has the code and libraries of this sweep.
        """
        self.refusals += 1
        self.note_mismatch(error.worker, error.differs)
        is_own_process = error.process == process_name()
        all_mismatched = self.known_workers is not None and len(self.mismatched) >= self.known_workers
        if is_own_process or all_mismatched or self.refusals >= MAX_REFUSALS:
            raise self.no_worker_error()

    def note_mismatch(self, worker: str, differs: str) -> None:
        """Report once that a worker differs and gets no work."""
        if worker not in self.mismatched:
            self.mismatched[worker] = differs
            self.log(f"Worker {worker} gets no work from this sweep: it has {differs}.")

    def no_worker_error(self) -> InputError:
        """Return the error for workers that all have other code or libraries."""
        worker_faults = [Fault(f"worker {name}", f"has {differs}") for name, differs in self.mismatched.items()]
        problem = "no worker has the code and libraries of this sweep; completed runs are kept, and the same command "
        problem += "resumes once workers have them"
        return InputError([Fault("--executor", problem), *worker_faults[:MAX_OUTSTANDING]])

    def check_alive(self) -> None:
        """Check that the workers can be reached, if necessary; raises as `restart`."""

    def shutdown(self, *, immediately: bool = False) -> None:
        """Shut down the workers; `immediately` abandons their current tasks."""


class InlineWorkerPool(WorkerPool):
    """The caller's own thread as the only worker."""

    def __init__(self) -> None:
        super().__init__(InlineExecutor(), 1)
        self.outstanding = 1


class ThreadWorkerPool(WorkerPool):
    """Threads: the compiled model releases Python's global interpreter lock."""

    def __init__(self, workers: int) -> None:
        super().__init__(ThreadPoolExecutor(workers), workers)

    def shutdown(self, *, immediately: bool = False) -> None:
        """Shut down the threads; `immediately` does not wait for their current tasks, whose results are discarded."""
        self.executor.shutdown(wait=not immediately, cancel_futures=immediately)


def init_worker() -> None:
    """Initialise a worker process: it ignores Ctrl-C, which its parent handles, and ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Watchdog.enabled = True
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_with_parent, args=(parent,), daemon=True).start()


def _exit_with_parent(parent: Any) -> None:
    parent.join()
    os._exit(1)


def ping() -> int:
    """Return the id of this process, to test that a worker is running."""
    return os.getpid()


class ProcessWorkerPool(WorkerPool):
    """Processes, spawned and not forked, so that they work in notebooks and on every system."""

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
        """Start new processes."""
        self.shutdown(immediately=True)
        self.mismatched.clear()
        self.executor = self._start_executor(self.workers)

    def shutdown(self, *, immediately: bool = False) -> None:
        """Shut down the processes, or end them `immediately`."""
        processes = dict(getattr(self.executor, "_processes", None) or {})
        if immediately:
            for process in processes.values():
                with suppress(OSError, ValueError):
                    process.kill()
        self.executor.shutdown(wait=True, cancel_futures=immediately)
