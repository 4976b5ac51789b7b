"""The log of a sweep: a line for each part that is on disk."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOG = "log.jsonl"


def part_name(number: int) -> str:
    """Return the name of the file of a part."""
    return f"part-{number:06d}.parquet"


@dataclass(frozen=True)
class Written:
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


@dataclass(frozen=True)
class Status:
    """How far a sweep is."""

    folder: Path
    runs: int
    done: int
    failed: int

    @property
    def left(self) -> int:
        """Runs that are still missing; those that failed are none of them."""
        return self.runs - self.done - self.failed

    def __str__(self) -> str:
        return f"{self.done:,} of {self.runs:,} runs done, {self.failed:,} failed, {self.left:,} left"


def read_log(path: Path) -> Iterator[Written]:
    """Yield the lines of a log; one that was cut short counts for nothing, and so its part is run again."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            found = json.loads(line)
            yield Written(found["part"], found["rows"], found["failed"], found["files"], found.get("environment", 0))
        except (ValueError, KeyError, TypeError):
            continue
