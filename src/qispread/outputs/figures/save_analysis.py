"""An analysis of results, kept beside them: tables, pictures, and by what they were made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from qispread.inputs.scenario_fields import validate_folder_name
from qispread.model.engines.run_tables import with_column_metadata
from qispread.outputs.figures.figure import Figure
from qispread.outputs.figures.render import FigureRenderer
from qispread.outputs.results.results_folder import (
    ANALYSIS_FOLDER,
    MANIFEST,
    check_results_folder,
    listed_analysis_files,
    replace_atomically,
    write_table,
)
from qispread.runs.provenance import provenance


def analysis_path(results: Path, *names: str) -> Path:
    """Return the folder of an analysis within a folder of results."""
    return results / ANALYSIS_FOLDER / ".".join(validate_folder_name(name) for name in names)


def save_analysis(
    folder: Path,
    name: str,
    tables: Mapping[str, tuple[pd.DataFrame, Mapping[str, str]]],
    figures: Sequence[Figure],
    provenance_data: Mapping[str, Any],
    command: Sequence[str],
    texts: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write an analysis: each table as Parquet and CSV, each figure as SVG and PNG, and what made them as JSON.

    Parameters
    ----------
    folder : Path
        Made where it is not there. What an analysis of the same name left in it is replaced.
    name : str
        With which all files begin; where it is empty, what made them is in manifest.json.
    tables : mapping of str to (DataFrame, columns)
        By the rest of their names; columns with their meanings.
    figures : sequence of Figure
    provenance_data : mapping
        What is analysed and what must be known to read it.
    command : sequence of str
        What was typed.
    texts : mapping of str to str, optional
        Other files, by name.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        Where the folder cannot be used or writing fails.
    """
    check_results_folder(folder, {}, (), overwrite=True)
    with FigureRenderer() as studio:
        studio.submit(figures)
        drawings = studio.collect()
    kept_in = f"{name}.json" if name else MANIFEST
    with replace_atomically(folder, listed_analysis_files(folder / kept_in), replacing=True) as new:
        for rest, (table, meanings) in tables.items():
            kept = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
            write_table(with_column_metadata(kept, dict(meanings)), new, name + rest, csv=True)
        for one in drawings:
            (new / f"{one.figure.name}.svg").write_text(one.svg, encoding="utf-8")
            (new / f"{one.figure.name}.png").write_bytes(one.png)
        for file, text in (texts or {}).items():
            (new / file).write_text(text, encoding="utf-8")
        names = sorted([kept_in, *(path.name for path in new.iterdir())])
        pictures = {one.name: describe_figure(one) for one in figures}
        data = {**provenance_data, "pictures": pictures, "files": names, **provenance(command, ())}
        (new / kept_in).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [folder / name for name in names]


def describe_figure(figure: Figure) -> str:
    """Return a picture in words."""
    return f"{figure.alt} {figure.note}".strip()
