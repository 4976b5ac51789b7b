"""Calibrations from end to end on small worlds."""

import shutil
import signal
import subprocess
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import qispread as qs
from helpers_identity import other_libraries
from helpers_sweep import (
    SCENARIO_YAML,
    SMALL_SCENARIO,
    command_words,
    count_log_rows,
    run_command,
    small_experiment,
    table_bytes,
)
from patience import PATIENCE
from qispread.inputs.errors import InputError
from qispread.interfaces.cli.main import main
from qispread.outputs.figures.calibration_figures import calibration_figures
from qispread.outputs.figures.figure import vega_specification
from qispread.runs.calibration.calibrated_scenario import render_calibrated_scenario
from qispread.runs.calibration.calibration_runs import compute_summaries, count_failed, required_values
from qispread.runs.calibration.calibration_tables import (
    CORRELATION_COLUMNS,
    MIN_REACH_SHARE,
    PARAMETER_COLUMNS,
    TARGET_COLUMNS,
    share_reaching,
)
from qispread.runs.calibration.load_calibration import read_calibration

TARGETS_GIVEN = {
    "uptake": {"measure": "current_use", "month": 12, "value": 0.5, "error": 0.1},
    "fidelity": {"measure": "fidelity", "month": 12, "arm": "coached", "value": 0.8, "error": 0.05},
    "gain": {"measure": "fidelity", "month": 12, "arm": "coached", "against": "baseline", "value": 0.2, "error": 0.05},
}
ARMS = {"coached": {"changes": {"policies.team": {"lever": "coaching", "support": 0.8}}}}


def small_calibration(**fields):
    """Return what describes a small calibration."""
    described = {
        "name": "trial",
        "base": SMALL_SCENARIO,
        "arms": ARMS,
        "parameters": {"copying.copy_loss": {}, "improving.decay": {}},
        "targets": TARGETS_GIVEN,
        "points": 400,
        "replicates": 30,
        "posterior_runs": 40,
    }
    return {**described, **fields}


@pytest.fixture(scope="module")
def finished_calibration(tmp_path_factory):
    """Return a calibration that has been done, and its folder."""
    folder = tmp_path_factory.mktemp("done") / "calibration"
    return qs.calibrate(small_calibration(), folder, self_check_runs=60)


def test_tables_say_what_their_columns_promise(finished_calibration):
    assert list(finished_calibration.parameters) == list(PARAMETER_COLUMNS)
    assert list(finished_calibration.targets) == list(TARGET_COLUMNS)
    assert list(finished_calibration.correlations) == list(CORRELATION_COLUMNS)
    assert list(finished_calibration.draws) == ["copying.copy_loss", "improving.decay", "weight"]
    assert finished_calibration.draws["weight"].sum() == pytest.approx(1.0)
    for _, row in finished_calibration.parameters.iterrows():
        ends = [row["low"], row["low_95"], row["low_90"], row["low_50"], row["median"]]
        ends += [row["high_50"], row["high_90"], row["high_95"], row["high"]]
        assert ends == sorted(ends)
    for place, (_, row) in enumerate(finished_calibration.targets.iterrows()):
        assert row["reachable"] == (row["prior_reaching"] >= MIN_REACH_SHARE)
        assert row["prior_reaching"] == share_reaching(
            finished_calibration.prior_runs.summaries[:, place], row["low"], row["high"]
        )
        assert (row["verdict"] == "near") == (row["low"] <= row["posterior_median"] <= row["high"])


def test_out_of_reach_is_a_target_to_the_interval_of_which_next_to_no_runs_come():
    values = np.append(np.linspace(0.0, 0.9, 997), [0.93, 0.94, 0.95])
    assert share_reaching(values, 0.9, 1.0) == pytest.approx(0.004)
    assert share_reaching(values, 0.8, 1.0) > 0.1
    assert share_reaching(values, 0.45, 0.4501) > 0.4
    assert share_reaching(-values, -1.0, -0.9) == pytest.approx(0.004)
    assert share_reaching(np.full(3, np.nan), 0.0, 1.0) == 0.0


def test_targets_pull_the_runs_towards_them(finished_calibration):
    wide = (
        np.abs(finished_calibration.targets["prior_median"] - finished_calibration.targets["value"])
        / finished_calibration.targets["error"]
    )
    near = (
        np.abs(finished_calibration.targets["posterior_median"] - finished_calibration.targets["value"])
        / finished_calibration.targets["error"]
    )
    assert near.mean() < wide.mean()
    assert finished_calibration.parameters["shrinkage"].max() > 0.2


def test_points_are_run_in_one_world_each_and_arms_share_them(finished_calibration):
    for arm in ("baseline", "coached"):
        sweep = qs.read_sweep(finished_calibration.folder / "runs" / arm)
        assert sweep.status.completed == 400
        assert str(sweep.status) == "400 of 400 runs done, 0 failed, 0 pending"
        assert sweep.runs["replicate"].nunique() == 30
    assert finished_calibration.prior_runs.parameters.shape == (400, 2)
    one, other = (
        qs.read_sweep(finished_calibration.folder / "runs" / arm).order().points.tolist()
        for arm in ("baseline", "coached")
    )
    assert one == other


def test_only_the_draws_are_run_and_a_sweep_of_the_folder_runs_no_more(finished_calibration):
    (again,) = finished_calibration.folder.glob("predictive-*")
    for folder, runs in ((again / "baseline", 40), (finished_calibration.folder / "runs" / "baseline", 400)):
        assert qs.read_sweep(folder).status.completed == runs
        before = table_bytes(folder)
        said = []
        qs.sweep(folder, log=said.append)
        assert said == [f"Nothing to do: {runs} of {runs} runs done, 0 failed, 0 pending."]
        assert table_bytes(folder) == before


def test_summaries_are_what_a_run_shows_by_itself(finished_calibration):
    sweep = qs.read_sweep(finished_calibration.folder / "runs" / "coached")
    points, replicates = sweep.order().runs_at(np.arange(3))
    for row, (point, replicate) in enumerate(zip(points, replicates, strict=True)):
        numbers = sweep.design().numbers[point]
        changes = dict(zip(sweep.experiment.factors, numbers.tolist(), strict=True))
        runs = {
            arm: qs.simulate(one.replace(changes), replicates=int(replicate) + 1)
            for arm, one in finished_calibration.specification.arms.items()
        }
        fidelity = {arm: found.final_values("fidelity")[int(replicate)] for arm, found in runs.items()}
        assert finished_calibration.prior_runs.parameters[row].tolist() == numbers.tolist()
        assert finished_calibration.prior_runs.summaries[row, 1] == fidelity["coached"]
        assert finished_calibration.prior_runs.summaries[row, 2] == fidelity["coached"] - fidelity["baseline"]


def test_changes_ratios_and_products_are_worked_out():
    targets = {
        "growth": {"measure": "current_use", "month": 12, "compared_with_month": 6, "value": 1, "error": 1},
        "times": {
            "measure": "current_use",
            "month": 12,
            "compared_with_month": 6,
            "compare": "ratio",
            "value": 1,
            "error": 1,
        },
        "product": {"measure": "effect", "multiplied_by": "current_use", "month": 12, "value": 1, "error": 1},
        "scaled": {"measure": "effect", "multiplied_by": "copying.copy_loss", "month": 12, "value": 1, "error": 1},
        "fixed": {"measure": "effect", "multiplied_by": "improving.decay", "month": 12, "value": 1, "error": 1},
    }
    plan = read_calibration(small_calibration(targets=targets, parameters={"copying.copy_loss": {}}))
    key = {
        ("baseline", "current_use", "all", 6),
        ("baseline", "current_use", "all", 12),
        ("baseline", "effect", "all", 12),
    }
    assert required_values(plan.calibration.targets) == key
    read = {
        ("baseline", "current_use", "all", 6): np.array([0.2, 0.0]),
        ("baseline", "current_use", "all", 12): np.array([0.5, 0.3]),
        ("baseline", "effect", "all", 12): np.array([0.4, np.nan]),
    }
    found = compute_summaries(plan, np.array([[0.7], [0.8]]), read)
    assert found[0] == pytest.approx([0.3, 2.5, 0.2, 0.28, 0.4 * SMALL_SCENARIO.improving.decay])
    assert found[1, 0] == pytest.approx(0.3)
    assert np.isnan(found[1, 1:]).all()


def test_only_draws_of_the_new_posterior_are_run_for_other_values_and_other_shares(finished_calibration, tmp_path):
    folder = tmp_path / "calibration"
    shutil.copytree(finished_calibration.folder, folder)
    (old,) = folder.glob("predictive-*")
    foreign = [folder / "predictive-notes", folder / "predictive-0123456789ab", folder / "predictive-ba9876543210"]
    for one in foreign:
        one.mkdir()
    (foreign[1] / "mine.txt").write_text("mine")
    shutil.copytree(old / "baseline", foreign[2] / "other")
    before = table_bytes(folder / "runs")
    said = []
    targets = {**TARGETS_GIVEN, "uptake": {**TARGETS_GIVEN["uptake"], "value": 0.6, "error": 0.05}}
    other = qs.calibrate(small_calibration(targets=targets, accepted_share=0.2), folder, log=said.append)
    assert sum("Nothing to do" in one for one in said) == 2
    assert table_bytes(folder / "runs") == before
    assert not old.exists()
    assert all(one.is_dir() for one in foreign)
    (new,) = set(folder.glob("predictive-*")) - set(foreign)
    assert qs.read_sweep(new / "coached").status.completed == 40
    assert len(other.draws) == 80
    assert other.parameters["median"].tolist() != finished_calibration.parameters["median"].tolist()


def test_the_same_file_gives_the_same_bytes_whoever_does_the_work(finished_calibration, tmp_path):
    again = qs.calibrate(small_calibration(), tmp_path / "again", executor="inline")
    for name in ("parameters", "targets", "correlations", "draws"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(finished_calibration, name), check_exact=True)
    assert table_bytes(again.folder) == {
        name: one for name, one in table_bytes(finished_calibration.folder).items() if name in table_bytes(again.folder)
    }


def test_the_calibrated_scenario_is_read_and_has_the_medians(finished_calibration, tmp_path):
    text = render_calibrated_scenario(finished_calibration, tmp_path, "qispread calibrate trial.yaml")
    (tmp_path / "calibrated.yaml").write_text(text)
    scenario = qs.read_scenario(tmp_path / "calibrated.yaml")
    assert (
        scenario.fingerprint()
        == finished_calibration.scenario.replace(name=f"{SMALL_SCENARIO.name}-calibrated").fingerprint()
    )
    assert scenario.copying.copy_loss == finished_calibration.medians["copying.copy_loss"]
    assert "# Made by: qispread calibrate trial.yaml" in text


def test_the_calibrated_scenario_is_read_whatever_its_base_is_called(finished_calibration, tmp_path):
    odd = tmp_path / "my #1 data: x"
    odd.mkdir()
    (odd / "base.yaml").write_text(SCENARIO_YAML)
    plan = replace(finished_calibration.specification, base_paths=(odd / "base.yaml",))
    (tmp_path / "calibrated.yaml").write_text(
        render_calibrated_scenario(replace(finished_calibration, specification=plan), tmp_path, "command")
    )
    assert (
        qs.read_scenario(tmp_path / "calibrated.yaml").copying.copy_loss
        == finished_calibration.medians["copying.copy_loss"]
    )


def test_pictures_draw_the_tables(finished_calibration):
    parameters, targets = calibration_figures(finished_calibration)
    assert parameters.table is finished_calibration.parameters
    assert targets.table is finished_calibration.targets
    for one in (parameters, targets):
        one.chart.to_dict()  # validates against the schema
        assert " ".join(vega_specification(one)["title"]["subtitle"]) == one.note
        assert one.chart.to_dict()["height"] >= 44 * len(one.table) + 16 * len(
            vega_specification(one)["title"]["subtitle"]
        )
        (drawn,) = (data for data in vega_specification(one)["datasets"].values())
        assert len(drawn) == len(one.table)
        for row in drawn:
            assert all(-1e-9 <= value <= 1.0 + 1e-9 for value in row.values() if isinstance(value, float))
    for path in finished_calibration.medians:
        assert path in parameters.alt
    for name in TARGETS_GIVEN:
        assert name in targets.alt


def test_synthetic_truths_are_found_again(finished_calibration):
    assert finished_calibration.self_check_result.truths == 60
    low, high = finished_calibration.self_check_result.interval(
        finished_calibration.self_check_result.coverage.mean(axis=1)
    )
    assert low[1] - 0.03 <= 0.9 <= high[1] + 0.03
    assert finished_calibration.self_check_result.error.min() < 0.9


@pytest.mark.parametrize("truths", [0, -350])
def test_fewer_than_one_synthetic_truth_is_refused_before_anything_is_run(truths, tmp_path):
    with pytest.raises(InputError, match=f"got {truths}; needed: at least 1"):
        qs.calibrate(small_calibration(), tmp_path / "none", self_check_runs=truths)
    assert not (tmp_path / "none").exists()
    (tmp_path / "small.yaml").write_text(SCENARIO_YAML)
    (tmp_path / "trial.yaml").write_text(
        "base: small.yaml\nparameters: {copying.copy_loss: {}}\n"
        "targets: {uptake: {measure: current_use, month: 12, value: 0.5, error: 0.1}}\n"
    )
    found = run_command("calibrate", "trial.yaml", "--self-check", str(truths), cwd=tmp_path)
    assert found.returncode == 2
    assert "needed: at least 1" in found.stderr
    assert not (tmp_path / "results").exists()


def test_few_worlds_are_told(finished_calibration):
    assert any("only 30 replicates" in one for one in finished_calibration.notes)
    enough = finished_calibration.specification.calibration.model_copy(update={"replicates": 50})
    assert not any(
        "worlds" in one
        for one in replace(
            finished_calibration, specification=replace(finished_calibration.specification, calibration=enough)
        ).notes
    )
    assert len(set(finished_calibration.prior_runs.replicates)) == 30


def test_parameters_that_change_nothing_in_any_arm_are_refused(tmp_path):
    idle = {"copying.copy_loss": {}, "deciding.standard": {}}
    with pytest.raises(InputError, match=r"parameters.deciding.standard: has no effect"):
        qs.calibrate(small_calibration(parameters=idle), tmp_path)


@pytest.mark.slow
def test_the_command_tells_what_was_learnt_and_writes_it(tmp_path):
    (tmp_path / "small.yaml").write_text(SCENARIO_YAML)
    (tmp_path / "trial.yaml").write_text(
        "name: trial\nbase: small.yaml\nparameters: {copying.copy_loss: {}, improving.decay: {}}\n"
        "targets:\n  uptake: {measure: current_use, month: 12, value: 0.5, error: 0.1}\n"
        "  form: {measure: fidelity, month: 12, value: 0.7, error: 0.05}\n"
        "  far: {measure: awareness, month: 2, value: 1.0, error: 0.01}\n"
        "points: 400\nreplicates: 20\nposterior_runs: 20\n"
    )
    found = run_command("calibrate", "trial.yaml", "--self-check", "50", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    for words in (
        "copying.copy_loss",
        "Missed: far",
        "warning: out of reach: far",
        "note: only 20 replicates",
        "90% intervals contain",
        "qispread run",
    ):
        assert words in found.stdout
    order = ("warning: out of reach", "Parameters:", "may not hold", "note: only 20 replicates")
    places = [found.stdout.index(words) for words in order]
    assert places == sorted(places)
    folder = tmp_path / "results" / "calibrate-trial"
    header = " ".join(line.removeprefix("# ") for line in (folder / "calibrated.yaml").read_text().splitlines())
    assert "Warning: out of reach: far;" in header
    assert header.index("Warning: out of reach") < header.index("unclear")
    written = {path.name for path in folder.iterdir()}
    for name in ("parameters", "targets", "posterior", "correlations", "self_check"):
        assert {f"{name}.csv", f"{name}.parquet"} <= written
    for name in ("parameters", "targets"):
        assert {f"calibration-{name}.svg", f"calibration-{name}.png"} <= written
    assert {"manifest.json", "calibrated.yaml"} <= written
    assert run_command("check", folder / "calibrated.yaml").returncode == 0
    again = run_command("calibrate", "trial.yaml", cwd=tmp_path)
    assert again.stdout.count("Nothing to do") == 2
    assert "self_check.csv" not in {path.name for path in folder.iterdir()}


def test_no_warning_comes_where_all_targets_are_met(finished_calibration, capsys):
    from rich.console import Console

    from qispread.interfaces.cli.calibrate_command import UNMET_TARGETS_NOTE, show_result, summarise_result

    assert finished_calibration.warnings == ()
    show_result(finished_calibration, Console(width=200))
    assert "warning" not in capsys.readouterr().out
    assert UNMET_TARGETS_NOTE not in summarise_result(finished_calibration)
    assert "Warning" not in render_calibrated_scenario(finished_calibration, finished_calibration.folder, "command")


def calibration_text(points, **rest):
    """Return the text of a calibration with so many points."""
    return (
        "name: trial\nbase: small.yaml\nparameters: {copying.copy_loss: {}, improving.decay: {}}\n"
        "targets:\n  uptake: {measure: current_use, month: 12, value: 0.5, error: 0.1}\n"
        f"points: {points}\n" + "".join(f"{name}: {value}\n" for name, value in rest.items())
    )


@pytest.mark.parametrize("command", ["check", "calibrate"])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            calibration_text(60),
            "points: accepts 6 of 60 points; needed: at least 22 for 1 target; give at least 220 points, or accept",
        ),
        (
            calibration_text(60, accepted_share=0.2),
            "accepted_share: accepts 12 of 60 points; needed: at least 22 for 1 target; give at least 110 points",
        ),
        (
            calibration_text(10, accepted_share=1),
            "accepted_share: accepts 10 of 10 points; needed: at least 22 for 1 target; give at least 22 points",
        ),
        (calibration_text(60, pionts=3), "accept 0.37 of them"),
    ],
)
def test_too_few_accepted_runs_are_refused_before_anything_is_run(command, text, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCENARIO_YAML)
    (tmp_path / "trial.yaml").write_text(text)
    assert main([command, "trial.yaml"]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(("points", "accept"), [(220, 0.1), (60, 0.37), (22, 1)])
def test_what_the_refusal_asks_for_is_enough(points, accept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCENARIO_YAML)
    (tmp_path / "trial.yaml").write_text(calibration_text(points, accepted_share=accept))
    assert main(["check", "trial.yaml"]) == 0


def test_too_few_runs_in_other_worlds_than_a_truth_is_in_are_refused_before_anything_is_run(tmp_path):
    with pytest.raises(InputError, match="leave 200 in other replicates than a truth of --self-check, and 20"):
        qs.calibrate(
            small_calibration(points=400, replicates=2, accepted_share=0.1), tmp_path / "none", self_check_runs=10
        )
    with pytest.raises(InputError, match="leave 0 in other replicates"):
        qs.calibrate(small_calibration(replicates=1), tmp_path / "none", self_check_runs=10)
    assert not (tmp_path / "none").exists()


def test_status_says_what_is_done_and_what_has_not_begun(finished_calibration, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished_calibration.folder, tmp_path / "here")
    assert main(["calibrate", "here", "--status"]) == 0
    told = capsys.readouterr().out
    for arm in ("baseline", "coached"):
        assert f"here/runs/{arm}: 400 of 400 runs done, 0 failed, 0 pending" in told
    assert told.count("40 of 40 runs done") == 2
    assert "not begun" not in told
    (old,) = (tmp_path / "here").glob("predictive-*")
    shutil.rmtree(old)
    assert main(["calibrate", "here", "--status"]) == 0
    assert "here, draws of the posterior: not started" in capsys.readouterr().out
    for where, problem in (("nowhere", "no such file"), (".", "holds no runs of a calibration")):
        assert main(["calibrate", where, "--status"]) == 2
        assert problem in capsys.readouterr().err


@pytest.mark.slow
def test_a_calibration_that_was_stopped_says_how_far_it_is_and_goes_on(tmp_path):
    (tmp_path / "small.yaml").write_text(SCENARIO_YAML)
    arms = "{late: {changes: {hearing.broadcast: 0.2}}}"
    text = calibration_text(90_000, arms=arms).replace("value: 0.5", "arm: late, against: baseline, value: 0.1")
    (tmp_path / "trial.yaml").write_text(text)
    process = subprocess.Popen(
        command_words("calibrate", "trial.yaml"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    runs = tmp_path / "results/calibrate-trial/runs"
    while not count_log_rows(runs / "late") and not count_log_rows(runs / "baseline") and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode in {130, -signal.SIGINT}, said
    assert "Traceback" not in said
    assert "Stopped. Finished runs are saved; run the same command again to resume." in said
    begun, other = ("baseline", "late") if count_log_rows(runs / "baseline") else ("late", "baseline")
    found = run_command("calibrate", "trial.yaml", "--status", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    for told in (said, found.stdout):
        assert f"runs/{begun}: " in told
        assert " of 90,000 runs done, 0 failed, " in told
        assert f"runs/{other}: not started" in told
        assert "draws of the posterior: not started" in told
    assert not (runs / other).exists()


def test_bad_input_ends_with_its_code(tmp_path):
    (tmp_path / "bad.yaml").write_text(
        "base: nowhere.yaml\ntargets: {a: {measure: effct, month: 1, value: 1, error: 0}}\n"
    )
    found = run_command("calibrate", "bad.yaml", cwd=tmp_path)
    assert found.returncode == 2
    assert "did you mean 'effect'?" in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("manifest", ['{"identity": {}}', "{}", "nonsense"])
def test_results_of_another_kind_are_refused_and_stay(manifest, tmp_path, capsys):
    kept = tmp_path / "manifest.json"
    kept.write_text(manifest, encoding="utf-8")
    assert main(["calibrate", "any.yaml", "--out", str(tmp_path)]) == 2
    assert kept.read_text(encoding="utf-8") == manifest
    assert str(tmp_path) in capsys.readouterr().err


def test_only_failures_of_the_first_pass_are_counted(tmp_path):
    extreme = {"interventions.intervention.response.steepness": {"low": 3.0, "high": 1e308}}
    found = qs.sweep(small_experiment(points=20, factors=extreme), tmp_path / "s", repetitions=2, confirmed=True)
    first = found.order().runs_at(np.arange(20))
    failed = found.runs.set_index(["point", "replicate"])["status"] == "failed"
    assert count_failed(found) == int(failed.loc[list(zip(*first, strict=True))].sum()) > 0
    assert count_failed(found) < found.status.failed


def test_runs_under_other_libraries_are_asked_for_before_any_is_run(finished_calibration, tmp_path, monkeypatch):
    folder = shutil.copytree(finished_calibration.folder, tmp_path / "c")
    (folder / "runs/coached/parts/part-000000.parquet").unlink()
    whole = table_bytes(finished_calibration.folder)
    other_libraries(monkeypatch, numba="0.60.9")
    with pytest.raises(InputError, match="was made with other libraries") as refused:
        qs.calibrate(small_calibration(), folder)
    assert {one.file for one in refused.value.faults} == {str(folder / "runs/coached")}
    said = []
    qs.calibrate(small_calibration(), folder, confirmed=True, log=said.append)
    assert len([one for one in said if "is made with other libraries" in one]) == 1
    assert table_bytes(folder) == whole
