"""`qispread sweep` says what will be done, does it, and tells how it went."""

import os
import pty
import re
import subprocess

import pytest

import qispread as qs
from helpers_input import write_file
from helpers_sweep import EXPERIMENT_YAML, SCENARIO_YAML, command_words
from qispread.interfaces.cli.main import main
from qispread.runs.sweep.preflight import format_duration


@pytest.fixture(autouse=True)
def _files():
    write_file("small.yaml", SCENARIO_YAML)
    write_file("trial.yaml", EXPERIMENT_YAML)


def printed_text(capsys):
    return " ".join(capsys.readouterr().out.split())


def test_a_sweep_says_what_it_will_do_and_what_it_did(capsys):
    assert main(["sweep", "trial.yaml"]) == 0
    told = printed_text(capsys)
    assert re.fullmatch(
        r"note: design\.points: got 40; qispread sensitivity needs at least 64 points "
        r"200 runs, about [^,]+, about \d+ kB on disk\. "
        r"200 of 200 runs done, 0 failed, 0 pending, in results/sweep-trial",
        told,
    )
    assert main(["sweep", "trial.yaml"]) == 0
    assert printed_text(capsys).startswith("Nothing to do: 200 of 200 runs done")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "1 s"), (1.4, "1 s"), (89.0, "89 s"), (90.0, "1.5 min"), (5400.0, "1.5 h"), (129_600.0, "1.5 days")],
)
def test_how_long_a_sweep_takes_is_said_in_the_unit_that_fits(seconds, words):
    assert format_duration(seconds) == words


@pytest.mark.parametrize("what", ["trial.yaml", "results/sweep-trial"])
def test_status_says_what_is_done_failed_and_left(what, capsys):
    assert main(["sweep", "trial.yaml"]) == 0
    printed_text(capsys)
    assert main(["sweep", what, "--status"]) == 0
    assert printed_text(capsys) == "results/sweep-trial: 200 of 200 runs done, 0 failed, 0 pending"


def test_status_of_nothing_is_told(capsys):
    assert main(["sweep", "trial.yaml", "--status"]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_failures_are_told_and_give_the_exit_code(capsys):
    steep = "  interventions.intervention.response.steepness: {values: [3.0, 1e+308]}\n"
    write_file(
        "trial.yaml", EXPERIMENT_YAML.replace("factors:\n", "factors:\n" + steep).replace("points: 40", "points: 4")
    )
    assert main(["sweep", "trial.yaml", "--out", "s"]) == 1
    told = printed_text(capsys)
    assert "10 of 20 runs done, 10 failed, 0 pending" in told
    assert told.count(" failed: the state is no longer finite: parameters are too extreme") == 5
    assert main(["sweep", "trial.yaml", "--out", "s", "--status"]) == 0
    assert main(["sweep", "trial.yaml", "--out", "s", "--retry-failed"]) == 1


@pytest.mark.parametrize("engine", ["kernel", "mesa"])
def test_one_run_is_made_again_with_its_events(engine, capsys):
    assert main(["sweep", "trial.yaml"]) == 0
    run_id = qs.read_sweep("results/sweep-trial").runs.run_id[33]
    printed_text(capsys)
    assert main(["sweep", "results/sweep-trial", "--run", run_id, "--engine", engine, "--events"]) == 0
    told = printed_text(capsys)
    assert "Identical to its row, bit for bit." in told
    assert (qs.read_sweep("results/sweep-trial").folder / "reruns" / run_id / "events.txt").stat().st_size


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--events"], ["--events: applies to single runs; needed: --run RUN_ID"]),
        (
            ["--engine", "mesa", "--events"],
            ["2 faults", "--engine: applies to single runs", "--events: applies to single runs"],
        ),
        (["--status", "--retry-failed"], ["--retry-failed: has no effect with --status, which runs nothing"]),
        (["--status", "--workers", "0", "--events"], ["2 faults", "--workers: has", "--events: has"]),
        (
            ["--run", "x", "--executor", "threads", "--timeout", "3"],
            ["2 faults", "--timeout: has no effect with --run"],
        ),
        (["--executor", "threads", "--scheduler", "tcp://h:1"], ["--scheduler: has no effect", "--executor dask"]),
        (["--scheduler", "tcp://h:1", "--workers", "2"], ["--workers: has no effect with --scheduler"]),
        (["--executor", "inline", "--workers", "2"], ["--workers: has no effect with --executor inline"]),
    ],
)
def test_options_that_would_do_nothing_are_refused_with_what_is_needed(words, told, capsys, tmp_path):
    assert main(["sweep", "trial.yaml", "--out", "s", *words]) == 2
    said_so = capsys.readouterr().err
    assert all(one in said_so for one in told)
    assert not (tmp_path / "s").exists()


def test_a_run_that_there_is_not_is_told(capsys):
    assert main(["sweep", "trial.yaml"]) == 0
    assert main(["sweep", "trial.yaml", "--run", "x"]) == 2
    assert "no run is called 'x'" in capsys.readouterr().err


def test_faults_are_told_with_file_and_line(capsys):
    write_file("trial.yaml", EXPERIMENT_YAML.replace("copying.copy_loss", "copying.copy_los"))
    assert main(["sweep", "trial.yaml"]) == 2
    told = capsys.readouterr().err
    assert "trial.yaml:4: factors.copying.copy_los: is not in the scenario; did you mean 'copying.copy_loss'?" in told


def test_a_changed_experiment_is_refused_with_what_changed(capsys):
    assert main(["sweep", "trial.yaml"]) == 0
    write_file("trial.yaml", EXPERIMENT_YAML.replace("replicates: 5", "replicates: 6"))
    assert main(["sweep", "trial.yaml"]) == 2
    assert "experiment.replicates: was 5, is now 6" in capsys.readouterr().err


@pytest.mark.slow
def test_a_terminal_gets_progress_and_a_pipe_none():
    write_file("trial.yaml", EXPERIMENT_YAML.replace("points: 40", "points: 800"))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command_words("sweep", "trial.yaml"), stdout=theirs, env={**os.environ, "COLUMNS": "120"}
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:
                break
        assert process.wait() == 0
    os.close(ours)
    assert re.search(rb"of 4,000 runs, [0-9,]+ per second, none failed", shown)
    piped = subprocess.run(command_words("sweep", "trial.yaml", "--out", "t"), capture_output=True, check=True)
    assert b"a second" not in piped.stdout + piped.stderr


def test_experiments_are_checked_like_scenarios(capsys):
    assert main(["check", "trial.yaml", "small.yaml"]) == 0
    note = "note: design.points: got 40; qispread sensitivity needs at least 64 points"
    assert printed_text(capsys) == f"trial.yaml: no faults {note} small.yaml: no faults"
    write_file("trial.yaml", EXPERIMENT_YAML.replace("replicates: 5", "replicates: 0"))
    assert main(["check", "trial.yaml"]) == 2
    assert "trial.yaml:7: replicates: got 0" in capsys.readouterr().err
