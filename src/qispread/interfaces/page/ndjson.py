"""Answers in parts: one line of JSON after the other, and long work that tells how far it is."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from functools import partial
from threading import Event
from typing import Any, TypeVar

from starlette.responses import StreamingResponse

from qispread.inputs.errors import InputError
from qispread.interfaces.page.organisation_story import RequestCancelledError
from qispread.interfaces.page.work_queue import WorkQueue

ErrorType = TypeVar("ErrorType", bound=BaseException)
LOGGER = logging.getLogger("uvicorn.error")
NDJSON_TYPE = "application/x-ndjson"
Message = dict[str, Any]
LongTask = Callable[[Event, Callable[[str, int, int], None]], Message]
"""Work that takes seconds: it looks at the event to learn that nobody waits any more, and tells how far it is."""


def error_faults(error: InputError) -> Message:
    """Return the faults of an error, for the page to list."""
    return {
        "faults": [
            {"where": one.path, "problem": one.problem, "file": one.file, "line": one.line} for one in error.faults
        ]
    }


async def encode_lines(messages: AsyncIterator[Message]) -> AsyncIterator[bytes]:
    """Yield each message as a line of JSON; an error becomes the last one, in plain words."""
    try:
        async for message in messages:
            yield encode_line(message)
    except* InputError as group:
        yield encode_line(error_faults(first_error(group)))
    except* RequestCancelledError:
        yield encode_line(internal_error("it was stopped"))
    except* Exception as group:
        LOGGER.exception("an answer failed")
        yield encode_line(
            internal_error(f"the server failed ({first_error(group)}); what it was is said where it was started")
        )


def internal_error(error: str) -> Message:
    """Return a fault that no input is to blame for."""
    return {"faults": [{"where": "", "problem": error, "file": "", "line": 0}]}


def first_error(group: BaseExceptionGroup[ErrorType]) -> ErrorType:
    """Return the first error of a group."""
    error: Any = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    found: ErrorType = error
    return found


def encode_line(message: Message) -> bytes:
    """Return a message as one line."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def stream_response(messages: AsyncIterator[Message]) -> StreamingResponse:
    """Return messages as a response that ends when its reader leaves."""
    return StreamingResponse(encode_lines(messages), media_type=NDJSON_TYPE, headers={"cache-control": "no-store"})


async def stream_progress(queue: WorkQueue, task: LongTask) -> AsyncIterator[Message]:
    """Yield how far a long task is, and then what it returns; the task is stopped when nobody waits."""
    loop, news = asyncio.get_running_loop(), asyncio.Queue[Message | None]()

    def tell(what: str, done: int, of: int) -> None:
        loop.call_soon_threadsafe(news.put_nowait, {"doing": what, "done": done, "of": of})

    work = asyncio.create_task(queue.run_long(lambda stop: task(stop, tell)))
    work.add_done_callback(lambda _: news.put_nowait(None))
    try:
        while (one := await news.get()) is not None:
            yield one
        yield work.result()
    finally:
        work.cancel()


async def stream_partial(queue: WorkQueue, first: Callable[[], Message], task: LongTask) -> AsyncIterator[Message]:
    """Yield what is there at once, and then what takes long."""
    yield await queue.run(partial(first))
    async for one in stream_progress(queue, task):
        yield one
