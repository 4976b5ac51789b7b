"""Read and check a folder of results: manifests, scenarios and tables."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import TRUNCATION_MARK, Fault, InputError
from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.scenario import Scenario
from qispread.model.measures import MEASURES
from qispread.outputs.results import COMPARISON_TABLES, MANIFEST, SUMMARY_FILE, read_manifest
from qispread.outputs.results.former_results import (
    arm_folder,
    is_former_manifest,
    read_saved_table,
    rename_saved_manifest,
    rename_saved_table,
    table_file,
)
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.identity import EnvironmentChange, compare_identities, environment, read_identity, select_changes

DIFFERENCES_TABLE = "differences"
SHORT_VERSION_NAMES = {
    "qispread": "version",
    "draws": "generator of draws",
    "model": "code of the model",
    "replaced_rules": "rules replaced at run time",
    "python": "Python",
}
"""Names for people of parts of a manifest."""
SUMMARY_COLUMNS = ("month", "intervention", "measure", "replicates", "median", "p5", "p95")


@dataclass(frozen=True, eq=False)
class ArmResults:
    """One arm of a folder, or its single scenario.

    Attributes
    ----------
    name : str
    folder : Path
    manifest : dict
    scenario : Scenario or None
        None where another version wrote a scenario that this one cannot read.
    former : bool
        Whether version 0.1 wrote it: its tables are read in the names of now.
    """

    name: str
    folder: Path
    manifest: dict[str, Any]
    scenario: Scenario | None
    former: bool = False

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Median and percentiles over runs of every measure, all interventions together, by month."""
        path = self.folder / SUMMARY_FILE
        table = read_checked_table(path, SUMMARY_COLUMNS, lambda: self._read_summary(path))
        return table[table["intervention"] == POOLED].drop(columns="intervention")

    def _read_summary(self, path: Path) -> pd.DataFrame:
        table: pd.DataFrame = pyarrow.csv.read_csv(path).to_pandas()
        return rename_saved_table(table, "summary") if self.former else table

    def replicate_values(self, measures: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Return measures of all interventions together, each (runs, months); NaN where a run failed."""
        path, needed = self.folder / "months.parquet", ("month", "intervention", *measures)
        pooled = [("intervention", "=", POOLED)]
        table = read_checked_table(
            path, needed, lambda: read_saved_table(path, "months", needed, pooled, former=self.former)
        )
        months, failed = int(table["month"].max()) + 1, self.failed[:, None]
        arrays = {name: table[name].to_numpy(dtype=np.float64).reshape(-1, months) for name in measures}
        return {name: np.where(failed, np.nan, values) for name, values in arrays.items()}

    @property
    def replicates(self) -> NDArray[np.int64]:
        """The numbers of the replicates, in the order of `replicate_values`."""
        return self.run_status["replicate"].to_numpy(dtype=np.int64)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Whether each run failed."""
        return np.asarray(self.run_status["status"] == "failed")

    @cached_property
    def run_status(self) -> pd.DataFrame:
        """Replicate number and status of every run."""
        path, needed = self.folder / "runs.parquet", ("replicate", "status")
        return read_checked_table(path, needed, lambda: read_saved_table(path, "runs", needed, former=self.former))


@dataclass(frozen=True, eq=False)
class ResultsFolder:
    """A folder of results of a scenario or of a comparison.

    Attributes
    ----------
    folder : Path
    manifest : dict
    arms : dict of str to ArmResults
        The baseline first; for a single scenario, its runs.
    tables : dict of str to DataFrame
        Tables of the comparison that are in the folder.
    version_differences : tuple of str
        Differences between the version that made the results and this one; empty where there are none.
    """

    folder: Path
    manifest: dict[str, Any]
    arms: dict[str, ArmResults]
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    version_differences: tuple[str, ...] = ()

    @property
    def comparison(self) -> dict[str, Any]:
        """Description of the comparison in the manifest; empty for a single scenario."""
        return dict(self.manifest.get("comparison", {}))

    @property
    def base_arm(self) -> ArmResults:
        """The baseline, or the single scenario."""
        return next(iter(self.arms.values()))

    @property
    def other_arms(self) -> list[str]:
        """The arms other than the baseline."""
        return [name for name in self.arms if name != BASELINE_ARM] if self.comparison else []

    @property
    def measure(self) -> str:
        """The headline measure."""
        named = str(self.comparison.get("measure", ""))
        return named if named in MEASURES else "events_averted"

    @property
    def horizon(self) -> int:
        """Months of the run."""
        return int(self.base_arm.manifest["scenario"]["horizon"])

    @property
    def replicate_count(self) -> int:
        """Number of replicates simulated."""
        return len(self.base_arm.replicates)


def reading_error(path: Path, problem: str) -> InputError:
    """Return the error for a file or folder that cannot be read."""
    return InputError([Fault("report", problem, str(path))])


def read_checked_table(path: Path, columns: Sequence[str], reader: Any) -> pd.DataFrame:
    """Return a table after checking that it can be read and has the required columns.

    Raises
    ------
    InputError
        Where it is missing or broken, or lacks a column.
    """
    if not path.is_file():
        raise reading_error(path, "is missing; needed: a complete folder as written by run or compare; rerun it")
    try:
        table: pd.DataFrame = reader()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise reading_error(path, f"cannot be read as a table of results: {reason}; rerun it") from None
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise reading_error(path, f"lacks the columns {', '.join(missing)}; rerun it with this version")
    return table


def read_results_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder.

    Raises
    ------
    InputError
        Where there is none, or it is broken.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise reading_error(folder, "is no folder; needed: a folder written by qispread run or qispread compare")
    if not path.is_file():
        hint = "; made by an earlier version? rerun the comparison" if (folder / BASELINE_ARM).is_dir() else ""
        raise reading_error(folder, f"holds no results: {MANIFEST} is missing{hint}")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["identity"]["qispread"], read_identity(manifest)
    except json.JSONDecodeError:
        raise reading_error(path, TRUNCATION_MARK) from None
    except (OSError, ValueError, KeyError, TypeError):
        raise reading_error(path, "is no manifest of results; needed: the file as written by run or compare") from None
    if not isinstance(manifest.get("scenario", manifest.get("comparison")), dict):
        raise reading_error(
            path, "names neither a scenario nor a comparison; needed: the file as written by run or compare"
        )
    return rename_saved_manifest(dict(manifest), path)


def changes_since(manifest: dict[str, Any]) -> list[EnvironmentChange]:
    """Return the differences in code and libraries since results were made."""
    current = environment()
    previous = {name: value for name, value in read_identity(manifest).items() if name in current}
    return compare_identities(previous, current)


def describe_version_changes(change: EnvironmentChange) -> str:
    """Return a difference in code or libraries as text."""
    *_, name = change.name.split(".", maxsplit=1)
    return f"{SHORT_VERSION_NAMES.get(name, name)} {change.old}, now {change.new}"


def read_arm(name: str, folder: Path, *, strict: bool, former: bool = False) -> ArmResults:
    """Return one arm of a folder; a scenario that cannot be read is an error if `strict`, else None."""
    manifest = read_results_manifest(folder)
    if "scenario" not in manifest or "horizon" not in manifest["scenario"]:
        raise reading_error(folder / MANIFEST, "has no scenario; needed: the manifest of a run")
    try:
        return ArmResults(name, folder, manifest, build_scenario(manifest["scenario"]), former)
    except InputError:
        if strict:
            raise
        return ArmResults(name, folder, manifest, None, former)


def read_tables(folder: Path, *, former: bool = False) -> dict[str, pd.DataFrame]:
    """Return the tables of a comparison in a folder; the table of differences is required."""
    tables = {}
    for name, (_, columns) in COMPARISON_TABLES.items():
        path = table_file(folder, name, former=former)
        if name == DIFFERENCES_TABLE or path.is_file():
            tables[name] = read_checked_table(
                path, tuple(columns), lambda path=path, name=name: read_saved_table(path, name, former=former)
            )
    return tables


def is_former_results(folder: Path) -> bool:
    """Return whether version 0.1 wrote the results in a folder; False where they cannot be read."""
    try:
        return is_former_manifest(read_manifest(folder))
    except InputError:
        return False


def read_results(folder: Path) -> ResultsFolder:
    """Return the contents of a folder of results of a scenario or of a comparison.

    Raises
    ------
    InputError
        Where it holds no results, or they are broken or incomplete.
    """
    manifest, former = read_results_manifest(folder), is_former_results(folder)
    changes = changes_since(manifest)
    differences = tuple(describe_version_changes(change) for change in changes)
    strict = not select_changes(changes, "code")
    if "comparison" not in manifest:
        name = str(manifest["scenario"].get("name", "run"))
        return ResultsFolder(
            folder,
            manifest,
            {name: read_arm(name, folder, strict=strict, former=former)},
            version_differences=differences,
        )
    names = manifest["comparison"].get("arms")
    if not isinstance(names, list) or BASELINE_ARM not in names or len(names) < 2:
        raise reading_error(folder / MANIFEST, f"has no arms; needed: '{BASELINE_ARM}' and at least one more")
    arms = {
        str(name): read_arm(str(name), arm_folder(folder, str(name), former=former), strict=strict, former=former)
        for name in names
    }
    return ResultsFolder(
        folder,
        manifest,
        {BASELINE_ARM: arms.pop(BASELINE_ARM), **arms},
        read_tables(folder, former=former),
        differences,
    )
