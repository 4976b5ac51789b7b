"""The events that a place would observe: counts around what is expected, for run charts and never for the dynamics."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr, pdtrik

from qispread.model.rules.jit import kernel
from qispread.model.rules.random_draws import OBSERVED_EVENTS, uniform


@kernel
def observation_draws(streams: NDArray[np.uint64], month: int) -> NDArray[np.float64]:
    """Return the draw of a month by which each organisation observes its events."""
    drawn = np.empty(streams.size)
    for i in range(streams.size):
        drawn[i] = uniform(streams[i], month, OBSERVED_EVENTS)
    return drawn


def draw_observed_events(streams: NDArray[np.uint64], expected: NDArray[np.float64], month: int) -> NDArray[np.int64]:
    """Return the events that each organisation observes in a month: Poisson with the expected number as mean.

    Parameters
    ----------
    streams : array of n uint64
        Of the organisations.
    expected : array of n float64
        Harm per 10,000 times tens of thousands of cases a month, at least 0.
    month : int
        From 1.
    """
    drawn = observation_draws(streams, month)
    mean = np.maximum(expected, np.finfo(float).tiny)
    least = np.ceil(pdtrik(drawn, mean))
    below = np.maximum(least - 1, 0)
    counts = np.where(pdtr(below, mean) >= drawn, below, least)
    return np.asarray(np.where(expected > 0.0, counts, 0), dtype=np.int64)
