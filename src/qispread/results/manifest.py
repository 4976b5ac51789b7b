"""What is needed to make the same results again, and what tells results from others."""

from collections.abc import Sequence
from typing import Any

from qispread import __version__
from qispread.config.scenario import Scenario
from qispread.provenance import draws_in_use, provenance


def identity(scenario: Scenario) -> dict[str, str]:
    """Return what tells the results of one run from those of another."""
    return {"qispread": __version__, "draws": draws_in_use(), "scenario": scenario.fingerprint()}


def manifest_of(scenario: Scenario, command: Sequence[str]) -> dict[str, Any]:
    """Return what is needed to make the same results again.

    Parameters
    ----------
    scenario : Scenario
        Written out whole, tables included, so that the manifest alone is enough.
    command : sequence of str
        What was typed.
    """
    return {
        "identity": identity(scenario),
        **provenance(command, scenario.inputs),
        "scenario": scenario.model_dump(mode="json", exclude_none=True),
    }
