"""What a test needs beyond the README's test command: skipped with a reason where it is missing, a failure in CI.

In CI (the environment has `CI` or `QISPREAD_CI`) a browser or an extra that is not there would turn tests into skips
under a green light.
"""

import importlib
import os
from pathlib import Path

import pytest

CHROMIUM = Path(os.environ.get("QISPREAD_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic"]


def in_ci():
    """Return whether the tests run in CI, where nothing that they need may be missing."""
    return any(os.environ.get(name, "").lower() not in ("", "0", "false") for name in ("CI", "QISPREAD_CI"))


def skip_or_fail(reason):
    """Skip a test, or fail it in CI."""
    if in_ci():
        pytest.fail(f"{reason}, and in CI nothing may be missing", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def require(module, extra):
    """Return a module that comes with an extra."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        skip_or_fail(f"{module} is not installed; it comes with the extra `{extra}`")


def launch(started):
    """Return a browser that Playwright starts."""
    if not CHROMIUM.exists():
        skip_or_fail(f"there is no browser at {CHROMIUM}")
    return started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
