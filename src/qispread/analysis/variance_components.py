"""Variance components of single runs: parameters, replicates, and their interaction with chance."""

from dataclasses import dataclass

import numpy as np

from qispread.runs.sweep.sweep_outcomes import FloatArray, replicate_means

MAX_ITERATIONS, CONVERGENCE_TOLERANCE = 200, 1e-12


@dataclass(frozen=True)
class VarianceComponents:
    """Shares of the variance of single runs, which sum to 1.

    Attributes
    ----------
    parameters : float
        Between points, the same in every replicate.
    between_replicates : float
        Between replicates, the same at every point: common random numbers remove it from comparisons of points.
    both : float
        Remainder: interaction of parameters and replicates, and chance.
    variance : float
        Variance of single runs, in the square of the measure's unit.
    noise_of_points : float
        Share of the variance between the means of points that is noise, from 0 to 1.
    """

    parameters: float
    between_replicates: float
    both: float
    variance: float
    noise_of_points: float


def split_variance(values: FloatArray) -> VarianceComponents | None:
    """Return the variance components of single runs, or None where there are too few replicates.

    Every replicate is run at every point, so that points and replicates are crossed. Equation: y = mean + point +
    replicate + residual, the three variances by the method of moments from the least squares fit (searle1992). With n
    values of P points and W replicates, s^2 is the residual sum of squares over n - P - W + 1; the variance of points
    is that of their fitted effects less s^2 / R, R the replicates of a point, at least 0; likewise that of replicates.
    Of the variance between the means of points, s^2 / R is noise.

    Parameters
    ----------
    values : array of (points, replicates)
        NaN where a run has no value; points and replicates without any are left out.
    """
    known = ~np.isnan(values)
    values = values[known.any(axis=1)][:, known.any(axis=0)]
    known = ~np.isnan(values)
    points, replicates = values.shape
    free = int(known.sum()) - points - replicates + 1
    if points < 2 or replicates < 2 or free < 1:
        return None
    point, replicate = additive_fit(values)
    residual = np.square(np.where(known, values - point[:, None] - replicate, 0.0)).sum() / free
    noise = float(residual * np.mean(1.0 / known.sum(axis=1)))
    between = float(np.var(point, ddof=1))
    between_replicates = float(np.var(replicate, ddof=1) - residual * np.mean(1.0 / known.sum(axis=0)))
    parts = np.maximum([between - noise, between_replicates, residual], 0.0)
    total = float(parts.sum())
    if total == 0.0:
        return None
    parameters, shared, both = (parts / total).tolist()
    return VarianceComponents(parameters, shared, both, total, min(1.0, noise / between) if between > 0.0 else 1.0)


def additive_point_means(values: FloatArray) -> FloatArray:
    """Return the mean of each point over replicates, adjusted for missing replicates; NaN for a point without values.

    Equation: the effect of the point in the least squares fit y = point + replicate, which is the mean where none is
    missing. An unadjusted mean would depend on which replicates are missing.

    Parameters
    ----------
    values : array of (points, replicates)
    """
    known = ~np.isnan(values)
    if known.all():
        return replicate_means(values)
    means = np.full(len(values), np.nan)
    has_values = known.any(axis=1)
    if has_values.any():
        means[has_values] = additive_fit(values[has_values][:, known.any(axis=0)])[0]
    return means


def additive_fit(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the least squares effects of points and of replicates, those of replicates with mean 0."""
    replicate = np.zeros(values.shape[1])
    scale = float(np.nanmax(np.abs(values)))
    for _ in range(MAX_ITERATIONS):
        point = replicate_means(values - replicate)
        previous, replicate = replicate, replicate_means((values - point[:, None]).T)
        if np.abs(replicate - previous).max() <= CONVERGENCE_TOLERANCE * scale:
            break
    centre = replicate.mean()
    return point + centre, replicate - centre
