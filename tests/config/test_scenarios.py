"""Scenarios: they extend each other, take policies from files, change in code, and are told apart."""

import pytest
from pydantic import ValidationError

from helpers_input import EVIDENCE_RANGES, MODEL_DEFAULTS, catch_input_error, only_fault, write_file
from qispread.inputs.load_scenario import read_scenario
from qispread.inputs.parameter_descriptions import all_descriptions
from qispread.inputs.scenario import Scenario


def test_a_file_lies_over_the_file_it_extends():
    write_file(
        "base.yaml", "horizon: 24\nimproving: {decay: 0.1, repair: 0.2}\nnetwork: {kind: ring, degree: 4}\n", "below"
    )
    scenario = read_scenario(
        write_file("s.yaml", "extends: below/base.yaml\nimproving: {decay: 0.3}\nnetwork: {tie_weight: 0.5}\n")
    )
    assert (scenario.horizon, scenario.improving.decay, scenario.improving.repair) == (24, 0.3, 0.2)
    assert (scenario.network.kind, scenario.network.degree, scenario.network.tie_weight) == ("ring", 4, 0.5)


def test_of_two_parents_the_later_lies_on_top():
    write_file("a.yaml", "horizon: 24\nseed: 5\n")
    write_file("b.yaml", "horizon: 36\n")
    scenario = read_scenario(write_file("s.yaml", "extends: [a.yaml, b.yaml]\n"))
    assert (scenario.horizon, scenario.seed) == (36, 5)


def test_another_kind_replaces_the_whole_network_and_another_lever_the_whole_policy():
    write_file(
        "base.yaml", "network: {kind: random, mean_degree: 3}\npolicies: {p: {lever: mandate, push: 1, cost: 2}}\n"
    )
    text = "extends: base.yaml\nnetwork: {kind: ring}\npolicies: {p: {lever: feedback}}\n"
    scenario = read_scenario(write_file("s.yaml", text))
    assert scenario == read_scenario(write_file("t.yaml", "network: {kind: ring}\npolicies: {p: {lever: feedback}}\n"))


@pytest.mark.parametrize("last", ["s.yaml", "a.yaml"])
def test_files_that_extend_each_other_in_a_circle_are_refused(last):
    write_file("a.yaml", "extends: b.yaml\n")
    write_file("b.yaml", f"horizon: 9\nextends: {last}\n")
    fault = only_fault(read_scenario, write_file("s.yaml", "extends: a.yaml\n"))
    assert (fault.file, fault.line, fault.path) == ("b.yaml", 2, "extends")


def test_a_missing_parent_is_a_fault_with_its_place():
    write_file("s.yaml", "name: x\nextends: none.yaml\n")
    assert "none.yaml" in str(only_fault(read_scenario, "s.yaml"))


def test_a_fault_points_to_the_file_that_gave_the_value():
    write_file("base.yaml", "horizon: 24\nimproving:\n  decay: 3\nhearing: {contact: 5}\n", "below")
    error = catch_input_error(read_scenario, write_file("s.yaml", "extends: below/base.yaml\nhearing:\n  contact: 2\n"))
    assert [(fault.file, fault.line) for fault in error.faults] == [("below/base.yaml", 3), ("s.yaml", 3)]


def test_policy_files_add_their_policies():
    write_file("p.yaml", "name: help\npolicies: {help: {lever: coaching}}\n")
    write_file("q.yaml", "policies: {time: {lever: protected_time}}\n")
    scenario = read_scenario(
        write_file("s.yaml", "policies: {push: {lever: mandate}}\n"), policies=["p.yaml", "q.yaml"]
    )
    assert list(scenario.policies) == ["push", "help", "time"]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("policies: {push: {lever: feedback}}\n", 1, "policy with this name"),
        ("seed: 2\npolicies: {a: {lever: mandate}}\n", 1, "holds only 'policies'"),
        ("name: x\n", 1, "policies: is missing"),
        ("policies: []\n", 1, "policies: is missing"),
        ("policies:\n  a: {lever: mandate, start: 999}\n", 2, "got 999"),
    ],
)
def test_a_bad_policy_file_is_refused(text, line, part):
    write_file("p.yaml", text)
    fault = only_fault(read_scenario, write_file("s.yaml", "policies: {push: {lever: mandate}}\n"), policies=["p.yaml"])
    assert (fault.file, fault.line) == ("p.yaml", line)
    assert part in str(fault)


@pytest.mark.parametrize(("path", "value"), MODEL_DEFAULTS.items())
def test_defaults_are_those_of_the_model(path, value):
    found = Scenario().model_dump()
    for name in path.split("."):
        found = found[name]
    assert found == value


@pytest.mark.parametrize(("path", "numbers"), EVIDENCE_RANGES.items())
def test_plausible_ranges_are_those_of_the_evidence(path, numbers):
    declared = {one.path: one for one in all_descriptions()}[path]
    assert float(declared.default) == numbers[0]
    assert tuple(map(float, declared.plausible_range.split(" to "))) == numbers[1:]


def test_a_scenario_is_frozen():
    scenario = Scenario()
    with pytest.raises(ValidationError, match="frozen"):
        scenario.horizon = 3
    with pytest.raises(ValidationError, match="frozen"):
        scenario.improving.decay = 0.5
    assert scenario.interventions is not Scenario().interventions
