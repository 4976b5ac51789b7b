"""The state of the page: a visitor's changes as JSON, and the two scenarios that they define."""

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

OPTION = "option"
ARMS = (BASELINE_ARM, OPTION)
STATE_PARTS = ("scenario", "both", "alone", "policies")
FILE_NETWORKS = ("ties", "file", "memberships")
DRAWABLE_NETWORKS = tuple(
    kind for section in section_classes(AnyNetwork) if (kind := discriminator(section)) and kind not in FILE_NETWORKS
)
"""Kinds of network that the page can generate without a file."""
WORLD_PATHS = ("organisations", "network", "horizon", "seed", "replicates")
"""Sections that all arms of a comparison share."""
MAX_CACHED_STATES, MAX_CACHED_SCENARIOS = 128, 32


@dataclass(frozen=True)
class PageState:
    """The two arms that a visitor compares.

    Attributes
    ----------
    baseline, option : Scenario
    is_unchanged : bool
        Whether both arms are the same.
    """

    baseline: Scenario
    option: Scenario

    @property
    def is_unchanged(self) -> bool:
        """Whether both arms are the same."""
        return self.baseline.fingerprint() == self.option.fingerprint()

    def arm(self, name: Any) -> Scenario:
        """Return an arm by its name."""
        if name not in ARMS:
            raise InputError([Fault("arm", f"got {name}; needed: {BASELINE_ARM} or {OPTION}")])
        return self.baseline if name == BASELINE_ARM else self.option


class PageStateReader:
    """Builds page states from JSON, relative to the start scenario, with a cache."""

    def __init__(self, start: Scenario) -> None:
        check_size(start)
        self.start = start
        self._states: LRUCache[str, PageState] = LRUCache(MAX_CACHED_STATES)
        self._scenarios: LRUCache[str, Scenario] = LRUCache(MAX_CACHED_SCENARIOS)
        self._lock = RLock()

    def read(self, data: Any) -> PageState:
        """Return the page state of plain data.

        Parameters
        ----------
        data : dict
            ``scenario`` if it is not the start scenario; ``both`` and ``alone``, parameters by path, changed in both
            arms or only in the option; ``policies`` of the option, by lever.

        Raises
        ------
        InputError
            With every fault, such as unknown paths and references to files.
        """
        parts = validate_parts(data)
        key = content_hash(parts)
        with self._lock:
            state = self._states.get(key)
            if state is None:
                state = self._read(parts)
                self._states[key] = state
        return state

    def scenario(self, data: Any) -> Scenario:
        """Build the scenario of plain data; None is the start scenario."""
        if data is None:
            return self.start
        key = content_hash(data)
        scenario = self._scenarios.get(key)
        if scenario is None:
            scenario = build_scenario(data, finder=reject_file)
            check_size(scenario)
            self._scenarios[key] = scenario
        return scenario

    def _read(self, parts: dict[str, Any]) -> PageState:
        unchanged = self.scenario(parts["scenario"])
        baseline = self._scenarios.get(key := content_hash({**parts, "alone": {}, "policies": {}}))
        if baseline is None:
            baseline = apply_changes(unchanged, parts["both"], option_only=False)
            check_size(baseline)
            self._scenarios[key] = baseline
        changed = apply_changes(baseline, parts["alone"], option_only=True)
        return PageState(baseline, add_policies(changed, parts["policies"]))


def reject_file(path: KeyPath, name: str, locations: SourceLocations) -> tuple[UploadedFile, str]:  # noqa: ARG001 - signature of a finder
    """Refuse a reference to a file, since the page has none."""
    raise InputError(
        [Fault(".".join(map(str, path)), f"names the file '{name}'; upload it together with the scenario")]
    )


def content_hash(data: Any) -> str:
    """Return a short hash of plain data."""
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def validate_parts(data: Any) -> dict[str, Any]:
    """Validate the parts of a page state, each a mapping.

    Raises
    ------
    InputError
        For anything else, and for more than `MAX_CHANGES` changes.
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
            faults.append(
                Fault(f"setting.{name}", f"got {len(parts[name])} changes; at most {MAX_CHANGES} are allowed")
            )
    if parts["scenario"] is not None and not isinstance(parts["scenario"], dict):
        faults.append(Fault("setting.scenario", "needed: a mapping"))
    if faults:
        raise InputError(faults)
    return parts


def apply_changes(scenario: Scenario, changes: Mapping[str, Any], *, option_only: bool) -> Scenario:
    """Return a scenario with changed parameters or another kind of network.

    Parameters
    ----------
    option_only : bool
        Whether only the option is changed: then the organisations and the network cannot be.

    Raises
    ------
    InputError
        For a path that the page cannot change.
    """
    if not changes:
        return scenario
    numbers = {path for path, _, _ in iterate_parameters(scenario)}
    origins = {f"interventions.{name}.origin" for name in scenario.interventions}
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for path, value in changes.items():
        if path == "network" and not option_only and value in DRAWABLE_NETWORKS:
            values = {path: {"kind": value}, **values}
        elif option_only and path.split(".")[0] in WORLD_PATHS:
            faults.append(Fault(path, "is shared by baseline and option; change it in both"))
        elif path in numbers | origins or path.startswith("network."):
            values[path] = value
        else:
            faults.append(Fault(path, "is not a parameter of the scenario" + did_you_mean(path, numbers)))
    if faults:
        raise InputError(faults)
    check_change_values(values)
    return scenario.replace(values)


def check_change_values(values: Mapping[str, Any]) -> None:
    """Check that changed parameters of the network are numbers."""
    faults = [
        Fault(path, "needed: a number")
        for path, value in values.items()
        if path.startswith("network.") and (isinstance(value, bool) or not isinstance(value, int | float))
    ]
    if faults:
        raise InputError(faults)


def add_policies(scenario: Scenario, policies: Mapping[str, Any]) -> Scenario:
    """Return a scenario with added policies, each named after its lever, with a suffix if that name is taken."""
    if not policies:
        return scenario
    faults = [
        Fault(f"policies.{name}", "needed: a mapping") for name, fields in policies.items() if type(fields) is not dict
    ]
    if faults:
        raise InputError(faults)
    added = {
        f"{lever}-{OPTION}" if lever in scenario.policies else lever: {"lever": lever, **fields}
        for lever, fields in policies.items()
    }
    return scenario.replace(policies={**scenario.policies, **added})
