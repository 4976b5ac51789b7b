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
from helpers_input import catch_input_error, only_fault, write_file
from helpers_sweep import EXPERIMENT_YAML, SCENARIO_YAML, command_words, run_command, small_experiment, table_bytes
from optional import require
from qispread.runs.sweep.atomic_files import append_line, atomic_write
from qispread.runs.sweep.folder_lock import FolderLock

LARGE = small_experiment(points=150)
"""Two parts."""
LAST = ("parts/part-000001.parquet", "months/part-000001.parquet")


@pytest.fixture(scope="module")
def finished_sweep(tmp_path_factory):
    """A finished sweep, to be copied and not to be touched."""
    return qs.sweep(LARGE, tmp_path_factory.mktemp("finished") / "s", workers=1).folder


@pytest.fixture
def sweep_copy(finished_sweep, tmp_path):
    """A copy of a finished sweep."""
    return Path(shutil.copytree(finished_sweep, tmp_path / "s"))


def test_the_folder_holds_what_it_should(sweep_copy):
    names = {str(path.relative_to(sweep_copy)) for path in sweep_copy.rglob("*") if path.is_file()}
    parts = {f"{where}/part-00000{part}.parquet" for where in ("parts", "months") for part in (0, 1)}
    assert names == {"manifest.json", "points.parquet", "order.npy", "log.jsonl", ".lock", *parts}
    manifest = json.loads((sweep_copy / "manifest.json").read_text())
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
    lines = [json.loads(line) for line in (sweep_copy / "log.jsonl").read_text().splitlines()]
    assert [(line["part"], line["rows"], line["failed"]) for line in lines] == [(0, 500, 0), (1, 250, 0)]


def truncate_file(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def replace_bytes(path):
    path.write_bytes(path.with_name("part-000000.parquet").read_bytes())


def empty_file(path):
    path.write_bytes(b"")


@pytest.mark.parametrize(
    "damage", [truncate_file, flip_bit, replace_bytes, empty_file, Path.unlink], ids=lambda damage: damage.__name__
)
@pytest.mark.parametrize("name", LAST)
def test_a_part_that_is_not_as_it_was_written_is_found_and_run_again(damage, name, sweep_copy, finished_sweep):
    damage(sweep_copy / name)
    said = []
    qs.sweep(LARGE, sweep_copy, log=said.append)
    assert said[0] == "1 parts are missing or damaged and are run again."
    assert said[1].startswith("500 of 750 runs done, 0 failed, 250 pending: 250 runs, about ")
    assert table_bytes(sweep_copy) == table_bytes(finished_sweep)
    assert qs.read_sweep(sweep_copy).status.pending == 0


@pytest.mark.parametrize("tail", [b'{"part": 1, "rows": 250, "fai', b"\x00\x00\x00", b"[]", b'{"part": 1}'])
def test_a_line_of_the_log_that_was_cut_short_counts_for_nothing(tail, sweep_copy, finished_sweep):
    log = sweep_copy / "log.jsonl"
    first = log.read_bytes().splitlines(keepends=True)[0]
    log.write_bytes(first + tail)
    assert qs.read_sweep(sweep_copy).status.completed == 500
    qs.sweep(LARGE, sweep_copy)
    assert table_bytes(sweep_copy) == table_bytes(finished_sweep)
    assert qs.read_sweep(sweep_copy).status.completed == 750


def test_without_its_log_a_sweep_is_run_again(sweep_copy, finished_sweep):
    (sweep_copy / "log.jsonl").unlink()
    qs.sweep(LARGE, sweep_copy)
    assert table_bytes(sweep_copy) == table_bytes(finished_sweep)


def test_what_a_killed_process_left_half_written_is_removed(sweep_copy, finished_sweep):
    for where in (sweep_copy, sweep_copy / "parts", sweep_copy / "months"):
        (where / ".part-000001.parquet.tmp-99999").write_bytes(b"half")
    (sweep_copy / LAST[0]).unlink()
    qs.sweep(LARGE, sweep_copy)
    assert list(sweep_copy.rglob("*.tmp-*")) == []
    assert table_bytes(sweep_copy) == table_bytes(finished_sweep)


@pytest.mark.parametrize("left", ["all", "log.jsonl", *LAST])
def test_parts_without_a_manifest_are_not_taken_for_those_of_another_sweep(left, sweep_copy):
    (sweep_copy / "manifest.json").unlink()
    for path in [path for path in sweep_copy.rglob("*") if path.is_file()]:
        if left not in ("all", str(path.relative_to(sweep_copy))):
            path.unlink()
    before = table_bytes(sweep_copy)
    fault = only_fault(qs.sweep, {**LARGE, "seed": 4711}, sweep_copy)
    assert (fault.path, fault.file) == ("--out", str(sweep_copy))
    assert "holds parts of a sweep, but no manifest.json that identifies it; restore it from a backup" in fault.problem
    assert table_bytes(sweep_copy) == before
    assert not (sweep_copy / "manifest.json").exists()


def test_a_sweep_that_was_killed_before_its_manifest_was_written_begins_anew(sweep_copy, finished_sweep):
    for name in ("manifest.json", "log.jsonl", *LAST, *(one.replace("1.p", "0.p") for one in LAST)):
        (sweep_copy / name).unlink()
    (sweep_copy / "parts" / ".part-000000.parquet.tmp-99999").write_bytes(b"half")
    assert {path.name for path in sweep_copy.rglob("*.*")} >= {"points.parquet", "order.npy"}
    qs.sweep(LARGE, sweep_copy)
    assert table_bytes(sweep_copy) == table_bytes(finished_sweep)


def test_points_that_are_not_as_they_were_written_are_refused(sweep_copy):
    flip_bit(sweep_copy / "points.parquet")
    (sweep_copy / LAST[0]).unlink()
    assert "is damaged" in only_fault(qs.sweep, LARGE, sweep_copy).problem


def test_a_folder_of_other_results_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"scenario": {}}')
    assert "is not the manifest of a sweep" in only_fault(qs.sweep, LARGE, tmp_path).problem


def test_a_file_in_the_place_of_the_folder_is_refused():
    write_file("file", "words")
    assert "needed: a folder" in only_fault(qs.sweep, LARGE, "file").problem
    assert "needed: a folder" in only_fault(qs.sweep, LARGE, "file/s").problem


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_without_a_sweep_cannot_be_read(name):
    assert only_fault(qs.read_sweep, name).problem in ("no such folder", "holds no sweep: it has no manifest")


def test_two_sweeps_in_one_folder_are_one_too_many(sweep_copy):
    (sweep_copy / LAST[0]).unlink()
    with FolderLock(sweep_copy):
        problem = only_fault(qs.sweep, LARGE, sweep_copy).problem
    assert f"locked by another sweep (process {os.getpid()} on " in problem
    assert qs.sweep(LARGE, sweep_copy).status.pending == 0


def test_the_lock_of_a_process_that_was_killed_holds_nothing(tmp_path):
    script = "import sys, time\nfrom pathlib import Path\nfrom qispread.runs.sweep.folder_lock import FolderLock\n"
    script += "with FolderLock(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert f"process {process.pid}" in str(catch_input_error(FolderLock(tmp_path).__enter__))
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


def test_results_that_cannot_be_written_to_are_told_and_can_be_read(tmp_path, finished_sweep):
    read_only = os.strerror(errno.EROFS)
    with small_disk(tmp_path / "disk", "8m") as disk:
        folder = shutil.copytree(finished_sweep, disk / "s")
        remount(disk, "ro")
        assert qs.sweep(LARGE, folder).status.completed == 750
        remount(disk, "rw")
        (folder / LAST[0]).unlink()
        remount(disk, "ro")
        assert str(qs.read_sweep(folder).status) == "500 of 750 runs done, 0 failed, 250 pending"
        assert len(qs.read_sweep(folder).runs) == 500
        assert only_fault(qs.sweep, LARGE, folder).problem == f"cannot be written to: {read_only}"
        assert f"could not be written: {read_only}" in only_fault(qs.sweep, LARGE, disk / "t").problem
        remount(disk, "rw")
        assert table_bytes(qs.sweep(LARGE, folder).folder) == table_bytes(finished_sweep)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_told(sweep_copy):
    (sweep_copy / LAST[0]).unlink()
    (sweep_copy / ".lock").unlink()
    sweep_copy.chmod(0o555)
    try:
        assert os.strerror(errno.EACCES) in only_fault(qs.sweep, LARGE, sweep_copy).problem
    finally:
        sweep_copy.chmod(0o755)


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("most", [4_000, 35_000])
def test_a_disk_that_is_full_is_told_and_nothing_is_lost(most, tmp_path, finished_sweep):
    """No file may grow beyond some size, which to who writes is as if the disk were full."""
    write_file("small.yaml", SCENARIO_YAML)
    write_file("trial.yaml", EXPERIMENT_YAML.replace("points: 40", "points: 150"))
    script = (
        "import resource, signal, sys\nfrom qispread.interfaces.cli.main import main\n"
        "import qispread.runs.sweep.preflight\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))\n"
        "sys.exit(main(['sweep', 'trial.yaml', '--out', 's']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert f"could not be written: {os.strerror(errno.EFBIG)}" in done.stderr
    assert list(Path("s").rglob("*.tmp-*")) == []
    assert table_bytes(qs.sweep("trial.yaml", "s").folder) == table_bytes(finished_sweep)


@pytest.mark.parametrize("size", ["16k", "48k", "64k", "88k", "104k"])
def test_a_disk_that_is_really_full_is_told_and_nothing_is_lost(size, tmp_path, finished_sweep):
    with small_disk(tmp_path / "disk", size) as disk:
        error = catch_input_error(qs.sweep, LARGE, disk / "s")
        assert os.strerror(errno.ENOSPC) in str(error)
        assert list(disk.rglob("*.tmp-*")) == []
        remount(disk, "size=8m")
        assert table_bytes(qs.sweep(LARGE, disk / "s").folder) == table_bytes(finished_sweep)


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a"
    atomic_write(path, b"first")
    with pytest.raises(TypeError):
        atomic_write(path, None)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"first", [path])


def test_a_line_is_appended_after_one_that_was_cut_short(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"whole\nhal")
    append_line(path, "next")
    append_line(path, "last")
    assert path.read_text().splitlines() == ["whole", "hal", "next", "last"]


def test_others_can_read_the_parts_as_one_table(sweep_copy):
    duckdb = require("duckdb", "test")
    ours = qs.read_sweep(sweep_copy).runs
    asked = f"select count(*), avg(effect), max(point) from '{sweep_copy}/parts/*.parquet'"  # noqa: S608 - our own folder
    count, mean, most = duckdb.sql(asked).fetchall()[0]
    assert (count, mean, most) == (750, pytest.approx(ours.effect.mean()), 149)
    asked = f"select count(*) from '{sweep_copy}/months/*.parquet' where month = 12"  # noqa: S608
    assert duckdb.sql(asked).fetchall() == [(750,)]
    theirs = pyarrow.parquet.read_table(sweep_copy / "parts")
    assert theirs.num_rows == 750


def test_all_parts_have_one_schema_that_says_what_columns_mean(sweep_copy):
    for where in ("parts", "months"):
        first, second = (
            pyarrow.parquet.read_schema(sweep_copy / where / f"part-00000{part}.parquet") for part in (0, 1)
        )
        assert first.equals(second, check_metadata=True)
        assert all(field.metadata[b"meaning"] for field in first)


def test_a_finished_sweep_is_seen_to_be_one_without_loading_the_model(sweep_copy):
    script = f"import sys\nimport qispread as qs\nqs.sweep({str(sweep_copy)!r})\nprint([m for m in sys.modules if m in "
    script += "('numba', 'pandas', 'pyarrow', 'scipy', 'mesa')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert run_command("sweep", sweep_copy).returncode == 0
    assert command_words("sweep")[-1] == "sweep"
