"""Which points are cases: those beyond a threshold."""

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
    """What makes a case of a point.

    Attributes
    ----------
    side : {"below", "above"}
    value : float
        In the unit of the measure.
    replicate_share : float or None
        Share of its worlds that must be beyond; None where its level over worlds must.
    """

    side: Literal["below", "above"]
    value: float
    replicate_share: float | None = None

    def __str__(self) -> str:
        return f"{self.side} {self.value:g}"

    def is_beyond(self, numbers: FloatArray) -> NDArray[np.bool_]:
        """Return which numbers lie beyond it; none that are missing."""
        return np.asarray(numbers < self.value if self.side == "below" else numbers > self.value)

    def classify(self, levels: FloatArray, values: FloatArray) -> NDArray[np.bool_]:
        """Return which points are cases, by their levels or by their values in each world."""
        if self.replicate_share is None:
            return self.is_beyond(levels)
        worlds = np.maximum(np.count_nonzero(~np.isnan(values), axis=1), 1)
        return np.asarray(self.is_beyond(values).sum(axis=1) / worlds >= self.replicate_share)


def parse_threshold(below: float | None, above: float | None, replicate_share: float | None) -> CaseThreshold:
    """Return the threshold that is asked for.

    Raises
    ------
    InputError
        Where none or two are given, or a number has no meaning.
    """
    faults, given = [], [one for one in (below, above) if one is not None]
    if len(given) != 1:
        faults.append(Fault("threshold", f"got {len(given)} thresholds; needed: one, below or above which cases are"))
    faults += [Fault("threshold", f"got {one}; needed: a number") for one in given if not math.isfinite(one)]
    if replicate_share is not None and not 0.0 < replicate_share <= 1.0:
        faults.append(Fault("replicate_share", f"got {replicate_share}; needed: a share above 0 and at most 1"))
    if faults:
        raise InputError(faults)
    return CaseThreshold("above" if below is None else "below", given[0], replicate_share)


def check_cases(cases: NDArray[np.bool_], subject: str, levels: FloatArray, question: str) -> None:
    """Refuse cases that are everything or nothing, or among too few points."""
    if cases.size < MIN_CASES_POINTS:
        problem = f"{cases.size} points have '{subject}'; needed: at least {MIN_CASES_POINTS}"
        raise InputError([Fault("points", problem)])
    number = int(np.count_nonzero(cases))
    if 0 < number < cases.size:
        return
    low, middle, high = np.quantile(levels, (0.0, 0.5, 1.0))
    met = "met by none" if number == 0 else "met by all"
    told = f"{subject} goes from {low:.4g} to {high:.4g} with median {middle:.4g}"
    raise InputError([Fault("threshold", f"{question}: {met} of {cases.size} points; {told}")])
