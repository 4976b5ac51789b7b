"""The cache of compiled code on disk, keyed by content and not by the time or path of a source file.

A folder holds the code of one state of the sources under one version of Python, Numba and NumPy; in it, each file is
named after a function and a hash of everything that the function reads and calls when it is compiled. An edited
docstring, another environment or a replaced rule therefore neither loads stale code nor evicts other code.
"""

import os
import pickle
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numba
import numpy as np
from platformdirs import user_cache_path

from qispread.model.rules.code_content import ContentWalker, UnknownContentError, content_hash
from qispread.model.rules.source_hash import compiled_fingerprint

try:  # private API of Numba: without it each process compiles
    from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
except ImportError:
    CompileResultCacheImpl = FunctionCache = _CacheLocator = None

MAX_CACHE_BYTES = 128 * 2**20
"""The size limit of compiled code, over all versions and environments; the least recently used is removed first."""

UNREADABLE = (OSError, EOFError, ImportError, AttributeError, ValueError, TypeError, KeyError, pickle.PickleError)
"""Exceptions raised for files that are damaged or of another program."""


def environment() -> str:
    """Return the versions that compiled code depends on; Numba itself distinguishes processors."""
    return f"py{platform.python_version()}-numba{numba.__version__}-numpy{np.__version__}"


def is_writable(folder: Path) -> bool:
    """Return whether a folder belongs to this user and is writable; creates it if missing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != getattr(os, "getuid", lambda: folder.stat().st_uid)():
            return False  # another user could have put code there
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def cache_candidates() -> Iterator[Path]:
    """Yield the candidate folders for compiled code, the preferred first."""
    if "NUMBA_CACHE_DIR" in os.environ:
        yield Path(os.environ["NUMBA_CACHE_DIR"]) / "qispread"
    yield user_cache_path("qispread")
    user = getattr(os, "getuid", lambda: "user")()
    with suppress(OSError):
        yield Path(tempfile.gettempdir()) / f"qispread-{user}"


def cache_folder() -> Path | None:
    """Return the folder for compiled code, or None if none is writable (then each process compiles)."""
    if FunctionCache is None:
        return None
    name = f"{compiled_fingerprint()}-{environment()}"
    return next((folder for candidate in cache_candidates() if is_writable(folder := candidate / name)), None)


def remove_unused(base: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
    """Remove the least recently used compiled code until the rest fits.

    Parameters
    ----------
    base : Path
        The folder that holds the folders of all versions and environments.
    max_bytes : int
        Size limit of the remaining code.
    """
    families: dict[Path, list[Path]] = {}  # an index and its data form a family
    for path in base.rglob("*.nb[ic]*"):
        families.setdefault(path.parent / path.name.partition(".nbi")[0].rpartition(".py")[0], []).append(path)
    families_by_use: list[tuple[float, int, list[Path]]] = []
    for paths in families.values():
        with suppress(OSError):  # another process may remove the same files
            stats = [path.stat() for path in paths]
            families_by_use.append((max(stat.st_mtime for stat in stats), sum(stat.st_size for stat in stats), paths))
    total = 0
    for _, size, paths in sorted(families_by_use, key=lambda stat: -stat[0]):
        total += size
        if total > max_bytes:
            for path in paths:
                with suppress(OSError):
                    path.unlink()
    for folder in sorted(base.rglob("*/"), reverse=True):
        with suppress(OSError):  # not empty
            folder.rmdir()


class _CacheLocation(_CacheLocator or object):  # type: ignore[misc]
    """The location of a function's code for Numba; never stale, because its name depends on its content."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._key

    def get_disambiguator(self) -> str:
        return self._key


class _Serialised(CompileResultCacheImpl or object):  # type: ignore[misc]
    """Numba's serialisation of compiled code, in our own location."""

    def __init__(self, function: Callable[..., Any], folder: Path, key: str) -> None:
        self._lineno = function.__code__.co_firstlineno
        self._locator = _CacheLocation(folder, key)
        self._filename_base = self.get_filename_base(f"{function.__module__}.{function.__qualname__}", "")


class _Files(FunctionCache or object):  # type: ignore[misc]
    """The files of one content of a function."""

    def __init__(self, function: Callable[..., Any], folder: Path, key: str) -> None:
        self._impl_class = partial(_Serialised, folder=folder, key=key)
        super().__init__(function)
        self.index = folder / f"{self._impl.filename_base}.nbi"


class CodeCache:
    """The cache of one compiled function.

    Parameters
    ----------
    function : function
    folder : Path or None
        None to store nothing and only record the content that the function was compiled from.

    Attributes
    ----------
    compiled_from : dict
        The content hash of each signature that was compiled or loaded; None if it has none.
    """

    _pruned = False

    def __init__(self, function: Callable[..., Any], folder: Path | None) -> None:
        self.function, self.folder = function, folder
        self.compiled_from: dict[Any, str | None] = {}

    def content(self) -> str | None:
        """Return the current content hash of the function; None if it has none."""
        try:
            return content_hash(self.function)
        except UnknownContentError:
            return None

    @property
    def cache_path(self) -> str | None:
        """The folder, in the form that Numba requests."""
        return None if self.folder is None else str(self.folder)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the compiled code of a signature; None if there is none or it cannot be read."""
        key = self.compiled_from[signature] = self.content()
        if self.folder is None or key is None:
            return None
        with suppress(*UNREADABLE):
            files = _Files(self.function, self.folder, key)
            overload = files.load_overload(signature, target_context)
            if overload is not None:
                os.utime(files.index)
            return overload
        return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Store compiled code, if there is a folder and its content is still current."""
        key = self.content()
        if self.folder is None or key is None or key != self.compiled_from.get(signature):
            return
        if not self._calls_what_is_bound():
            return
        with suppress(*UNREADABLE):
            _Files(self.function, self.folder, key).save_overload(signature, data)
            if not CodeCache._pruned:
                CodeCache._pruned = True
                remove_unused(self.folder.parent)

    def _calls_what_is_bound(self) -> bool:
        """Return whether each called function is known to be compiled from its current content."""
        walker = ContentWalker()
        walker.visit_function(self.function)
        return all(is_current(function) for function in walker.functions)

    def enable(self) -> None:
        """Do nothing: Numba's caches can be switched."""

    def disable(self) -> None:
        """Do nothing: Numba's caches can be switched."""

    def flush(self) -> None:
        """Clear the records of compiled signatures; the files remain valid."""
        self.compiled_from.clear()


def is_current(dispatcher: Any) -> bool:
    """Return whether the compiled code of a function is known to be from its current content."""
    if not getattr(dispatcher, "overloads", None):
        return True
    code_cache = getattr(dispatcher, "_cache", None)
    if not isinstance(code_cache, CodeCache):
        return False
    content = code_cache.content()
    return content is not None and set(code_cache.compiled_from.values()) == {content}
