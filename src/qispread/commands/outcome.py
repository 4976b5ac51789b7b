"""How commands end."""

from collections.abc import Iterator
from contextlib import contextmanager

DONE, SOME_FAILED, BAD_INPUT, STOPPED, TERMINATED = 0, 1, 2, 130, 143
"""Exit codes."""
MOST_FAILURES = 5
"""How many failures are printed; the table of runs has them all."""


@contextmanager
def writing() -> Iterator[None]:
    """Let a stop in here say that results were being written."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped while results were written; run the command again.") from None
