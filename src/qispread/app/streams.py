"""Answers in parts: one line of JSON after the other, and long work that tells how far it is."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from threading import Event
from typing import Any, TypeVar

from starlette.responses import StreamingResponse

from qispread.app.desk import Desk
from qispread.app.story import StoppedError
from qispread.config.faults import InputError

Mishap = TypeVar("Mishap", bound=BaseException)
LOG = logging.getLogger("uvicorn.error")
LINES = "application/x-ndjson"
Message = dict[str, Any]
LongTask = Callable[[Event, Callable[[str, int, int], None]], Message]
"""Work that takes seconds: it looks at the event to learn that nobody waits any more, and tells how far it is."""


def faults_of(error: InputError) -> Message:
    """Return the faults of an error, for the page to list."""
    return {
        "faults": [
            {"where": one.where, "problem": one.problem, "file": one.file, "line": one.line} for one in error.faults
        ]
    }


async def lines(messages: AsyncIterator[Message]) -> AsyncIterator[bytes]:
    """Yield each message as a line of JSON; an error becomes the last one, in plain words."""
    try:
        async for message in messages:
            yield as_line(message)
    except* InputError as group:
        yield as_line(faults_of(first_of(group)))
    except* StoppedError:
        yield as_line(mishap("it was stopped"))
    except* Exception as group:
        LOG.exception("an answer failed")
        yield as_line(mishap(f"the server failed ({first_of(group)}); what it was is said where it was started"))


def mishap(problem: str) -> Message:
    """Return a fault that no input is to blame for."""
    return {"faults": [{"where": "", "problem": problem, "file": "", "line": 0}]}


def first_of(group: BaseExceptionGroup[Mishap]) -> Mishap:
    """Return the first error of a group."""
    error: Any = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    found: Mishap = error
    return found


def as_line(message: Message) -> bytes:
    """Return a message as one line."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def streamed(messages: AsyncIterator[Message]) -> StreamingResponse:
    """Return messages as a response that ends when its reader leaves."""
    return StreamingResponse(lines(messages), media_type=LINES, headers={"cache-control": "no-store"})


async def told_long(desk: Desk, task: LongTask) -> AsyncIterator[Message]:
    """Yield how far a long task is, and then what it returns; the task is stopped when nobody waits."""
    loop, news = asyncio.get_running_loop(), asyncio.Queue[Message | None]()

    def tell(what: str, done: int, of: int) -> None:
        loop.call_soon_threadsafe(news.put_nowait, {"doing": what, "done": done, "of": of})

    work = asyncio.create_task(desk.long_work(lambda stop: task(stop, tell)))
    work.add_done_callback(lambda _: news.put_nowait(None))
    try:
        while (one := await news.get()) is not None:
            yield one
        yield work.result()
    finally:
        work.cancel()


async def first_then_long(desk: Desk, first: Callable[[], Message], task: LongTask) -> AsyncIterator[Message]:
    """Yield what is there at once, and then what takes long."""
    yield await desk.work(partial(first))
    async for one in told_long(desk, task):
        yield one
