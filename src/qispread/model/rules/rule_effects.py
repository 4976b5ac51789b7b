"""Which way a rule moves with each of its arguments, declared in its signature; the tests hold every rule to it.

``def dose(available: Rises, load: Falls) -> Share`` says that the value never falls with the first argument and never
rises with the second, and lies in [0, 1]. The compiler takes no notice of it.
"""

import inspect
import typing
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any


class Effect(Enum):
    """What a rule does as one of its arguments grows."""

    RISES = 1
    FALLS = -1
    NEITHER = 0


NUMBERS = (float, int, bool)
SHARE = "share"
"""Marks a value that lies in [0, 1]: a share or a probability."""

Rises = Annotated[float, Effect.RISES]
Falls = Annotated[float, Effect.FALLS]
Neither = Annotated[float, Effect.NEITHER]
"""An argument of which the model says neither, such as a weight that may be of either sign."""
Share = Annotated[float, SHARE]


def effects_of(rule: Callable[..., Any]) -> dict[str, Effect | None]:
    """Return the declared effect of each number that a rule takes, by argument; None where none is declared."""
    function = getattr(rule, "py_func", rule)
    hints = typing.get_type_hints(function, include_extras=True)
    found: dict[str, Effect | None] = {}
    for name in inspect.signature(function).parameters:
        marks = getattr(hints.get(name), "__metadata__", ())
        effect = next((mark for mark in marks if isinstance(mark, Effect)), None)
        if effect is not None or hints.get(name) in NUMBERS:
            found[name] = effect
    return found


def is_share(rule: Callable[..., Any]) -> bool:
    """Return whether a rule is declared to return a value in [0, 1]."""
    hints = typing.get_type_hints(getattr(rule, "py_func", rule), include_extras=True)
    return SHARE in getattr(hints.get("return"), "__metadata__", ())
