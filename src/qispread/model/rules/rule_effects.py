"""The direction in which a rule changes with each argument, declared in its signature and tested (decision 72).

``def dose(available: Rises, load: Falls) -> Share`` declares that the value never falls with the first argument, never
rises with the second, and is in [0, 1]. The compiler ignores the declarations.
"""

import inspect
import typing
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any


class Effect(Enum):
    """The direction in which a rule changes as an argument grows."""

    RISES = 1
    FALLS = -1
    NEITHER = 0


NUMBERS = (float, int, bool)
SHARE = "share"
"""Marks a value in [0, 1]: a share or a probability."""

Rises = Annotated[float, Effect.RISES]
Falls = Annotated[float, Effect.FALLS]
Neither = Annotated[float, Effect.NEITHER]
"""An argument without a fixed direction, such as a weight of either sign."""
Share = Annotated[float, SHARE]
Code = Annotated[int, Effect.NEITHER]
"""The code of a form of a rule, as in `qispread.inputs.rule_forms`."""


def effects_of(rule: Callable[..., Any]) -> dict[str, Effect | None]:
    """Return the declared effect of each numeric argument of a rule; None if undeclared."""
    function = getattr(rule, "py_func", rule)
    hints = typing.get_type_hints(function, include_extras=True)
    effects: dict[str, Effect | None] = {}
    for name in inspect.signature(function).parameters:
        annotations = getattr(hints.get(name), "__metadata__", ())
        effect = next((annotation for annotation in annotations if isinstance(annotation, Effect)), None)
        if effect is not None or hints.get(name) in NUMBERS:
            effects[name] = effect
    return effects


def is_share(rule: Callable[..., Any]) -> bool:
    """Return whether a rule is declared to return a value in [0, 1]."""
    hints = typing.get_type_hints(getattr(rule, "py_func", rule), include_extras=True)
    return SHARE in getattr(hints.get("return"), "__metadata__", ())
