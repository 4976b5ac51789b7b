"""The log of a sweep: one line for each part on disk."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qispread.common.deprecation import keep_former_members

LOG_FILE = "log.jsonl"


def part_file_name(part: int) -> str:
    """Return the name of the file of a part."""
    return f"part-{part:06d}.parquet"


@dataclass(frozen=True)
class PartRecord:
    """A line of the log: one part on disk.

    Attributes
    ----------
    part, rows, failed : int
    files : dict of str to dict
        "sha256" and "bytes" of each file, by path within the folder.
    environment : int
        Index of its libraries in the manifest.
    """

    part: int
    rows: int
    failed: int
    files: dict[str, dict[str, Any]]
    environment: int = 0


@keep_former_members
@dataclass(frozen=True)
class SweepStatus:
    """The status of a sweep."""

    folder: Path
    runs: int
    completed: int
    failed: int

    @property
    def pending(self) -> int:
        """Number of runs not yet made; failed runs do not count."""
        return self.runs - self.completed - self.failed

    def __str__(self) -> str:
        return f"{self.completed:,} of {self.runs:,} runs done, {self.failed:,} failed, {self.pending:,} pending"


def read_log(path: Path) -> Iterator[PartRecord]:
    """Yield the records of a log; an incomplete line is ignored, so that its part is run again."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            record = json.loads(line)
            yield PartRecord(
                record["part"], record["rows"], record["failed"], record["files"], record.get("environment", 0)
            )
        except (ValueError, KeyError, TypeError):
            continue
