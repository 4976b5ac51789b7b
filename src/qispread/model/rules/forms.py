"""The function that call sites use for each rule that has several forms: it takes the code of the form first.

Both engines call it as an attribute of its module, `capacity.climate_in_form(...)`, so that another function of the
same signature can take its place when the callers are compiled. Arguments after those of the rule are for forms that
draw.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from qispread.common.shipped_bindings import FUNCTIONS
from qispread.model.rules import capacity, deciding, improving, outcome

FORM_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "capacity.climate": capacity.climate_in_form,
    "deciding.chance_adopts": deciding.chance_adopts_in_form,
    "deciding.attraction": deciding.attraction_in_form,
    "improving.decayed_fidelity": improving.decayed_fidelity_in_form,
    "outcome.response_to_fidelity": outcome.response_to_fidelity_in_form,
}
"""By the path of the rule, as shipped."""


def shipped_rule(path: str) -> Callable[..., Any]:
    """Return the shipped form of a rule by its path, such as "capacity.climate"."""
    module, _, name = path.partition(".")
    full_name = f"{__name__.rpartition('.')[0]}.{module}"
    import_module(full_name)  # rules are recorded when their module is imported
    function: Callable[..., Any] = FUNCTIONS[full_name, name]
    return function


def called_function(path: str) -> Callable[..., Any]:
    """Return the function that call sites use for a rule: the one that chooses among its forms, if it has several."""
    return FORM_FUNCTIONS.get(path) or shipped_rule(path)
