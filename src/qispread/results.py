"""A folder of results: tables in Parquet, a manifest beside them, written whole or not at all."""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from qispread import __version__
from qispread.analysis.summary import months_summary
from qispread.comparison import BASE, Comparison
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario
from qispread.engines.run import Runs
from qispread.engines.tables import TABLES, tables_of
from qispread.provenance import draws_in_use, provenance

MANIFEST = "manifest.json"
CHRONICLE = "events.txt"
SUMMARY = "summary.csv"
DIFFERENCES = "differences"
OURS = (MANIFEST, CHRONICLE, SUMMARY, *(f"{name}.{kind}" for name in TABLES for kind in ("parquet", "csv")))


def default_folder(scenario: Scenario) -> Path:
    """Return the folder for the results of a scenario: another for every set of parameters, seed or replicates."""
    return Path("results") / f"{scenario.name}-{scenario.fingerprint()}"


def identity(scenario: Scenario) -> dict[str, str]:
    """Return what tells the results of one run from those of another."""
    return {"qispread": __version__, "draws": draws_in_use(), "scenario": scenario.fingerprint()}


def manifest_of(scenario: Scenario, command: Sequence[str]) -> dict[str, Any]:
    """Return what is needed to make the same results again.

    Parameters
    ----------
    scenario : Scenario
        Written out whole, tables included, so that the manifest alone is enough.
    command : sequence of str
        What was typed.
    """
    return {
        "identity": identity(scenario),
        "command": list(command),
        **provenance(),
        "inputs": [{"path": one.path, "sha256": one.sha256} for one in scenario.inputs],
        "scenario": scenario.model_dump(mode="json", exclude_none=True),
    }


def refuse(folder: Path, problem: str) -> InputError:
    """Return the error for an output folder that cannot be used."""
    return InputError([Fault("--out", problem, str(folder))])


def check_folder(folder: Path, scenario: Scenario, *, overwrite: bool = False) -> None:
    """Make sure that results can be written to a folder, before any time is spent on them.

    Raises
    ------
    InputError
        Where it is a file, cannot be written to, or holds the results of another run and `overwrite` is off.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise refuse(folder, "is a file; needed: a folder") from None
    except NotADirectoryError:
        raise refuse(folder, "part of its path is a file") from None
    except OSError as error:
        raise refuse(folder, f"cannot be written to: {error.strerror}") from None
    if not overwrite and any((folder / name).exists() for name in OURS) and not _same_run(folder, scenario):
        raise refuse(folder, "holds the results of another run; choose another folder, or say --overwrite")


def _same_run(folder: Path, scenario: Scenario) -> bool:
    try:
        kept: Any = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(kept["identity"] == identity(scenario))
    except (OSError, ValueError, KeyError, TypeError):
        return False


@contextmanager
def written_whole(folder: Path, *, replacing: bool) -> Iterator[Path]:
    """Give a folder to write to, and move its files into place once all are written, the manifest last.

    When another run is being replaced, its files that were not written again are removed; files that are not ours stay.

    Raises
    ------
    InputError
        Where writing fails, such as on a full disk; then what was there before is still whole.
    """
    changed, new = "nothing was changed", folder / f".writing-{os.getpid()}"
    try:
        new.mkdir()
        yield new
        written = sorted(new.iterdir(), key=lambda path: path.name == MANIFEST)
        for path in written:
            with path.open("r+b") as file:
                os.fsync(file.fileno())
        changed = "its files may be of two runs: run again"
        # Without its manifest a folder cannot be taken for a whole run, should this be interrupted.
        (folder / MANIFEST).unlink(missing_ok=True)
        for path in written:
            path.replace(folder / path.name)
        for name in set(OURS) - {path.name for path in written} if replacing else ():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise refuse(folder, f"could not be written: {error.strerror or error}; {changed}") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def save(
    runs: Runs,
    folder: str | Path | None = None,
    *,
    csv: bool = False,
    overwrite: bool = False,
    command: Sequence[str] | None = None,
) -> list[Path]:
    """Write the tables of some runs and their manifest; the same runs give the same bytes.

    Parameters
    ----------
    runs : Runs
    folder : str or Path, optional
        ``results/NAME-FINGERPRINT`` unless given.
    csv : bool
        Whether to write CSV tables too.
    overwrite : bool
        Whether results of another run may be replaced.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    InputError
        Where the folder cannot be used or writing fails.
    """
    place = Path(folder) if folder is not None else default_folder(runs.scenario)
    check_folder(place, runs.scenario, overwrite=overwrite)
    with written_whole(place, replacing=not _same_run(place, runs.scenario)) as new:
        for name, table in tables_of(runs).items():
            pyarrow.parquet.write_table(table, new / f"{name}.parquet", compression="zstd")
            if csv:
                pyarrow.csv.write_csv(_plain(table), new / f"{name}.csv")
            if name == "events":
                write_chronicle(table, new / CHRONICLE)
        pyarrow.csv.write_csv(_plain(months_summary(runs)), new / SUMMARY)
        manifest = manifest_of(runs.scenario, command if command is not None else sys.argv)
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        names = sorted(path.name for path in new.iterdir())
    return [place / name for name in names]


def comparison_folder(arms: Mapping[str, Scenario]) -> Path:
    """Return the folder for a comparison: another for every set of arms."""
    marks = json.dumps({name: arm.fingerprint() for name, arm in arms.items()})
    return Path("results") / f"compare-{arms[BASE].name}-{hashlib.sha256(marks.encode()).hexdigest()[:12]}"


def check_arms(folder: Path, arms: Mapping[str, Scenario], *, overwrite: bool = False) -> None:
    """Make sure that a comparison can be written to a folder: each arm to one of its own in it.

    Raises
    ------
    InputError
        As `check_folder`, for any arm.
    """
    for name, arm in arms.items():
        check_folder(folder / name, arm, overwrite=overwrite)


def save_comparison(
    comparison: Comparison, folder: str | Path, *, overwrite: bool = False, command: Sequence[str] | None = None
) -> list[Path]:
    """Write a comparison: the differences as Parquet and CSV, and for each arm a folder of its results.

    Returns and raises as `save`.
    """
    place = Path(folder)
    check_arms(place, {name: runs.scenario for name, runs in comparison.runs.items()}, overwrite=overwrite)
    for name, runs in comparison.runs.items():
        save(runs, place / name, overwrite=overwrite, command=command)
    table = pyarrow.Table.from_pandas(comparison.differences, preserve_index=False)
    with written_whole(place, replacing=False) as new:
        pyarrow.parquet.write_table(table, new / f"{DIFFERENCES}.parquet", compression="zstd")
        pyarrow.csv.write_csv(_plain(table), new / f"{DIFFERENCES}.csv")
        names = sorted(path.name for path in new.iterdir())
    return [place / name for name in names]


def write_chronicle(events: Any, path: Path) -> None:
    """Write events as lines to read: month, organisation, intervention, what happened, why."""
    with path.open("w", encoding="utf-8") as file:
        for event in events.to_pylist():
            concerned = f", {event['intervention']}" if event["intervention"] else ""
            where = f"month {event['month']:3d}  {event['organisation'] or 'everywhere'}{concerned}"
            file.write(f"{where}: {event['what']} ({event['why']})\n")


def _plain(table: Any) -> Any:
    """Return a table as CSV can hold it: words as plain text, and nothing where a number has no meaning."""
    fields = [
        (field.name, pyarrow.string() if pyarrow.types.is_dictionary(field.type) else field.type)
        for field in table.schema
    ]
    plain = table.cast(pyarrow.schema(fields))
    for place, field in enumerate(plain.schema):
        if pyarrow.types.is_floating(field.type):
            column = plain.column(place)
            blank = pyarrow.scalar(None, field.type)
            plain = plain.set_column(place, field.name, pyarrow.compute.if_else(column.is_nan(), blank, column))
    return plain
