"""The one who hands out chunks of runs, takes what comes back, and lets no run be lost on the way."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qispread.sweeping.design import Numbers
from qispread.sweeping.executors import Crew
from qispread.sweeping.order import Order
from qispread.sweeping.tables import Block
from qispread.sweeping.work import STOPPED, MismatchError, Outcome, run_chunk

MOST_TRIES = 3
POLL = 1.0
"""Seconds after which to look whether the workers are still there."""

Todo = tuple[int, NDArray[np.int64]]
"""A part, and the places within it of the runs that are missing."""


@dataclass(frozen=True)
class Progress:
    """How far a sweep is: runs done, failed and in all, and runs a second since it was started or resumed."""

    done: int
    failed: int
    runs: int
    rate: float

    @property
    def seconds_left(self) -> float:
        """About how long it will take yet."""
        return (self.runs - self.done - self.failed) / self.rate if self.rate > 0.0 else float("inf")


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some runs of one part, handed out together; `tries` counts how often they alone broke a worker."""

    part: int
    places: NDArray[np.int64]
    tries: int = 0


class Runner:
    """Runs what is missing of a sweep.

    Parameters
    ----------
    crew : Crew
    parcel : bytes
        The experiment as workers get it.
    key : str
        Under which the sweep can be stopped.
    order : Order
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
        crew: Crew,
        parcel: bytes,
        key: str,
        order: Order,
        numbers: Numbers,
        *,
        pace: float,
        open_block: Callable[[int], Block],
        keep: Callable[[int, Block], None],
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.crew, self.parcel, self.key, self.order, self.numbers = crew, parcel, key, order, numbers
        self.pace, self.open_block, self.keep, self.progress = pace, open_block, keep, progress
        self.blocks: dict[int, Block] = {}
        self.outstanding: dict[Future[Outcome], Chunk] = {}
        self.again: deque[Chunk] = deque()
        self.suspects: deque[Chunk] = deque()
        self.done = self.failed = 0

    def run(self, todo: Iterable[Todo]) -> None:
        """Run everything that is to do.

        Raises
        ------
        InputError
            Where workers cannot be had any more or a part cannot be written; what was kept before is safe.
        """
        fresh = self.cut(todo)
        try:
            self.hand_out(fresh)
            while self.outstanding:
                done, _ = wait(self.outstanding, POLL, FIRST_COMPLETED)
                if not done:
                    self.crew.check()
                for future in done:
                    if future in self.outstanding:
                        self.settle(future)
                self.hand_out(fresh)
        except BaseException:
            STOPPED.add(self.key)
            raise

    def cut(self, todo: Iterable[Todo]) -> Iterator[Chunk]:
        """Yield what is to do in chunks, each of the size that takes the right time by what is known by then."""
        for part, missing in todo:
            self.blocks[part] = self.open_block(part)
            first = 0
            while first < missing.size:
                size = max(1, int(self.crew.chunk_seconds / max(self.pace, 1e-9)))
                yield Chunk(part, missing[first : first + size])
                first += size

    def hand_out(self, fresh: Iterator[Chunk]) -> None:
        """Hand out as many chunks as may be under way; one by one while it is unclear which kills workers."""
        if self.suspects:
            if not self.outstanding:
                self.submit(self.suspects.popleft())
            return
        most = self.crew.outstanding
        # Parts under way are bounded too, and with them the memory, should one chunk take far longer than others.
        while len(self.outstanding) < most and (self.again or len(self.blocks) <= most):
            chunk = self.again.popleft() if self.again else next(fresh, None)
            if chunk is None:
                return
            self.submit(chunk)

    def submit(self, chunk: Chunk) -> None:
        """Hand out one chunk."""
        points, replicates = self.order.at(self.order.part(chunk.part).start + chunk.places)
        try:
            future = self.crew.submit(run_chunk, self.parcel, self.numbers[points], replicates)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self.outstanding[future] = chunk

    def settle(self, future: "Future[Outcome]") -> None:
        """Take what a chunk brought, or see why it brought nothing."""
        alone = len(self.outstanding) == 1
        chunk = self.outstanding.pop(future)
        try:
            outcome = future.result()
        except BrokenExecutor:
            self.mend(chunk, alone=alone)
        except MismatchError as error:
            self.again.append(chunk)
            self.crew.refused(error)
        except Exception as error:  # noqa: BLE001 - whatever befalls a worker, its runs are not lost
            self.crew.check()
            self.again.extend(self.blamed(chunk, f"{type(error).__name__}: {error}"))
        else:
            self.crew.accepted()
            self.take(chunk, outcome)

    def mend(self, chunk: Chunk, *, alone: bool) -> None:
        """Replace workers that broke, and try what they had chunk by chunk: who breaks them alone is to blame."""
        victims = [chunk]
        for future, other in list(self.outstanding.items()):
            error = future.exception()
            if error is None:
                self.take(other, future.result())
            elif isinstance(error, MismatchError):
                self.again.append(other)
            else:
                victims.append(other)
        self.outstanding.clear()
        self.crew.replace()
        if alone:
            self.suspects.extendleft(reversed(self.blamed(chunk, "the worker that ran it died")))
        else:
            self.suspects.extendleft(reversed(victims))

    def blamed(self, chunk: Chunk, why: str) -> list[Chunk]:
        """Return what to try next of a chunk that could not be run: its runs one by one, or one run again.

        A run that could not be run three times is given up: it becomes a row that failed.
        """
        if chunk.places.size > 1:
            return [Chunk(chunk.part, chunk.places[place : place + 1]) for place in range(chunk.places.size)]
        if chunk.tries + 1 < MOST_TRIES:
            return [replace(chunk, tries=chunk.tries + 1)]
        self.take(chunk, self.nothing(f"{why}, {MOST_TRIES} times"))
        return []

    def nothing(self, why: str) -> Outcome:
        """Return the outcome of a run that could not be run."""
        block = next(iter(self.blocks.values()))
        final, months = np.full((1, block.final.shape[1]), np.nan), np.full((1, *block.months.shape[1:]), np.nan)
        return Outcome(final, months, {0: why}, 0.0)

    def take(self, chunk: Chunk, outcome: Outcome) -> None:
        """Put what some runs measured where it belongs, and keep the part if that was all of it."""
        block, count = self.blocks[chunk.part], chunk.places.size
        block.fill(chunk.places, outcome.final, outcome.months, outcome.errors)
        self.failed += len(outcome.errors)
        self.done += count - len(outcome.errors)
        if outcome.seconds > 0.0:
            self.pace = 0.5 * (self.pace + outcome.seconds / count)
        if not block.left:
            self.keep(chunk.part, self.blocks.pop(chunk.part))
        if self.progress is not None:
            self.progress(self.done, self.failed)
