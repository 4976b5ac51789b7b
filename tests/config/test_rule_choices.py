"""The section `rules`: two ways to write it, faults with file and line, and data without what is shipped."""

import pytest

import qispread as qs
from all_features import all_features_scenario
from helpers_input import catch_input_error, write_file
from qispread.inputs.factors import list_paths, value_at_path
from qispread.inputs.rule_forms import RULE_FORMS, RuleForm
from qispread.inputs.scenario_yaml import render_scenario_yaml
from qispread.interfaces.cli.main import main

DOTTED = "rules: {capacity.climate: additive, outcome.response_to_fidelity: linear}\n"
NESTED = "rules:\n  capacity: {climate: additive}\n  outcome: {response_to_fidelity: linear}\n"
BEFORE_FORMS = {"01b17c097159": qs.Scenario, "5225079e64b0": all_features_scenario}
"""Fingerprints of scenarios before there were any forms."""


def read(text, tmp_path, name="scenario.yaml"):
    return qs.read_scenario(write_file(name, f"horizon: 12\n{text}", tmp_path))


def test_dotted_and_nested_names_are_the_same(tmp_path):
    dotted, nested = read(DOTTED, tmp_path), read(NESTED, tmp_path)
    in_code = qs.Scenario(horizon=12, rules={"capacity.climate": "additive"}).replace(
        {"rules.outcome.response_to_fidelity": "linear"}
    )
    assert dotted == nested == in_code
    assert list(dotted.rules.changed()) == ["capacity.climate", "outcome.response_to_fidelity"]
    assert dotted.model_dump(mode="json")["rules"] == {
        "capacity": {"climate": "additive"},
        "outcome": {"response_to_fidelity": "linear"},
    }


def test_a_file_changes_the_rules_of_the_file_that_it_extends(tmp_path):
    read(NESTED, tmp_path, "parent.yaml")
    child = read("extends: parent.yaml\nrules: {capacity.climate: weakest}\n", tmp_path)
    assert {rule: form.name for rule, form in child.rules.changed().items()} == {
        "capacity.climate": "weakest",
        "outcome.response_to_fidelity": "linear",
    }


@pytest.mark.parametrize(("fingerprint", "scenario"), BEFORE_FORMS.items())
def test_the_fingerprint_of_a_scenario_without_other_forms_is_the_former_one(fingerprint, scenario):
    assert scenario().fingerprint() == fingerprint
    changed = scenario().replace({"rules.capacity.climate": "additive"})
    assert changed.fingerprint() != fingerprint
    assert changed.replace({"rules.capacity.climate": "shipped"}).fingerprint() == fingerprint
    assert changed.world_fingerprint() == scenario().world_fingerprint()


def test_what_is_written_is_read_again(tmp_path):
    scenario = read(DOTTED, tmp_path)
    again = write_file("again.yaml", render_scenario_yaml(scenario).encode(), tmp_path)
    assert qs.read_scenario(again) == scenario
    assert "rules" not in render_scenario_yaml(scenario.replace({"rules": {}}))


def test_all_faults_are_reported_at_once_with_lines_and_the_nearest_word(tmp_path):
    text = """\
    seed: -1
    rules:
      capacity.climate: aditive
      capacity.climat: additive
      outcome: {response_to_fidelity: 3, fit: linear}
      improving.decay: linear
      coping.copy_loss: linear
      deciding:
        attraction: random_peers
        overload: none_at_all
    """
    error = catch_input_error(qs.read_scenario, write_file("wrong.yaml", text, tmp_path))
    found = [(fault.line, fault.path, fault.problem) for fault in error.faults]
    words = "one of shipped, additive, weakest; did you mean 'additive'?"
    assert (3, "rules.capacity.climate", f"got the text 'aditive'; needed: {words}") in found
    assert (4, "rules.capacity.climat", "unknown name; did you mean 'climate'?") in found
    assert (5, "rules.outcome.response_to_fidelity", "got 3; needed: text") in found
    assert (5, "rules.outcome.fit") in [fault[:2] for fault in found]
    assert (6, "rules.improving.decay") in [fault[:2] for fault in found]
    assert (7, "rules.coping", "unknown name; did you mean 'copying'?") in found
    assert any(line == 9 and "did you mean 'random_peer'?" in problem for line, _, problem in found)
    assert (10, "rules.deciding.overload", "got the text 'none_at_all'; needed: shipped") in found
    assert {fault.line for fault in error.faults} == {1, 3, 4, 5, 6, 7, 9, 10}


@pytest.mark.parametrize(
    "data", [{"capacity.climate": "additive", "capacity": {"climate": "weakest"}}, None, "additive"]
)
def test_rules_given_twice_or_not_as_a_mapping_are_refused(data):
    for build in (lambda: qs.Scenario(rules=data), lambda: qs.Scenario().replace(rules=data)):
        assert [fault.path for fault in catch_input_error(build).faults] == ["rules"]


def test_paths_lead_to_every_rule():
    scenario = qs.Scenario(rules={"capacity.climate": "weakest"})
    assert {f"rules.{rule}" for rule in RULE_FORMS} <= set(list_paths(scenario))
    assert value_at_path(scenario, "rules.capacity.climate") == "weakest"
    assert value_at_path(scenario, "rules.capacity.dose") == "shipped"


def test_a_form_that_is_added_at_run_time_is_valid_and_listed(monkeypatch, capsys):
    mine = RuleForm("capacity.dose", "mine", "A dose.", "0.5", "assumption", plausible=True, code=0, plugin="mine.py")
    assert catch_input_error(qs.Scenario, rules={"capacity.dose": "mine"})
    monkeypatch.setitem(RULE_FORMS["capacity.dose"], "mine", mine)
    assert qs.Scenario(rules={"capacity.dose": "mine"}).rules.changed() == {"capacity.dose": mine}
    assert main(["describe", "capacity.dose"]) == 0
    assert "mine: A dose. 0.5. Source: assumption." in capsys.readouterr().out


def test_describe_lists_the_rules_with_several_forms_alone(capsys):
    assert main(["describe", "rules"]) == 0
    out = capsys.readouterr().out
    assert "rules.capacity.climate = shipped" in out
    assert "weakest: The weakest of leadership" in out
    assert "Source: dul2016" in out
    assert "vigilance" not in out
    assert main(["describe", "random_peer"]) == 0
    out = capsys.readouterr().out
    assert "Source: bentley2007; a limit or null model, not a candidate." in out
    assert "capacity.climate" not in out


def test_the_template_with_every_default_can_be_read(tmp_path, capsys):
    assert main(["describe", "--yaml"]) == 0
    text = capsys.readouterr().out
    assert "  capacity.climate: shipped  # one of shipped, additive, weakest" in text
    assert qs.read_scenario(write_file("all.yaml", text, tmp_path)).rules == qs.Scenario().rules


def test_check_accepts_forms_and_run_reports_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_file("small.yaml", f"horizon: 3\nreplicates: 2\norganisations: {{number: 24}}\n{DOTTED}", tmp_path)
    assert main(["check", "small.yaml"]) == 0
    assert main(["run", "small.yaml"]) == 0
    assert "rule capacity.climate in the form additive: Strength in one factor" in " ".join(
        capsys.readouterr().out.split()
    )
