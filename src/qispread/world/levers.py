"""The slots that policies move, how several policies add up in a slot, and the value where nothing is done."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """One quantity that policies can move.

    Attributes
    ----------
    neutral : float
        Its value where no policy is in force.
    combine : callable
        The value after one more policy, from the value so far and the strength of that policy.
    """

    neutral: float
    combine: Callable[[float, float], float]


def _added(so_far: float, strength: float) -> float:
    return so_far + strength


def _added_to_one(so_far: float, strength: float) -> float:
    return min(1.0, so_far + strength)


def _added_to_monthly(so_far: float, strength: float) -> float:
    """Add rates a year, up to the whole that is missing in a month."""
    return min(12.0, so_far + strength)


def _multiplied(so_far: float, strength: float) -> float:
    return so_far * strength


def _latest(so_far: float, strength: float) -> float:  # noqa: ARG001 - the signature that slots share
    return strength


ORGANISATION_SLOTS = {
    "protected_time": Slot(0.0, _added),
    "measurement": Slot(0.0, _added),
    "contact": Slot(1.0, _multiplied),
    "leader_exit": Slot(1.0, _multiplied),
    "capability_growth": Slot(0.0, _added_to_monthly),
    "leadership_growth": Slot(0.0, _added_to_monthly),
    "alignment_growth": Slot(0.0, _added_to_monthly),
    "resentment": Slot(0.0, _added_to_one),
    "at_most": Slot(math.inf, min),
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
    "standard": Slot(0.0, max),
    "latitude": Slot(1.0, min),
    "push": Slot(0.0, _added),
    "ambition": Slot(0.8, _latest),
    "refresh": Slot(0.0, max),
}
SUPPORT, STANDARD, LATITUDE, PUSH, AMBITION, REFRESH = range(len(PRACTICE_SLOTS))
