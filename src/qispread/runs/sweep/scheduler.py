"""The one who hands out chunks of runs, takes what comes back, and lets no run be lost on the way."""

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
"""Seconds after which to look whether the workers are still there."""

PendingPart = tuple[int, NDArray[np.int64]]
"""A part, and the places within it of the runs that are missing."""


@dataclass(frozen=True)
class SweepProgress:
    """How far a sweep is: runs done, failed and in all, and runs a second since it was started or resumed."""

    completed: int
    failed: int
    runs: int
    rate: float

    @property
    def seconds_left(self) -> float:
        """About how long it will take yet."""
        return (self.runs - self.completed - self.failed) / self.rate if self.rate > 0.0 else float("inf")


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some runs of one part, handed out together; `tries` counts how often they alone broke a worker."""

    part: int
    positions: NDArray[np.int64]
    tries: int = 0


class ChunkScheduler:
    """Runs what is missing of a sweep.

    Parameters
    ----------
    crew : WorkerPool
    parcel : bytes
        The experiment as workers get it.
    key : str
        Under which the sweep can be stopped.
    order : RunOrder
    numbers : array of (points, factors)
    pace : float
        Seconds that a run takes, as far as known; it decides the size of chunks and no result.
    open_block : callable
        Returns the block of a part, with what is known of it already.
    keep : callable
        Called with each part that is whole, and its block.
    progress : callable, optional
        Called with the runs done and failed since the start.
    """

    def __init__(
        self,
        crew: WorkerPool,
        parcel: bytes,
        key: str,
        order: RunOrder,
        numbers: FloatArray,
        *,
        pace: float,
        open_block: Callable[[int], PartBuffer],
        keep: Callable[[int, PartBuffer], None],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.crew, self.parcel, self.key, self.order, self.numbers = crew, parcel, key, order, numbers
        self.pace, self.open_block, self.keep, self.progress = pace, open_block, keep, progress
        self.blocks: dict[int, PartBuffer] = {}
        self.outstanding: dict[Future[ChunkOutcome], Chunk] = {}
        self.again: deque[Chunk] = deque()
        self.suspects: deque[Chunk] = deque()
        self.done = self.failed = 0

    def run(self, pending: Iterable[PendingPart]) -> None:
        """Run everything that is to do.

        Raises
        ------
        InputError
            Where workers cannot be had any more or a part cannot be written; what was kept before is safe.
        """
        fresh = self.iterate_chunks(pending)
        try:
            self.dispatch(fresh)
            while self.outstanding:
                done, _ = wait(self.outstanding, POLL_SECONDS, FIRST_COMPLETED)
                if not done:
                    self.crew.check_alive()
                for future in done:
                    if future in self.outstanding:
                        self.handle_result(future)
                self.dispatch(fresh)
        except BaseException:
            STOPPED_SWEEPS.add(self.key)
            raise

    def iterate_chunks(self, pending: Iterable[PendingPart]) -> Iterator[Chunk]:
        """Yield what is to do in chunks, each of the size that takes the right time by what is known by then."""
        for part, missing in pending:
            self.blocks[part] = self.open_block(part)
            first = 0
            while first < missing.size:
                size = max(1, int(self.crew.chunk_seconds / max(self.pace, 1e-9)))
                yield Chunk(part, missing[first : first + size])
                first += size

    def dispatch(self, chunks: Iterator[Chunk]) -> None:
        """Hand out as many chunks as may be under way; one by one while it is unclear which kills workers."""
        if self.suspects:
            if not self.outstanding:
                self.submit(self.suspects.popleft())
            return
        most = self.crew.outstanding
        # Parts under way are bounded too, and with them the memory, should one chunk take far longer than others.
        while len(self.outstanding) < most and (self.again or len(self.blocks) <= most):
            chunk = self.again.popleft() if self.again else next(chunks, None)
            if chunk is None:
                return
            self.submit(chunk)

    def submit(self, chunk: Chunk) -> None:
        """Hand out one chunk."""
        points, replicates = self.order.runs_at(self.order.part_positions(chunk.part).start + chunk.positions)
        try:
            future = self.crew.submit(run_chunk, self.parcel, self.numbers[points], replicates)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self.outstanding[future] = chunk

    def handle_result(self, future: "Future[ChunkOutcome]") -> None:
        """Take what a chunk brought, or see why it brought nothing."""
        alone = len(self.outstanding) == 1
        chunk = self.outstanding.pop(future)
        try:
            outcome = future.result()
        except BrokenExecutor:
            self.rebuild_pool(chunk, alone=alone)
        except MismatchError as error:
            self.again.append(chunk)
            self.crew.refused(error)
        except Exception as error:  # noqa: BLE001 - whatever befalls a worker, its runs are not lost
            self.crew.check_alive()
            self.again.extend(self.bisect_chunk(chunk, f"{type(error).__name__}: {error}"))
        else:
            self.crew.accepted()
            self.record_results(chunk, outcome)

    def rebuild_pool(self, chunk: Chunk, *, alone: bool) -> None:
        """Replace workers that broke, and try what they had chunk by chunk: who breaks them alone is to blame."""
        victims = [chunk]
        for future, other in list(self.outstanding.items()):
            error = future.exception()
            if error is None:
                self.record_results(other, future.result())
            elif isinstance(error, MismatchError):
                self.again.append(other)
            else:
                victims.append(other)
        self.outstanding.clear()
        self.crew.restart()
        if alone:
            self.suspects.extendleft(reversed(self.bisect_chunk(chunk, "the worker that ran it died")))
        else:
            self.suspects.extendleft(reversed(victims))

    def bisect_chunk(self, chunk: Chunk, reason: str) -> list[Chunk]:
        """Return what to try next of a chunk that could not be run: its runs one by one, or one run again.

        A run that could not be run three times is given up: it becomes a row that failed.
        """
        if chunk.positions.size > 1:
            return [Chunk(chunk.part, chunk.positions[place : place + 1]) for place in range(chunk.positions.size)]
        if chunk.tries + 1 < MAX_TRIES:
            return [replace(chunk, tries=chunk.tries + 1)]
        self.record_results(chunk, self.failed_outcome(f"{reason}, {MAX_TRIES} times"))
        return []

    def failed_outcome(self, reason: str) -> ChunkOutcome:
        """Return the outcome of a run that could not be run."""
        block = next(iter(self.blocks.values()))
        final, months = np.full((1, block.final.shape[1]), np.nan), np.full((1, *block.months.shape[1:]), np.nan)
        return ChunkOutcome(final, months, {0: reason}, 0.0)

    def record_results(self, chunk: Chunk, outcome: ChunkOutcome) -> None:
        """Put what some runs measured where it belongs, and keep the part if that was all of it."""
        block, count = self.blocks[chunk.part], chunk.positions.size
        block.store_results(chunk.positions, outcome.final, outcome.months, outcome.errors)
        self.failed += len(outcome.errors)
        self.done += count - len(outcome.errors)
        if outcome.seconds > 0.0:
            self.pace = 0.5 * (self.pace + outcome.seconds / count)
        if not block.left:
            self.keep(chunk.part, self.blocks.pop(chunk.part))
        if self.progress is not None:
            self.progress(self.done, self.failed)
