"""From what an experiment says of its factors to factors that can be run, with every fault of them."""

import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.factors import Factor, iterate_parameters, list_paths, value_at_path
from qispread.inputs.field_errors import declared_bounds, fault_at_path, format_range
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.parameter import ConfigSection, declaration_of
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import set_at_path, to_plain_data
from qispread.inputs.yaml_reader import SourceLocations
from qispread.runs.sweep.experiment import FactorSpec

NON_FACTOR_PATHS = {
    "name": "is a name and changes nothing",
    "description": "is for people and changes nothing",
    "inputs": "tells what was read and changes nothing",
    "notes": "tells what was left out and changes nothing",
    "seed": "is the same in every point, so that points are paired; more worlds are more replicates",
    "replicates": "is the experiment's own: worlds in which each point is run",
    "horizon": "is the same in every point; monthly measures tell of shorter ones",
}
"""What cannot be a factor, and why."""


@dataclass
class FactorValidator:
    """What checking the factors of an experiment needs and has found."""

    scenario: Scenario
    locations: SourceLocations = field(default_factory=dict)
    folder: Path = field(default_factory=Path)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: str, problem: str, *within: str | int) -> None:
        """Note a fault of a factor."""
        self.faults.append(fault_at_path(("factors", path, *within), problem, self.locations))


def validate_factors(scenario: Scenario, specs: Mapping[str, FactorSpec]) -> tuple[Factor, ...]:
    """Return the factors of an experiment.

    Raises
    ------
    InputError
        With every fault.
    """
    checking = FactorValidator(scenario)
    found = resolve_valid_factors(specs, checking)
    if checking.faults:
        raise InputError(checking.faults)
    return found


def resolve_valid_factors(specs: Mapping[str, FactorSpec], validator: FactorValidator) -> tuple[Factor, ...]:
    """Return the factors that are right; `validator` notes what is wrong with the others."""
    numbers = {path: (value, declaration) for path, value, declaration in iterate_parameters(validator.scenario)}
    known, found = set(list_paths(validator.scenario)), []
    for path, varied in specs.items():
        if path in NON_FACTOR_PATHS:
            validator.fault(path, NON_FACTOR_PATHS[path])
        elif path not in known:
            validator.fault(path, "is nothing of the scenario" + did_you_mean(path, known))
        elif varied.values:
            found.append(value_factor(path, varied, validator))
        elif path in numbers:
            found.append(range_factor(path, varied, *numbers[path], validator))
        else:
            validator.fault(path, "is no number; give the values that it may have")
    for path in specs:
        over = next((other for other in specs if path.startswith(f"{other}.")), None)
        if over is not None:
            validator.fault(path, f"lies within the factor '{over}', which is exchanged whole")
    return tuple(factor for factor in found if factor is not None)


def range_factor(
    path: str, spec: FactorSpec, value: float, declaration: FieldInfo, validator: FactorValidator
) -> Factor | None:
    """Return a factor that is varied over a range, or None where that cannot be."""
    before = len(validator.faults)
    plausible = (declaration_of(declaration) or {}).get("plausible")
    low, high = (
        given if given is not None else plausible[end] if plausible else None
        for end, given in enumerate((spec.low, spec.high))
    )
    if low is None or high is None:
        validator.fault(path, "has no plausible range declared; give low and high, or values")
        return None
    for name, end in (("low", low), ("high", high)):
        check_range_end(path, name, end, value, declaration, validator)
    if low == high:
        validator.fault(path, f"is constant: low and high are both {low:g}")
    elif low > high:
        validator.fault(path, f"got low {low:g} above high {high:g}")
    if spec.scale == "log" and low <= 0.0:
        validator.fault(path, f"got low {low:g}; a log scale needs both ends above 0", "scale")
    if len(validator.faults) > before:
        return None
    return Factor(path, float(low), float(high), integer=isinstance(value, int), scale=spec.scale)


def check_range_end(
    path: str, name: str, end: float, value: float, declaration: FieldInfo, validator: FactorValidator
) -> None:
    """Check one end of a range against the declaration of the parameter."""
    bounds = declared_bounds(declaration)
    kind = "a whole number" if isinstance(value, int) else "a number"
    outside = any(not getattr(operator, bound)(end, limit) for bound, limit in bounds.items())
    if outside or (isinstance(value, int) and end != int(end)):
        interval = format_range(declaration)
        validator.fault(path, f"got {name} {end:g}; needed: {kind}" + (f" in {interval}" if interval else ""), name)


def value_factor(path: str, spec: FactorSpec, validator: FactorValidator) -> Factor | None:
    """Return a factor that has one of some values, each checked as part of the scenario, or None where one is wrong."""
    before = len(validator.faults)
    parts = [validate_value(path, place, value, validator) for place, value in enumerate(spec.values)]
    if len(spec.values) < 2:
        validator.fault(path, "is constant: it has one value", "values")
    marks = [json.dumps(to_plain_data(part)) for part in parts]
    for place, mark in enumerate(marks):
        if len(validator.faults) == before and mark in marks[:place]:
            validator.fault(path, f"this value is given twice: {mark:.60}", "values", place)
    labels = spec.labels or value_labels(parts)
    if len(set(labels)) < len(labels):
        validator.fault(path, f"give labels: values would be called {', '.join(labels)}", "values")
    if len(validator.faults) > before:
        return None
    return Factor(path, 0.0, len(parts) - 1.0, integer=True, values=tuple(parts), labels=labels)


def validate_value(path: str, place: int, value: Any, validator: FactorValidator) -> Any:
    """Return a value as it stands in a scenario that has been checked; None where it cannot."""
    data = validator.scenario.model_dump(mode="json")
    try:
        set_at_path(data, path, value)
        changed = build_scenario(data, base=validator.folder)
    except InputError as error:
        for fault in error.faults:
            validator.fault(path, f"value {place + 1}: {fault.path}: {fault.problem}", "values", place)
        return None
    if list(changed.interventions) != list(validator.scenario.interventions):
        validator.fault(path, f"value {place + 1}: all points must spread the same interventions", "values", place)
    return value_at_path(changed, path)


def value_labels(parts: list[Any]) -> tuple[str, ...]:
    """Return names for values: none where they are numbers; the kind of a part, a word as it is, or JSON."""
    if all(isinstance(part, int | float) and not isinstance(part, bool) for part in parts):
        return ()
    return tuple(value_label(part) for part in parts)


def value_label(part: Any) -> str:
    """Return a name for a value."""
    if isinstance(part, str):
        return part
    tag = next((str(getattr(part, name)) for name in ("kind", "lever", "rule") if getattr(part, name, None)), "")
    return tag if tag and isinstance(part, ConfigSection) else json.dumps(to_plain_data(part), ensure_ascii=False)


def explicit_spec(factor: Factor) -> FactorSpec:
    """Return what an experiment says of a factor with nothing left to be looked up."""
    if factor.values:
        return FactorSpec(values=tuple(to_plain_data(value) for value in factor.values), labels=factor.labels)
    return FactorSpec(low=factor.low, high=factor.high, scale=factor.scale)
