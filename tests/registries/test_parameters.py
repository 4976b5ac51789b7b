"""Every parameter, perturbed, moves some output; every default has a source that exists."""

import re
from pathlib import Path

import pytest

from all_features import all_features_scenario
from qispread.inputs.parameter_descriptions import ParameterDescription, all_descriptions, describe_section
from qispread.model.engines.simulation import run_replicate
from qispread.model.rules import random_draws
from qispread.model.world.run_inputs import prepare_scenario
from strategies import POLICIES

BIBLIOGRAPHY = (Path(__file__).parents[2] / "docs/references.bib").read_text(encoding="utf-8")
KEYS = set(re.findall(r"^@\w+\{(\w+),", BIBLIOGRAPHY, flags=re.MULTILINE))
ALL = list(all_descriptions())
MOVING = [one for one in ALL if one.plausible_range and not one.path.startswith(("network", "policies"))]
NETWORK_OF = {
    "across": "partnerships",
    "partnership_density": "partnerships",
    "mean_degree": "partnerships",
    "tie_weight": "partnerships",
}


def outputs_differ(scenario, other):
    return (
        run_replicate(prepare_scenario(scenario), 0).measures.tobytes()
        != run_replicate(prepare_scenario(other), 0).measures.tobytes()
    )


def other_value(one: ParameterDescription, current):
    low, high = map(float, one.plausible_range.split(" to "))
    return high if abs(high - current) > abs(low - current) else low


def value_at(scenario, path):
    value = scenario
    for part in path.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


@pytest.mark.parametrize("one", MOVING, ids=lambda one: one.path)
def test_every_plausible_range_moves_an_output(one):
    base, path = all_features_scenario(), one.path.replace("NAME", "prompt")
    assert outputs_differ(base, base.replace({path: other_value(one, value_at(base, path))}))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("seed", 2),
        ("horizon", 47),
        ("organisations.number", 39),
        ("organisations.partnerships", 9),
        ("organisations.regions", 4),
        ("organisations.size.mean", 3000.0),
        ("organisations.baseline.mean", 60.0),
        ("interventions.prompt.launch", 3),
        ("interventions.prompt.origin", "least_ready"),
        ("reviewing.interval", 6),
        ("leaders.continuity", 0.9),
        ("leaders.new_broom", 0.9),
        ("capacity.unled_time", 0.1),
        ("network.mean_degree", 4.0),
        ("network.across", 0.3),
        ("network.partnership_density", 0.3),
        ("network.tie_weight", 0.5),
    ],
)
def test_every_other_parameter_moves_an_output(path, value):
    assert outputs_differ(all_features_scenario(), all_features_scenario().replace({path: value}))


@pytest.mark.parametrize(
    ("network", "other"),
    [
        ({"kind": "small_world"}, {"rewiring": 0.5}),
        ({"kind": "small_world"}, {"degree": 4}),
        ({"kind": "scale_free"}, {"ties_a_newcomer": 2}),
        ({"kind": "random"}, {"mean_degree": 3.0}),
        ({"kind": "ring"}, {"degree": 4}),
        ({"kind": "complete"}, {"tie_weight": 0.3}),
        ({"kind": "hub_and_spoke"}, {"tie_weight": 0.3}),
    ],
)
def test_every_parameter_of_a_network_moves_an_output(network, other):
    base = all_features_scenario(network=network)
    assert outputs_differ(base, all_features_scenario(network={**network, **other}))


LEVERS = [
    (lever, one)
    for lever, section in POLICIES.items()
    for one in describe_section(section, "policies.p")
    if one.plausible_range
]


@pytest.mark.parametrize(("lever", "one"), LEVERS, ids=lambda value: getattr(value, "path", value))
def test_every_strength_of_a_policy_moves_an_output(lever, one):
    base = all_features_scenario(policies={}).with_policy(lever, "p")
    assert outputs_differ(base, base.replace({one.path: other_value(one, value_at(base, one.path))}))


def test_every_parameter_says_what_it_is():
    for one in ALL:
        assert one.meaning, one.path
        assert one.unit, one.path
        if one.evidence in ("measured", "derived"):
            assert set(one.source.split(",")) <= KEYS, f"{one.path}: {one.source}"


def test_sources_of_assumptions_exist_too():
    for one in ALL:
        if one.source not in ("-", "assumption"):
            assert set(one.source.split(",")) <= KEYS, f"{one.path}: {one.source}"


def test_plausible_ranges_hold_their_defaults():
    for one in [*MOVING, *(one for _, one in LEVERS)]:
        low, high = map(float, one.plausible_range.split(" to "))
        assert low <= float(one.default) <= high, one.path


def test_sources_named_in_rules_exist():
    names = {name for name in dir(random_draws) if not name.startswith("_")}
    assert names
    sources = Path(random_draws.__file__).parent.glob("*.py")
    cited = {key for path in sources for key in re.findall(r"\b([a-z]+(?:19|20)\d\d)\b", path.read_text())}
    assert cited
    assert cited <= KEYS
