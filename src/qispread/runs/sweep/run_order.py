"""The order of runs and its division into parts, determined by the experiment alone (decisions 32 and 33)."""

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.cross_checks import organisation_ids
from qispread.runs.sweep.designs import block_size
from qispread.runs.sweep.experiment import Experiment, MorrisDesign, SaltelliDesign, SobolDesign

IntArray = NDArray[np.int64]

MAX_RUNS_PER_PART = 500
WORK_PER_PART = 50_000_000
"""Organisation-months times interventions in a part: a few seconds of work, lost if a sweep is killed."""
BYTES_PER_PART = 16 * 2**20
ORDER_SEED = 0x6F72646572
"""Separates the draws of the order from those of the design."""


@dataclass(frozen=True, eq=False)
class RunOrder:
    """The order of the runs of a sweep: any first runs are an even sample of points and replicates.

    The order repeats all points, each time with another replicate for each block of points, so that in every
    repetition replicates are spread evenly over the points, and points of a block share a replicate. Equation: in
    repetition k, block b of the points has replicate (b + k) modulo the number of replicates.

    Attributes
    ----------
    points : array of int64
        The points in the order of a repetition.
    replicates : int
    block : int
        Consecutive points that form a block.
    part_runs : int
        Runs in a part.
    """

    points: IntArray
    replicates: int
    block: int
    part_runs: int

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.points.size * self.replicates

    @property
    def parts(self) -> int:
        """Number of parts."""
        return -(-self.runs // self.part_runs)

    def part_positions(self, part: int) -> range:
        """Return the positions in the order of a part."""
        return range(part * self.part_runs, min(self.runs, (part + 1) * self.part_runs))

    def runs_at(self, positions: IntArray) -> tuple[IntArray, IntArray]:
        """Return the points and replicates at positions in the order."""
        repetition, index = np.divmod(positions, self.points.size)
        return self.points[index], (index // self.block + repetition) % self.replicates

    def position_of(self, point: int, replicate: int) -> int:
        """Return the position of a run in the order."""
        index = int(np.flatnonzero(self.points == point)[0])
        return (replicate - index // self.block) % self.replicates * self.points.size + index

    def sha256(self) -> str:
        """Return a hash of the points and replicates of the first and the last repetition."""
        last = (self.replicates - 1) * self.points.size
        indices = np.arange(self.points.size, dtype=np.int64)
        # Hashed as used and not as drawn, so that a change of `runs_at` is noticed, too.
        content = [column.astype("<i8").tobytes() for first in (0, last) for column in self.runs_at(first + indices)]
        return hashlib.sha256(b"".join(content)).hexdigest()

    def as_file(self) -> bytes:
        """Return the order of the points as the bytes of a numpy file (decision 66)."""
        buffer = io.BytesIO()
        np.save(buffer, self.points.astype("<i8"), allow_pickle=False)
        return buffer.getvalue()


def runs_per_part(experiment: Experiment) -> int:
    """Return the number of runs in a part: fewer if runs are long or their months take much space."""
    scenario = experiment.scenario
    work = len(organisation_ids(scenario)) * scenario.horizon * len(scenario.interventions)
    room = 8 * (scenario.horizon + 1) * len(experiment.intervention_rows) * max(1, len(experiment.measures.monthly))
    return max(1, min(MAX_RUNS_PER_PART, WORK_PER_PART // work, BYTES_PER_PART // room))


def balanced_part_size(runs: int, max_runs: int) -> int:
    """Return the number of runs in each of equal parts, at most `max_runs`."""
    parts = -(-runs // max_runs)
    return -(-runs // parts)


def build_run_order(
    experiment: Experiment, points: int, repetitions: int | None = None, saved: IntArray | None = None
) -> RunOrder:
    """Return the order of the runs of an experiment.

    With a number of `repetitions` of the points, parts are sized so that hardly more is run. Points of a sequence are
    already evenly ordered; others are shuffled. A `saved` order is used as it is, because numpy does not guarantee the
    same shuffle in every version (decision 66).
    """
    order = np.arange(points, dtype=np.int64)
    if saved is not None and np.array_equal(np.sort(saved), order):
        order = saved
    elif not isinstance(experiment.design, SobolDesign | SaltelliDesign | MorrisDesign):
        order = np.random.default_rng((experiment.seed, ORDER_SEED)).permutation(order)
    limit, requested = runs_per_part(experiment), points * (repetitions or 0)
    part_runs = balanced_part_size(requested, limit) if requested else limit
    return RunOrder(order, experiment.replicates, block_size(experiment), part_runs)


def monthly_shape(experiment: Experiment) -> tuple[int, int, int]:
    """Return the shape of the monthly measures of a run: months, interventions, measures."""
    return experiment.scenario.horizon + 1, len(experiment.intervention_rows), len(experiment.measures.monthly)
