"""Trial runs before a sweep: estimates of time and disk space, and whether each factor has an effect."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qispread.inputs.errors import Fault
from qispread.model.measures import measure_names
from qispread.runs.sweep.designs import FloatArray
from qispread.runs.sweep.experiment import Experiment
from qispread.runs.sweep.run_order import RunOrder, monthly_shape
from qispread.runs.sweep.sweep_tables import (
    PartBuffer,
    build_months_table,
    build_run_ids,
    build_runs_table,
    encode_parquet,
)
from qispread.runs.sweep.worker import (
    ChunkOutcome,
    SweepJob,
    build_final_columns,
    pickle_job,
    run_chunk,
    run_safely,
    unpickle_job,
)

TRIAL_RUNS, TRIAL_SECONDS, MAX_WARM_UP_SECONDS = 16, 0.25, 60.0
PROBED_POINTS = 6
"""Points of the design, besides its middle, at which a factor is changed to test for an effect."""
PROBED_REPLICATES = 2
PROBED_SECONDS = 20.0
"""If testing takes longer than this, the remaining factors count as having an effect."""


@dataclass(frozen=True)
class ResourceEstimate:
    """Estimated time and disk space of a sweep.

    Attributes
    ----------
    seconds_per_run : float
        Seconds for one run on one core.
    workers : int
    bytes_per_run : float
        Bytes on disk for one run.
    """

    seconds_per_run: float
    workers: int
    bytes_per_run: float

    def describe(self, runs: int) -> str:
        """Return the number of runs, their duration and disk space in words."""
        duration = format_duration(runs * self.seconds_per_run / self.workers)
        return f"{runs:,} runs, about {duration}, about {format_bytes(runs * self.bytes_per_run)} on disk"


def format_duration(seconds: float) -> str:
    """Return seconds in words."""
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(1.0, seconds):.0f} s"


def format_bytes(count: float) -> str:
    """Return a number of bytes in words."""
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{max(1.0, count / 1e3):.0f} kB"


def estimate_resources(
    experiment: Experiment, order: RunOrder, numbers: FloatArray, workers: int, timeout: float | None
) -> ResourceEstimate:
    """Return the time and disk space of a sweep, estimated from its first few runs."""
    payload, start = pickle_job(experiment, timeout, uuid.uuid4().hex, here=True), time.perf_counter()
    outcomes: list[ChunkOutcome] = []
    # The first run also loads compiled code, so that its time counts only if it is much longer than that.
    for position in range(-1, min(TRIAL_RUNS, order.runs)):
        points, replicates = order.runs_at(np.array([max(0, position)]))
        outcome = run_chunk(payload, numbers[points], replicates)
        elapsed = time.perf_counter() - start
        if position >= 0 or elapsed > MAX_WARM_UP_SECONDS:
            outcomes.append(outcome)
        else:
            start = time.perf_counter()  # without the time of loading compiled code
        if outcomes and elapsed > TRIAL_SECONDS:
            break
    seconds_per_run = float(np.mean([outcome.seconds for outcome in outcomes]))
    return ResourceEstimate(seconds_per_run, workers, measure_bytes_per_run(experiment, order, numbers, outcomes))


def measure_bytes_per_run(
    experiment: Experiment, order: RunOrder, numbers: FloatArray, outcomes: Sequence[ChunkOutcome]
) -> float:
    """Return the approximate bytes of a run, from the sizes of tables with different numbers of runs."""
    count = len(outcomes)
    block = PartBuffer(count, len(build_final_columns(experiment)), monthly_shape(experiment))
    for index, outcome in enumerate(outcomes):
        block.store_results(np.array([index]), outcome.final, outcome.months, outcome.errors)
    points, replicates = order.runs_at(np.arange(count))
    names = build_run_ids(experiment.name, points, replicates)
    tables = [build_runs_table(experiment, names, points, replicates, numbers[points], block)]
    if experiment.measures.monthly:
        tables.append(build_months_table(experiment, names, points, replicates, block))
    half, measures = count // 2, measure_names(experiment.scenario)
    rows = [table.num_rows // count for table in tables]
    empty_bytes, half_bytes, all_bytes = (
        sum(
            len(encode_parquet(table.slice(0, runs * row_count), measures))
            for table, row_count in zip(tables, rows, strict=True)
        )
        for runs in (0, half, count)
    )
    # The increase from half to all runs is the best estimate for a run in a large part.
    return (all_bytes - half_bytes) / (count - half) + empty_bytes / order.part_runs


def find_inert_factors(experiment: Experiment, numbers: FloatArray, timeout: float | None) -> list[Fault]:
    """Return a fault for each factor without any effect on any measure (decision 36).

    A factor is changed to its ends or among its values at the middle of the design and at a few of its points, each
    time in two other replicates, because a factor may have no effect in some; the first difference ends the test, so
    that a factor with an effect costs two or three runs.
    """
    job, start_time = unpickle_job(pickle_job(experiment, timeout, uuid.uuid4().hex, here=True)), time.monotonic()
    middle = np.sort(numbers, axis=0)[len(numbers) // 2]
    spread = np.linspace(0, len(numbers) - 1, min(PROBED_POINTS, len(numbers))).astype(int)
    starts = (middle, *numbers[spread])
    replicates = min(PROBED_REPLICATES * len(starts), experiment.replicates)
    scope = f"in the {len(starts)} points and {replicates} replicates tested"
    problem = f"has no effect: no measure in any month differs between its values {scope}"
    return [
        Fault(f"factors.{factor.path}", problem)
        for factor_index, factor in enumerate(experiment.resolved_factors)
        if not any(
            time.monotonic() - start_time > PROBED_SECONDS
            or factor_has_effect(experiment, job, start, factor_index, PROBED_REPLICATES * index)
            for index, start in enumerate(starts)
        )
    ]


def factor_has_effect(experiment: Experiment, job: SweepJob, start: FloatArray, factor_index: int, first: int) -> bool:
    """Return whether changing one factor at a point changes any measure in one of two replicates, or may do so.

    `first` is the first replicate, modulo the number of replicates.
    """
    for index in range(first, first + min(PROBED_REPLICATES, experiment.replicates)):
        replicate = index % experiment.replicates
        results = set()
        for number in experiment.resolved_factors[factor_index].levels(2):
            point = start.copy()
            point[factor_index] = number
            measures = run_safely(job, point, replicate)
            if isinstance(measures, str):
                return True  # failed runs allow no conclusion
            results.add(measures.tobytes())
            if len(results) > 1:
                return True
    return False
