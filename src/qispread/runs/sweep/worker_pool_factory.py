"""Which pool of workers runs a sweep: by name, or an executor of the user's own."""

from concurrent.futures import Executor

from qispread.common.cpu_cores import available_cores
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.runs.sweep.worker_pools import (
    EXECUTOR_NAMES,
    InlineWorkerPool,
    ProcessWorkerPool,
    ThreadWorkerPool,
    WorkerPool,
)


def create_worker_pool(executor: str | Executor, workers: int | None, scheduler: str | None) -> WorkerPool:
    """Return the worker pool of an executor's name, or of a user's executor.

    Raises
    ------
    InputError
        For an unknown name, an invalid number of workers, or a scheduler without Dask.
    """
    faults = []
    if workers is not None and workers < 1:
        faults.append(Fault("--workers", f"got {workers}; needed: at least 1"))
    if scheduler is not None and executor != "dask":
        faults.append(Fault("--scheduler", "is only for --executor dask"))
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
        from qispread.runs.sweep.dask_pool import DaskWorkerPool  # heavy: only where it is used

        return DaskWorkerPool(count, scheduler)
    return {"inline": lambda _: InlineWorkerPool(), "threads": ThreadWorkerPool, "processes": ProcessWorkerPool}[
        executor
    ](count)
