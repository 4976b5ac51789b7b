"""Exit codes of the commands."""

from collections.abc import Iterator
from contextlib import contextmanager

EXIT_OK, EXIT_SOME_FAILED, EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 130, 143
"""Exit codes."""
MAX_SHOWN_FAILURES = 5
"""Failures that are printed; the table of runs lists all."""


@contextmanager
def report_interrupted_write() -> Iterator[None]:
    """Make an interrupt within this context report that results were being written."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped while writing results; run the command again.") from None
