"""Exact means of spread by hearing alone, month by month: on a complete graph, on rings, and the curves of Bass."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


def complete_chain(followers: int, broadcast: float, contact: float, months: int) -> Array:
    """Return the distribution of the number of users on a complete graph, as (months + 1, followers + 1).

    The exact Markov chain of those besides the origin: each hears from the media or from any user of the month before,
    the origin among them from the second month on.
    """
    counts = np.arange(followers + 1)
    steps = []
    for origin in (0, 1):
        chance = 1.0 - (1.0 - broadcast) * (1.0 - contact) ** (counts + origin)
        steps.append(np.array([stats.binom.pmf(counts - k, followers - k, chance[k]) for k in counts]))
    found = [np.eye(followers + 1)[0]]
    for month in range(1, months + 1):
        found.append(found[-1] @ steps[month > 1])
    return np.array(found)


def bass_chain(followers: int, broadcast: float, contact: float, months: int) -> Array:
    """Return mean and standard deviation of the share of followers who use it, month by month from 0."""
    chances, counts = complete_chain(followers, broadcast, contact, months), np.arange(followers + 1)
    mean = chances @ counts
    variance = np.maximum(chances @ counts**2 - mean**2, 0.0)
    return np.array([mean, np.sqrt(variance)]) / followers


def gap_shares(length: int, broadcast: float, contact: float) -> Array:
    """Return the expected gaps of each length that a month makes of one gap, as (length + 1).

    A gap is a row of organisations that do not use it yet, between two users. Those inside hear with probability
    `broadcast`; one with a user beside it also from that neighbour.
    """
    found = np.zeros(length + 1)
    inner = 1.0 - broadcast
    outer = inner * (1.0 - contact)
    found[length] = inner**length * (1.0 - contact) ** 2
    for kept in range(1, length):
        beside = inner**kept * (1.0 - contact) * ((1.0 - outer) if kept == length - 1 else broadcast)
        found[kept] = 2.0 * beside + inner**kept * cuts_inside(length - kept, broadcast, 1.0 - outer)
    return found


def cuts_inside(lost: int, inner: float, outer: float) -> float:
    """Return the expected number of ways to cut a gap at both ends when `lost` of it are not in the new gap.

    `inner` is the probability that one inside hears, `outer` that one at an end does.
    """
    if lost < 2:
        return 0.0
    if lost == 2:
        return outer**2
    return 2.0 * outer * inner + (lost - 3) * inner**2


def ring_chain(followers: int, broadcast: float, contact: float, months: int) -> Array:
    """Return the expected share of followers who use it on a ring of two neighbours, month by month from 0.

    Exact at any size: the expected number of gaps of each length obeys a linear recursion, which starts with one gap
    from the origin round to itself. In the first month the origin cannot be heard yet.
    """
    steps = []
    for heard in (0.0, contact):
        rows = [np.pad(gap_shares(k, broadcast, heard), (0, followers - k)) for k in range(1, followers + 1)]
        steps.append(np.array([np.zeros(followers + 1), *rows]))
    gaps, lengths = np.eye(followers + 1)[followers], np.arange(followers + 1)
    found = [0.0]
    for month in range(1, months + 1):
        gaps = gaps @ steps[month > 1]
        found.append(1.0 - float(gaps @ lengths) / followers)
    return np.array(found)


def ring_bass(broadcast: float, contact: float, months: int) -> Array:
    """Return the expected share of users on an endless ring of two neighbours, month by month from 0.

    S_k, the chance that k in a row do not use it, obeys a closed recursion: all k must miss the media, and the two at
    the ends must miss what comes from outside (discrete-time form of Fibich and Gibori 2010).
    """
    silent = np.ones(2 * months + 2)
    shares = [0.0]
    for _ in range(months):
        k = np.arange(1, silent.size - 2)
        none, one = silent[k + 2], silent[k + 1] - silent[k + 2]
        both = silent[k] - 2.0 * silent[k + 1] + silent[k + 2]
        inside = none + 2.0 * (1.0 - contact) * one + (1.0 - contact) ** 2 * both
        silent = np.concatenate(([1.0], (1.0 - broadcast) ** k * inside))
        shares.append(1.0 - float(silent[1]))
    return np.array(shares)


def logistic_growth(first: float, rate: float, t: Array) -> Array:
    """Return the mean-field share of susceptible-infected growth, first e^(rate t) / (1 - first + first e^(rate t))."""
    grown = first * np.exp(rate * t)
    return grown / (1.0 - first + grown)


def bass_curve(p: float, q: float, t: Array) -> Array:
    """Return the share of users by the curve of Bass (bass1969)."""
    return (1.0 - np.exp(-(p + q) * t)) / (1.0 + q / p * np.exp(-(p + q) * t))


def bass_ring_curve(p: float, q: float, t: Array) -> Array:
    """Return the share of users of Fibich and Gibori (2010), each hearing at q / 2 from either neighbour."""
    return 1.0 - np.exp(-(p + q) * t + q * (1.0 - np.exp(-p * t)) / p)


def step_probability(step: float, rate: float) -> float:
    """Return the probability that something of a constant rate happens within a step."""
    return -math.expm1(-rate * step)
