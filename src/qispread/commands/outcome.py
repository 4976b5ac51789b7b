"""How commands end."""

DONE, SOME_FAILED, BAD_INPUT, STOPPED = 0, 1, 2, 130
"""Exit codes."""
MOST_FAILURES = 5
"""How many failures are printed; the table of runs has them all."""
