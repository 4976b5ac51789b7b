"""The request queue of the page: tasks by priority, in front of a thread pool with one thread per core."""

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
"""Priorities: short tasks, first answers, the rest of answers, long tasks."""


class Priority(NamedTuple):
    """Order of tasks: by kind, then by ticket, so that one answer is finished before the next starts."""

    kind: int = PRIORITY_IMMEDIATE
    ticket: int = 0


IMMEDIATE = Priority()


class WorkQueue:
    """Runs tasks in threads, by priority; used from one event loop.

    Parameters
    ----------
    slots : int, optional
        Tasks that run at a time (default: one per core).

    Attributes
    ----------
    slots : int
    busy : int
        Tasks that are running.
    """

    def __init__(self, slots: int | None = None) -> None:
        self.slots = slots or available_cores()
        self.busy = 0
        self._pool = ThreadPoolExecutor(self.slots, thread_name_prefix="page-worker")
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._tickets = count()
        self._long_task_lock = asyncio.Lock()

    @property
    def waiting_count(self) -> int:
        """Number of tasks that are waiting."""
        return sum(not turn.done() for _, _, turn in self._waiting)

    def next_ticket(self) -> int:
        """Return a new ticket, larger than all earlier ones."""
        return next(self._tickets)

    async def run(self, task: Callable[[], WorkResult], priority: Priority = IMMEDIATE) -> WorkResult:
        """Wait for a free slot, run a task and return its result.

        A cancelled caller leaves the queue. A task that has started runs to its end and keeps its slot until then, so
        tasks should be short.
        """
        await self._acquire_slot(priority)
        done = asyncio.get_running_loop().run_in_executor(self._pool, task)
        done.add_done_callback(self._release_slot)
        return await asyncio.shield(done)

    async def run_long(self, task: Callable[[Event], WorkResult]) -> WorkResult:
        """Run a long task and return its result; one runs at a time, and is notified when its caller is cancelled.

        Parameters
        ----------
        task : callable
            Takes an event to poll, which is set when the caller is cancelled.
        """
        stop = Event()
        async with self._long_task_lock:
            try:
                return await self.run(partial(task, stop), Priority(PRIORITY_LONG, self.next_ticket()))
            except asyncio.CancelledError:
                stop.set()
                raise

    async def _acquire_slot(self, priority: Priority) -> None:
        if self.busy < self.slots:
            self.busy += 1
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._tickets), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._start_next()
            raise

    def _release_slot(self, done: "asyncio.Future[WorkResult]") -> None:
        if not done.cancelled():
            # Retrieved, so that asyncio does not report the exception of a task whose caller has left.
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
        """Stop accepting tasks."""
        self._pool.shutdown(wait=False, cancel_futures=True)
