"""The slots that policies change: how several policies combine in a slot, and its value without policies."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SlotValues = NDArray[np.float64]


Combine = Callable[[SlotValues, float], SlotValues]


@dataclass(frozen=True)
class LeverSlot:
    """One quantity that policies can change.

    Attributes
    ----------
    neutral : float
        Its value when no policy is in force.
    combine : callable
        Returns the values after one more policy, from the current values and the strength of that policy.
    """

    neutral: float
    combine: Combine


def _add(current: SlotValues, strength: float) -> SlotValues:
    # An overflow becomes infinite, and the run is then reported as failed.
    with np.errstate(over="ignore"):
        return current + strength


def _add_up_to_one(current: SlotValues, strength: float) -> SlotValues:
    return np.minimum(1.0, current + strength)


def _add_monthly_rates(current: SlotValues, strength: float) -> SlotValues:
    """Add annual rates, limited to 12: all that is missing, within a month."""
    return np.minimum(12.0, current + strength)


def _multiply(current: SlotValues, strength: float) -> SlotValues:
    return current * strength


def _take_latest(current: SlotValues, strength: float) -> SlotValues:
    return np.full_like(current, strength)


def _take_largest(current: SlotValues, strength: float) -> SlotValues:
    return np.maximum(current, strength)


def _take_smallest(current: SlotValues, strength: float) -> SlotValues:
    return np.minimum(current, strength)


ORGANISATION_SLOTS = {
    "protected_time": LeverSlot(0.0, _add),
    "measurement": LeverSlot(0.0, _add),
    "contact": LeverSlot(1.0, _multiply),
    "leader_exit": LeverSlot(1.0, _multiply),
    "capability_growth": LeverSlot(0.0, _add_monthly_rates),
    "leadership_growth": LeverSlot(0.0, _add_monthly_rates),
    "alignment_growth": LeverSlot(0.0, _add_monthly_rates),
    "resentment": LeverSlot(0.0, _add_up_to_one),
    "at_most": LeverSlot(math.inf, _take_smallest),
    "cost": LeverSlot(0.0, _add),
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
    MAX_PRACTICES,
    COST_PER_MONTH,
) = range(len(ORGANISATION_SLOTS))

PRACTICE_SLOTS = {
    "support": LeverSlot(0.0, _add_up_to_one),
    "standard": LeverSlot(0.0, _take_largest),
    "latitude": LeverSlot(1.0, _take_smallest),
    "push": LeverSlot(0.0, _add),
    "ambition": LeverSlot(0.8, _take_latest),
    "refresh": LeverSlot(0.0, _take_largest),
}
SUPPORT, STANDARD, LATITUDE, PUSH, AMBITION, REFRESH = range(len(PRACTICE_SLOTS))

COMBINATIONS: tuple[Combine, ...] = (
    _add,
    _add_up_to_one,
    _add_monthly_rates,
    _multiply,
    _take_latest,
    _take_largest,
    _take_smallest,
)
(
    ADDED,
    ADDED_UP_TO_ONE,
    ADDED_MONTHLY_RATES,
    MULTIPLIED,
    LATEST_TAKEN,
    LARGEST_TAKEN,
    SMALLEST_TAKEN,
) = range(len(COMBINATIONS))
"""The ways in which policies combine, as numbers for compiled code."""
