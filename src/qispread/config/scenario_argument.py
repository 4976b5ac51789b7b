"""A scenario as functions are given it: itself, the path of its file, or the name of one of the package."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qispread.config.arguments import path, shown
from qispread.config.faults import Fault, InputError
from qispread.config.load import load, refuse_policy_file
from qispread.config.scenario import Scenario
from qispread.config.shipped import SHIPPED, shipped_scenario

ScenarioLike = Scenario | str | os.PathLike[str]


def scenario_like(value: Any) -> str:
    """Check that a value is a scenario, or names one."""
    if isinstance(value, Scenario):
        return ""
    names = ", ".join(f"'{name}'" for name in SHIPPED)
    return path(value) and f"a Scenario, the path of its file, or {names}; qispread.load(...) reads a file"


def scenarios_by_name(value: Any) -> str:
    """Check that a value is a mapping of names to scenarios."""
    example = "a mapping of names to scenarios, such as {'coaching': base.with_policy('coaching')}"
    if not isinstance(value, Mapping):
        return example
    odd = next((name for name in value if not isinstance(name, str)), None)
    if odd is not None:
        return f"{example}: the name {odd!r} is not text"
    wrong = next((name for name, one in value.items() if scenario_like(one)), None)
    return "" if wrong is None else f"{example}: '{wrong}' is {shown(value[wrong])}"


def read_scenario(given: ScenarioLike) -> Scenario:
    """Return a scenario that is given as such, by the path of its file, or by the name of one that is shipped.

    Raises
    ------
    InputError
        For what is none of these, for a policy file, and for faults in the file.
    """
    if isinstance(given, Scenario):
        return given
    if needed := scenario_like(given):
        raise InputError([Fault("scenario", f"got {shown(given)}; needed: {needed}")])
    file = Path(given)
    if isinstance(given, str) and not file.suffix and file.name == given and not file.exists():
        return shipped_scenario(given)
    refuse_policy_file(file)
    return load(file)
