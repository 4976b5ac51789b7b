"""The provenance of results: commit, versions, machine and code."""

import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from qispread.inputs.scenario_fields import InputFile
from qispread.model.rules.source_hash import model_fingerprint

RECORDED_LIBRARIES = ("mesa", "networkx", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy")


@cache
def qispread_version() -> str:
    """Return the installed version of qispread."""
    return version("qispread")


def random_generator_name() -> str:
    """Return the name of the random number generator."""
    return "philox" if os.environ.get("QISPREAD_DRAWS") == "philox" else "splitmix64"


@cache
def _model(_draws: str) -> str:
    return model_fingerprint()


def model_in_use() -> str:
    """Return the fingerprint of the code that can change a number, computed once in each process."""
    return _model(random_generator_name())


def git_commit() -> str | None:
    """Return the commit of the running source, with "+" if it has changes; None outside a checkout."""
    folder = Path(__file__).resolve().parent
    try:
        completed = subprocess.run(  # noqa: S603 - a fixed command
            ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--abbrev=40", "--exclude=*"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return completed.stdout.strip() or None


def provenance(command: Sequence[str], inputs: Iterable[InputFile]) -> dict[str, Any]:
    """Return the command, code, versions, inputs and machine of results."""
    return {
        "command": list(command),
        "git_commit": git_commit(),
        "versions": {name: version(name) for name in RECORDED_LIBRARIES},
        "python": platform.python_version(),
        "machine": " ".join((platform.system(), platform.machine(), *platform.libc_ver())).strip(),
        "model": model_in_use(),
        "inputs": [{"path": file.path, "sha256": file.sha256} for file in inputs],
    }
