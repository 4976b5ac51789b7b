"""Compiled code on disk, found by what it was made of and not by the time or place of a source file.

A folder holds the code of one state of the sources under one version of Python, Numba and NumPy; in it, each file is
named after a function and a hash of all that the function reads and calls when it is compiled. So an edited
docstring, another environment or a rule replaced from outside neither find code that is not theirs nor push it out.
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

try:  # Numba promises none of these: without them each process compiles
    from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
except ImportError:
    CompileResultCacheImpl = FunctionCache = _CacheLocator = None

MAX_CACHE_BYTES = 128 * 2**20
"""Compiled code that is kept, over all versions and environments: what was used longest ago goes first."""

UNREADABLE = (OSError, EOFError, ImportError, AttributeError, ValueError, TypeError, KeyError, pickle.PickleError)
"""What reading a file of another program or a broken one may raise."""


def environment() -> str:
    """Return the versions that compiled code depends on; Numba itself tells processors apart."""
    return f"py{platform.python_version()}-numba{numba.__version__}-numpy{np.__version__}"


def is_writable(folder: Path) -> bool:
    """Return whether a folder is ours, made where it is missing, and takes files."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != getattr(os, "getuid", lambda: folder.stat().st_uid)():
            return False  # somebody else could have put code there
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def cache_candidates() -> Iterator[Path]:
    """Yield the folders in which compiled code may be kept, the best first."""
    if "NUMBA_CACHE_DIR" in os.environ:
        yield Path(os.environ["NUMBA_CACHE_DIR"]) / "qispread"
    yield user_cache_path("qispread")
    user = getattr(os, "getuid", lambda: "user")()
    with suppress(OSError):
        yield Path(tempfile.gettempdir()) / f"qispread-{user}"


def cache_folder() -> Path | None:
    """Return the folder for compiled code, or None where nothing can be written (then each process compiles)."""
    if FunctionCache is None:
        return None
    name = f"{compiled_fingerprint()}-{environment()}"
    return next((place for base in cache_candidates() if is_writable(place := base / name)), None)


def remove_unused(base: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
    """Remove the compiled code that was used longest ago, until what is left fits.

    Parameters
    ----------
    base : Path
        The folder that holds the folders of all versions and environments.
    max_bytes : int
        Bytes that may stay.
    """
    families: dict[Path, list[Path]] = {}  # an index and its data belong together
    for path in base.rglob("*.nb[ic]*"):
        families.setdefault(path.parent / path.name.partition(".nbi")[0].rpartition(".py")[0], []).append(path)
    used: list[tuple[float, int, list[Path]]] = []
    for paths in families.values():
        with suppress(OSError):  # another process may be removing the same
            stats = [path.stat() for path in paths]
            used.append((max(one.st_mtime for one in stats), sum(one.st_size for one in stats), paths))
    total = 0
    for _, size, paths in sorted(used, key=lambda one: -one[0]):
        total += size
        if total > max_bytes:
            for path in paths:
                with suppress(OSError):
                    path.unlink()
    for folder in sorted(base.rglob("*/"), reverse=True):
        with suppress(OSError):  # not empty
            folder.rmdir()


class _CacheLocation(_CacheLocator or object):  # type: ignore[misc]
    """Where the code of a function is, for Numba; it never goes stale, since its name says what it was made of."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder, self._key = folder, key

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return self._key

    def get_disambiguator(self) -> str:
        return self._key


class _Serialised(CompileResultCacheImpl or object):  # type: ignore[misc]
    """Numba's way to write and read compiled code, with a place of ours."""

    def __init__(self, function: Callable[..., Any], folder: Path, key: str) -> None:
        self._lineno = function.__code__.co_firstlineno
        self._locator = _CacheLocation(folder, key)
        self._filename_base = self.get_filename_base(f"{function.__module__}.{function.__qualname__}", "")


class _Files(FunctionCache or object):  # type: ignore[misc]
    """The files of a function with one content."""

    def __init__(self, function: Callable[..., Any], folder: Path, key: str) -> None:
        self._impl_class = partial(_Serialised, folder=folder, key=key)
        super().__init__(function)
        self.index = folder / f"{self._impl.filename_base}.nbi"


class CodeCache:
    """What a compiled function asks for its code before it compiles, and hands it to afterwards.

    Parameters
    ----------
    function : function
    folder : Path or None
        None to keep nothing, only to note of what content the function was compiled.

    Attributes
    ----------
    compiled_from : dict
        The content hash with which each signature was compiled or loaded; None where there is none.
    """

    _pruned = False

    def __init__(self, function: Callable[..., Any], folder: Path | None) -> None:
        self.function, self.folder = function, folder
        self.compiled_from: dict[Any, str | None] = {}

    def content(self) -> str | None:
        """Return the hash of what the function does now; None where it reads what has none."""
        try:
            return content_hash(self.function)
        except UnknownContentError:
            return None

    @property
    def cache_path(self) -> str | None:
        """The folder, as Numba asks for it."""
        return None if self.folder is None else str(self.folder)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the compiled code of a signature; None where there is none that can be read."""
        key = self.compiled_from[signature] = self.content()
        if self.folder is None or key is None:
            return None
        with suppress(*UNREADABLE):
            files = _Files(self.function, self.folder, key)
            found = files.load_overload(signature, target_context)
            if found is not None:
                os.utime(files.index)
            return found
        return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep compiled code, if there is room and all that it was made of is what is bound now."""
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
        """Return whether each function that is called was compiled with what it reads now, as far as is known."""
        walk = ContentWalker()
        walk.visit_function(self.function)
        return all(is_current(one) for one in walk.functions)

    def enable(self) -> None:
        """Do nothing: Numba's caches can be switched."""

    def disable(self) -> None:
        """Do nothing: Numba's caches can be switched."""

    def flush(self) -> None:
        """Forget what was compiled; the files stay, since their names say what they hold."""
        self.compiled_from.clear()


def is_current(dispatcher: Any) -> bool:
    """Return whether what is compiled of a function is known to be compiled from what the function reads now."""
    if not getattr(dispatcher, "overloads", None):
        return True
    noted = getattr(dispatcher, "_cache", None)
    if not isinstance(noted, CodeCache):
        return False
    content = noted.content()
    return content is not None and set(noted.compiled_from.values()) == {content}
