"""Manifests: what is needed to reproduce results, and the identity of results."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.extensions.plugins import scenario_plugins
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import TABLE_OPTIONS
from qispread.model.engines.organisation_class import identity_entry
from qispread.runs.identity import EnvironmentChange, compare_identities, environment
from qispread.runs.provenance import provenance

if TYPE_CHECKING:
    from qispread.model.engines.simulation import Runs

MAX_LISTED_REPLICATES = 5
REPLICATE = "replicate"
"""Key in a manifest of a single replicate other than the first."""


def run_fingerprint(scenario: Scenario, replicate: int | None = None, organisation_class: str = "") -> dict[str, Any]:
    """Return the identity of the results of a run: code, libraries and inputs.

    Parameters
    ----------
    scenario : Scenario
    replicate : int, optional
        For results of this replicate only, instead of all replicates.
    organisation_class : str
        Name and content hash of the user's own class of organisations, as `Runs` has it.
    """
    single = {} if replicate is None else {REPLICATE: replicate}
    own_code = identity_entry(organisation_class)
    return {**environment(), **own_code, "scenario": scenario.fingerprint(), **single}


def single_replicate(runs: "Runs") -> int | None:
    """Return the replicate of results of a single replicate other than the first; else None.

    Raises
    ------
    InputError
        Where they are of some replicates only, which could be mistaken for the complete run.
    """
    numbers, required = [run.replicate for run in runs.runs], runs.scenario.replicates
    if len(numbers) == 1 and numbers[0] > 0:
        return numbers[0]
    if numbers != list(range(required)):
        listed = ", ".join(map(str, numbers[:MAX_LISTED_REPLICATES])) or "none"
        if len(numbers) > MAX_LISTED_REPLICATES:
            listed += ", ..."
        problem = f"holds {len(numbers)} of {required} replicates ({listed}); needed: all from the first in order"
        alternative = "; or a single one, the first with a scenario of 1 replicate, as from simulate(..., replicates=1)"
        raise InputError([Fault("runs", problem + alternative)])
    return None


def build_manifest(
    scenario: Scenario,
    command: Sequence[str],
    replicate: int | None = None,
    about: Mapping[str, Any] | None = None,
    organisation_class: str = "",
) -> dict[str, Any]:
    """Return the manifest of a run: what is needed to reproduce its results.

    Parameters
    ----------
    scenario : Scenario
        Written in full, with its tables, so that the manifest alone is sufficient.
    command : sequence of str
        The command line.
    replicate, organisation_class
        As for `run_fingerprint`.
    about : mapping, optional
        Other entries, such as the identifier of the run in a sweep.
    """
    return {
        "identity": run_fingerprint(scenario, replicate, organisation_class),
        **({} if replicate is None else {REPLICATE: replicate}),
        **(about or {}),
        **provenance(command, scenario.inputs),
        **plugin_texts(scenario),
        "scenario": full_scenario(scenario),
    }


def plugin_texts(scenario: Scenario) -> dict[str, Any]:
    """Return the texts of a scenario's plug-ins, for readers: a rerun asks for the files themselves."""
    plugins = [plugin for plugin in scenario_plugins(scenario) if plugin.sha256]
    texts = [{"name": plugin.name, "sha256": plugin.sha256, "text": plugin.text} for plugin in plugins]
    return {"plugins": texts} if texts else {}


def full_scenario(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario in the form of a manifest."""
    return scenario.model_dump(mode="json", exclude_none=True)


def scenario_changes(name: str, previous: Mapping[str, Any], current: Mapping[str, Any]) -> list[EnvironmentChange]:
    """Return the values that differ between two scenarios in manifests, except descriptions and files."""
    changes = compare_identities(result_changing(previous), result_changing(current))
    return [EnvironmentChange(f"{name}.{change.name}", change.old, change.new) for change in changes]


def result_changing(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a scenario in a manifest that can change results."""
    parts = {name: part for name, part in scenario.items() if name not in ("inputs", "notes", "description")}
    for name, fields in TABLE_OPTIONS.items():
        if isinstance(parts.get(name), dict):
            parts[name] = {field: value for field, value in parts[name].items() if field not in fields}
    return parts
