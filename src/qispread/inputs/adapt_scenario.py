"""Defaults too large for a few organisations, and policies that outlast the run: adapted with a note, not refused.

A value that the user wrote is refused if it does not fit. The scenario keeps its values (and so its fingerprint):
builders use the smaller of the value and what fits, so that a scenario later given more organisations or months equals
one that had them from the start (decisions 74 and 75).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from qispread.inputs.network_kinds import SmallWorldNetwork
from qispread.inputs.policies import SeedingPolicy
from qispread.inputs.scenario_fields import ScenarioFields
from qispread.inputs.yaml_reader import KeyPath

ADAPTABLE_FIELDS = ("partnerships", "regions", "degree", "ties_a_newcomer", "mean_degree", "origin")
"""Last names of the paths whose defaults adapt."""
MIN_RING = 3
"""Fewest organisations that can form a ring in which each has two neighbours."""


def is_adaptable(scenario: ScenarioFields, path: KeyPath) -> bool:
    """Return whether the value at a path is a default that adapts to the number of organisations."""
    parent: Any = scenario
    for name in path[:-1]:
        parent = parent.get(name) if isinstance(parent, Mapping) else getattr(parent, str(name), None)
    name = str(path[-1])
    if name not in ADAPTABLE_FIELDS or not isinstance(parent, BaseModel) or name not in type(parent).model_fields:
        return False
    if name == "origin" and not isinstance(parent, SeedingPolicy):
        return False
    if name == "degree" and (not isinstance(parent, SmallWorldNetwork) or organisation_count(scenario) < MIN_RING):
        return False
    return bool(getattr(parent, name) == type(parent).model_fields[name].default)


def organisation_count(scenario: ScenarioFields) -> int:
    """Return the number of organisations."""
    return len(scenario.organisations.rows) or scenario.organisations.number


def is_in_file(path: KeyPath, written: set[KeyPath]) -> bool:
    """Return whether a value, or a part of it, is written in a file."""
    return any(location[: len(path)] == path for location in written)


def iterate_paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the path of every value in plain data, without those inside sections."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from iterate_paths(inside, (*path, name))
    elif not isinstance(value, BaseModel):
        yield path


def adaptation_notes(scenario: ScenarioFields) -> tuple[str, ...]:
    """Return a note for each default too large for the scenario and each policy that outlasts the run."""
    from qispread.inputs.cross_checks import cross_validate

    notes = [
        f"{'.'.join(map(str, path))}: {problem}; this is the default; the run uses the largest value that fits"
        for path, problem in cross_validate(scenario, set())
        if is_adaptable(scenario, path)
    ]
    late = {name: policy.end for name, policy in scenario.policies.items() if (policy.end or 0) > scenario.horizon}
    notes += [
        f"policies.{name}.end: got {end}; the policy ends with the run, in month {scenario.horizon}"
        for name, end in late.items()
    ]
    return tuple(notes)
