"""What each person had around them in each period: who of their ties, and of everybody, had adopted before."""

from dataclasses import dataclass

import numpy as np

from qispread.fitting.people import NEVER, Numbers, Observed, Ties, Whole

PLACES = 9
"""Digits to which shares are told apart."""


@dataclass(frozen=True, eq=False)
class Reach:
    """What reaches people in each period.

    Attributes
    ----------
    levels : array of L
        Weights, in (0, 1].
    amounts : array of (n, periods, L)
        How many ties of each weight had adopted before the period; a share, with one level of 1, where it is one.
    """

    levels: Numbers
    amounts: Numbers


def adopted_before(adopted: Whole, periods: int) -> Numbers:
    """Return, as (n, periods), 1 where somebody adopted before a period, from period 1."""
    times = np.arange(1, periods + 1)
    return np.asarray((adopted[:, None] != NEVER) & (adopted[:, None] < times), dtype=np.float64)


def summed(ties: Ties, values: Numbers) -> Numbers:
    """Return for each person the sum of a value, one a row, over their ties."""
    running = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
    return np.asarray(running[ties.starts[1:]] - running[ties.starts[:-1]], dtype=np.float64)


def tie_reach(observed: Observed) -> Reach:
    """Return how many ties of each weight had adopted before each period."""
    ties, before = observed.ties, adopted_before(observed.adopted, observed.periods)
    levels = np.unique(ties.weights)
    amounts = [summed(ties, before[ties.others] * (ties.weights == level)[:, None]) for level in levels]
    return Reach(levels, np.stack(amounts, axis=2))


def share_of_ties(observed: Observed) -> Numbers:
    """Return, as (n, periods), the share of each one's tie weight that had adopted before; 0 without ties."""
    ties, before = observed.ties, adopted_before(observed.adopted, observed.periods)
    weights = ties.weights[:, None]
    whole = summed(ties, weights)
    part = summed(ties, before[ties.others] * weights)
    shares: Numbers = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
    return np.asarray(np.round(shares, PLACES), dtype=np.float64)


def share_of_groups(observed: Observed, groups: Whole) -> Numbers:
    """Return, as (n, periods), the share of the others in each one's group that had adopted before; 0 if alone."""
    before, sizes = adopted_before(observed.adopted, observed.periods), np.bincount(groups)
    users = np.zeros((sizes.size, observed.periods))
    np.add.at(users, groups, before)
    others = np.maximum(sizes - 1, 1)[groups][:, None]
    return np.asarray(np.round(np.minimum((users[groups] - before) / others, 1.0), PLACES), dtype=np.float64)


def at_risk(observed: Observed) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    """Return, as (n, periods), whether somebody could adopt in a period that is to be explained."""
    times = np.arange(1, observed.periods + 1)
    waiting = (observed.adopted[:, None] == NEVER) | (observed.adopted[:, None] >= times)
    return np.asarray(waiting & (times >= observed.first_explained))


def thresholds(observed: Observed) -> Numbers:
    """Return, for each who adopted in a period to be explained and has ties, the share of them that had before.

    This exposure at adoption is at least the threshold of somebody who adopts once a share of ties is reached, and it
    is no threshold at all where adoption comes from outside (valente1996).
    """
    chosen = (observed.adopted >= observed.first_explained) & (np.diff(observed.ties.starts) > 0)
    found: Numbers = share_of_ties(observed)[chosen, observed.adopted[chosen] - 1]
    return found
