"""Exact values of threshold cascades on infinite random graphs (Watts 2002)."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

Array = NDArray[np.float64]


def max_persuading_degree(share: float) -> int:
    """Return the largest number of ties at which one user persuades a neighbour whose threshold is `share`."""
    return int(1.0 / share)


def cascade_window(share: float) -> tuple[float, float]:
    """Return the mean degrees between which one seed can start a global cascade.

    Equation: sum over k <= 1 / share of k (k - 1) p_k = z, p_k Poisson with mean z. It simplifies to z P(X <= K - 2) =
    1, with X Poisson and K the largest such k. Source: watts2002.
    """

    def excess(z: float) -> float:
        return z * float(stats.poisson.cdf(max_persuading_degree(share) - 2, z)) - 1.0

    peak = float(np.linspace(0.5, 20.0, 2000)[np.argmax([excess(z) for z in np.linspace(0.5, 20.0, 2000)])])
    return brentq(excess, 0.5, peak), brentq(excess, peak, 50.0)


def trigger_probability(degree: float, number: int, share: float) -> float:
    """Return the probability that one seed is beside the giant cluster of those that one tie persuades (Watts 2002).

    Equation: 1 - sum_k p_k a^k, a = 1 - sum_{1 <= k <= 1 / share} (k p_k / z) (1 - a^(k - 1)), p_k binomial.
    """
    degrees = np.arange(number)
    pmf = stats.binom.pmf(degrees, number - 1, degree / (number - 1))
    easy = pmf * (degrees > 0) * (degrees <= max_persuading_degree(share))
    edge = easy * degrees / degree

    def excess(missed: float) -> float:
        return float(1.0 - edge.sum() + edge @ missed ** np.maximum(degrees - 1, 0) - missed)

    if excess(1.0 - 1e-6) >= 0.0:
        return 0.0
    missed = brentq(excess, 0.0, 1.0 - 1e-6)
    return float(1.0 - pmf @ missed**degrees)


def cascade_size(degree: float, number: int, share: float) -> float:
    """Return the share of organisations that a global cascade reaches, from a vanishing seed (Gleeson 2007).

    Equation: q = sum_k (k p_k / z) P(Bin(k - 1, q) / k >= share), size = sum_k p_k P(Bin(k, q) / k >= share), with q
    the largest share that grows from 0.
    """
    most = int(stats.binom.ppf(1.0 - 1e-12, number - 1, degree / (number - 1)))
    degrees = np.arange(1, most + 1)
    pmf = stats.binom.pmf(degrees, number - 1, degree / (number - 1))
    needed = np.ceil(share * degrees - 1e-9)

    q, last = 1e-6, 0.0
    while abs(q - last) > 1e-13:
        last = q
        q = float(np.sum(pmf * degrees / degree * stats.binom.sf(needed - 1, degrees - 1, q)))
    return float(np.sum(pmf * stats.binom.sf(needed - 1, degrees, q)))
