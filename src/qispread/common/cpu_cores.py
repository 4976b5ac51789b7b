"""The number of cores this process may use: those of the machine, within the limits of a batch job or container."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

FILESYSTEM_ROOT = Path("/")
CONTROL_GROUPS = Path("sys/fs/cgroup")
"""Where Linux mounts control groups."""


def available_cores(root: Path = FILESYSTEM_ROOT) -> int:
    """Return how many cores this process may use, at least 1.

    The smallest of the cores of the machine, those that the process may run on (`taskset`, a batch system) and the
    processor time that its control groups grant (a container's limit of 2.5 cores counts as 3).

    Parameters
    ----------
    root : Path
        Root of the file system; another folder in tests.
    """
    granted = [math.ceil(cores) for cores in quota_cores(root)]
    return max(1, min([affinity_cores(), *granted]))


def affinity_cores() -> int:
    """Return how many cores this process may run on; all cores where the system does not report it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota_cores(root: Path) -> Iterator[float]:
    """Yield the processor-time limit, in cores, of each control group of this process and of its parents."""
    for tree, inner in control_groups(root):
        group = tree / inner
        for folder in (group, *group.parents):
            yield from quota_limits(folder)
            if folder == tree:
                break


def control_groups(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the root folder and relative path of each control group of this process that can limit processor time."""
    mount = root / CONTROL_GROUPS
    for line in read_lines(root / "proc/self/cgroup"):
        _, controllers, inner = (*line.split(":", 2), "", "")[:3]
        group = os.path.normpath(inner).lstrip("/")
        if not inner:
            continue
        if not controllers:
            # Version 2 has one tree; version 1 has one for each controller or set of controllers.
            yield mount, group
        elif "cpu" in controllers.split(","):
            yield mount / controllers, group
            yield mount / "cpu", group


def quota_limits(folder: Path) -> Iterator[float]:
    """Yield the processor-time limits, in cores, in the files of a control group: version 2, then version 1."""
    for quota, period in (
        ((*" ".join(read_lines(folder / "cpu.max")).split(), "", "")[:2]),
        ("".join(read_lines(folder / "cpu.cfs_quota_us")), "".join(read_lines(folder / "cpu.cfs_period_us"))),
    ):
        # Without a limit the quota is "max" or -1.
        if quota.isdecimal() and period.isdecimal() and int(quota) and int(period):
            yield int(quota) / int(period)


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a system file; none where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    yield from text.splitlines()
