"""Factors: parameters that a design varies, found by their path, with the range over which they are varied."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from qispread.config.faults import Fault, InputError, nearest
from qispread.config.parameter import Role, Section, declared
from qispread.config.scenario import Scenario

UNCERTAIN: tuple[Role, ...] = ("uncertainty", "world")
"""Roles of what nobody decides."""


@dataclass(frozen=True)
class Factor:
    """A parameter to vary.

    Attributes
    ----------
    path : str
        Where it stands in a scenario, such as "interventions.prompt.benefit".
    low, high : float
        Between which it is varied.
    integer : bool
        Whether only whole numbers have a meaning.
    """

    path: str
    low: float
    high: float
    integer: bool = False


def numbers_of(scenario: Scenario) -> Iterator[tuple[str, float, FieldInfo]]:
    """Yield path, value and declaration of every number of a scenario that is a parameter."""
    yield from _numbers_within("", scenario)


def _numbers_within(path: str, value: Any) -> Iterator[tuple[str, float, FieldInfo]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _numbers_within(f"{path}.{name}", one)
    elif isinstance(value, Section):
        for name, field in type(value).model_fields.items():
            here, inside = f"{path}.{name}" if path else name, getattr(value, name)
            if declared(field) is not None and isinstance(inside, int | float) and not isinstance(inside, bool):
                yield here, inside, field
            else:
                yield from _numbers_within(here, inside)


def plausible_factors(scenario: Scenario, roles: Collection[Role] = UNCERTAIN) -> list[Factor]:
    """Return the parameters that have a plausible range, each over that range.

    A parameter that the scenario has put outside its plausible range is left out: that is a choice, such as a
    mechanism switched off.
    """
    found = []
    for path, value, field in numbers_of(scenario):
        extra = declared(field) or {}
        if not extra["plausible"] or extra["role"] not in roles:
            continue
        low, high = extra["plausible"]
        if low <= value <= high:
            found.append(Factor(path, low, high, integer=isinstance(value, int)))
    return found


def value_at(scenario: Scenario, path: str) -> float:
    """Return the number at a path.

    Raises
    ------
    InputError
        Where the scenario has no number there.
    """
    numbers = {found: value for found, value, _ in numbers_of(scenario)}
    if path not in numbers:
        raise InputError([Fault(path, "is no number of the scenario" + nearest(path, numbers))])
    return numbers[path]
