"""A sweep from its experiment to its folder: begun, or gone on with where it stopped."""

import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.runs.identity import environment
from qispread.runs.sweep.analysis_notes import analysis_notes
from qispread.runs.sweep.atomic_files import local_folder
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.folder_lock import FolderLock
from qispread.runs.sweep.load_experiment import EXPERIMENT, ExperimentSource, load_experiment
from qispread.runs.sweep.main_guard import exit_import_in_worker
from qispread.runs.sweep.resume import accept_libraries, check_unchanged
from qispread.runs.sweep.sweep_log import SweepStatus
from qispread.runs.sweep.sweep_reader import Sweep
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
    from qispread.runs.sweep.run_order import RunOrder
    from qispread.runs.sweep.scheduler import ChunkScheduler, SweepProgress
    from qispread.runs.sweep.worker_pools import WorkerPool

CONFIRMATION_THRESHOLD = 100_000
"""Runs above which a sweep must be asked for twice."""

LogFunction = Callable[[str], None]


@dataclass(frozen=True)
class RunOptions:
    """Who does the work, how, and who is told; as for `reader`. None of it changes a byte but a timeout."""

    executor: str | Executor
    workers: int | None
    scheduler: str | None
    timeout: float | None
    retry_failed: bool
    repetitions: int | None
    progress: "Callable[[SweepProgress], None] | None"
    log: LogFunction


def discard_message(_: str) -> None:
    """Say nothing."""


@argument_checks.validate_arguments(
    experiment=argument_checks.described_check(Experiment, EXPERIMENT),
    folder=argument_checks.optional_check(argument_checks.check_path),
    executor=argument_checks.instance_check((str, Executor), "the name of an executor, or one of concurrent.futures"),
    workers=argument_checks.optional_check(argument_checks.integer_check()),
    scheduler=argument_checks.optional_check(argument_checks.check_text),
    timeout=argument_checks.optional_check(argument_checks.check_number),
    confirmed=argument_checks.check_flag,
    retry_failed=argument_checks.check_flag,
    repetitions=argument_checks.optional_check(argument_checks.integer_check(1)),
    progress=argument_checks.optional_check(argument_checks.check_callable),
    log=argument_checks.check_callable,
    command=argument_checks.optional_check(argument_checks.check_texts),
)
def sweep(
    experiment: ExperimentSource,
    folder: str | Path | None = None,
    *,
    executor: str | Executor = "threads",
    workers: int | None = None,
    scheduler: str | None = None,
    timeout: float | None = None,
    confirmed: bool = False,
    retry_failed: bool = False,
    repetitions: int | None = None,
    progress: "Callable[[SweepProgress], None] | None" = None,
    log: LogFunction = discard_message,
    command: Sequence[str] | None = None,
) -> Sweep:
    """Run an experiment, or go on with it where it stopped; the same bytes with any executor and number of workers.

    Parameters
    ----------
    experiment : str, Path, mapping or Experiment
        As for `load_experiment`; the folder of a sweep goes on with that.
    folder : str or Path, optional
        Where its tables are kept; ``results/sweep-NAME`` unless given.
    executor : {"threads", "processes", "dask", "inline"} or concurrent.futures.Executor
    workers : int, optional
        One for each core unless given.
    scheduler : str, optional
        Address of a Dask scheduler, such as "tcp://host:8786"; else Dask runs on this machine.
    timeout : float, optional
        Seconds that a run may take; one that takes longer is a row that failed.
    confirmed : bool
        Whether to start even with very many runs, or with factors that seem to change nothing; and to go on with other
        libraries than a sweep was begun with.
    retry_failed : bool
        Whether to run those again that failed.
    repetitions : int, optional
        How often to go through all points, each time with another world for each; unless given as often as there are
        replicates, and in a folder that is gone on with by its name as often as before. The rest is not run.
    progress : callable, optional
        Called with a `SweepProgress` now and then.
    log : callable, optional
        Called with what there is to know before it starts.
    command : sequence of str, optional
        What was typed, for the manifest.

    Returns
    -------
    Sweep
        That reads the tables.

    Raises
    ------
    InputError
        For faults of the experiment, a folder that cannot be used, holds another experiment or was made by other code,
        workers that cannot be had. What was written before is kept, and the same call goes on from there.
    """
    exit_import_in_worker()
    if timeout is not None and not timeout > 0.0:
        raise InputError([Fault("--timeout", f"got {timeout:g}; needed: seconds above 0")])
    wanted = load_experiment(experiment)
    named = existing_sweep_folder(experiment)
    place = local_folder(folder) if folder is not None else named or default_folder(wanted)
    if is_sweep(place):
        store = open_store(place)
        check_unchanged(store, wanted, by_folder=named is not None)
        store.check_points()
        repetitions = repetitions or (store.repetitions if named else wanted.replicates)
        if is_complete(store, retry_failed=retry_failed, repetitions=repetitions):
            log(f"Nothing is left to do: {store.status()}.")
            return Sweep(place)
        accept_libraries(store, log, yes=confirmed)
        fresh = None
    else:
        fresh = prepare_points(wanted, log, yes=confirmed, timeout=timeout, passes=repetitions)
    create_sweep_folders(place)
    with FolderLock(place, log):
        clean_temporary_files(place)
        work = open_or_create_session(
            place, wanted, fresh, list(command if command is not None else sys.argv), repetitions
        )
        work.resume(RunOptions(executor, workers, scheduler, timeout, retry_failed, repetitions, progress, log))
    return Sweep(place)


def existing_sweep_folder(experiment: ExperimentSource) -> Path | None:
    """Return the folder by which a sweep is gone on with, if that is what was given."""
    return Path(experiment) if isinstance(experiment, str | Path) and Path(experiment).is_dir() else None


def is_complete(store: SweepStore, *, retry_failed: bool, repetitions: int | None) -> bool:
    """Return whether every run that is wanted has its row, and every part is as it was written."""
    if any(part not in store.part_records for part in range(store.count_parts(repetitions))):
        return False
    return not (retry_failed and store.status().failed) and not store.verify()


def progress_adapter(
    progress: "Callable[[SweepProgress], None]", before: SweepStatus, left: int, options: RunOptions
) -> Callable[[int, int], None]:
    """Return a callback that takes the runs done and failed since now and reports totals; `left` are still to do."""
    from qispread.runs.sweep.scheduler import SweepProgress

    began, failed_before = time.monotonic(), 0 if options.retry_failed else before.failed

    def advance(done: int, failed: int) -> None:
        rate = (done + failed) / max(time.monotonic() - began, 1e-9)
        progress(
            SweepProgress(
                before.completed + done, failed_before + failed, before.completed + failed_before + left, rate
            )
        )

    return advance


class SweepSession:
    """What is needed to go on with a sweep."""

    def __init__(self, store: SweepStore, experiment: Experiment, points: "DesignPoints", order: "RunOrder") -> None:
        self.store, self.experiment, self.points, self.order = store, experiment, points, order

    def pending_parts(self, options: RunOptions) -> Iterator[Any]:
        """Yield each part that is wanted and not whole, with the places of its runs that are missing, or failed."""
        import numpy as np

        for part in self.selected_parts(options):
            written = self.store.part_records.get(part)
            if written is None:
                yield part, np.arange(len(self.order.part_positions(part)))
            elif options.retry_failed and written.failed:
                yield part, self.reader.failed_positions(part)

    def selected_parts(self, options: RunOptions) -> range:
        """Return the parts that are wanted."""
        return range(self.store.count_parts(options.repetitions))

    def count_pending(self, options: RunOptions) -> int:
        """Return how many runs are to do."""
        missing = sum(
            len(self.order.part_positions(part))
            for part in self.selected_parts(options)
            if part not in self.store.part_records
        )
        return missing + (self.store.status().failed if options.retry_failed else 0)

    @property
    def reader(self) -> Sweep:
        """The reader of what is there."""
        return Sweep(self.store.folder)

    def resume(self, options: RunOptions) -> None:
        """Run what is missing."""
        from qispread.model.engines.simulation import compile_model
        from qispread.runs.sweep.preflight import estimate_resources
        from qispread.runs.sweep.worker_pools import create_worker_pool

        lost = [part for part in self.store.verify() if part < self.order.parts]
        if lost:
            options.log(f"{len(lost)} parts are missing or not as they were written, and are run again.")
        before = self.store.status()
        compile_model()
        crew = create_worker_pool(options.executor, options.workers, options.scheduler)
        crew.log = options.log
        try:
            estimate = estimate_resources(
                self.experiment, self.order, self.points.numbers, crew.workers, options.timeout
            )
            left = self.count_pending(options)
            options.log(f"{before}: {estimate.describe(left)}." if before.completed else f"{estimate.describe(left)}.")
            self.create_scheduler(crew, estimate.seconds_per_run, before, options).run(self.pending_parts(options))
        except BaseException:
            crew.shutdown(immediately=True)
            raise
        crew.shutdown()

    def create_scheduler(
        self, pool: "WorkerPool", pace: float, before: SweepStatus, options: RunOptions
    ) -> "ChunkScheduler":
        """Return the one who hands out the work."""
        from qispread.runs.sweep.scheduler import ChunkScheduler
        from qispread.runs.sweep.worker import pickle_job

        key = uuid.uuid4().hex
        return ChunkScheduler(
            pool,
            pickle_job(self.experiment, options.timeout, key),
            key,
            self.order,
            self.points.numbers,
            pace=pace,
            open_block=self.load_part_buffer,
            keep=self.write_part,
            progress=None
            if options.progress is None
            else progress_adapter(options.progress, before, self.count_pending(options), options),
        )

    def load_part_buffer(self, part: int) -> Any:
        """Return the block of a part, with the runs that it has already."""
        from qispread.runs.sweep.run_order import monthly_shape
        from qispread.runs.sweep.sweep_tables import PartBuffer
        from qispread.runs.sweep.worker import build_final_columns

        if part in self.store.part_records:
            return self.reader.block(part)
        columns = len(build_final_columns(self.experiment))
        return PartBuffer(len(self.order.part_positions(part)), columns, monthly_shape(self.experiment))

    def write_part(self, part: int, block: Any) -> None:
        """Write a part that is whole."""
        import numpy as np

        from qispread.runs.sweep.sweep_tables import build_months_table, build_run_ids, build_runs_table, encode_parquet

        points, replicates = self.order.runs_at(np.array(self.order.part_positions(part)))
        names = build_run_ids(self.store.run_id_prefix, points, replicates)
        contents = {}
        if self.experiment.measures.monthly:
            contents["months"] = encode_parquet(build_months_table(self.experiment, names, points, replicates, block))
        numbers = self.points.numbers[points]
        contents["parts"] = encode_parquet(build_runs_table(self.experiment, names, points, replicates, numbers, block))
        self.store.write_part(part, len(names), len(block.errors), contents)


def prepare_points(
    experiment: Experiment, say: LogFunction, *, yes: bool, timeout: float | None, passes: int | None
) -> "DesignPoints":
    """Return the points of a sweep that has not begun, once nothing speaks against it."""
    from qispread.model.engines.simulation import compile_model
    from qispread.runs.sweep.designs import build_points

    check_run_count(experiment, yes=yes, passes=passes)
    for note in analysis_notes(experiment):
        say(f"note: {note}")
    compile_model()
    points = build_points(experiment)
    check_inert_factors(experiment, points, say, yes=yes, timeout=timeout)
    return points


def open_or_create_session(
    folder: Path, experiment: Experiment, prepare: "DesignPoints | None", command: Sequence[str], passes: int | None
) -> SweepSession:
    """Return the work of a folder that is held: that of the sweep in it, or of one begun now."""
    from qispread.runs.sweep.run_order import build_run_order
    from qispread.runs.sweep.sweep_tables import build_points_table, encode_parquet

    if prepare is None or is_sweep(folder):
        store = open_store(folder)
        check_unchanged(store, experiment)
        store.set_repetitions(passes)
        store.use_environment(environment()["libraries"])
        found = Sweep(folder)
        return SweepSession(store, experiment, found.design(), found.order())
    order = build_run_order(experiment, len(prepare.numbers), passes)
    table = encode_parquet(build_points_table(experiment, prepare))
    cut = {
        "runs": order.runs,
        "part_runs": order.part_runs,
        "repetitions": passes,
        "order_sha256": order.sha256(),
    }
    store = create_store(folder, experiment, {ORDER: order.as_file(), POINTS_FILE: table}, cut, command)
    return SweepSession(store, experiment, prepare, order)


def check_run_count(experiment: Experiment, *, yes: bool, passes: int | None = None) -> None:
    """Refuse a sweep of very many runs that was not asked for twice."""
    from qispread.runs.sweep.designs import count_points

    points, worlds = count_points(experiment), min(experiment.replicates, passes or experiment.replicates)
    runs = points * worlds
    if runs > CONFIRMATION_THRESHOLD and not yes:
        problem = f"{points:,} points in {worlds:,} worlds are {runs:,} runs, more than {CONFIRMATION_THRESHOLD:,}"
        raise InputError([Fault("design", f"{problem}; give --yes to run them all the same")])


def check_inert_factors(
    experiment: Experiment, points: "DesignPoints", say: LogFunction, *, yes: bool, timeout: float | None
) -> None:
    """Refuse points that cannot be, and factors that change nothing unless they are wanted all the same."""
    from qispread.runs.sweep.apply_point import check_points
    from qispread.runs.sweep.preflight import find_inert_factors

    check_points(experiment.scenario, experiment.resolved_factors, points.numbers)
    idle = find_inert_factors(experiment, points.numbers, timeout)
    if idle and not yes:
        raise InputError([Fault(one.path, f"{one.problem}; leave it out, or give --yes") for one in idle])
    for one in idle:
        say(f"note: {one}")
