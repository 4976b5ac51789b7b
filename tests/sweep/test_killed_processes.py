"""Processes are killed, for real, at any moment: no run is lost and no byte is another."""

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

import qispread as qs
from helpers_input import catch_input_error, only_fault, write_file
from helpers_sweep import (
    EXPERIMENT_YAML,
    FAILING_VALUE,
    SCENARIO_YAML,
    children_of,
    command_words,
    count_log_rows,
    init_failing_worker,
    is_alive,
    small_experiment,
    table_bytes,
)
from patience import PATIENCE
from qispread.model.rules.source_hash import PACKAGE_FOLDER
from qispread.runs.sweep import dask_pool
from qispread.runs.sweep.worker_pools import ProcessWorkerPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")
LONG = EXPERIMENT_YAML.replace("points: 40", "points: 600")
RUNS = 3000


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The tables of a sweep that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_file("small.yaml", SCENARIO_YAML, folder)
    write_file("trial.yaml", LONG, folder)
    return table_bytes(qs.sweep(folder / "trial.yaml", folder / "s").folder)


@pytest.fixture(autouse=True)
def _files():
    write_file("small.yaml", SCENARIO_YAML)
    write_file("trial.yaml", LONG)


def start_sweep(*words):
    """Start a sweep in a process and a session of its own."""
    told = command_words("sweep", "trial.yaml", "--out", "s", "--workers", "2", *words)
    with Path("said").open("w") as said:
        return subprocess.Popen(told, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)


def wait_for_exit(process):
    """Wait for the end of a process, and return what it said."""
    process.wait(timeout=PATIENCE)
    return Path("said").read_text()


def wait_for(condition):
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.002)


def wait_for_parts(process, number):
    """Wait until a sweep has written so many parts more than it had, or has ended."""
    wanted = count_log_rows("s") + number
    wait_for(lambda: count_log_rows("s") >= wanted or process.poll() is not None)


def finish_and_compare(undisturbed):
    """Run the same command to its end, and make sure that all is as if nothing had happened."""
    status = qs.sweep("trial.yaml", "s").status
    assert (status.completed, status.failed, status.pending) == (RUNS, 0, 0)
    assert table_bytes("s") == undisturbed
    assert list(Path("s").rglob("*.tmp-*")) == []


def kill_parents(executor, times, seed):
    """Kill the parent so many times, each after a part or none and a moment more; return how often it was running."""
    rng, killed = random.Random(seed), 0  # noqa: S311 - moments, not secrets
    for _ in range(times):
        process = start_sweep("--executor", executor)
        wait_for_parts(process, rng.choice([0, 1, 1, 2]))
        time.sleep(rng.choice([0.0, 0.0, 0.02, 0.3]) * rng.random())
        workers = children_of(process.pid)
        killed += process.poll() is None
        process.kill()
        process.wait()
        wait_for(lambda workers=workers: not any(map(is_alive, workers)))
    return killed


def slow_down(*values):
    return pytest.param(*values, marks=pytest.mark.slow_faults)


@pytest.mark.quick_cases(0)
@pytest.mark.parametrize(("executor", "times"), [("threads", 3), ("processes", 1), slow_down("dask", 3)])
def test_kill_9_of_the_parent_loses_nothing_and_leaves_nobody_behind(executor, times, undisturbed):
    assert kill_parents(executor, times, seed=1)
    finish_and_compare(undisturbed)


@pytest.mark.slow_faults
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("executor", ["threads", "processes", "dask"])
def test_kill_9_of_the_parent_at_many_moments(executor, seed, undisturbed):
    kill_parents(executor, 12, seed=100 + seed)
    finish_and_compare(undisturbed)


def kill_workers(executor, times, seed):
    """Kill workers of a running sweep, and return how many were killed and how it ended."""
    rng, killed = random.Random(seed), 0  # noqa: S311 - moments, not secrets
    process = start_sweep("--executor", executor)
    for _ in range(times):
        wait_for_parts(process, 1)
        time.sleep(0.1 * rng.random())
        workers = [pid for pid in children_of(process.pid) if "spawn_main" in process_arguments(pid)]
        if workers and process.poll() is None:
            os.kill(rng.choice(workers), signal.SIGKILL)
            killed += 1
    said = wait_for_exit(process)
    assert process.returncode == 0, said
    return killed


def process_arguments(pid):
    """Return what a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.mark.quick_cases(0)
@pytest.mark.parametrize(("executor", "times"), [("processes", 2), slow_down("dask", 2)])
def test_kill_9_of_a_worker_loses_nothing(executor, times, undisturbed):
    assert kill_workers(executor, times, seed=2)
    assert table_bytes("s") == undisturbed


@pytest.mark.slow_faults
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("executor", ["processes", "dask"])
def test_kill_9_of_many_workers_loses_nothing(executor, seed, undisturbed):
    assert kill_workers(executor, 8, seed=200 + seed)
    assert table_bytes("s") == undisturbed


@pytest.mark.parametrize("executor", ["threads", slow_down("processes"), slow_down("dask")])
def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(executor, undisturbed):
    process = start_sweep("--executor", executor)
    wait_for_parts(process, 1)
    os.killpg(process.pid, signal.SIGINT)
    said = wait_for_exit(process)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "Stopped." in said
    assert "Run the same command again to resume." in said.replace("\n", " ")
    assert qs.read_sweep("s").status.completed >= 500
    finish_and_compare(undisturbed)


def test_ctrl_c_before_anything_is_run_says_so():
    process = start_sweep()
    wait_for(Path("s/.lock").exists)
    process.send_signal(signal.SIGINT)
    said = wait_for_exit(process)
    # Where an interrupt meets code that C has started, Python ends itself by the signal, which shells show as 130.
    assert process.returncode in (130, -signal.SIGINT), said
    assert said.strip().endswith("Stopped before the first run.")
    assert "Traceback" not in said


def install_failing_worker(damage, monkeypatch):
    """Let worker processes come to damage in a few runs."""

    def pool(workers):
        return ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=init_failing_worker, initargs=(damage,)
        )

    monkeypatch.setattr(ProcessWorkerPool, "_start_executor", staticmethod(pool))


def rows_without(runs, failed):
    return runs.drop(index=failed.index).reset_index(drop=True)


@pytest.mark.quick_cases(0)
@pytest.mark.parametrize(("damage", "timeout"), [("die", None), slow_down("hang", 0.2)])
def test_a_run_that_ends_its_worker_is_a_row_and_its_neighbours_are_run(damage, timeout, monkeypatch):
    described = small_experiment(points=30, replicates=2)
    whole = qs.sweep(described, "whole").runs
    install_failing_worker(damage, monkeypatch)
    found = qs.sweep(described, "s", executor="processes", workers=2, timeout=timeout).runs
    failed = found[found.status == "failed"]
    expected = (whole["copying.copy_loss"] > FAILING_VALUE) & (whole.replicate == 1)
    assert expected.sum() == 1
    assert failed.run_id.tolist() == whole.run_id[expected].tolist()
    assert set(failed.error) == {"the worker that ran it died, 3 times"}
    assert rows_without(found, failed).equals(rows_without(whole, failed))


def test_workers_that_cannot_start_are_told(monkeypatch):
    def never(workers):
        return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=os._exit, initargs=(1,))

    monkeypatch.setattr(
        "qispread.runs.sweep.worker_pools.ProcessPoolExecutor", lambda workers, *_, **__: never(workers)
    )
    assert "ended before any work" in only_fault(qs.sweep, small_experiment(), "s", executor="processes").problem


class DaskTestCluster:
    """A Dask scheduler and two workers, in processes of their own."""

    def __init__(self, **environment):
        environment = {**os.environ, **environment}
        ready = Path("scheduler.json").absolute()
        run = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
        quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": "/"}
        self.scheduler = subprocess.Popen([*run, "--scheduler-file", str(ready)], env=environment, **quiet)
        wait_for(lambda: ready.exists() and ready.read_text().rstrip().endswith("}"))
        self.address = next(word for word in ready.read_text().split('"') if word.startswith("tcp://"))
        run = [sys.executable, "-m", "distributed.cli.dask_worker", self.address, "--nthreads", "1", "--no-dashboard"]
        self.workers = [subprocess.Popen([*run, "--no-nanny"], env=environment, **quiet) for _ in range(2)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_scheduler_elsewhere_gives_the_same_bytes(undisturbed):
    with DaskTestCluster() as there:
        qs.sweep("trial.yaml", "s", executor="dask", scheduler=there.address)
    assert table_bytes("s") == undisturbed


@pytest.mark.slow
def test_kill_9_of_the_dask_scheduler_is_told_and_loses_nothing(undisturbed, monkeypatch):
    monkeypatch.setattr(dask_pool, "CONNECT_TIMEOUT", 2.0)
    with DaskTestCluster() as there:

        def kill(now):
            # Runs come back in any order, so that so many are done says nothing of what is written.
            if count_log_rows("s"):
                there.scheduler.kill()

        error = catch_input_error(qs.sweep, "trial.yaml", "s", executor="dask", scheduler=there.address, progress=kill)
    assert (
        f"{there.address} is no longer available; completed runs are kept, and the same command continues from there"
        in str(error)
    )
    assert 500 <= qs.read_sweep("s").status.completed < RUNS
    finish_and_compare(undisturbed)


@pytest.mark.slow_faults
def test_kill_9_of_a_worker_of_a_cluster_loses_nothing(undisturbed):
    with DaskTestCluster() as there:

        def kill(now):
            if now.completed >= 700:
                there.workers[0].kill()

        qs.sweep("trial.yaml", "s", executor="dask", scheduler=there.address, progress=kill)
    assert table_bytes("s") == undisturbed


@pytest.mark.slow
def test_a_cluster_without_qispread_is_refused(tmp_path):
    write_file("qispread.py", "raise ImportError('not here')\n", tmp_path / "other")
    with DaskTestCluster(PYTHONPATH=str(tmp_path / "other")) as there:
        error = catch_input_error(qs.sweep, "trial.yaml", "s", executor="dask", scheduler=there.address)
    assert all("no usable qispread" in one.problem and "not here" in one.problem for one in error.faults)


@pytest.mark.slow_faults
def test_a_cluster_with_other_sources_is_refused(tmp_path):
    shutil.copytree(PACKAGE_FOLDER, tmp_path / "other" / "qispread")
    with (tmp_path / "other" / "qispread" / "model/measures.py").open("a") as file:
        file.write("EDITED = True\n")
    with DaskTestCluster(PYTHONPATH=str(tmp_path / "other")) as there:
        error = catch_input_error(qs.sweep, "trial.yaml", "s", executor="dask", scheduler=there.address)
    assert 1 <= len(error.faults) <= 2
    assert all("has a worker that differs" in one.problem and "has model" in one.problem for one in error.faults)


def test_a_scheduler_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(dask_pool, "CONNECT_TIMEOUT", 1.0)
    fault = only_fault(qs.sweep, "trial.yaml", "s", executor="dask", scheduler="tcp://127.0.0.1:9")
    assert (fault.path, "cannot be reached" in fault.problem) == ("--scheduler", True)


@pytest.mark.parametrize("address", ["127.0.0.1", "nonsense://x", ""])
def test_an_address_that_is_none_is_told(address, monkeypatch):
    monkeypatch.setattr(dask_pool, "CONNECT_TIMEOUT", 1.0)
    assert only_fault(qs.sweep, "trial.yaml", "s", executor="dask", scheduler=address).path == "--scheduler"
