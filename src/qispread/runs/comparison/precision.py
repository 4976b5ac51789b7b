"""The number of replicates: batches until the interval of every difference is as narrow as requested."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.model.measures import measure_names
from qispread.model.world.state_arrays import HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS, VISIBLE_ROWS
from qispread.runs.comparison.paired_statistics import mean_and_half_width

FIRST_BATCH = 256
"""Replicates before the first look: with fewer, a variance that is small by chance stops too early (decision 24)."""
MIN_GROWTH, MAX_GROWTH = 1.25, 2.0
MIN_DEFINED_SHARE = 0.05
"""Share of replicates in which the measure must be defined in both arms."""
MAX_RATIO, MAX_REPORTED = 1e100, 1e12
MAX_RUN_BYTES = 4 * 2**30
"""The memory limit of the runs of all arms."""


@dataclass(frozen=True)
class PrecisionTarget:
    """The required half-width of the 95% interval of a difference in every arm.

    The rule: run 256 replicates, look, and continue in batches until t s / sqrt(n) is at most `half_width` in every
    arm, with s the standard deviation of the n paired differences and t Student's quantile. A batch increases the
    number of replicates to that needed for the current variance, by at least a quarter and at most twofold, so that
    there are few looks. The interval has its nominal coverage as `half_width` goes to 0 (chow1965). At 256 to 5,000
    replicates its measured coverage is 94 to 96% for normal and exponential differences and for the model's own, and
    93 to 95% for differences that are nearly always 0 (tests/test_precision.py).

    Attributes
    ----------
    half_width : float
        Half-width in the unit of the measure, above 0.
    """

    half_width: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.half_width) and self.half_width > 0.0):
            raise InputError([Fault("precision", f"got {self.half_width}; needed: a number above 0")])

    def next_batch_end(self, differences: Sequence[NDArray[np.float64]], replicates: int) -> int:
        """Return the number of replicates for the next look, or `replicates` if these are enough.

        Parameters
        ----------
        differences : sequence of arrays
            The current paired differences of each arm, over replicates with the measure in both arms.
        replicates : int
            Current number of replicates.
        """
        if replicates < FIRST_BATCH:
            return FIRST_BATCH
        half_widths = np.array([mean_and_half_width(values)[1] for values in differences])
        if (half_widths <= self.half_width).all():
            return replicates
        growth = min(float(half_widths.max()) / self.half_width, MAX_GROWTH) ** 2
        return math.ceil(replicates * min(max(growth, MIN_GROWTH), MAX_GROWTH))

    def required_replicates(self, differences: Sequence[NDArray[np.float64]], replicates: int) -> float:
        """Return the number of replicates needed for the current variance."""
        half_width = max(mean_and_half_width(values)[1] for values in differences)
        return replicates * min(half_width / self.half_width, MAX_RATIO) ** 2

    def check_feasible(self, differences: Sequence[NDArray[np.float64]], replicates: int, max_replicates: int) -> None:
        """Raise InputError for a precision that needs too much memory, or a measure that is rarely defined.

        Raises
        ------
        InputError
            With the number of replicates needed and the achievable precision.
        """
        defined = min(values.size for values in differences)
        if defined < replicates * MIN_DEFINED_SHARE:
            problem = f"the measure is defined in {defined} of {replicates} replicates; needed: another measure"
            raise InputError([Fault("precision", problem)])
        needed = self.required_replicates(differences, replicates)
        if needed > max_replicates:
            half_width = max(mean_and_half_width(values)[1] for values in differences)
            achievable = half_width * math.sqrt(replicates / max_replicates)
            needed_text = f"{needed:,.0f}" if needed < MAX_REPORTED else f"{needed:.0e}"
            problem = f"got {self.half_width:g}: about {needed_text} replicates are needed; "
            raise InputError(
                [
                    Fault(
                        "precision",
                        f"{problem}at most {max_replicates:,} fit in memory, which give about {achievable:.3g}",
                    )
                ]
            )


def max_replicates(scenario: Scenario, organisations: int, arms: int) -> int:
    """Return how many replicates of some arms fit into 4 GiB of memory, at least 1,000."""
    intervention_count = len(scenario.interventions)
    rows = len(ORGANISATION_ROWS) + intervention_count * (len(PRACTICE_ROWS) + len(HISTORY_ROWS) + len(VISIBLE_ROWS))
    measures = (scenario.horizon + 1) * (intervention_count + 1) * len(measure_names(scenario))
    return max(1000, MAX_RUN_BYTES // (8 * arms * (rows * organisations + measures)))
