"""How rules and kernels are compiled, and where the compiled code is kept.

Numba keys its cache on one file at a time: after a rule is edited, a cached caller in another file would still hold
the old rule. The cache folder is therefore named after all the sources that can end up in compiled code.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import config as numba_config
from numba.core.caching import FunctionCache
from platformdirs import user_cache_path

from qispread.rules.sources import source_fingerprint

Function = TypeVar("Function", bound=Callable[..., Any])

INTERPRETED = bool(numba_config.DISABLE_JIT)

UNSIGNED: Any = int if INTERPRETED else np.uint64
"""Conversion to an unsigned 64-bit integer: Python integers, masked by the caller, when nothing is compiled."""

SIGNED: Any = int if INTERPRETED else np.int64
"""Conversion to a signed 64-bit integer, which becomes a float faster than an unsigned one."""


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != getattr(os, "getuid", lambda: folder.stat().st_uid)():
            return False  # somebody else could have put code there
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def cache_places() -> Iterator[Path]:
    """Yield the folders in which compiled code may be kept, the best first."""
    if "NUMBA_CACHE_DIR" in os.environ:
        yield Path(os.environ["NUMBA_CACHE_DIR"]) / "qispread"
    yield user_cache_path("qispread")
    user = getattr(os, "getuid", lambda: "user")()
    with suppress(OSError):
        yield Path(tempfile.gettempdir()) / f"qispread-{user}"


def cache_folder() -> Path | None:
    """Return the folder for compiled code, or None where nothing can be written (then each process compiles)."""
    return next((place for base in cache_places() if _writable(place := base / source_fingerprint())), None)


CACHE_FOLDER = None if INTERPRETED else cache_folder()


def already_compiled() -> bool:
    """Return whether compiled code of these sources is in the cache, that is, whether the first call will be fast."""
    return INTERPRETED or (CACHE_FOLDER is not None and any(CACHE_FOLDER.rglob("*.nbi")))


class ForgivingCache(FunctionCache):  # type: ignore[misc]
    """A cache that is not missed: with a full disk the code is compiled again next time."""

    def save_overload(self, *arguments: Any) -> None:
        """Keep compiled code, if there is room."""
        with suppress(OSError):
            super().save_overload(*arguments)


def cache_of(function: Callable[..., Any], folder: Path) -> ForgivingCache:
    """Return the cache of a function in a folder of ours, whatever folder Numba uses for others."""
    kept = numba_config.CACHE_DIR
    numba_config.CACHE_DIR = str(folder)
    try:
        return ForgivingCache(function)
    finally:
        numba_config.CACHE_DIR = kept


def kept(compiled_function: Any, function: Function) -> Function:
    """Return a compiled function that keeps its machine code on disk, where there is a place for it."""
    if CACHE_FOLDER is not None:
        compiled_function._cache = cache_of(function, CACHE_FOLDER)  # noqa: SLF001 - the only place to put a cache
    return compiled_function  # type: ignore[no-any-return]


def rule(function: Function) -> Function:
    """Compile a scalar rule, so that it is inlined into the kernel and callable from the Mesa agents.

    Kept on disk as well: a few rules are called to build every world, and compiling these took half a second a start.
    """
    compiled_function: Any = numba.njit(nogil=True, error_model="numpy", forceinline=True)(function)
    return kept(compiled_function, function)


def stage(function: Function) -> Function:
    """Compile a function over arrays that is called from other compiled code and releases the interpreter lock."""
    compiled_function: Function = numba.njit(nogil=True, error_model="numpy")(function)
    return compiled_function


def kernel(function: Function) -> Function:
    """Compile a function over arrays that is called from Python, and keep the result on disk."""
    return kept(numba.njit(nogil=True, error_model="numpy")(function), function)
