"""The command in processes of its own: help without the model, exit codes, full disks, pipes that close."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from helpers_input import SMALL_YAML, write_file
from patience import PATIENCE
from qispread.interfaces.cli.main import main

COMMAND = ("-m", "qispread.interfaces.cli.main")
OUT = ("run", "s.yaml", "--out", "res")


@pytest.fixture(autouse=True)
def _change_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_file("s.yaml", SMALL_YAML)


def run_python(*typed, **keywords):
    """Run Python with these arguments to its end."""
    return subprocess.run(
        [sys.executable, *typed], capture_output=True, text=True, check=False, timeout=PATIENCE, **keywords
    )


def limit_file_size(size):
    """Let no file of the next process grow beyond a size, as a full disk does."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}


def result_files():
    """Return the name and bytes of all in the folder of results."""
    return {path.name: path.read_bytes() for path in Path("res").iterdir()}


HELP = """
import sys
from qispread.interfaces.cli.main import main
try:
    main(["--help"])
finally:
    heavy = {"numba", "mesa", "pandas", "rich", "numpy", "pyarrow", "pydantic", "networkx", "scipy", "yaml"}
    print("loaded:", sorted(heavy & set(sys.modules)))
"""


def test_help_loads_nothing_heavy():
    done = run_python("-c", HELP)
    assert done.returncode == 0
    assert "qispread run configs/prompt.yaml" in done.stdout
    assert "loaded: []" in done.stdout


def test_bad_input_ends_with_code_2_and_one_message():
    done = run_python(*COMMAND, "run", "none.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "1 fault in the input\n  none.yaml: no such file\n"


def test_a_file_nested_without_end_is_refused_and_kills_nothing():
    write_file("deep.yaml", "a: " + "[" * 100_000 + "\n")
    done = run_python(*COMMAND, "check", "deep.yaml")
    assert done.returncode == 2, done.returncode
    assert "deep.yaml:1: is nested too deeply" in done.stderr


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("before", [False, True], ids=["an empty folder", "results of another run"])
def test_a_full_disk_loses_nothing(before):
    if before:
        assert main([*OUT, "--seed", "9"]) == 0
    kept = result_files() if before else {}
    done = run_python(*COMMAND, *OUT, "--overwrite", **limit_file_size(4096))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for part in (
        "1 fault in the input",
        "res: --out: could not be written",
        os.strerror(errno.EFBIG),
        "nothing was changed",
    ):
        assert part in done.stderr
    assert result_files() == kept


def test_a_disk_without_any_room_is_no_traceback():
    done = run_python(*COMMAND, *OUT, **limit_file_size(0))
    assert done.returncode == 2, done.stderr
    assert "res: --out: " in done.stderr


def test_a_disk_too_full_for_compiled_code_stops_nothing():
    write_file("mine.py", "from qispread.model.rules.jit import kernel\nprint(kernel(lambda x: x + 1.0)(1.0))\n")
    done = run_python(
        "mine.py", env={**os.environ, "NUMBA_CACHE_DIR": str(Path("cache").absolute())}, **limit_file_size(256)
    )
    assert (done.returncode, done.stdout) == (0, "2.0\n"), done.stderr


def test_a_reader_that_leaves_a_pipe_is_no_error():
    process = subprocess.Popen(
        [sys.executable, "-u", *COMMAND, "describe"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert (process.stderr.read(), process.wait(timeout=PATIENCE)) == (b"", 0)
    process.stderr.close()
