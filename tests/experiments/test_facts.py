"""The facts: their counterparts, the stored tables, and the calibrated scenario."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from experiments.facts.facts_page import count_near, iterate_facts_blocks, render_facts_table
from experiments.facts.file_names import CONFIG, CONFIGS, NEAR, PUBLISHED, ROOT, WAYS
from experiments.facts.observed_facts import FACTS, FACTS_FILE, target_fact_id
from experiments.facts.screening import NUMBER, candidate_parameters
from experiments.validation.validation_page import PAGE

import qispread as qs
from qispread.runs.calibration.load_calibration import read_calibration

PLAN = read_calibration(FACTS_FILE)
KEYS = (ROOT / "docs/references.bib").read_text(encoding="utf-8")


def read_stored_table(name):
    return pd.read_csv(PUBLISHED / f"{name}.csv")


def test_every_counterpart_stands_for_one_fact_and_every_other_fact_says_why_not():
    counterparts = [name for one in FACTS.values() for name in one.counterparts]
    assert sorted(counterparts) == sorted(PLAN.calibration.targets)
    for one in FACTS.values():
        assert one.counterparts or one.reason
        assert one.confidence in "HML"
        for key in one.source.split(","):
            assert f"{{{key}," in KEYS, key


def test_arms_and_parameters_do_not_meet():
    paths = {one.path for one in PLAN.factors}
    assert len(paths) == NUMBER
    assert paths <= {one.path for one in candidate_parameters(PLAN)}
    assert not any(path.startswith(("deciding.", "hearing.")) for path in paths)


def test_the_screen_chose_what_is_calibrated():
    screen = read_stored_table("facts_screen")
    assert screen["score"].is_monotonic_decreasing
    assert set(screen.loc[screen["chosen"], "parameter"]) == {one.path for one in PLAN.factors}
    assert screen["chosen"].head(NUMBER).all()
    assert screen[list(PLAN.calibration.targets)].sum().to_numpy() == pytest.approx(1.0, abs=1e-3)


def test_stored_verdicts_are_borne_out_by_their_numbers():
    facts = read_stored_table("facts")
    assert list(facts["counterpart"]) == list(PLAN.calibration.targets)
    for _, row in facts.iterrows():
        target = PLAN.calibration.targets[row["counterpart"]]
        assert row["fact"] == target_fact_id(row["counterpart"])
        assert row["measured"] == target.value
        assert (row["low"], row["high"]) == pytest.approx(target.interval_95, rel=1e-5)
        for way in WAYS:
            assert (row[f"{way}_verdict"] == NEAR) == (row["low"] <= row[way] <= row["high"])
            assert row[f"{way}_low"] <= row[way] <= row[f"{way}_high"]


def test_defaults_show_what_is_stored_of_them():
    facts = read_stored_table("facts").set_index("counterpart")
    for name in ("coach_form", "simple_use"):
        target = PLAN.calibration.targets[name]
        runs = qs.simulate(PLAN.arms[target.arm], replicates=40)
        place = list(runs.months.columns).index(target.measure)
        assert place > 0
        months = runs.months[(runs.months["month"] == target.month) & (runs.months["intervention"] == "all")]
        row = facts.loc[name]
        assert row["default_low"] - 0.02 <= months[target.measure].median() <= row["default_high"] + 0.02


def test_the_calibrated_scenario_has_the_stored_medians():
    scenario, parameters = qs.read_scenario(CONFIGS / CONFIG), read_stored_table("facts_parameters")
    changes = {row["parameter"]: float(f"{row['median']:.4g}") for _, row in parameters.iterrows()}
    expected = qs.read_scenario(CONFIGS / "prompt.yaml").replace(changes, name="prompt-calibrated")
    assert scenario.fingerprint() == expected.fingerprint()
    assert "python -m experiments.facts --write" in (CONFIGS / CONFIG).read_text(encoding="utf-8")


def test_the_check_of_itself_is_near_its_levels():
    check = read_stored_table("facts_check")
    assert (check["truths"] >= 100).all()
    for level, rows in check.groupby("level"):
        assert rows["covered"].mean() == pytest.approx(float(level), abs=0.04)


def test_the_check_is_that_of_the_calibration_that_is_shown():
    check, facts = read_stored_table("facts_check"), read_stored_table("facts")
    assert set(check["parameter"]) == set(read_stored_table("facts_parameters")["parameter"])
    assert set(check["targets"]) == {int(facts["reachable"].sum())} == {len(read_stored_table("facts_targets"))}
    assert read_stored_table("facts_targets")["reachable"].all()


def test_the_page_has_every_block_of_the_facts():
    text = PAGE.read_text(encoding="utf-8")
    for name, content in iterate_facts_blocks():
        assert f"<!-- generated: {name} -->\n\n{content}\n" in text, name
    assert len(re.findall("generated: facts", text)) == len(list(iterate_facts_blocks()))


def test_a_calibration_to_those_within_reach_is_shown_only_where_some_are_not():
    facts = read_stored_table("facts")
    beyond = facts.assign(reachable=facts.index != 0)
    within = "calibrated to those within reach"
    for table, shown in ((facts.assign(reachable=True), False), (beyond, True)):
        header = render_facts_table(table).splitlines()[0]
        assert "calibrated to all" in header
        assert (within in header) == shown
        assert (within.capitalize() in count_near(table)) == shown


@pytest.mark.science
def test_facts_run_small():
    command = [sys.executable, "-m", "experiments.facts", "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "coach_form" in done.stdout


@pytest.mark.science
def test_known_truths_of_the_model_itself_are_recovered():
    plan = {
        "name": "known",
        "base": qs.read_scenario(CONFIGS / "prompt.yaml").replace(horizon=60),
        "parameters": {"copying.copy_loss": {}, "improving.decay": {}, "outcome.secular": {}, "hearing.broadcast": {}},
        "targets": {
            "heard": {"measure": "awareness", "month": 24, "value": 0.5, "error": 0.02},
            "form": {"measure": "fidelity", "month": 36, "value": 0.5, "error": 0.02},
            "later": {"measure": "fidelity", "month": 60, "value": 0.5, "error": 0.02},
            "event_rate": {
                "measure": "event_rate",
                "month": 60,
                "since": 0,
                "compare": "ratio",
                "value": 0.7,
                "error": 0.01,
            },
        },
        "points": 4000,
    }
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        check = qs.calibrate(plan, folder, self_check_runs=300).self_check_result
    low, high = check.interval(check.coverage.mean(axis=1))
    assert low[1] - 0.02 <= 0.9 <= high[1] + 0.02
    assert np.sort(check.error)[0] < 0.4
    assert check.error.mean() < 0.9
