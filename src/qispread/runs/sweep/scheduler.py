"""The scheduler of a sweep: distributes chunks of runs, collects results, and retries what a failed worker had."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qispread.runs.sweep.designs import FloatArray
from qispread.runs.sweep.run_order import RunOrder
from qispread.runs.sweep.sweep_tables import PartBuffer
from qispread.runs.sweep.worker import STOPPED_SWEEPS, ChunkOutcome, MismatchError, run_chunk
from qispread.runs.sweep.worker_pools import WorkerPool

MAX_TRIES = 3
POLL_SECONDS = 1.0
"""Seconds between checks that the workers are alive."""

PendingPart = tuple[int, NDArray[np.int64]]
"""A part, and the positions in it of missing runs."""


@dataclass(frozen=True)
class SweepProgress:
    """Progress of a sweep: runs completed, failed and in total, and runs per second since it was started or resumed."""

    completed: int
    failed: int
    runs: int
    rate: float

    @property
    def seconds_left(self) -> float:
        """Estimated remaining seconds."""
        return (self.runs - self.completed - self.failed) / self.rate if self.rate > 0.0 else float("inf")


@dataclass(frozen=True, eq=False)
class Chunk:
    """Runs of one part that are submitted together; `tries` counts how often they broke a worker."""

    part: int
    positions: NDArray[np.int64]
    tries: int = 0


class ChunkScheduler:
    """Runs the pending runs of a sweep.

    Parameters
    ----------
    pool : WorkerPool
    payload : bytes
        The pickled job for workers.
    key : str
        Key under which the sweep can be stopped.
    order : RunOrder
    numbers : array of (points, factors)
    seconds_per_run : float
        Estimated seconds for a run, which determines the size of chunks but no result.
    load_buffer : callable
        Returns the buffer of a part, with its existing runs.
    write_part : callable
        Called with each complete part and its buffer.
    progress : callable, optional
        Called with the numbers of runs completed and failed since the start.
    """

    def __init__(
        self,
        pool: WorkerPool,
        payload: bytes,
        key: str,
        order: RunOrder,
        numbers: FloatArray,
        *,
        seconds_per_run: float,
        load_buffer: Callable[[int], PartBuffer],
        write_part: Callable[[int, PartBuffer], None],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.pool, self.payload, self.key, self.order, self.numbers = pool, payload, key, order, numbers
        self.seconds_per_run, self.progress = seconds_per_run, progress
        self.load_buffer, self.write_part = load_buffer, write_part
        self.buffers: dict[int, PartBuffer] = {}
        self.outstanding: dict[Future[ChunkOutcome], Chunk] = {}
        self.retries: deque[Chunk] = deque()
        self.suspects: deque[Chunk] = deque()
        self.done = self.failed = 0

    def run(self, pending: Iterable[PendingPart]) -> None:
        """Run all pending runs.

        Raises
        ------
        InputError
            If no worker is available or a part cannot be written; completed parts are kept.
        """
        chunks = self.iterate_chunks(pending)
        try:
            self.dispatch(chunks)
            while self.outstanding:
                done, _ = wait(self.outstanding, POLL_SECONDS, FIRST_COMPLETED)
                if not done:
                    self.pool.check_alive()
                for future in done:
                    if future in self.outstanding:
                        self.handle_result(future)
                self.dispatch(chunks)
        except BaseException:
            STOPPED_SWEEPS.add(self.key)
            raise

    def iterate_chunks(self, pending: Iterable[PendingPart]) -> Iterator[Chunk]:
        """Yield pending runs in chunks, sized by the current estimate of seconds for a run."""
        for part, missing in pending:
            self.buffers[part] = self.load_buffer(part)
            first = 0
            while first < missing.size:
                size = max(1, int(self.pool.chunk_seconds / max(self.seconds_per_run, 1e-9)))
                yield Chunk(part, missing[first : first + size])
                first += size

    def dispatch(self, chunks: Iterator[Chunk]) -> None:
        """Submit as many chunks as allowed; one at a time while the search for one that kills workers lasts."""
        if self.suspects:
            if not self.outstanding:
                self.submit(self.suspects.popleft())
            return
        limit = self.pool.outstanding
        # Open parts are limited, too, which limits memory if one chunk takes far longer than others.
        while len(self.outstanding) < limit and (self.retries or len(self.buffers) <= limit):
            chunk = self.retries.popleft() if self.retries else next(chunks, None)
            if chunk is None:
                return
            self.submit(chunk)

    def submit(self, chunk: Chunk) -> None:
        """Submit one chunk."""
        points, replicates = self.order.runs_at(self.order.part_positions(chunk.part).start + chunk.positions)
        try:
            future = self.pool.submit(run_chunk, self.payload, self.numbers[points], replicates)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self.outstanding[future] = chunk

    def handle_result(self, future: "Future[ChunkOutcome]") -> None:
        """Record the results of a chunk, or handle its failure."""
        alone = len(self.outstanding) == 1
        chunk = self.outstanding.pop(future)
        try:
            outcome = future.result()
        except BrokenExecutor:
            self.rebuild_pool(chunk, alone=alone)
        except MismatchError as error:
            self.retries.append(chunk)
            self.pool.refused(error)
        except Exception as error:  # noqa: BLE001 - no failure of a worker may lose its runs
            self.pool.check_alive()
            self.retries.extend(self.bisect_chunk(chunk, f"{type(error).__name__}: {error}"))
        else:
            self.pool.accepted()
            self.record_results(chunk, outcome)

    def rebuild_pool(self, chunk: Chunk, *, alone: bool) -> None:
        """Replace broken workers, and run their chunks one at a time to find the one that breaks them (decision 37)."""
        suspects = [chunk]
        for future, other in list(self.outstanding.items()):
            error = future.exception()
            if error is None:
                self.record_results(other, future.result())
            elif isinstance(error, MismatchError):
                self.retries.append(other)
            else:
                suspects.append(other)
        self.outstanding.clear()
        self.pool.restart()
        if alone:
            self.suspects.extendleft(reversed(self.bisect_chunk(chunk, "the worker that ran it died")))
        else:
            self.suspects.extendleft(reversed(suspects))

    def bisect_chunk(self, chunk: Chunk, reason: str) -> list[Chunk]:
        """Return the chunks to try next after a failure: single runs, or the same run again.

        A run that fails three times is recorded as failed.
        """
        if chunk.positions.size > 1:
            return [Chunk(chunk.part, chunk.positions[index : index + 1]) for index in range(chunk.positions.size)]
        if chunk.tries + 1 < MAX_TRIES:
            return [replace(chunk, tries=chunk.tries + 1)]
        self.record_results(chunk, self.failed_outcome(f"{reason}, {MAX_TRIES} times"))
        return []

    def failed_outcome(self, reason: str) -> ChunkOutcome:
        """Return the outcome of a failed run."""
        buffer = next(iter(self.buffers.values()))
        final, months = np.full((1, buffer.final.shape[1]), np.nan), np.full((1, *buffer.months.shape[1:]), np.nan)
        return ChunkOutcome(final, months, {0: reason}, 0.0)

    def record_results(self, chunk: Chunk, outcome: ChunkOutcome) -> None:
        """Store the results of a chunk, and write its part if it is complete."""
        buffer, count = self.buffers[chunk.part], chunk.positions.size
        buffer.store_results(chunk.positions, outcome.final, outcome.months, outcome.errors)
        self.failed += len(outcome.errors)
        self.done += count - len(outcome.errors)
        if outcome.seconds > 0.0:
            self.seconds_per_run = 0.5 * (self.seconds_per_run + outcome.seconds / count)
        if not buffer.missing:
            self.write_part(chunk.part, self.buffers.pop(chunk.part))
        if self.progress is not None:
            self.progress(self.done, self.failed)
