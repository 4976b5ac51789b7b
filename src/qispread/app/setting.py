"""A setting: what a visitor has changed, as the page sends it, and the two scenarios that it stands for."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any

from cachetools import LRUCache

from qispread.app.limits import MOST_CHANGES, refuse_large
from qispread.comparison import BASE
from qispread.config.factors import numbers_of
from qispread.config.faults import Fault, InputError, nearest
from qispread.config.load import scenario_from
from qispread.config.networks import AnyNetwork
from qispread.config.parameter import sections_within
from qispread.config.scenario import Scenario
from qispread.config.uploads import Upload
from qispread.config.validate import tag_of
from qispread.config.yaml_reader import Keys, Places

WHAT_IF = "what-if"
ARMS = (BASE, WHAT_IF)
PARTS = ("scenario", "both", "alone", "policies")
FROM_FILES = ("ties", "file", "memberships")
KINDS = tuple(kind for one in sections_within(AnyNetwork) if (kind := tag_of(one)) and kind not in FROM_FILES)
"""The networks that the page can draw by itself."""
OF_WORLDS = ("organisations", "network", "horizon", "seed", "replicates")
"""Parts in which the arms of a comparison cannot differ."""
MOST_SETTINGS, MOST_SCENARIOS = 128, 32


@dataclass(frozen=True)
class Setting:
    """The two arms of a visitor.

    Attributes
    ----------
    base, what_if : Scenario
    same : bool
        Whether nothing tells them apart.
    """

    base: Scenario
    what_if: Scenario

    @property
    def same(self) -> bool:
        """Whether nothing tells the arms apart."""
        return self.base.fingerprint() == self.what_if.fingerprint()

    def arm(self, name: Any) -> Scenario:
        """Return an arm by its name."""
        if name not in ARMS:
            raise InputError([Fault("arm", f"got {name}; needed: {BASE} or {WHAT_IF}")])
        return self.base if name == BASE else self.what_if


class Settings:
    """Reads settings against the scenario that the page opened with, and keeps those read last."""

    def __init__(self, start: Scenario) -> None:
        refuse_large(start)
        self.start = start
        self._settings: LRUCache[str, Setting] = LRUCache(MOST_SETTINGS)
        self._scenarios: LRUCache[str, Scenario] = LRUCache(MOST_SCENARIOS)
        self._reading = RLock()

    def read(self, data: Any) -> Setting:
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
        parts = parts_of(data)
        mark = marked(parts)
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
        mark = marked(data)
        found = self._scenarios.get(mark)
        if found is None:
            found = scenario_from(data, finder=no_file)
            refuse_large(found)
            self._scenarios[mark] = found
        return found

    def _read(self, parts: dict[str, Any]) -> Setting:
        whole = self.scenario(parts["scenario"])
        base = self._scenarios.get(both := marked({**parts, "alone": {}, "policies": {}}))
        if base is None:
            base = changed(whole, parts["both"], alone=False)
            refuse_large(base)
            self._scenarios[both] = base
        return Setting(base, with_policies(changed(base, parts["alone"], alone=True), parts["policies"]))


def no_file(path: Keys, name: str, places: Places) -> tuple[Upload, str]:  # noqa: ARG001 - as a finder is called
    """Refuse to look for a file: a page has none."""
    raise InputError([Fault(".".join(map(str, path)), f"names the file '{name}'; a setting holds no files")])


def marked(data: Any) -> str:
    """Return a short hash of plain data."""
    return hashlib.blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def parts_of(data: Any) -> dict[str, Any]:
    """Return the parts of a setting, each a mapping.

    Raises
    ------
    InputError
        For anything else, and for more changes than anybody makes.
    """
    if not isinstance(data, dict):
        raise InputError([Fault("setting", "needed: a mapping")])
    faults = [Fault(f"setting.{name}", "unknown name" + nearest(name, PARTS)) for name in data if name not in PARTS]
    parts: dict[str, Any] = {"scenario": data.get("scenario")}
    for name in PARTS[1:]:
        parts[name] = data.get(name) or {}
        if not isinstance(parts[name], dict):
            faults.append(Fault(f"setting.{name}", "needed: a mapping of names to values"))
        elif len(parts[name]) > MOST_CHANGES:
            faults.append(Fault(f"setting.{name}", f"got {len(parts[name])} changes; at most {MOST_CHANGES} are taken"))
    if parts["scenario"] is not None and not isinstance(parts["scenario"], dict):
        faults.append(Fault("setting.scenario", "needed: a mapping"))
    if faults:
        raise InputError(faults)
    return parts


def changed(scenario: Scenario, changes: Mapping[str, Any], *, alone: bool) -> Scenario:
    """Return a scenario with some of its numbers changed, or its kind of network.

    Parameters
    ----------
    alone : bool
        Whether the change is of the what-if alone: then it cannot be of the places.

    Raises
    ------
    InputError
        For a path that is nothing that the page can change.
    """
    if not changes:
        return scenario
    numbers = {path for path, _, _ in numbers_of(scenario)}
    origins = {f"interventions.{name}.origin" for name in scenario.interventions}
    faults: list[Fault] = []
    values: dict[str, Any] = {}
    for path, value in changes.items():
        if path == "network" and not alone and value in KINDS:
            values = {path: {"kind": value}, **values}
        elif alone and path.split(".")[0] in OF_WORLDS:
            faults.append(Fault(path, "the arms of a comparison share it; change it in both"))
        elif path in numbers | origins or path.startswith("network."):
            values[path] = value
        else:
            faults.append(Fault(path, "is no number of the scenario" + nearest(path, numbers)))
    if faults:
        raise InputError(faults)
    refuse_values(values)
    return scenario.replace(values)


def refuse_values(values: Mapping[str, Any]) -> None:
    """Refuse what is neither a number nor a way to say who starts, before it is looked at any further."""
    faults = [
        Fault(path, "needed: a number")
        for path, value in values.items()
        if path.startswith("network.") and (isinstance(value, bool) or not isinstance(value, int | float))
    ]
    if faults:
        raise InputError(faults)


def with_policies(scenario: Scenario, policies: Mapping[str, Any]) -> Scenario:
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
