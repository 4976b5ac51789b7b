"""Worker pools of Dask: with the user's scheduler, or a cluster on this machine."""

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
from qispread.runs.sweep.main_guard import require_main_guard, unguarded_error
from qispread.runs.sweep.worker import MismatchError, describe_mismatch
from qispread.runs.sweep.worker_pools import WorkerPool

CONNECT_TIMEOUT, WORKER_TIMEOUT = 20.0, 60.0
"""Seconds within which a scheduler must answer and a first worker must connect."""
IDENTITY = "qispread.runs.identity"
"""The module that identifies a worker's environment, which earlier versions lack."""


class DaskWorkerPool(WorkerPool):
    """The workers of a Dask cluster.

    Parameters
    ----------
    workers : int
        Workers to start on this machine, without a scheduler.
    scheduler : str, optional
        The address of a running scheduler.

    Raises
    ------
    InputError
        If Dask is not installed, the scheduler cannot be reached, or its workers have another environment.
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
            problem = "dask needs an extra package: pip install 'qispread[dask]'"
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
        start = time.monotonic()
        while not self.client.nthreads():
            if time.monotonic() - start > WORKER_TIMEOUT:
                raise TimeoutError("it has no workers")
            time.sleep(0.1)

    def _refuse_others(self) -> None:
        """Require that every worker has the same qispread and libraries; one without would hang.

        Raises
        ------
        InputError
            With every worker that differs.
        """
        differences = self._differences(set(self.client.nthreads()))
        if differences:
            self.shutdown()
            faults = [
                self._unreachable_fault(f"has a worker that differs: {name} has {difference}")
                for name, difference in differences
            ]
            raise InputError(faults[:MAX_LISTED])

    def _differences(self, workers: set[str]) -> list[tuple[str, str]]:
        """Return the workers with other code or libraries, and a description of the differences.

        A worker that cannot be reached, because it is ending, is checked again if it reconnects.
        """
        current, differences = environment(), []
        imported = self._query_workers(import_module, workers, IDENTITY)
        answers = self._query_workers(environment, {name for name, answer in imported.items() if not is_error(answer)})
        for name, answer in {**imported, **answers}.items():
            self.checked_workers.add(name)
            if isinstance(answer, ModuleNotFoundError) and answer.name == IDENTITY:
                differences.append((name, "an earlier qispread"))
            elif is_error(answer):
                differences.append((name, f"no usable qispread: {answer}"))
            elif name in answers and (changes := compare_identities(current, answer)):
                differences.append((name, describe_mismatch(changes)))
        return sorted(differences)

    def _query_workers(self, task: Any, workers: set[str], *arguments: Any) -> dict[str, Any]:
        """Return the result or error of a task on each worker, without those that cannot be reached."""
        if not workers:
            return {}
        answers = self.client.run(task, *arguments, workers=sorted(workers), on_error="return")
        return {name: answer for name, answer in answers.items() if not isinstance(answer, OSError)}

    def _unreachable_fault(self, problem: str) -> Fault:
        return Fault("--scheduler", f"{self.scheduler or 'on this machine'} {problem}")

    def _unreachable_error(self, problem: str) -> InputError:
        return InputError([self._unreachable_fault(problem)])

    def submit(self, task: Any, *arguments: Any) -> "Future[Any]":
        """Submit a task; `check_alive` detects a client that has lost its scheduler."""
        try:
            return super().submit(task, *arguments)
        except Exception as error:  # noqa: BLE001 - whatever a lost client raises
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    def check_alive(self) -> None:
        """Check the scheduler, and reconnect as `restart` does if it cannot be reached."""
        if self.client.status != "running" or not self._is_reachable():
            self.restart()
        self._compare_newcomers()

    def refused(self, error: MismatchError) -> None:
        """Record and report a worker that refused its work, and use others; raises as in `WorkerPool`."""
        self.note_mismatch(error.worker, error.differs)
        self._avoid_mismatched()

    def _compare_newcomers(self) -> None:
        """Check the environment of new workers; those that differ get no work."""
        newcomers = set(self.client.nthreads()) - self.checked_workers
        for name, differs in self._differences(newcomers) if newcomers else ():
            self.note_mismatch(name, differs)
        if self.mismatched:
            self._avoid_mismatched()

    def _avoid_mismatched(self) -> None:
        """Restrict work to the workers with the same code and libraries.

        If none is connected, Dask may give work to others, which refuse it, so that it does not wait for ever.
        """
        connected = set(self.client.nthreads())
        matching = sorted(connected - set(self.mismatched))
        if connected and not matching:
            raise self.no_worker_error()
        if matching != self.matching_workers:
            self.matching_workers = matching
            self.executor = self.client.get_executor(pure=False, workers=matching, allow_other_workers=True)

    def _is_reachable(self) -> bool:
        try:
            self.client.scheduler_info()
            self.client.sync(self.client.scheduler.identity)
        except Exception:  # noqa: BLE001 - any failure means that it does not answer
            return False
        return True

    def restart(self) -> None:
        """Restart the local cluster, or reconnect to a restarted scheduler.

        Raises
        ------
        InputError
            If that fails.
        """
        self.shutdown(immediately=True)
        try:
            self.executor = self._connect()
        except InputError:
            raise self._unreachable_error(
                "is no longer available; completed runs are kept, and the same command continues from there"
            ) from None
        self.checked_workers.clear()
        self.mismatched.clear()
        self.matching_workers = []
        self._refuse_others()

    def shutdown(self, *, immediately: bool = False) -> None:
        """Disconnect from the cluster, and close a local one."""
        for resource in (self.client, self.cluster):
            if resource is not None:
                with suppress(Exception):
                    resource.close(timeout=2 if immediately else 10)


def start_local_cluster(workers: int) -> Any:
    """Return a cluster of worker processes on this machine; raises InputError if they end at once."""
    import dask
    import distributed

    require_main_guard()
    # Our scheduler finds runs that kill workers (decision 37): Dask would try them on one worker after another.
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), ignore_interrupts():
        try:
            return distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
            )
        except RuntimeError:
            raise unguarded_error() from None


def is_error(answer: Any) -> bool:
    """Return whether a worker's answer is an exception."""
    return isinstance(answer, BaseException)


@contextmanager
def ignore_interrupts() -> Iterator[None]:
    """Let processes started within this context ignore Ctrl-C, which their parent handles."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def silence_dask_logging() -> None:
    """Silence Dask's messages about closed connections, which it logs whenever a cluster closes."""
    for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]:
        logging.getLogger(name).setLevel(logging.CRITICAL)
