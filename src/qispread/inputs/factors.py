"""Factors: parameters that a design varies, found by their path, with the range over which they are varied."""

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
"""Roles of what nobody decides."""

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Factor:
    """A parameter to vary, or a part of a scenario to exchange whole.

    A design speaks of a factor in numbers: those of its range, or the places of its values, from 0.

    Attributes
    ----------
    path : str
        Where it stands in a scenario, such as "interventions.prompt.benefit".
    low, high : float
        Between which it is varied.
    integer : bool
        Whether only whole numbers have a meaning.
    scale : {"linear", "log"}
        In which its range is filled evenly.
    values : tuple
        What it may be, where it is one of a few: numbers, words, or parts of a scenario.
    labels : tuple of str
        Names of the values in tables; none where the values are numbers.
    """

    path: str
    low: float
    high: float
    integer: bool = False
    scale: Scale = "linear"
    values: tuple[Any, ...] = ()
    labels: tuple[str, ...] = ()

    def from_unit(self, unit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the numbers of a factor at places in [0, 1] of its range, each whole number with the same share.

        Equation: low + u (high - low), or low (high / low)^u on a log scale.
        """
        if self.integer:
            place = np.floor(self._interpolate(unit, self.low, self.high + 1.0))
        else:
            place = self._interpolate(unit, self.low, self.high)
        found: NDArray[np.float64] = np.clip(place, self.low, self.high)
        return found

    def _interpolate(self, unit: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
        if self.scale == "log":
            return np.asarray(low * (high / low) ** unit)
        return low + unit * (high - low)

    def levels(self, count: int) -> NDArray[np.float64]:
        """Return so many numbers that differ, spread over the range with both ends; of values all."""
        if self.values:
            return np.arange(len(self.values), dtype=np.float64)
        spread = np.clip(self._interpolate(np.linspace(0.0, 1.0, count), self.low, self.high), self.low, self.high)
        return np.unique(np.rint(spread)) if self.integer else spread

    def value(self, number: float) -> Any:
        """Return what stands in the scenario for a number of a design."""
        if self.values:
            return self.values[int(number)]
        return int(number) if self.integer else float(number)

    def format_values(self, numbers: NDArray[np.float64]) -> Any:
        """Return the column of a table for numbers of a design: labels, or numbers of the right kind."""
        if self.labels:
            return [self.labels[int(number)] for number in numbers]
        if self.values:
            return np.array(self.values)[numbers.astype(np.int64)]
        return numbers.astype(np.int64) if self.integer else numbers


def value_at_path(scenario: Scenario, path: str) -> Any:
    """Return what stands at a path of a scenario: a number, a word or a whole part.

    Raises
    ------
    InputError
        Where there is nothing, with the nearest path that there is.
    """
    part: Any = scenario
    for name in path.split("."):
        if isinstance(part, dict) and name in part:
            part = part[name]
        elif isinstance(part, ConfigSection) and name in type(part).model_fields:
            part = getattr(part, name)
        else:
            raise InputError([Fault(path, "is nothing of the scenario" + did_you_mean(path, list_paths(scenario)))])
    return part


def list_paths(scenario: Scenario) -> list[str]:
    """Return the path of every part of a scenario that can be changed by itself."""
    return list(_list_paths("", scenario))


def _list_paths(path: str, part: Any) -> Iterator[str]:
    inside = vars(part) if isinstance(part, ConfigSection) else part
    for name, one in inside.items() if isinstance(inside, dict) else ():
        here = f"{path}.{name}" if path else name
        yield here
        yield from _list_paths(here, one)


def iterate_parameters(scenario: Scenario) -> Iterator[tuple[str, float, FieldInfo]]:
    """Yield path, value and declaration of every number of a scenario that is a parameter."""
    yield from _iterate_parameters("", scenario)


def _iterate_parameters(path: str, value: Any) -> Iterator[tuple[str, float, FieldInfo]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _iterate_parameters(f"{path}.{name}", one)
    elif isinstance(value, ConfigSection):
        for name, field in type(value).model_fields.items():
            here, inside = f"{path}.{name}" if path else name, getattr(value, name)
            if declaration_of(field) is not None and isinstance(inside, int | float) and not isinstance(inside, bool):
                yield here, inside, field
            else:
                yield from _iterate_parameters(here, inside)


def plausible_factors(scenario: Scenario, roles: Collection[Role] = UNCERTAIN_ROLES) -> list[Factor]:
    """Return the parameters that have a plausible range, each over that range.

    A parameter that the scenario has put outside its plausible range is left out: that is a choice, such as a
    mechanism switched off.
    """
    found = []
    for path, value, field in iterate_parameters(scenario):
        extra = declaration_of(field) or {}
        if not extra["plausible"] or extra["role"] not in roles:
            continue
        low, high = extra["plausible"]
        if low <= value <= high:
            found.append(Factor(path, low, high, integer=isinstance(value, int)))
    return found


def number_at_path(scenario: Scenario, path: str) -> float:
    """Return the number at a path.

    Raises
    ------
    InputError
        Where the scenario has no number there.
    """
    numbers = {found: value for found, value, _ in iterate_parameters(scenario)}
    if path not in numbers:
        raise InputError([Fault(path, "is no number of the scenario" + did_you_mean(path, numbers))])
    return numbers[path]
