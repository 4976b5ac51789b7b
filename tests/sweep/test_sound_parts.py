"""Parts are read only as they were written, one sweep at a time holds a folder, and only folders are written to."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import qispread as qs
from helpers_input import catch_input_error, only_fault, write_file
from helpers_sweep import EXPERIMENT_YAML, LARGE, SCENARIO_YAML, command_words, count_log_rows, table_bytes
from qispread.inputs.errors import InputError
from qispread.interfaces.cli.main import main
from qispread.runs.sweep import folder_lock, run_order
from qispread.runs.sweep.folder_lock import LOCK_HELD, FolderLock

OLD = {"numba": "0.60.9"}


def wait_for(condition):
    until = time.monotonic() + 120.0
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


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


def test_an_order_that_is_drawn_otherwise_now_is_kept_as_it_was(monkeypatch, undisturbed):
    half("s")
    monkeypatch.setattr(run_order, "ORDER_SEED", 1)
    assert table_bytes(qs.sweep(LARGE, "s").folder) == table_bytes(undisturbed)
    runs = qs.read_sweep("s").runs
    assert len(runs) == len(runs.drop_duplicates(["point", "replicate"])) == 1500


def runs_at(self, positions):
    """Pair points and replicates otherwise than `RunOrder.runs_at` does."""
    turn, place = np.divmod(positions, self.points.size)
    return self.points[place], (place // self.block + 2 * turn) % self.replicates


@pytest.mark.parametrize("how", ["no file", "another file", "no numbers", "another equation"])
def test_another_order_is_noticed_before_anything_is_run_twice(how, monkeypatch, undisturbed):
    half("s")
    with monkeypatch.context() as patched:
        patched.setattr(run_order, "ORDER_SEED", 1)
        if how == "no file":
            Path("s/order.npy").unlink()
        elif how == "another file":
            np.save("s/order.npy", np.arange(300))
        elif how == "no numbers":
            Path("s/order.npy").write_bytes(b"none")
        else:
            patched.setattr(run_order.RunOrder, "runs_at", runs_at)
        assert "its runs have another order than when it was started" in only_fault(qs.sweep, LARGE, "s").problem
        assert count_log_rows("s") == 1
    if how == "no file":
        assert table_bytes(qs.sweep(LARGE, "s").folder) == table_bytes(undisturbed)


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
        assert "holds runs that do not match the order of this sweep" in fault.problem
        assert fault.file == str(first)


def test_a_part_of_another_sweep_is_named(folder):
    """As if a sweep with other worlds had gone on in this folder, log and all."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["stem"] = manifest["stem"][:-12] + "0" * 12
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found = qs.read_sweep(folder)
    for where, readers in (("parts", READERS), ("months", MONTHLY)):
        for read in readers.values():
            fault = only_fault(read, found)
            assert "holds runs of another sweep: remove it, and run the sweep again" in fault.problem
            assert fault.file == str(folder / where / "part-000000.parquet")


def turn_a_bit(path, place=-200):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def empty_the_end(path):
    path.write_bytes(path.read_bytes()[:-8] + bytes(8))


READERS = {
    "runs": lambda found: found.runs,
    "values": lambda found: found.values("effect"),
    "each_part": lambda found: list(found.iterate_parts()),
}
MONTHLY = {
    "months": lambda found: found.months(),
    "monthly": lambda found: found.monthly("effect"),
    "each_months": lambda found: list(found.iterate_months("effect")),
}


@pytest.mark.parametrize("damage", [turn_a_bit, empty_the_end], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize(
    ("where", "name"), [*(("parts", one) for one in READERS), *(("months", one) for one in MONTHLY)]
)
def test_a_part_that_is_not_as_it_was_written_is_named_when_it_is_read(damage, where, name, folder):
    path = folder / where / "part-000001.parquet"
    damage(path)
    found = qs.read_sweep(folder)
    fault = only_fault({**READERS, **MONTHLY}[name], found)
    assert fault.file == str(path)
    assert "is damaged; run the sweep again: only this part" in fault.problem


def test_a_part_that_changes_after_it_was_read_is_noticed_too(folder):
    found = qs.read_sweep(folder)
    assert len(found.runs) == 1500
    turn_a_bit(folder / "parts/part-000001.parquet")
    assert "is damaged" in only_fault(lambda: found.runs).problem


def test_points_that_are_not_as_they_were_written_are_named_by_all_who_need_them(folder, capsys):
    turn_a_bit(folder / "points.parquet")
    found = qs.read_sweep(folder)
    for read in (lambda: found.points, lambda: found.values("effect"), lambda: qs.sweep(folder)):
        fault = only_fault(read)
        assert fault.file == str(folder / "points.parquet")
        assert "is damaged, and no run can be made without it" in fault.problem


def test_status_names_the_parts_that_are_not_as_they_were_written(folder, capsys):
    turn_a_bit(folder / "parts/part-000001.parquet")
    assert main(["sweep", str(folder), "--status"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Missing or damaged, and recomputed when the sweep resumes: part-000001.parquet." in told


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_said_and_a_file_takes_their_place(number, monkeypatch, undisturbed):
    def hold(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folder_lock, "_acquire", hold)
    said, inside = [], []

    def look(_):
        inside.append(Path("s", LOCK_HELD).read_text())

    found = qs.sweep(LARGE, "s", log=said.append, progress=look)
    assert table_bytes(found.folder) == table_bytes(undisturbed)
    assert f"is on a file system without locks ({os.strerror(number)})" in said[0]
    assert f"process {os.getpid()} on " in inside[0]
    assert not Path("s", LOCK_HELD).exists()
    write_file(LOCK_HELD, f"process {os.getpid()} on elsewhere\n", "s")
    problem = str(catch_input_error(FolderLock(Path("s")).__enter__))
    assert "is locked by another sweep (process" in problem
    assert f"if that process has ended, remove s/{LOCK_HELD}" in problem


@pytest.mark.skipif(os.name != "posix", reason="asks for processes as POSIX does")
def test_a_file_that_a_killed_process_left_in_the_place_of_a_lock_holds_nothing(monkeypatch, tmp_path):
    def hold(_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(folder_lock, "_acquire", hold)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    write_file(LOCK_HELD, folder_lock.current_process().replace(str(os.getpid()), str(process.pid)), tmp_path)
    with FolderLock(tmp_path):
        assert (tmp_path / LOCK_HELD).read_text() == folder_lock.current_process()
    assert not (tmp_path / LOCK_HELD).exists()


@pytest.mark.skipif(os.name != "posix", reason="asks for processes as POSIX does")
def test_two_sweeps_that_find_the_file_of_a_killed_process_never_both_hold_the_folder(monkeypatch, tmp_path):
    """The second looks while the killed process's file is there, and goes on once the first holds the folder."""

    def hold(_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    looked, holds, is_dead = threading.Event(), threading.Event(), folder_lock.is_dead

    def look(holder):
        dead = is_dead(holder)
        if threading.current_thread() is second and not looked.is_set():
            looked.set()
            assert holds.wait(60)
        return dead

    def try_to_hold():
        refused.append(catch_input_error(FolderLock(tmp_path).__enter__))

    monkeypatch.setattr(folder_lock, "_acquire", hold)
    monkeypatch.setattr(folder_lock, "is_dead", look)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    write_file(LOCK_HELD, folder_lock.current_process().replace(str(os.getpid()), str(process.pid)), tmp_path)
    refused = []
    second = threading.Thread(target=try_to_hold)
    second.start()
    assert looked.wait(60)
    with FolderLock(tmp_path):
        holds.set()
        second.join()
        assert "is locked by another sweep" in str(refused[0])
        assert (tmp_path / LOCK_HELD).read_text() == folder_lock.current_process()
    assert [path.name for path in tmp_path.glob(".lock-*")] == []


@pytest.mark.skipif(os.name != "posix", reason="asks for processes as POSIX does")
def test_of_sweeps_that_start_at_once_one_alone_holds_the_folder(monkeypatch, tmp_path):
    def hold(_):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(folder_lock, "_acquire", hold)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    left = folder_lock.current_process().replace(str(os.getpid()), str(process.pid))
    start, tried, holding = threading.Barrier(2), threading.Barrier(2), []

    def try_to_hold():
        for number in range(50):
            if start.wait(60) == 0:
                write_file(LOCK_HELD, left, tmp_path)
            start.wait(60)
            one = FolderLock(tmp_path)
            with suppress(InputError), one:
                holding.append(number)
                tried.wait(60)
                continue
            tried.wait(60)

    threads = [threading.Thread(target=try_to_hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(holding) == len(set(holding))
    assert holding


@pytest.mark.parametrize("address", ["s3://bucket/s", "memory://s", "file:///s", "gs://a/b"])
def test_an_address_in_the_place_of_a_folder_is_refused(address):
    write_file("small.yaml", SCENARIO_YAML)
    write_file("trial.yaml", EXPERIMENT_YAML)
    before = sorted(Path().iterdir())
    for call in (
        lambda: qs.sweep(LARGE, address),
        lambda: qs.sweep(LARGE, Path(address)),
        lambda: qs.write_runs(qs.simulate(qs.read_scenario("small.yaml"), replicates=1), address),
    ):
        assert "is a URL, but results are only written to local folders" in only_fault(call).problem
    for words in (["run", "small.yaml"], ["sweep", "trial.yaml"], ["compare", "small.yaml", "small.yaml"]):
        assert main([*words, "--out", address]) == 2
    assert sorted(Path().iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes otherwise")
@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_sigterm_says_what_ctrl_c_says_and_leaves_nothing_behind(executor, tmp_path):
    write_file("small.yaml", SCENARIO_YAML)
    write_file("trial.yaml", EXPERIMENT_YAML.replace("points: 40", "points: 4000"))
    words = command_words("sweep", "trial.yaml", "--out", "s", "--workers", "2", "--executor", executor)
    with Path("said").open("w") as said:
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)
    wait_for(lambda: count_log_rows("s") or process.poll() is not None)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 143
    told = " ".join(Path("said").read_text().split())
    assert "Run the same command again to resume." in told
    assert "leaked" not in told
    assert "Traceback" not in told
