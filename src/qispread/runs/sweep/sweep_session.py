"""The session of a sweep: an open folder, the runs that are pending in it, and their computation."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qispread.inputs.errors import Fault, InputError
from qispread.model.engines.organisation_class import (
    ORGANISATION_CLASS,
    OrganisationClass,
    describe_difference,
    refer_to_class,
)
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.sweep_log import SweepStatus
from qispread.runs.sweep.sweep_reader import Sweep
from qispread.runs.sweep.sweep_store import SweepStore

if TYPE_CHECKING:
    from qispread.runs.sweep.designs import DesignPoints
    from qispread.runs.sweep.run_order import RunOrder
    from qispread.runs.sweep.scheduler import ChunkScheduler, SweepProgress
    from qispread.runs.sweep.worker_pools import WorkerPool

LogFunction = Callable[[str], None]


@dataclass(frozen=True)
class RunOptions:
    """Execution options of `sweep`; only a timeout can change results."""

    executor: str | Executor
    workers: int | None
    scheduler: str | None
    timeout: float | None
    retry_failed: bool
    repetitions: int | None
    progress: "Callable[[SweepProgress], None] | None"
    log: LogFunction


def progress_adapter(
    progress: "Callable[[SweepProgress], None]", status: SweepStatus, pending: int, options: RunOptions
) -> Callable[[int, int], None]:
    """Return a callback that adds completed and failed runs to a previous status and reports totals."""
    from qispread.runs.sweep.scheduler import SweepProgress

    start, failed_before = time.monotonic(), 0 if options.retry_failed else status.failed

    def advance(done: int, failed: int) -> None:
        rate = (done + failed) / max(time.monotonic() - start, 1e-9)
        progress(
            SweepProgress(
                status.completed + done, failed_before + failed, status.completed + failed_before + pending, rate
            )
        )

    return advance


def require_class_in_workers(pool: "WorkerPool", organisation_class: OrganisationClass | None) -> None:
    """Raise InputError if the worker that answers first lacks the user's own class of organisations.

    Raises
    ------
    InputError
        With what it has in place of this class.
    """
    if organisation_class is None:
        return
    difference = pool.submit(describe_difference, refer_to_class(organisation_class)).result()
    if difference:
        raise InputError([Fault(ORGANISATION_CLASS, f"a worker has {difference}")])


class SweepSession:
    """A sweep that is being run: its store, experiment, points and order."""

    def __init__(self, store: SweepStore, experiment: Experiment, points: "DesignPoints", order: "RunOrder") -> None:
        self.store, self.experiment, self.points, self.order = store, experiment, points, order

    def pending_parts(self, options: RunOptions) -> Iterator[Any]:
        """Yield each incomplete part, with the positions of its missing or failed runs."""
        import numpy as np

        for part in self.selected_parts(options):
            record = self.store.part_records.get(part)
            if record is None:
                yield part, np.arange(len(self.order.part_positions(part)))
            elif options.retry_failed and record.failed:
                yield part, self.reader.failed_positions(part)

    def selected_parts(self, options: RunOptions) -> range:
        """Return the requested parts."""
        return range(self.store.count_parts(options.repetitions))

    def count_pending(self, options: RunOptions) -> int:
        """Return the number of pending runs."""
        missing = sum(
            len(self.order.part_positions(part))
            for part in self.selected_parts(options)
            if part not in self.store.part_records
        )
        return missing + (self.store.status().failed if options.retry_failed else 0)

    @property
    def reader(self) -> Sweep:
        """The reader of the sweep."""
        return Sweep(self.store.folder)

    def resume(self, options: RunOptions) -> None:
        """Run all pending runs."""
        from qispread.model.engines.simulation import compile_model
        from qispread.runs.sweep.preflight import estimate_resources
        from qispread.runs.sweep.worker_pool_factory import create_worker_pool

        damaged = [part for part in self.store.verify() if part < self.order.parts]
        if damaged:
            options.log(f"{len(damaged)} parts are missing or damaged and are run again.")
        status = self.store.status()
        compile_model()
        pool = create_worker_pool(options.executor, options.workers, options.scheduler)
        pool.log = options.log
        try:
            require_class_in_workers(pool, self.experiment.organisation_class)
            estimate = estimate_resources(
                self.experiment, self.order, self.points.numbers, pool.workers, options.timeout
            )
            pending = self.count_pending(options)
            options.log(
                f"{status}: {estimate.describe(pending)}." if status.completed else f"{estimate.describe(pending)}."
            )
            self.create_scheduler(pool, estimate.seconds_per_run, status, options).run(self.pending_parts(options))
        except BaseException:
            pool.shutdown(immediately=True)
            raise
        pool.shutdown()

    def create_scheduler(
        self, pool: "WorkerPool", seconds_per_run: float, status: SweepStatus, options: RunOptions
    ) -> "ChunkScheduler":
        """Return the scheduler of chunks of runs."""
        from qispread.runs.sweep.scheduler import ChunkScheduler
        from qispread.runs.sweep.worker import pickle_job

        key = uuid.uuid4().hex
        return ChunkScheduler(
            pool,
            pickle_job(self.experiment, options.timeout, key, here=pool.in_process),
            key,
            self.order,
            self.points.numbers,
            seconds_per_run=seconds_per_run,
            load_buffer=self.load_part_buffer,
            write_part=self.write_part,
            progress=None
            if options.progress is None
            else progress_adapter(options.progress, status, self.count_pending(options), options),
        )

    def load_part_buffer(self, part: int) -> Any:
        """Return the buffer of a part, with its existing runs."""
        from qispread.runs.sweep.run_order import monthly_shape
        from qispread.runs.sweep.sweep_tables import PartBuffer
        from qispread.runs.sweep.worker import build_final_columns

        if part in self.store.part_records:
            return self.reader.block(part)
        columns = len(build_final_columns(self.experiment))
        return PartBuffer(len(self.order.part_positions(part)), columns, monthly_shape(self.experiment))

    def write_part(self, part: int, block: Any) -> None:
        """Write a complete part."""
        import numpy as np

        from qispread.model.measures import measure_names
        from qispread.runs.sweep.sweep_tables import build_months_table, build_run_ids, build_runs_table, encode_parquet

        points, replicates = self.order.runs_at(np.array(self.order.part_positions(part)))
        names = build_run_ids(self.store.run_id_prefix, points, replicates)
        contents, measures = {}, measure_names(self.experiment.scenario)
        if self.experiment.measures.monthly:
            months = build_months_table(self.experiment, names, points, replicates, block)
            contents["months"] = encode_parquet(months, measures)
        numbers = self.points.numbers[points]
        runs = build_runs_table(self.experiment, names, points, replicates, numbers, block)
        contents["parts"] = encode_parquet(runs, measures)
        self.store.write_part(part, len(names), len(block.errors), contents)
