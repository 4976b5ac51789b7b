"""Save an analysis beside the results: tables, charts and provenance."""

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
    """Write an analysis: each table as Parquet and CSV, each figure as SVG and PNG, and the provenance as JSON.

    Parameters
    ----------
    folder : Path
        Created where it does not exist. Files of an earlier analysis of the same name are replaced.
    name : str
        Prefix of all files; where it is empty, the provenance is in manifest.json.
    tables : mapping of str to (DataFrame, columns)
        By the remainder of their file names; columns with their meanings.
    figures : sequence of Figure
    provenance_data : mapping
        What is analysed, and notes on how to read it.
    command : sequence of str
        The command line.
    texts : mapping of str to str, optional
        Other files, by name.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        Where the folder cannot be used or writing fails.
    """
    check_results_folder(folder, {}, (), overwrite=True)
    with FigureRenderer() as renderer:
        renderer.submit(figures)
        drawings = renderer.collect()
    provenance_file = f"{name}.json" if name else MANIFEST
    with replace_atomically(folder, listed_analysis_files(folder / provenance_file), replacing=True) as new:
        for suffix, (table, meanings) in tables.items():
            arrow_table = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
            write_table(with_column_metadata(arrow_table, dict(meanings)), new, name + suffix, csv=True)
        for drawing in drawings:
            (new / f"{drawing.figure.name}.svg").write_text(drawing.svg, encoding="utf-8")
            (new / f"{drawing.figure.name}.png").write_bytes(drawing.png)
        for file, text in (texts or {}).items():
            (new / file).write_text(text, encoding="utf-8")
        names = sorted([provenance_file, *(path.name for path in new.iterdir())])
        pictures = {figure.name: describe_figure(figure) for figure in figures}
        data = {**provenance_data, "pictures": pictures, "files": names, **provenance(command, ())}
        (new / provenance_file).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [folder / name for name in names]


def describe_figure(figure: Figure) -> str:
    """Return the alternative text of a figure with its note."""
    return f"{figure.alt} {figure.note}".strip()
