"""What is needed to make the same results again, and what tells results from others."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import TABLE_OPTIONS
from qispread.runs.identity import EnvironmentChange, compare_identities, environment
from qispread.runs.provenance import provenance

if TYPE_CHECKING:
    from qispread.model.engines.simulation import Runs

REPLICATE = "replicate"
"""Name in a manifest of the one replicate that it is of, where that is not the first."""


def run_fingerprint(scenario: Scenario, replicate: int | None = None) -> dict[str, Any]:
    """Return what tells the results of one run from those of another: code, libraries and inputs.

    Parameters
    ----------
    scenario : Scenario
    replicate : int, optional
        Where the results are of this replicate alone, and not of all from the first.
    """
    alone = {} if replicate is None else {REPLICATE: replicate}
    return {**environment(), "scenario": scenario.fingerprint(), **alone}


def single_replicate(runs: "Runs") -> int | None:
    """Return the replicate that results are of where they are of one that is not the first; else None.

    Raises
    ------
    InputError
        Where they are of some replicates only, and so would be taken for those of the whole run.
    """
    numbers, needed = [run.replicate for run in runs.runs], runs.scenario.replicates
    if len(numbers) == 1 and numbers[0] > 0:
        return numbers[0]
    if numbers != list(range(needed)):
        held = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
        problem = f"holds {len(numbers)} of {needed} replicates ({held or 'none'}); needed: all from the first in order"
        way = "; or one alone, the first with a scenario of 1 replicate, as simulate(..., replicates=1) gives it"
        raise InputError([Fault("runs", problem + way)])
    return None


def build_manifest(
    scenario: Scenario, command: Sequence[str], replicate: int | None = None, about: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what is needed to make the same results again.

    Parameters
    ----------
    scenario : Scenario
        Written out whole, tables included, so that the manifest alone is enough.
    command : sequence of str
        What was typed.
    replicate : int, optional
        As for `run_fingerprint`.
    about : mapping, optional
        What else is known of the results, such as the name that the run has in a sweep.
    """
    return {
        "identity": run_fingerprint(scenario, replicate),
        **({} if replicate is None else {REPLICATE: replicate}),
        **(about or {}),
        **provenance(command, scenario.inputs),
        "scenario": full_scenario(scenario),
    }


def full_scenario(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as a manifest holds it."""
    return scenario.model_dump(mode="json", exclude_none=True)


def scenario_changes(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[EnvironmentChange]:
    """Return the values that differ between two scenarios as manifests hold them, below a name; not words and files."""
    found = compare_identities(result_changing(before), result_changing(now))
    return [EnvironmentChange(f"{name}.{one.name}", one.old, one.new) for one in found]


def result_changing(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a scenario, as a manifest holds it, can change a result."""
    left = {name: part for name, part in scenario.items() if name not in ("inputs", "notes", "description")}
    for name, fields in TABLE_OPTIONS.items():
        if isinstance(left.get(name), dict):
            left[name] = {field: value for field, value in left[name].items() if field not in fields}
    return left
