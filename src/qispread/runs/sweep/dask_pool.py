"""Dask as the workers: a scheduler of the user's, or one on this machine."""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from qispread.inputs.errors import Fault, InputError
from qispread.runs.identity import MAX_LISTED, compare_identities, environment
from qispread.runs.sweep.main_guard import unguarded_error
from qispread.runs.sweep.worker import MismatchError, describe_mismatch
from qispread.runs.sweep.worker_pools import WorkerPool

CONNECT_TIMEOUT, WORKER_TIMEOUT = 20.0, 60.0
"""Seconds in which a scheduler must answer, and in which a first worker must come."""
IDENTITY = "qispread.runs.identity"
"""The module that says what a worker is: earlier versions lack it."""


class DaskWorkerPool(WorkerPool):
    """The workers of a Dask cluster.

    Parameters
    ----------
    workers : int
        How many to start on this machine, where no scheduler is given.
    scheduler : str, optional
        The address of one that runs already.

    Raises
    ------
    InputError
        Where Dask is not installed, the scheduler cannot be reached, or its workers have not this qispread.
    """

    chunk_seconds = 0.25
    cluster: Any = None
    client: Any = None

    def __init__(self, workers: int, scheduler: str | None) -> None:
        self.scheduler, self.count = scheduler, workers
        self.checked_workers: set[str] = set()
        self.matching_workers: list[str] = []
        executor = self._connect()
        self._refuse_others()
        super().__init__(executor, sum(self.client.nthreads().values()))

    def _connect(self) -> Any:
        try:
            import distributed
        except ImportError:
            problem = "dask needs a package more: pip install 'qispread[dask]'"
            raise InputError([Fault("--executor", problem)]) from None
        silence_dask_logging()
        if self.scheduler is None:
            self.cluster = start_local_cluster(self.count)
        try:
            self.client = distributed.Client(
                self.scheduler or self.cluster, timeout=CONNECT_TIMEOUT, set_as_default=False
            )
            self._wait_for_workers()
        except (OSError, ValueError, TimeoutError) as error:
            raise self._unreachable_error(f"cannot be reached: {error}") from None
        return self.client.get_executor(pure=False)

    def _wait_for_workers(self) -> None:
        began = time.monotonic()
        while not self.client.nthreads():
            if time.monotonic() - began > WORKER_TIMEOUT:
                raise TimeoutError("it has no workers")
            time.sleep(0.1)

    def _refuse_others(self) -> None:
        """Make sure that every worker has this very qispread and these libraries; one without would hang for ever.

        Raises
        ------
        InputError
            With every worker that differs.
        """
        found = self._differences(set(self.client.nthreads()))
        if found:
            self.shutdown()
            faults = [self._unreachable_fault(f"has a worker that differs: {name} has {one}") for name, one in found]
            raise InputError(faults[:MAX_LISTED])

    def _differences(self, workers: set[str]) -> list[tuple[str, str]]:
        """Return the workers among some that have other code or libraries, and in words which.

        One that cannot be reached, since it is just ending, is left to be looked at again should it come back.
        """
        here, found = environment(), []
        imported = self._query_workers(import_module, workers, IDENTITY)
        answers = self._query_workers(environment, {name for name, one in imported.items() if not is_error(one)})
        for name, answer in {**imported, **answers}.items():
            self.checked_workers.add(name)
            if isinstance(answer, ModuleNotFoundError) and answer.name == IDENTITY:
                found.append((name, "an earlier qispread"))
            elif is_error(answer):
                found.append((name, f"no qispread that says what it is: {answer}"))
            elif name in answers and (others := compare_identities(here, answer)):
                found.append((name, describe_mismatch(others)))
        return sorted(found)

    def _query_workers(self, task: Any, workers: set[str], *arguments: Any) -> dict[str, Any]:
        """Return what a task gives on some workers, or how it failed; without those that cannot be reached."""
        if not workers:
            return {}
        answers = self.client.run(task, *arguments, workers=sorted(workers), on_error="return")
        return {name: one for name, one in answers.items() if not isinstance(one, OSError)}

    def _unreachable_fault(self, problem: str) -> Fault:
        return Fault("--scheduler", f"{self.scheduler or 'on this machine'} {problem}")

    def _unreachable_error(self, problem: str) -> InputError:
        return InputError([self._unreachable_fault(problem)])

    def submit(self, task: Any, *arguments: Any) -> "Future[Any]":
        """Hand out a task; a client that has lost its scheduler is found out by `check_alive`."""
        try:
            return super().submit(task, *arguments)
        except Exception as error:  # noqa: BLE001 - whatever a lost client raises
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    def check_alive(self) -> None:
        """Look whether the scheduler is there, and do as `restart` where it is not."""
        if self.client.status != "running" or not self._is_reachable():
            self.restart()
        self._compare_newcomers()

    def refused(self, error: MismatchError) -> None:
        """Note that a worker refused its work, say so once, and let others do it; raises as that of a `WorkerPool`."""
        self.note_mismatch(error.worker, error.differs)
        self._avoid_mismatched()

    def _compare_newcomers(self) -> None:
        """Look at the workers that came since; what differs gets no work."""
        newcomers = set(self.client.nthreads()) - self.checked_workers
        for name, differs in self._differences(newcomers) if newcomers else ():
            self.note_mismatch(name, differs)
        if self.mismatched:
            self._avoid_mismatched()

    def _avoid_mismatched(self) -> None:
        """Hand out work to the workers that have this code and these libraries.

        Where none of them is there at the moment, Dask may hand it to others, who refuse it: it is not held for ever.
        """
        there = set(self.client.nthreads())
        right = sorted(there - set(self.mismatched))
        if there and not right:
            raise self.no_worker_error()
        if right != self.matching_workers:
            self.matching_workers = right
            self.executor = self.client.get_executor(pure=False, workers=right, allow_other_workers=True)

    def _is_reachable(self) -> bool:
        try:
            self.client.scheduler_info()
            self.client.sync(self.client.scheduler.identity)
        except Exception:  # noqa: BLE001 - any failure means that it does not answer
            return False
        return True

    def restart(self) -> None:
        """Start a cluster of our own anew, or come back to a scheduler that was started again.

        Raises
        ------
        InputError
            Where that cannot be.
        """
        self.shutdown(immediately=True)
        try:
            self.executor = self._connect()
        except InputError:
            raise self._unreachable_error(
                "has gone; what is done is kept, and the same command goes on from there"
            ) from None
        self.checked_workers.clear()
        self.mismatched.clear()
        self.matching_workers = []
        self._refuse_others()

    def shutdown(self, *, immediately: bool = False) -> None:
        """Leave the cluster, and close it where it is our own."""
        for one in (self.client, self.cluster):
            if one is not None:
                with suppress(Exception):
                    one.close(timeout=2 if immediately else 10)


def start_local_cluster(workers: int) -> Any:
    """Return a cluster of so many worker processes on this machine; raises InputError where they end at once."""
    import dask
    import distributed

    # A run that kills its worker is for us to find: Dask would try it on one worker after another.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), ignore_interrupts():
        try:
            return distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
            )
        except RuntimeError:
            raise unguarded_error() from None


def is_error(answer: Any) -> bool:
    """Return whether a worker answered that it failed."""
    return isinstance(answer, BaseException)


@contextmanager
def ignore_interrupts() -> Iterator[None]:
    """Let processes that are started within leave Ctrl-C to their parent, as they inherit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def silence_dask_logging() -> None:
    """Keep Dask from telling of connections that end, which it does whenever a cluster is closed."""
    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
