"""The runs of a calibration: an experiment an arm, and what each run shows of each target."""

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.factors import Factor, number_at_path
from qispread.model.measures import MEASURE_NAMES, MEASURES
from qispread.runs.calibration.load_calibration import CalibrationSpec
from qispread.runs.calibration.targets import CalibrationTarget
from qispread.runs.sweep.experiment import AnyDesign, Experiment, LatinHypercubeDesign, OutputSpec, PointsListDesign
from qispread.runs.sweep.factor_validation import explicit_spec
from qispread.runs.sweep.folder_lock import FolderLock
from qispread.runs.sweep.resume import accept_libraries
from qispread.runs.sweep.run_sweep import check_run_count, discard_message, is_complete, sweep
from qispread.runs.sweep.sweep_reader import Sweep
from qispread.runs.sweep.sweep_store import MONTHS_FOLDER, is_sweep, open_store

FloatArray = NDArray[np.float64]
ValueKey = tuple[str, str, str, int]
"""Arm, measure, intervention and month of a number that is read."""
PRIOR_FOLDER, PREDICTIVE_FOLDER = "runs", "predictive"
"""The folders of the sweeps: those from which the posterior is made, and those at its draws."""
DRAWS_HASH_LENGTH = 12
"""Letters by which the sweeps at other draws are told apart."""


@dataclass(frozen=True)
class CalibrationRunOptions:
    """Who does the work, as for `sweep`, and who is told; none of it changes a byte but a timeout."""

    folder: Path
    options: Mapping[str, Any]
    log: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class SimulatedTargets:
    """What runs show.

    Attributes
    ----------
    parameters : array of (runs, parameters) float64
    replicates : array of (runs,) int64
        In which world each run is.
    summaries : array of (runs, targets) float64
        NaN where a run failed or has no such measure.
    failed : int
        Runs that failed in an arm.
    """

    parameters: FloatArray
    replicates: NDArray[np.int64]
    summaries: FloatArray
    failed: int


def build_arm_experiment(plan: CalibrationSpec, arm: str, design: AnyDesign) -> Experiment:
    """Return the experiment of one arm: the same points and worlds in each."""
    calibration, needed = plan.calibration, required_values(plan.calibration.targets)
    names = {key[1] for key in needed if key[0] == arm}
    kept = tuple(name for name in MEASURE_NAMES if name in names)
    each = any(key[2] != POOLED for key in needed if key[0] == arm)
    return Experiment(
        name=f"{calibration.name}-{arm}",
        scenario=plan.arms[arm],
        factors={one.path: explicit_spec(one) for one in plan.factors},
        design=design,
        replicates=calibration.replicates,
        measures=OutputSpec(final=kept[:1], monthly=kept),
        interventions="each" if each else "pooled",
        seed=calibration.seed,
    )


def required_values(targets: Mapping[str, CalibrationTarget]) -> set[ValueKey]:
    """Return every number that targets take."""
    return {
        (arm, measure, intervention_of_target(measure, one), month)
        for one in targets.values()
        for arm in one.arms
        for month in one.months
        for measure in (one.measure, one.multiplied_by)
        if measure in MEASURES
    }


def intervention_of_target(measure: str | None, target: CalibrationTarget) -> str:
    """Return of which intervention a measure of a target is: what belongs to the whole is in the pooled rows."""
    return POOLED if measure in MEASURES and MEASURES[str(measure)].overall else target.intervention


def run_prior(plan: CalibrationSpec, options: CalibrationRunOptions, *, allow_inert: bool) -> SimulatedTargets:
    """Run every arm at points that fill the ranges, or go on with them, and return what they show.

    Parameters
    ----------
    allow_inert : bool
        Whether parameters that change nothing in any arm are wanted all the same.
    """
    design = LatinHypercubeDesign(points=plan.calibration.points)
    return run_arms(plan, design, PRIOR_FOLDER, options, idle=allow_inert)


def run_draws(plan: CalibrationSpec, draws: FloatArray, options: CalibrationRunOptions) -> SimulatedTargets:
    """Run every arm at draws of the posterior, or go on with them, and return what they show."""
    rows = tuple(tuple(row) for row in draws.tolist())
    return run_arms(plan, PointsListDesign(file="posterior", rows=rows), draws_folder(draws), options, idle=True)


def draws_folder(draws: FloatArray) -> str:
    """Return the folder of draws: other draws, such as those of other targets, are another sweep."""
    return f"{PREDICTIVE_FOLDER}-{hashlib.sha256(draws.tobytes()).hexdigest()[:DRAWS_HASH_LENGTH]}"


def find_sweeps(folder: Path) -> list[Sweep]:
    """Return the sweeps of a calibration that have begun: over the whole ranges, then at draws of posteriors.

    Raises
    ------
    InputError
        Where there is none.
    """
    places = [one for name in (PRIOR_FOLDER, f"{PREDICTIVE_FOLDER}-*") for one in sorted(folder.glob(f"{name}/*"))]
    found = [Sweep(one) for one in places if is_sweep(one)]
    if not found:
        problem = "holds no runs of a calibration" if folder.is_dir() else "no such folder"
        raise InputError([Fault("", problem, str(folder))])
    return found


def describe_missing_sweeps(plan: CalibrationSpec | None, folder: Path, started: Sequence[Sweep]) -> list[str]:
    """Return what has not begun of a calibration, in words; of the runs of its arms where its plan is known."""
    there = {one.folder for one in started}
    left = [
        str(folder / PRIOR_FOLDER / arm)
        for arm in (plan.arms if plan else ())
        if folder / PRIOR_FOLDER / arm not in there
    ]
    drawn = any(one.folder.parent.name.startswith(PREDICTIVE_FOLDER) for one in started)
    return left if drawn else [*left, f"{folder}, draws of the posterior"]


def remove_older_draws(plan: CalibrationSpec, draws: FloatArray, folder: Path) -> None:
    """Remove the sweeps of other draws from the folder of a calibration, where they are ours and nobody's else."""
    for one in sorted(folder.glob(f"{PREDICTIVE_FOLDER}-*")):
        right = (
            re.fullmatch(rf"{PREDICTIVE_FOLDER}-[0-9a-f]{{{DRAWS_HASH_LENGTH}}}", one.name)
            and one.is_dir()
            and not one.is_symlink()
        )
        if (
            right
            and one.name != draws_folder(draws)
            and all(is_calibration_sweep(plan, inside) for inside in one.iterdir())
        ):
            shutil.rmtree(one)


def is_calibration_sweep(plan: CalibrationSpec, folder: Path) -> bool:
    """Return whether a folder holds a sweep of a calibration of this name, which nobody runs just now."""
    try:
        if not is_sweep(folder):
            return False
        with FolderLock(folder):
            return Sweep(folder).experiment.name == f"{plan.calibration.name}-{folder.name}"
    except InputError:
        return False


def run_arms(
    plan: CalibrationSpec, design: AnyDesign, folder_name: str, options: CalibrationRunOptions, *, idle: bool
) -> SimulatedTargets:
    """Run every arm of a design and return what the runs show."""
    experiments = {arm: build_arm_experiment(plan, arm, design) for arm in plan.arms}
    for experiment in experiments.values():
        check_run_count(experiment, yes=bool(options.options.get("confirmed")), repetitions=1)
    if not idle:
        check_inert_everywhere(experiments, options)
    check_libraries(experiments, folder_name, options)
    read: dict[ValueKey, FloatArray] = {}
    needed, failed = required_values(plan.calibration.targets), 0
    for arm, experiment in experiments.items():
        notes: list[str] = []
        options.log(f"{folder_name}, {arm}:")
        found = sweep(
            experiment,
            options.folder / folder_name / arm,
            **{**options.options, "confirmed": True, "log": notes.append},
            repetitions=1,
        )
        for note in notes:
            if not note.startswith("note: factors."):
                options.log(note)
        failed += count_failed(found)
        read |= read_values(found, {key for key in needed if key[0] == arm})
    order = found.order()
    points, worlds = order.runs_at(np.arange(order.points.size))
    numbers = found.design().numbers[points]
    return SimulatedTargets(numbers, worlds, compute_summaries(plan, numbers, read), failed)


def check_libraries(experiments: Mapping[str, Experiment], where: str, doing: CalibrationRunOptions) -> None:
    """Refuse to go on with runs that were made with other libraries unless that is wanted, before anything is run."""
    for arm in experiments:
        place = doing.folder / where / arm
        if not is_sweep(place):
            continue
        store = open_store(place)
        if not is_complete(store, retry_failed=bool(doing.options.get("retry_failed")), repetitions=1):
            accept_libraries(store, discard_message, yes=bool(doing.options.get("confirmed")))


def count_failed(found: Sweep) -> int:
    """Return how many runs of the first pass failed."""
    order, failed = found.order(), 0
    for part, one in found.store.part_records.items():
        if one.failed:
            failed += int((order.part_positions(part).start + found.failed_positions(part) < order.points.size).sum())
    return failed


def check_inert_everywhere(experiments: Mapping[str, Experiment], options: CalibrationRunOptions) -> None:
    """Refuse parameters that change nothing in any arm, before anything is run."""
    from qispread.runs.sweep.designs import build_points
    from qispread.runs.sweep.preflight import find_inert_factors

    if all(is_sweep(options.folder / PRIOR_FOLDER / arm) for arm in experiments):
        return
    idle = [
        set(find_inert_factors(experiment, build_points(experiment).numbers, options.options.get("timeout")))
        for experiment in experiments.values()
    ]
    everywhere = sorted(set.intersection(*idle), key=str)
    if everywhere and not options.options.get("confirmed"):
        named = [one.path.replace("factors.", "parameters.", 1) for one in everywhere]
        because = [f"{one.problem}; leave it out, or give --yes" for one in everywhere]
        raise InputError(map(Fault, named, because))


def read_values(found: Sweep, keys: set[ValueKey]) -> dict[ValueKey, FloatArray]:
    """Return the numbers of a sweep that are needed, each as an array of (runs,) in the order of the first pass."""
    order, months = found.order(), found.experiment.scenario.horizon + 1
    rows, runs = found.experiment.intervention_rows, order.points.size
    read = {key: np.full(runs, np.nan) for key in keys}
    measures = sorted({key[1] for key in keys})
    for part in found.parts:
        places = np.array(order.part_positions(part))
        kept = places < runs
        if not kept.any():
            continue
        table = found.read_part(MONTHS_FOLDER, part, measures)
        columns = {name: table[name].to_numpy().reshape(-1, months, len(rows)) for name in measures}
        for key in keys:
            _, measure, intervention, month = key
            read[key][places[kept]] = columns[measure][kept, month, rows.index(intervention)]
    return read


def compute_summaries(plan: CalibrationSpec, numbers: FloatArray, read: Mapping[ValueKey, FloatArray]) -> FloatArray:
    """Return what each run shows of each target, of (runs, targets)."""
    columns = [target_summary(one, plan, numbers, read) for one in plan.calibration.targets.values()]
    return np.column_stack(columns)


def target_summary(
    target: CalibrationTarget, plan: CalibrationSpec, numbers: FloatArray, read: Mapping[ValueKey, FloatArray]
) -> FloatArray:
    """Return what each run shows of one target."""
    now = target_level(target, target.arm, target.month, plan, numbers, read)
    if target.compared_with_month is None and target.against is None:
        return now
    before = target_level(
        target,
        target.against or target.arm,
        target.month if target.compared_with_month is None else target.compared_with_month,
        plan,
        numbers,
        read,
    )
    if target.compare == "change":
        return now - before
    return np.asarray(np.divide(now, before, out=np.full(len(now), np.nan), where=before != 0.0))


def target_level(
    target: CalibrationTarget,
    arm: str,
    month: int,
    plan: CalibrationSpec,
    numbers: FloatArray,
    read: Mapping[ValueKey, FloatArray],
) -> FloatArray:
    """Return the measure of a target in an arm and month, times what it is multiplied by."""
    found = read[arm, target.measure, intervention_of_target(target.measure, target), month]
    if target.multiplied_by is None:
        return found
    if target.multiplied_by in MEASURES:
        return found * read[arm, target.multiplied_by, intervention_of_target(target.multiplied_by, target), month]
    return found * parameter_values(target.multiplied_by, plan.factors, numbers, plan, arm)


def parameter_values(
    path: str, factors: Sequence[Factor], numbers: FloatArray, plan: CalibrationSpec, arm: str
) -> FloatArray | float:
    """Return a number of the scenario in each run: that of the point where it is calibrated, else that of the arm."""
    paths = [factor.path for factor in factors]
    return numbers[:, paths.index(path)] if path in paths else number_at_path(plan.arms[arm], path)
