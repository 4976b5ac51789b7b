"""A folder made by other code, other inputs or other libraries is neither replaced nor added to without a word."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import qispread as qs
from checkouts import other_checkout
from helpers_identity import made_by_version_0_1, other_libraries, other_model
from helpers_input import catch_input_error, only_fault, write_file
from qispread.interfaces.cli.main import main
from qispread.model.rules import improving
from qispread.outputs.report import write_report
from qispread.runs import identity

SMALL = "name: small\nhorizon: 24\nreplicates: 5\norganisations: {number: 30, partnerships: 6, regions: 2}\n"
FILES = ("run", "small.yaml", "--out", "res")
COMPARED = ("compare", "small.yaml", "--policy", "coaching.yaml", "--models", "0", "--out", "res")


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("small.yaml", SMALL)
    write_file("coaching.yaml", "policies: {coaching: {lever: coaching, cost: 5}}\n")


def kept(folder="res"):
    """Return the bytes of all files in a folder of results."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def refused(capsys, *words):
    """Return what a command that is refused says, on one line."""
    capsys.readouterr()
    assert main(words) == 2
    return " ".join(capsys.readouterr().err.split())


def test_results_of_another_checkout_of_the_same_version_are_not_replaced(tmp_path):
    """Case 01: the same command after a `git pull` that changed a rule."""
    assert main(FILES) == 0
    before = kept()
    words = [sys.executable, "-m", "qispread.interfaces.cli.main", *FILES]
    named = {**os.environ, "PYTHONPATH": str(other_checkout(tmp_path / "other"))}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=named)
    said = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert "holds the results of another run (other code); choose another folder, or use --overwrite" in said
    assert f"model: was {json.loads(before['manifest.json'])['identity']['model']}, is now " in said
    assert kept() == before


@pytest.mark.parametrize("words", [FILES, COMPARED], ids=["run", "compare"])
def test_the_same_again_is_neither_refused_nor_another_byte(words):
    assert main(words) == 0
    before = kept()
    assert main(words) == 0
    assert kept() == before


@pytest.mark.parametrize("words", [FILES, COMPARED], ids=["run", "compare"])
def test_other_code_libraries_and_inputs_are_refused_all_at_once(words, capsys, monkeypatch):
    assert main(words) == 0
    before = kept()
    other_model(monkeypatch)
    other_libraries(monkeypatch, numba="0.60.9")
    said = refused(capsys, *words, "--seed", "7")
    assert "holds the results of another run (other inputs, other code, other libraries)" in said
    assert "is now 0123456789abcdef" in said
    assert "libraries.numba: was " in said
    seeds = ["scenario.seed"] if words is FILES else ["scenario.baseline.seed", "scenario.coaching.seed"]
    assert all(f"{one}: was 1, is now 7" in said for one in seeds)
    assert kept() == before


@pytest.mark.parametrize("change", [{"numba": "0.60.9"}, {"python": "3.99"}, {"networkx": "2.0"}])
def test_other_libraries_alone_are_refused(change, capsys, monkeypatch):
    assert main(FILES) == 0
    here = identity.libraries()
    other_libraries(monkeypatch, **change)
    (name, now), *_ = change.items()
    said = refused(capsys, *FILES)
    assert "holds the results of another run (other libraries)" in said
    assert f"libraries.{name}: was {here[name]}, is now {now}" in said
    assert main([*FILES, "--overwrite"]) == 0


def halved(fidelity, decay, watch, embedding, embedding_holds):
    """Take from fidelity half of what the shipped rule takes."""
    return fidelity * (1.0 - 0.5 * decay * (1.0 - watch) ** 2 * (1.0 - embedding_holds * embedding))


def test_a_rule_that_was_replaced_makes_another_run(capsys, monkeypatch):
    assert main(FILES) == 0
    before = kept()
    monkeypatch.setattr(improving, "decayed_fidelity", halved)
    said = refused(capsys, *FILES)
    assert "holds the results of another run (other code)" in said
    name = "replaced_rules.qispread.model.rules.improving.decayed_fidelity"
    assert f"{name}: was absent, is now {identity.replaced_rule_names()[name.removeprefix('replaced_rules.')]}" in said
    assert kept() == before


def test_python_is_told_the_same(monkeypatch):
    runs = qs.simulate(qs.read_scenario("small.yaml"))
    qs.write_runs(runs, "res")
    other_model(monkeypatch)
    error = catch_input_error(qs.write_runs, runs, "res")
    assert [one.path for one in error.faults] == ["--out", "model"]
    qs.write_runs(runs, "res", overwrite=True)
    assert json.loads(Path("res/manifest.json").read_text())["identity"]["model"] == "0123456789abcdef"


def test_nothing_of_the_run_before_stays_beside_the_manifest_of_another(monkeypatch):
    assert main([*FILES, "--csv", "--report"]) == 0
    write_file("notes.txt", "mine", "res")
    write_file("mine.csv", "a", "res/charts")
    assert {"report.html", "runs.csv", "charts/mine.csv"} <= set(kept())
    assert len(kept()) > 20
    other_model(monkeypatch)
    assert main([*FILES, "--overwrite"]) == 0
    assert set(kept()) == {
        "manifest.json",
        "runs.parquet",
        "months.parquet",
        "organisations.parquet",
        "summary.csv",
        "notes.txt",
        "charts/mine.csv",
    }


def test_nothing_of_the_comparison_before_stays_beside_the_manifest_of_another(monkeypatch):
    assert main([*COMPARED, "--report"]) == 0
    assert any(name.startswith("charts/") for name in kept())
    other_model(monkeypatch)
    assert main([*COMPARED, "--overwrite"]) == 0
    assert not any(name.startswith("charts/") or name == "report.html" for name in kept())


def test_results_of_version_0_1_count_as_made_by_other_code_and_can_be_run_again(capsys):
    assert main(FILES) == 0
    tables = {name: content for name, content in kept().items() if name.endswith(".parquet")}
    made_by_version_0_1(Path("res"))
    said = refused(capsys, *FILES)
    assert "holds the results of another run (other code)" in said
    assert "model: was 5f5f5f5f5f5f5f5f (sources, as an earlier version hashed them), is now " in said
    assert "libraries" not in said
    capsys.readouterr()
    assert main(["run", "res/manifest.json", "--out", "again"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "note: res/manifest.json was made by other code, and results may differ from it: model: was 5f5f" in told
    again = kept("again")
    assert {name: again[name] for name in tables} == tables


def test_a_sweep_or_a_calibration_is_not_replaced_even_where_that_is_asked(capsys):
    for name, kind in (("experiment", "a sweep"), ("calibration", "a calibration")):
        write_file("manifest.json", json.dumps({name: {}}), "res")
        assert f"holds {kind}; choose another folder" in refused(capsys, *FILES, "--overwrite")
        assert set(kept()) == {"manifest.json"}


def test_a_manifest_that_was_cut_short_is_said_to_be_so(capsys):
    assert main(FILES) == 0
    path = Path("res/manifest.json")
    path.write_bytes(path.read_bytes()[:200])
    for words in (["run", str(path), "--out", "new"], ["report", "res"]):
        assert "was cut short" in refused(capsys, *words)
    assert "holds the results of another run" in refused(capsys, *FILES)


# Reports.


def test_a_report_goes_where_out_says_and_leaves_the_results_as_they_are(capsys):
    assert main(FILES) == 0
    before = kept()
    assert main(["report", "res", "--out", "elsewhere"]) == 0
    assert kept() == before
    assert "elsewhere/report.html" in capsys.readouterr().out
    assert {path.split("/")[0] for path in kept("elsewhere")} == {"report.html", "charts"}
    first = kept("elsewhere")
    assert "holds another report.html; choose another folder, or use --overwrite" in refused(
        capsys, "report", "res", "--out", "elsewhere"
    )
    assert main(["report", "res", "--out", "elsewhere", "--overwrite"]) == 0
    assert kept("elsewhere") == first


def test_a_report_does_not_go_beside_other_results(capsys):
    assert main(FILES) == 0
    assert main(["run", "small.yaml", "--seed", "9", "--out", "other"]) == 0
    before = kept("other")
    said = refused(capsys, "report", "res", "--out", "other", "--overwrite")
    assert "holds other results, which the report does not describe" in said
    assert kept("other") == before
    assert "needs --out" in refused(capsys, "report", "res", "--overwrite")


def test_a_report_names_libraries_that_differ(monkeypatch):
    assert main(FILES) == 0
    now = identity.libraries()["numba"]
    other_libraries(monkeypatch, numba="0.60.9")
    page = write_report("res")[0].read_text(encoding="utf-8")
    assert f"numba {now}, now 0.60.9" in page


def test_an_address_is_no_folder_for_a_report():
    assert main(FILES) == 0
    assert "is a URL" in only_fault(write_report, "res", "s3://bucket/report").problem
