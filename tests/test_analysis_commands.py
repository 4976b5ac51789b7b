"""`qispread sensitivity` and `qispread discover` say what they find, write it, and refuse what they cannot answer."""

import json
import re
import shutil

import pandas as pd
import pyarrow.parquet
import pytest

from helpers_input import write_file
from helpers_sweep import EXPERIMENT_YAML, SCENARIO_YAML, table_bytes
from qispread.analysis.discovery import LIMIT_COLUMNS, TRAJECTORY_COLUMNS
from qispread.analysis.sensitivity_tables import INDEX_COLUMNS, VARIANCE_COLUMNS
from qispread.interfaces.cli.main import main
from result_fixtures import small_scenario, with_coaching, write_comparison_folder

STEEP = "  interventions.intervention.response.steepness: {values: [3.0, 1e+308]}\n"
DESIGNS = {
    "latin": "{kind: latin_hypercube, points: 80}",
    "saltelli": "{kind: saltelli, points: 16, second_order: true}",
    "morris": "{kind: morris, trajectories: 8}",
}


@pytest.fixture(scope="module")
def finished_sweeps(tmp_path_factory):
    """A folder with a finished sweep of each design."""
    folder = tmp_path_factory.mktemp("sweeps")
    write_file("small.yaml", SCENARIO_YAML, folder)
    for name, design in DESIGNS.items():
        text = EXPERIMENT_YAML.replace("name: trial", f"name: {name}").replace(
            "{kind: latin_hypercube, points: 40}", design
        )
        path = write_file(f"{name}.yaml", text.replace("replicates: 5", "replicates: 3"), folder)
        assert main(["sweep", str(path), "--out", str(folder / name)]) == 0
    return folder


@pytest.fixture
def sweeps(finished_sweeps, tmp_path, monkeypatch):
    """A copy of them, in which a test stands."""
    shutil.copytree(finished_sweeps, tmp_path / "s")
    monkeypatch.chdir(tmp_path / "s")
    return tmp_path / "s"


def printed_text(capsys):
    """Return what was printed, its spaces made one."""
    return " ".join(capsys.readouterr().out.split())


def refusal_message(words, capsys):
    """Return what a command is refused with."""
    capsys.readouterr()
    assert main(words) == 2
    return capsys.readouterr().err


class TestSensitivity:
    @pytest.mark.quick_cases(1)
    @pytest.mark.parametrize(
        ("name", "method", "words"),
        [
            ("latin", "first_order", "First-order indices (share of the variance"),
            ("saltelli", "sobol", "Sobol' indices"),
            ("morris", "morris", "Elementary effects"),
        ],
    )
    def test_each_design_is_analysed_said_and_written(self, name, method, words, sweeps, capsys):
        assert main(["sensitivity", name, "--measure", "effect"]) == 0
        told = printed_text(capsys)
        assert told.startswith("effect in month 12")
        assert words in told
        assert "Variance of single runs" in told
        folder = sweeps / name / "analysis" / "effect"
        table = pd.read_csv(folder / "sensitivity.csv")
        assert list(table) == [column for column in INDEX_COLUMNS[method] if column in table]
        assert list(pd.read_parquet(folder / "sensitivity_noise.parquet")) == list(VARIANCE_COLUMNS)
        assert (folder / "sensitivity-indices.svg").read_text(encoding="utf-8").startswith("<svg")
        assert (folder / "sensitivity-indices.png").read_bytes().startswith(b"\x89PNG")
        about = json.loads((folder / "sensitivity.json").read_text(encoding="utf-8"))
        assert about["method"] == method
        assert about["runs"]["left"] == 0
        assert about["command"] == ["qispread", "sensitivity", name, "--measure", "effect"]

    def test_columns_carry_their_meaning(self, sweeps):
        assert main(["sensitivity", "saltelli"]) == 0
        path = sweeps / "saltelli/analysis/effect/sensitivity.parquet"
        meanings = {field.name: field.metadata[b"meaning"].decode() for field in pyarrow.parquet.read_schema(path)}
        assert meanings.items() <= INDEX_COLUMNS["sobol"].items()

    @pytest.mark.slow
    def test_the_same_command_writes_the_same_bytes_and_leaves_the_sweep_as_it_was(self, sweeps, capsys):
        before = table_bytes(sweeps / "saltelli")
        words = ["sensitivity", "saltelli", "--measure", "effect", "--months", "6", "12"]
        assert main(words) == 0
        folder = sweeps / "saltelli" / "analysis" / "effect"
        first = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert main(words) == 0
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
        kept = {name: content for name, content in table_bytes(sweeps / "saltelli").items() if "analysis" not in name}
        assert kept == before
        printed_text(capsys)
        assert main(["sweep", "saltelli.yaml", "--out", "saltelli"]) == 0
        assert printed_text(capsys).startswith("Nothing to do")

    @pytest.mark.slow
    def test_pictures_of_an_earlier_analysis_do_not_stay(self, sweeps):
        folder = sweeps / "saltelli" / "analysis" / "effect"
        assert main(["sensitivity", "saltelli", "--months", "6", "12"]) == 0
        assert (folder / "sensitivity-over-time.png").exists()
        assert main(["discover", "saltelli", "--below", "0.18"]) == 0
        assert main(["sensitivity", "saltelli", "--months", "12"]) == 0
        assert not (folder / "sensitivity-over-time.png").exists()
        assert (folder / "discovery-trajectory.png").exists()

    @pytest.mark.slow
    def test_a_sweep_is_found_by_its_experiment_and_results_go_where_they_are_wanted(self, sweeps):
        assert main(["sweep", "latin.yaml"]) == 0
        assert main(["sensitivity", "latin.yaml", "--out", "elsewhere"]) == 0
        assert (sweeps / "elsewhere" / "sensitivity.csv").exists()
        assert not (sweeps / "results" / "sweep-latin" / "analysis").exists()

    def test_runs_that_failed_are_left_out_and_said(self, sweeps, capsys):
        text = (sweeps / "saltelli.yaml").read_text(encoding="utf-8").replace("factors:\n", "factors:\n" + STEEP)
        write_file(
            "failing.yaml",
            text.replace("name: saltelli", "name: failing").replace("second_order: true", "second_order: false"),
        )
        assert main(["sweep", "failing.yaml", "--out", "failing"]) == 1
        told = refusal_message(["sensitivity", "failing"], capsys)
        assert re.search(r"'effect' is available for [0-7] of 16 blocks; needed: at least 8", told)
        assert main(["discover", "failing", "--below", "0.18"]) == 0
        assert "no replicate has 'effect'" in printed_text(capsys)

    @pytest.mark.slow
    def test_a_sweep_that_is_not_finished_says_so(self, sweeps, capsys):
        write_file(
            "long.yaml", EXPERIMENT_YAML.replace("name: trial", "name: long").replace("points: 40", "points: 300")
        )
        assert main(["sweep", "long.yaml", "--out", "long"]) == 0
        *before, last = (sweeps / "long" / "log.jsonl").read_text(encoding="utf-8").splitlines()
        assert before
        for path in json.loads(last)["files"]:
            (sweeps / "long" / path).unlink()
        assert main(["sensitivity", "long", "--months", "12"]) == 0
        told = printed_text(capsys)
        left = json.loads(last)["rows"]
        assert f"note the sweep is unfinished: {left} of 1,500 runs are pending" in told
        assert "have no 'effect'" not in told

    @pytest.mark.slow
    def test_what_runs_lack_is_said_once_for_all_months_and_of_runs_that_were_made(self, sweeps, capsys):
        text = (sweeps / "latin.yaml").read_text(encoding="utf-8").replace("name: latin", "name: half")
        write_file("half.yaml", text.replace("factors:\n", "factors:\n" + STEEP).replace("points: 80", "points: 300"))
        assert main(["sweep", "half.yaml", "--out", "half"]) == 1
        *before, last = (sweeps / "half" / "log.jsonl").read_text(encoding="utf-8").splitlines()
        failed = sum(json.loads(line)["failed"] for line in before)
        for path in json.loads(last)["files"]:
            (sweeps / "half" / path).unlink()
        printed_text(capsys)
        assert main(["sensitivity", "half", "--months", "4", "8", "12"]) == 0
        told = printed_text(capsys)
        left = json.loads(last)["rows"]
        assert told.count(" runs are pending") == 1
        assert f"{left} of 900 runs are pending" in told
        assert told.count("no replicate has 'effect'") == 1
        assert told.count("no run of them was made yet") <= 1
        assert failed
        assert "month 8" not in told.partition(" is noise")[2]

    def test_too_little_that_is_finished_is_refused_once_with_what_is_missing(self, sweeps, capsys):
        write_file(
            "begun.yaml", EXPERIMENT_YAML.replace("name: trial", "name: begun").replace("points: 40", "points: 300")
        )
        assert main(["sweep", "begun.yaml", "--out", "begun"]) == 0
        for line in (sweeps / "begun" / "log.jsonl").read_text(encoding="utf-8").splitlines():
            for path in json.loads(line)["files"]:
                (sweeps / "begun" / path).unlink()
        told = refusal_message(["sensitivity", "begun", "--months", "4", "6", "8", "10", "12"], capsys)
        assert told.startswith("1 fault")
        assert "5 months from 4 to 12: 'effect' is available for 0 of 300 points" in told
        assert "1,500 of 1,500 runs are pending" in told

    @pytest.mark.slow
    def test_an_intervention_that_was_not_kept_by_itself_is_refused_with_what_keeps_it(self, sweeps, capsys):
        words = ["sensitivity", "latin", "--intervention", "intervention"]
        assert "an experiment with 'interventions: each'" in refusal_message(words, capsys)
        text = (sweeps / "latin.yaml").read_text(encoding="utf-8") + "interventions: each\n"
        write_file("each.yaml", text.replace("name: latin", "name: each"))
        assert main(["sweep", "each.yaml", "--out", "each"]) == 0
        assert main(["sensitivity", "each", *words[2:]]) == 0
        assert "did you mean 'intervention'?" in refusal_message([*words[:3], "intervntion"], capsys)
        assert "interventions: each" in refusal_message(["discover", "latin", *words[2:], "--below", "1"], capsys)

    def test_what_cannot_be_answered_is_refused(self, sweeps, capsys):
        assert "did you mean 'effect'?" in refusal_message(["sensitivity", "latin", "--measure", "efect"], capsys)
        assert "current_use" in refusal_message(["sensitivity", "latin", "--measure", "event_rate"], capsys)
        assert "needed: a month from 0 to 12" in refusal_message(["sensitivity", "latin", "--months", "13"], capsys)
        both = ["sensitivity", "latin", "--measure", "current_use", "--months", "6"]
        assert "add it to measures.monthly" in refusal_message(both, capsys)
        assert "no intervention is called 'drug'" in refusal_message(
            ["sensitivity", "latin", "--intervention", "drug"], capsys
        )
        assert "no such folder" in refusal_message(["sensitivity", "nowhere"], capsys)
        write_file("empty/x.txt", "")
        assert "holds no sweep" in refusal_message(["sensitivity", "empty"], capsys)

    def test_a_folder_that_is_a_file_is_refused_before_anything_is_said(self, sweeps, capsys):
        write_file("taken", "")
        assert "is a file; needed: a folder" in refusal_message(["sensitivity", "latin", "--out", "taken"], capsys)


class TestDiscover:
    def test_the_corner_is_said_and_written(self, sweeps, capsys):
        assert main(["discover", "latin", "--measure", "effect", "--below", "0.18"]) == 0
        told = printed_text(capsys)
        assert told.startswith("effect below 0.18 in month 12: ")
        assert "Limits of box" in told
        assert "With failures shuffled at random" in told
        folder = sweeps / "latin" / "analysis" / "effect"
        assert list(pd.read_csv(folder / "discovery.csv")) == list(TRAJECTORY_COLUMNS)
        assert list(pd.read_csv(folder / "discovery_limits.csv")) == list(LIMIT_COLUMNS)
        about = json.loads((folder / "discovery.json").read_text(encoding="utf-8"))
        assert about["cases"] == "effect below 0.18 in month 12"
        assert 0.0 < about["chance"] <= 1.0
        assert set(about["pictures"]) <= {f"discovery-{one}" for one in ("trajectory", "limits", "corner")}

    @pytest.mark.slow
    def test_another_box_can_be_looked_at(self, sweeps, capsys):
        words = ["discover", "latin", "--measure", "effect", "--below", "0.18", "--permutations", "0"]
        assert main([*words, "--box", "1"]) == 0
        told = printed_text(capsys)
        assert "Limits of box 1 " in told
        assert "chance" not in told
        assert "needed: a box from 0 to" in refusal_message([*words, "--box", "999"], capsys)

    def test_what_cannot_be_answered_is_refused(self, sweeps, capsys):
        assert "true for none of 80 points; effect ranges from" in refusal_message(
            ["discover", "latin", "--below", "0"], capsys
        )
        assert "true for all of 80 points" in refusal_message(["discover", "latin", "--above", "0"], capsys)
        assert "needed: a number" in refusal_message(["discover", "latin", "--above", "nan"], capsys)
        told = refusal_message(["discover", "latin", "--below", "0.4", "--alpha", "0.9", "--mass", "2"], capsys)
        assert told.startswith("2 faults")
        assert "this folder holds none" in refusal_message(["discover", "latin", "--arm", "coaching"], capsys)


@pytest.fixture(scope="module")
def comparison_folder(tmp_path_factory):
    """A folder with a comparison whose arm `goals` is better in some models and not in others."""
    base = small_scenario(replicates=4)
    arms = {"coaching": with_coaching(base), "goals": base.with_policy("goals", ambition=0.2)}
    return write_comparison_folder(tmp_path_factory.mktemp("compared") / "c", base, arms, models=24)


class TestDiscoverInAComparison:
    @pytest.mark.slow
    def test_the_models_in_which_an_arm_does_not_beat_the_base_are_told(self, comparison_folder, capsys):
        assert main(["discover", str(comparison_folder), "--arm", "goals"]) == 0
        words = printed_text(capsys)
        assert words.startswith("goals is not better than the baseline in events_averted: ")
        assert "of 24 models" in words
        assert "few models" in words
        assert (comparison_folder / "analysis" / "goals" / "discovery.csv").exists()

    def test_what_models_cannot_answer_is_refused(self, comparison_folder, capsys):
        told = refusal_message(["discover", str(comparison_folder), "--arm", "coching"], capsys)
        assert "did you mean 'coaching'?" in told
        told = refusal_message(
            ["discover", str(comparison_folder), "--arm", "goals", "--month", "6", "--measure", "effect"], capsys
        )
        assert told.startswith("2 faults")
        assert "is not the manifest of a sweep" in refusal_message(
            ["discover", str(comparison_folder), "--below", "1"], capsys
        )

    def test_a_comparison_without_models_says_what_is_needed(self, tmp_path, capsys):
        base = small_scenario(replicates=2)
        folder = write_comparison_folder(tmp_path / "c", base, {"coaching": with_coaching(base)})
        assert "without --models 0" in refusal_message(["discover", str(folder), "--arm", "coaching"], capsys)
