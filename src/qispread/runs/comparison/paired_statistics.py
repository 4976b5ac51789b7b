"""What is said of paired differences: mean, interval, share of worlds that are better, what the pairing saved."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE_LEVEL = 0.95


def mean_and_half_width(values: NDArray[np.float64], confidence: float = CONFIDENCE_LEVEL) -> tuple[float, float]:
    """Return the mean of some values and the half-width of its Student interval; NaN where there are too few."""
    if values.size < 2:
        return (float(values.mean()) if values.size else np.nan), np.nan
    quantile = float(stdtrit(values.size - 1, 0.5 + confidence / 2.0))
    return float(values.mean()), quantile * float(values.std(ddof=1)) / float(np.sqrt(values.size))


def share_better(differences: NDArray[np.float64], direction: str) -> float:
    """Return the share of worlds in which a difference is for the better; worlds without any count half."""
    if direction == "neither" or not differences.size:
        return np.nan
    signs = np.sign(differences if direction == "more" else -differences)
    return float(np.mean((signs + 1.0) / 2.0))


def pairing_gain(base: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return how many times as many worlds independent seeds would need.

    Equation: (var(base) + var(other)) / var(other - base). 1 is no gain; infinite where all differences are equal.
    """
    if base.size < 2:
        return np.nan
    paired = float(np.var(other - base, ddof=1))
    independent = float(np.var(base, ddof=1) + np.var(other, ddof=1))
    return independent / paired if paired > 0.0 else (np.inf if independent > 0.0 else np.nan)


def finite_mean(values: NDArray[np.float64]) -> float:
    """Return the mean of the values that are numbers; NaN where none is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan


def monthly_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over runs, the rows, of what is known in each month; NaN where nothing is."""
    known = np.count_nonzero(~np.isnan(values), axis=0)
    sums = np.nansum(values, axis=0)
    return np.asarray(np.divide(sums, known, out=np.full(sums.shape, np.nan), where=known > 0))
