"""Exact values of spread by contact among users who may discontinue for ever: susceptible, infected, removed."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

Array = NDArray[np.float64]


def removal_chain(followers: int, contact: float, discontinuation: float, months: int) -> Array:
    """Return the distribution over (unaware, users) on a complete graph, as (months + 1, followers + 1, followers + 2).

    The exact chain: from the second month on each of s unaware hears with probability 1 - (1 - contact)^i, where i is
    the number of users of the month before, and each of these discontinues with probability `discontinuation`. The
    pilot site, among the users, begins in the first month.
    """
    start = np.zeros((followers + 1, followers + 2))
    start[followers, 0] = 1.0
    first = np.zeros_like(start)
    first[followers, 1] = 1.0
    heard = {
        (s, i): stats.binom.pmf(np.arange(s + 1), s, 1.0 - (1.0 - contact) ** i)
        for s in range(followers + 1)
        for i in range(1, followers + 2 - s)
    }
    stay = [stats.binom.pmf(np.arange(i + 1), i, 1.0 - discontinuation) for i in range(followers + 2)]
    found = [start, first]
    for _ in range(2, months + 1):
        after = np.zeros_like(start)
        after[:, 0] = found[-1][:, 0]
        for (s, i), chances in heard.items():
            if found[-1][s, i] > 0.0:
                joint = found[-1][s, i] * np.outer(chances, stay[i])
                for new in range(s + 1):
                    after[s - new, new : new + i + 1] += joint[new]
        found.append(after)
    return np.array(found)


def transmissibility(contact: float, discontinuation: float) -> float:
    """Return the probability that a user ever passes the news along one tie.

    Equation: 1 - g (1 - c) / (1 - (1 - g) (1 - c)), c contact and g discontinuation a month: a user is visible for a
    geometric number of months, at least one. Source: newman2002, in discrete time.
    """
    silent = 1.0 - contact
    return 1.0 - discontinuation * silent / (1.0 - (1.0 - discontinuation) * silent)


def final_size(degree: float, passed: float) -> float:
    """Return the share of a random graph that a large outbreak reaches.

    Equation: R = 1 - exp(-T z R), with T the transmissibility and z the mean degree. Source: newman2002.
    """
    if degree * passed <= 1.0:
        return 0.0
    return brentq(lambda reached: 1.0 - np.exp(-degree * passed * reached) - reached, 1e-9, 1.0)
