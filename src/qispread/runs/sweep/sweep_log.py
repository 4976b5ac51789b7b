"""The log of a sweep: a line for each part that is on disk."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qispread.common.deprecation import keep_former_members

LOG_FILE = "log.jsonl"


def part_file_name(number: int) -> str:
    """Return the name of the file of a part."""
    return f"part-{number:06d}.parquet"


@dataclass(frozen=True)
class PartRecord:
    """A line of the log: a part that is on disk.

    Attributes
    ----------
    part, rows, failed : int
    files : dict of str to dict
        By path within the folder, its "sha256" and "bytes".
    environment : int
        The place, among those of the manifest, of the libraries with which it was made.
    """

    part: int
    rows: int
    failed: int
    files: dict[str, dict[str, Any]]
    environment: int = 0


@keep_former_members
@dataclass(frozen=True)
class SweepStatus:
    """How far a sweep is."""

    folder: Path
    runs: int
    completed: int
    failed: int

    @property
    def pending(self) -> int:
        """Runs that are still missing; those that failed are none of them."""
        return self.runs - self.completed - self.failed

    def __str__(self) -> str:
        return f"{self.completed:,} of {self.runs:,} runs done, {self.failed:,} failed, {self.pending:,} left"


def read_log(path: Path) -> Iterator[PartRecord]:
    """Yield the lines of a log; one that was cut short counts for nothing, and so its part is run again."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            found = json.loads(line)
            yield PartRecord(found["part"], found["rows"], found["failed"], found["files"], found.get("environment", 0))
        except (ValueError, KeyError, TypeError):
            continue
