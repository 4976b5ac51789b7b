"""A run of a sweep that is made again: where it goes, and what its manifest makes."""

import json
from pathlib import Path

import pytest

import qispread as qs
from helpers_identity import made_by_version_0_1, other_model
from helpers_input import write_file
from helpers_sweep import SMALL_SCENARIO, run_command, small_experiment
from qispread.interfaces.cli.main import main

OLD = {"numba": "0.60.9"}


def test_the_manifest_of_a_rerun_makes_that_very_run_again(folder, capsys):
    found = qs.read_sweep(folder)
    run_id = found.runs.run_id[403]
    assert found.runs["replicate"][403] == 3
    assert main(["sweep", str(folder), "--run", run_id]) == 0
    made = folder / "reruns" / run_id
    manifest = json.loads((made / "manifest.json").read_text())
    assert (manifest["replicate"], manifest["run_id"]) == (3, run_id)
    assert main(["run", str(made / "manifest.json"), "--out", "again"]) == 0
    for name in ("runs.parquet", "months.parquet", "organisations.parquet"):
        assert Path("again", name).read_bytes() == (made / name).read_bytes()
    assert json.loads(Path("again/manifest.json").read_text())["run_id"] == run_id
    capsys.readouterr()
    assert main(["run", "again/manifest.json", "--replicates", "2", "--out", "more"]) == 2
    assert "the manifest is of replicate 3 alone" in capsys.readouterr().err
    write_file("coaching.yaml", "policies: {coaching: {lever: coaching}}\n")
    assert main(["compare", "again/manifest.json", "--policy", "coaching.yaml", "--out", "more"]) == 2
    assert "is of replicate 3 alone, and options are compared in all replicates" in capsys.readouterr().err


def test_a_rerun_of_another_replicate_is_another_run():
    found = qs.sweep(small_experiment(), "s")
    first, second = (f"{found.store.run_id_prefix}-000007-0000{replicate}" for replicate in (1, 2))
    assert main(["sweep", "s", "--run", first, "--out", "one"]) == 0
    assert main(["sweep", "s", "--run", second, "--out", "one"]) == 2
    assert main(["sweep", "s", "--run", second, "--out", "one", "--overwrite"]) == 0
    assert json.loads(Path("one/manifest.json").read_text())["replicate"] == 2


def test_a_rerun_goes_where_out_says_also_from_an_archive(folder, capsys):
    run_id = qs.read_sweep(folder).runs.run_id[0]
    before = sorted(path for path in folder.rglob("*"))
    assert main(["sweep", str(folder), "--run", run_id, "--out", "elsewhere"]) == 0
    assert sorted(path for path in folder.rglob("*")) == before
    assert Path("elsewhere/months.parquet").exists()
    assert main(["sweep", str(folder), "--run", run_id, "--out", str(folder)]) == 2
    assert "is the folder of the sweep; with --run it is the folder for the rerun" in capsys.readouterr().err
    write_file("reruns", "a file, so that nothing can be written there", folder)
    assert main(["sweep", str(folder), "--run", run_id]) == 2
    assert "choose a folder for this rerun with --out" in capsys.readouterr().err


def test_a_rerun_by_other_code_says_so_and_replaces_nothing_unasked(folder, capsys, monkeypatch):
    run_id = qs.read_sweep(folder).runs.run_id[0]
    assert main(["sweep", str(folder), "--run", run_id]) == 0
    other_model(monkeypatch)
    capsys.readouterr()
    assert main(["sweep", str(folder), "--run", run_id]) == 2
    said = capsys.readouterr()
    assert "note: model: was " in said.out
    assert "holds the results of another run (other code)" in said.err
    assert main(["sweep", str(folder), "--run", run_id, "--overwrite"]) == 0


@pytest.mark.parametrize("replicate", ["2", -1, 1.5, True])
def test_a_replicate_that_cannot_be_is_refused(replicate, capsys):
    qs.write_runs(qs.simulate(SMALL_SCENARIO.replace(horizon=2), replicates=1), "s")
    manifest = json.loads(Path("s/manifest.json").read_text())
    write_file("m.json", json.dumps({**manifest, "replicate": replicate}))
    assert main(["run", "m.json"]) == 2
    assert "needed: a whole number of at least 0" in capsys.readouterr().err


def test_the_command_runs_as_a_program_with_an_older_manifest(folder):
    made_by_version_0_1(folder)
    done = run_command("sweep", folder)
    assert done.returncode == 2
    assert "made by other code" in " ".join(done.stderr.split())
