"""Code, libraries, order and parts of a sweep are checked wherever they could come apart, and nothing is mixed."""

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import qispread as qs
from helpers_input import caught, only_fault, put
from helpers_sweep import EXPERIMENT, FILE, command, experiment, rows_done, run_command, tables
from qispread import identity
from qispread.cli import main
from qispread.rules.sources import PACKAGE
from qispread.sweeping import lock, order, work
from qispread.sweeping.cluster import DaskCrew
from qispread.sweeping.load import load_experiment
from qispread.sweeping.lock import HELD, FolderLock
from qispread.sweeping.rerun import environment_changes
from qispread.sweeping.work import MismatchError, packed, run_chunk

LARGE = experiment(points=300)
"""Three parts."""
OLD = {"numba": "0.61.0"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A finished sweep that nothing disturbed."""
    return qs.sweep(LARGE, tmp_path_factory.mktemp("undisturbed") / "s", workers=1).folder


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(work, "PAUSE_OF_REFUSAL", 0.0)


@pytest.fixture
def folder(undisturbed, tmp_path):
    """A copy of a finished sweep."""
    return Path(shutil.copytree(undisturbed, tmp_path / "s"))


def other_model(monkeypatch, fingerprint="0123456789abcdef"):
    """Let this process have other code from now on."""
    monkeypatch.setattr(identity, "model_in_use", lambda: fingerprint)


def other_libraries(monkeypatch, **versions):
    """Let this process have other libraries from now on."""
    now = {**identity.libraries(), **versions}
    monkeypatch.setattr(identity, "libraries", lambda: now)


def half(folder, **named):
    """Run one part of three."""

    class EnoughError(Exception):
        pass

    def stop(now):
        if now.done >= 500:
            raise EnoughError

    with pytest.raises(EnoughError):
        qs.sweep(LARGE, folder, progress=stop, workers=1, executor="inline", **named)
    assert rows_done(folder) == 1


# Workers.


def test_a_worker_with_other_code_refuses_before_it_runs_or_understands_anything(monkeypatch):
    parcel = packed(load_experiment(LARGE), None, "k")
    other_model(monkeypatch)
    monkeypatch.setattr(work, "Experiment", None)
    with pytest.raises(MismatchError, match=r"has model 0123456789abcdef \(here [0-9a-f]{16}\)"):
        run_chunk(parcel, np.zeros((1, 2)), np.zeros(1, dtype=np.int64))


def test_a_worker_is_compared_every_time(monkeypatch):
    found = load_experiment(LARGE)
    parcel, numbers = packed(found, None, "k"), np.array([[0.5, 0.02]])
    run_chunk(parcel, numbers, np.zeros(1, dtype=np.int64))
    other_libraries(monkeypatch, **OLD)
    with pytest.raises(MismatchError, match=r"libraries.numba 0.61.0"):
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
    future.set_exception(MismatchError(worker, f"process of {worker}", "numba 0.61.0 (here 0.68.1)"))
    return future


def test_what_one_worker_refuses_others_run_and_it_is_said_once(undisturbed):
    said = []
    with Mixed(1) as pool:
        found = qs.sweep(LARGE, "s", executor=pool, say=said.append)
    assert tables(found.folder) == tables(undisturbed)
    told = [one for one in said if "gets no work" in one]
    assert told == ["Worker one gets no work of this sweep: it has numba 0.61.0 (here 0.68.1)."]


def test_where_all_workers_refuse_the_sweep_stops_with_words_and_nothing_is_lost(undisturbed):
    half("s")
    with Mixed(2) as pool:
        error = caught(qs.sweep, LARGE, "s", executor=pool)
    assert "no worker is left that has the code and the libraries of this sweep; what is done is kept" in str(error)
    assert {one.where for one in error.faults} == {"--executor", "worker one", "worker two"}
    assert qs.read_sweep("s").status.done == 500
    assert tables(qs.sweep(LARGE, "s").folder) == tables(undisturbed)


def test_code_that_changes_while_a_sweep_runs_stops_it(undisturbed):
    with pytest.MonkeyPatch.context() as patched:

        def change(_):
            other_model(patched)

        error = caught(qs.sweep, LARGE, "s", progress=change, executor="inline")
    assert "no worker is left that has the code" in str(error)
    assert tables(qs.sweep(LARGE, "s").folder) == tables(undisturbed)


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


def other_checkout(folder):
    """Copy the package and halve a rule's result, as another branch may do."""
    shutil.copytree(PACKAGE, folder / "qispread", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "qispread" / "rules" / "improving.py"
    text = path.read_text(encoding="utf-8")
    edited = text.replace("return fidelity * (1.0 - decay", "return fidelity * (1.0 - 0.5 * decay")
    assert edited != text
    path.write_text(edited, encoding="utf-8")
    return folder


@pytest.mark.slow_faults
@pytest.mark.parametrize("looked_at", [True, False], ids=["when it comes", "when it is handed work"])
def test_a_dask_worker_of_another_checkout_that_comes_late_writes_no_row(looked_at, tmp_path, monkeypatch):
    if not looked_at:
        monkeypatch.setattr(DaskCrew, "_compare_newcomers", lambda _: None)
    described = experiment(points=600)
    whole = tables(qs.sweep(described, "whole").folder)
    said, came = [], []
    with LateCluster(other_checkout(tmp_path / "other")) as there:

        def come(_):
            if not came:
                came.append(there.late())

        found = qs.sweep(described, "s", executor="dask", scheduler=there.address, progress=come, say=said.append)
    assert tables(found.folder) == whole
    told = [one for one in said if "gets no work of this sweep: it has model" in one]
    assert len(told) == len({one.split()[1] for one in told})
    assert looked_at or len(told) == 1


# Code and libraries of a sweep that is gone on with.


def test_other_code_is_refused_with_the_ways_that_can_work(folder, monkeypatch):
    (folder / "parts/part-000002.parquet").unlink()
    other_model(monkeypatch)
    for given in (LARGE, folder):
        error = caught(qs.sweep, given, folder)
        first, *rest = error.faults
        assert "holds a sweep made by other code (qispread 0.1.0" in first.problem
        assert first.problem.endswith("; finish it with that code, or begin anew in another folder (--out)")
        assert [one.where for one in rest] == ["model"]
        assert rest[0].problem.endswith("is now 0123456789abcdef")


def test_all_that_differs_is_said_at_once(folder, monkeypatch):
    (folder / "parts/part-000002.parquet").unlink()
    other_model(monkeypatch)
    monkeypatch.setenv("QISPREAD_DRAWS", "philox")
    error = caught(qs.sweep, experiment(points=300, replicates=6), folder)
    assert {one.where for one in error.faults} == {"", "model", "draws", "experiment.replicates"}


def test_another_experiment_may_go_on_by_its_folder_and_the_old_one_does(folder):
    error = caught(qs.sweep, experiment(points=300, replicates=6), folder)
    assert f"go on with that one: qispread sweep {folder}" in str(error)
    assert qs.sweep(folder).status.left == 0


def made_by_version_0_1(folder):
    """Put the manifest of a sweep or run into the form in which version 0.1 wrote it."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    held = manifest["identity"]
    manifest["sources"] = "5f5f5f5f5f5f5f5f"
    manifest["identity"] = {
        name: held[name] for name in ("qispread", "draws", "experiment", "scenario") if name in held
    }
    if "experiment" in held:
        manifest["identity"]["sources"] = manifest["sources"]
    for name in ("model", "environments", "order_sha256"):
        manifest.pop(name, None)
    path.write_text(json.dumps(manifest))


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
    error = caught(qs.sweep, folder)
    assert "made by other code (qispread 0.1.0" in str(error)
    assert "model: was 5f5f5f5f5f5f5f5f (sources, as an earlier version hashed them), is now " in str(error)


def test_other_libraries_are_asked_for_and_noted_with_each_part(monkeypatch, undisturbed, capsys):
    half("s")
    here = identity.libraries()
    with monkeypatch.context() as patched:
        other_libraries(patched, **OLD)
        error = caught(qs.sweep, LARGE, "s")
        assert "was made with other libraries" in str(error)
        assert "give --yes to go on with these" in str(error)
        assert f"libraries.numba: was {here['numba']}, is now 0.61.0" in str(error)
        assert rows_done("s") == 1
        said = []
        found = qs.sweep(LARGE, "s", yes=True, passes=2, say=said.append, executor="inline")
        assert f"note: what is left is made with other libraries than what is there: libraries.numba: was {here['numba']}" in said[0]  # fmt: skip
        assert qs.sweep(LARGE, "s", passes=2).status.left == 0
    lines = [json.loads(line) for line in Path("s/log.jsonl").read_text().splitlines()]
    assert [line["environment"] for line in lines] == [0, *[1] * (len(lines) - 1)]
    held = json.loads(Path("s/manifest.json").read_text())["environments"]
    assert [one["numba"] for one in held] == [here["numba"], "0.61.0"]
    assert found.store.environments == held
    # What was accepted once, either way, is not asked for again.
    assert tables(qs.sweep(LARGE, "s").folder) == tables(undisturbed)
    assert main(["sweep", "s", "--status"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"parts made with numba {here['numba']}" in told
    assert "of 3 parts made with numba 0.61.0" in told


def test_nothing_is_asked_where_nothing_is_left(folder, monkeypatch):
    other_libraries(monkeypatch, **OLD)
    said = []
    qs.sweep(folder, say=said.append)
    assert said == ["Nothing is left to do: 1,500 of 1,500 runs done, 0 failed, 0 left."]


def test_a_docstring_that_is_edited_ends_no_sweep(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "other" / "qispread", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "other" / "qispread" / "rules" / "improving.py"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"""', '"""Edited. ', 1) + "# and a comment\n", encoding="utf-8")
    script = "from qispread import identity\nprint(identity.environment() == eval(input()))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=repr(identity.environment()),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "other")},
    )
    assert done.stdout == "True\n"


# Order.


def test_an_order_that_is_drawn_otherwise_now_is_kept_as_it_was(monkeypatch, undisturbed):
    half("s")
    monkeypatch.setattr(order, "ORDER_DRAWS", 1)
    assert tables(qs.sweep(LARGE, "s").folder) == tables(undisturbed)
    runs = qs.read_sweep("s").runs
    assert len(runs) == len(runs.drop_duplicates(["point", "replicate"])) == 1500


def at(self, places):
    """Pair points and replicates otherwise than `Order.at` does."""
    turn, place = np.divmod(places, self.points.size)
    return self.points[place], (place // self.block + 2 * turn) % self.replicates


@pytest.mark.parametrize("how", ["no file", "another file", "no numbers", "another equation"])
def test_another_order_is_noticed_before_anything_is_run_twice(how, monkeypatch, undisturbed):
    half("s")
    with monkeypatch.context() as patched:
        patched.setattr(order, "ORDER_DRAWS", 1)
        if how == "no file":
            Path("s/order.npy").unlink()
        elif how == "another file":
            np.save("s/order.npy", np.arange(300))
        elif how == "no numbers":
            Path("s/order.npy").write_bytes(b"none")
        else:
            patched.setattr(order.Order, "at", at)
        assert "its runs come in another order than when it was begun" in only_fault(qs.sweep, LARGE, "s").problem
        assert rows_done("s") == 1
    if how == "no file":
        assert tables(qs.sweep(LARGE, "s").folder) == tables(undisturbed)


def test_a_part_that_holds_other_runs_than_the_order_says_is_named(folder):
    """As if two parts had changed places, log and all."""
    first, second = (folder / f"parts/part-00000{number}.parquet" for number in (0, 1))
    one, two = first.read_bytes(), second.read_bytes()
    first.write_bytes(two)
    second.write_bytes(one)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    for line in lines:
        for path, file in line["files"].items():
            content = (folder / path).read_bytes()
            file.update(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = qs.read_sweep(folder)
    for read in (lambda: found.runs, lambda: found.values("effect")):
        fault = only_fault(read)
        assert "holds other runs than the order of this sweep says" in fault.problem
        assert fault.file == str(first)


# Parts.


def turn_a_bit(path, place=-200):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def empty_the_end(path):
    path.write_bytes(path.read_bytes()[:-8] + bytes(8))


READERS = {
    "runs": lambda found: found.runs,
    "values": lambda found: found.values("effect"),
    "each_part": lambda found: list(found.each_part()),
}
MONTHLY = {
    "months": lambda found: found.months(),
    "monthly": lambda found: found.monthly("effect"),
    "each_months": lambda found: list(found.each_months("effect")),
}


@pytest.mark.parametrize("harm", [turn_a_bit, empty_the_end], ids=lambda harm: harm.__name__)
@pytest.mark.parametrize(
    ("where", "name"), [*(("parts", one) for one in READERS), *(("months", one) for one in MONTHLY)]
)
def test_a_part_that_is_not_as_it_was_written_is_named_when_it_is_read(harm, where, name, folder):
    path = folder / where / "part-000001.parquet"
    harm(path)
    found = qs.read_sweep(folder)
    fault = only_fault({**READERS, **MONTHLY}[name], found)
    assert fault.file == str(path)
    assert "is not as it was written; run the sweep again: this part alone" in fault.problem


def test_a_part_that_changes_after_it_was_read_is_noticed_too(folder):
    found = qs.read_sweep(folder)
    assert len(found.runs) == 1500
    turn_a_bit(folder / "parts/part-000001.parquet")
    assert "is not as it was written" in only_fault(lambda: found.runs).problem


def test_points_that_are_not_as_they_were_written_are_named_by_all_who_need_them(folder, capsys):
    turn_a_bit(folder / "points.parquet")
    found = qs.read_sweep(folder)
    for read in (lambda: found.points, lambda: found.values("effect"), lambda: qs.sweep(folder)):
        fault = only_fault(read)
        assert fault.file == str(folder / "points.parquet")
        assert "is not as it was written, and without it nothing can be made again" in fault.problem


def test_status_names_the_parts_that_are_not_as_they_were_written(folder, capsys):
    turn_a_bit(folder / "parts/part-000001.parquet")
    assert main(["sweep", str(folder), "--status"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Missing or not as written, and made again when the sweep goes on: part-000001.parquet." in told


# Locks and places.


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_said_and_a_file_takes_their_place(number, monkeypatch, undisturbed):
    def hold(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock, "_hold", hold)
    said, inside = [], []

    def look(_):
        inside.append(Path("s", HELD).read_text())

    found = qs.sweep(LARGE, "s", say=said.append, progress=look)
    assert tables(found.folder) == tables(undisturbed)
    assert f"is on a file system without locks ({os.strerror(number)})" in said[0]
    assert f"process {os.getpid()} on " in inside[0]
    assert not Path("s", HELD).exists()
    put(HELD, f"process {os.getpid()} on elsewhere\n", "s")
    problem = str(caught(FolderLock(Path("s")).__enter__))
    assert "is held by another sweep (process" in problem
    assert f"where that process has ended, remove s/{HELD}" in problem


@pytest.mark.skipif(os.name != "posix", reason="asks for processes as POSIX does")
def test_a_file_that_a_killed_process_left_in_the_place_of_a_lock_holds_nothing(monkeypatch, tmp_path):
    def hold(_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(lock, "_hold", hold)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    put(HELD, lock.this_process().replace(str(os.getpid()), str(process.pid)), tmp_path)
    with FolderLock(tmp_path):
        assert (tmp_path / HELD).read_text() == lock.this_process()
    assert not (tmp_path / HELD).exists()


@pytest.mark.parametrize("address", ["s3://bucket/s", "memory://s", "file:///s", "gs://a/b"])
def test_an_address_in_the_place_of_a_folder_is_refused(address):
    put("small.yaml", FILE)
    put("trial.yaml", EXPERIMENT)
    before = sorted(Path().iterdir())
    for call in (
        lambda: qs.sweep(LARGE, address),
        lambda: qs.sweep(LARGE, Path(address)),
        lambda: qs.save(qs.simulate(qs.load("small.yaml"), replicates=1), address),
    ):
        assert "is an address, and results are written to folders of this machine alone" in only_fault(call).problem
    for words in (["run", "small.yaml"], ["sweep", "trial.yaml"], ["compare", "small.yaml", "small.yaml"]):
        assert main([*words, "--out", address]) == 2
    assert sorted(Path().iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes otherwise")
@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_sigterm_says_what_ctrl_c_says_and_leaves_nothing_behind(executor, tmp_path):
    put("small.yaml", FILE)
    put("trial.yaml", EXPERIMENT.replace("points: 40", "points: 4000"))
    words = command("sweep", "trial.yaml", "--out", "s", "--workers", "2", "--executor", executor)
    with Path("said").open("w") as said:
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)
    wait_for(lambda: rows_done("s") or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143
    told = " ".join(Path("said").read_text().split())
    assert "To go on, run the same command again." in told
    assert "leaked" not in told
    assert "Traceback" not in told


# Reruns.


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


def test_a_rerun_of_another_replicate_is_another_run():
    found = qs.sweep(experiment(), "s")
    first, second = (f"{found.store.stem}-000007-0000{replicate}" for replicate in (1, 2))
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
    assert "is the folder of the sweep; with --run it says where the run's results go" in capsys.readouterr().err
    put("reruns", "a file, so that nothing can be written there", folder)
    assert main(["sweep", str(folder), "--run", run_id]) == 2
    assert "say with --out where the results of this run go" in capsys.readouterr().err


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
    qs.save(qs.simulate(qs.Scenario().replace({"organisations.number": 12}, horizon=2), replicates=1), "s")
    manifest = json.loads(Path("s/manifest.json").read_text())
    put("m.json", json.dumps({**manifest, "replicate": replicate}))
    assert main(["run", "m.json"]) == 2
    assert "needed: a whole number of at least 0" in capsys.readouterr().err


def test_the_command_runs_as_a_program_with_an_older_manifest(folder):
    made_by_version_0_1(folder)
    done = run_command("sweep", folder)
    assert done.returncode == 2
    assert "made by other code" in " ".join(done.stderr.split())
