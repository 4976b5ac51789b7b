"""Comparisons on disk: the tables that were computed, the same bytes each time, and nothing stale or lost."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
import pytest

import qispread as qs
from all_features import all_features_scenario
from helpers_input import catch_input_error
from qispread.outputs.results import ComparisonRequest, ComparisonResult, write_comparison
from qispread.outputs.results import comparison_results as saving
from qispread.outputs.results.comparison_results import build_request
from qispread.outputs.results.file_names import OWN_FILES
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.comparison.robustness import robustness

PLAIN = all_features_scenario(
    policies={}, horizon=24, replicates=4, interventions={"prompt": {}, "drug": {"launch": 5}}
).replace({"hearing.broadcast": 0.05, "organisations.number": 24})
ARMS = {"coached": PLAIN.with_policy("coaching", cost=3.0), "pushed": PLAIN.with_policy("mandate", cost=0.5)}


def run_comparison(arms=ARMS, *, workers=None, models=4, **keywords):
    """Return an answer on some arms."""
    comparison = qs.compare(PLAIN, arms, workers=workers, factorial=len(arms) > 1, **keywords)
    robust = robustness(comparison, models, 2, workers=workers) if models else None
    return ComparisonResult(comparison, robust, team_month=100.0)


@pytest.fixture(scope="module")
def comparison_result():
    return run_comparison()


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def file_bytes(folder="res"):
    """Return the bytes of all files in a folder and below."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def read_parquet(name, folder="res"):
    return pyarrow.parquet.read_table(f"{folder}/{name}.parquet").to_pandas()


def test_saved_tables_are_those_computed_to_the_last_bit(comparison_result):
    write_comparison(comparison_result, "res")
    tables = comparison_result.tables
    for name, table in tables.items():
        pd.testing.assert_frame_equal(read_parquet(name), table, check_exact=True, check_dtype=len(table) > 0)
    assert {path.stem for path in Path("res").glob("*.parquet")} == set(tables)
    assert "factorial" in tables


def test_csv_holds_the_numbers_of_parquet_and_blanks_where_there_is_none(comparison_result):
    write_comparison(comparison_result, "res")
    for name in comparison_result.tables:
        table = pyarrow.parquet.read_table(f"res/{name}.parquet")
        types = {field.name: field.type for field in table.schema}
        options = pyarrow.csv.ConvertOptions(column_types=types, null_values=[""])
        text = pyarrow.csv.read_csv(f"res/{name}.csv", convert_options=options)
        pd.testing.assert_frame_equal(text.to_pandas(), table.to_pandas(), check_exact=True)
        assert ",nan" not in Path(f"res/{name}.csv").read_text(encoding="utf-8")


def test_the_same_comparison_gives_the_same_bytes_with_any_number_of_workers(comparison_result):
    write_comparison(comparison_result, "res", command=["qispread"])
    for workers in (1, 3):
        write_comparison(run_comparison(workers=workers), f"with {workers}", command=["qispread"])
        assert file_bytes(f"with {workers}") == file_bytes()


def test_saving_again_changes_no_byte_and_needs_no_leave(comparison_result):
    write_comparison(comparison_result, "res", command=["qispread"])
    before = file_bytes()
    write_comparison(run_comparison(), "res", command=["qispread"])
    assert file_bytes() == before


def test_each_arm_has_a_folder_that_is_its_run_alone(comparison_result):
    write_comparison(comparison_result, "res", command=["qispread"])
    assert {path.name for path in Path("res").iterdir() if path.is_dir()} == {
        BASELINE_ARM,
        "coached",
        "pushed",
        "coached+pushed",
    }
    qs.write_runs(qs.simulate(ARMS["coached"]), "alone", command=["qispread"])
    assert file_bytes("alone") == file_bytes("res/coached")


def test_an_arm_can_be_run_again_from_its_manifest(comparison_result):
    write_comparison(comparison_result, "res", command=["qispread"])
    again = qs.simulate(qs.read_scenario("res/coached+pushed/manifest.json"))
    assert again.measures.tobytes() == comparison_result.comparison.runs["coached+pushed"].measures.tobytes()


def test_the_manifest_says_what_was_compared(comparison_result):
    paths = write_comparison(comparison_result, "res", command=["qispread", "compare"])
    manifest = json.loads(Path("res/manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"] == ["qispread", "compare"]
    said = manifest["comparison"]
    assert said["arms"] == [BASELINE_ARM, "coached", "pushed", "coached+pushed"]
    assert said["factors"] == ["coached", "pushed"]
    assert (said["measure"], said["replicates"], said["team_month"]) == ("events_averted", 4, 100.0)
    assert (said["models"], said["model_worlds"]) == (4, 2)
    assert said["ranking"] == list(comparison_result.robustness.ranking)
    assert manifest["identity"]["scenario"] == {
        name: runs.scenario.fingerprint() for name, runs in comparison_result.comparison.runs.items()
    }
    assert {path.name for path in paths} == {path.name for path in Path("res").iterdir() if path.is_file()}
    assert {path.name for path in paths} <= set(OWN_FILES)


def test_arms_that_are_the_same_differ_by_exactly_nothing_in_every_table():
    answer = run_comparison({"idle": PLAIN.with_policy("mandate", target="nobody")})
    tables = answer.tables
    for name, columns in {
        "differences": ["difference", "low", "high"],
        "subgroup_gains": ["difference", "low", "high"],
        "inequality": ["difference", "low", "high"],
        "robustness": ["share_above_baseline", "regret_mean", "regret_worst"],
    }.items():
        values = tables[name][columns].dropna()
        assert len(values) > 0
        assert (values == 0.0).all(axis=None), name
    costs = tables["cost_effectiveness"].filter(regex="^(cost|averted|replicated_practices)_(difference|low|high)$")
    assert (costs == 0.0).all(axis=None)
    assert set(tables["cost_effectiveness"]["dominance"]) == {"on the frontier"}
    assert len(tables["acceptability"]) == len(tables["best_arm_drivers"]) == 0
    worlds = tables["replicates"].drop(columns="arm")
    base, idle = (worlds[tables["replicates"]["arm"] == arm].reset_index(drop=True) for arm in (BASELINE_ARM, "idle"))
    pd.testing.assert_frame_equal(base, idle, check_exact=True)


def test_empty_tables_are_kept_with_their_columns():
    write_comparison(run_comparison({"idle": PLAIN.with_policy("mandate", target="nobody")}), "res")
    for name in ("acceptability", "best_arm_drivers"):
        assert len(read_parquet(name)) == len(pd.read_csv(f"res/{name}.csv")) == 0
        assert list(pd.read_csv(f"res/{name}.csv")) == list(read_parquet(name))
        assert len(read_parquet(name).columns) > 3


def test_another_comparison_is_refused_and_leaves_all_as_it_was(comparison_result):
    write_comparison(comparison_result, "res")
    before = file_bytes()
    for arms in ({"coached": ARMS["coached"]}, {**ARMS, "timed": PLAIN.with_policy("protected_time")}):
        with pytest.raises(qs.InputError, match="holds the results of another run"):
            write_comparison(run_comparison(arms, models=0), "res")
        assert file_bytes() == before


def test_overwriting_leaves_no_arm_and_no_table_of_the_one_before(comparison_result):
    write_comparison(comparison_result, "res")
    fewer = run_comparison({"timed": PLAIN.with_policy("protected_time")}, models=0)
    write_comparison(fewer, "res", overwrite=True, command=["qispread"])
    write_comparison(fewer, "new", command=["qispread"])
    assert file_bytes("res") == file_bytes("new")


def test_a_report_of_the_comparison_before_goes_and_what_is_not_ours_stays(comparison_result):
    write_comparison(comparison_result, "res")
    Path("res/report.html").write_text("of the one before", encoding="utf-8")
    Path("res/notes.txt").write_text("mine", encoding="utf-8")
    Path("res/coached/notes.txt").write_text("mine too", encoding="utf-8")
    write_comparison(run_comparison({"timed": PLAIN.with_policy("protected_time")}, models=0), "res", overwrite=True)
    assert not Path("res/report.html").exists()
    assert Path("res/notes.txt").read_text(encoding="utf-8") == "mine"
    assert Path("res/coached/notes.txt").read_text(encoding="utf-8") == "mine too"
    assert {path.name for path in Path("res/coached").iterdir()} == {"notes.txt"}


def test_a_run_overwritten_by_a_comparison_leaves_none_of_its_tables():
    qs.write_runs(qs.simulate(PLAIN), "res")
    fewer = run_comparison({"coached": ARMS["coached"]}, models=0)
    with pytest.raises(qs.InputError, match="holds the results of another run"):
        write_comparison(fewer, "res")
    write_comparison(fewer, "res", overwrite=True, command=["qispread"])
    write_comparison(fewer, "new", command=["qispread"])
    assert set(file_bytes("res")) == set(file_bytes("new"))


def test_a_comparison_overwritten_by_a_run_leaves_none_of_its_tables(comparison_result):
    write_comparison(comparison_result, "res")
    qs.write_runs(qs.simulate(PLAIN), "res", overwrite=True)
    qs.write_runs(qs.simulate(PLAIN), "new")
    assert set(file_bytes("res")) == set(file_bytes("new"))


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("tables", range(3))
def test_writing_that_is_stopped_changes_nothing(comparison_result, monkeypatch, tables):
    real, left = saving.write_table, iter(range(tables))

    def write_table(*arguments, **keywords):
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(*arguments, **keywords)

    write_comparison(comparison_result, "res", command=["qispread"])
    before = file_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(saving, "write_table", write_table)
        with pytest.raises(KeyboardInterrupt):
            write_comparison(run_comparison(models=0), "res", overwrite=True)
    assert file_bytes() == before


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".", "..", "manifest.json", "differences.csv"])
def test_no_arm_is_written_anywhere_but_in_a_folder_of_its_own(name):
    Path("below").mkdir()
    with suppress(qs.InputError):
        write_comparison(run_comparison({name: ARMS["coached"]}, models=0), "below/res")
    assert [path.name for path in Path().iterdir()] == ["below"]
    assert [path.name for path in Path("below").iterdir()] in ([], ["res"])
    assert not Path("below/res").exists() or not list(Path("below/res").iterdir())


def test_folders_are_checked_before_any_time_is_spent(comparison_result):
    asked = build_request(comparison_result)
    asked.check_output_folder(Path("res"))
    write_comparison(comparison_result, "res")
    asked.check_output_folder(Path("res"))
    others = (
        replace(asked, arms={**asked.arms, "coached": asked.arms["coached"].replace(seed=5)}),
        replace(asked, measure="effect"),
        replace(asked, team_month=7.0),
        replace(asked, models=0),
    )
    for other in others:
        assert "another run" in str(catch_input_error(other.check_output_folder, Path("res")))
        other.check_output_folder(Path("res"), overwrite=True)
    Path("file").write_text("x", encoding="utf-8")
    assert "is a file" in str(catch_input_error(asked.check_output_folder, Path("file")))


def test_a_folder_that_is_refused_is_left_as_it_was():
    Path("res").mkdir()
    Path("res/coached").write_text("x", encoding="utf-8")
    asked = ComparisonRequest({BASELINE_ARM: PLAIN, "coached": ARMS["coached"]})
    assert "res/coached: --out: is a file" in str(catch_input_error(asked.check_output_folder, Path("res")))
    assert file_bytes() == {"coached": b"x"}
    assert [path.name for path in Path("res").iterdir()] == ["coached"]


def test_the_folder_is_another_for_other_arms_names_worlds_or_questions():
    plain = ComparisonRequest({BASELINE_ARM: PLAIN, "coached": ARMS["coached"]})
    every = [
        plain,
        ComparisonRequest({BASELINE_ARM: PLAIN, "other": ARMS["coached"]}),
        ComparisonRequest({BASELINE_ARM: PLAIN, **ARMS}),
        ComparisonRequest(
            {BASELINE_ARM: PLAIN.replace(replicates=5), "coached": ARMS["coached"].replace(replicates=5)}
        ),
        ComparisonRequest({BASELINE_ARM: PLAIN.replace(seed=2), "coached": ARMS["coached"].replace(seed=2)}),
        replace(plain, measure="effect"),
        replace(plain, precision=0.1),
        replace(plain, models=8),
    ]
    folders = [asked.default_folder() for asked in every]
    assert len(set(folders)) == len(every)
    assert folders[0] == ComparisonRequest(dict(plain.arms)).default_folder()
    assert {folder.parent for folder in folders} == {Path("results")}


def test_a_precision_has_the_same_folder_whatever_worlds_it_takes():
    arms = {BASELINE_ARM: PLAIN, "coached": ARMS["coached"]}
    more = {name: arm.replace(replicates=77) for name, arm in arms.items()}
    assert ComparisonRequest(arms, precision=0.1).fingerprint() == ComparisonRequest(more, precision=0.1).fingerprint()
    assert ComparisonRequest(arms).fingerprint() != ComparisonRequest(more).fingerprint()


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_a_price_is_a_number_of_at_least_0(comparison_result, price):
    with pytest.raises(qs.InputError, match="team_month"):
        ComparisonResult(comparison_result.comparison, None, price)


def test_a_comparison_alone_is_saved_without_models():
    comparison = qs.compare(PLAIN, {"coached": ARMS["coached"]})
    write_comparison(comparison, "res")
    names = {path.name for path in Path("res").iterdir()}
    assert not names & {"robustness.csv", "models.csv", "flips.csv", "factorial.csv"}
    manifest = json.loads(Path("res/manifest.json").read_text(encoding="utf-8"))
    assert manifest["comparison"]["models"] == 0
    assert "ranking" not in manifest["comparison"]


def test_models_are_kept_with_what_each_arm_achieves(comparison_result):
    write_comparison(comparison_result, "res")
    table = read_parquet("models")
    for arm in comparison_result.comparison.runs:
        np.testing.assert_array_equal(table[f"value.{arm}"], comparison_result.robustness.means[arm])
    assert list(table)[: len(comparison_result.robustness.factors)] == [
        factor.path for factor in comparison_result.robustness.factors
    ]


def test_a_comparison_of_which_every_world_failed_is_saved_all_the_same():
    extreme = PLAIN.replace({"interventions.prompt.response.steepness": 1e308})
    write_comparison(qs.compare(PLAIN, {"extreme": extreme}), "res")
    assert set(read_parquet("runs", "res/extreme")["status"]) == {"failed"}
    assert len(read_parquet("replicates")) == 0
