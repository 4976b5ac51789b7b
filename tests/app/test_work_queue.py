"""The queue in front of the cores."""

import asyncio
import threading

import pytest

from event_loop import run_in_event_loop
from patience import PATIENCE
from qispread.interfaces.page.work_queue import PRIORITY_FIRST, PRIORITY_LONG, PRIORITY_REST, Priority, WorkQueue


def run_with_queue(act):
    """Run a coroutine with a desk of two places."""

    async def whole():
        desk = WorkQueue(2)
        try:
            return await asyncio.wait_for(act(desk), 20)
        finally:
            desk.close()

    return run_in_event_loop(whole)


def test_no_more_is_done_at_a_time_than_there_are_places():
    at_work, most, lock = 0, 0, threading.Lock()

    def task():
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        threading.Event().wait(0.005)
        with lock:
            at_work -= 1

    async def act(desk):
        await asyncio.gather(*(desk.run(task) for _ in range(30)))
        return desk.busy, desk.waiting_count

    assert run_with_queue(act) == (0, 0)
    assert most == 2


def test_the_more_urgent_goes_first_and_of_the_equal_who_asked_first():
    done, gate = [], threading.Event()
    asked = [(PRIORITY_REST, 1), (PRIORITY_FIRST, 3), (PRIORITY_LONG, 2), (PRIORITY_FIRST, 2), (PRIORITY_REST, 0)]

    async def act(desk):
        # The second place stays taken, so that one thing is done after the other.
        holding = threading.Event()
        taken = asyncio.create_task(desk.run(holding.wait))
        held = asyncio.create_task(desk.run(gate.wait))
        await asyncio.sleep(0.01)
        tasks = [asyncio.create_task(desk.run(lambda one=one: done.append(one), Priority(*one))) for one in asked]
        await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(held, *tasks)
        holding.set()
        await taken

    run_with_queue(act)
    assert done == sorted(asked)


def test_who_leaves_the_queue_costs_nobody_a_place():
    async def act(desk):
        gate = threading.Event()
        held = [asyncio.create_task(desk.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0.01)
        leaving = [asyncio.create_task(desk.run(pytest.fail)) for _ in range(5)]
        await asyncio.sleep(0.01)
        for one in leaving:
            one.cancel()
        staying = asyncio.create_task(desk.run(lambda: "answered"))
        gate.set()
        await asyncio.gather(*held)
        return await staying, desk.busy, desk.waiting_count

    assert run_with_queue(act) == ("answered", 0, 0)


def test_a_task_that_nobody_waits_for_keeps_its_place_until_its_end():
    async def act(desk):
        gate = threading.Event()
        left = asyncio.create_task(desk.run(gate.wait))
        await asyncio.sleep(0.01)
        left.cancel()
        await asyncio.sleep(0.01)
        before = desk.busy
        gate.set()
        # The other place is free: when this is done, what was left has been done before it.
        await asyncio.gather(*(desk.run(lambda: None) for _ in range(4)))
        return before

    assert run_with_queue(act) == 1


def test_a_mishap_reaches_who_asked():
    def task():
        raise ValueError("this went wrong")

    async def act(desk):
        with pytest.raises(ValueError, match="this went wrong"):
            await desk.run(task)
        return desk.busy

    assert run_with_queue(act) == 0


def test_long_work_is_done_one_at_a_time_and_told_when_nobody_waits():
    async def act(desk):
        begun, ended = threading.Event(), threading.Event()

        def task(stop):
            begun.set()
            if stop.wait(PATIENCE):
                ended.set()

        first = asyncio.create_task(desk.run_long(task))
        second = asyncio.create_task(desk.run_long(lambda _: "second"))
        await asyncio.to_thread(begun.wait, 10)
        waited = not second.done()
        first.cancel()
        return waited, await second, ended.wait(PATIENCE)

    assert run_with_queue(act) == (True, "second", True)
