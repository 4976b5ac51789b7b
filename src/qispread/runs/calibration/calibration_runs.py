"""The runs of a calibration: one experiment for each arm, and the summary of each target in each run."""

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
from qispread.model.measures import MEASURES, measure_names
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
"""Arm, measure, intervention and month of a value."""
PRIOR_FOLDER, PREDICTIVE_FOLDER = "runs", "predictive"
"""The folders of sweeps: over the prior, and at draws of the posterior."""
DRAWS_HASH_LENGTH = 12
"""Number of hash characters that distinguish sweeps at different draws."""


@dataclass(frozen=True)
class CalibrationRunOptions:
    """Folder, options of `sweep`, and log of a calibration; only a timeout can change results."""

    folder: Path
    options: Mapping[str, Any]
    log: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class SimulatedTargets:
    """The targets in simulated runs.

    Attributes
    ----------
    parameters : array of (runs, parameters) float64
    replicates : array of (runs,) int64
        Replicate of each run.
    summaries : array of (runs, targets) float64
        Summaries; NaN if a run failed or a measure is undefined.
    failed : int
        Number of runs that failed in an arm.
    """

    parameters: FloatArray
    replicates: NDArray[np.int64]
    summaries: FloatArray
    failed: int


def build_arm_experiment(plan: CalibrationSpec, arm: str, design: AnyDesign) -> Experiment:
    """Return the experiment of one arm, with the same points and replicates in each."""
    calibration, required = plan.calibration, required_values(plan.calibration.targets)
    names = {key[1] for key in required if key[0] == arm}
    measures = tuple(name for name in measure_names(plan.arms[arm]) if name in names)
    has_interventions = any(key[2] != POOLED for key in required if key[0] == arm)
    return Experiment(
        name=f"{calibration.name}-{arm}",
        scenario=plan.arms[arm],
        factors={factor.path: explicit_spec(factor) for factor in plan.factors},
        design=design,
        replicates=calibration.replicates,
        measures=OutputSpec(final=measures[:1], monthly=measures),
        interventions="each" if has_interventions else "pooled",
        seed=calibration.seed,
    )


def required_values(targets: Mapping[str, CalibrationTarget]) -> set[ValueKey]:
    """Return every value that targets need."""
    return {
        (arm, measure, intervention_of_target(measure, target), month)
        for target in targets.values()
        for arm in target.arms
        for month in target.months
        for measure in (target.measure, target.multiplied_by)
        if measure in MEASURES
    }


def intervention_of_target(measure: str | None, target: CalibrationTarget) -> str:
    """Return the intervention of a measure of a target: the pooled rows for overall measures."""
    return POOLED if measure in MEASURES and MEASURES[str(measure)].overall else target.intervention


def run_prior(plan: CalibrationSpec, options: CalibrationRunOptions, *, allow_inert: bool) -> SimulatedTargets:
    """Run every arm at points that cover the prior ranges, resuming earlier runs, and return the targets.

    Parameters
    ----------
    allow_inert : bool
        Whether parameters without effect in any arm are allowed.
    """
    design = LatinHypercubeDesign(points=plan.calibration.points)
    return run_arms(plan, design, PRIOR_FOLDER, options, allow_inert=allow_inert)


def run_draws(plan: CalibrationSpec, draws: FloatArray, options: CalibrationRunOptions) -> SimulatedTargets:
    """Run every arm at draws of the posterior, resuming earlier runs, and return the targets."""
    rows = tuple(tuple(row) for row in draws.tolist())
    return run_arms(plan, PointsListDesign(file="posterior", rows=rows), draws_folder(draws), options, allow_inert=True)


def draws_folder(draws: FloatArray) -> str:
    """Return the folder of draws; other draws, such as for other targets, have another folder."""
    return f"{PREDICTIVE_FOLDER}-{hashlib.sha256(draws.tobytes()).hexdigest()[:DRAWS_HASH_LENGTH]}"


def find_sweeps(folder: Path) -> list[Sweep]:
    """Return the existing sweeps of a calibration: over the prior ranges, then at draws of posteriors.

    Raises
    ------
    InputError
        If there is none.
    """
    folders = [path for name in (PRIOR_FOLDER, f"{PREDICTIVE_FOLDER}-*") for path in sorted(folder.glob(f"{name}/*"))]
    sweeps = [Sweep(path) for path in folders if is_sweep(path)]
    if not sweeps:
        problem = "holds no runs of a calibration" if folder.is_dir() else "no such folder"
        raise InputError([Fault("", problem, str(folder))])
    return sweeps


def describe_missing_sweeps(plan: CalibrationSpec | None, folder: Path, started: Sequence[Sweep]) -> list[str]:
    """Return descriptions of the sweeps of a calibration that do not exist; those of arms only if its plan is known."""
    folders = {sweep.folder for sweep in started}
    missing = [
        str(folder / PRIOR_FOLDER / arm)
        for arm in (plan.arms if plan else ())
        if folder / PRIOR_FOLDER / arm not in folders
    ]
    has_draws = any(sweep.folder.parent.name.startswith(PREDICTIVE_FOLDER) for sweep in started)
    return missing if has_draws else [*missing, f"{folder}, draws of the posterior"]


def remove_older_draws(plan: CalibrationSpec, draws: FloatArray, folder: Path) -> None:
    """Remove the sweeps of other draws from the folder of a calibration, if they are its own."""
    pattern = re.compile(rf"{PREDICTIVE_FOLDER}-[0-9a-f]{{{DRAWS_HASH_LENGTH}}}")
    for folder_path in sorted(folder.glob(f"{PREDICTIVE_FOLDER}-*")):
        if (
            folder_path.name == draws_folder(draws)
            or not pattern.fullmatch(folder_path.name)
            or folder_path.is_symlink()
            or not folder_path.is_dir()
        ):
            continue
        if all(is_calibration_sweep(plan, subfolder) for subfolder in folder_path.iterdir()):
            shutil.rmtree(folder_path)


def is_calibration_sweep(plan: CalibrationSpec, folder: Path) -> bool:
    """Return whether a folder holds a sweep of a calibration with this name that is not running."""
    try:
        if not is_sweep(folder):
            return False
        with FolderLock(folder):
            return Sweep(folder).experiment.name == f"{plan.calibration.name}-{folder.name}"
    except InputError:
        return False


def run_arms(
    plan: CalibrationSpec, design: AnyDesign, folder_name: str, options: CalibrationRunOptions, *, allow_inert: bool
) -> SimulatedTargets:
    """Run every arm of a design and return the targets."""
    experiments = {arm: build_arm_experiment(plan, arm, design) for arm in plan.arms}
    for experiment in experiments.values():
        check_run_count(experiment, yes=bool(options.options.get("confirmed")), repetitions=1)
    if not allow_inert:
        check_inert_everywhere(experiments, options)
    check_libraries(experiments, folder_name, options)
    values: dict[ValueKey, FloatArray] = {}
    required, failed = required_values(plan.calibration.targets), 0
    for arm, experiment in experiments.items():
        notes: list[str] = []
        options.log(f"{folder_name}, {arm}:")
        completed = sweep(
            experiment,
            options.folder / folder_name / arm,
            **{**options.options, "confirmed": True, "log": notes.append},
            repetitions=1,
        )
        for note in notes:
            if not note.startswith("note: factors."):
                options.log(note)
        failed += count_failed(completed)
        values |= read_values(completed, {key for key in required if key[0] == arm})
    order = completed.order()
    points, replicates = order.runs_at(np.arange(order.points.size))
    numbers = completed.design().numbers[points]
    return SimulatedTargets(numbers, replicates, compute_summaries(plan, numbers, values), failed)


def check_libraries(experiments: Mapping[str, Experiment], folder_name: str, options: CalibrationRunOptions) -> None:
    """Raise InputError before any run if earlier runs used other libraries, unless confirmed."""
    for arm in experiments:
        folder = options.folder / folder_name / arm
        if not is_sweep(folder):
            continue
        store = open_store(folder)
        if not is_complete(store, retry_failed=bool(options.options.get("retry_failed")), repetitions=1):
            accept_libraries(store, discard_message, yes=bool(options.options.get("confirmed")))


def count_failed(completed: Sweep) -> int:
    """Return the number of failed runs of the first repetition."""
    order, failed = completed.order(), 0
    for part, record in completed.store.part_records.items():
        if record.failed:
            failed += int(
                (order.part_positions(part).start + completed.failed_positions(part) < order.points.size).sum()
            )
    return failed


def check_inert_everywhere(experiments: Mapping[str, Experiment], options: CalibrationRunOptions) -> None:
    """Raise InputError before any run for parameters without effect in any arm."""
    from qispread.runs.sweep.designs import build_points
    from qispread.runs.sweep.preflight import find_inert_factors

    if all(is_sweep(options.folder / PRIOR_FOLDER / arm) for arm in experiments):
        return
    inert_by_arm = [
        set(find_inert_factors(experiment, build_points(experiment).numbers, options.options.get("timeout")))
        for experiment in experiments.values()
    ]
    inert = sorted(set.intersection(*inert_by_arm), key=str)
    if inert and not options.options.get("confirmed"):
        paths = [fault.path.replace("factors.", "parameters.", 1) for fault in inert]
        problems = [f"{fault.problem}; leave it out, or use --yes" for fault in inert]
        raise InputError(map(Fault, paths, problems))


def read_values(completed: Sweep, keys: set[ValueKey]) -> dict[ValueKey, FloatArray]:
    """Return values of a sweep, each an array of (runs,) in the order of the first repetition."""
    order, months = completed.order(), completed.experiment.scenario.horizon + 1
    rows, runs = completed.experiment.intervention_rows, order.points.size
    values = {key: np.full(runs, np.nan) for key in keys}
    measures = sorted({key[1] for key in keys})
    for part in completed.parts:
        positions = np.array(order.part_positions(part))
        selected = positions < runs
        if not selected.any():
            continue
        table = completed.read_part(MONTHS_FOLDER, part, measures)
        columns = {name: table[name].to_numpy().reshape(-1, months, len(rows)) for name in measures}
        for key in keys:
            _, measure, intervention, month = key
            values[key][positions[selected]] = columns[measure][selected, month, rows.index(intervention)]
    return values


def compute_summaries(plan: CalibrationSpec, numbers: FloatArray, values: Mapping[ValueKey, FloatArray]) -> FloatArray:
    """Return the summary of each target in each run, an array of (runs, targets)."""
    columns = [target_summary(target, plan, numbers, values) for target in plan.calibration.targets.values()]
    return np.column_stack(columns)


def target_summary(
    target: CalibrationTarget, plan: CalibrationSpec, numbers: FloatArray, values: Mapping[ValueKey, FloatArray]
) -> FloatArray:
    """Return the summary of one target in each run."""
    level = target_level(target, target.arm, target.month, plan, numbers, values)
    if target.compared_with_month is None and target.against is None:
        return level
    reference = target_level(
        target,
        target.against or target.arm,
        target.month if target.compared_with_month is None else target.compared_with_month,
        plan,
        numbers,
        values,
    )
    if target.compare == "change":
        return level - reference
    return np.asarray(np.divide(level, reference, out=np.full(len(level), np.nan), where=reference != 0.0))


def target_level(
    target: CalibrationTarget,
    arm: str,
    month: int,
    plan: CalibrationSpec,
    numbers: FloatArray,
    values: Mapping[ValueKey, FloatArray],
) -> FloatArray:
    """Return the measure of a target in an arm and month, times its multiplier."""
    level = values[arm, target.measure, intervention_of_target(target.measure, target), month]
    if target.multiplied_by is None:
        return level
    if target.multiplied_by in MEASURES:
        return level * values[arm, target.multiplied_by, intervention_of_target(target.multiplied_by, target), month]
    return level * parameter_values(target.multiplied_by, plan.factors, numbers, plan, arm)


def parameter_values(
    path: str, factors: Sequence[Factor], numbers: FloatArray, plan: CalibrationSpec, arm: str
) -> FloatArray | float:
    """Return a parameter in each run: from the points if it is calibrated, else from the arm."""
    paths = [factor.path for factor in factors]
    return numbers[:, paths.index(path)] if path in paths else number_at_path(plan.arms[arm], path)
