"""Shared by the commands that analyse sweeps: opening a sweep, its provenance, tables of parameter paths."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli import terminal

if TYPE_CHECKING:
    from rich.table import Table

    from qispread.runs.sweep.sweep_reader import Sweep


def open_sweep(source: str) -> "Sweep":
    """Open the sweep in a folder, or that of an experiment file in its default folder.

    Raises
    ------
    InputError
        If there is none.
    """
    from qispread.runs.sweep.load_experiment import read_experiment
    from qispread.runs.sweep.sweep_reader import read_sweep
    from qispread.runs.sweep.sweep_store import default_folder

    path = Path(source)
    return read_sweep(default_folder(read_experiment(path)) if path.suffix in {".yaml", ".yml"} else path)


def sweep_provenance(sweep: "Sweep") -> dict[str, Any]:
    """Return the identity of a sweep and the state of its runs, for the record of an analysis."""
    status = sweep.status
    return {
        "sweep": sweep.store.run_id_prefix,
        "runs": {"all": status.runs, "done": status.completed, "failed": status.failed, "left": status.pending},
    }


def unfinished_note(sweep: "Sweep") -> tuple[str, ...]:
    """Return a note if runs of a sweep are pending."""
    # Of all runs: those beyond the requested number of points are pending too.
    status, total = sweep.status, sweep.store.runs
    pending = total - status.completed - status.failed
    return (f"the sweep is unfinished: {pending:,} of {total:,} runs are pending",) if pending else ()


def path_table(title: str, headings: Iterable[str]) -> "Table":
    """Return an empty table whose first column contains paths, which are wrapped and never cut."""
    table = terminal.create_table(title, headings)
    table.columns[0].overflow = "fold"
    return table
