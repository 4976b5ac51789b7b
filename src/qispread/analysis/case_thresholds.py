"""Cases of scenario discovery: points beyond a threshold."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError
from qispread.runs.sweep.sweep_outcomes import FloatArray

MIN_CASES_POINTS = 20


@dataclass(frozen=True)
class CaseThreshold:
    """Threshold beyond which a point is a case.

    Attributes
    ----------
    side : {"below", "above"}
    value : float
        In the unit of the measure.
    replicate_share : float or None
        Share of the replicates of a point that must be beyond it; None where the mean of the point must.
    """

    side: Literal["below", "above"]
    value: float
    replicate_share: float | None = None

    def __str__(self) -> str:
        return f"{self.side} {self.value:g}"

    def is_beyond(self, numbers: FloatArray) -> NDArray[np.bool_]:
        """Return which numbers are beyond the threshold; missing numbers are not."""
        return np.asarray(numbers < self.value if self.side == "below" else numbers > self.value)

    def classify(self, levels: FloatArray, values: FloatArray) -> NDArray[np.bool_]:
        """Return which points are cases, by their means or by their values in each replicate."""
        if self.replicate_share is None:
            return self.is_beyond(levels)
        replicates = np.maximum(np.count_nonzero(~np.isnan(values), axis=1), 1)
        return np.asarray(self.is_beyond(values).sum(axis=1) / replicates >= self.replicate_share)


def parse_threshold(below: float | None, above: float | None, replicate_share: float | None) -> CaseThreshold:
    """Return the threshold from command-line or function arguments.

    Raises
    ------
    InputError
        Where none or two are given, or a number is invalid.
    """
    faults, thresholds = [], [threshold for threshold in (below, above) if threshold is not None]
    if len(thresholds) != 1:
        faults.append(Fault("threshold", f"got {len(thresholds)} thresholds; needed: one, either below or above"))
    faults += [Fault("threshold", f"got {value}; needed: a number") for value in thresholds if not math.isfinite(value)]
    if replicate_share is not None and not 0.0 < replicate_share <= 1.0:
        faults.append(Fault("replicate_share", f"got {replicate_share}; needed: a share above 0 and at most 1"))
    if faults:
        raise InputError(faults)
    return CaseThreshold("above" if below is None else "below", thresholds[0], replicate_share)


def check_cases(cases: NDArray[np.bool_], subject: str, levels: FloatArray, question: str) -> None:
    """Refuse too few points, and cases that are all points or none.

    Raises
    ------
    InputError
    """
    if cases.size < MIN_CASES_POINTS:
        problem = f"{cases.size} points have '{subject}'; needed: at least {MIN_CASES_POINTS}"
        raise InputError([Fault("points", problem)])
    count = int(np.count_nonzero(cases))
    if 0 < count < cases.size:
        return
    low, middle, high = np.quantile(levels, (0.0, 0.5, 1.0))
    share = "none" if count == 0 else "all"
    values = f"{subject} ranges from {low:.4g} to {high:.4g}, median {middle:.4g}"
    raise InputError([Fault("threshold", f"{question}: true for {share} of {cases.size} points; {values}")])
