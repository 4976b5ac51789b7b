"""Any run of a sweep again, alone: from its name to the same numbers, with its events, on either engine."""

import re
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.model.engines.simulation import Engine, ReplicateRun, Runs, run_replicate
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
        For the name of a run that the sweep has not.
    """
    found = RUN_ID.fullmatch(run_id)
    points, replicates = len(sweep.points), sweep.experiment.replicates
    stem = sweep.store.run_id_prefix
    if found and found["stem"] == stem and int(found["point"]) < points and int(found["replicate"]) < replicates:
        return int(found["point"]), int(found["replicate"])
    known = f"{stem}-000000-00000 to {stem}-{points - 1:06d}-{replicates - 1:05d}"
    raise InputError([Fault("--run", f"no run is called '{run_id}'; they are called {known}", str(sweep.folder))])


def point_scenario(sweep: Sweep, point: int) -> Scenario:
    """Return the scenario of a point."""
    experiment = sweep.experiment
    numbers = sweep.design().numbers[point].tolist()
    values = {one.path: one.value(number) for one, number in zip(experiment.resolved_factors, numbers, strict=True)}
    return experiment.scenario.replace(values)


@argument_checks.validate_arguments(
    sweep=argument_checks.instance_check((Sweep, str, PathLike), "a Sweep, or its folder"),
    run_id=argument_checks.check_text,
    engine=argument_checks.engine,
    keep_events=argument_checks.check_flag,
)
def rerun(sweep: Sweep | str | Path, run_id: str, *, engine: Engine = "kernel", keep_events: bool = False) -> Runs:
    """Run one run of a sweep again.

    Parameters
    ----------
    sweep : Sweep, str or Path
    run_id : str
        As the tables have it.
    engine : {"kernel", "mesa"}
        Both give the same bytes.
    keep_events : bool
        Whether to keep what happened and why.

    Returns
    -------
    Runs
        Of one replicate, with the scenario of its point.

    Raises
    ------
    InputError
        For the name of a run that the sweep has not.
    """
    found = sweep if isinstance(sweep, Sweep) else Sweep(sweep)
    point, replicate = parse_run_id(found, run_id)
    scenario = point_scenario(found, point).replace(replicates=1)
    return Runs(scenario, [run_replicate(prepare_scenario(scenario), replicate, engine, keep_events=keep_events)])


def environment_changes(sweep: Sweep, run_id: str) -> list[EnvironmentChange]:
    """Return how code and libraries differ from those with which a run of a sweep was made, or would have been."""
    point, replicate = parse_run_id(sweep, run_id)
    order = sweep.order()
    written = sweep.store.part_records.get(order.position_of(point, replicate) // order.part_runs)
    now, held = environment(), read_identity(sweep.store.manifest)
    before = {name: one for name, one in held.items() if name in now}
    known = sweep.store.environments
    if written is not None and written.environment < len(known):
        before["libraries"] = known[written.environment]
    return compare_identities(before, now)


def stored_row(sweep: Sweep, run_id: str) -> dict[str, Any] | None:
    """Return the row of a run in the tables, or None where it has not been run yet."""
    point, replicate = parse_run_id(sweep, run_id)
    order = sweep.order()
    part, place = divmod(order.position_of(point, replicate), order.part_runs)
    if part not in sweep.parts:
        return None
    row: dict[str, Any] = sweep.read_part(PARTS_FOLDER, part).slice(place, 1).to_pylist()[0]
    return row


def differing_columns(sweep: Sweep, run_id: str, run: ReplicateRun) -> list[str] | None:
    """Return the columns in which a run differs by any bit from its row in the tables; None where it has none."""
    row = stored_row(sweep, run_id)
    if row is None:
        return None
    if run.error or row["error"]:
        return [] if run.error == row["error"] else ["error"]
    columns = build_final_columns(sweep.experiment).items()
    return [name for name, (place, column) in columns if not same_number(row[name], run.measures[-1, place, column])]


def same_number(first: float, second: float) -> bool:
    """Return whether two numbers are the same; two that are none are."""
    return np.float64(first).tobytes() == np.float64(second).tobytes()
