"""Saved runs and comparisons, read back as they were: `read_runs(folder)`, `read_comparison(folder)`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.extensions.plugins import SESSION
from qispread.inputs.factors import plausible_factors
from qispread.inputs.load_scenario import read_scenario
from qispread.inputs.scenario import Scenario
from qispread.model.engines.organisation_class import ORGANISATION_CLASS
from qispread.model.engines.run_tables import (
    END_COLUMNS,
    HISTORY_COLUMNS,
    PRACTICE_COLUMNS,
    START_COLUMNS,
    copy_source_names,
)
from qispread.model.engines.simulation import ReplicateRun, Runs
from qispread.model.measures import Measure, scenario_measures
from qispread.model.world.run_inputs import SimulationState, prepare_scenario
from qispread.model.world.state_arrays import (
    COPIED_FROM_NOBODY,
    HISTORY_ROWS,
    ORGANISATION_ROWS,
    PRACTICE_ROWS,
    STAGES,
    VISIBLE_ROWS,
)
from qispread.outputs.results.comparison_results import ComparisonResult
from qispread.outputs.results.former_results import (
    VALUE_COLUMN,
    arm_folder,
    is_former_manifest,
    read_saved_table,
    rename_saved_manifest,
    table_file,
)
from qispread.outputs.results.results_folder import MANIFEST, read_manifest
from qispread.runs.comparison import Comparison
from qispread.runs.comparison.precision import PrecisionTarget
from qispread.runs.comparison.robustness import Robustness

if TYPE_CHECKING:
    import pandas as pd


@argument_checks.validate_arguments(folder=argument_checks.check_path)
def read_runs(folder: str | Path) -> Runs:
    """Read the runs that `write_runs`, `qispread run` or an arm of a comparison has saved.

    Parameters
    ----------
    folder : str or Path
        With ``manifest.json`` and the Parquet tables.

    Returns
    -------
    Runs
        As `simulate` returned them: the same tables, to the last bit. What is in no table (the tuning of practices,
        what peers could see) is NaN.

    Raises
    ------
    InputError
        For a folder that does not hold the results of runs, or a table that is damaged.
    """
    place = Path(folder)
    manifest = read_manifest(place)
    if "comparison" in manifest:
        raise InputError([Fault("", "holds a comparison; needed: a folder of runs; see read_comparison", str(place))])
    return SavedRuns(place, read_scenario(place / MANIFEST), former=is_former_manifest(manifest)).read()


@argument_checks.validate_arguments(folder=argument_checks.check_path)
def read_comparison(folder: str | Path) -> ComparisonResult:
    """Read a comparison that `write_comparison` or `qispread compare` has saved.

    Parameters
    ----------
    folder : str or Path
        With ``manifest.json`` and a folder for each arm.

    Returns
    -------
    ComparisonResult
        With the same tables as were saved: `result.comparison.runs` has the runs of each arm, `result.tables` all
        tables by name.

    Raises
    ------
    InputError
        For a folder that does not hold a comparison, or a table that is damaged.
    """
    place = Path(folder)
    saved = read_manifest(place)
    former = is_former_manifest(saved)
    about = rename_saved_manifest(saved, place / MANIFEST).get("comparison")
    if not isinstance(about, dict):
        raise InputError([Fault("", "holds no comparison; for one scenario see read_runs", str(place))])
    runs = {}
    for arm in about["arms"]:
        home = arm_folder(place, arm, former=former)
        runs[arm] = SavedRuns(home, read_scenario(home / MANIFEST), former=former).read()
    precision = about.get("precision")
    comparison = Comparison(
        runs,
        about["measure"],
        None if precision is None else PrecisionTarget(precision),
        about.get("branch_at"),
        tuple(about.get("factors", ())),
    )
    robustness = read_robustness(place, about, comparison, former=former) if about.get("models") else None
    return ComparisonResult(comparison, robustness, about.get("team_month", 0.0))


def read_robustness(folder: Path, about: dict[str, Any], comparison: Comparison, *, former: bool) -> Robustness:
    """Return what arms achieved in plausible models, from the table of models."""
    table = read_table(table_file(folder, "models", former=former), "models", former=former)
    values = [name for name in table.columns if name.startswith(VALUE_COLUMN)]
    models = table.drop(columns=values)
    factors = plausible_factors(next(iter(comparison.runs.values())).scenario)
    return Robustness(
        comparison.measure,
        tuple(about["ranking"]),
        models,
        table[values].rename(columns=lambda name: name.removeprefix(VALUE_COLUMN)),
        about["model_worlds"],
        [factor for factor in factors if factor.path in models.columns],
        about["models"],
    )


def read_table(path: Path, table: str, columns: Sequence[str] | None = None, *, former: bool) -> "pd.DataFrame":
    """Return a saved table, in the names of now.

    Raises
    ------
    InputError
        Where it is missing, damaged or lacks a column.
    """
    try:
        found = read_saved_table(path, table, columns, former=former)
    except FileNotFoundError:
        raise InputError([Fault("", "is missing from the results", str(path))]) from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError([Fault("", f"cannot be read: {error}", str(path))]) from None
    missing = [name for name in columns or () if name not in found.columns]
    if missing:
        raise InputError([Fault("", f"lacks {', '.join(missing)}", str(path))])
    return found


class SavedRuns:
    """The tables of some runs, from which the runs are made up again.

    Parameters
    ----------
    folder : Path
    scenario : Scenario
    former : bool
        Whether version 0.1 wrote the tables.
    """

    def __init__(self, folder: Path, scenario: Scenario, *, former: bool) -> None:
        self.folder, self.scenario, self.former = folder, scenario, former
        self.interventions = len(scenario.interventions)
        self.ids = prepare_scenario(scenario).static_world.ids
        self.status = self.table("runs", ("run_id", "replicate", "status", "error"))
        self.failed = (self.status["status"] == "failed").to_numpy()

    def table(self, name: str, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """Return one of the tables."""
        return read_table(self.folder / f"{name}.parquet", name, columns, former=self.former)

    def read(self) -> Runs:
        """Return the runs.

        Raises
        ------
        InputError
            Where a table has not as many rows as the runs must have.
        """
        declarations, measures = self.measures()
        states = self.states()
        events, observed = self.events(), self.observed()
        runs = []
        for index, (run_id, replicate, _, error) in enumerate(self.status.itertuples(index=False)):
            initial, final = states[index] if index in states else (np.empty((0, len(self.ids))), None)
            runs.append(
                ReplicateRun(
                    int(replicate),
                    measures[index],
                    initial,
                    final,
                    str(error),
                    events if events is None else events.get(run_id, []),
                    observed.get(run_id, []),
                )
            )
        identity = dict(read_manifest(self.folder).get("identity") or {})
        return Runs(self.scenario, runs, str(identity.get(ORGANISATION_CLASS, "")), declarations)

    def shaped(self, table: str, values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        """Return values as an array of a shape.

        Raises
        ------
        InputError
            Where there are not as many.
        """
        if values.size != np.prod(shape):
            problem = f"has {values.size} rows; needed: {int(np.prod(shape))}"
            raise InputError([Fault("", problem, str(self.folder / f"{table}.parquet"))])
        return values.reshape(shape)

    def measures(self) -> tuple[tuple[Measure, ...], NDArray[np.float64]]:
        """Return the measures in order, and their values: (replicates, months, interventions + 1, measures)."""
        declared = scenario_measures(self.scenario)
        # What this session declares may be younger than the table; a table that lacks another measure is damaged.
        recent = {extension.key for extension in SESSION.extensions}
        table = self.table("months", [measure.name for measure in declared if measure.name not in recent])
        if recent:
            table = self.table("months")
            declared = tuple(measure for measure in declared if measure.name in table.columns)
        shape = (len(self.status), self.scenario.horizon + 1, self.interventions + 1)
        columns = [self.shaped("months", table[measure.name].to_numpy(np.float64), shape) for measure in declared]
        return declared, np.stack(columns, axis=-1)

    def states(self) -> dict[int, tuple[NDArray[np.float64], SimulationState]]:
        """Return the organisations at the start and the state at the end, by index of the runs that did not fail."""
        done = np.flatnonzero(~self.failed)
        table = self.table("organisations")
        shape = (done.size, len(self.ids), self.interventions)

        def rows(column: str) -> NDArray[Any]:
            return self.shaped("organisations", self.numbers(table, column), shape)

        start = np.stack([rows(name)[:, :, 0] for name in START_COLUMNS], axis=1)
        organisations = np.full((done.size, len(ORGANISATION_ROWS), len(self.ids)), np.nan)
        organisations[:, : start.shape[1]] = start
        for name, (row, _) in END_COLUMNS.items():
            organisations[:, ORGANISATION_ROWS.index(row)] = rows(name)[:, :, 0]
        practices = np.full((done.size, self.interventions, len(PRACTICE_ROWS), len(self.ids)), np.nan)
        for name, (row, _) in PRACTICE_COLUMNS.items():
            practices[:, :, PRACTICE_ROWS.index(row)] = rows(name).transpose(0, 2, 1)
        histories = np.zeros((done.size, self.interventions, len(HISTORY_ROWS), len(self.ids)), dtype=np.int64)
        named = {name: row for name, (row, _) in HISTORY_COLUMNS.items()} | {name: name for name in HISTORY_WORDS}
        for name, row in named.items():
            histories[:, :, HISTORY_ROWS.index(row)] = rows(name).transpose(0, 2, 1)
        visible = np.full((self.interventions, len(VISIBLE_ROWS), len(self.ids)), np.nan)
        return {
            int(index): (
                start[place],
                SimulationState(organisations[place], practices[place], histories[place], visible),
            )
            for place, index in enumerate(done)
        }

    def numbers(self, table: "pd.DataFrame", column: str) -> NDArray[Any]:
        """Return a column as numbers, words as the whole numbers that they stand for."""
        if column not in table.columns:
            raise InputError([Fault("", f"lacks {column}", str(self.folder / "organisations.parquet"))])
        if column not in HISTORY_WORDS:
            return table[column].to_numpy()
        words, first = HISTORY_WORDS[column](self.ids)
        by_word = {word: number for number, word in enumerate(words, start=first)}
        return table[column].map(by_word).to_numpy(np.int64)

    def events(self) -> dict[str, list[dict[str, Any]]] | None:
        """Return what happened, by run; None where it was not kept."""
        if not (self.folder / "events.parquet").is_file():
            return None
        events = self.table("events")
        names = [str(name) for name in events.columns if name != "run_id"]
        return {
            str(run_id): [dict(zip(names, row, strict=True)) for row in rows[names].itertuples(index=False, name=None)]
            for run_id, rows in events.groupby("run_id", sort=False)
        }

    def observed(self) -> dict[str, list[NDArray[np.float64]]]:
        """Return the events that organisations observed, by run: an array of (2, n) for each month."""
        if not (self.folder / "observed.parquet").is_file():
            return {}
        columns = ("run_id", "expected", "observed")
        table = self.table("observed", columns)
        found = {}
        for run_id, rows in table.groupby("run_id", sort=False, observed=True):
            shape = (-1, len(self.ids))
            both = [rows[name].to_numpy(np.float64).reshape(shape) for name in columns[1:]]
            found[str(run_id)] = list(np.stack(both, axis=1))
        return found


def stage_words(ids: tuple[str, ...]) -> tuple[list[str], int]:
    """Return the words for stages, and the number of the first."""
    del ids
    return list(STAGES), 0


def source_words(ids: tuple[str, ...]) -> tuple[list[str], int]:
    """Return the words for what was copied, and the number of the first."""
    return copy_source_names(ids), COPIED_FROM_NOBODY


HISTORY_WORDS = {"stage": stage_words, "copied_from": source_words}
"""Columns of words for rows of whole numbers of a practice's history."""
