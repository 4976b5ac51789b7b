"""How long a test waits for what must come: a limit against hanging, and no statement of how fast anything is."""

PATIENCE = 600.0
"""Seconds."""
BROWSER_PATIENCE = 150_000
"""Milliseconds, as Playwright counts; shorter, since a page that is wrong is only found out by waiting."""
