"""Saved runs and comparisons are read back as they were: every table has the same bytes."""

import json
import shutil

import numpy as np
import pytest

import qispread as qs
from all_features import all_features_scenario
from qispread.inputs.errors import InputError
from qispread.model.engines.run_tables import build_tables
from qispread.outputs.results import read_comparison, read_runs, write_comparison, write_runs

SMALL = {"horizon": 18, "replicates": 3}


def assert_same_tables(one, other):
    assert one.keys() == other.keys()
    for name, table in one.items():
        assert table.schema.equals(other[name].schema, check_metadata=True), name
        assert table.to_pandas().equals(other[name].to_pandas()), name


@pytest.fixture(scope="module")
def saved_runs(tmp_path_factory):
    runs = qs.simulate(all_features_scenario(**SMALL), keep_events=True)
    folder = tmp_path_factory.mktemp("saved") / "runs"
    write_runs(runs, folder)
    return runs, folder


@pytest.fixture(scope="module")
def saved_comparison(tmp_path_factory):
    base = all_features_scenario(policies={}, **SMALL)
    arms = {"a": base.with_policy("coaching", cost=2.0), "b": base.with_policy("mandate")}
    comparison = qs.compare(base, arms)
    result = qs.ComparisonResult(comparison, qs.robustness(comparison, models=4, replicates=2), team_month=10.0)
    folder = tmp_path_factory.mktemp("saved") / "comparison"
    write_comparison(result, folder)
    return result, folder


def test_runs_are_read_back_with_every_table_the_same(saved_runs):
    runs, folder = saved_runs
    found = read_runs(folder)
    assert found.scenario == runs.scenario
    np.testing.assert_array_equal(found.measures, runs.measures)
    assert_same_tables(build_tables(found), build_tables(runs))


def test_runs_that_are_read_back_are_written_as_they_were(saved_runs, tmp_path):
    _, folder = saved_runs
    write_runs(read_runs(folder), tmp_path / "again")
    for path in sorted(folder.iterdir()):
        if path.suffix in (".parquet", ".csv", ".txt"):
            assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_failed_replicates_are_read_back_as_failed(tmp_path, saved_runs):
    runs, _ = saved_runs
    broken = qs.Runs(runs.scenario, [*runs.runs[:2], qs.simulate(runs.scenario, keep_events=True).runs[2]])
    broken.runs[1].error = "FloatingPointError: made so"
    write_runs(broken, tmp_path / "failed")
    found = read_runs(tmp_path / "failed")
    assert [run.error for run in found.runs] == ["", "FloatingPointError: made so", ""]
    assert np.isnan(found.values_by_replicate("effect")).tolist() == [False, True, False]
    broken.runs[1].error = ""


def test_a_comparison_is_read_back_with_every_table_the_same(saved_comparison):
    result, folder = saved_comparison
    found = read_comparison(folder)
    assert found.tables.keys() == result.tables.keys()
    for name, table in result.tables.items():
        np.testing.assert_array_equal(found.tables[name].columns, table.columns)
        assert found.tables[name].reset_index(drop=True).equals(table.reset_index(drop=True)), name
    assert found.describe_for_manifest() == result.describe_for_manifest()
    assert found.comparison.difference("a", "effect") == result.comparison.difference("a", "effect")


def test_an_arm_is_a_folder_of_runs(saved_comparison):
    result, folder = saved_comparison
    np.testing.assert_array_equal(read_runs(folder / "a").measures, result.comparison.runs["a"].measures)


def test_a_folder_of_the_other_kind_is_refused(saved_runs, saved_comparison):
    with pytest.raises(InputError, match="see read_comparison"):
        read_runs(saved_comparison[1])
    with pytest.raises(InputError, match="see read_runs"):
        read_comparison(saved_runs[1])
    with pytest.raises(InputError, match="holds no manifest"):
        read_runs(saved_runs[1].parent)


@pytest.mark.parametrize("name", ["months", "organisations", "runs"])
@pytest.mark.parametrize("damage", ["missing", "cut", "rows"])
def test_a_damaged_table_is_named(name, damage, saved_runs, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(saved_runs[1], folder)
    path = folder / f"{name}.parquet"
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    else:
        import pyarrow.parquet

        pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).slice(1), path)
    with pytest.raises(InputError) as caught:
        read_runs(folder)
    assert any(fault.file.endswith(".parquet") for fault in caught.value.faults)
    assert json.loads((folder / "manifest.json").read_text())["scenario"]
