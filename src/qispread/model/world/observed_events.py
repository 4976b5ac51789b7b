"""Observed adverse events: counts around the expected number, for run charts only, not for the dynamics."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtr, pdtrik

from qispread.model.rules.jit import kernel
from qispread.model.rules.random_draws import OBSERVED_EVENTS, uniform


@kernel
def observation_draws(streams: NDArray[np.uint64], month: int) -> NDArray[np.float64]:
    """Return the uniform draw of each organisation for its observed events in a month."""
    draws = np.empty(streams.size)
    for i in range(streams.size):
        draws[i] = uniform(streams[i], month, OBSERVED_EVENTS)
    return draws


def draw_observed_events(streams: NDArray[np.uint64], expected: NDArray[np.float64], month: int) -> NDArray[np.int64]:
    """Return the events that each organisation observes in a month: Poisson with the expected number as mean.

    Parameters
    ----------
    streams : array of n uint64
        Streams of the organisations.
    expected : array of n float64
        Adverse event rate per 10,000 times tens of thousands of cases a month, at least 0.
    month : int
        From 1.
    """
    draws = observation_draws(streams, month)
    mean = np.maximum(expected, np.finfo(float).tiny)
    quantile = np.ceil(pdtrik(draws, mean))
    lower = np.maximum(quantile - 1, 0)
    counts = np.where(pdtr(lower, mean) >= draws, lower, quantile)
    return np.asarray(np.where(expected > 0.0, counts, 0), dtype=np.int64)
