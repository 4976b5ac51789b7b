"""Where results come from: commit, versions, machine, sources."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from qispread.rules.sources import source_fingerprint

LIBRARIES = ("mesa", "networkx", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy")


def draws_in_use() -> str:
    """Return the name of the generator of draws."""
    return "philox" if os.environ.get("QISPREAD_DRAWS") == "philox" else "splitmix64"


def git_commit() -> str | None:
    """Return the commit of the source that is running, with "+" where it has changes; None outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(  # noqa: S603 - a fixed command
            ["git", "-C", str(here), "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def provenance() -> dict[str, Any]:
    """Return what made some results, as far as it can explain a difference between them and others."""
    return {
        "git_commit": git_commit(),
        "versions": {name: version(name) for name in LIBRARIES},
        "python": platform.python_version(),
        "machine": " ".join((platform.system(), platform.machine(), *platform.libc_ver())).strip(),
        "sources": source_fingerprint(),
    }
