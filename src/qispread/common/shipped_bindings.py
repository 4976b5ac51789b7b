"""The shipped value of each name that compiled code reads, recorded when it is defined; loads no compiler.

A rule or a constant is replaced from outside by assignment, which leaves no trace: current values are compared with
those recorded here (`qispread.model.rules.code_replacement`, decision 69).
"""

import sys
from typing import Any

Binding = tuple[str, str]
"""The name of a module, and a name in it."""

BINDINGS: dict[Binding, Any] = {}
"""The shipped value of every compiled function, wherever it is imported, and of every constant that was recorded."""

FUNCTIONS: dict[Binding, Any] = {}
"""The shipped compiled functions, by the module and name under which they were defined."""

PACKAGE_NAME = __name__.partition(".")[0]


def is_ours(module: str) -> bool:
    """Return whether a module is part of this package."""
    return module == PACKAGE_NAME or module.startswith(f"{PACKAGE_NAME}.")


def is_constant(value: object) -> bool:
    """Return whether compiled code can hold a value as a constant that compares by value."""
    if isinstance(value, tuple):
        return all(is_constant(entry) for entry in value)
    return isinstance(value, bool | int | float | complex | str)


def record_constants(module: str) -> None:
    """Record the constants that a module has defined so far; called at the end of a module that compiles no function.

    Parameters
    ----------
    module : str
        Its `__name__`.
    """
    for name, value in vars(sys.modules[module]).items():
        if is_constant(value) and not name.startswith("__"):
            BINDINGS.setdefault((module, name), value)


def record_function(function: Any, compiled: Any) -> None:
    """Record a compiled function of this package and the current values of the global names that it reads.

    Parameters
    ----------
    function : function
    compiled : object
        The result of the decorator.
    """
    module, name = function.__module__, function.__qualname__
    if not is_ours(module) or name != function.__name__:
        return
    FUNCTIONS[module, name] = BINDINGS[module, name] = compiled
    record_constants(module)
    for global_name in function.__code__.co_names:
        value = function.__globals__.get(global_name)
        if hasattr(value, "py_func"):
            BINDINGS.setdefault((module, global_name), value)
