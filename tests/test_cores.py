"""How many cores a process may use: by its affinity and by the limits of its control groups, of both versions."""

import os

import pytest

from qispread.common import cpu_cores
from qispread.common.cpu_cores import available_cores


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


def system(root, groups, **files):
    """Write the files of a system: the control groups of this process, and files of groups by path."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text("".join(f"{line}\n" for line in groups))
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


def test_without_limits_it_is_what_the_process_may_run_on(tmp_path):
    assert available_cores(tmp_path) == 8


def test_where_the_system_knows_no_affinity_it_is_the_machine(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert available_cores(tmp_path) == 5


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        (["0::/"], {"cpu.max": "200000 100000"}, 2),
        (["0::/"], {"cpu.max": "250000 100000"}, 3),
        (["0::/"], {"cpu.max": "10000 100000"}, 1),
        (["0::/"], {"cpu.max": "max 100000"}, 8),
        (["0::/"], {"cpu.max": "3200000 100000"}, 8),
        (["0::/job/step"], {"job/cpu.max": "300000 100000", "job/step/cpu.max": "max 100000"}, 3),
        (["0::/job/step"], {"job/cpu.max": "300000 100000", "job/step/cpu.max": "100000 100000"}, 1),
        (["0::/../../host"], {"cpu.max": "400000 100000"}, 4),
        (["4:cpu:/"], {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        (["4:cpu,cpuacct:/a"], {"cpu/a/cpu.cfs_quota_us": "150000", "cpu/a/cpu.cfs_period_us": "50000"}, 3),
        (
            ["4:cpu,cpuacct:/a"],
            {"cpu,cpuacct/cpu.cfs_quota_us": "600000", "cpu,cpuacct/cpu.cfs_period_us": "100000"},
            6,
        ),
        (["4:cpu:/"], {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        (["9:memory:/", "0::/"], {}, 8),
        (["nonsense", ""], {"cpu.max": "100000 100000"}, 8),
        (["0::/"], {"cpu.max": "nonsense"}, 8),
    ],
)
def test_limits_of_control_groups_count(tmp_path, groups, files, expected):
    assert available_cores(system(tmp_path, groups, **files)) == expected


def test_runs_sweeps_and_the_page_use_no_more(monkeypatch):
    from qispread.interfaces.page.work_queue import WorkQueue
    from qispread.model.engines import thread_map
    from qispread.runs.sweep.worker_pool_factory import create_worker_pool

    for module in (
        "qispread.interfaces.page.work_queue",
        "qispread.model.engines.thread_map",
        "qispread.runs.sweep.worker_pool_factory",
    ):
        monkeypatch.setattr(f"{module}.available_cores", lambda: 3)
    threads = []

    class Pool(thread_map.ThreadPoolExecutor):
        def __init__(self, workers):
            threads.append(workers)
            super().__init__(workers)

    monkeypatch.setattr(thread_map, "ThreadPoolExecutor", Pool)
    thread_map.map_in_threads(list, range(4))
    crew, desk = create_worker_pool("threads", None, None), WorkQueue()
    crew.shutdown()
    desk.close()
    assert (threads, crew.workers, desk.slots) == ([3], 3, 3)


def test_the_limit_of_this_process_can_be_read():
    assert 1 <= available_cores() <= 8
    assert cpu_cores.FILESYSTEM_ROOT.is_dir()
