"""Rerunning a single run of a sweep by name: the same numbers, with its events, on either engine."""

import re
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.model.engines.organisation_class import (
    ORGANISATION_CLASS,
    Engine,
    OrganisationClass,
    check_organisation_class,
    identify_class,
    require_same_class,
    select_engine,
)
from qispread.model.engines.simulation import ReplicateRun, Runs, run_replicate
from qispread.model.world.run_inputs import prepare_scenario
from qispread.runs.identity import EnvironmentChange, compare_identities, environment, read_identity
from qispread.runs.sweep.sweep_reader import Sweep
from qispread.runs.sweep.sweep_store import PARTS_FOLDER
from qispread.runs.sweep.worker import build_final_columns

RUN_ID = re.compile(r"(?P<stem>.+)-(?P<point>\d{6,})-(?P<replicate>\d{5,})")


def parse_run_id(sweep: Sweep, run_id: str) -> tuple[int, int]:
    """Return the point and the replicate of a run.

    Raises
    ------
    InputError
        For the name of a run that is not in the sweep.
    """
    match = RUN_ID.fullmatch(run_id)
    points, replicates = len(sweep.points), sweep.experiment.replicates
    stem = sweep.store.run_id_prefix
    if match and match["stem"] == stem and int(match["point"]) < points and int(match["replicate"]) < replicates:
        return int(match["point"]), int(match["replicate"])
    valid_range = f"{stem}-000000-00000 to {stem}-{points - 1:06d}-{replicates - 1:05d}"
    raise InputError([Fault("--run", f"no run is called '{run_id}'; valid: {valid_range}", str(sweep.folder))])


def point_scenario(sweep: Sweep, point: int) -> Scenario:
    """Return the scenario of a point."""
    experiment = sweep.experiment
    numbers = sweep.design().numbers[point].tolist()
    values = {
        factor.path: factor.value(number) for factor, number in zip(experiment.resolved_factors, numbers, strict=True)
    }
    return experiment.scenario.replace(values)


@argument_checks.validate_arguments(
    sweep=argument_checks.instance_check((Sweep, str, PathLike), "a Sweep, or its folder"),
    run_id=argument_checks.check_text,
    engine=argument_checks.optional_check(argument_checks.engine),
    keep_events=argument_checks.check_flag,
    organisation_class=argument_checks.optional_check(check_organisation_class),
)
def rerun(
    sweep: Sweep | str | Path,
    run_id: str,
    *,
    engine: Engine | None = None,
    keep_events: bool = False,
    organisation_class: OrganisationClass | None = None,
) -> Runs:
    """Rerun one run of a sweep.

    Parameters
    ----------
    sweep : Sweep, str or Path
    run_id : str
        Name of the run in the tables.
    engine : {"kernel", "mesa"}, optional
        Both give identical results; default: "kernel", or "mesa" with an `organisation_class`.
    keep_events : bool
        Whether to keep events with their reasons.
    organisation_class : type, optional
        That of the sweep, if it has one.

    Returns
    -------
    Runs
        One replicate, with the scenario of its point.

    Raises
    ------
    InputError
        For the name of a run that is not in the sweep, and for another class than that of the sweep.
    """
    engine = select_engine(engine, organisation_class)
    opened = sweep if isinstance(sweep, Sweep) else Sweep(sweep)
    point, replicate = parse_run_id(opened, run_id)
    scenario = point_scenario(opened, point).replace(replicates=1)
    recorded = str(read_identity(opened.store.manifest).get(ORGANISATION_CLASS, ""))
    require_same_class(recorded, organisation_class, str(opened.folder))
    run = run_replicate(
        prepare_scenario(scenario), replicate, engine, keep_events=keep_events, organisation_class=organisation_class
    )
    return Runs(scenario, [run], identify_class(organisation_class))


def environment_changes(sweep: Sweep, run_id: str) -> list[EnvironmentChange]:
    """Return how code and libraries differ from those of a run of a sweep, completed or not."""
    point, replicate = parse_run_id(sweep, run_id)
    order = sweep.order()
    record = sweep.store.part_records.get(order.position_of(point, replicate) // order.part_runs)
    current, recorded = environment(), read_identity(sweep.store.manifest)
    previous = {name: value for name, value in recorded.items() if name in current}
    environments = sweep.store.environments
    if record is not None and record.environment < len(environments):
        previous["libraries"] = environments[record.environment]
    return compare_identities(previous, current)


def stored_row(sweep: Sweep, run_id: str) -> dict[str, Any] | None:
    """Return the row of a run in the tables, or None if it has not been run yet."""
    point, replicate = parse_run_id(sweep, run_id)
    order = sweep.order()
    part, row_index = divmod(order.position_of(point, replicate), order.part_runs)
    if part not in sweep.parts:
        return None
    row: dict[str, Any] = sweep.read_part(PARTS_FOLDER, part).slice(row_index, 1).to_pylist()[0]
    return row


def differing_columns(sweep: Sweep, run_id: str, run: ReplicateRun) -> list[str] | None:
    """Return the columns in which a run differs in any bit from its row in the tables; None without a row."""
    row = stored_row(sweep, run_id)
    if row is None:
        return None
    if run.error or row["error"]:
        return [] if run.error == row["error"] else ["error"]
    columns = build_final_columns(sweep.experiment).items()
    return [
        name
        for name, (intervention_row, column) in columns
        if not same_number(row[name], run.measures[-1, intervention_row, column])
    ]


def same_number(first: float, second: float) -> bool:
    """Return whether two numbers are identical; NaN equals NaN."""
    return np.float64(first).tobytes() == np.float64(second).tobytes()
