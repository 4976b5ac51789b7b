"""Scenarios as arguments: a Scenario, the path of its file, or the name of one in the package."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qispread.inputs.argument_checks import check_path, shorten
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.load_scenario import read_scenario, reject_policy_file
from qispread.inputs.scenario import Scenario
from qispread.inputs.shipped_scenarios import SHIPPED_SCENARIOS, shipped_scenario

ScenarioLike = Scenario | str | os.PathLike[str]


def check_scenario(value: Any) -> str:
    """Check that a value is a scenario, or names one."""
    if isinstance(value, Scenario):
        return ""
    names = ", ".join(f"'{name}'" for name in SHIPPED_SCENARIOS)
    return check_path(value) and f"a Scenario, the path of its file, or {names}; qispread.load(...) reads a file"


def check_scenarios(value: Any) -> str:
    """Check that a value is a mapping of names to scenarios."""
    example = "a mapping of names to scenarios, such as {'coaching': baseline.with_policy('coaching')}"
    if not isinstance(value, Mapping):
        return example
    other_key = next((name for name in value if not isinstance(name, str)), None)
    if other_key is not None:
        return f"{example}: the name {other_key!r} is not text"
    invalid_name = next((name for name, scenario in value.items() if check_scenario(scenario)), None)
    return "" if invalid_name is None else f"{example}: '{invalid_name}' is {shorten(value[invalid_name])}"


def resolve_scenario(scenario: ScenarioLike) -> Scenario:
    """Return the scenario of an argument: a Scenario, the path of a file, or the name of a shipped scenario.

    Raises
    ------
    InputError
        For anything else, for a policy file, and for faults in the file.
    """
    if isinstance(scenario, Scenario):
        return scenario
    if needed := check_scenario(scenario):
        raise InputError([Fault("scenario", f"got {shorten(scenario)}; needed: {needed}")])
    file = Path(scenario)
    if isinstance(scenario, str) and not file.suffix and file.name == scenario and not file.exists():
        return shipped_scenario(scenario)
    reject_policy_file(file)
    return read_scenario(file)
