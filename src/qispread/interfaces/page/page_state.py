"""A setting: what a visitor has changed, as the page sends it, and the two scenarios that it stands for."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any

from cachetools import LRUCache

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.factors import iterate_parameters
from qispread.inputs.field_errors import discriminator
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.network_kinds import AnyNetwork
from qispread.inputs.parameter import section_classes
from qispread.inputs.scenario import Scenario
from qispread.inputs.uploads import UploadedFile
from qispread.inputs.yaml_reader import KeyPath, SourceLocations
from qispread.interfaces.page.request_limits import MAX_CHANGES, check_size
from qispread.runs.comparison import BASELINE_ARM

WHAT_IF = "what-if"
ARMS = (BASELINE_ARM, WHAT_IF)
STATE_PARTS = ("scenario", "both", "alone", "policies")
FILE_NETWORKS = ("ties", "file", "memberships")
DRAWABLE_NETWORKS = tuple(
    kind for one in section_classes(AnyNetwork) if (kind := discriminator(one)) and kind not in FILE_NETWORKS
)
"""The networks that the page can draw by itself."""
WORLD_PATHS = ("organisations", "network", "horizon", "seed", "replicates")
"""Parts in which the arms of a comparison cannot differ."""
MAX_CACHED_STATES, MAX_CACHED_SCENARIOS = 128, 32


@dataclass(frozen=True)
class PageState:
    """The two arms of a visitor.

    Attributes
    ----------
    base, what_if : Scenario
    is_unchanged : bool
        Whether nothing tells them apart.
    """

    base: Scenario
    what_if: Scenario

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing tells the arms apart."""
        return self.base.fingerprint() == self.what_if.fingerprint()

    def arm(self, name: Any) -> Scenario:
        """Return an arm by its name."""
        if name not in ARMS:
            raise InputError([Fault("arm", f"got {name}; needed: {BASELINE_ARM} or {WHAT_IF}")])
        return self.base if name == BASELINE_ARM else self.what_if


class PageStateReader:
    """Reads settings against the scenario that the page opened with, and keeps those read last."""

    def __init__(self, start: Scenario) -> None:
        check_size(start)
        self.start = start
        self._settings: LRUCache[str, PageState] = LRUCache(MAX_CACHED_STATES)
        self._scenarios: LRUCache[str, Scenario] = LRUCache(MAX_CACHED_SCENARIOS)
        self._reading = RLock()

    def read(self, data: Any) -> PageState:
        """Return the setting of plain data.

        Parameters
        ----------
        data : dict
            ``scenario``, where it is not the one that the page opened with; ``both`` and ``alone``, numbers by path
            that both arms have or the what-if alone; ``policies`` of the what-if, by lever.

        Raises
        ------
        InputError
            With every fault; for a path that is no number of the scenario, and for a name of a file.
        """
        parts = validate_parts(data)
        mark = content_hash(parts)
        with self._reading:
            found = self._settings.get(mark)
            if found is None:
                found = self._read(parts)
                self._settings[mark] = found
        return found

    def scenario(self, data: Any) -> Scenario:
        """Return the scenario of plain data, or the one that the page opened with."""
        if data is None:
            return self.start
        mark = content_hash(data)
        found = self._scenarios.get(mark)
        if found is None:
            found = build_scenario(data, finder=reject_file)
            check_size(found)
            self._scenarios[mark] = found
        return found

    def _read(self, parts: dict[str, Any]) -> PageState:
        whole = self.scenario(parts["scenario"])
        base = self._scenarios.get(both := content_hash({**parts, "alone": {}, "policies": {}}))
        if base is None:
            base = apply_changes(whole, parts["both"], what_if_only=False)
            check_size(base)
            self._scenarios[both] = base
        return PageState(base, add_policies(apply_changes(base, parts["alone"], what_if_only=True), parts["policies"]))


def reject_file(path: KeyPath, name: str, locations: SourceLocations) -> tuple[UploadedFile, str]:  # noqa: ARG001 - as a finder is called
    """Refuse to look for a file: a page has none."""
    raise InputError([Fault(".".join(map(str, path)), f"names the file '{name}'; a setting holds no files")])


def content_hash(data: Any) -> str:
    """Return a short hash of plain data."""
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def validate_parts(data: Any) -> dict[str, Any]:
    """Return the parts of a setting, each a mapping.

    Raises
    ------
    InputError
        For anything else, and for more changes than anybody makes.
    """
    if not isinstance(data, dict):
        raise InputError([Fault("setting", "needed: a mapping")])
    faults = [
        Fault(f"setting.{name}", "unknown name" + did_you_mean(name, STATE_PARTS))
        for name in data
        if name not in STATE_PARTS
    ]
    parts: dict[str, Any] = {"scenario": data.get("scenario")}
    for name in STATE_PARTS[1:]:
        parts[name] = data.get(name) or {}
        if not isinstance(parts[name], dict):
            faults.append(Fault(f"setting.{name}", "needed: a mapping of names to values"))
        elif len(parts[name]) > MAX_CHANGES:
            faults.append(Fault(f"setting.{name}", f"got {len(parts[name])} changes; at most {MAX_CHANGES} are taken"))
    if parts["scenario"] is not None and not isinstance(parts["scenario"], dict):
        faults.append(Fault("setting.scenario", "needed: a mapping"))
    if faults:
        raise InputError(faults)
    return parts


def apply_changes(scenario: Scenario, changes: Mapping[str, Any], *, what_if_only: bool) -> Scenario:
    """Return a scenario with some of its numbers changed, or its kind of network.

    Parameters
    ----------
    what_if_only : bool
        Whether the change is of the what-if alone: then it cannot be of the places.

    Raises
    ------
    InputError
        For a path that is nothing that the page can change.
    """
    if not changes:
        return scenario
    numbers = {path for path, _, _ in iterate_parameters(scenario)}
    origins = {f"interventions.{name}.origin" for name in scenario.interventions}
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for path, value in changes.items():
        if path == "network" and not what_if_only and value in DRAWABLE_NETWORKS:
            values = {path: {"kind": value}, **values}
        elif what_if_only and path.split(".")[0] in WORLD_PATHS:
            faults.append(Fault(path, "the arms of a comparison share it; change it in both"))
        elif path in numbers | origins or path.startswith("network."):
            values[path] = value
        else:
            faults.append(Fault(path, "is no number of the scenario" + did_you_mean(path, numbers)))
    if faults:
        raise InputError(faults)
    check_change_values(values)
    return scenario.replace(values)


def check_change_values(values: Mapping[str, Any]) -> None:
    """Refuse what is neither a number nor a way to say who starts, before it is looked at any further."""
    faults = [
        Fault(path, "needed: a number")
        for path, value in values.items()
        if path.startswith("network.") and (isinstance(value, bool) or not isinstance(value, int | float))
    ]
    if faults:
        raise InputError(faults)


def add_policies(scenario: Scenario, policies: Mapping[str, Any]) -> Scenario:
    """Return a scenario with policies added, each called after its lever, or after the page where that is taken."""
    if not policies:
        return scenario
    faults = [Fault(f"policies.{name}", "needed: a mapping") for name, one in policies.items() if type(one) is not dict]
    if faults:
        raise InputError(faults)
    added = {
        f"{lever}-{WHAT_IF}" if lever in scenario.policies else lever: {"lever": lever, **fields}
        for lever, fields in policies.items()
    }
    return scenario.replace(policies={**scenario.policies, **added})
