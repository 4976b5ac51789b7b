"""What a worker does: it is handed some runs of an experiment and hands back what they measured."""

import faulthandler
import os
import pickle
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.network_kinds import CompleteNetwork
from qispread.inputs.scenario import Scenario
from qispread.model.engines.kernel import run_months
from qispread.model.engines.simulation import allocate_measures, completed_run, measure_month_zero, run_kernel
from qispread.model.measures import MEASURE_NAMES, MEASURES
from qispread.model.world.run_inputs import PreparedScenario, initialise_run, prepare_scenario
from qispread.runs.identity import EnvironmentChange, compare_identities, environment
from qispread.runs.sweep.apply_point import PointApplier
from qispread.runs.sweep.designs import FloatArray
from qispread.runs.sweep.experiment import Experiment

KILL_TIMEOUT_FACTOR, KILL_TIMEOUT_SECONDS = 2.0, 5.0
"""After so many times the time that a run may take, and so many seconds, a process that hangs is ended."""
STOPPED_SWEEPS: set[str] = set()
"""Keys of the sweeps of this process that have been stopped: their workers here go no further."""
WORK_BETWEEN_CHECKS = 1_000_000
"""Organisation-months times interventions, some 50 ms, after which a run looks at the clock."""
MAX_ERROR_LENGTH = 500
PAUSE_OF_REFUSAL = 0.5
"""Seconds after which work is refused, so that a worker that refuses does not draw all of it to itself."""


class RunTimeoutError(Exception):
    """A run has taken longer than it may."""


class SweepStoppedError(Exception):
    """The sweep has been stopped."""


class MismatchError(Exception):
    """A worker has other code or other libraries than the sweep whose work it was handed.

    Parameters
    ----------
    worker : str
        Which worker it is.
    process : str
        The process and machine that it is.
    differs : str
        What differs, in words.
    """

    def __init__(self, worker: str, process: str, differs: str) -> None:
        super().__init__(worker, process, differs)
        self.worker, self.process, self.differs = worker, process, differs

    def __str__(self) -> str:
        return f"worker {self.worker} has {self.differs}"


class OutputColumns(NamedTuple):
    """Where the measures that are kept stand among all: rows are interventions, columns measures."""

    rows: list[int]
    final: list[tuple[int, int]]
    monthly: list[int]


def row_indices(experiment: Experiment) -> dict[str, int]:
    """Return, by intervention, the place of its row in an array of measures; the pooled row stands last there."""
    places = {name: place for place, name in enumerate(experiment.scenario.interventions)}
    return {name: places.get(name, len(places)) for name in experiment.intervention_rows}


def build_final_columns(experiment: Experiment) -> dict[str, tuple[int, int]]:
    """Return, by name of the column, row and column of each measure that is kept of the end of a run.

    Those of all interventions together have the measure's name, those of one "measure.intervention".
    """
    pooled, *single = row_indices(experiment).items()
    found = {name: (pooled[1], MEASURE_NAMES.index(name)) for name in experiment.measures.final}
    for intervention, row in single:
        for name in experiment.measures.final:
            if not MEASURES[name].overall:
                found[f"{name}.{intervention}"] = (row, MEASURE_NAMES.index(name))
    return found


@dataclass(frozen=True, eq=False)
class SweepJob:
    """An experiment ready to be run.

    Attributes
    ----------
    key : str
        Of the sweep, under which it can be stopped.
    applier : PointApplier
    columns : OutputColumns
    timeout : float or None
        Seconds that a run may take.
    environment : dict
        The code and the libraries that the sweep is to be run with.
    """

    key: str
    applier: PointApplier
    columns: OutputColumns
    timeout: float | None
    environment: dict[str, Any]


class ChunkOutcome(NamedTuple):
    """What some runs measured.

    Attributes
    ----------
    final : array of (runs, columns) float64
        NaN in the rows of runs that failed.
    months : array of (runs, months, interventions, measures) float64
    errors : dict of int to str
        By place among these runs, why one failed.
    seconds : float
        That all of them took.
    """

    final: NDArray[np.float64]
    months: NDArray[np.float64]
    errors: dict[int, str]
    seconds: float


def pickle_job(experiment: Experiment, timeout: float | None, key: str) -> bytes:
    """Return an experiment as it is sent to workers, with the code and the libraries that they must have.

    The experiment is packed by itself, so that a worker with other code need not understand it to refuse it.
    """
    return pickle.dumps((environment(), pickle.dumps((experiment.model_dump(), timeout, key))))


def check_environment(wanted: Mapping[str, Any]) -> None:
    """Refuse work that is to be done with other code or libraries than this process has.

    Raises
    ------
    MismatchError
        With everything that differs.
    """
    found = compare_identities(wanted, environment())
    if found:
        time.sleep(PAUSE_OF_REFUSAL)
        raise MismatchError(worker_name(), process_name(), describe_mismatch(found))


def describe_mismatch(found: Sequence[EnvironmentChange]) -> str:
    """Return in words what a worker has that whoever hands out the work has not."""
    return ", ".join(f"{one.name} {one.new} (here {one.old})" for one in found)


def process_name() -> str:
    """Return which process this is, and on which machine."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def worker_name() -> str:
    """Return the address of this process as a worker of Dask, or what it is else."""
    distributed = sys.modules.get("distributed")
    if distributed is not None:
        with suppress(ValueError):
            return str(distributed.get_worker().address)
    return process_name()


_LOAD_LOCK = Lock()


@lru_cache(maxsize=4)
def _load_job(payload: bytes) -> SweepJob:
    wanted, inside = pickle.loads(payload)  # noqa: S301 - our own bytes, from our own parent
    check_environment(wanted)
    data, timeout, key = pickle.loads(inside)  # noqa: S301 - the same
    experiment = Experiment.model_validate(data)
    warm_up_compiler()
    columns = OutputColumns(
        rows=list(row_indices(experiment).values()),
        final=list(build_final_columns(experiment).values()),
        monthly=[MEASURE_NAMES.index(name) for name in experiment.measures.monthly],
    )
    return SweepJob(key, PointApplier(experiment.scenario, experiment.resolved_factors), columns, timeout, wanted)


@cache
def warm_up_compiler() -> None:
    """Load what is compiled, by a run of next to nothing, so that no run is charged for it."""
    places = {"organisations.number": 4, "organisations.partnerships": 2, "organisations.regions": 1}
    blueprint = prepare_scenario(Scenario().replace(places, horizon=1, network=CompleteNetwork()))
    plan, state = initialise_run(blueprint, blueprint.world(0))
    run_kernel(plan, state, 1, allocate_measures(blueprint.scenario))


def unpickle_job(payload: bytes) -> SweepJob:
    """Return the job that a parcel holds, unpacked once."""
    with _LOAD_LOCK:
        return _load_job(payload)


def run_chunk(payload: bytes, numbers: FloatArray, replicates: NDArray[np.int64]) -> ChunkOutcome:
    """Run some points, each in one world; a run that fails does not disturb the others.

    Parameters
    ----------
    payload : bytes
        From `pickle_job`.
    numbers : array of (runs, factors)
        The point of each run.
    replicates : array of runs int64
        The world of each run.

    Raises
    ------
    SweepStoppedError
        Where the sweep has been stopped meanwhile.
    MismatchError
        Where this process has other code or libraries than the sweep; then nothing was run.
    """
    job = unpickle_job(payload)
    # Every time: rules can be replaced while a process runs.
    check_environment(job.environment)
    horizon = job.applier.base.scenario.horizon
    count = len(replicates)
    final = np.empty((count, len(job.columns.final)))
    months = np.empty((count, horizon + 1, len(job.columns.rows), len(job.columns.monthly)))
    errors: dict[int, str] = {}
    began = time.perf_counter()
    for place in range(count):
        measured = run_safely(job, numbers[place], int(replicates[place]))
        if isinstance(measured, str):
            errors[place] = measured
            final[place], months[place] = np.nan, np.nan
            continue
        final[place] = [measured[-1, row, column] for row, column in job.columns.final]
        if job.columns.monthly:
            months[place] = measured[:, job.columns.rows][:, :, job.columns.monthly]
    return ChunkOutcome(final, months, errors, time.perf_counter() - began)


def run_safely(job: SweepJob, numbers: FloatArray, replicate: int) -> NDArray[np.float64] | str:
    """Return the measures of a run, or why it failed, whatever that is."""
    try:
        with Watchdog(job.timeout):
            return run_months_until_stopped(job, numbers, replicate)
    except SweepStoppedError:
        raise
    except RunTimeoutError:
        return f"took longer than {job.timeout:g} s"
    except Exception as error:  # noqa: BLE001 - nothing that goes wrong in one run may cost the others
        return f"{type(error).__name__}: {error}"[:MAX_ERROR_LENGTH]


def run_months_until_stopped(job: SweepJob, numbers: FloatArray, replicate: int) -> NDArray[np.float64] | str:
    """Return the measures of a run, of (months, interventions, measures), or why they are no numbers."""
    look = make_cancel_check(job)
    blueprint = job.applier.prepared_scenario(numbers)
    world = job.applier.world(blueprint, replicate)
    look()
    out = allocate_measures(blueprint.scenario)
    plan, state = initialise_run(blueprint, world)
    measure_month_zero(state, out[0])
    horizon, months = blueprint.scenario.horizon, months_between_checks(blueprint)
    for first in range(1, horizon + 1, months):
        look()
        last = min(horizon, first + months - 1)
        run_months(plan, state, first, last, out[first : last + 1])
    look()
    return completed_run(replicate, world.organisations, state, out).error or out


def months_between_checks(blueprint: PreparedScenario) -> int:
    """Return how many months a run lives before it looks at the clock; the cut changes no result."""
    return max(
        1, WORK_BETWEEN_CHECKS // (blueprint.static_world.organisation_count * len(blueprint.scenario.interventions))
    )


def make_cancel_check(job: SweepJob) -> Callable[[], None]:
    """Return what a run calls now and then: it ends the run when its time is over or the sweep is stopped."""
    # The monotonic clock: a change of the time of day moves no deadline.
    deadline = None if job.timeout is None else time.monotonic() + job.timeout

    def look() -> None:
        if job.key in STOPPED_SWEEPS:
            raise SweepStoppedError
        if deadline is not None and time.monotonic() > deadline:
            raise RunTimeoutError

    return look


class Watchdog:
    """Ends a worker process that hangs in a single step, where no look at the clock can; in pools of our own only."""

    enabled = False
    """Whether this process does nothing but our runs, so that it may be ended."""
    null_stream: Any = None
    """Where the words of the watchdog go."""

    def __init__(self, timeout: float | None) -> None:
        self.seconds = (
            None if timeout is None or not Watchdog.enabled else KILL_TIMEOUT_FACTOR * timeout + KILL_TIMEOUT_SECONDS
        )

    def __enter__(self) -> None:
        if self.seconds is not None:
            Watchdog.null_stream = Watchdog.null_stream or Path(os.devnull).open("w", encoding="utf-8")
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=Watchdog.null_stream)

    def __exit__(self, *_: object) -> None:
        if self.seconds is not None:
            faulthandler.cancel_dump_traceback_later()
