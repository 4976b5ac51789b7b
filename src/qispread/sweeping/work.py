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

from qispread.config.networks import Complete
from qispread.config.scenario import Scenario
from qispread.engines.kernel import run_months
from qispread.engines.run import empty_measures, finished, measure_start, run_kernel
from qispread.identity import Change, changes, environment
from qispread.measures import MEASURES, NAMES
from qispread.sweeping.changing import Changer
from qispread.sweeping.design import Numbers
from qispread.sweeping.experiment import Experiment
from qispread.world.build import Blueprint, blueprint_of, start_run

HARD_FACTOR, HARD_SECONDS = 2.0, 5.0
"""After so many times the time that a run may take, and so many seconds, a process that hangs is ended."""
STOPPED: set[str] = set()
"""Keys of the sweeps of this process that have been stopped: their workers here go no further."""
WORK_BETWEEN_LOOKS = 1_000_000
"""Organisation-months times interventions, some 50 ms, after which a run looks at the clock."""
MOST_LETTERS = 500
PAUSE_OF_REFUSAL = 0.5
"""Seconds after which work is refused, so that a worker that refuses does not draw all of it to itself."""


class OutOfTimeError(Exception):
    """A run has taken longer than it may."""


class StoppedError(Exception):
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


class Columns(NamedTuple):
    """Where the measures that are kept stand among all: rows are interventions, columns measures."""

    rows: list[int]
    final: list[tuple[int, int]]
    monthly: list[int]


def row_places(experiment: Experiment) -> dict[str, int]:
    """Return, by intervention, the place of its row in an array of measures; the pooled row stands last there."""
    places = {name: place for place, name in enumerate(experiment.scenario.interventions)}
    return {name: places.get(name, len(places)) for name in experiment.rows}


def final_columns(experiment: Experiment) -> dict[str, tuple[int, int]]:
    """Return, by name of the column, row and column of each measure that is kept of the end of a run.

    Those of all interventions together have the measure's name, those of one "measure.intervention".
    """
    pooled, *single = row_places(experiment).items()
    found = {name: (pooled[1], NAMES.index(name)) for name in experiment.measures.final}
    for intervention, row in single:
        for name in experiment.measures.final:
            if not MEASURES[name].overall:
                found[f"{name}.{intervention}"] = (row, NAMES.index(name))
    return found


@dataclass(frozen=True, eq=False)
class Job:
    """An experiment ready to be run.

    Attributes
    ----------
    key : str
        Of the sweep, under which it can be stopped.
    changer : Changer
    columns : Columns
    timeout : float or None
        Seconds that a run may take.
    environment : dict
        The code and the libraries that the sweep is to be run with.
    """

    key: str
    changer: Changer
    columns: Columns
    timeout: float | None
    environment: dict[str, Any]


class Outcome(NamedTuple):
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


def packed(experiment: Experiment, timeout: float | None, key: str) -> bytes:
    """Return an experiment as it is sent to workers, with the code and the libraries that they must have.

    The experiment is packed by itself, so that a worker with other code need not understand it to refuse it.
    """
    return pickle.dumps((environment(), pickle.dumps((experiment.model_dump(), timeout, key))))


def refuse_mismatch(wanted: Mapping[str, Any]) -> None:
    """Refuse work that is to be done with other code or libraries than this process has.

    Raises
    ------
    MismatchError
        With everything that differs.
    """
    found = changes(wanted, environment())
    if found:
        time.sleep(PAUSE_OF_REFUSAL)
        raise MismatchError(name_of_worker(), name_of_process(), differing_words(found))


def differing_words(found: Sequence[Change]) -> str:
    """Return in words what a worker has that whoever hands out the work has not."""
    return ", ".join(f"{one.name} {one.now} (here {one.before})" for one in found)


def name_of_process() -> str:
    """Return which process this is, and on which machine."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def name_of_worker() -> str:
    """Return the address of this process as a worker of Dask, or what it is else."""
    distributed = sys.modules.get("distributed")
    if distributed is not None:
        with suppress(ValueError):
            return str(distributed.get_worker().address)
    return name_of_process()


_LOADING = Lock()


@lru_cache(maxsize=4)
def _job(parcel: bytes) -> Job:
    wanted, inside = pickle.loads(parcel)  # noqa: S301 - our own bytes, from our own parent
    refuse_mismatch(wanted)
    data, timeout, key = pickle.loads(inside)  # noqa: S301 - the same
    experiment = Experiment.model_validate(data)
    get_ready()
    columns = Columns(
        rows=list(row_places(experiment).values()),
        final=list(final_columns(experiment).values()),
        monthly=[NAMES.index(name) for name in experiment.measures.monthly],
    )
    return Job(key, Changer(experiment.scenario, experiment.varied), columns, timeout, wanted)


@cache
def get_ready() -> None:
    """Load what is compiled, by a run of next to nothing, so that no run is charged for it."""
    places = {"organisations.number": 4, "organisations.systems": 2, "organisations.regions": 1}
    blueprint = blueprint_of(Scenario().replace(places, horizon=1, network=Complete()))
    plan, state = start_run(blueprint, blueprint.world(0))
    run_kernel(plan, state, 1, empty_measures(blueprint.scenario))


def job_of(parcel: bytes) -> Job:
    """Return the job that a parcel holds, unpacked once."""
    with _LOADING:
        return _job(parcel)


def run_chunk(parcel: bytes, numbers: Numbers, replicates: NDArray[np.int64]) -> Outcome:
    """Run some points, each in one world; a run that fails does not disturb the others.

    Parameters
    ----------
    parcel : bytes
        From `packed`.
    numbers : array of (runs, factors)
        The point of each run.
    replicates : array of runs int64
        The world of each run.

    Raises
    ------
    StoppedError
        Where the sweep has been stopped meanwhile.
    MismatchError
        Where this process has other code or libraries than the sweep; then nothing was run.
    """
    job = job_of(parcel)
    # Every time: rules can be replaced while a process runs.
    refuse_mismatch(job.environment)
    horizon = job.changer.base.scenario.horizon
    count = len(replicates)
    final = np.empty((count, len(job.columns.final)))
    months = np.empty((count, horizon + 1, len(job.columns.rows), len(job.columns.monthly)))
    errors: dict[int, str] = {}
    began = time.perf_counter()
    for place in range(count):
        measured = guarded(job, numbers[place], int(replicates[place]))
        if isinstance(measured, str):
            errors[place] = measured
            final[place], months[place] = np.nan, np.nan
            continue
        final[place] = [measured[-1, row, column] for row, column in job.columns.final]
        if job.columns.monthly:
            months[place] = measured[:, job.columns.rows][:, :, job.columns.monthly]
    return Outcome(final, months, errors, time.perf_counter() - began)


def guarded(job: Job, numbers: Numbers, replicate: int) -> NDArray[np.float64] | str:
    """Return the measures of a run, or why it failed, whatever that is."""
    try:
        with Watch(job.timeout):
            return lived(job, numbers, replicate)
    except StoppedError:
        raise
    except OutOfTimeError:
        return f"took longer than {job.timeout:g} s"
    except Exception as error:  # noqa: BLE001 - nothing that goes wrong in one run may cost the others
        return f"{type(error).__name__}: {error}"[:MOST_LETTERS]


def lived(job: Job, numbers: Numbers, replicate: int) -> NDArray[np.float64] | str:
    """Return the measures of a run, of (months, interventions, measures), or why they are no numbers."""
    look = looking(job)
    blueprint = job.changer.blueprint(numbers)
    world = job.changer.world(blueprint, replicate)
    look()
    out = empty_measures(blueprint.scenario)
    plan, state = start_run(blueprint, world)
    measure_start(state, out[0])
    horizon, months = blueprint.scenario.horizon, months_between_looks(blueprint)
    for first in range(1, horizon + 1, months):
        look()
        last = min(horizon, first + months - 1)
        run_months(plan, state, first, last, out[first : last + 1])
    look()
    return finished(replicate, world.organisations, state, out).error or out


def months_between_looks(blueprint: Blueprint) -> int:
    """Return how many months a run lives before it looks at the clock; the cut changes no result."""
    return max(1, WORK_BETWEEN_LOOKS // (blueprint.frame.number * len(blueprint.scenario.interventions)))


def looking(job: Job) -> Callable[[], None]:
    """Return what a run calls now and then: it ends the run when its time is over or the sweep is stopped."""
    # The monotonic clock: a change of the time of day moves no deadline.
    deadline = None if job.timeout is None else time.monotonic() + job.timeout

    def look() -> None:
        if job.key in STOPPED:
            raise StoppedError
        if deadline is not None and time.monotonic() > deadline:
            raise OutOfTimeError

    return look


class Watch:
    """Ends a worker process that hangs in a single step, where no look at the clock can; in pools of our own only."""

    alone = False
    """Whether this process does nothing but our runs, so that it may be ended."""
    nowhere: Any = None
    """Where the words of the watchdog go."""

    def __init__(self, timeout: float | None) -> None:
        self.seconds = None if timeout is None or not Watch.alone else HARD_FACTOR * timeout + HARD_SECONDS

    def __enter__(self) -> None:
        if self.seconds is not None:
            Watch.nowhere = Watch.nowhere or Path(os.devnull).open("w", encoding="utf-8")
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=Watch.nowhere)

    def __exit__(self, *_: object) -> None:
        if self.seconds is not None:
            faulthandler.cancel_dump_traceback_later()
