"""Ctrl-C: pressed once, as a terminal does, it ends every command soon, in one line, with nothing half written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import sys
print("begun", flush=True)
from qispread.__main__ import program
sys.exit(program())
"""
"""The command, which first says that Python itself has started."""
HANGS = 120
"""Seconds after which a command that was stopped counts as one that goes on."""
LONG = "name: long\nhorizon: 2400\nreplicates: 5000\n"
SWEEP = (
    "name: many\nbase: long.yaml\nfactors: {copying.copy_loss: {}, improving.decay: {}}\nreplicates: 30\n"
    "design: {kind: latin_hypercube, points: 64}\nmeasures: {final: [effect]}\n"
)
COACHING = "policies: {coaching: {lever: coaching}}\n"
COMMANDS = {
    "lesson": ["lesson", "--html", "lessons.html"],
    "one lesson": ["lesson", "--html", "lessons.html", "--lesson", "3"],
    "run": ["run", "long.yaml", "--report", "--out", "results"],
    "mesa": ["run", "long.yaml", "--engine", "mesa", "--out", "results"],
    "compare": ["compare", "long.yaml", "--policy", "coaching.yaml", "--report", "--out", "results"],
    "sweep": ["sweep", "many.yaml", "--out", "results"],
    "app": ["app", "--no-browser", "--port", "0"],
}


@pytest.fixture(autouse=True)
def _in_a_folder_with_scenarios(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("long.yaml", LONG), ("many.yaml", SWEEP), ("coaching.yaml", COACHING)):
        Path(name).write_text(text)


def stopped(typed, after):
    """Run a command and press Ctrl-C after so many seconds: SIGINT to its whole group. Return code and output."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *typed],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "begun\n"
    time.sleep(after)
    assert process.poll() is None, process.stdout.read()
    os.killpg(process.pid, signal.SIGINT)
    try:
        words, _ = process.communicate(timeout=HANGS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail(f"{HANGS} seconds after Ctrl-C it still runs")
    return process.returncode, words


@pytest.mark.quick_cases(4)
@pytest.mark.parametrize("after", [0.1, 3.0], ids=["while it is loaded", "at work"])
@pytest.mark.parametrize("name", COMMANDS)
def test_it_ends_in_one_line(name, after):
    if name in ("lesson", "one lesson", "app"):
        pytest.importorskip("starlette", reason="the extra `app` is not installed")
    code, words = stopped(COMMANDS[name], after)
    assert "Traceback" not in words
    assert "Error" not in words
    last = words.splitlines()[-1]
    assert last.startswith("Stopped")
    assert (code == 130) or (name == "app" and code == 0)
    assert not list(Path().glob("*.html"))
    assert not list(Path().rglob("*.tmp-*"))
    assert not list(Path().rglob("manifest.json")) or name == "sweep"
