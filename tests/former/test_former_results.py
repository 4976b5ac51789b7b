"""Results that version 0.1 saved, kept beside this file as it wrote them: read in the names of now, with one note."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qispread as qs
from helpers_input import catch_input_error
from qispread.common.former_names import BASELINE_ARM, COLUMNS, SAVED_MEASURES, TABLES
from qispread.inputs.errors import InputError
from qispread.inputs.former_data import MANIFEST_NOTE
from qispread.interfaces.cli.main import main
from qispread.outputs.report.read_results import read_results
from qispread.outputs.results import COMPARISON_TABLES
from qispread.outputs.results.former_results import read_saved_table
from qispread.runs.comparison import BASELINE_ARM as BASELINE

SAVED = Path(__file__).parent / "results-0.1.zip"
"""A run, a comparison with plausible models and a sweep, each of 2 replicates of 12 organisations over 4 months, as
the code of commit 7f96dd0 wrote them from the files in its folder `source`; CSV copies of Parquet tables left out."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    with zipfile.ZipFile(SAVED) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def saved(unpacked, tmp_path, monkeypatch):
    shutil.copytree(unpacked, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commanded(capsys, *arguments):
    """Return the exit code of a command, and what it printed."""
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out + said.err


def test_what_is_kept_is_of_version_0_1(unpacked):
    assert "home_grown" in json.loads((unpacked / "run" / "manifest.json").read_text())["scenario"]
    assert (unpacked / "compare" / "worlds.parquet").is_file()
    assert (unpacked / "compare" / BASELINE_ARM[0]).is_dir()
    assert "passes" in json.loads((unpacked / "sweep" / "manifest.json").read_text())


def test_a_run_is_read(saved):
    found = read_results(saved / "run")
    values = found.base_arm.replicate_values(["ever_adopted", "current_use", "event_rate"])
    before = pd.read_parquet(saved / "run" / "months.parquet")
    before = before[before["intervention"] == "all"]
    for old in ("reach", "adoption", "harm"):
        np.testing.assert_array_equal(values[SAVED_MEASURES[old]].ravel(), before[old].to_numpy())
    measures = set(found.base_arm.summary["measure"])
    assert set(qs.MEASURES) <= measures
    assert not measures & (set(SAVED_MEASURES) - set(qs.MEASURES))
    assert found.base_arm.scenario.local_improvement.gain == 0.02


@pytest.mark.parametrize("table", [name for name in COMPARISON_TABLES if name not in ("factorial", "models")])
def test_every_table_of_a_comparison_is_read(saved, table):
    found, old = read_results(saved / "compare").tables[table], {new: old for old, new in TABLES.items()}
    before = pd.read_parquet(saved / "compare" / f"{old.get(table, table)}.parquet")
    assert list(found.columns) == list(COMPARISON_TABLES[table][1])
    assert list(before.rename(columns=COLUMNS.get(table, {})).columns) == list(found.columns)
    numbers = found.select_dtypes("number").columns
    was = before.rename(columns=COLUMNS.get(table, {}))
    pd.testing.assert_frame_equal(found[numbers], was[numbers])
    words = {word for column in ("arm", "against") if column in found for word in found[column]}
    assert BASELINE_ARM[0] not in words


@pytest.mark.parametrize("table", ["months", "organisations"])
def test_every_column_of_a_run_is_read(saved, table):
    from qispread.model.engines.run_tables import RUN_TABLES

    found = read_saved_table(saved / "run" / f"{table}.parquet", table, former=True)
    assert list(found.columns) == list(RUN_TABLES[table])


def test_reading_a_comparison(saved):
    found = read_results(saved / "compare")
    assert list(found.arms) == [BASELINE, "coach"]
    assert found.measure == "events_averted"
    models = found.tables["models"]
    assert {f"value.{BASELINE}", "value.coach", "local_improvement.gain"} <= set(models.columns)


@pytest.mark.parametrize("folder", ["run", "compare"])
def test_reports(saved, folder, capsys):
    code, said = commanded(capsys, "report", folder)
    assert code == 0
    assert said.count(MANIFEST_NOTE) == 1
    page = (saved / folder / "report.html").read_text(encoding="utf-8")
    assert "home_grown" not in page.replace(json.dumps("home_grown"), "")


def test_a_run_again_gives_the_same_numbers(saved, capsys):
    code, said = commanded(capsys, "run", "run/manifest.json", "--out", "again")
    assert code == 0
    assert said.count(MANIFEST_NOTE) == 1
    for table in ("months", "organisations"):
        before = read_saved_table(saved / "run" / f"{table}.parquet", table, former=True)
        after = read_saved_table(saved / "again" / f"{table}.parquet", table)
        # The libraries that saved them may be others: equal but for the last bits (decision 15).
        # Names are made of the fingerprint and of generated partnerships, which are called otherwise now.
        other = [name for name in ("run_id", "partnership") if name in before]
        pd.testing.assert_frame_equal(before.drop(columns=other), after.drop(columns=other), rtol=1e-9, atol=0.0)


def test_an_arm_again(saved, capsys):
    code, said = commanded(capsys, "run", "compare/coach/manifest.json", "--out", "again")
    assert code == 0, said
    before = read_saved_table(saved / "compare" / "coach" / "months.parquet", "months", former=True)
    after = read_saved_table(saved / "again" / "months.parquet", "months")
    pd.testing.assert_frame_equal(before.drop(columns="run_id"), after.drop(columns="run_id"), rtol=1e-9, atol=0.0)


def test_an_old_comparison_is_replaced_whole(saved, capsys):
    # The scenario again, by its manifest: what the former comparison left must not stay beside the new one.
    (saved / "coach.yaml").write_text("policies: {coach: {lever: coaching}}\n", encoding="utf-8")
    scenario = shutil.copy(saved / "run" / "manifest.json", saved / "scenario.json")
    words = ("compare", str(scenario), "--policy", "coach.yaml", "--models", "0", "--out", "compare")
    assert commanded(capsys, *words)[0] == 2
    code, said = commanded(capsys, *words, "--overwrite")
    assert code == 0, said
    assert not [name for name in TABLES if (saved / "compare" / f"{name}.parquet").exists()]
    assert not (saved / "compare" / BASELINE_ARM[0]).exists()
    assert (saved / "compare" / BASELINE).is_dir()


def test_an_arm_that_has_the_name_of_the_baseline(saved):
    file = saved / "compare" / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["comparison"]["arms"] = [BASELINE_ARM[0], BASELINE_ARM[1]]
    file.write_text(json.dumps(manifest), encoding="utf-8")
    assert "version 0.1" in str(catch_input_error(read_results, saved / "compare"))


def test_discovery_in_a_comparison(saved, capsys):
    # All options are better here, so that the search says in words that there is nothing to find.
    code, said = commanded(capsys, "discover", "compare", "--arm", "coach")
    assert code == 2
    assert "coach is not better than the baseline in events_averted: true for none of 20 points" in said


def test_a_sweep_is_read(saved, capsys):
    sweep = qs.read_sweep(saved / "sweep")
    before = pd.read_parquet(saved / "sweep" / "parts" / "part-000000.parquet")
    before = before.sort_values(["point", "replicate"], ignore_index=True)
    assert list(sweep.points.columns) == ["local_improvement.gain", "reviewing.discontinuing"]
    for old in ("adoption", "harm_averted", "lapses"):
        np.testing.assert_array_equal(sweep.runs[SAVED_MEASURES[old]], before[old])
        assert sweep.values(SAVED_MEASURES[old]).shape == (3, 2)
    assert sweep.monthly("ever_adopted").shape == (3, 2, 5)
    assert sweep.design().numbers.shape == (3, 2)
    assert sweep.store.repetitions is None
    code, said = commanded(capsys, "sweep", "sweep", "--status")
    assert code == 0
    assert said.count(MANIFEST_NOTE) == 1
    assert "6 of 6 runs done" in said


def test_repetitions_of_a_sweep(saved):
    file = saved / "sweep" / "manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({**manifest, "passes": 1}), encoding="utf-8")
    assert qs.read_sweep(saved / "sweep").store.repetitions == 1


def test_a_run_of_a_sweep_again(saved, capsys):
    name = str(qs.read_sweep(saved / "sweep").runs["run_id"].iloc[3])
    code, said = commanded(capsys, "sweep", "sweep", "--run", name)
    assert code == 0
    assert "Identical to its row, bit for bit" in said
    assert MANIFEST_NOTE in said


def test_a_sweep_is_not_added_to(saved, capsys):
    code, said = commanded(capsys, "sweep", "sweep")
    assert code == 2
    assert "holds a sweep of version 0.1" in said
    with pytest.raises(InputError, match="begin anew in another folder"):
        qs.sweep(saved / "sweep")
    other = qs.sweep(qs.read_experiment(saved / "sweep"), saved / "other", confirmed=True)
    assert other.runs["events_averted"].equals(qs.read_sweep(saved / "sweep").runs["events_averted"])
