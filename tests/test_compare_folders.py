"""Folders that `qispread compare` writes: nothing stale, nothing lost, and what is left by failures and Ctrl-C."""

import itertools
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

from helpers_input import SMALL_YAML, write_file
from patience import PATIENCE
from qispread.interfaces.cli.main import main
from qispread.model.engines import simulation as engine
from qispread.outputs.results import comparison_results as saving

ONE = ("--policy", "coaching.yaml")
BOTH = (*ONE, "--policy", "mandate.yaml")
ALONE = ("--models", "0")


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("s.yaml", SMALL_YAML)
    write_file("coaching.yaml", "policies: {coaching: {lever: coaching, cost: 5}}\n")
    write_file("mandate.yaml", "policies: {mandate: {lever: mandate, end: 12}}\n")
    write_file("other.yaml", "extends: s.yaml\nimproving: {decay: 0.01}\n")


def run_command(*typed):
    return main(["compare", "s.yaml", *typed, "--out", "res"])


def result_bytes(folder="res"):
    """Return the bytes of all files in a folder of results."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def read_csv(name):
    return pd.read_csv(f"res/{name}.csv")


def run_statuses(arm):
    return list(pyarrow.parquet.read_table(f"res/{arm}/runs.parquet").to_pandas()["status"])


@pytest.mark.quick_cases(0)
@pytest.mark.parametrize("second", [["run", "s.yaml"], ["compare", "s.yaml", "other.yaml", *ALONE]])
def test_overwriting_leaves_no_analysis_of_what_is_gone_and_all_that_is_not_ours(second):
    write_file("mandate.yaml", "policies: {mandate: {lever: mandate, resentment: 0.5}}\n")
    assert run_command(*BOTH, "--models", "20") == 0
    assert main(["discover", "res", "--arm", "mandate"]) == 0
    assert any(path.startswith("analysis/") for path in result_bytes())
    assert run_command(*BOTH, "--models", "20") == 0
    assert any(path.startswith("analysis/") for path in result_bytes())
    Path("res/analysis/mandate/notes.txt").write_text("mine", encoding="utf-8")
    assert main([*second, "--out", "res", "--overwrite"]) == 0
    assert [path for path in result_bytes() if path.startswith("analysis/")] == ["analysis/mandate/notes.txt"]


def test_overwriting_leaves_no_stale_arms_or_tables():
    assert run_command(*BOTH, "--factorial", "--models", "3") == 0
    assert run_command("other.yaml", *ALONE, "--overwrite") == 0
    stale = result_bytes()
    assert {path.split("/")[0] for path in stale if "/" in path} == {"baseline", "other"}
    assert not {"factorial.csv", "robustness.csv", "models.csv", "flips.csv"} & set(stale)
    assert main(["compare", "s.yaml", "other.yaml", *ALONE, "--out", "new"]) == 0
    new = result_bytes("new")
    assert set(new) == set(stale)
    assert all(stale[name] == new[name] for name in new if not name.endswith("manifest.json"))


@pytest.mark.parametrize("first", ["run", "compare"])
def test_overwriting_what_another_command_wrote_leaves_none_of_its_tables(first):
    commands = {"run": ["run", "s.yaml"], "compare": ["compare", "s.yaml", *ONE, *ALONE]}
    second = commands["compare" if first == "run" else "run"]
    assert main([*commands[first], "--out", "res"]) == 0
    assert main([*second, "--out", "res"]) == 2
    assert main([*second, "--out", "res", "--overwrite"]) == 0
    assert main([*second, "--out", "new"]) == 0
    assert set(result_bytes()) == set(result_bytes("new"))


def fail_replicates(monkeypatch, *bad):
    """Let the kernel fail in some worlds, in the order in which one worker runs them: those of the base first."""
    real, calls = engine.run_kernel, itertools.count()

    def run_kernel(*arguments):
        if next(calls) in bad:
            raise FloatingPointError("made [red]so")
        return real(*arguments)

    monkeypatch.setattr(engine, "run_kernel", run_kernel)


def test_worlds_that_fail_in_an_arm_are_told_and_left_out_in_pairs(capsys, monkeypatch):
    fail_replicates(monkeypatch, 4)
    assert run_command(*ONE, *ALONE, "--workers", "1") == 1
    said = capsys.readouterr().out
    assert "coaching, replicate 1 failed: FloatingPointError: made [red]so" in said
    assert "baseline, replicate" not in said
    assert read_csv("replicates")["replicate"].tolist() == [0, 2, 0, 2]
    assert set(read_csv("differences").query("measure == 'event_rate'")["replicates"]) == {2}
    assert run_statuses("coaching") == ["done", "failed", "done"]


def test_a_base_that_fails_is_told_too(capsys, monkeypatch):
    fail_replicates(monkeypatch, 0, 5)
    assert run_command(*ONE, *ALONE, "--workers", "1") == 1
    said = capsys.readouterr().out
    assert "baseline, replicate 0 failed" in said
    assert "coaching, replicate 2 failed" in said
    assert read_csv("replicates")["replicate"].tolist() == [1, 1]


@pytest.mark.parametrize("models", [ALONE, ("--models", "2")], ids=["alone", "with models"])
def test_an_arm_of_failures_alone_is_told_in_a_line_and_ends_with_code_1(capsys, models):
    write_file("x.yaml", "extends: s.yaml\ninterventions: {intervention: {response: {steepness: 1e+308}}}\n")
    assert run_command("x.yaml", *models) == 1
    said = capsys.readouterr().out
    assert "x: all 3 runs failed: the state is no longer finite: parameters are too extreme" in said
    assert run_statuses("x") == ["failed"] * 3


def interrupt_command(*typed):
    """Press Ctrl-C once the command has said what it will run, and return its exit code and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "qispread.interfaces.cli.main", "compare", *typed],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert "organisations" in process.stdout.readline()
    select.select([process.stdout], [], [], 0.3)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("before", [False, True], ids=["a new folder", "results of before"])
def test_what_is_stopped_leaves_nothing_behind(before):
    write_file("long.yaml", "extends: s.yaml\nhorizon: 12000\nreplicates: 400\n")
    if before:
        assert run_command(*ONE, *ALONE) == 0
    was = result_bytes() if before else {}
    code, said = interrupt_command("long.yaml", *BOTH, "--out", "res", "--overwrite")
    assert code == 130, said
    assert said == "Stopped; nothing was written.\n"
    assert (result_bytes() == was) if before else not Path("res").exists()
    if before:
        assert {path.name for path in Path("res").iterdir() if path.is_dir()} == {"baseline", "coaching"}


def test_what_is_stopped_while_it_is_written_does_not_claim_that_nothing_was(capsys, monkeypatch):
    def write_table(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(saving, "write_table", write_table)
        assert run_command(*ONE, *ALONE) == 130
    assert "manifest.json" not in result_bytes()
    assert "nothing was written" not in capsys.readouterr().err or not result_bytes()
    assert run_command(*ONE, *ALONE) == 0


def test_a_folder_that_was_there_before_stays_when_work_is_refused(capsys):
    Path("res/mine").mkdir(parents=True)
    silent = "hearing: {contact: 0.0, broadcast: 0.0}\n"
    write_file("s.yaml", "extends: t.yaml\n" + silent)
    write_file("t.yaml", SMALL_YAML)
    assert run_command(*ONE, "--measure", "effect", "--precision", "0.1") == 2
    assert "is defined in 0 of 256 replicates" in capsys.readouterr().err
    assert Path("res/mine").is_dir()
    assert [path.name for path in Path("res").iterdir()] == ["mine"]
