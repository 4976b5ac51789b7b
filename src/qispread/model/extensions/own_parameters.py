"""The parameters of own networks and policies: from the annotations of a function, with ranges beside it."""

import inspect
import math
import re
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.field_errors import discriminator
from qispread.inputs.parameter import Role, parameter, shipped_sections

Interval = tuple[float, float]
Ranges = Mapping[str, Interval]
NUMBER_TYPES = {"int": int, "float": float, int: int, float: float, inspect.Parameter.empty: float}


def declaration_fault(function: Callable[..., Any], problem: str) -> Fault:
    """Return a fault at the line of a function."""
    code = function.__code__
    return Fault(function.__name__, problem, code.co_filename, code.co_firstlineno)


def require_free_name(function: Callable[..., Any], name: str, union: Any) -> None:
    """Require that no section of this package in a union is identified by a name.

    Raises
    ------
    InputError
    """
    if name in {discriminator(section) for section in shipped_sections(union)}:
        raise InputError([declaration_fault(function, f"'{name}': qispread has one of this name; needed: another")])


def own_parameters(
    function: Callable[..., Any],
    arguments: tuple[str, ...],
    plausible: Interval | Ranges | None,
    limits: Interval | Ranges | None,
    role: Role,
) -> dict[str, tuple[Any, Any]]:
    """Return the parameters of a function after the arguments that it is given: type and declaration, by name.

    Parameters
    ----------
    function : callable
    arguments : tuple of str
        What its first arguments are, for messages.
    plausible, limits : pair of float, or mapping of str to pair of float
        The range to vary each parameter over, and the range that is allowed; a pair if there is one parameter.
    role : {"lever", "world"}

    Raises
    ------
    InputError
        For too few arguments, parameters that are not numbers, and those without a plausible range.
    """
    parameters = list(inspect.signature(function).parameters.values())
    kinds = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    if len(parameters) < len(arguments) or any(one.kind in kinds for one in parameters):
        listed = ", ".join(one.name for one in parameters) or "none"
        problem = f"takes the arguments {listed}; needed: {', '.join(arguments)}, and then its parameters"
        raise InputError([declaration_fault(function, problem)])
    own = parameters[len(arguments) :]
    names = [one.name for one in own]
    ranges, allowed = by_name(function, names, plausible, "plausible"), by_name(function, names, limits, "limits")
    declared: dict[str, tuple[Any, Any]] = {}
    faults = []
    for one in own:
        number = NUMBER_TYPES.get(one.annotation)
        if number is None:
            faults.append(declaration_fault(function, f"its parameter '{one.name}' must be annotated int or float"))
        elif one.name not in ranges:
            problem = f"its parameter '{one.name}' has no range; give plausible={{'{one.name}': (low, high)}}"
            faults.append(declaration_fault(function, problem))
        else:
            limit = allowed.get(one.name)
            declared[one.name] = (number, declared_parameter(one, number, ranges[one.name], limit, role))
            faults += limit_faults(function, one, ranges[one.name], limit)
    if faults:
        raise InputError(faults)
    return declared


def limit_faults(
    function: Callable[..., Any], argument: inspect.Parameter, plausible: Interval, limits: Interval | None
) -> list[Fault]:
    """Return a fault if the plausible range or the default of a parameter is outside its limits."""
    if limits is None:
        return []
    numbers = [("plausible", plausible[0]), ("plausible", plausible[1])]
    if isinstance(argument.default, int | float):
        numbers.append(("its default", argument.default))
    return [
        declaration_fault(function, f"{label} of '{argument.name}' is {number:g}, outside limits {limits}")
        for label, number in numbers
        if not limits[0] <= number <= limits[1]
    ]


def by_name(
    function: Callable[..., Any], names: list[str], ranges: Interval | Ranges | None, label: str
) -> dict[str, Interval]:
    """Return ranges by the names of parameters.

    Raises
    ------
    InputError
        For names that are no parameters, ranges that are none, and one range for several parameters.
    """
    if ranges is None:
        return {}
    if not isinstance(ranges, Mapping):
        if len(names) != 1:
            problem = f"{label} is one range for {len(names)} parameters; needed: a range for each, by name"
            raise InputError([declaration_fault(function, problem)])
        ranges = {names[0]: ranges}
    faults = []
    for name, interval in ranges.items():
        if name not in names:
            faults.append(
                declaration_fault(
                    function, f"{label} names '{name}', which is none of its parameters" + did_you_mean(name, names)
                )
            )
        elif not is_interval(interval):
            faults.append(declaration_fault(function, f"{label} of '{name}' is {interval!r}; needed: (low, high)"))
    if faults:
        raise InputError(faults)
    return dict(ranges)


def check_ranges(value: Any) -> str:
    """Check that a value is a range, or ranges by the names of parameters."""
    by_parameter = isinstance(value, Mapping) and all(isinstance(name, str) for name in value)
    return "" if by_parameter or isinstance(value, list | tuple) else "(low, high), or such a pair for each parameter"


def check_own_name(value: Any) -> str:
    """Check that a value can be a name in scenarios and tables."""
    valid = isinstance(value, str) and re.fullmatch("[a-z][a-z0-9_]{0,63}", value) is not None
    return "" if valid else "in brackets a name of small letters, digits and underscores, at most 64"


def is_interval(interval: Any) -> bool:
    """Return whether a value is a pair of numbers, the lower first."""
    if not isinstance(interval, list | tuple) or len(interval) != 2:
        return False
    numbers = [end for end in interval if isinstance(end, Real) and math.isfinite(end)]
    return len(numbers) == len(interval) and numbers[0] < numbers[1]


def declared_parameter(
    argument: inspect.Parameter, number: type, plausible: Interval, limits: Interval | None, role: Role
) -> Any:
    """Return the declaration of a parameter; without a default it has the middle of its plausible range."""
    middle = (plausible[0] + plausible[1]) / 2.0
    default = number(middle) if argument.default is inspect.Parameter.empty else argument.default
    low, high = limits or (None, None)
    meaning = f"{argument.name.replace('_', ' ').capitalize()}."
    bounds = tuple(number(end) for end in plausible)
    return parameter(number(default), meaning, unit="-", low=low, high=high, plausible=bounds, role=role)
