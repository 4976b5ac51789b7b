"""The folder of a sweep: a manifest, a log of the parts that are done, and the parts."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qispread.config.faults import Fault, InputError
from qispread.cores import available_cores
from qispread.provenance import draws_in_use, our_version, provenance
from qispread.rules.sources import source_fingerprint
from qispread.sweeping.experiment import Experiment
from qispread.sweeping.files import append_line, remove_stale, write_whole
from qispread.sweeping.load import MANIFEST, experiment_of_manifest

LOG, POINTS, PARTS, MONTHS = "log.jsonl", "points.parquet", "parts", "months"
MOST_SAID = 12
AGAIN = "run the same command again to go on"


def default_folder(experiment: Experiment) -> Path:
    """Return the folder for a sweep unless another is given: by its name, so that a changed experiment is noticed."""
    return Path("results") / f"sweep-{experiment.name}"


def identity_of(experiment: Experiment) -> dict[str, Any]:
    """Return what tells the tables of one sweep from those of another."""
    made = {"qispread": our_version(), "draws": draws_in_use(), "sources": source_fingerprint()}
    return {**made, "experiment": experiment.identity()}


def stem_of(experiment: Experiment) -> str:
    """Return how the names of all runs begin."""
    marks = json.dumps(experiment.identity(), sort_keys=True)
    return f"{experiment.name}-{hashlib.sha256(marks.encode()).hexdigest()[:12]}"


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
    """

    part: int
    rows: int
    failed: int
    files: dict[str, dict[str, Any]]


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


@dataclass
class Store:
    """What is in a folder, and what is known of it.

    Attributes
    ----------
    folder : Path
    manifest : dict
    written : dict of int to Written
        By part, as the log has it.
    """

    folder: Path
    manifest: dict[str, Any]
    written: dict[int, Written] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """How many runs the sweep has in all."""
        return int(self.manifest["runs"])

    @property
    def stem(self) -> str:
        """How the names of all runs begin."""
        return str(self.manifest["stem"])

    @property
    def passes(self) -> int | None:
        """How many passes through the points are wanted; None for all."""
        return self.manifest.get("passes")

    def parts_within(self, passes: int | None) -> int:
        """Return how many parts hold so many passes through the points, or all."""
        replicates = int(self.manifest["experiment"]["replicates"])
        wanted = self.runs // replicates * min(replicates, passes or replicates)
        return -(-wanted // int(self.manifest["part_runs"]))

    def want(self, passes: int | None) -> None:
        """Note that more passes are wanted than before; the folder is held."""
        if self.passes is None or passes is None or passes <= self.passes:
            return
        self.manifest["passes"] = passes
        try:
            write_whole(self.folder / MANIFEST, manifest_text(self.manifest))
        except OSError as error:
            raise unwritable(self.folder, error) from None

    def status(self) -> Status:
        """Return how far the sweep is, by the log and the files that are there: of the runs that are wanted."""
        there = [one for one in self.written.values() if self.present(one)]
        failed = sum(one.failed for one in there)
        rows = sum(one.rows for one in there)
        wanted = min(self.runs, self.parts_within(self.passes) * int(self.manifest["part_runs"]))
        return Status(self.folder, max(wanted, rows), rows - failed, failed)

    def present(self, one: Written) -> bool:
        """Return whether the files of a part are there and of the size that they had."""
        try:
            return all((self.folder / path).stat().st_size == file["bytes"] for path, file in one.files.items())
        except OSError:
            return False

    def whole(self, one: Written) -> bool:
        """Return whether the files of a part are what they were, by their hashes."""
        if not self.present(one):
            return False
        try:
            return all(sha256_of(self.folder / path) == file["sha256"] for path, file in one.files.items())
        except OSError:
            return False

    def verify(self) -> list[int]:
        """Forget the parts that are missing, cut or changed on disk, and return their numbers."""
        with ThreadPoolExecutor(min(8, available_cores() + 1)) as pool:
            sound = dict(zip(self.written, pool.map(self.whole, self.written.values()), strict=True))
        lost = [part for part, right in sound.items() if not right]
        for part in lost:
            del self.written[part]
        return lost

    def put(self, part: int, rows: int, failed: int, contents: Mapping[str, bytes]) -> None:
        """Write the files of a part, and then its line of the log.

        Parameters
        ----------
        contents : mapping of str to bytes
            By the folder in which each file stands.

        Raises
        ------
        InputError
            Where they cannot be written; what was written before is kept.
        """
        files = {}
        try:
            for where, content in contents.items():
                write_whole(self.folder / where / part_name(part), content)
                digest = hashlib.sha256(content).hexdigest()
                files[f"{where}/{part_name(part)}"] = {"sha256": digest, "bytes": len(content)}
            line = {"part": part, "rows": rows, "failed": failed, "files": files}
            append_line(self.folder / LOG, json.dumps(line))
        except OSError as error:
            raise unwritable(self.folder, error, f"; {self.status()}; {AGAIN}") from None
        self.written[part] = Written(part, rows, failed, files)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unwritable(folder: Path, error: OSError, rest: str = "") -> InputError:
    """Return the error for a folder that cannot be written to."""
    return InputError([Fault("", f"could not be written: {error.strerror or error}{rest}", str(folder))])


def make_folder(folder: Path) -> None:
    """Make the folder of a sweep and those within it.

    Raises
    ------
    InputError
        Where that cannot be.
    """
    try:
        for inside in (PARTS, MONTHS):
            (folder / inside).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError([Fault("", "is a file, or part of its path is; needed: a folder", str(folder))]) from None
    except OSError as error:
        raise unwritable(folder, error) from None


def make_store(
    folder: Path, experiment: Experiment, points: bytes, cut: Mapping[str, int | None], command: Sequence[str]
) -> Store:
    """Write points and manifest of a new sweep, the manifest last, and return its store; its folder is held.

    Parameters
    ----------
    cut : mapping of str to int or None
        How many "runs" it has in all and in a part ("part_runs"), and how many "passes" of it are wanted: None for all.

    Raises
    ------
    InputError
        Where they cannot be written.
    """
    data = experiment.model_dump(mode="json", exclude={"scenario"})
    manifest = {
        "identity": identity_of(experiment),
        **provenance(command, experiment.scenario.inputs),
        "stem": stem_of(experiment),
        **cut,
        "points_sha256": hashlib.sha256(points).hexdigest(),
        "experiment": data,
        "scenario": experiment.scenario.model_dump(mode="json", exclude_none=True),
    }
    try:
        write_whole(folder / POINTS, points)
        write_whole(folder / MANIFEST, manifest_text(manifest))
    except OSError as error:
        raise unwritable(folder, error, "; nothing was run") from None
    return Store(folder, manifest)


def manifest_text(manifest: Mapping[str, Any]) -> bytes:
    """Return a manifest as it is written."""
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def is_sweep(folder: Path) -> bool:
    """Return whether a folder holds a sweep.

    Raises
    ------
    InputError
        Where it holds other results, which must not be mixed with those of a sweep.
    """
    if not (folder / MANIFEST).is_file():
        return False
    experiment_of_manifest(folder / MANIFEST)
    return True


def open_store(folder: Path) -> Store:
    """Return the store of a sweep that has begun, as its log has it.

    Raises
    ------
    InputError
        Where the folder holds no sweep.
    """
    if not folder.is_dir():
        raise InputError([Fault("", "no such folder", str(folder))])
    if not is_sweep(folder):
        raise InputError([Fault("", "holds no sweep: it has no manifest", str(folder))])
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return Store(folder, manifest, {one.part: one for one in read_log(folder / LOG)})


def read_log(path: Path) -> Iterator[Written]:
    """Yield the lines of a log; one that was cut short counts for nothing, and so its part is run again."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines():
        try:
            found = json.loads(line)
            yield Written(found["part"], found["rows"], found["failed"], found["files"])
        except (ValueError, KeyError, TypeError):
            continue


def refuse_changed(store: Store, experiment: Experiment) -> None:
    """Refuse to go on with a sweep whose experiment, version or sources have changed.

    Raises
    ------
    InputError
        With everything that changed.
    """
    before, now = flat(store.manifest["identity"]), flat(json.loads(json.dumps(identity_of(experiment))))
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    faults = [
        Fault(name, f"was {before.get(name, 'not there')}, is now {now.get(name, 'not there')}", str(store.folder))
        for name in names
    ][:MOST_SAID]
    if not faults:
        return
    more = f"; {len(names) - MOST_SAID} more have changed" if len(names) > MOST_SAID else ""
    rest = f"holds a sweep of another experiment{more}; give another folder, or go on with the old one by its folder"
    raise InputError([Fault("", rest, str(store.folder)), *faults])


def flat(data: Any, path: str = "") -> dict[str, Any]:
    """Return nested data as values by dotted path."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    if not items or not isinstance(data, dict | list):
        return {path: data}
    found: dict[str, Any] = {}
    for name, one in items:
        found |= flat(one, f"{path}.{name}" if path else str(name))
    return found


def tidy(folder: Path) -> None:
    """Remove what a sweep that was killed left half written; the folder is held."""
    remove_stale(folder, folder / PARTS, folder / MONTHS)
