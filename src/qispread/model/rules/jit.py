"""Decorators that compile rules and kernels, and cache the compiled code."""

import itertools
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import config as numba_config
from numba.core.bytecode import FunctionIdentity
from numba.core.registry import CPUDispatcher

from qispread.common.shipped_bindings import record_function
from qispread.model.rules.code_cache import CodeCache, cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])

INTERPRETED = bool(numba_config.DISABLE_JIT)

TO_UINT64: Any = int if INTERPRETED else np.uint64
"""Conversion to an unsigned 64-bit integer; without compilation, to a Python integer that the caller masks."""

TO_INT64: Any = int if INTERPRETED else np.int64
"""Conversion to a signed 64-bit integer, which converts to a float faster than an unsigned one."""

CACHE_FOLDER = None if INTERPRETED else cache_folder()


def use_symbols_of_this_process() -> None:
    """Let the names of machine code differ between processes.

    Numba numbers what it compiles in each process from 1, and names machine code after function and number. Code that
    two processes have compiled and that a third loads from the cache could have the same names, and calls of one would
    run the other (decision 97).
    """
    if hasattr(FunctionIdentity, "_unique_ids"):
        FunctionIdentity._unique_ids = itertools.count(secrets.randbits(48) + 2**16)  # noqa: SLF001 - the only place


use_symbols_of_this_process()


def is_compiled() -> bool:
    """Return whether the shipped kernel is in the cache, so that the first call is fast."""
    return INTERPRETED or (CACHE_FOLDER is not None and any(CACHE_FOLDER.glob("*run_months*.nbi")))


class InnerFunction(CPUDispatcher):  # type: ignore[misc]
    """A compiled function for compiled callers only; its machine code cannot be called from Python."""

    def __call__(self, *arguments: Any) -> Any:
        """Run the function as Python."""
        return self.py_func(*arguments)


def compiled(function: Any, *, cached: bool, inner: bool = False, **options: Any) -> Any:
    """Return a compiled function.

    Parameters
    ----------
    function : function
    cached : bool
        Whether its machine code is stored on disk, if a folder is writable.
    inner : bool
        Whether only compiled code calls it; from Python it then runs as Python.
    **options
        Further options of `numba.njit`.
    """
    # Unused wrappers took a quarter of the compile time: C function pointers, and the unpacking of run inputs and
    # state for calls from Python (decision 68).
    options |= {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "no_cpython_wrapper": inner}
    dispatcher: Any = numba.njit(**options)(function)
    if not INTERPRETED:
        dispatcher._cache = CodeCache(function, CACHE_FOLDER if cached else None)  # noqa: SLF001 - the only place for it
        if inner:
            dispatcher.__class__ = InnerFunction
    return dispatcher


def rule(function: Function) -> Function:
    """Compile a scalar rule that is inlined into the kernel and callable from the Mesa agents.

    Stored on disk: a few rules are called to build every world, and compiling them took half a second at each start.
    """
    dispatcher: Function = compiled(function, cached=True, forceinline=True)
    record_function(function, dispatcher)
    return dispatcher


def inlined(function: Function) -> Function:
    """Compile a function over arrays that is inlined into compiled code and not called from Python."""
    dispatcher: Function = compiled(function, cached=False, inner=True, forceinline=True)
    record_function(function, dispatcher)
    return dispatcher


def stage(function: Function) -> Function:
    """Compile a function over arrays that is only called from compiled code."""
    dispatcher: Function = compiled(function, cached=False, inner=True)
    record_function(function, dispatcher)
    return dispatcher


def kernel(function: Function) -> Function:
    """Compile a function over arrays that is called from Python, and store the result on disk."""
    dispatcher: Function = compiled(function, cached=True)
    record_function(function, dispatcher)
    return dispatcher
