"""Work on replicates in threads, or in an executor that is given, in chunks and with progress."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from typing import TypeVar

from qispread.common.cpu_cores import available_cores

ProgressCallback = Callable[[int, int], None]
"""Called with the numbers of completed and of all replicates."""

TaskResult = TypeVar("TaskResult")

TASKS_PER_WORKER = 32


def split_replicates(replicates: range, workers: int) -> Iterator[range]:
    """Yield the replicates in equal chunks, several for each worker."""
    size = max(1, len(replicates) // (workers * TASKS_PER_WORKER))
    for first in range(0, len(replicates), size):
        yield replicates[first : first + size]


def map_in_threads(
    task: Callable[[range], list[TaskResult]],
    replicates: range,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: ProgressCallback | None = None,
) -> list[TaskResult]:
    """Return the results of a task for all replicates, in any order; the task receives chunks of replicates."""
    workers = workers or available_cores()
    results: list[TaskResult] = []
    own_executor = ThreadPoolExecutor(workers)
    futures = [(executor or own_executor).submit(task, chunk) for chunk in split_replicates(replicates, workers)]
    try:
        for future in as_completed(futures):
            results.extend(future.result())
            if progress is not None:
                progress(len(results), len(replicates))
    except BaseException:
        # An interrupt does not wait for the threads, which may be compiling or in a long run.
        for future in futures:
            future.cancel()
        raise
    finally:
        own_executor.shutdown(wait=False)
    return results
