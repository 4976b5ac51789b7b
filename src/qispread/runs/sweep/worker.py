"""The work of a worker: runs of an experiment in, their measures out."""

import os
import pickle
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import InputError
from qispread.inputs.extensions.plugin_files import PluginParcel, load_parcel, make_parcels
from qispread.inputs.extensions.plugins import scenario_plugins
from qispread.inputs.network_kinds import CompleteNetwork
from qispread.inputs.scenario import Scenario
from qispread.model.engines.composed_model import composed_model
from qispread.model.engines.organisation_class import OrganisationClass, load_reference, refer_to_class
from qispread.model.engines.simulation import allocate_measures, completed_run, run_kernel, run_mesa
from qispread.model.measures import measure_names, scenario_measures
from qispread.model.world.run_inputs import PreparedScenario, initialise_run, prepare_scenario
from qispread.runs.identity import EnvironmentChange, compare_identities, environment
from qispread.runs.sweep.apply_point import PointApplier
from qispread.runs.sweep.designs import FloatArray
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.watchdog import Watchdog

STOPPED_SWEEPS: set[str] = set()
"""Keys of stopped sweeps of this process, whose workers here stop, too."""
WORK_BETWEEN_CHECKS = 1_000_000
"""Organisation-months times interventions, about 50 ms, between checks of the clock."""
MAX_ERROR_LENGTH = 500
PAUSE_OF_REFUSAL = 0.5
"""Seconds before work is refused, so that a refusing worker does not attract all of it."""


class RunTimeoutError(Exception):
    """A run has exceeded its time limit."""


class SweepStoppedError(Exception):
    """The sweep has been stopped."""


class MismatchError(Exception):
    """A worker has other code or libraries than the sweep (decision 67).

    Parameters
    ----------
    worker : str
        Name of the worker.
    process : str
        Process and machine of the worker.
    differs : str
        Description of the differences.
    """

    def __init__(self, worker: str, process: str, differs: str) -> None:
        super().__init__(worker, process, differs)
        self.worker, self.process, self.differs = worker, process, differs

    def __str__(self) -> str:
        return f"worker {self.worker} has {self.differs}"


class OutputColumns(NamedTuple):
    """Indices of the measures that are kept: rows are interventions, columns measures."""

    rows: list[int]
    final: list[tuple[int, int]]
    monthly: list[int]


def row_indices(experiment: Experiment) -> dict[str, int]:
    """Return the row of each intervention in an array of measures; the pooled row is the last."""
    indices = {name: index for index, name in enumerate(experiment.scenario.interventions)}
    return {name: indices.get(name, len(indices)) for name in experiment.intervention_rows}


def build_final_columns(experiment: Experiment) -> dict[str, tuple[int, int]]:
    """Return row and column of each final measure by column name.

    Pooled measures have the name of the measure, those of one intervention "measure.intervention".
    """
    pooled, *single = row_indices(experiment).items()
    measures = scenario_measures(experiment.scenario)
    indices = {measure.name: index for index, measure in enumerate(measures)}
    columns = {name: (pooled[1], indices[name]) for name in experiment.measures.final}
    for intervention, row in single:
        for name in experiment.measures.final:
            if not measures[indices[name]].overall:
                columns[f"{name}.{intervention}"] = (row, indices[name])
    return columns


@dataclass(frozen=True, eq=False)
class SweepJob:
    """An experiment prepared for a worker.

    Attributes
    ----------
    key : str
        Key under which the sweep can be stopped.
    applier : PointApplier
    columns : OutputColumns
    timeout : float or None
        Time limit of a run in seconds.
    environment : dict
        The code and libraries of the sweep.
    organisation_class : type or None
    parcels : sequence of PluginParcel
    """

    key: str
    applier: PointApplier
    columns: OutputColumns
    timeout: float | None
    environment: dict[str, Any]
    organisation_class: OrganisationClass | None = None
    parcels: Sequence[PluginParcel] = ()


class ChunkOutcome(NamedTuple):
    """The results of a chunk of runs.

    Attributes
    ----------
    final : array of (runs, columns) float64
        Final measures; NaN for failed runs.
    months : array of (runs, months, interventions, measures) float64
    errors : dict of int to str
        Reasons of failed runs, by index among these runs.
    seconds : float
        Total time.
    """

    final: NDArray[np.float64]
    months: NDArray[np.float64]
    errors: dict[int, str]
    seconds: float


def pickle_job(experiment: Experiment, timeout: float | None, key: str, *, here: bool = False) -> bytes:
    """Return an experiment pickled for workers, with its plug-ins and the code and libraries that they must have.

    The experiment is pickled separately, so that a worker with other code can refuse it without unpickling it. A class
    of organisations is named: workers import it.

    With `here`, all workers are in this process, which has the plug-ins. Otherwise functions of this session, which
    other processes do not know, raise InputError.
    """
    parcels = [] if here else make_parcels(scenario_plugins(experiment.scenario))
    code = (parcels, refer_to_class(experiment.organisation_class))
    return pickle.dumps((environment(), code, pickle.dumps((experiment.model_dump(), timeout, key))))


def check_environment(expected: Mapping[str, Any]) -> None:
    """Raise MismatchError if this process has other code or libraries than expected.

    Raises
    ------
    MismatchError
        With every difference.
    """
    changes = compare_identities(expected, environment())
    if changes:
        raise mismatch_error(describe_mismatch(changes))


def mismatch_error(differs: str) -> MismatchError:
    """Return, after a pause, the error by which this process refuses work."""
    time.sleep(PAUSE_OF_REFUSAL)
    return MismatchError(worker_name(), process_name(), differs)


def describe_mismatch(changes: Sequence[EnvironmentChange]) -> str:
    """Return a description of how a worker's environment differs from the local one."""
    return ", ".join(f"{change.name} {change.new} (here {change.old})" for change in changes)


def process_name() -> str:
    """Return the id of this process and its machine."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def worker_name() -> str:
    """Return the address of this process as a Dask worker, or its process name."""
    distributed = sys.modules.get("distributed")
    if distributed is not None:
        with suppress(ValueError):
            return str(distributed.get_worker().address)
    return process_name()


_LOAD_LOCK = Lock()


@lru_cache(maxsize=4)
def _load_job(payload: bytes) -> SweepJob:
    expected, (parcels, reference), inner_payload = pickle.loads(payload)  # noqa: S301 - from our own parent
    check_environment(expected)
    load_plugins(parcels)
    try:
        organisation_class = load_reference(reference)
    except ImportError as error:
        raise mismatch_error(str(error)) from None
    data, timeout, key = pickle.loads(inner_payload)  # noqa: S301 - the same
    experiment = Experiment.model_validate(data)
    warm_up_compiler()
    columns = OutputColumns(
        rows=list(row_indices(experiment).values()),
        final=list(build_final_columns(experiment).values()),
        monthly=[measure_names(experiment.scenario).index(name) for name in experiment.measures.monthly],
    )
    applier = PointApplier(experiment.scenario, experiment.resolved_factors)
    return SweepJob(key, applier, columns, timeout, expected, organisation_class, parcels)


def load_plugins(parcels: Sequence[PluginParcel]) -> None:
    """Load the plug-ins of a sweep, or raise MismatchError if one is missing here or differs."""
    try:
        for parcel in parcels:
            load_parcel(parcel)
    except InputError as error:
        raise mismatch_error("; ".join(map(str, error.faults))) from None


@cache
def warm_up_compiler() -> None:
    """Load compiled code with a tiny run, so that its time does not count towards a run."""
    organisations = {"organisations.number": 4, "organisations.partnerships": 2, "organisations.regions": 1}
    prepared = prepare_scenario(Scenario().replace(organisations, horizon=1, network=CompleteNetwork()))
    plan, state = initialise_run(prepared, prepared.world(0))
    run_kernel(plan, state, 1, allocate_measures(prepared.scenario))


def unpickle_job(payload: bytes) -> SweepJob:
    """Return the job in a payload, unpickled once."""
    with _LOAD_LOCK:
        return _load_job(payload)


def run_chunk(payload: bytes, numbers: FloatArray, replicates: NDArray[np.int64]) -> ChunkOutcome:
    """Run some points, each with one replicate; a failed run does not affect others.

    Parameters
    ----------
    payload : bytes
        Result of `pickle_job`.
    numbers : array of (runs, factors)
        The point of each run.
    replicates : array of runs int64
        The replicate of each run.

    Raises
    ------
    SweepStoppedError
        If the sweep has been stopped.
    MismatchError
        If this process has other code or libraries than the sweep; nothing is run.
    """
    job = unpickle_job(payload)
    # On every call, because rules can be replaced, and plug-ins read again, while a process runs.
    check_environment(job.environment)
    load_plugins(job.parcels)
    horizon = job.applier.base.scenario.horizon
    count = len(replicates)
    final = np.empty((count, len(job.columns.final)))
    months = np.empty((count, horizon + 1, len(job.columns.rows), len(job.columns.monthly)))
    errors: dict[int, str] = {}
    start = time.perf_counter()
    for index in range(count):
        measures = run_safely(job, numbers[index], int(replicates[index]))
        if isinstance(measures, str):
            errors[index] = measures
            final[index], months[index] = np.nan, np.nan
            continue
        final[index] = [measures[-1, row, column] for row, column in job.columns.final]
        if job.columns.monthly:
            months[index] = measures[:, job.columns.rows][:, :, job.columns.monthly]
    return ChunkOutcome(final, months, errors, time.perf_counter() - start)


def run_safely(job: SweepJob, numbers: FloatArray, replicate: int) -> NDArray[np.float64] | str:
    """Return the measures of a run, or the reason of its failure."""
    try:
        with Watchdog(job.timeout):
            return run_months_until_stopped(job, numbers, replicate)
    except SweepStoppedError:
        raise
    except RunTimeoutError:
        return f"took longer than {job.timeout:g} s"
    except Exception as error:  # noqa: BLE001 - no failure of one run may affect others
        return composed_model(job.applier.base.scenario).describe_error(error)[:MAX_ERROR_LENGTH]


def run_months_until_stopped(job: SweepJob, numbers: FloatArray, replicate: int) -> NDArray[np.float64] | str:
    """Return the measures of a run, an array of (months, interventions, measures), or why they are not finite."""
    check = make_cancel_check(job)
    prepared = job.applier.prepared_scenario(numbers)
    world = job.applier.world(prepared, replicate)
    check()
    if job.organisation_class is not None:
        run = run_mesa(prepared, replicate, job.organisation_class, check=check)
        return run.error or run.measures
    measures = allocate_measures(prepared.scenario)
    model = composed_model(prepared.scenario)
    plan, state = model.initialise_run(prepared, world)
    model.measure_month_zero(state, measures[0])
    horizon, months = prepared.scenario.horizon, months_between_checks(prepared)
    for first in range(1, horizon + 1, months):
        check()
        last = min(horizon, first + months - 1)
        model.run_months(plan, state, first, last, measures[first : last + 1])
    check()
    return completed_run(prepared.scenario, world, state, measures).error or measures


def months_between_checks(prepared: PreparedScenario) -> int:
    """Return the number of months between checks of the clock, which changes no result."""
    return max(
        1, WORK_BETWEEN_CHECKS // (prepared.static_world.organisation_count * len(prepared.scenario.interventions))
    )


def make_cancel_check(job: SweepJob) -> Callable[[], None]:
    """Return a check that ends a run at its time limit or when the sweep is stopped."""
    # The monotonic clock is independent of changes of the system time.
    deadline = None if job.timeout is None else time.monotonic() + job.timeout

    def check() -> None:
        if job.key in STOPPED_SWEEPS:
            raise SweepStoppedError
        if deadline is not None and time.monotonic() > deadline:
            raise RunTimeoutError

    return check
