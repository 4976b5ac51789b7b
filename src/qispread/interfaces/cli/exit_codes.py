"""How commands end."""

from collections.abc import Iterator
from contextlib import contextmanager

EXIT_OK, EXIT_SOME_FAILED, EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_TERMINATED = 0, 1, 2, 130, 143
"""Exit codes."""
MAX_SHOWN_FAILURES = 5
"""How many failures are printed; the table of runs has them all."""


@contextmanager
def report_interrupted_write() -> Iterator[None]:
    """Let a stop in here say that results were being written."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped while results were written; run the command again.") from None
