"""Defaults that a small world cannot hold, and windows longer than the run: adapted with a note, not refused.

Nobody wrote such a default; one that was written is refused. A scenario keeps its values as they are (and with them
its fingerprint): builders use the smaller of the value and what there is room for, so that the same scenario with more
organisations or months is what it would have been from the start.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from qispread.inputs.network_kinds import SmallWorldNetwork
from qispread.inputs.policies import SeedingPolicy
from qispread.inputs.scenario import Scenario
from qispread.inputs.yaml_reader import KeyPath

ADAPTABLE_FIELDS = ("partnerships", "regions", "degree", "ties_a_newcomer", "mean_degree", "origin")
"""Last names of the paths whose defaults adapt."""
MIN_RING = 3
"""Organisations from which on a ring of two neighbours each can be."""


def is_adaptable(scenario: Scenario, path: KeyPath) -> bool:
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


def organisation_count(scenario: Scenario) -> int:
    """Return how many organisations there are."""
    return len(scenario.organisations.rows) or scenario.organisations.number


def is_in_file(path: KeyPath, written: set[KeyPath]) -> bool:
    """Return whether a value, or a part of it, was written by somebody."""
    return any(one[: len(path)] == path for one in written)


def iterate_paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the path of every value in plain data; what is a section already is not looked into."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from iterate_paths(inside, (*path, name))
    elif not isinstance(value, BaseModel):
        yield path


def adaptation_notes(scenario: Scenario) -> tuple[str, ...]:
    """Return what a scenario holds that the run cuts: defaults too large for it, and policies that outlast it."""
    from qispread.inputs.cross_checks import cross_validate

    notes = [
        f"{'.'.join(map(str, path))}: {problem}; this is the default, and the run takes the largest value that fits"
        for path, problem in cross_validate(scenario, set())
        if is_adaptable(scenario, path)
    ]
    late = {name: policy.end for name, policy in scenario.policies.items() if (policy.end or 0) > scenario.horizon}
    notes += [
        f"policies.{name}.end: got {end}; the run ends in month {scenario.horizon}, and the policy with it"
        for name, end in late.items()
    ]
    return tuple(notes)
