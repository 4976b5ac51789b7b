"""`qispread compare`: arms from files, a table to read, results to keep."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from rich.console import Console

import qispread as qs
from all_features import all_features_scenario
from helpers_input import SMALL_YAML, write_file
from qispread.inputs.factors import Factor
from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.main import main
from qispread.model.engines import simulation as engine
from qispread.outputs.results import ComparisonResult
from qispread.runs.comparison.robustness import Robustness

COACHING = "policies: {coaching: {lever: coaching, cost: 5}}\n"


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("s.yaml", SMALL_YAML)
    write_file("coaching.yaml", COACHING)
    write_file("mandate.yaml", "policies: {mandate: {lever: mandate, end: 12}}\n")
    write_file("other.yaml", "extends: s.yaml\nimproving: {decay: 0.01}\n")


def run_command(*typed):
    return main(["compare", "s.yaml", *typed, "--out", "res"])


def refusal_message(capsys, *typed):
    assert run_command(*typed) == 2
    return capsys.readouterr().err


def test_arms_come_from_scenarios_and_policy_files(capsys):
    assert run_command("other.yaml", "--policy", "coaching.yaml", "--policy", "mandate.yaml") == 0
    said = capsys.readouterr().out
    for arm in ("other", "coaching", "mandate"):
        assert f"{arm} against the baseline" in said
    tables = (
        "differences",
        "arm_differences",
        "replicates",
        "cost_effectiveness",
        "acceptability",
        "subgroup_gains",
        "inequality",
    )
    tables += ("robustness", "models", "best_arm_drivers", "order_drivers")
    kept = {f"{name}.{kind}" for name in tables for kind in ("csv", "parquet")}
    assert {path.name for path in Path("res").iterdir()} == kept | {
        *("baseline", "other", "coaching", "mandate", "manifest.json")
    }


def test_what_is_kept_is_what_python_finds():
    assert run_command("--policy", "coaching.yaml") == 0
    base = qs.read_scenario("s.yaml")
    expected = qs.compare(base, {"coaching": base.with_policy("coaching", cost=5)}).differences
    kept = pyarrow.parquet.read_table("res/differences.parquet").to_pandas()
    pd.testing.assert_frame_equal(kept, expected)
    text = pd.read_csv("res/differences.csv")
    pd.testing.assert_frame_equal(text, expected, check_exact=False)
    alone = qs.simulate(base.with_policy("coaching", cost=5)).months
    pd.testing.assert_frame_equal(pyarrow.parquet.read_table("res/coaching/months.parquet").to_pandas(), alone)


@pytest.mark.slow
def test_the_same_comparison_may_be_written_again_and_another_is_refused(capsys):
    assert run_command("--policy", "coaching.yaml") == run_command("--policy", "coaching.yaml") == 0
    assert "holds the results of another run" in refusal_message(capsys, "--policy", "coaching.yaml", "--seed", "5")
    assert run_command("--policy", "coaching.yaml", "--seed", "5", "--overwrite") == 0


def test_an_arm_that_changes_nothing_is_said_to(capsys):
    write_file("idle.yaml", "policies: {idle: {lever: coaching, target: nobody}}\n")
    assert run_command("--policy", "idle.yaml") == 0
    assert "idle changes nothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ([], "at least one arm"),
        (["s.yaml"], "arm 's': is the same as the base"),
        (["bigger.yaml"], "arm 'bigger': has other organisations or ties"),
        (["longer.yaml"], "arm 'longer': has horizon 36; the baseline has 24"),
        (["other.yaml", "--policy", "below/other.yaml"], "another arm is already called 'other'"),
        (["--policy", "none.yaml"], "none.yaml: no such file"),
        (["--policy", "baseline.yaml"], "'baseline' is reserved for other files of the results"),
        (["--policy", "coaching.yaml", "--replicates", "0"], "--replicates: got 0"),
        (["--policy", "coaching.yaml", "--branch-at", "25"], "got 25; needed: a month from 2 to 24"),
    ],
)
def test_what_cannot_be_compared_is_refused(capsys, typed, part):
    write_file("bigger.yaml", "extends: s.yaml\norganisations: {number: 25}\n")
    write_file("longer.yaml", "extends: s.yaml\nhorizon: 36\n")
    write_file("other.yaml", COACHING, "below")
    write_file("baseline.yaml", COACHING)
    assert part in refusal_message(capsys, *typed)
    assert not Path("res").exists()


def test_faults_of_all_arms_come_together(capsys):
    write_file("a.yaml", "policies: {a: {lever: coachin}}\n")
    write_file("b.yaml", "extends: s.yaml\nsead: 3\n")
    said = refusal_message(capsys, "b.yaml", "--policy", "a.yaml", "--policy", "none.yaml")
    assert "3 faults" in said
    assert all(place in said for place in ("a.yaml:1: policies.a", "b.yaml:2: sead", "none.yaml: no such file"))


def test_arms_may_part_from_the_base_at_a_month():
    assert run_command("--policy", "coaching.yaml", "--branch-at", "12") == 0
    base = qs.read_scenario("s.yaml")
    whole = qs.simulate(base.with_policy("coaching", cost=5, start=12)).months
    pd.testing.assert_frame_equal(pyarrow.parquet.read_table("res/coaching/months.parquet").to_pandas(), whole)


ONE = ("--policy", "coaching.yaml")
BOTH = (*ONE, "--policy", "mandate.yaml")
ALONE = ("--models", "0")


def read_csv(name):
    return pd.read_csv(f"res/{name}.csv")


def result_bytes():
    """Return the bytes of all in the folder of results."""
    return {str(path.relative_to("res")): path.read_bytes() for path in Path("res").rglob("*") if path.is_file()}


def read_result_manifest():
    return json.loads(Path("res/manifest.json").read_text(encoding="utf-8"))["comparison"]


BAD = {
    "a measure": (["--measure", "fidelty"], "--measure: no measure is called 'fidelty'; did you mean 'fidelity'?"),
    "a price below 0": (["--team-month-cost", "-1"], "--team-month-cost: got -1.0; needed: a price of at least 0"),
    "a price that is no number": (["--team-month-cost", "nan"], "--team-month-cost: got nan"),
    "a price without end": (["--team-month-cost", "inf"], "--team-month-cost: got inf"),
    "a precision of 0": (["--precision", "0"], "--precision: got 0.0; needed: a number above 0"),
    "a precision below 0": (["--precision", "-0.1"], "--precision: got -0.1"),
    "a precision that is no number": (["--precision", "nan"], "--precision: got nan"),
    "a precision without end": (["--precision", "inf"], "--precision: got inf"),
    "one model": (["--models", "1"], "--models: got 1; needed: at least 2, or 0 for none"),
    "models below 0": (["--models", "-2"], "--models: got -2"),
    "no worker": (["--workers", "0"], "--workers: got 0; needed: at least 1"),
    "one arm to combine": (["--factorial"], "factorial: got 1 arm"),
}


@pytest.mark.parametrize(("typed", "part"), BAD.values(), ids=BAD)
def test_bad_values_of_options_are_refused_before_anything_is_run(capsys, monkeypatch, typed, part):
    monkeypatch.setattr(engine, "run_replicate", lambda *_, **__: pytest.fail("work was done"))
    assert part in refusal_message(capsys, *ONE, *typed)
    assert not Path("res").exists()


def test_all_bad_values_are_told_at_once(capsys):
    said = refusal_message(
        capsys, *ONE, "--measure", "x", "--models", "1", "--team-month-cost", "-3", "--precision", "0"
    )
    assert "4 faults" in said
    assert all(f"--{name}: " in said for name in ("measure", "models", "team-month-cost", "precision"))


@pytest.mark.parametrize(
    "typed",
    [
        ["--precision", "much"],
        ["--models", "2.5"],
        ["--team-month-cost", "dear"],
        ["--branch-at", "soon"],
        ["--precision", "0.1", "--replicates", "5"],
        ["--measure"],
        ["--modles", "3"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_read_ends_with_code_2_and_the_usage(capsys, typed):
    with pytest.raises(SystemExit) as stopped:
        run_command(*ONE, *typed)
    assert stopped.value.code == 2
    assert "usage: qispread" in capsys.readouterr().err
    assert not Path("res").exists()


def test_a_measure_that_ranks_nothing_is_refused_before_worlds_are_run(capsys, monkeypatch):
    monkeypatch.setattr(engine, "run_replicate", lambda *_, **__: pytest.fail("work was done"))
    assert "'generation' has no better direction" in refusal_message(
        capsys, *ONE, "--measure", "generation", "--models", "4"
    )


def test_the_answer_is_about_the_measure_that_is_named(capsys):
    assert run_command(*ONE, "--measure", "current_use", "--models", "3") == 0
    assert "3 plausible models, by Using it now" in capsys.readouterr().out
    worlds = read_csv("replicates")
    runs = qs.simulate(qs.read_scenario("s.yaml", policies=["coaching.yaml"]))
    np.testing.assert_allclose(worlds[worlds["arm"] == "coaching"]["value"], runs.final_values("current_use"))
    assert read_result_manifest()["measure"] == "current_use"


def test_a_measure_without_a_good_direction_is_answered_without_models(capsys):
    assert run_command(*ONE, "--measure", "generation") == 0
    assert "plausible models" not in capsys.readouterr().out
    assert not Path("res/models.csv").exists()
    assert read_result_manifest()["models"] == 0


def test_as_many_models_are_tried_as_asked(capsys):
    assert run_command(*ONE, "--models", "5") == 0
    assert len(read_csv("models")) == 5
    assert list(read_csv("robustness")["arm"]) == read_result_manifest()["ranking"]
    assert "5 plausible models, by Adverse events averted *" in capsys.readouterr().out


def test_no_models_are_tried_where_none_are_asked(capsys):
    assert run_command(*ONE, *ALONE) == 0
    assert "plausible models" not in capsys.readouterr().out
    assert not {"robustness.csv", "models.parquet", "flips.csv"} & set(result_bytes())


def test_staff_time_is_priced_in_the_total(capsys):
    assert run_command(*ONE, *ALONE, "--team-month-cost", "250") == 0
    worlds = read_csv("replicates")
    np.testing.assert_allclose(worlds["total_cost"], worlds["cost"] + 250.0 * worlds["staff_time"])
    assert "Staff time is priced at 250 a team-month" in capsys.readouterr().out
    assert read_result_manifest()["team_month"] == 250.0


def test_without_any_cost_none_is_told(capsys):
    assert run_command("--policy", "mandate.yaml", *ALONE) == 0
    assert "No policy has a cost" in capsys.readouterr().out
    assert (read_csv("cost_effectiveness")["total_cost"] == 0.0).all()
    assert len(read_csv("acceptability")) == 0


def test_a_factorial_runs_every_combination_and_tells_effects(capsys):
    assert run_command(*BOTH, *ALONE, "--factorial") == 0
    said = capsys.readouterr().out
    assert "coaching+mandate against the baseline" not in said
    effects = (
        "main: coaching",
        "interaction: coaching x mandate",
        "together: coaching x mandate",
        "beyond: coaching x m",
    )
    assert all(effect in said for effect in effects)
    assert {path.name for path in Path("res").iterdir() if path.is_dir()} == {
        *("baseline", "coaching", "mandate", "coaching+mandate")
    }
    given = ([], ["coaching.yaml"], ["mandate.yaml"], ["coaching.yaml", "mandate.yaml"])
    means = [
        qs.simulate(qs.read_scenario("s.yaml", policies=files)).final_values("current_use").mean() for files in given
    ]
    table = read_csv("factorial").set_index(["kind", "term", "measure"])["effect"]
    interaction = (means[3] - means[2] - means[1] + means[0]) / 2.0
    assert table["interaction", "coaching x mandate", "current_use"] == pytest.approx(interaction)
    assert read_result_manifest()["factors"] == ["coaching", "mandate"]


def test_a_factorial_may_branch():
    write_file("late.yaml", "policies: {timed: {lever: protected_time}}\n")
    assert run_command(*ONE, "--policy", "late.yaml", *ALONE, "--factorial", "--branch-at", "10") == 0
    start = [
        pyarrow.parquet.read_table(f"res/{arm}/months.parquet").to_pandas() for arm in ("baseline", "coaching+late")
    ]
    before = [one[one["month"] < 10].drop(columns="run_id").reset_index(drop=True) for one in start]
    pd.testing.assert_frame_equal(*before)
    assert read_result_manifest()["branch_at"] == 10


def test_two_arms_called_like_a_combination_are_refused(capsys):
    write_file("coaching+mandate.yaml", "policies: {timed: {lever: protected_time}}\n")
    assert "coaching+mandate" in refusal_message(
        capsys, *BOTH, "--policy", "coaching+mandate.yaml", "--factorial", *ALONE
    )


def test_a_precision_runs_as_many_worlds_as_it_takes(capsys):
    assert run_command(*ONE, *ALONE, "--measure", "current_use", "--precision", "0.05") == 0
    row = read_csv("differences").query("measure == 'current_use' and intervention == 'all'").iloc[0]
    assert (row["high"] - row["low"]) / 2.0 <= 0.05
    assert row["replicates"] == read_result_manifest()["replicates"] >= 256
    assert read_result_manifest()["precision"] == 0.05
    said = capsys.readouterr().out
    within = "the share of organisations that use it within 5.0 percentage points"
    assert f"{read_result_manifest()['replicates']} runs of each option bring the interval of {within}" in said


def test_a_precision_is_of_the_effect_unless_a_measure_is_named():
    assert run_command(*ONE, *ALONE, "--precision", "0.2") == 0
    assert read_result_manifest()["measure"] == "effect"


def test_a_precision_has_a_folder_of_its_own():
    assert main(["compare", "s.yaml", *ONE, *ALONE, "--precision", "0.2"]) == 0
    assert main(["compare", "s.yaml", *ONE, *ALONE]) == 0
    assert main(["compare", "s.yaml", *ONE, *ALONE, "--precision", "0.2"]) == 0
    assert len(list(Path("results").iterdir())) == 2


def test_own_tables_are_those_of_every_arm():
    rows = "".join(f"unit {place},{place % 3}\n" for place in range(9))
    Path("places.csv").write_text("id,partnership\n" + rows, encoding="utf-8")
    ties = "".join(f"unit {place},unit {(place + 1) % 9}\n" for place in range(9))
    Path("ties.csv").write_text("from,to\n" + ties, encoding="utf-8")
    write_file("plain.yaml", "horizon: 12\nreplicates: 3\n")
    typed = ["compare", "plain.yaml", *ONE, *ALONE, "--organisations", "places.csv", "--ties", "ties.csv"]
    assert main([*typed, "--out", "res"]) == 0
    for arm in ("baseline", "coaching"):
        kept = pyarrow.parquet.read_table(f"res/{arm}/organisations.parquet").to_pandas()
        assert set(kept["organisation"]) == {f"unit {place}" for place in range(9)}


def test_models_that_cannot_be_told_do_not_undo_the_rest(capsys):
    write_file("s.yaml", "extends: t.yaml\nhearing: {contact: 0.0, broadcast: 0.0}\n")
    write_file("t.yaml", SMALL_YAML)
    assert run_command(*ONE, "--measure", "effect", "--models", "2") == 0
    assert "is defined in 0 of 2 plausible models" in capsys.readouterr().out
    assert not Path("res/robustness.csv").exists()


@pytest.mark.parametrize("precision", ["1e-9", "1e-200", "5e-324"])
def test_a_precision_that_cannot_be_had_is_refused_with_one_that_can(capsys, precision):
    said = refusal_message(capsys, *ONE, *ALONE, "--precision", precision)
    assert "replicates are needed" in said
    assert "about inf" not in said
    assert not Path("res").exists()


def test_one_world_is_told_without_intervals(capsys):
    assert run_command(*ONE, *ALONE, "--replicates", "1") == 0
    said = capsys.readouterr().out
    assert "in every run" not in said
    assert not re.search(r"\bnan\b", said)


def test_few_organisations_are_compared_like_many():
    write_file("few.yaml", "extends: s.yaml\norganisations: {number: 8, partnerships: 2, regions: 1}\n")
    assert main(["compare", "few.yaml", *ONE, "--models", "8", "--out", "res"]) == 0


def test_an_intervention_of_any_name_is_compared():
    write_file("named.yaml", 'extends: s.yaml\ninterventions: {"version 1.2": {}}\n')
    assert main(["compare", "named.yaml", *ONE, "--models", "2", "--out", "res"]) == 0


def test_brackets_in_names_of_arms_are_printed_as_they_are(capsys):
    write_file("[bold]x.yaml", COACHING)
    assert run_command("--policy", "[bold]x.yaml", "--models", "2") == 0
    assert capsys.readouterr().out.count("[bold]x") >= 3


def test_brackets_in_names_of_interventions_are_printed_as_they_are():
    path, said = "interventions.[/red]x.benefit", io.StringIO()
    models = pd.DataFrame({path: np.linspace(0.3, 0.7, 40)})
    means = pd.DataFrame({"arm": np.where(models[path] > 0.5, 1.0, -1.0), "baseline": np.zeros(40)})
    robust = Robustness("effect", ("arm", "baseline"), models, means, 1, [Factor(path, 0.3, 0.7)], 40)
    terminal.show_robustness(robust, 24, Console(file=said, width=200))
    assert f"{path} decides most which option is best." in said.getvalue()


def test_only_what_is_the_same_in_every_world_is_said_to_be():
    base = all_features_scenario(policies={}, horizon=12, replicates=800, interventions={"p": {}})
    arm = base.with_policy("coaching", target={"random": 1}, support=0.3, start=6)
    comparison, said = qs.compare(base, {"one": arm}), io.StringIO()
    terminal.show_comparison(ComparisonResult(comparison), Console(file=said, width=120))
    rows = [line for line in said.getvalue().splitlines() if "in every run" in line]
    assert rows == []


def test_progress_is_shown_of_as_many_worlds_as_are_run():
    said = io.StringIO()
    with terminal.progress_bar(Console(file=said, force_terminal=True, width=100), "Comparing", 10) as advance:
        advance(20, 40)
    assert "20/40" in said.getvalue()
