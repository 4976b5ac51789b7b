"""The watchdog of a worker process that may hang within a step."""

import faulthandler
import os
from pathlib import Path
from typing import Any

KILL_TIMEOUT_FACTOR, KILL_TIMEOUT_SECONDS = 2.0, 5.0
"""A process that hangs is ended after this multiple of the time limit plus these seconds."""


class Watchdog:
    """Ends a worker process that hangs within a step, between checks of the clock; only in our own pools."""

    enabled = False
    """Whether this process only executes our runs, so that it may be ended."""
    null_stream: Any = None
    """The stream for the output of the watchdog."""

    def __init__(self, timeout: float | None) -> None:
        self.seconds = (
            None if timeout is None or not Watchdog.enabled else KILL_TIMEOUT_FACTOR * timeout + KILL_TIMEOUT_SECONDS
        )

    def __enter__(self) -> None:
        if self.seconds is not None:
            Watchdog.null_stream = Watchdog.null_stream or Path(os.devnull).open("w", encoding="utf-8")
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=Watchdog.null_stream)

    def __exit__(self, *_: object) -> None:
        if self.seconds is not None:
            faulthandler.cancel_dump_traceback_later()
