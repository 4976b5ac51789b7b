"""The order of runs, and how it is cut: fixed by the experiment, whoever runs it."""

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
"""Organisation-months times interventions in a part: some seconds of work, lost where a sweep is killed."""
BYTES_PER_PART = 16 * 2**20
ORDER_SEED = 0x6F72646572
"""Sets the draws of the order apart from those of the design."""


@dataclass(frozen=True, eq=False)
class RunOrder:
    """The runs of a sweep in order: any first so many of them are an even sample of points and of worlds.

    The order goes through all points again and again, each time with another replicate for each block of points, so
    that in every pass the replicates are spread evenly over the points, and points that belong together share a world.
    Equation: in pass k, block b of the points has replicate (b + k) modulo the number of replicates.

    Attributes
    ----------
    points : array of int64
        The points in the order of a pass.
    replicates : int
    block : int
        Points in a row that belong together.
    part_runs : int
        Runs in a part.
    """

    points: IntArray
    replicates: int
    block: int
    part_runs: int

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return self.points.size * self.replicates

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return -(-self.runs // self.part_runs)

    def part_positions(self, number: int) -> range:
        """Return the places in the order that a part holds."""
        return range(number * self.part_runs, min(self.runs, (number + 1) * self.part_runs))

    def runs_at(self, positions: IntArray) -> tuple[IntArray, IntArray]:
        """Return the point and the replicate at each of some places in the order."""
        turn, place = np.divmod(positions, self.points.size)
        return self.points[place], (place // self.block + turn) % self.replicates

    def position_of(self, point: int, replicate: int) -> int:
        """Return the place in the order of a run."""
        place = int(np.flatnonzero(self.points == point)[0])
        return (replicate - place // self.block) % self.replicates * self.points.size + place

    def sha256(self) -> str:
        """Return a hash of the order: of the points and replicates of its first pass and of its last."""
        last = (self.replicates - 1) * self.points.size
        passes = np.arange(self.points.size, dtype=np.int64)
        # Hashed as it is used, and not as it was drawn, so that a change of `runs_at` is noticed too.
        content = [column.astype("<i8").tobytes() for first in (0, last) for column in self.runs_at(first + passes)]
        return hashlib.sha256(b"".join(content)).hexdigest()

    def as_file(self) -> bytes:
        """Return the order of the points as the bytes of a file of numpy."""
        out = io.BytesIO()
        np.save(out, self.points.astype("<i8"), allow_pickle=False)
        return out.getvalue()


def runs_per_part(experiment: Experiment) -> int:
    """Return how many runs a part holds: less where runs are long or their months take much room."""
    scenario = experiment.scenario
    work = len(organisation_ids(scenario)) * scenario.horizon * len(scenario.interventions)
    room = 8 * (scenario.horizon + 1) * len(experiment.intervention_rows) * max(1, len(experiment.measures.monthly))
    return max(1, min(MAX_RUNS_PER_PART, WORK_PER_PART // work, BYTES_PER_PART // room))


def balanced_part_size(runs: int, max_runs: int) -> int:
    """Return how many runs a part holds, at most so many, where parts that are as large as each other hold all."""
    parts = -(-runs // max_runs)
    return -(-runs // parts)


def build_run_order(
    experiment: Experiment, points: int, repetitions: int | None = None, kept: IntArray | None = None
) -> RunOrder:
    """Return the order of the runs of an experiment.

    Where only so many `repetitions` through the points are wanted, parts are cut so that next to nothing more is run.
    Points that are drawn as a sequence are even already in their own order; all others are shuffled. An order that was
    `kept` is not drawn again, since numpy does not promise the same shuffle in every version.
    """
    found = np.arange(points, dtype=np.int64)
    if kept is not None and np.array_equal(np.sort(kept), found):
        found = kept
    elif not isinstance(experiment.design, SobolDesign | SaltelliDesign | MorrisDesign):
        found = np.random.default_rng((experiment.seed, ORDER_SEED)).permutation(found)
    most, wanted = runs_per_part(experiment), points * (repetitions or 0)
    part_runs = balanced_part_size(wanted, most) if wanted else most
    return RunOrder(found, experiment.replicates, block_size(experiment), part_runs)


def monthly_shape(experiment: Experiment) -> tuple[int, int, int]:
    """Return the shape of what is kept of the months of a run: months, interventions, measures."""
    return experiment.scenario.horizon + 1, len(experiment.intervention_rows), len(experiment.measures.monthly)
