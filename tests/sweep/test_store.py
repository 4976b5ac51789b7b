"""What is on disk is whole, is found out where it is not, and belongs to one sweep at a time."""

import errno
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet
import pytest

import qispread as qs
from helpers_input import caught, only_fault, put
from helpers_sweep import EXPERIMENT, FILE, command, experiment, run_command, tables
from optional import require
from qispread.sweeping.files import append_line, write_whole
from qispread.sweeping.lock import FolderLock

LARGE = experiment(points=150)
"""Two parts."""
LAST = ("parts/part-000001.parquet", "months/part-000001.parquet")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished sweep, to be copied and not to be touched."""
    return qs.sweep(LARGE, tmp_path_factory.mktemp("finished") / "s", workers=1).folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of a finished sweep."""
    return Path(shutil.copytree(finished, tmp_path / "s"))


def test_the_folder_holds_what_it_should(folder):
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    parts = {f"{where}/part-00000{part}.parquet" for where in ("parts", "months") for part in (0, 1)}
    assert names == {"manifest.json", "points.parquet", "order.npy", "log.jsonl", ".lock", *parts}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {
        "identity",
        "command",
        "git_commit",
        "versions",
        "machine",
        "model",
        "inputs",
        "order_sha256",
        "environments",
    } <= set(manifest)
    assert (manifest["runs"], manifest["part_runs"]) == (750, 500)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [(line["part"], line["rows"], line["failed"]) for line in lines] == [(0, 500, 0), (1, 250, 0)]


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def turn_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def exchange(path):
    path.write_bytes(path.with_name("part-000000.parquet").read_bytes())


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [cut, turn_a_bit, exchange, empty, Path.unlink], ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("name", LAST)
def test_a_part_that_is_not_as_it_was_written_is_found_and_run_again(harm, name, folder, finished):
    harm(folder / name)
    said = []
    qs.sweep(LARGE, folder, say=said.append)
    assert said[0] == "1 parts are missing or not as they were written, and are run again."
    assert said[1].startswith("500 of 750 runs done, 0 failed, 250 left: 250 runs, about ")
    assert tables(folder) == tables(finished)
    assert qs.read_sweep(folder).status.left == 0


@pytest.mark.parametrize("tail", [b'{"part": 1, "rows": 250, "fai', b"\x00\x00\x00", b"[]", b'{"part": 1}'])
def test_a_line_of_the_log_that_was_cut_short_counts_for_nothing(tail, folder, finished):
    log = folder / "log.jsonl"
    first = log.read_bytes().splitlines(keepends=True)[0]
    log.write_bytes(first + tail)
    assert qs.read_sweep(folder).status.done == 500
    qs.sweep(LARGE, folder)
    assert tables(folder) == tables(finished)
    assert qs.read_sweep(folder).status.done == 750


def test_without_its_log_a_sweep_is_run_again(folder, finished):
    (folder / "log.jsonl").unlink()
    qs.sweep(LARGE, folder)
    assert tables(folder) == tables(finished)


def test_what_a_killed_process_left_half_written_is_removed(folder, finished):
    for where in (folder, folder / "parts", folder / "months"):
        (where / ".part-000001.parquet.tmp-99999").write_bytes(b"half")
    (folder / LAST[0]).unlink()
    qs.sweep(LARGE, folder)
    assert list(folder.rglob("*.tmp-*")) == []
    assert tables(folder) == tables(finished)


@pytest.mark.parametrize("left", ["all", "log.jsonl", *LAST])
def test_parts_without_a_manifest_are_not_taken_for_those_of_another_sweep(left, folder):
    (folder / "manifest.json").unlink()
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if left not in ("all", str(path.relative_to(folder))):
            path.unlink()
    before = tables(folder)
    fault = only_fault(qs.sweep, {**LARGE, "seed": 4711}, folder)
    assert (fault.where, fault.file) == ("--out", str(folder))
    assert "holds parts of a sweep, but no manifest.json that identifies it; restore it from a backup" in fault.problem
    assert tables(folder) == before
    assert not (folder / "manifest.json").exists()


def test_a_sweep_that_was_killed_before_its_manifest_was_written_begins_anew(folder, finished):
    for name in ("manifest.json", "log.jsonl", *LAST, *(one.replace("1.p", "0.p") for one in LAST)):
        (folder / name).unlink()
    (folder / "parts" / ".part-000000.parquet.tmp-99999").write_bytes(b"half")
    assert {path.name for path in folder.rglob("*.*")} >= {"points.parquet", "order.npy"}
    qs.sweep(LARGE, folder)
    assert tables(folder) == tables(finished)


def test_points_that_are_not_as_they_were_written_are_refused(folder):
    turn_a_bit(folder / "points.parquet")
    (folder / LAST[0]).unlink()
    assert "not as it was written" in only_fault(qs.sweep, LARGE, folder).problem


def test_a_folder_of_other_results_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"scenario": {}}')
    assert "is not the manifest of a sweep" in only_fault(qs.sweep, LARGE, tmp_path).problem


def test_a_file_in_the_place_of_the_folder_is_refused():
    put("file", "words")
    assert "needed: a folder" in only_fault(qs.sweep, LARGE, "file").problem
    assert "needed: a folder" in only_fault(qs.sweep, LARGE, "file/s").problem


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_a_sweep_cannot_be_read(name):
    assert only_fault(qs.read_sweep, name).problem in ("no such folder", "holds no sweep: it has no manifest")


def test_two_sweeps_in_one_folder_are_one_too_many(folder):
    (folder / LAST[0]).unlink()
    with FolderLock(folder):
        problem = only_fault(qs.sweep, LARGE, folder).problem
    assert f"held by another sweep (process {os.getpid()} on " in problem
    assert qs.sweep(LARGE, folder).status.left == 0


def test_the_lock_of_a_process_that_was_killed_holds_nothing(tmp_path):
    script = "import sys, time\nfrom pathlib import Path\nfrom qispread.sweeping.lock import FolderLock\n"
    script += "with FolderLock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert f"process {process.pid}" in str(caught(FolderLock(tmp_path).__enter__))
        process.kill()
    with FolderLock(tmp_path):
        pass


@contextmanager
def small_disk(place, size):
    """Mount a disk of a given size, or skip the test where that is not allowed."""
    place.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    mount = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield place
    finally:
        subprocess.run([shutil.which("umount"), str(place)], check=True)


def remount(place, option):
    subprocess.run([shutil.which("mount"), "-o", f"remount,{option}", str(place)], check=True)


def test_results_that_cannot_be_written_to_are_told_and_can_be_read(tmp_path, finished):
    read_only = os.strerror(errno.EROFS)
    with small_disk(tmp_path / "disk", "8m") as disk:
        folder = shutil.copytree(finished, disk / "s")
        remount(disk, "ro")
        assert qs.sweep(LARGE, folder).status.done == 750
        remount(disk, "rw")
        (folder / LAST[0]).unlink()
        remount(disk, "ro")
        assert str(qs.read_sweep(folder).status) == "500 of 750 runs done, 0 failed, 250 left"
        assert len(qs.read_sweep(folder).runs) == 500
        assert only_fault(qs.sweep, LARGE, folder).problem == f"cannot be written to: {read_only}"
        assert f"could not be written: {read_only}" in only_fault(qs.sweep, LARGE, disk / "t").problem
        remount(disk, "rw")
        assert tables(qs.sweep(LARGE, folder).folder) == tables(finished)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_told(folder):
    (folder / LAST[0]).unlink()
    (folder / ".lock").unlink()
    folder.chmod(0o555)
    try:
        assert os.strerror(errno.EACCES) in only_fault(qs.sweep, LARGE, folder).problem
    finally:
        folder.chmod(0o755)


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("most", [4_000, 35_000])
def test_a_disk_that_is_full_is_told_and_nothing_is_lost(most, tmp_path, finished):
    """No file may grow beyond some size, which to who writes is as if the disk were full."""
    put("small.yaml", FILE)
    put("trial.yaml", EXPERIMENT.replace("points: 40", "points: 150"))
    script = (
        "import resource, signal, sys\nfrom qispread.cli import main\nimport qispread.sweeping.trying\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))\n"
        "sys.exit(main(['sweep', 'trial.yaml', '--out', 's']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert f"could not be written: {os.strerror(errno.EFBIG)}" in done.stderr
    assert list(Path("s").rglob("*.tmp-*")) == []
    assert tables(qs.sweep("trial.yaml", "s").folder) == tables(finished)


@pytest.mark.parametrize("size", ["16k", "48k", "64k", "88k", "104k"])
def test_a_disk_that_is_really_full_is_told_and_nothing_is_lost(size, tmp_path, finished):
    with small_disk(tmp_path / "disk", size) as disk:
        error = caught(qs.sweep, LARGE, disk / "s")
        assert os.strerror(errno.ENOSPC) in str(error)
        assert list(disk.rglob("*.tmp-*")) == []
        remount(disk, "size=8m")
        assert tables(qs.sweep(LARGE, disk / "s").folder) == tables(finished)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a"
    write_whole(path, b"first")
    with pytest.raises(TypeError):
        write_whole(path, None)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"first", [path])


def test_a_line_is_appended_after_one_that_was_cut_short(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"whole\nhal")
    append_line(path, "next")
    append_line(path, "last")
    assert path.read_text().splitlines() == ["whole", "hal", "next", "last"]


def test_others_can_read_the_parts_as_one_table(folder):
    duckdb = require("duckdb", "test")
    ours = qs.read_sweep(folder).runs
    asked = f"select count(*), avg(effect), max(point) from '{folder}/parts/*.parquet'"  # noqa: S608 - our own folder
    count, mean, most = duckdb.sql(asked).fetchall()[0]
    assert (count, mean, most) == (750, pytest.approx(ours.effect.mean()), 149)
    asked = f"select count(*) from '{folder}/months/*.parquet' where month = 12"  # noqa: S608
    assert duckdb.sql(asked).fetchall() == [(750,)]
    theirs = pyarrow.parquet.read_table(folder / "parts")
    assert theirs.num_rows == 750


def test_all_parts_have_one_schema_that_says_what_columns_mean(folder):
    for where in ("parts", "months"):
        first, second = (pyarrow.parquet.read_schema(folder / where / f"part-00000{part}.parquet") for part in (0, 1))
        assert first.equals(second, check_metadata=True)
        assert all(field.metadata[b"meaning"] for field in first)


def test_a_finished_sweep_is_seen_to_be_one_without_loading_the_model(folder):
    script = f"import sys\nimport qispread as qs\nqs.sweep({str(folder)!r})\nprint([m for m in sys.modules if m in "
    script += "('numba', 'pandas', 'pyarrow', 'scipy', 'mesa')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert run_command("sweep", folder).returncode == 0
    assert command("sweep")[-1] == "sweep"
