"""Code, libraries, order and parts of a sweep are checked wherever they could come apart, and nothing is mixed."""

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import qispread as qs
from checkouts import other_checkout
from helpers_identity import made_by_version_0_1, other_libraries, other_model
from helpers_input import catch_input_error
from helpers_sweep import LARGE, count_log_rows, small_experiment, table_bytes
from qispread.interfaces.cli.main import main
from qispread.model.rules.source_hash import PACKAGE_FOLDER
from qispread.runs import identity
from qispread.runs.sweep import worker as work
from qispread.runs.sweep import worker_pools
from qispread.runs.sweep.dask_pool import DaskWorkerPool
from qispread.runs.sweep.load_experiment import read_experiment
from qispread.runs.sweep.rerun import environment_changes
from qispread.runs.sweep.worker import MismatchError, pickle_job, run_chunk
from qispread.runs.sweep.worker_pool_factory import create_worker_pool
from qispread.runs.sweep.worker_pools import MAX_REFUSALS

OLD = {"numba": "0.60.9"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(work, "PAUSE_OF_REFUSAL", 0.0)


def half(folder, **named):
    """Run one part of three."""

    class EnoughError(Exception):
        pass

    def stop(now):
        if now.completed >= 500:
            raise EnoughError

    with pytest.raises(EnoughError):
        qs.sweep(LARGE, folder, progress=stop, workers=1, executor="inline", **named)
    assert count_log_rows(folder) == 1


def test_a_worker_with_other_code_refuses_before_it_runs_or_understands_anything(monkeypatch):
    parcel = pickle_job(read_experiment(LARGE), None, "k")
    other_model(monkeypatch)
    monkeypatch.setattr(work, "Experiment", None)
    with pytest.raises(MismatchError, match=r"has model 0123456789abcdef \(here [0-9a-f]{16}\)"):
        run_chunk(parcel, np.zeros((1, 2)), np.zeros(1, dtype=np.int64))


def test_a_worker_is_compared_every_time(monkeypatch):
    found = read_experiment(LARGE)
    parcel, numbers = pickle_job(found, None, "k"), np.array([[0.5, 0.02]])
    run_chunk(parcel, numbers, np.zeros(1, dtype=np.int64))
    other_libraries(monkeypatch, **OLD)
    with pytest.raises(MismatchError, match=r"libraries.numba 0.60.9"):
        run_chunk(parcel, numbers, np.zeros(1, dtype=np.int64))


class Mixed(ThreadPoolExecutor):
    """Two workers, one of which refuses everything."""

    def __init__(self, refusing):
        super().__init__(2)
        self.refusing, self.calls = refusing, 0

    def submit(self, task, *arguments, **named):
        self.calls += 1
        if self.calls % 2 and self.refusing == 1:
            return refusal("one")
        if self.refusing == 2:
            return refusal("one" if self.calls % 2 else "two")
        return super().submit(task, *arguments, **named)


def refusal(worker):
    future = Future()
    future.set_exception(MismatchError(worker, f"process of {worker}", "numba 0.60.9 (here 0.68.1)"))
    return future


def test_what_one_worker_refuses_others_run_and_it_is_said_once(undisturbed):
    said = []
    with Mixed(1) as pool:
        found = qs.sweep(LARGE, "s", executor=pool, log=said.append)
    assert table_bytes(found.folder) == table_bytes(undisturbed)
    told = [one for one in said if "gets no work" in one]
    assert told == ["Worker one gets no work from this sweep: it has numba 0.60.9 (here 0.68.1)."]


def test_where_all_workers_refuse_the_sweep_stops_with_words_and_nothing_is_lost(undisturbed):
    half("s")
    with Mixed(2) as pool:
        error = catch_input_error(qs.sweep, LARGE, "s", executor=pool)
    assert "no worker has the code and libraries of this sweep; completed runs are kept" in str(error)
    assert {one.path for one in error.faults} == {"--executor", "worker one", "worker two"}
    assert qs.read_sweep("s").status.completed == 500
    assert table_bytes(qs.sweep(LARGE, "s").folder) == table_bytes(undisturbed)


class Unsized(Executor):
    """Workers elsewhere, of which nobody says how many there are."""


def mismatch(number):
    return MismatchError(f"worker{number}", f"process {number} elsewhere", "numba 0.60.9 (here 0.68.1)")


def test_more_workers_than_cores_may_refuse_where_nobody_says_how_many_there_are(monkeypatch):
    monkeypatch.setattr(worker_pools, "available_cores", lambda: 2)
    crew = create_worker_pool(Unsized(), None, None)
    assert crew.workers == 2
    for number in range(50):
        crew.refused(mismatch(number))
    crew.accepted()
    for number in range(MAX_REFUSALS - 1):
        crew.refused(mismatch(number))
    assert "no worker has the code" in str(catch_input_error(crew.refused, mismatch(0)))


def test_no_worker_is_left_once_as_many_refuse_as_there_are():
    with ThreadPoolExecutor(3) as pool:
        for crew in (create_worker_pool(pool, None, None), create_worker_pool(Unsized(), 3, None)):
            for number in (0, 1, 1, 0):
                crew.refused(mismatch(number))
            assert "no worker has the code" in str(catch_input_error(crew.refused, mismatch(2)))


def test_code_that_changes_while_a_sweep_runs_stops_it(undisturbed):
    with pytest.MonkeyPatch.context() as patched:

        def change(_):
            other_model(patched)

        error = catch_input_error(qs.sweep, LARGE, "s", progress=change, executor="inline")
    assert "no worker has the code" in str(error)
    assert table_bytes(qs.sweep(LARGE, "s").folder) == table_bytes(undisturbed)


class LateCluster:
    """A Dask scheduler with one worker of this code, to which one of other code can come."""

    def __init__(self, other):
        self.other, self.started = other, []
        ready = Path("scheduler.json").absolute()
        self.start("distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(ready))
        wait_for(lambda: ready.exists() and ready.read_text().rstrip().endswith("}"))
        self.address = json.loads(ready.read_text())["address"]
        self.worker("right")

    def start(self, *words, **environment):
        quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": "/"}
        named = {**os.environ, **environment}
        self.started.append(subprocess.Popen([sys.executable, "-m", *words], env=named, **quiet))

    def worker(self, name, **environment):
        words = ("distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        self.start(*words, "--name", name, **environment)
        import distributed

        with distributed.Client(self.address, set_as_default=False) as client:
            wait_for(lambda: any(one["name"] == name for one in client.scheduler_info(-1)["workers"].values()))

    def late(self):
        self.worker("late", PYTHONPATH=str(self.other))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.kill()
            process.wait()


def wait_for(condition):
    until = time.monotonic() + 120.0
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow_faults
@pytest.mark.parametrize("looked_at", [True, False], ids=["when it comes", "when it is handed work"])
def test_a_dask_worker_of_another_checkout_that_comes_late_writes_no_row(looked_at, tmp_path, monkeypatch):
    monkeypatch.setattr(DaskWorkerPool, "chunk_seconds", 0.01)
    if not looked_at:
        monkeypatch.setattr(DaskWorkerPool, "_compare_newcomers", lambda _: None)
    described = small_experiment(points=600)
    whole = table_bytes(qs.sweep(described, "whole").folder)
    said, came = [], []
    with LateCluster(other_checkout(tmp_path / "other")) as there:

        def come(_):
            if not came:
                came.append(there.late())

        found = qs.sweep(described, "s", executor="dask", scheduler=there.address, progress=come, log=said.append)
    assert table_bytes(found.folder) == whole
    told = [one for one in said if "gets no work from this sweep: it has model" in one]
    assert len(told) == 1


# Code and libraries of a sweep that is gone on with.


def test_other_code_is_refused_with_the_ways_that_can_work(folder, monkeypatch):
    (folder / "parts/part-000002.parquet").unlink()
    other_model(monkeypatch)
    for given in (LARGE, folder):
        error = catch_input_error(qs.sweep, given, folder)
        first, *rest = error.faults
        assert "holds a sweep made by other code (qispread 0.1.0" in first.problem
        assert first.problem.endswith("; finish it with that code, or start again in another folder (--out)")
        assert [one.path for one in rest] == ["model"]
        assert rest[0].problem.endswith("is now 0123456789abcdef")


def test_all_that_differs_is_said_at_once(folder, monkeypatch):
    (folder / "parts/part-000002.parquet").unlink()
    other_model(monkeypatch)
    monkeypatch.setenv("QISPREAD_DRAWS", "philox")
    error = catch_input_error(qs.sweep, small_experiment(points=300, replicates=6), folder)
    assert {one.path for one in error.faults} == {"", "model", "draws", "experiment.replicates"}


def test_another_experiment_may_go_on_by_its_folder_and_the_old_one_does(folder):
    error = catch_input_error(qs.sweep, small_experiment(points=300, replicates=6), folder)
    assert f"resume the existing sweep: qispread sweep {folder}" in str(error)
    assert qs.sweep(folder).status.pending == 0


def test_a_sweep_of_version_0_1_is_read_and_not_gone_on_with(folder, undisturbed):
    expected = qs.read_sweep(undisturbed).runs
    made_by_version_0_1(folder)
    (folder / "order.npy").unlink()
    log = folder / "log.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    log.write_text("".join(json.dumps({k: v for k, v in line.items() if k != "environment"}) + "\n" for line in lines))
    found = qs.read_sweep(folder)
    assert found.runs.equals(expected)
    assert "model: was 5f5f5f5f5f5f5f5f (sources, as an earlier version" in str(
        environment_changes(found, found.runs.run_id[0])[0]
    )
    error = catch_input_error(qs.sweep, folder)
    assert "made by other code (qispread 0.1.0" in str(error)
    assert "model: was 5f5f5f5f5f5f5f5f (sources, as an earlier version hashed them), is now " in str(error)


def test_other_libraries_are_asked_for_and_noted_with_each_part(monkeypatch, undisturbed, capsys):
    half("s")
    here = identity.libraries()
    with monkeypatch.context() as patched:
        other_libraries(patched, **OLD)
        error = catch_input_error(qs.sweep, LARGE, "s")
        assert "was made with other libraries" in str(error)
        assert "--yes to continue with these" in str(error)
        assert f"libraries.numba: was {here['numba']}, is now 0.60.9" in str(error)
        assert count_log_rows("s") == 1
        said = []
        found = qs.sweep(LARGE, "s", confirmed=True, repetitions=2, log=said.append, executor="inline")
        note = "note: the rest is made with other libraries than the finished parts: libraries.numba: was "
        assert said[0].startswith(note + here["numba"])
        qs.sweep(LARGE, "s", repetitions=2)
    lines = [json.loads(line) for line in Path("s/log.jsonl").read_text().splitlines()]
    assert [line["environment"] for line in lines] == [0, *[1] * (len(lines) - 1)]
    held = json.loads(Path("s/manifest.json").read_text())["environments"]
    assert [one["numba"] for one in held] == [here["numba"], "0.60.9"]
    assert found.store.environments == held
    # What was accepted once, either way, is not asked for again.
    assert table_bytes(qs.sweep(LARGE, "s").folder) == table_bytes(undisturbed)
    assert main(["sweep", "s", "--status"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"parts made with numba {here['numba']}" in told
    assert "of 3 parts made with numba 0.60.9" in told


def test_nothing_is_asked_where_nothing_is_left(folder, monkeypatch):
    other_libraries(monkeypatch, **OLD)
    said = []
    qs.sweep(folder, log=said.append)
    assert said == ["Nothing to do: 1,500 of 1,500 runs done, 0 failed, 0 pending."]


def test_a_docstring_that_is_edited_ends_no_sweep(tmp_path):
    shutil.copytree(PACKAGE_FOLDER, tmp_path / "other" / "qispread", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "other" / "qispread" / "model" / "rules" / "improving.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"""', '"""Edited. ', 1) + "# and a comment\n", encoding="utf-8")
    script = "from qispread.runs import identity\nprint(identity.environment() == eval(input()))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=repr(identity.environment()),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "other")},
    )
    assert done.stdout == "True\n"
