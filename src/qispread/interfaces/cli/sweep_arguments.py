"""What commands that read results are given, and how they show parameters."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli import terminal

if TYPE_CHECKING:
    from rich.table import Table

    from qispread.runs.sweep.sweep_reader import Sweep


def open_sweep(source: str) -> "Sweep":
    """Return the sweep in a folder, or that of an experiment file in its usual folder.

    Raises
    ------
    InputError
        Where there is none.
    """
    from qispread.runs.sweep.load_experiment import load_experiment
    from qispread.runs.sweep.sweep_reader import read_sweep
    from qispread.runs.sweep.sweep_store import default_folder

    path = Path(source)
    return read_sweep(default_folder(load_experiment(path)) if path.suffix in {".yaml", ".yml"} else path)


def sweep_provenance(sweep: "Sweep") -> dict[str, Any]:
    """Return which runs an analysis of a sweep has read."""
    status = sweep.status
    return {
        "sweep": sweep.store.run_id_prefix,
        "runs": {"all": status.runs, "done": status.completed, "failed": status.failed, "left": status.pending},
    }


def unfinished_note(sweep: "Sweep") -> tuple[str, ...]:
    """Return a note where runs of a sweep are still missing."""
    # Of all runs: those that were never wanted are missing too.
    status, every = sweep.status, sweep.store.runs
    left = every - status.completed - status.failed
    return (f"the sweep is not finished: {left:,} of {every:,} runs not made yet",) if left else ()


def path_table(title: str, headings: Iterable[str]) -> "Table":
    """Return an empty table whose first column is of paths, which are folded where they are too long and never cut."""
    table = terminal.create_table(title, headings)
    table.columns[0].overflow = "fold"
    return table
