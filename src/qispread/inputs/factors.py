"""Factors: parameters that a design varies, each with its path and range."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.fields import FieldInfo

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.parameter import ConfigSection, Role, declaration_of
from qispread.inputs.scenario import Scenario

UNCERTAIN_ROLES: tuple[Role, ...] = ("uncertainty", "world")
"""Roles of uncertain parameters."""

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Factor:
    """A parameter to vary, or a part of a scenario to replace.

    A design represents a factor by numbers: those of its range, or the indices of its values, from 0.

    Attributes
    ----------
    path : str
        Path in the scenario, such as "interventions.prompt.benefit".
    low, high : float
        Bounds of its range.
    integer : bool
        Whether only whole numbers are valid.
    scale : {"linear", "log"}
        Scale on which its range is sampled evenly.
    values : tuple
        Its values, if it takes one of a few: numbers, words, or parts of a scenario.
    labels : tuple of str
        Names of the values in tables; empty if the values are numbers.
    """

    path: str
    low: float
    high: float
    integer: bool = False
    scale: Scale = "linear"
    values: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()

    def from_unit(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the numbers of a factor at positions in [0, 1] of its range; whole numbers have equal shares.

        Equation: low + u (high - low), or low (high / low)^u on a log scale.
        """
        if self.integer:
            position = np.floor(self._interpolate(unit, self.low, self.high + 1.0))
        else:
            position = self._interpolate(unit, self.low, self.high)
        numbers: NDArray[np.float64] = np.clip(position, self.low, self.high)
        return numbers

    def _interpolate(self, unit: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
        if self.scale == "log":
            return np.asarray(low * (high / low) ** unit)
        return low + unit * (high - low)

    def levels(self, count: int) -> NDArray[np.float64]:
        """Return up to `count` distinct numbers spread over the range with both ends, or the index of every value."""
        if self.values:
            return np.arange(len(self.values), dtype=np.float64)
        spread = np.clip(self._interpolate(np.linspace(0.0, 1.0, count), self.low, self.high), self.low, self.high)
        return np.unique(np.rint(spread)) if self.integer else spread

    def value(self, number: float) -> Any:
        """Return the value in the scenario for a number of a design."""
        if self.values:
            return self.values[int(number)]
        return int(number) if self.integer else float(number)

    def format_values(self, numbers: NDArray[np.float64]) -> Any:
        """Return a table column for numbers of a design: labels, or numbers of the right type."""
        if self.labels:
            return [self.labels[int(number)] for number in numbers]
        if self.values:
            return np.array(self.values)[numbers.astype(np.int64)]
        return numbers.astype(np.int64) if self.integer else numbers


def value_at_path(scenario: Scenario, path: str) -> Any:
    """Return the value at a path of a scenario: a number, a word or a section.

    Raises
    ------
    InputError
        If the path does not exist, with the nearest path that does.
    """
    part: Any = scenario
    for name in path.split("."):
        if isinstance(part, dict) and name in part:
            part = part[name]
        elif isinstance(part, ConfigSection) and name in type(part).model_fields:
            part = getattr(part, name)
        else:
            raise InputError([Fault(path, "is not in the scenario" + did_you_mean(path, list_paths(scenario)))])
    return part


def list_paths(scenario: Scenario) -> list[str]:
    """Return the path of every value and section of a scenario."""
    return list(_list_paths("", scenario))


def _list_paths(path: str, part: Any) -> Iterator[str]:
    members = vars(part) if isinstance(part, ConfigSection) else part
    for name, value in members.items() if isinstance(members, dict) else ():
        inner_path = f"{path}.{name}" if path else name
        yield inner_path
        yield from _list_paths(inner_path, value)


def iterate_parameters(scenario: Scenario) -> Iterator[tuple[str, float, FieldInfo]]:
    """Yield path, value and declaration of every numeric parameter of a scenario."""
    yield from _iterate_parameters("", scenario)


def _iterate_parameters(path: str, value: Any) -> Iterator[tuple[str, float, FieldInfo]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _iterate_parameters(f"{path}.{name}", item)
    elif isinstance(value, ConfigSection):
        for name, field in type(value).model_fields.items():
            inner_path, inner = f"{path}.{name}" if path else name, getattr(value, name)
            if declaration_of(field) is not None and isinstance(inner, int | float) and not isinstance(inner, bool):
                yield inner_path, inner, field
            else:
                yield from _iterate_parameters(inner_path, inner)


def plausible_factors(scenario: Scenario, roles: Collection[Role] = UNCERTAIN_ROLES) -> list[Factor]:
    """Return the parameters that have a plausible range, as factors over that range.

    A parameter that the scenario sets outside its plausible range is left out: it is a choice, such as a mechanism
    switched off.
    """
    factors = []
    for path, value, field in iterate_parameters(scenario):
        extra = declaration_of(field) or {}
        if not extra["plausible"] or extra["role"] not in roles:
            continue
        low, high = extra["plausible"]
        if low <= value <= high:
            factors.append(Factor(path, low, high, integer=isinstance(value, int)))
    return factors


def number_at_path(scenario: Scenario, path: str) -> float:
    """Return the number at a path.

    Raises
    ------
    InputError
        If the scenario has no number at the path.
    """
    numbers = {found_path: value for found_path, value, _ in iterate_parameters(scenario)}
    if path not in numbers:
        raise InputError([Fault(path, "is not a number in the scenario" + did_you_mean(path, numbers))])
    return numbers[path]
