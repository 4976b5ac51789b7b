"""Which points are cases: those beyond a threshold."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qispread.analysis.outcomes import Numbers
from qispread.config.faults import Fault, InputError

LEAST_POINTS = 20


@dataclass(frozen=True)
class Threshold:
    """What makes a case of a point.

    Attributes
    ----------
    side : {"below", "above"}
    value : float
        In the unit of the measure.
    in_worlds : float or None
        Share of its worlds that must be beyond; None where its level over worlds must.
    """

    side: Literal["below", "above"]
    value: float
    in_worlds: float | None = None

    def __str__(self) -> str:
        return f"{self.side} {self.value:g}"

    def beyond(self, numbers: Numbers) -> NDArray[np.bool_]:
        """Return which numbers lie beyond it; none that are missing."""
        return np.asarray(numbers < self.value if self.side == "below" else numbers > self.value)

    def cases(self, levels: Numbers, values: Numbers) -> NDArray[np.bool_]:
        """Return which points are cases, by their levels or by their values in each world."""
        if self.in_worlds is None:
            return self.beyond(levels)
        worlds = np.maximum(np.count_nonzero(~np.isnan(values), axis=1), 1)
        return np.asarray(self.beyond(values).sum(axis=1) / worlds >= self.in_worlds)


def threshold_of(below: float | None, above: float | None, in_worlds: float | None) -> Threshold:
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
    if in_worlds is not None and not 0.0 < in_worlds <= 1.0:
        faults.append(Fault("in_worlds", f"got {in_worlds}; needed: a share above 0 and at most 1"))
    if faults:
        raise InputError(faults)
    return Threshold("above" if below is None else "below", given[0], in_worlds)


def check_cases(cases: NDArray[np.bool_], what: str, levels: Numbers, question: str) -> None:
    """Refuse cases that are everything or nothing, or among too few points."""
    if cases.size < LEAST_POINTS:
        problem = f"{cases.size} points have '{what}'; needed: at least {LEAST_POINTS}"
        raise InputError([Fault("points", problem)])
    number = int(np.count_nonzero(cases))
    if 0 < number < cases.size:
        return
    low, middle, high = np.quantile(levels, (0.0, 0.5, 1.0))
    met = "met by none" if number == 0 else "met by all"
    told = f"{what} goes from {low:.4g} to {high:.4g} with median {middle:.4g}"
    raise InputError([Fault("threshold", f"{question}: {met} of {cases.size} points; {told}")])
