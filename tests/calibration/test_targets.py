"""Calibration files: what they say, and every fault of them with file and line, all at once."""

import pytest

import qispread as qs
from helpers_sweep import SCENARIO_YAML, SMALL_SCENARIO
from qispread.inputs.errors import InputError
from qispread.runs.calibration.load_calibration import is_calibration, read_calibration

GOOD = """\
name: good
base: small.yaml
arms:
  coached:
    changes:
      policies.team: {lever: coaching, support: 0.8}
parameters:
  copying.copy_loss:
  improving.decay: {low: 0.01, high: 0.05}
targets:
  uptake: {measure: current_use, month: 12, value: 0.5, interval: [0.3, 0.7]}
  gain: {measure: effect, month: 12, arm: coached, against: baseline, value: 0.1, error: 0.05}
  growth: {measure: current_use, month: 12, compared_with_month: 6, compare: ratio, value: 1.5, error: 0.3}
  harm: {measure: effect, multiplied_by: current_use, month: 6, value: 0.1, error: 0.1}
"""
BAD = """\
name: bad
base: small.yaml
arms:
  coached:
    changes:
      policies.team: {lever: coching}
      copying.copy_loss: 0.2
  baseline: {}
parameters:
  copying.copy_loss: {}
  copying.copy_los: {}
  improving.decay: {low: 0.05, high: 0.01}
  improving.embed: {values: [0.1, 0.2]}
  copying.copy_loss: {low: 0.2}
targets:
  first: {measure: fidelty, month: 12, value: 0.5, error: 0.1}
  second: {measure: current_use, month: 12, value: 0.5, interval: [0.7, 0.3]}
  third: {measure: current_use, month: 13, value: 0.5, error: 0.1}
  fourth: {measure: current_use, month: 12, value: 0.5, error: 0.0}
  fifth: {measure: current_use, month: 12, value: 0.5, error: -0.1}
  sixth: {measure: fidelity, month: 12, value: 0.5, error: 0.1}
  seventh: {measure: fidelity, month: 12, value: 0.4, error: 0.2}
  eighth: {measure: effect, month: 12, arm: coachd, value: 0.4, error: 0.2}
  ninth: {measure: effect, month: 12, value: 0.4}
  tenth: {measure: effect, month: 12, compared_with_month: 12, value: 0.4, error: 0.1}
  eleventh: {measure: event_rate, month: 12, intervention: intervention, value: 40, error: 2}
  twelfth: {measure: effect, month: 10, multiplied_by: fidelty, value: 40, error: 2}
  thirteenth: {measure: effect, month: 11, value: 0.9, interval: [0.1, 0.5]}
  fourteenth: {measure: effect, month: 9, intervention: prompt, value: 0.4, error: 0.1}
pionts: 100
"""
EXPECTED = {
    6: "coching",
    7: "would override it",
    8: "is the name of the baseline",
    11: "did you mean 'copying.copy_loss'?",
    12: "got low 0.05 above high 0.01",
    13: "needs a continuous range",
    14: "given twice (first on line 10)",
    16: "no measure is called 'fidelty'; did you mean 'fidelity'?",
    17: "the interval 0.7 to 0.3 is reversed",
    18: "got 13; the runs of baseline end in month 12",
    19: "needed: a number in (0, inf)",
    20: "got -0.1",
    22: "is the same quantity as the target 'sixth'",
    23: "did you mean 'coached'?",
    24: "either error or interval",
    25: "compared_with_month 12 is not before month 12",
    26: "only defined for all interventions together",
    27: "did you mean 'fidelity'?",
    28: "is outside its interval 0.1 to 0.5",
    29: "no intervention is called 'prompt'",
    30: "did you mean 'points'?",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.yaml").write_text(SCENARIO_YAML)
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    return tmp_path


def test_a_file_says_what_is_calibrated_to_what(folder):
    plan = read_calibration(folder / "good.yaml")
    assert [one.path for one in plan.factors] == ["copying.copy_loss", "improving.decay"]
    assert (plan.factors[0].low, plan.factors[0].high) == (0.1, 0.9)
    assert list(plan.arms) == ["baseline", "coached"]
    assert plan.arms["coached"].policies["team"].support == 0.8
    uptake = plan.calibration.targets["uptake"]
    assert uptake.standard_error == pytest.approx(0.4 / (2.0 * 1.96), rel=1e-3)
    assert uptake.interval_95 == (0.3, 0.7)
    assert str(plan.calibration.targets["gain"]) == "effect, month 12, coached, change from baseline"
    assert is_calibration(folder / "good.yaml")
    assert not is_calibration(folder / "small.yaml")


def test_an_interval_of_another_level_has_another_error():
    told = {"measure": "current_use", "month": 3, "value": 0.5, "interval": (0.4, 0.6)}
    narrow, wide = (
        read_calibration(targets_mapping({"one": {**told, "level": level}})).calibration.targets["one"]
        for level in (0.95, 0.5)
    )
    assert wide.standard_error == pytest.approx(0.1 / 0.6745, rel=1e-3)
    assert wide.interval_95[1] - wide.value == pytest.approx(1.96 * wide.standard_error, rel=1e-3)
    assert narrow.standard_error < wide.standard_error


def test_an_interval_that_is_not_even_has_an_error_to_each_side():
    told = {"measure": "current_use", "month": 3, "value": 0.9, "interval": (0.5, 1.0)}
    one, other = (
        read_calibration(targets_mapping({"one": {**told, "level": level}})).calibration.targets["one"]
        for level in (0.95, 0.6826894921370859)
    )
    assert one.errors == pytest.approx((0.4 / 1.96, 0.1 / 1.96), rel=1e-3)
    assert one.standard_error == pytest.approx(0.25 / 1.96, rel=1e-3)
    assert other.errors == pytest.approx((0.4, 0.1))
    assert other.interval_95 == pytest.approx((0.9 - 1.96 * 0.4, 0.9 + 1.96 * 0.1), rel=1e-3)


def targets_mapping(targets):
    return {"base": SMALL_SCENARIO, "parameters": {"copying.copy_loss": {}}, "targets": targets}


def test_every_fault_is_told_with_its_line_all_at_once(folder):
    with pytest.raises(InputError) as raised:
        read_calibration(folder / "bad.yaml")
    told = {}
    for fault in raised.value.faults:
        assert fault.file.endswith("bad.yaml"), fault
        told.setdefault(fault.line, []).append(str(fault))
    for line, words in EXPECTED.items():
        assert any(words in one for one in told.get(line, [])), (line, words, told.get(line))
    assert set(told) == set(EXPECTED)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"base": SMALL_SCENARIO, "targets": {"a": {"measure": "effect", "month": 1, "value": 1, "error": 1}}},
            "parameters",
        ),
        ({"base": SMALL_SCENARIO, "parameters": {"copying.copy_loss": {}}}, "targets: none is given"),
        ({"parameters": {"copying.copy_loss": {}}}, "base: is missing"),
        ({"base": "nowhere.yaml"}, "no such file"),
        ({"base": SMALL_SCENARIO, "policies": 3}, "needed: the names of policy files"),
    ],
)
def test_what_is_missing_is_told(given, words):
    with pytest.raises(InputError, match=words):
        read_calibration(given)


def test_faults_of_base_and_targets_come_together(folder):
    (folder / "small.yaml").write_text("horizon: -3\n")
    with pytest.raises(InputError) as raised:
        read_calibration(folder / "bad.yaml")
    assert {fault.file.rpartition("/")[2] for fault in raised.value.faults} == {"small.yaml", "bad.yaml"}


def test_check_reads_calibrations(folder):
    from helpers_sweep import run_command

    done = run_command("check", folder / "good.yaml", folder / "bad.yaml")
    assert done.returncode == 2
    assert "good.yaml: no faults" in done.stdout
    assert "bad.yaml:16" in done.stderr


def test_the_names_of_the_package_lead_to_it():
    assert qs.read_calibration is read_calibration
