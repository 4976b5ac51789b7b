"""Checks across the parts of a scenario: names that must exist, windows of months, sizes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qispread.inputs.errors import did_you_mean
from qispread.inputs.extensions.plugins import find_owner, scenario_plugins
from qispread.inputs.interventions import ORIGIN_RULES, Origin
from qispread.inputs.network_kinds import GeneratedNetwork, GivenTiesNetwork
from qispread.inputs.own_sections import OWN_NETWORKS, OWN_POLICIES
from qispread.inputs.policies import PRACTICE_STRENGTHS, Policy, PolicyTarget, SeedingPolicy
from qispread.inputs.rule_forms import RULE_FORMS
from qispread.inputs.scenario_fields import ScenarioFields
from qispread.inputs.yaml_reader import KeyPath

ProblemIterator = Iterator[tuple[KeyPath, str]]
POOLED = "all"
"""The name of the rows that pool all interventions; no intervention may use it."""


def organisation_ids(scenario: ScenarioFields) -> tuple[str, ...]:
    """Return the ids of the organisations, in order: from the table, or generated."""
    rows = scenario.organisations.rows
    if rows:
        return tuple(row.id for row in rows)
    return tuple(f"organisation-{i + 1:03d}" for i in range(scenario.organisations.number))


def partnership_labels(scenario: ScenarioFields) -> tuple[str, ...]:
    """Return the partnership of each organisation; an organisation without one forms its own."""
    rows = scenario.organisations.rows
    if rows:
        return tuple(row.partnership or f"({row.id} alone)" for row in rows)
    count = scenario.organisations.partnership_count
    return tuple(f"partnership-{i % count + 1:02d}" for i in range(scenario.organisations.number))


def _unknown_names(names: tuple[str, ...], valid: set[str], path: KeyPath, label: str) -> ProblemIterator:
    for name in names:
        if name not in valid:
            yield path, f"no {label} is called '{name}'" + did_you_mean(name, valid)


def check_organisations(scenario: ScenarioFields) -> ProblemIterator:
    """Check that counts are consistent and ids are unique."""
    section = scenario.organisations
    first_index: dict[str, int] = {}
    for index, row in enumerate(section.rows):
        if row.id in first_index:
            yield ("organisations", "rows", index, "id"), f"'{row.id}' is given twice; ids must differ"
        first_index.setdefault(row.id, index)
    if section.rows and len(section.rows) < 2:
        yield (
            ("organisations",),
            "holds only 1 organisation; at least 2 are needed: a pilot site and one that can adopt",
        )
    if not section.rows:
        if section.partnerships > section.number:
            yield (
                ("organisations", "partnerships"),
                f"got {section.partnerships}; there are only {section.number} organisations",
            )
        if section.regions > section.partnership_count:
            problem = f"got {section.regions}; there are only {section.partnership_count} partnerships"
            yield ("organisations", "regions"), problem


def check_network(scenario: ScenarioFields) -> ProblemIterator:
    """Check that the network is possible for the number of organisations, and that ties name known organisations."""
    network, count = scenario.network, len(organisation_ids(scenario))
    if isinstance(network, GeneratedNetwork):
        for name, problem in network.problems(count):
            yield ("network", name), problem
    if isinstance(network, GivenTiesNetwork):
        yield from _check_given_ties(network, set(organisation_ids(scenario)))


def _check_given_ties(network: GivenTiesNetwork, ids: set[str]) -> ProblemIterator:
    if not network.ties:
        yield ("network",), "has no ties, so nothing can spread through the network; give at least one"
    for index, tie in enumerate(network.ties):
        path: KeyPath = ("network", "ties", index)
        yield from _unknown_names((tie.first,), ids, (*path, "first"), "organisation")
        yield from _unknown_names((tie.second,), ids, (*path, "second"), "organisation")
        if tie.first == tie.second:
            yield path, f"ties '{tie.first}' to itself"


def check_interventions(scenario: ScenarioFields) -> ProblemIterator:
    """Check that there is at least one intervention and that its pilot sites exist."""
    if not scenario.interventions:
        yield ("interventions",), "is empty; at least one is needed"
    for name, intervention in scenario.interventions.items():
        path: KeyPath = ("interventions", name)
        if name == POOLED:
            yield path, f"'{POOLED}' is the name of the pooled rows; choose another"
        yield from _check_origin(scenario, intervention.origin, (*path, "origin"))


def _check_origin(scenario: ScenarioFields, origin: Origin, path: KeyPath) -> ProblemIterator:
    ids = organisation_ids(scenario)
    for name in origin.organisations:
        if name not in ids:
            yield path, f"no organisation or rule is called '{name}'" + did_you_mean(name, {*ids, *ORIGIN_RULES})
    if origin.number >= len(ids):
        yield (
            path,
            f"got {origin.number} pilot sites of {len(ids)} organisations; at least one other organisation is needed",
        )


def check_windows(scenario: ScenarioFields) -> ProblemIterator:
    """Check that launches and policies start within the run; a policy may outlast it (decision 75)."""
    for name, intervention in scenario.interventions.items():
        if intervention.launch > scenario.horizon:
            problem = f"got {intervention.launch}; the run ends in month {scenario.horizon}"
            yield ("interventions", name, "launch"), problem
    for name, policy in scenario.policies.items():
        yield from _check_window(scenario.horizon, policy, ("policies", name))


def check_policies(scenario: ScenarioFields) -> ProblemIterator:
    """Check the targets and interventions of policies."""
    for name, policy in scenario.policies.items():
        path: KeyPath = ("policies", name)
        yield from _check_target(scenario, policy.target, (*path, "target"))
        yield from _unknown_names(
            policy.interventions, set(scenario.interventions), (*path, "interventions"), "intervention"
        )
        moved = {policy.moves, *type(policy).model_fields}
        if policy.interventions and not PRACTICE_STRENGTHS & moved:
            problem = "this lever acts on the whole organisation and cannot be limited to some interventions"
            yield (*path, "interventions"), problem
        if isinstance(policy, SeedingPolicy):
            yield from _check_origin(scenario, policy.origin, (*path, "origin"))


def _check_window(horizon: int, policy: Policy, path: KeyPath) -> ProblemIterator:
    if policy.start > horizon:
        yield (*path, "start"), f"got {policy.start}; the run ends in month {horizon}"
    if policy.end is not None and policy.end < policy.start:
        yield (*path, "end"), f"got {policy.end}; the policy starts in month {policy.start}"


def _check_target(scenario: ScenarioFields, target: PolicyTarget, path: KeyPath) -> ProblemIterator:
    ids = organisation_ids(scenario)
    yield from _unknown_names(
        target.partnerships or (), set(partnership_labels(scenario)), (*path, "partnerships"), "partnership"
    )
    yield from _unknown_names(target.organisations or (), set(ids), (*path, "organisations"), "organisation")
    for rule in ("most_ready", "least_ready", "hubs", "random"):
        if (getattr(target, rule) or 0) > len(ids):
            yield (*path, rule), f"got {getattr(target, rule)}; there are {len(ids)} organisations"


def check_plugins(scenario: ScenarioFields) -> ProblemIterator:
    """Check that the scenario names the plug-ins whose networks, policies and forms of rules it uses."""
    used: dict[KeyPath, tuple[Mapping[str, Any], str]] = {
        ("network",): (OWN_NETWORKS, getattr(scenario.network, "kind", "")),
        **{("policies", name): (OWN_POLICIES, policy.lever) for name, policy in scenario.policies.items()},
    }
    for rule, form in scenario.rules.changed().items():
        used["rules", *rule.split(".")] = (RULE_FORMS[rule], form.name)
    named = [extension for plugin in scenario_plugins(scenario) for extension in plugin.extensions]
    for path, (registry, key) in used.items():
        owner = find_owner(registry, key)
        if owner is not None and not any(one.registry is registry and one.key == key for one in named):
            yield path, f"'{key}' is from {owner}; needed: plugins: [{owner}]"


POPULATION_PATHS = {f"organisations.{name}" for name in ("number", "partnerships", "regions", "rows", "file")} | {
    "organisations."
}
"""Paths that determine the set of organisations; the last represents a table that could not be read."""
CROSS_CHECKS: dict[Callable[[ScenarioFields], ProblemIterator], set[str]] = {
    check_organisations: POPULATION_PATHS,
    check_network: {"network"} | POPULATION_PATHS,
    check_interventions: POPULATION_PATHS,
    check_windows: {"horizon"},
    check_policies: POPULATION_PATHS,
    check_plugins: {"plugins", "network", "policies", "rules"},
}
"""Each check, and the parts that must be valid for it to apply."""


def cross_validate(scenario: ScenarioFields, invalid_parts: set[str]) -> Iterator[tuple[KeyPath, str]]:
    """Yield path and problem of every fault between parts, without checks that depend on invalid parts."""
    for check, needs in CROSS_CHECKS.items():
        if not needs & invalid_parts:
            yield from check(scenario)
