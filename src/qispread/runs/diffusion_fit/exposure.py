"""Exposure of each person in each period: earlier adopters among their ties, groups and everybody."""

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
"""Digits to which shares are distinguished."""


@dataclass(frozen=True, eq=False)
class Exposure:
    """The exposure of people in each period.

    Attributes
    ----------
    levels : array of L
        Weights, in (0, 1].
    counts : array of (n, periods, L)
        Number of ties of each weight that had adopted before the period; for shares, one level of 1 and the share.
    """

    levels: FloatArray
    counts: FloatArray


def adopted_before(adopted: IntArray, periods: int) -> FloatArray:
    """Return 1 where a person adopted before a period, an array of (n, periods) from period 1."""
    times = np.arange(1, periods + 1)
    return np.asarray((adopted[:, None] != NEVER_ADOPTED) & (adopted[:, None] < times), dtype=np.float64)


def sum_over_ties(ties: TieGraph, values: FloatArray) -> FloatArray:
    """Return the sum of the values of ties (rows) for each person."""
    cumulative = np.concatenate((np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)))
    return np.asarray(cumulative[ties.indptr[1:]] - cumulative[ties.indptr[:-1]], dtype=np.float64)


def tie_exposure(observed: ObservedDiffusion) -> Exposure:
    """Return the number of ties of each weight that had adopted before each period."""
    ties, adopted_earlier = observed.ties, adopted_before(observed.adopted, observed.periods)
    levels = np.unique(ties.weights)
    counts = [sum_over_ties(ties, adopted_earlier[ties.indices] * (ties.weights == level)[:, None]) for level in levels]
    return Exposure(levels, np.stack(counts, axis=2))


def tie_share_exposure(observed: ObservedDiffusion) -> FloatArray:
    """Return the share of each person's tie weight to earlier adopters, an array of (n, periods); 0 without ties."""
    ties, adopted_earlier = observed.ties, adopted_before(observed.adopted, observed.periods)
    weights = ties.weights[:, None]
    total_weight = sum_over_ties(ties, weights)
    adopted_weight = sum_over_ties(ties, adopted_earlier[ties.indices] * weights)
    shares: FloatArray = np.divide(
        adopted_weight, total_weight, out=np.zeros_like(adopted_weight), where=total_weight > 0.0
    )
    return np.asarray(np.round(shares, SHARE_DECIMALS), dtype=np.float64)


def group_share_exposure(observed: ObservedDiffusion, groups: IntArray) -> FloatArray:
    """Return the share of earlier adopters among others in each group, an array of (n, periods); 0 if alone."""
    adopted_earlier, sizes = adopted_before(observed.adopted, observed.periods), np.bincount(groups)
    users = np.zeros((sizes.size, observed.periods))
    np.add.at(users, groups, adopted_earlier)
    other_count = np.maximum(sizes - 1, 1)[groups][:, None]
    return np.asarray(
        np.round(np.minimum((users[groups] - adopted_earlier) / other_count, 1.0), SHARE_DECIMALS), dtype=np.float64
    )


def build_risk_set(observed: ObservedDiffusion) -> "np.ndarray[tuple[int, int], np.dtype[np.bool_]]":
    """Return whether each person is at risk in each explained period, an array of (n, periods)."""
    times = np.arange(1, observed.periods + 1)
    waiting = (observed.adopted[:, None] == NEVER_ADOPTED) | (observed.adopted[:, None] >= times)
    return np.asarray(waiting & (times >= observed.first_explained))


def exposure_at_adoption(observed: ObservedDiffusion) -> FloatArray:
    """Return the share of ties that had adopted earlier, for each person with ties who adopted in an explained period.

    Exposure at adoption is at least the threshold of a person who adopts once a share of ties is reached; for adoption
    by external influence it is not a threshold (valente1996).
    """
    selected = (observed.adopted >= observed.first_explained) & (np.diff(observed.ties.indptr) > 0)
    exposure: FloatArray = tie_share_exposure(observed)[selected, observed.adopted[selected] - 1]
    return exposure
