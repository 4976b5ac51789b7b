"""The slots that policies move, how several policies add up in a slot, and the value where nothing is done."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Slot:
    """One quantity that policies can move.

    Attributes
    ----------
    neutral : float
        Its value where no policy is in force.
    combine : callable
        The values after one more policy, from the values so far and the strength of that policy.
    """

    neutral: float
    combine: Callable[[Values, float], Values]


def _added(so_far: Values, strength: float) -> Values:
    # Too much is infinite, and the run says that it failed.
    with np.errstate(over="ignore"):
        return so_far + strength


def _added_to_one(so_far: Values, strength: float) -> Values:
    return np.minimum(1.0, so_far + strength)


def _added_to_monthly(so_far: Values, strength: float) -> Values:
    """Add rates a year, up to the whole that is missing in a month."""
    return np.minimum(12.0, so_far + strength)


def _multiplied(so_far: Values, strength: float) -> Values:
    return so_far * strength


def _latest(so_far: Values, strength: float) -> Values:
    return np.full_like(so_far, strength)


def _largest(so_far: Values, strength: float) -> Values:
    return np.maximum(so_far, strength)


def _smallest(so_far: Values, strength: float) -> Values:
    return np.minimum(so_far, strength)


ORGANISATION_SLOTS = {
    "protected_time": Slot(0.0, _added),
    "measurement": Slot(0.0, _added),
    "contact": Slot(1.0, _multiplied),
    "leader_exit": Slot(1.0, _multiplied),
    "capability_growth": Slot(0.0, _added_to_monthly),
    "leadership_growth": Slot(0.0, _added_to_monthly),
    "alignment_growth": Slot(0.0, _added_to_monthly),
    "resentment": Slot(0.0, _added_to_one),
    "at_most": Slot(math.inf, _smallest),
    "cost": Slot(0.0, _added),
}
(
    PROTECTED_TIME,
    FEEDBACK,
    CONTACT,
    LEADER_EXIT,
    CAPABILITY_GROWTH,
    LEADERSHIP_GROWTH,
    ALIGNMENT_GROWTH,
    RESENTMENT,
    AT_MOST,
    COST_A_MONTH,
) = range(len(ORGANISATION_SLOTS))

PRACTICE_SLOTS = {
    "support": Slot(0.0, _added_to_one),
    "standard": Slot(0.0, _largest),
    "latitude": Slot(1.0, _smallest),
    "push": Slot(0.0, _added),
    "ambition": Slot(0.8, _latest),
    "refresh": Slot(0.0, _largest),
}
SUPPORT, STANDARD, LATITUDE, PUSH, AMBITION, REFRESH = range(len(PRACTICE_SLOTS))
