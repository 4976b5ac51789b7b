"""The factors, measures and points of a scenario as a function: declared, read and checked as in a sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.argument_checks import is_list, shorten
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.factors import Factor
from qispread.inputs.scenario import Scenario
from qispread.model.engines.organisation_class import OrganisationClass
from qispread.runs.sweep.apply_point import check_points
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.factor_validation import explicit_spec
from qispread.runs.sweep.load_experiment import read_experiment

NEEDED_FACTORS = "paths, or a mapping of paths to ranges or values: {'improving.decay': (0.01, 0.05)}"
MAX_REPORTED = 10
HALF = 0.5
"""How far beyond its ends a whole number may lie before it is rounded, so that each has the same share of a range."""
TOLERANCE = 1e-9
"""Share of a range by which a computed number may lie outside."""


def check_factors(value: Any) -> str:
    """Check that a value is a list of factors, or a mapping of their paths."""
    if isinstance(value, str):
        return ""
    names = value if isinstance(value, Mapping) or is_list(value) else (None,)
    kinds = str if isinstance(value, Mapping) else (str, Factor)
    return "" if all(isinstance(name, kinds) for name in names) else NEEDED_FACTORS


def check_measures(value: Any) -> str:
    """Check that a value is the name of a measure, or a list of names."""
    names = (value,) if isinstance(value, str) else value
    valid = is_list(names) and len(names) > 0 and all(isinstance(name, str) for name in names)
    return "" if valid else "the name of a measure, or a list of names"


def factor_specs(factors: Any) -> dict[str, Any]:
    """Return the settings of factors by path, as in the file of an experiment; a pair of numbers is a range."""
    if isinstance(factors, Mapping):
        return {path: factor_settings(spec) for path, spec in factors.items()}
    listed = [factors] if isinstance(factors, str) else factors
    return dict(
        (factor.path, explicit_spec(factor)) if isinstance(factor, Factor) else (factor, {}) for factor in listed
    )


def factor_settings(spec: Any) -> Any:
    """Return the settings of a factor as an experiment takes them."""
    if not isinstance(spec, tuple | list | np.ndarray) or len(spec) != 2:
        return spec
    low, high = (end.item() if isinstance(end, np.generic) else end for end in spec)
    return {"low": low, "high": high}


def declare_experiment(
    scenario: Scenario,
    factors: Any,
    measures: str | Sequence[str],
    replicates: int,
    organisation_class: OrganisationClass | None = None,
    arguments: Mapping[str, str] | None = None,
) -> Experiment:
    """Return the experiment whose runs a function makes.

    Parameters
    ----------
    arguments : mapping of str to str, optional
        The name of the argument that gave each factor, if it is not "factors".

    Raises
    ------
    InputError
        With every fault in the factors and measures.
    """
    names = [measures] if isinstance(measures, str) else list(measures)
    declared = {
        "scenario": scenario,
        "factors": factor_specs(factors),
        "measures": {"final": names},
        "replicates": replicates,
    }
    try:
        return read_experiment(declared).with_organisation_class(organisation_class)
    except InputError as error:
        raise InputError([rename_fault(fault, arguments or {}) for fault in error.faults]) from None


def rename_fault(fault: Fault, arguments: Mapping[str, str]) -> Fault:
    """Return a fault of an experiment with the arguments of the caller in its path."""
    path = fault.path.replace("measures.final", "measures", 1)
    for factor, argument in arguments.items():
        if path == f"factors.{factor}" or path.startswith(f"factors.{factor}."):
            path = f"{argument}.{path.removeprefix('factors.')}"
    return replace(fault, path=path)


class PointReader:
    """Reads the points at which a function is called, as the numbers of a design.

    Parameters
    ----------
    scenario : Scenario
    factors : sequence of Factor
    """

    def __init__(self, scenario: Scenario, factors: Sequence[Factor]) -> None:
        self.scenario, self.factors = scenario, tuple(factors)
        discrete = np.array([factor.integer for factor in self.factors], dtype=bool)
        self.discrete = discrete
        self.low = np.array([factor.low for factor in self.factors]) - HALF * discrete
        self.high = np.array([factor.high for factor in self.factors]) + HALF * discrete

    @property
    def paths(self) -> list[str]:
        """The paths of the factors, in order."""
        return [factor.path for factor in self.factors]

    def read(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> tuple[NDArray[np.float64], bool]:
        """Return the points of a call, and whether they are several.

        Raises
        ------
        InputError
            For numbers that are missing, too many, invalid or outside the bounds.
        """
        if len(arguments) == 1 and isinstance(arguments[0], Mapping):
            return self.read((), {**arguments[0], **named})
        if named and arguments:
            raise InputError([Fault("point", "got numbers with and without names; needed: one of the two")])
        if named or not arguments:
            return self.valid_points(np.array([self.named_point(named)])), False
        given = arguments[0] if len(arguments) == 1 else arguments
        points = read_numbers(given)
        if points is None:
            raise InputError([Fault("point", f"got {shorten(given)}; needed: {self.needed}")])
        rows: NDArray[np.float64] = points if points.ndim > 1 else np.atleast_1d(points)[np.newaxis]
        if rows.ndim > 2 or rows.shape[1] != len(self.factors):
            raise InputError([Fault("point", f"got {describe_shape(points)}; needed: {self.needed}")])
        return self.valid_points(rows), points.ndim > 1

    @property
    def needed(self) -> str:
        """What a point is, in words."""
        count = len(self.factors)
        numbers = "1 number" if count == 1 else f"{count} numbers in this order"
        return f"{numbers} ({', '.join(self.paths)}), or an array with a row of them for each point"

    def named_point(self, named: Mapping[str, Any]) -> list[float]:
        """Return the numbers of a point that is given by name.

        Raises
        ------
        InputError
            With every name that is unknown or missing, and every value that a factor does not have.
        """
        paths = self.paths
        faults = [
            Fault(str(name), "is not a factor of this function" + did_you_mean(str(name), paths))
            for name in named
            if name not in paths
        ]
        numbers: list[float] = []
        for factor in self.factors:
            try:
                numbers.append(number_of_value(factor, named))
            except (TypeError, ValueError) as error:
                faults.append(Fault(factor.path, str(error)))
        if faults:
            raise InputError(faults)
        return numbers

    def valid_points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points with whole numbers where needed.

        Raises
        ------
        InputError
            For numbers outside the bounds, and points at which parts of the scenario are inconsistent.
        """
        margin = TOLERANCE * (self.high - self.low)
        outside = ~((points >= self.low - margin) & (points <= self.high + margin))
        faults = [
            Fault(self.place(points, row, column), self.outside_problem(points[row, column], self.factors[column]))
            for row, column in np.argwhere(outside)[:MAX_REPORTED]
        ]
        if faults:
            raise InputError(faults)
        ends = np.array([(factor.low, factor.high) for factor in self.factors]).T
        whole = np.where(self.discrete, np.floor(points + HALF), points)
        numbers: NDArray[np.float64] = np.clip(whole, ends[0], ends[1])
        check_points(self.scenario, self.factors, numbers)
        return numbers

    def place(self, points: NDArray[np.float64], row: int, column: int) -> str:
        """Return where a number is, in words."""
        path = self.factors[column].path
        return path if len(points) == 1 else f"point {row}: {path}"

    def outside_problem(self, number: float, factor: Factor) -> str:
        """Return the problem of a number outside the bounds of a factor."""
        kind = "a whole number" if factor.integer else "a number"
        if factor.values:
            kind = "the index of one of its values"
        return f"got {number:g}; needed: {kind} from {factor.low:g} to {factor.high:g}"


def read_numbers(value: Any) -> NDArray[np.float64] | None:
    """Return an array of numbers, or None if it has anything else, such as a text."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array.astype(np.float64) if array.size == 0 or array.dtype.kind in "fiu" else None


def number_of_value(factor: Factor, named: Mapping[str, Any]) -> float:
    """Return the number of a design for the value of a factor in a mapping, or for the label of its value.

    Raises
    ------
    TypeError, ValueError
        If it is missing, or the factor has no such value; the message says what is needed.
    """
    if factor.path not in named:
        raise ValueError("is missing; needed: a value for every factor")
    value = named[factor.path]
    if factor.values:
        return float(index_of_value(factor, value))
    if isinstance(value, bool | str) or not isinstance(value, int | float | np.number):
        raise TypeError(f"got {shorten(value)}; needed: a number")
    return float(value)


def index_of_value(factor: Factor, value: Any) -> int:
    """Return the index of a value of a factor, or of its label; raises as `number_of_value`."""
    for index, own in enumerate(factor.values):
        is_same = isinstance(own, bool) == isinstance(value, bool) and bool(own == value)
        if is_same or (factor.labels and factor.labels[index] == value):
            return index
    options = [str(option) for option in factor.labels or factor.values]
    hint = did_you_mean(value, options, listing=False) if isinstance(value, str) else ""
    raise ValueError(f"got {shorten(value)}; needed: one of {', '.join(options)}{hint}")


def describe_shape(points: NDArray[np.float64]) -> str:
    """Return the shape of an array in words."""
    if points.ndim > 1:
        return f"an array of {' by '.join(map(str, points.shape))}"
    return "1 number" if points.size == 1 else f"{points.size} numbers"
