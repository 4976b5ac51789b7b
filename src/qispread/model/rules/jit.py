"""How rules and kernels are compiled, and where the compiled code is kept."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core import config as numba_config
from numba.core.registry import CPUDispatcher

from qispread.common.shipped_bindings import record_function
from qispread.model.rules.code_cache import CodeCache, cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])

INTERPRETED = bool(numba_config.DISABLE_JIT)

TO_UINT64: Any = int if INTERPRETED else np.uint64
"""Conversion to an unsigned 64-bit integer: Python integers, masked by the caller, when nothing is compiled."""

TO_INT64: Any = int if INTERPRETED else np.int64
"""Conversion to a signed 64-bit integer, which becomes a float faster than an unsigned one."""

CACHE_FOLDER = None if INTERPRETED else cache_folder()


def is_compiled() -> bool:
    """Return whether the shipped kernel is in the cache, that is, whether the first call will be fast."""
    return INTERPRETED or (CACHE_FOLDER is not None and any(CACHE_FOLDER.glob("*run_months*.nbi")))


class InnerFunction(CPUDispatcher):  # type: ignore[misc]
    """A compiled function that only compiled code calls: there is no way into its machine code from Python."""

    def __call__(self, *arguments: Any) -> Any:
        """Run the function as Python."""
        return self.py_func(*arguments)


def compiled(function: Any, *, cached: bool, inner: bool = False, **options: Any) -> Any:
    """Return a compiled function.

    Parameters
    ----------
    function : function
    cached : bool
        Whether its machine code is kept on disk, where there is a place for it.
    inner : bool
        Whether only compiled code calls it; called from Python it then runs as Python.
    **options
        Of `numba.njit`, beyond those that all have.
    """
    # Ways in that nobody takes were a quarter of the compiling: C function pointers, and the unpacking of a plan and
    # a state for each call from Python (decision 68).
    options |= {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "no_cpython_wrapper": inner}
    dispatcher: Any = numba.njit(**options)(function)
    if not INTERPRETED:
        dispatcher._cache = CodeCache(function, CACHE_FOLDER if cached else None)  # noqa: SLF001 - the only place for it
        if inner:
            dispatcher.__class__ = InnerFunction
    return dispatcher


def rule(function: Function) -> Function:
    """Compile a scalar rule, so that it is inlined into the kernel and callable from the Mesa agents.

    Kept on disk as well: a few rules are called to build every world, and compiling these took half a second a start.
    """
    dispatcher: Function = compiled(function, cached=True, forceinline=True)
    record_function(function, dispatcher)
    return dispatcher


def inlined(function: Function) -> Function:
    """Compile a function over arrays that is inlined into compiled code, and called from nowhere else."""
    dispatcher: Function = compiled(function, cached=False, inner=True, forceinline=True)
    record_function(function, dispatcher)
    return dispatcher


def stage(function: Function) -> Function:
    """Compile a function over arrays that is called from other compiled code, and from nowhere else."""
    dispatcher: Function = compiled(function, cached=False, inner=True)
    record_function(function, dispatcher)
    return dispatcher


def kernel(function: Function) -> Function:
    """Compile a function over arrays that is called from Python, and keep the result on disk."""
    dispatcher: Function = compiled(function, cached=True)
    record_function(function, dispatcher)
    return dispatcher
