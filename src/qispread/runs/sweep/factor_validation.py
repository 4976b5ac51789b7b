"""Validation of the factors of an experiment, with every fault at once."""

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
from qispread.runs.sweep.factor_spec import FactorSpec

NON_FACTOR_PATHS = {
    "name": "is only a name and changes no result",
    "description": "is for readers and changes no result",
    "inputs": "lists the files read and changes no result",
    "notes": "lists what was left out and changes no result",
    "seed": "is the same in every point, so that points are paired; for more runs, increase replicates",
    "replicates": "is set in the experiment: the runs of each point",
    "horizon": "is the same in every point; for shorter ones, use monthly measures",
}
"""Paths that cannot be factors, and the reasons."""


@dataclass
class FactorValidator:
    """The context of validating the factors of an experiment, and the faults found."""

    scenario: Scenario
    locations: SourceLocations = field(default_factory=dict)
    folder: Path = field(default_factory=Path)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: str, problem: str, *within: str | int) -> None:
        """Record a fault of a factor."""
        self.faults.append(fault_at_path(("factors", path, *within), problem, self.locations))


def validate_factors(scenario: Scenario, specs: Mapping[str, FactorSpec]) -> tuple[Factor, ...]:
    """Return the factors of an experiment.

    Raises
    ------
    InputError
        With every fault.
    """
    validator = FactorValidator(scenario)
    factors = resolve_valid_factors(specs, validator)
    if validator.faults:
        raise InputError(validator.faults)
    return factors


def resolve_valid_factors(specs: Mapping[str, FactorSpec], validator: FactorValidator) -> tuple[Factor, ...]:
    """Return the valid factors; `validator` records the faults of others."""
    numbers = {path: (value, declaration) for path, value, declaration in iterate_parameters(validator.scenario)}
    known, factors = set(list_paths(validator.scenario)), []
    for path, spec in specs.items():
        if path in NON_FACTOR_PATHS:
            validator.fault(path, NON_FACTOR_PATHS[path])
        elif path not in known:
            validator.fault(path, "is not in the scenario" + did_you_mean(path, known))
        elif spec.values:
            factors.append(value_factor(path, spec, validator))
        elif path in numbers:
            factors.append(range_factor(path, spec, *numbers[path], validator))
        else:
            validator.fault(path, "is not a number; give its values")
    for path in specs:
        parent = next((other for other in specs if path.startswith(f"{other}.")), None)
        if parent is not None:
            validator.fault(path, f"is part of the factor '{parent}', which is replaced as a whole")
    return tuple(factor for factor in factors if factor is not None)


def range_factor(
    path: str, spec: FactorSpec, value: float, declaration: FieldInfo, validator: FactorValidator
) -> Factor | None:
    """Return a factor that is varied over a range, or None if it is invalid."""
    fault_count = len(validator.faults)
    plausible = (declaration_of(declaration) or {}).get("plausible")
    default_low, default_high = plausible or (None, None)
    low = default_low if spec.low is None else spec.low
    high = default_high if spec.high is None else spec.high
    if low is None or high is None:
        validator.fault(path, "has no declared plausible range; give low and high, or values")
        return None
    for name, end in (("low", low), ("high", high)):
        check_range_end(path, name, end, value, declaration, validator)
    if low == high:
        validator.fault(path, f"is constant: low and high are both {low:g}")
    elif low > high:
        validator.fault(path, f"got low {low:g} above high {high:g}")
    if spec.scale == "log" and low <= 0.0:
        validator.fault(path, f"got low {low:g}; a log scale needs both ends above 0", "scale")
    if len(validator.faults) > fault_count:
        return None
    return Factor(path, float(low), float(high), integer=isinstance(value, int), scale=spec.scale)


def check_range_end(
    path: str, name: str, end: float, value: float, declaration: FieldInfo, validator: FactorValidator
) -> None:
    """Check one end of a range against the declaration of the parameter."""
    bounds = declared_bounds(declaration)
    type_name = "a whole number" if isinstance(value, int) else "a number"
    outside = any(not getattr(operator, bound)(end, limit) for bound, limit in bounds.items())
    if outside or (isinstance(value, int) and end != int(end)):
        interval = format_range(declaration)
        validator.fault(
            path, f"got {name} {end:g}; needed: {type_name}" + (f" in {interval}" if interval else ""), name
        )


def value_factor(path: str, spec: FactorSpec, validator: FactorValidator) -> Factor | None:
    """Return a factor with a list of values, each validated in the scenario, or None if one is invalid."""
    fault_count = len(validator.faults)
    parts = [validate_value(path, index, value, validator) for index, value in enumerate(spec.values)]
    if len(spec.values) < 2:
        validator.fault(path, "is constant: it has one value", "values")
    encoded_values = [json.dumps(to_plain_data(part)) for part in parts]
    for index, encoded in enumerate(encoded_values):
        if len(validator.faults) == fault_count and encoded in encoded_values[:index]:
            validator.fault(path, f"this value is given twice: {encoded:.60}", "values", index)
    labels = spec.labels or value_labels(parts)
    if len(set(labels)) < len(labels):
        validator.fault(path, f"give labels: the values would have the labels {', '.join(labels)}", "values")
    if len(validator.faults) > fault_count:
        return None
    return Factor(path, 0.0, len(parts) - 1.0, integer=True, values=tuple(parts), labels=labels)


def validate_value(path: str, index: int, value: Any, validator: FactorValidator) -> Any:
    """Return a value as validated in the scenario; None if it is invalid."""
    data = validator.scenario.model_dump(mode="json")
    try:
        set_at_path(data, path, value)
        changed = build_scenario(data, base=validator.folder)
    except InputError as error:
        for fault in error.faults:
            validator.fault(path, f"value {index + 1}: {fault.path}: {fault.problem}", "values", index)
        return None
    if list(changed.interventions) != list(validator.scenario.interventions):
        validator.fault(path, f"value {index + 1}: all points must have the same interventions", "values", index)
    return value_at_path(changed, path)


def value_labels(parts: list[Any]) -> tuple[str, ...]:
    """Return labels for values: none for numbers; else the kind of a section, a word, or JSON."""
    if all(isinstance(part, int | float) and not isinstance(part, bool) for part in parts):
        return ()
    return tuple(value_label(part) for part in parts)


def value_label(part: Any) -> str:
    """Return a label for a value."""
    if isinstance(part, str):
        return part
    tag = next((str(getattr(part, name)) for name in ("kind", "lever", "rule") if getattr(part, name, None)), "")
    return tag if tag and isinstance(part, ConfigSection) else json.dumps(to_plain_data(part), ensure_ascii=False)


def explicit_spec(factor: Factor) -> FactorSpec:
    """Return the complete specification of a factor, with its range or values."""
    if factor.values:
        return FactorSpec(values=tuple(to_plain_data(value) for value in factor.values), labels=factor.labels)
    return FactorSpec(low=factor.low, high=factor.high, scale=factor.scale)
