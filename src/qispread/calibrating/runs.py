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

from qispread.calibrating.load import Plan
from qispread.calibrating.targets import Target
from qispread.config.cross import POOLED
from qispread.config.factors import Factor, value_at
from qispread.config.faults import Fault, InputError
from qispread.measures import MEASURES, NAMES
from qispread.sweeping.experiment import AnyDesign, Experiment, Kept, LatinHypercube, PointsFile
from qispread.sweeping.lock import FolderLock
from qispread.sweeping.reading import Sweep
from qispread.sweeping.resuming import accept_libraries
from qispread.sweeping.running import nothing_left, refuse_many, silent, sweep
from qispread.sweeping.store import MONTHS, is_sweep, open_store
from qispread.sweeping.varying import explicit

Numbers = NDArray[np.float64]
Key = tuple[str, str, str, int]
"""Arm, measure, intervention and month of a number that is read."""
RUNS, AGAIN = "runs", "predictive"
"""The folders of the sweeps: those from which the posterior is made, and those at its draws."""
MARK = 12
"""Letters by which the sweeps at other draws are told apart."""


@dataclass(frozen=True)
class Doing:
    """Who does the work, as for `sweep`, and who is told; none of it changes a byte but a timeout."""

    folder: Path
    options: Mapping[str, Any]
    say: Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Shown:
    """What runs show.

    Attributes
    ----------
    parameters : array of (runs, parameters) float64
    worlds : array of (runs,) int64
        In which world each run is.
    summaries : array of (runs, targets) float64
        NaN where a run failed or has no such measure.
    failed : int
        Runs that failed in an arm.
    """

    parameters: Numbers
    worlds: NDArray[np.int64]
    summaries: Numbers
    failed: int


def experiment_of(plan: Plan, arm: str, design: AnyDesign) -> Experiment:
    """Return the experiment of one arm: the same points and worlds in each."""
    calibration, needed = plan.calibration, keys_of(plan.calibration.targets)
    names = {key[1] for key in needed if key[0] == arm}
    kept = tuple(name for name in NAMES if name in names)
    each = any(key[2] != POOLED for key in needed if key[0] == arm)
    return Experiment(
        name=f"{calibration.name}-{arm}",
        scenario=plan.arms[arm],
        factors={one.path: explicit(one) for one in plan.factors},
        design=design,
        replicates=calibration.replicates,
        measures=Kept(final=kept[:1], monthly=kept),
        interventions="each" if each else "pooled",
        seed=calibration.seed,
    )


def keys_of(targets: Mapping[str, Target]) -> set[Key]:
    """Return every number that targets take."""
    return {
        (arm, measure, whose(measure, one), month)
        for one in targets.values()
        for arm in one.arms
        for month in one.months
        for measure in (one.measure, one.times)
        if measure in MEASURES
    }


def whose(measure: str | None, one: Target) -> str:
    """Return of which intervention a measure of a target is: what belongs to the whole is in the pooled rows."""
    return POOLED if measure in MEASURES and MEASURES[str(measure)].overall else one.intervention


def run_all(plan: Plan, doing: Doing, *, idle: bool) -> Shown:
    """Run every arm at points that fill the ranges, or go on with them, and return what they show.

    Parameters
    ----------
    idle : bool
        Whether parameters that change nothing in any arm are wanted all the same.
    """
    design = LatinHypercube(points=plan.calibration.points)
    return shown_in(plan, design, RUNS, doing, idle=idle)


def run_draws(plan: Plan, draws: Numbers, doing: Doing) -> Shown:
    """Run every arm at draws of the posterior, or go on with them, and return what they show."""
    rows = tuple(tuple(row) for row in draws.tolist())
    return shown_in(plan, PointsFile(file="posterior", rows=rows), draws_folder(draws), doing, idle=True)


def draws_folder(draws: Numbers) -> str:
    """Return the folder of draws: other draws, such as those of other targets, are another sweep."""
    return f"{AGAIN}-{hashlib.sha256(draws.tobytes()).hexdigest()[:MARK]}"


def sweeps_in(folder: Path) -> list[Sweep]:
    """Return the sweeps of a calibration that have begun: over the whole ranges, then at draws of posteriors.

    Raises
    ------
    InputError
        Where there is none.
    """
    places = [one for name in (RUNS, f"{AGAIN}-*") for one in sorted(folder.glob(f"{name}/*"))]
    found = [Sweep(one) for one in places if is_sweep(one)]
    if not found:
        problem = "holds no runs of a calibration" if folder.is_dir() else "no such folder"
        raise InputError([Fault("", problem, str(folder))])
    return found


def not_begun(plan: Plan | None, folder: Path, begun: Sequence[Sweep]) -> list[str]:
    """Return what has not begun of a calibration, in words; of the runs of its arms where its plan is known."""
    there = {one.folder for one in begun}
    left = [str(folder / RUNS / arm) for arm in (plan.arms if plan else ()) if folder / RUNS / arm not in there]
    drawn = any(one.folder.parent.name.startswith(AGAIN) for one in begun)
    return left if drawn else [*left, f"{folder}, draws of the posterior"]


def remove_older_draws(plan: Plan, draws: Numbers, folder: Path) -> None:
    """Remove the sweeps of other draws from the folder of a calibration, where they are ours and nobody's else."""
    for one in sorted(folder.glob(f"{AGAIN}-*")):
        right = re.fullmatch(rf"{AGAIN}-[0-9a-f]{{{MARK}}}", one.name) and one.is_dir() and not one.is_symlink()
        if right and one.name != draws_folder(draws) and all(of_calibration(plan, inside) for inside in one.iterdir()):
            shutil.rmtree(one)


def of_calibration(plan: Plan, folder: Path) -> bool:
    """Return whether a folder holds a sweep of a calibration of this name, which nobody runs just now."""
    try:
        if not is_sweep(folder):
            return False
        with FolderLock(folder):
            return Sweep(folder).experiment.name == f"{plan.calibration.name}-{folder.name}"
    except InputError:
        return False


def shown_in(plan: Plan, design: AnyDesign, where: str, doing: Doing, *, idle: bool) -> Shown:
    """Run every arm of a design and return what the runs show."""
    experiments = {arm: experiment_of(plan, arm, design) for arm in plan.arms}
    for experiment in experiments.values():
        refuse_many(experiment, yes=bool(doing.options.get("yes")), passes=1)
    if not idle:
        refuse_idle_everywhere(experiments, doing)
    refuse_other_libraries(experiments, where, doing)
    read: dict[Key, Numbers] = {}
    needed, failed = keys_of(plan.calibration.targets), 0
    for arm, experiment in experiments.items():
        notes: list[str] = []
        doing.say(f"{where}, {arm}:")
        found = sweep(
            experiment, doing.folder / where / arm, **{**doing.options, "yes": True, "say": notes.append}, passes=1
        )
        for note in notes:
            if not note.startswith("note: factors."):
                doing.say(note)
        failed += failed_in(found)
        read |= read_keys(found, {key for key in needed if key[0] == arm})
    order = found.order()
    points, worlds = order.at(np.arange(order.points.size))
    numbers = found.design().numbers[points]
    return Shown(numbers, worlds, summaries_of(plan, numbers, read), failed)


def refuse_other_libraries(experiments: Mapping[str, Experiment], where: str, doing: Doing) -> None:
    """Refuse to go on with runs that were made with other libraries unless that is wanted, before anything is run."""
    for arm in experiments:
        place = doing.folder / where / arm
        if not is_sweep(place):
            continue
        store = open_store(place)
        if not nothing_left(store, retry_failed=bool(doing.options.get("retry_failed")), passes=1):
            accept_libraries(store, silent, yes=bool(doing.options.get("yes")))


def failed_in(found: Sweep) -> int:
    """Return how many runs of the first pass failed."""
    order, failed = found.order(), 0
    for part, one in found.store.written.items():
        if one.failed:
            failed += int((order.part(part).start + found.failed_places(part) < order.points.size).sum())
    return failed


def refuse_idle_everywhere(experiments: Mapping[str, Experiment], doing: Doing) -> None:
    """Refuse parameters that change nothing in any arm, before anything is run."""
    from qispread.sweeping.design import points_of
    from qispread.sweeping.trying import idle_factors

    if all(is_sweep(doing.folder / RUNS / arm) for arm in experiments):
        return
    idle = [
        set(idle_factors(experiment, points_of(experiment).numbers, doing.options.get("timeout")))
        for experiment in experiments.values()
    ]
    everywhere = sorted(set.intersection(*idle), key=str)
    if everywhere and not doing.options.get("yes"):
        named = [one.where.replace("factors.", "parameters.", 1) for one in everywhere]
        because = [f"{one.problem}; leave it out, or give --yes" for one in everywhere]
        raise InputError(map(Fault, named, because))


def read_keys(found: Sweep, keys: set[Key]) -> dict[Key, Numbers]:
    """Return the numbers of a sweep that are needed, each as an array of (runs,) in the order of the first pass."""
    order, months = found.order(), found.experiment.scenario.horizon + 1
    rows, runs = found.experiment.rows, order.points.size
    read = {key: np.full(runs, np.nan) for key in keys}
    measures = sorted({key[1] for key in keys})
    for part in found.parts:
        places = np.array(order.part(part))
        kept = places < runs
        if not kept.any():
            continue
        table = found.read(MONTHS, part, measures)
        columns = {name: table[name].to_numpy().reshape(-1, months, len(rows)) for name in measures}
        for key in keys:
            _, measure, intervention, month = key
            read[key][places[kept]] = columns[measure][kept, month, rows.index(intervention)]
    return read


def summaries_of(plan: Plan, numbers: Numbers, read: Mapping[Key, Numbers]) -> Numbers:
    """Return what each run shows of each target, of (runs, targets)."""
    columns = [summary(one, plan, numbers, read) for one in plan.calibration.targets.values()]
    return np.column_stack(columns)


def summary(one: Target, plan: Plan, numbers: Numbers, read: Mapping[Key, Numbers]) -> Numbers:
    """Return what each run shows of one target."""
    now = level(one, one.arm, one.month, plan, numbers, read)
    if one.since is None and one.against is None:
        return now
    before = level(one, one.against or one.arm, one.month if one.since is None else one.since, plan, numbers, read)
    if one.compare == "change":
        return now - before
    return np.asarray(np.divide(now, before, out=np.full(len(now), np.nan), where=before != 0.0))


def level(one: Target, arm: str, month: int, plan: Plan, numbers: Numbers, read: Mapping[Key, Numbers]) -> Numbers:
    """Return the measure of a target in an arm and month, times what it is multiplied by."""
    found = read[arm, one.measure, whose(one.measure, one), month]
    if one.times is None:
        return found
    if one.times in MEASURES:
        return found * read[arm, one.times, whose(one.times, one), month]
    return found * numbers_at(one.times, plan.factors, numbers, plan, arm)


def numbers_at(path: str, factors: Sequence[Factor], numbers: Numbers, plan: Plan, arm: str) -> Numbers | float:
    """Return a number of the scenario in each run: that of the point where it is calibrated, else that of the arm."""
    paths = [factor.path for factor in factors]
    return numbers[:, paths.index(path)] if path in paths else value_at(plan.arms[arm], path)
