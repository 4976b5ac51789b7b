"""The folder of a sweep: a manifest, a log of the parts that are done, and the parts."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qispread.common.cpu_cores import available_cores
from qispread.common.former_names import SWEEP_MANIFEST
from qispread.inputs.errors import Fault, InputError
from qispread.runs.identity import environment, read_identity
from qispread.runs.provenance import provenance
from qispread.runs.sweep.atomic_files import append_line, atomic_write, remove_temporary_files
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.load_experiment import MANIFEST, read_experiment_manifest
from qispread.runs.sweep.sweep_log import LOG_FILE, PartRecord, SweepStatus, part_file_name, read_log

POINTS_FILE, ORDER, PARTS_FOLDER, MONTHS_FOLDER = "points.parquet", "order.npy", "parts", "months"
ENVIRONMENTS = "environments"
"""Name in the manifest of the libraries with which parts were made; lines of the log name them by their places."""
RESUME_HINT = "run the same command again to go on"
PART_CHANGED_MESSAGE = {
    True: "is not as it was written, and no run can be made without it: restore it from a backup",
    False: "is not as it was written; run the sweep again: this part alone is then made again",
}
"""What is said of the table of points, or of a part, whose hash is another."""
NO_MANIFEST = (
    f"holds parts of a sweep, but no {MANIFEST} that identifies it; restore it from a backup, or choose another folder"
)


def default_folder(experiment: Experiment) -> Path:
    """Return the folder for a sweep unless another is given: by its name, so that a changed experiment is noticed."""
    return Path("results") / f"sweep-{experiment.name}"


def sweep_fingerprint(experiment: Experiment) -> dict[str, Any]:
    """Return what tells the tables of one sweep from those of another."""
    return {**environment(), "experiment": experiment.identity()}


def run_id_prefix(experiment: Experiment) -> str:
    """Return how the names of all runs begin."""
    marks = json.dumps(experiment.identity(), sort_keys=True)
    return f"{experiment.name}-{hashlib.sha256(marks.encode()).hexdigest()[:12]}"


@dataclass
class SweepStore:
    """What is in a folder, and what is known of it.

    Attributes
    ----------
    folder : Path
    manifest : dict
    part_records : dict of int to PartRecord
        By part, as the log has it.
    environment : int
        The place, among those of the manifest, of the libraries with which parts are made now.
    """

    folder: Path
    manifest: dict[str, Any]
    part_records: dict[int, PartRecord] = field(default_factory=dict)
    environment: int = 0
    _intact: dict[Path, tuple[int, int]] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """How many runs the sweep has in all."""
        return int(self.manifest["runs"])

    @property
    def run_id_prefix(self) -> str:
        """How the names of all runs begin."""
        return str(self.manifest["stem"])

    @property
    def repetitions(self) -> int | None:
        """How many passes through the points are wanted; None for all."""
        return self.manifest.get("repetitions")

    @property
    def environments(self) -> list[dict[str, str]]:
        """The libraries with which parts were made, in the order in which they were first used."""
        found: list[dict[str, str]] = self.manifest.get(ENVIRONMENTS) or [read_identity(self.manifest)["libraries"]]
        return found

    def use_environment(self, libraries: Mapping[str, str]) -> None:
        """Note with which libraries parts are made from now on; the folder is held.

        Raises
        ------
        InputError
            Where the manifest cannot be written.
        """
        known = self.environments
        if dict(libraries) not in known:
            self.manifest[ENVIRONMENTS] = known = [*known, dict(libraries)]
            self._write_manifest()
        self.environment = known.index(dict(libraries))

    def _write_manifest(self) -> None:
        try:
            atomic_write(self.folder / MANIFEST, render_manifest(self.manifest))
        except OSError as error:
            raise folder_error(self.folder, error) from None

    def count_parts(self, repetitions: int | None) -> int:
        """Return how many parts hold so many passes through the points, or all."""
        replicates = int(self.manifest["experiment"]["replicates"])
        wanted = self.runs // replicates * min(replicates, repetitions or replicates)
        return -(-wanted // int(self.manifest["part_runs"]))

    def set_repetitions(self, repetitions: int | None) -> None:
        """Note that more passes are wanted than before; the folder is held."""
        if self.repetitions is None or repetitions is None or repetitions <= self.repetitions:
            return
        self.manifest["repetitions"] = repetitions
        self._write_manifest()

    def status(self) -> SweepStatus:
        """Return how far the sweep is, by the log and the files that are there: of the runs that are wanted."""
        there = [one for one in self.part_records.values() if self.exists(one)]
        failed = sum(one.failed for one in there)
        rows = sum(one.rows for one in there)
        wanted = min(self.runs, self.count_parts(self.repetitions) * int(self.manifest["part_runs"]))
        return SweepStatus(self.folder, max(wanted, rows), rows - failed, failed)

    def exists(self, record: PartRecord) -> bool:
        """Return whether the files of a part are there and of the size that they had."""
        try:
            return all((self.folder / path).stat().st_size == file["bytes"] for path, file in record.files.items())
        except OSError:
            return False

    def is_intact(self, record: PartRecord) -> bool:
        """Return whether the files of a part are what they were, by their hashes."""
        if not self.exists(record):
            return False
        try:
            return all(file_sha256(self.folder / path) == file["sha256"] for path, file in record.files.items())
        except OSError:
            return False

    def intact_bytes(self, path: str) -> bytes | None:
        """Return what a file of the sweep holds, read whole and compared with its hash, once while it stays as it is.

        Parameters
        ----------
        path : str
            Within the folder.

        Returns
        -------
        bytes or None
            None where it was compared before and has not been written to since.

        Raises
        ------
        InputError
            Where it is missing or not as it was written.
        """
        file = self.folder / path
        try:
            before = file.stat()
            seen = (before.st_mtime_ns, before.st_size)
            if self._intact.get(file) == seen:
                return None
            content = file.read_bytes()
        except OSError as error:
            raise InputError([Fault("", f"cannot be read: {error.strerror or error}", str(file))]) from None
        if hashlib.sha256(content).hexdigest() != self._hash_of(path):
            raise InputError([Fault("", PART_CHANGED_MESSAGE[path == POINTS_FILE], str(file))])
        self._intact[file] = seen
        return content

    def _hash_of(self, path: str) -> str:
        """Return the hash that a file had when it was written."""
        if path == POINTS_FILE:
            return str(self.manifest["points_sha256"])
        part = int(Path(path).stem.rpartition("-")[2])
        return str(self.part_records[part].files[path]["sha256"])

    def check_points(self) -> None:
        """Make sure that the table of points is as it was written; raises as `intact_bytes`."""
        self.intact_bytes(POINTS_FILE)

    def verify(self) -> list[int]:
        """Forget the parts that are missing, cut or changed on disk, and return their numbers."""
        lost = self.damaged_parts()
        for part in lost:
            del self.part_records[part]
        return lost

    def damaged_parts(self) -> list[int]:
        """Return the numbers of the parts that are missing, cut or changed on disk."""
        with ThreadPoolExecutor(min(8, available_cores() + 1)) as pool:
            sound = dict(zip(self.part_records, pool.map(self.is_intact, self.part_records.values()), strict=True))
        return sorted(part for part, right in sound.items() if not right)

    def write_part(self, part: int, rows: int, failed: int, contents: Mapping[str, bytes]) -> None:
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
        files: dict[str, dict[str, Any]] = {}
        try:
            for where, content in contents.items():
                atomic_write(self.folder / where / part_file_name(part), content)
                digest = hashlib.sha256(content).hexdigest()
                files[f"{where}/{part_file_name(part)}"] = {"sha256": digest, "bytes": len(content)}
            line = {
                "part": part,
                "rows": rows,
                "failed": failed,
                "files": files,
                "environment": self.environment,
            }
            append_line(self.folder / LOG_FILE, json.dumps(line))
        except OSError as error:
            raise folder_error(self.folder, error, f"; {self.status()}; {RESUME_HINT}") from None
        self.part_records[part] = PartRecord(part, rows, failed, files, self.environment)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_error(folder: Path, error: OSError, rest: str = "") -> InputError:
    """Return the error for a folder that cannot be written to."""
    return InputError([Fault("", f"could not be written: {error.strerror or error}{rest}", str(folder))])


def create_sweep_folders(folder: Path) -> None:
    """Make the folder of a sweep and those within it.

    Raises
    ------
    InputError
        Where that cannot be.
    """
    try:
        for inside in (PARTS_FOLDER, MONTHS_FOLDER):
            (folder / inside).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError([Fault("", "is a file, or part of its path is; needed: a folder", str(folder))]) from None
    except OSError as error:
        raise folder_error(folder, error) from None


def create_store(
    folder: Path,
    experiment: Experiment,
    design: Mapping[str, bytes],
    part_runs: Mapping[str, int | str | None],
    command: Sequence[str],
) -> SweepStore:
    """Write points, order and manifest of a new sweep, the manifest last, and return its store; its folder is held.

    Parameters
    ----------
    design : mapping of str to bytes
        The points and their order, by the name of the file of each.
    part_runs : mapping of str to int, str or None
        How many "runs" it has in all and in a part ("part_runs"), how many "passes" of it are wanted, None for all, and
        the hash of their order ("order_sha256").

    Raises
    ------
    InputError
        Where they cannot be written, or the folder holds parts of a sweep whose manifest is lost.
    """
    data = experiment.model_dump(mode="json", exclude={"scenario"})
    manifest = {
        "identity": (mark := sweep_fingerprint(experiment)),
        ENVIRONMENTS: [mark["libraries"]],
        **provenance(command, experiment.scenario.inputs),
        "stem": run_id_prefix(experiment),
        **part_runs,
        "points_sha256": hashlib.sha256(design[POINTS_FILE]).hexdigest(),
        "experiment": data,
        "scenario": experiment.scenario.model_dump(mode="json", exclude_none=True),
    }
    try:
        # The manifest is there before the first part, so that parts without one are of nobody knows which sweep.
        if (folder / LOG_FILE).exists() or any(
            any((folder / inside).glob("part-*")) for inside in (PARTS_FOLDER, MONTHS_FOLDER)
        ):
            raise InputError([Fault("--out", NO_MANIFEST, str(folder))])
        for name, content in design.items():
            atomic_write(folder / name, content)
        atomic_write(folder / MANIFEST, render_manifest(manifest))
    except OSError as error:
        raise folder_error(folder, error, "; nothing was run") from None
    return SweepStore(folder, manifest)


def render_manifest(manifest: Mapping[str, Any]) -> bytes:
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
    read_experiment_manifest(folder / MANIFEST)
    return True


def open_store(folder: Path) -> SweepStore:
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
    saved = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest = {SWEEP_MANIFEST.get(name, name): one for name, one in saved.items()}
    return SweepStore(folder, manifest, {one.part: one for one in read_log(folder / LOG_FILE)})


def clean_temporary_files(folder: Path) -> None:
    """Remove what a sweep that was killed left half written; the folder is held."""
    remove_temporary_files(folder, folder / PARTS_FOLDER, folder / MONTHS_FOLDER)
