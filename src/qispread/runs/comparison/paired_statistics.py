"""Statistics of paired differences: mean, interval, share of better replicates and pairing gain."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE_LEVEL = 0.95


def mean_and_half_width(values: NDArray[np.float64], confidence: float = CONFIDENCE_LEVEL) -> tuple[float, float]:
    """Return the mean of values and the half-width of its Student interval; NaN for too few values."""
    if values.size < 2:
        return (float(values.mean()) if values.size else np.nan), np.nan
    quantile = float(stdtrit(values.size - 1, 0.5 + confidence / 2.0))
    return float(values.mean()), quantile * float(values.std(ddof=1)) / float(np.sqrt(values.size))


def share_better(differences: NDArray[np.float64], direction: str) -> float:
    """Return the share of replicates with a better result; those without a difference count half."""
    if direction == "neither" or not differences.size:
        return np.nan
    signs = np.sign(differences if direction == "more" else -differences)
    return float(np.mean((signs + 1.0) / 2.0))


def pairing_gain(base: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the factor by which common random numbers reduce the number of replicates needed.

    Equation: (var(base) + var(other)) / var(other - base). 1 is no gain; infinite if all differences are equal.
    """
    if base.size < 2:
        return np.nan
    paired_variance = float(np.var(other - base, ddof=1))
    independent_variance = float(np.var(base, ddof=1) + np.var(other, ddof=1))
    if paired_variance > 0.0:
        return independent_variance / paired_variance
    return np.inf if independent_variance > 0.0 else np.nan


def finite_mean(values: NDArray[np.float64]) -> float:
    """Return the mean of the values that are not NaN; NaN if there are none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan


def monthly_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean over runs (rows) of the known values in each month; NaN if there are none."""
    known = np.count_nonzero(~np.isnan(values), axis=0)
    sums = np.nansum(values, axis=0)
    return np.asarray(np.divide(sums, known, out=np.full(sums.shape, np.nan), where=known > 0))
