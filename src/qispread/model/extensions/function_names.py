"""What functions of the user's own read: refused if it makes results differ that are recorded as the same."""

import inspect
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from types import ModuleType
from typing import Any

from qispread.model.engines.composition import plain_function, read_names
from qispread.model.rules.code_content import VERSIONED_PACKAGES

MODULE_PREFIX = "qispread_plugin_"
"""How the modules of plug-ins are named."""
NOT_FIXED = ("random", "secrets", "time", "datetime", "os")
"""Names of modules whose functions give other values at each call."""


def names_and_values(function: Any, visited: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """Yield what a function, and the functions of its file that it calls, read: global names and attributes.

    The value of a name is None if it is an attribute.
    """
    plain, visited = plain_function(function), set() if visited is None else visited
    if id(plain) in visited:
        return
    visited.add(id(plain))
    space = {**plain.__globals__, **inspect.getclosurevars(plain).nonlocals}
    for name in dict.fromkeys(read_names(plain.__code__)) | dict.fromkeys(plain.__code__.co_freevars):
        value = space.get(name)
        yield name, value
        if getattr(plain_function(value), "__globals__", None) is plain.__globals__:
            yield from names_and_values(value, visited)


def home_module(value: Any) -> str:
    """Return the full name of a module, or of the module of a function or class; empty for other values."""
    if isinstance(value, ModuleType):
        return value.__name__
    return str(getattr(value, "__module__", "") or "") if callable(value) else ""


def chance_problems(function: Any) -> list[str]:
    """Return a problem if a compiled function, or one that it calls, reads a clock or draws numbers of its own."""
    found = set()
    for name, value in names_and_values(function):
        parts = home_module(value).split(".")
        if "random" in (name, *parts) or parts[0] in NOT_FIXED:
            found.add(name)
    listed = ", ".join(sorted(found))
    return [f"reads {listed}; needed: the same result for the same arguments"] if found else []


def foreign_problems(function: Any) -> list[str]:
    """Return a problem if a function reads modules that are neither installed nor in its file: no hash covers them."""
    own = str(plain_function(function).__module__ or "").partition(".")[0]
    found = {home_module(value).partition(".")[0] for _, value in names_and_values(function)}
    found -= {"", own, "qispread", "builtins", "__main__", *VERSIONED_PACKAGES}
    found = {top for top in found if not top.startswith(MODULE_PREFIX)}
    if found:  # reading what is installed takes longer than all other checks of names
        found -= packages_distributions().keys()
    listed = ", ".join(sorted(found))
    problem = f"reads {listed}, which is neither in this file nor installed, so that no hash covers it"
    return [f"{problem}; needed: all in one file, or an installed package"] if found else []
