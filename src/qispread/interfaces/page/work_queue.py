"""The queue in front of the cores: as many pieces of work at a time as there are cores, the most urgent first."""

import asyncio
import heapq
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from threading import Event
from typing import NamedTuple, TypeVar

from qispread.common.cpu_cores import available_cores

WorkResult = TypeVar("WorkResult")

PRIORITY_IMMEDIATE, PRIORITY_FIRST, PRIORITY_REST, PRIORITY_LONG = range(4)
"""How urgent: what is short, a first answer, the rest of an answer, what everybody expects to take long."""


class Priority(NamedTuple):
    """What goes first: by kind, and of a kind by who asked first: one answer is whole before the next begins."""

    kind: int = PRIORITY_IMMEDIATE
    ticket: int = 0


IMMEDIATE = Priority()


class WorkQueue:
    """Gives work to threads; one event loop uses it.

    Parameters
    ----------
    places : int, optional
        Pieces of work at a time; one a core unless given.

    Attributes
    ----------
    places : int
    busy : int
        Pieces of work at this moment.
    """

    def __init__(self, places: int | None = None) -> None:
        self.places = places or available_cores()
        self.busy = 0
        self._pool = ThreadPoolExecutor(self.places, thread_name_prefix="desk")
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._one_long = asyncio.Lock()

    @property
    def waiting_count(self) -> int:
        """Pieces of work that wait for their turn."""
        return sum(not turn.done() for _, _, turn in self._waiting)

    def next_ticket(self) -> int:
        """Return the number of whoever asks now: larger than all before."""
        return next(self._numbers)

    async def run(self, task: Callable[[], WorkResult], priority: Priority = IMMEDIATE) -> WorkResult:
        """Return what a task returns, once it had its turn.

        A caller that is cancelled loses its place in the queue. A task that has begun goes on to its end, and holds
        its place until then: tasks are to be short.
        """
        await self._acquire_slot(priority)
        done = asyncio.get_running_loop().run_in_executor(self._pool, task)
        done.add_done_callback(self._release_slot)
        return await asyncio.shield(done)

    async def run_long(self, task: Callable[[Event], WorkResult]) -> WorkResult:
        """Return what a long task returns; of these there is one at a time, and it is told when nobody waits for it.

        Parameters
        ----------
        task : callable
            Given an event to look at now and then, which is set when its caller is cancelled.
        """
        stop = Event()
        async with self._one_long:
            try:
                return await self.run(partial(task, stop), Priority(PRIORITY_LONG, self.next_ticket()))
            except asyncio.CancelledError:
                stop.set()
                raise

    async def _acquire_slot(self, priority: Priority) -> None:
        if self.busy < self.places:
            self.busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._numbers), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._start_next()
            raise

    def _release_slot(self, done: "asyncio.Future[WorkResult]") -> None:
        if not done.cancelled():
            # Looked at, so that a mishap whose caller has gone is not reported as forgotten.
            done.exception()
        self._start_next()

    def _start_next(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self.busy -= 1

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)
