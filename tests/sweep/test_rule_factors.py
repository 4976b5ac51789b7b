"""Forms of rules as factors: a code in a copy of the record, nothing compiled, and an index of their importance."""

import numpy as np
import pytest

import qispread as qs
from helpers_input import only_fault
from helpers_sweep import SMALL_SCENARIO, assert_same_bytes_as_full_scenario, small_experiment
from qispread.analysis.sensitivity import sobol_indices
from qispread.inputs.rule_forms import CODED_RULES, RULE_FORMS
from qispread.model.engines.kernel import run_months_in_order
from qispread.model.rules.jit import INTERPRETED
from qispread.model.rules.steps import decide, improve
from qispread.runs.sweep.load_experiment import read_experiment
from qispread.runs.sweep.worker import pickle_job, unpickle_job

CLIMATE = {"rules.capacity.climate": {"values": ["shipped", "additive"]}}
SALTELLI = {"kind": "saltelli", "points": 16}
FORMS = {f"rules.{rule}": {"values": list(RULE_FORMS[rule])} for rule in CODED_RULES}


def overload_counts():
    """Return how often compiled code has been compiled, and for which arguments."""
    return [list(function.overloads.values()) for function in (run_months_in_order, decide, improve)]


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
def test_a_sobol_sweep_over_a_form_compiles_nothing_and_gives_its_index():
    qs.simulate(SMALL_SCENARIO, 1, workers=1)
    before, signatures = overload_counts(), list(run_months_in_order.signatures)
    factors = {**CLIMATE, "deciding.reluctance": {}, "improving.embed": {}}
    base = SMALL_SCENARIO.replace(horizon=36)
    sweep = qs.sweep(small_experiment(base=base, factors=factors, design=SALTELLI), "s", executor="inline")
    assert overload_counts() == before
    assert list(run_months_in_order.signatures) == signatures
    assert set(sweep.runs["rules.capacity.climate"]) == {"shipped", "additive"}
    table = sobol_indices(sweep, "effect").indices
    assert set(table["parameter"]) == set(factors)
    total = table.set_index("parameter")["total"].loc["rules.capacity.climate"].iloc[-1]
    assert 0.0 < total < 1.5


@pytest.mark.parametrize("path", FORMS)
def test_a_form_as_a_factor_gives_the_bytes_of_the_scenario(path):
    base = SMALL_SCENARIO.replace(horizon=24)
    assert_same_bytes_as_full_scenario({"base": base, "factors": {path: FORMS[path], "improving.decay": {}}}, points=4)


def test_all_forms_at_once_and_sections_replaced_whole_give_the_bytes_of_the_scenario():
    base = SMALL_SCENARIO.replace(horizon=24)
    assert_same_bytes_as_full_scenario({"base": base, "factors": {**FORMS, "copying.copy_loss": {}}}, points=8)
    whole = {"rules.capacity": {"values": [{}, {"climate": "weakest"}]}, "deciding.reluctance": {}}
    assert_same_bytes_as_full_scenario({"base": base, "factors": whole}, points=4)


def test_a_point_sets_the_code_of_the_record_alone():
    found = read_experiment(small_experiment(base=SMALL_SCENARIO, factors={**CLIMATE, "copying.copy_loss": {}}))
    applier = unpickle_job(pickle_job(found, None, "forms")).applier
    assert applier.record_fields[0] == ("forms", "climate")
    forms = [applier.prepared_scenario(np.array([code, 0.3])).parameters.forms.climate for code in (0.0, 1.0)]
    assert forms == [0, 1]
    assert applier.base.parameters.forms.climate == 0


def test_a_wrong_form_among_the_values_of_a_factor_is_refused():
    wrong = {"rules.capacity.climate": {"values": ["shipped", "aditive"]}}
    fault = only_fault(read_experiment, small_experiment(factors=wrong))
    assert "value 2" in fault.problem
    assert "did you mean 'additive'?" in fault.problem


def test_arms_of_a_comparison_may_differ_in_form_and_share_their_worlds(tmp_path):
    base = SMALL_SCENARIO.replace({"rules.deciding.attraction": "most_similar"}, horizon=24)
    arm = base.replace({"rules.capacity.climate": "additive", "rules.deciding.attraction": "shipped"})
    found = qs.compare(base, {"additive": arm}, replicates=4, workers=1)
    qs.write_comparison(found, tmp_path / "c")
    qs.write_report(tmp_path / "c")
    text = (tmp_path / "c/report.html").read_text(encoding="utf-8")
    assert "rules.capacity.climate additive in place of shipped" in text
    assert "rules.deciding.attraction shipped in place of most_similar" in text
    assert "Rules in another form than the shipped one" in text
    assert "most_similar (default shipped)" in text
