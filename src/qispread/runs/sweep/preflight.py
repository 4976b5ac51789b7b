"""A few runs before a sweep starts: how long it will take, how much room, and whether each factor does anything."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qispread.inputs.errors import Fault
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
"""Points of the design, beside the base, in which a factor is moved to see whether anything changes."""
PROBED_REPLICATES = 2
PROBED_SECONDS = 20.0
"""Where runs are so long that trying all factors takes longer than this, the rest counts as doing something."""


@dataclass(frozen=True)
class ResourceEstimate:
    """What a sweep will ask for.

    Attributes
    ----------
    seconds_per_run : float
        Seconds that a run takes on one core.
    workers : int
    bytes_per_run : float
        Bytes that a run takes on disk.
    """

    seconds_per_run: float
    workers: int
    bytes_per_run: float

    def describe(self, runs: int) -> str:
        """Return in words how many runs are to be made, how long that will take, and how much room."""
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
    for unit, one in (("GB", 1e9), ("MB", 1e6)):
        if count >= one:
            return f"{count / one:.1f} {unit}"
    return f"{max(1.0, count / 1e3):.0f} kB"


def estimate_resources(
    experiment: Experiment, order: RunOrder, numbers: FloatArray, workers: int, timeout: float | None
) -> ResourceEstimate:
    """Return what a sweep will ask for, by timing its first few runs and looking at the room that they take."""
    parcel, began = pickle_job(experiment, timeout, ""), time.perf_counter()
    outcomes: list[ChunkOutcome] = []
    # The first run loads what is compiled, and tells nothing of the time, unless it took much longer than that.
    for place in range(-1, min(TRIAL_RUNS, order.runs)):
        points, replicates = order.runs_at(np.array([max(0, place)]))
        outcome = run_chunk(parcel, numbers[points], replicates)
        passed = time.perf_counter() - began
        if place >= 0 or passed > MAX_WARM_UP_SECONDS:
            outcomes.append(outcome)
        else:
            began = time.perf_counter()  # loading what is compiled would leave time for one run alone
        if outcomes and passed > TRIAL_SECONDS:
            break
    pace = float(np.mean([one.seconds for one in outcomes]))
    return ResourceEstimate(pace, workers, measure_bytes_per_run(experiment, order, numbers, outcomes))


def measure_bytes_per_run(
    experiment: Experiment, order: RunOrder, numbers: FloatArray, outcomes: Sequence[ChunkOutcome]
) -> float:
    """Return about how many bytes a run takes, from the room of a few over and above that of none."""
    count = len(outcomes)
    block = PartBuffer(count, len(build_final_columns(experiment)), monthly_shape(experiment))
    for place, one in enumerate(outcomes):
        block.store_results(np.array([place]), one.final, one.months, one.errors)
    points, replicates = order.runs_at(np.arange(count))
    names = build_run_ids(experiment.name, points, replicates)
    tables = [build_runs_table(experiment, names, points, replicates, numbers[points], block)]
    if experiment.measures.monthly:
        tables.append(build_months_table(experiment, names, points, replicates, block))
    half = count // 2
    rows = [table.num_rows // count for table in tables]
    empty, fewer, all_of_them = (
        sum(len(encode_parquet(table.slice(0, runs * each))) for table, each in zip(tables, rows, strict=True))
        for runs in (0, half, count)
    )
    # What the second half takes on top of the first is nearest to what a run takes in a part of many.
    return (all_of_them - fewer) / (count - half) + empty / order.part_runs


def find_inert_factors(experiment: Experiment, numbers: FloatArray, timeout: float | None) -> list[Fault]:
    """Return a fault for each factor that changes no byte of any measure, wherever it was moved.

    A factor is moved from the middle of the design, and from a few of its points, to its ends or among its values, each
    time in two other worlds, since in some worlds there is nothing for a factor to do; it is cleared by the first
    difference, so that one that does something costs two runs or three.
    """
    job, began = unpickle_job(pickle_job(experiment, timeout, "")), time.monotonic()
    middle = np.sort(numbers, axis=0)[len(numbers) // 2]
    spread = np.linspace(0, len(numbers) - 1, min(PROBED_POINTS, len(numbers))).astype(int)
    starts = (middle, *numbers[spread])
    worlds = min(PROBED_REPLICATES * len(starts), experiment.replicates)
    tried = f"in the {len(starts)} points and {worlds} replicates tried"
    problem = f"changes nothing: no measure of any month differs between its values, {tried}"
    return [
        Fault(f"factors.{factor.path}", problem)
        for place, factor in enumerate(experiment.resolved_factors)
        if not any(
            time.monotonic() - began > PROBED_SECONDS
            or factor_has_effect(experiment, job, start, place, PROBED_REPLICATES * index)
            for index, start in enumerate(starts)
        )
    ]


def factor_has_effect(experiment: Experiment, job: SweepJob, start: FloatArray, place: int, first: int) -> bool:
    """Return whether moving one factor from a point changes any measure in one of two worlds, or may do so.

    `first` is the replicate of the first world, counted from the beginning again after the last.
    """
    for world in range(first, first + min(PROBED_REPLICATES, experiment.replicates)):
        replicate = world % experiment.replicates
        seen = set()
        for number in experiment.resolved_factors[place].levels(2):
            point = start.copy()
            point[place] = number
            found = run_safely(job, point, replicate)
            if isinstance(found, str):
                return True  # nothing can be said of runs that fail
            seen.add(found.tobytes())
            if len(seen) > 1:
                return True
    return False
