"""What each person had around them in each period: who of their ties, and of everybody, had adopted before."""

from dataclasses import dataclass

import numpy as np

from qispread.runs.diffusion_fit.observed_diffusion import (
    NEVER_ADOPTED,
    FloatArray,
    IntArray,
    ObservedDiffusion,
    TieGraph,
)

SHARE_DECIMALS = 9
"""Digits to which shares are told apart."""


@dataclass(frozen=True, eq=False)
class Exposure:
    """What reaches people in each period.

    Attributes
    ----------
    levels : array of L
        Weights, in (0, 1].
    counts : array of (n, periods, L)
        How many ties of each weight had adopted before the period; a share, with one level of 1, where it is one.
    """

    levels: FloatArray
    counts: FloatArray


def adopted_before(adopted: IntArray, periods: int) -> FloatArray:
    """Return, as (n, periods), 1 where somebody adopted before a period, from period 1."""
    times = np.arange(1, periods + 1)
    return np.asarray((adopted[:, None] != NEVER_ADOPTED) & (adopted[:, None] < times), dtype=np.float64)


def sum_over_ties(ties: TieGraph, values: FloatArray) -> FloatArray:
    """Return for each person the sum of a value, one a row, over their ties."""
    running = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
    return np.asarray(running[ties.indptr[1:]] - running[ties.indptr[:-1]], dtype=np.float64)


def tie_exposure(observed: ObservedDiffusion) -> Exposure:
    """Return how many ties of each weight had adopted before each period."""
    ties, before = observed.ties, adopted_before(observed.adopted, observed.periods)
    levels = np.unique(ties.weights)
    amounts = [sum_over_ties(ties, before[ties.indices] * (ties.weights == level)[:, None]) for level in levels]
    return Exposure(levels, np.stack(amounts, axis=2))


def tie_share_exposure(observed: ObservedDiffusion) -> FloatArray:
    """Return, as (n, periods), the share of each one's tie weight that had adopted before; 0 without ties."""
    ties, before = observed.ties, adopted_before(observed.adopted, observed.periods)
    weights = ties.weights[:, None]
    whole = sum_over_ties(ties, weights)
    part = sum_over_ties(ties, before[ties.indices] * weights)
    shares: FloatArray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
    return np.asarray(np.round(shares, SHARE_DECIMALS), dtype=np.float64)


def group_share_exposure(observed: ObservedDiffusion, groups: IntArray) -> FloatArray:
    """Return, as (n, periods), the share of the others in each one's group that had adopted before; 0 if alone."""
    before, sizes = adopted_before(observed.adopted, observed.periods), np.bincount(groups)
    users = np.zeros((sizes.size, observed.periods))
    np.add.at(users, groups, before)
    others = np.maximum(sizes - 1, 1)[groups][:, None]
    return np.asarray(np.round(np.minimum((users[groups] - before) / others, 1.0), SHARE_DECIMALS), dtype=np.float64)


def build_risk_set(observed: ObservedDiffusion) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    """Return, as (n, periods), whether somebody could adopt in a period that is to be explained."""
    times = np.arange(1, observed.periods + 1)
    waiting = (observed.adopted[:, None] == NEVER_ADOPTED) | (observed.adopted[:, None] >= times)
    return np.asarray(waiting & (times >= observed.first_explained))


def exposure_at_adoption(observed: ObservedDiffusion) -> FloatArray:
    """Return, for each who adopted in a period to be explained and has ties, the share of them that had before.

    This exposure at adoption is at least the threshold of somebody who adopts once a share of ties is reached, and it
    is no threshold at all where adoption comes from outside (valente1996).
    """
    chosen = (observed.adopted >= observed.first_explained) & (np.diff(observed.ties.indptr) > 0)
    found: FloatArray = tie_share_exposure(observed)[chosen, observed.adopted[chosen] - 1]
    return found
