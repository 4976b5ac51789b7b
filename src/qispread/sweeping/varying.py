"""From what an experiment says of its factors to factors that can be run, with every fault of them."""

import json
import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from qispread.config.factors import Factor, numbers_of, part_at, paths_of
from qispread.config.faults import Fault, InputError, nearest
from qispread.config.load import scenario_from
from qispread.config.parameter import Section, bounds_of, declared, range_text
from qispread.config.scenario import Scenario, plain, set_at
from qispread.config.validate import fault_at
from qispread.config.yaml_reader import Places
from qispread.sweeping.experiment import Varied

FIXED = {
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
class Checking:
    """What checking the factors of an experiment needs and has found."""

    scenario: Scenario
    places: Places = field(default_factory=dict)
    base: Path = field(default_factory=Path)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, path: str, problem: str, *within: str | int) -> None:
        """Note a fault of a factor."""
        self.faults.append(fault_at(("factors", path, *within), problem, self.places))


def checked_factors(scenario: Scenario, given: Mapping[str, Varied]) -> tuple[Factor, ...]:
    """Return the factors of an experiment.

    Raises
    ------
    InputError
        With every fault.
    """
    checking = Checking(scenario)
    found = factors_of(given, checking)
    if checking.faults:
        raise InputError(checking.faults)
    return found


def factors_of(given: Mapping[str, Varied], checking: Checking) -> tuple[Factor, ...]:
    """Return the factors that are right; `checking` notes what is wrong with the others."""
    numbers = {path: (value, declaration) for path, value, declaration in numbers_of(checking.scenario)}
    known, found = set(paths_of(checking.scenario)), []
    for path, varied in given.items():
        if path in FIXED:
            checking.fault(path, FIXED[path])
        elif path not in known:
            checking.fault(path, "is nothing of the scenario" + nearest(path, known))
        elif varied.values:
            found.append(among_values(path, varied, checking))
        elif path in numbers:
            found.append(over_range(path, varied, *numbers[path], checking))
        else:
            checking.fault(path, "is no number; give the values that it may have")
    for path in given:
        over = next((other for other in given if path.startswith(f"{other}.")), None)
        if over is not None:
            checking.fault(path, f"lies within the factor '{over}', which is exchanged whole")
    return tuple(factor for factor in found if factor is not None)


def over_range(path: str, varied: Varied, value: float, declaration: FieldInfo, checking: Checking) -> Factor | None:
    """Return a factor that is varied over a range, or None where that cannot be."""
    before = len(checking.faults)
    plausible = (declared(declaration) or {}).get("plausible")
    low, high = (
        given if given is not None else plausible[end] if plausible else None
        for end, given in enumerate((varied.low, varied.high))
    )
    if low is None or high is None:
        checking.fault(path, "has no plausible range declared; give low and high, or values")
        return None
    for name, end in (("low", low), ("high", high)):
        check_end(path, name, end, value, declaration, checking)
    if low == high:
        checking.fault(path, f"is constant: low and high are both {low:g}")
    elif low > high:
        checking.fault(path, f"got low {low:g} above high {high:g}")
    if varied.scale == "log" and low <= 0.0:
        checking.fault(path, f"got low {low:g}; a log scale needs both ends above 0", "scale")
    if len(checking.faults) > before:
        return None
    return Factor(path, float(low), float(high), integer=isinstance(value, int), scale=varied.scale)


def check_end(path: str, name: str, end: float, value: float, declaration: FieldInfo, checking: Checking) -> None:
    """Check one end of a range against the declaration of the parameter."""
    bounds = bounds_of(declaration)
    kind = "a whole number" if isinstance(value, int) else "a number"
    outside = any(not getattr(operator, bound)(end, limit) for bound, limit in bounds.items())
    if outside or (isinstance(value, int) and end != int(end)):
        interval = range_text(declaration)
        checking.fault(path, f"got {name} {end:g}; needed: {kind}" + (f" in {interval}" if interval else ""), name)


def among_values(path: str, varied: Varied, checking: Checking) -> Factor | None:
    """Return a factor that has one of some values, each checked as part of the scenario, or None where one is wrong."""
    before = len(checking.faults)
    parts = [part_of(path, place, value, checking) for place, value in enumerate(varied.values)]
    if len(varied.values) < 2:
        checking.fault(path, "is constant: it has one value", "values")
    marks = [json.dumps(plain(part)) for part in parts]
    for place, mark in enumerate(marks):
        if len(checking.faults) == before and mark in marks[:place]:
            checking.fault(path, f"this value is given twice: {mark:.60}", "values", place)
    labels = varied.labels or labels_of(parts)
    if len(set(labels)) < len(labels):
        checking.fault(path, f"give labels: values would be called {', '.join(labels)}", "values")
    if len(checking.faults) > before:
        return None
    return Factor(path, 0.0, len(parts) - 1.0, integer=True, values=tuple(parts), labels=labels)


def part_of(path: str, place: int, value: Any, checking: Checking) -> Any:
    """Return a value as it stands in a scenario that has been checked; None where it cannot."""
    data = checking.scenario.model_dump(mode="json")
    try:
        set_at(data, path, value)
        changed = scenario_from(data, base=checking.base)
    except InputError as error:
        for fault in error.faults:
            checking.fault(path, f"value {place + 1}: {fault.where}: {fault.problem}", "values", place)
        return None
    if list(changed.interventions) != list(checking.scenario.interventions):
        checking.fault(path, f"value {place + 1}: all points must spread the same interventions", "values", place)
    return part_at(changed, path)


def labels_of(parts: list[Any]) -> tuple[str, ...]:
    """Return names for values: none where they are numbers; the kind of a part, a word as it is, or JSON."""
    if all(isinstance(part, int | float) and not isinstance(part, bool) for part in parts):
        return ()
    return tuple(label_of(part) for part in parts)


def label_of(part: Any) -> str:
    """Return a name for a value."""
    if isinstance(part, str):
        return part
    tag = next((str(getattr(part, name)) for name in ("kind", "lever", "rule") if getattr(part, name, None)), "")
    return tag if tag and isinstance(part, Section) else json.dumps(plain(part), ensure_ascii=False)


def explicit(factor: Factor) -> Varied:
    """Return what an experiment says of a factor with nothing left to be looked up."""
    if factor.values:
        return Varied(values=tuple(plain(value) for value in factor.values), labels=factor.labels)
    return Varied(low=factor.low, high=factor.high, scale=factor.scale)
