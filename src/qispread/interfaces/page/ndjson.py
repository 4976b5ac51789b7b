"""Streaming responses as newline-delimited JSON, with the progress of long tasks."""

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
"""A task of seconds: takes an event that is set on cancellation, and a progress callback."""


def error_faults(error: InputError) -> Message:
    """Return the faults of an error as JSON."""
    return {
        "faults": [
            {"where": fault.path, "problem": fault.problem, "file": fault.file, "line": fault.line}
            for fault in error.faults
        ]
    }


async def encode_lines(messages: AsyncIterator[Message]) -> AsyncIterator[bytes]:
    """Yield each message as a line of JSON; an error becomes the last line."""
    try:
        async for message in messages:
            yield encode_line(message)
    except* InputError as group:
        yield encode_line(error_faults(first_error(group)))
    except* RequestCancelledError:
        yield encode_line(internal_error("The request was cancelled."))
    except* Exception as group:
        LOGGER.exception("a request failed")
        yield encode_line(internal_error(f"The server failed ({first_error(group)}); its terminal shows the details."))


def internal_error(error: str) -> Message:
    """Return a fault that is not due to input, as JSON."""
    return {"faults": [{"where": "", "problem": error, "file": "", "line": 0}]}


def first_error(group: BaseExceptionGroup[ErrorType]) -> ErrorType:
    """Return the first error of a group."""
    error: Any = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    first: ErrorType = error
    return first


def encode_line(message: Message) -> bytes:
    """Return a message as one line."""
    return json.dumps(message, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def stream_response(messages: AsyncIterator[Message]) -> StreamingResponse:
    """Return messages as a streaming response that ends when the client disconnects."""
    return StreamingResponse(encode_lines(messages), media_type=NDJSON_TYPE, headers={"cache-control": "no-store"})


async def stream_progress(queue: WorkQueue, task: LongTask) -> AsyncIterator[Message]:
    """Yield the progress of a long task, then its result; the task is cancelled if the client disconnects."""
    loop, messages = asyncio.get_running_loop(), asyncio.Queue[Message | None]()

    def report_progress(activity: str, done: int, total: int) -> None:
        loop.call_soon_threadsafe(messages.put_nowait, {"activity": activity, "done": done, "total": total})

    work = asyncio.create_task(queue.run_long(lambda cancelled: task(cancelled, report_progress)))
    work.add_done_callback(lambda _: messages.put_nowait(None))
    try:
        while (message := await messages.get()) is not None:
            yield message
        yield work.result()
    finally:
        work.cancel()


async def stream_partial(queue: WorkQueue, first: Callable[[], Message], task: LongTask) -> AsyncIterator[Message]:
    """Yield an immediate first part, then the progress and the result of a long task."""
    yield await queue.run(partial(first))
    async for message in stream_progress(queue, task):
        yield message
