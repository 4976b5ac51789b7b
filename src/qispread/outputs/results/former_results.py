"""Results that version 0.1 saved: their manifests, tables and folders, in the names of now (`former_names`)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet

from qispread.common.former_names import BASELINE_ARM, COLUMN_VALUES, COLUMNS, FORMER_VERSION, SAVED_MEASURES, TABLES
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.former_data import is_former_scenario, rename_path, rename_saved_scenario

if TYPE_CHECKING:
    import pandas as pd

FORMER_BASELINE, BASELINE = BASELINE_ARM
FORMER_TABLE_NAMES = {new: old for old, new in TABLES.items()}
VALUE_COLUMN = "value."
"""How the columns of arms begin in the table of plausible models."""
PARAMETER_COLUMN = "parameter"
MODELS_TABLE = "models"
FORMER_FILES = tuple(f"{name}.{kind}" for name in TABLES for kind in ("parquet", "csv"))
"""Files that a comparison of version 0.1 has and one of now has not."""


def is_former_manifest(manifest: dict[str, Any]) -> bool:
    """Return whether a manifest of a run or a comparison was written by version 0.1."""
    comparison = manifest.get("comparison")
    arms = comparison.get("arms") if isinstance(comparison, dict) else None
    return is_former_scenario(manifest.get("scenario")) or (isinstance(arms, list) and FORMER_BASELINE in arms[:1])


def rename_saved_manifest(manifest: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return a manifest in the names of now; one that was written by this version as it is.

    Raises
    ------
    InputError
        Where an arm has the name that the baseline has now.
    """
    if not is_former_manifest(manifest):
        return manifest
    found = dict(manifest)
    if isinstance(found.get("scenario"), dict):
        found["scenario"] = rename_saved_scenario(found["scenario"])
    comparison = found.get("comparison")
    if isinstance(comparison, dict):
        if BASELINE in comparison["arms"]:
            problem = f"has an arm called '{BASELINE}', as what arms are compared with is called now"
            raise InputError([Fault("comparison.arms", f"{problem}; read it with version {FORMER_VERSION}", str(file))])
        found["comparison"] = rename_saved_comparison(comparison)
    return found


def rename_saved_comparison(comparison: dict[str, Any]) -> dict[str, Any]:
    """Return what a manifest says of a comparison in the names of now."""
    found = {**comparison, "arms": [rename_arm(arm) for arm in comparison["arms"]]}
    if "ranking" in found:
        found["ranking"] = [rename_arm(arm) for arm in found["ranking"]]
    if isinstance(found.get("measure"), str):
        found["measure"] = SAVED_MEASURES.get(found["measure"], found["measure"])
    if isinstance(found.get("top_flip"), str):
        found["top_flip"] = rename_path(found["top_flip"])
    return found


def rename_arm(arm: Any) -> Any:
    """Return the name of an arm as it is now."""
    return BASELINE if arm == FORMER_BASELINE else arm


def arm_folder(folder: Path, arm: str, *, former: bool) -> Path:
    """Return the folder of an arm, by its name of now."""
    return folder / (FORMER_BASELINE if former and arm == BASELINE else arm)


def table_file(folder: Path, table: str, *, former: bool) -> Path:
    """Return the Parquet file of a table of a comparison, by the name of now."""
    return folder / f"{FORMER_TABLE_NAMES.get(table, table) if former else table}.parquet"


def read_saved_table(
    path: Path, table: str, columns: Sequence[str] | None = None, filters: Any = None, *, former: bool = False
) -> "pd.DataFrame":
    """Return a Parquet table of results, or some of its columns, in the names of now.

    Parameters
    ----------
    path : Path
    table : str
        What it is called now, such as "months".
    columns : sequence of str, optional
        By their names of now; those that are missing are left out of the table.
    filters
        As `pyarrow.parquet.read_table` takes them, on columns whose names have not changed.
    former : bool
        Whether version 0.1 wrote it.
    """
    before = {new: old for old, new in COLUMNS.get(table, {}).items()} if former else {}
    wanted = None if columns is None else [before.get(name, name) for name in columns]
    found: pd.DataFrame = pyarrow.parquet.read_table(path, columns=wanted, filters=filters).to_pandas()
    return rename_saved_table(found, table) if former else found


def rename_saved_table(saved: "pd.DataFrame", table: str) -> "pd.DataFrame":
    """Return a table that version 0.1 saved with the columns, measures and arms of now."""
    renamed = COLUMNS.get(table, {})
    if table == MODELS_TABLE:
        renamed = {name: rename_model_column(name) for name in saved.columns}
    found = saved.rename(columns=renamed)
    for column, words in COLUMN_VALUES.items():
        if column in found.columns:
            found[column] = rename_cells(found[column], words)
    if PARAMETER_COLUMN in found.columns:
        paths = {path: rename_path(path) for path in found[PARAMETER_COLUMN]}
        found[PARAMETER_COLUMN] = rename_cells(found[PARAMETER_COLUMN], paths)
    return found


def rename_cells(cells: "pd.Series[Any]", words: Mapping[str, str]) -> "pd.Series[Any]":
    """Return a column of words with some of them renamed; one of categories keeps their order."""
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        return cells.cat.rename_categories([words.get(word, word) for word in cells.cat.categories])
    return cells.map(lambda word: words.get(word, word)).astype(cells.dtype)


def rename_model_column(name: str) -> str:
    """Return a column of the table of plausible models as it is now: the path of a parameter, or an arm's value."""
    if name.startswith(VALUE_COLUMN):
        return VALUE_COLUMN + str(rename_arm(name.removeprefix(VALUE_COLUMN)))
    return rename_path(name)
