"""An analysis kept beside results replaces what it wrote itself, and touches nothing else."""

import json
from pathlib import Path

import pandas as pd
import pytest

from qispread.outputs.figures.save_analysis import save_analysis
from qispread.outputs.results.results_folder import listed_analysis_files

TABLE = (pd.DataFrame({"a": [1.0]}), {"a": "A number."})


def save_example(folder, *rests):
    return save_analysis(folder, "fit", dict.fromkeys(rests, TABLE), [], {}, ["qispread"])


@pytest.mark.slow
def test_what_an_earlier_analysis_wrote_and_this_one_does_not_is_removed(tmp_path):
    save_example(tmp_path, "", "_scores")
    written = save_example(tmp_path, "")
    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
    assert sorted(listed_analysis_files(tmp_path / "fit.json")) == ["fit.csv", "fit.json", "fit.parquet"]


def test_files_of_others_stay_whatever_their_names(tmp_path):
    others = {"fit_people.csv": "id\n", "fitness.csv": "mine\n", "fit.txt": "mine", "manifest.json": "{}"}
    for name, text in others.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    save_example(tmp_path, "")
    save_example(tmp_path, "", "_scores")
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in others} == others


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("told", ["", "[]", "{}", '{"files": 3}', '{"files": ["../mine.csv", "/mine.csv", 3, ""]}'])
def test_a_file_that_tells_nonsense_leads_nowhere(told, tmp_path):
    (tmp_path / "fit.json").write_text(told, encoding="utf-8")
    assert listed_analysis_files(tmp_path / "fit.json") == []
    save_example(tmp_path, "")
    assert json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))["files"]


def test_no_file_tells_nothing(tmp_path):
    assert listed_analysis_files(Path(tmp_path) / "fit.json") == []
