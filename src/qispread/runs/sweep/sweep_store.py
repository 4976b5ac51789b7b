"""The folder of a sweep: a manifest, a log of completed parts, and the parts."""

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
from qispread.model.engines.organisation_class import identify_class, identity_entry
from qispread.runs.identity import environment, read_identity
from qispread.runs.provenance import provenance
from qispread.runs.sweep.atomic_files import append_line, atomic_write, folder_error, remove_temporary_files
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.load_experiment import MANIFEST, read_experiment_manifest
from qispread.runs.sweep.sweep_log import LOG_FILE, PartRecord, SweepStatus, part_file_name, read_log

POINTS_FILE, ORDER, PARTS_FOLDER, MONTHS_FOLDER = "points.parquet", "order.npy", "parts", "months"
ENVIRONMENTS = "environments"
"""Key in the manifest of the libraries of parts, which the log refers to by index."""
RESUME_HINT = "run the same command again to resume"
PART_CHANGED_MESSAGE = {
    True: "is damaged, and no run can be made without it: restore it from a backup",
    False: "is damaged; run the sweep again: only this part is then made again",
}
"""The message for a table of points (True) or a part whose hash differs."""
NO_MANIFEST = (
    f"holds parts of a sweep, but no {MANIFEST} that identifies it; restore it from a backup, or choose another folder"
)


def default_folder(experiment: Experiment) -> Path:
    """Return the default folder of a sweep, by name, so that a changed experiment is noticed."""
    return Path("results") / f"sweep-{experiment.name}"


def sweep_fingerprint(experiment: Experiment) -> dict[str, Any]:
    """Return the identity of a sweep's tables."""
    own_code = identity_entry(identify_class(experiment.organisation_class))
    return {**environment(), **own_code, "experiment": experiment.identity()}


def run_id_prefix(experiment: Experiment) -> str:
    """Return the prefix of the names of all runs."""
    encoded = json.dumps(experiment.identity(), sort_keys=True)
    return f"{experiment.name}-{hashlib.sha256(encoded.encode()).hexdigest()[:12]}"


@dataclass
class SweepStore:
    """The content of a sweep's folder.

    Attributes
    ----------
    folder : Path
    manifest : dict
    part_records : dict of int to PartRecord
        Records of the log by part.
    environment : int
        Index of the current libraries in the manifest.
    """

    folder: Path
    manifest: dict[str, Any]
    part_records: dict[int, PartRecord] = field(default_factory=dict)
    environment: int = 0
    _intact: dict[Path, tuple[int, int]] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """Total number of runs of the sweep."""
        return int(self.manifest["runs"])

    @property
    def run_id_prefix(self) -> str:
        """Prefix of the names of all runs."""
        return str(self.manifest["stem"])

    @property
    def repetitions(self) -> int | None:
        """Requested repetitions of the points; None for all."""
        return self.manifest.get("repetitions")

    @property
    def environments(self) -> list[dict[str, str]]:
        """The libraries of parts, in the order of first use."""
        environments: list[dict[str, str]] = self.manifest.get(ENVIRONMENTS) or [
            read_identity(self.manifest)["libraries"]
        ]
        return environments

    def use_environment(self, libraries: Mapping[str, str]) -> None:
        """Record the libraries of new parts; requires the folder's lock.

        Raises
        ------
        InputError
            If the manifest cannot be written.
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
        """Return the number of parts for some repetitions of the points, or all."""
        replicates = int(self.manifest["experiment"]["replicates"])
        requested = self.runs // replicates * min(replicates, repetitions or replicates)
        return -(-requested // int(self.manifest["part_runs"]))

    def set_repetitions(self, repetitions: int | None) -> None:
        """Record a larger number of requested repetitions; requires the folder's lock."""
        if self.repetitions is None or repetitions is None or repetitions <= self.repetitions:
            return
        self.manifest["repetitions"] = repetitions
        self._write_manifest()

    def status(self) -> SweepStatus:
        """Return the status of the requested runs, from the log and the existing files."""
        records = [record for record in self.part_records.values() if self.exists(record)]
        failed = sum(record.failed for record in records)
        rows = sum(record.rows for record in records)
        requested = min(self.runs, self.count_parts(self.repetitions) * int(self.manifest["part_runs"]))
        return SweepStatus(self.folder, max(requested, rows), rows - failed, failed)

    def exists(self, record: PartRecord) -> bool:
        """Return whether the files of a part exist with their recorded sizes."""
        try:
            return all((self.folder / path).stat().st_size == file["bytes"] for path, file in record.files.items())
        except OSError:
            return False

    def is_intact(self, record: PartRecord) -> bool:
        """Return whether the files of a part have their recorded hashes."""
        if not self.exists(record):
            return False
        try:
            return all(file_sha256(self.folder / path) == file["sha256"] for path, file in record.files.items())
        except OSError:
            return False

    def intact_bytes(self, path: str) -> bytes | None:
        """Return the content of a file after comparing its hash, or None if it was compared before.

        Parameters
        ----------
        path : str
            Path within the folder.

        Returns
        -------
        bytes or None
            None if it was compared before and has not changed since.

        Raises
        ------
        InputError
            If it is missing or damaged.
        """
        file = self.folder / path
        try:
            stat = file.stat()
            state = (stat.st_mtime_ns, stat.st_size)
            if self._intact.get(file) == state:
                return None
            content = file.read_bytes()
        except OSError as error:
            raise InputError([Fault("", f"cannot be read: {error.strerror or error}", str(file))]) from None
        if hashlib.sha256(content).hexdigest() != self._hash_of(path):
            raise InputError([Fault("", PART_CHANGED_MESSAGE[path == POINTS_FILE], str(file))])
        self._intact[file] = state
        return content

    def _hash_of(self, path: str) -> str:
        """Return the recorded hash of a file."""
        if path == POINTS_FILE:
            return str(self.manifest["points_sha256"])
        part = int(Path(path).stem.rpartition("-")[2])
        return str(self.part_records[part].files[path]["sha256"])

    def check_points(self) -> None:
        """Check the hash of the table of points; raises as `intact_bytes`."""
        self.intact_bytes(POINTS_FILE)

    def verify(self) -> list[int]:
        """Remove damaged or missing parts from the records, and return their numbers."""
        damaged = self.damaged_parts()
        for part in damaged:
            del self.part_records[part]
        return damaged

    def damaged_parts(self) -> list[int]:
        """Return the numbers of parts that are damaged or missing on disk."""
        with ThreadPoolExecutor(min(8, available_cores() + 1)) as pool:
            intact = dict(zip(self.part_records, pool.map(self.is_intact, self.part_records.values()), strict=True))
        return sorted(part for part, is_intact in intact.items() if not is_intact)

    def write_part(self, part: int, rows: int, failed: int, contents: Mapping[str, bytes]) -> None:
        """Write the files of a part, then its line in the log.

        Parameters
        ----------
        contents : mapping of str to bytes
            The content of each file by its subfolder.

        Raises
        ------
        InputError
            If they cannot be written; earlier parts are kept.
        """
        files: dict[str, dict[str, Any]] = {}
        try:
            for subfolder, content in contents.items():
                atomic_write(self.folder / subfolder / part_file_name(part), content)
                digest = hashlib.sha256(content).hexdigest()
                files[f"{subfolder}/{part_file_name(part)}"] = {"sha256": digest, "bytes": len(content)}
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


def create_sweep_folders(folder: Path) -> None:
    """Create the folder of a sweep and its subfolders.

    Raises
    ------
    InputError
        If that fails.
    """
    try:
        for subfolder in (PARTS_FOLDER, MONTHS_FOLDER):
            (folder / subfolder).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError([Fault("", "is a file, or part of its path is; needed: a folder", str(folder))]) from None
    except OSError as error:
        raise folder_error(folder, error) from None


def create_store(
    folder: Path,
    experiment: Experiment,
    design: Mapping[str, bytes],
    layout: Mapping[str, int | str | None],
    command: Sequence[str],
) -> SweepStore:
    """Write the points, order and manifest of a new sweep, and return its store; requires the folder's lock.

    Parameters
    ----------
    design : mapping of str to bytes
        The points and their order, by file name.
    layout : mapping of str to int, str or None
        The numbers of "runs" and of runs in a part ("part_runs"), the requested "repetitions" (None for all), and the
        hash of the order ("order_sha256").

    Raises
    ------
    InputError
        If they cannot be written, or the folder holds parts of a sweep without a manifest.
    """
    data, identity = experiment.model_dump(mode="json", exclude={"scenario"}), sweep_fingerprint(experiment)
    manifest = {
        "identity": identity,
        ENVIRONMENTS: [identity["libraries"]],
        **provenance(command, experiment.scenario.inputs),
        "stem": run_id_prefix(experiment),
        **layout,
        "points_sha256": hashlib.sha256(design[POINTS_FILE]).hexdigest(),
        "experiment": data,
        "scenario": experiment.scenario.model_dump(mode="json", exclude_none=True),
    }
    try:
        # The manifest is written before the first part, so that parts without one cannot be identified.
        if (folder / LOG_FILE).exists() or any(
            any((folder / subfolder).glob("part-*")) for subfolder in (PARTS_FOLDER, MONTHS_FOLDER)
        ):
            raise InputError([Fault("--out", NO_MANIFEST, str(folder))])
        for name, content in design.items():
            atomic_write(folder / name, content)
        atomic_write(folder / MANIFEST, render_manifest(manifest))
    except OSError as error:
        raise folder_error(folder, error, "; nothing was run") from None
    return SweepStore(folder, manifest)


def render_manifest(manifest: Mapping[str, Any]) -> bytes:
    """Return the bytes of a manifest file."""
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def is_sweep(folder: Path) -> bool:
    """Return whether a folder holds a sweep.

    Raises
    ------
    InputError
        If it holds other results, which must not be mixed with those of a sweep.
    """
    if not (folder / MANIFEST).is_file():
        return False
    read_experiment_manifest(folder / MANIFEST)
    return True


def open_store(folder: Path) -> SweepStore:
    """Return the store of an existing sweep.

    Raises
    ------
    InputError
        If the folder holds no sweep.
    """
    if not folder.is_dir():
        raise InputError([Fault("", "no such folder", str(folder))])
    if not is_sweep(folder):
        raise InputError([Fault("", "holds no sweep: it has no manifest", str(folder))])
    saved = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest = {SWEEP_MANIFEST.get(name, name): one for name, one in saved.items()}
    return SweepStore(folder, manifest, {one.part: one for one in read_log(folder / LOG_FILE)})


def clean_temporary_files(folder: Path) -> None:
    """Remove incomplete files of a killed sweep; requires the folder's lock."""
    remove_temporary_files(folder, folder / PARTS_FOLDER, folder / MONTHS_FOLDER)
