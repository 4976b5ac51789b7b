"""Running a sweep from its experiment to its folder: started, or resumed where it stopped."""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.organisation_class import OrganisationClass, check_organisation_class, require_importable
from qispread.model.engines.worker_processes import exit_import_in_worker
from qispread.runs.identity import environment
from qispread.runs.sweep.analysis_notes import analysis_notes
from qispread.runs.sweep.atomic_files import local_folder
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.folder_lock import FolderLock
from qispread.runs.sweep.load_experiment import EXPERIMENT, ExperimentSource, read_experiment
from qispread.runs.sweep.resume import accept_libraries, check_unchanged
from qispread.runs.sweep.sweep_reader import Sweep
from qispread.runs.sweep.sweep_session import LogFunction, RunOptions, SweepSession
from qispread.runs.sweep.sweep_store import (
    ORDER,
    POINTS_FILE,
    SweepStore,
    clean_temporary_files,
    create_store,
    create_sweep_folders,
    default_folder,
    is_sweep,
    open_store,
)

if TYPE_CHECKING:
    from qispread.runs.sweep.designs import DesignPoints
    from qispread.runs.sweep.scheduler import SweepProgress

CONFIRMATION_THRESHOLD = 100_000
"""Number of runs above which a sweep must be confirmed."""
PROCESS_EXECUTORS = ("processes", "dask")
"""Executors whose workers are processes of their own."""


def discard_message(_: str) -> None:
    """Discard a message."""


@argument_checks.validate_arguments(
    experiment=argument_checks.described_check(Experiment, EXPERIMENT),
    folder=argument_checks.optional_check(argument_checks.check_path),
    executor=argument_checks.optional_check(
        argument_checks.instance_check((str, Executor), "the name of an executor, or one of concurrent.futures")
    ),
    workers=argument_checks.optional_check(argument_checks.integer_check()),
    scheduler=argument_checks.optional_check(argument_checks.check_text),
    timeout=argument_checks.optional_check(argument_checks.check_number),
    confirmed=argument_checks.check_flag,
    retry_failed=argument_checks.check_flag,
    repetitions=argument_checks.optional_check(argument_checks.integer_check(1)),
    progress=argument_checks.optional_check(argument_checks.check_callable),
    log=argument_checks.check_callable,
    command=argument_checks.optional_check(argument_checks.check_texts),
    organisation_class=argument_checks.optional_check(check_organisation_class),
)
def sweep(
    experiment: ExperimentSource,
    folder: str | Path | None = None,
    *,
    executor: str | Executor | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    timeout: float | None = None,
    confirmed: bool = False,
    retry_failed: bool = False,
    repetitions: int | None = None,
    progress: "Callable[[SweepProgress], None] | None" = None,
    log: LogFunction = discard_message,
    command: Sequence[str] | None = None,
    organisation_class: OrganisationClass | None = None,
) -> Sweep:
    """Run an experiment, or resume it where it stopped; results do not depend on executor or workers.

    Parameters
    ----------
    experiment : str, Path, mapping or Experiment
        As for `read_experiment`; the folder of a sweep resumes that sweep.
    folder : str or Path, optional
        Folder for its tables; default ``results/sweep-NAME``.
    executor : {"threads", "processes", "dask", "inline"} or concurrent.futures.Executor, optional
        Default: "threads"; with an `organisation_class`, "processes" for several workers, and else "inline".
    workers : int, optional
        Number of workers; default: one for each core.
    scheduler : str, optional
        Address of a Dask scheduler, such as "tcp://host:8786"; by default Dask runs on this machine.
    timeout : float, optional
        Time limit of a run in seconds; a longer run is recorded as failed.
    confirmed : bool
        Whether to run very many runs, factors that seem to have no effect, or a sweep that was started with other
        libraries.
    retry_failed : bool
        Whether to rerun failed runs.
    repetitions : int, optional
        How often to run all points, each time with another replicate; by default as often as there are replicates, or
        as before if a sweep is resumed by its folder. Other replicates are not run.
    progress : callable, optional
        Called with a `SweepProgress` at intervals.
    log : callable, optional
        Called with notes before the sweep starts.
    command : sequence of str, optional
        The command line, for the manifest.
    organisation_class : type, optional
        A subclass of `Organisation` with a behaviour of its own. It runs on the Mesa engine, over a hundred times
        slower than the kernel, and is given again whenever the sweep is resumed.

    Returns
    -------
    Sweep
        Reader of the tables.

    Raises
    ------
    InputError
        For faults in the experiment, a folder that is unusable or holds another experiment or one made by other code,
        and unavailable workers. Completed parts are kept, and the same call resumes from there.
    """
    exit_import_in_worker()
    if timeout is not None and not timeout > 0.0:
        raise InputError([Fault("--timeout", f"got {timeout:g}; needed: seconds above 0")])
    loaded = read_experiment(experiment).with_organisation_class(organisation_class)
    executor = select_executor(executor, workers, organisation_class, log)
    existing = existing_sweep_folder(experiment)
    target = local_folder(folder) if folder is not None else existing or default_folder(loaded)
    if is_sweep(target):
        store = open_store(target)
        check_unchanged(store, loaded, by_folder=existing is not None)
        store.check_points()
        repetitions = repetitions or (store.repetitions if existing else loaded.replicates)
        if is_complete(store, retry_failed=retry_failed, repetitions=repetitions):
            log(f"Nothing to do: {store.status()}.")
            return Sweep(target)
        accept_libraries(store, log, yes=confirmed)
        points = None
    else:
        points = prepare_points(loaded, log, yes=confirmed, timeout=timeout, repetitions=repetitions)
    create_sweep_folders(target)
    with FolderLock(target, log):
        clean_temporary_files(target)
        session = open_or_create_session(
            target, loaded, points, list(command if command is not None else sys.argv), repetitions
        )
        session.resume(RunOptions(executor, workers, scheduler, timeout, retry_failed, repetitions, progress, log))
    return Sweep(target)


def select_executor(
    executor: str | Executor | None,
    workers: int | None,
    organisation_class: OrganisationClass | None,
    log: LogFunction,
) -> str | Executor:
    """Return the executor that is asked for; by default threads, or what can run a class of organisations.

    Raises
    ------
    InputError
        For a class that worker processes cannot import.
    """
    if organisation_class is None:
        return executor or "threads"
    name = organisation_class.__name__
    log(f"note: the organisations are of class {name}: they run on the Mesa engine, over a hundred times slower")
    executor = executor or ("processes" if (workers or 1) > 1 else "inline")
    if executor in PROCESS_EXECUTORS or isinstance(executor, ProcessPoolExecutor):
        require_importable(organisation_class)
    return executor


def existing_sweep_folder(experiment: ExperimentSource) -> Path | None:
    """Return the folder of the sweep to resume, if the source is a folder."""
    return Path(experiment) if isinstance(experiment, str | Path) and Path(experiment).is_dir() else None


def is_complete(store: SweepStore, *, retry_failed: bool, repetitions: int | None) -> bool:
    """Return whether every requested run has a row and every part is intact."""
    if any(part not in store.part_records for part in range(store.count_parts(repetitions))):
        return False
    return not (retry_failed and store.status().failed) and not store.verify()


def prepare_points(
    experiment: Experiment, log: LogFunction, *, yes: bool, timeout: float | None, repetitions: int | None
) -> "DesignPoints":
    """Return the points of a new sweep after all checks."""
    from qispread.model.engines.simulation import compile_model
    from qispread.runs.sweep.designs import build_points
    from qispread.runs.sweep.own_kernels import compile_own_kernels

    check_run_count(experiment, yes=yes, repetitions=repetitions)
    for note in analysis_notes(experiment):
        log(f"note: {note}")
    compile_model()
    points = build_points(experiment)
    compile_own_kernels(experiment, points.numbers, log)
    check_inert_factors(experiment, points, log, yes=yes, timeout=timeout)
    return points


def open_or_create_session(
    folder: Path, experiment: Experiment, points: "DesignPoints | None", command: Sequence[str], repetitions: int | None
) -> SweepSession:
    """Return the session of a locked folder: of the sweep in it, or of a new one."""
    from qispread.runs.sweep.run_order import build_run_order
    from qispread.runs.sweep.sweep_tables import build_points_table, encode_parquet

    if points is None or is_sweep(folder):
        store = open_store(folder)
        check_unchanged(store, experiment)
        store.set_repetitions(repetitions)
        store.use_environment(environment()["libraries"])
        existing = Sweep(folder)
        return SweepSession(store, experiment, existing.design(), existing.order())
    order = build_run_order(experiment, len(points.numbers), repetitions)
    table = encode_parquet(build_points_table(experiment, points))
    layout = {
        "runs": order.runs,
        "part_runs": order.part_runs,
        "repetitions": repetitions,
        "order_sha256": order.sha256(),
    }
    store = create_store(folder, experiment, {ORDER: order.as_file(), POINTS_FILE: table}, layout, command)
    return SweepSession(store, experiment, points, order)


def check_run_count(experiment: Experiment, *, yes: bool, repetitions: int | None = None) -> None:
    """Raise InputError for very many runs without confirmation."""
    from qispread.runs.sweep.designs import count_points

    points, replicates = count_points(experiment), min(experiment.replicates, repetitions or experiment.replicates)
    runs = points * replicates
    if runs > CONFIRMATION_THRESHOLD and not yes:
        problem = (
            f"{points:,} points with {replicates:,} replicates are {runs:,} runs, more than {CONFIRMATION_THRESHOLD:,}"
        )
        raise InputError([Fault("design", f"{problem}; use --yes to run them")])


def check_inert_factors(
    experiment: Experiment, points: "DesignPoints", log: LogFunction, *, yes: bool, timeout: float | None
) -> None:
    """Raise InputError for invalid points, and for factors without effect unless confirmed."""
    from qispread.runs.sweep.apply_point import check_points
    from qispread.runs.sweep.preflight import find_inert_factors

    check_points(experiment.scenario, experiment.resolved_factors, points.numbers)
    inert = find_inert_factors(experiment, points.numbers, timeout)
    if inert and not yes:
        raise InputError([Fault(fault.path, f"{fault.problem}; leave it out, or use --yes") for fault in inert])
    for fault in inert:
        log(f"note: {fault}")
