"""Effect of the parameters against noise between worlds: the variance of single runs split in three."""

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
        Between points, the same in every world.
    between_replicates : float
        Between worlds, the same at every point: pairing removes it from all comparisons of points.
    both : float
        What is left: what parameters do in one world and not in another, and chance.
    variance : float
        Of single runs, in the square of the measure's unit.
    noise_of_points : float
        Share of the variance between the points' levels that is noise, from 0 to 1.
    """

    parameters: float
    between_replicates: float
    both: float
    variance: float
    noise_of_points: float


def split_variance(values: FloatArray) -> VarianceComponents | None:
    """Return how the variance of single runs is made up, or None where replicates are too few to tell.

    Every world is run at every point, so that points and worlds are crossed. Equation: y = mean + point + world + rest,
    the three variances by the method of moments from the least squares fit (searle1992). With n values of P points
    and W worlds, s^2 is the squared rest over n - P - W + 1; the variance of points is that of their fitted effects
    less s^2 / R, R the worlds of a point, at least 0; likewise that of worlds. Of the variance between the points'
    levels s^2 / R is noise.

    Parameters
    ----------
    values : array of (points, worlds)
        NaN where a run has none; points and worlds without any are left out.
    """
    known = ~np.isnan(values)
    values = values[known.any(axis=1)][:, known.any(axis=0)]
    known = ~np.isnan(values)
    points, worlds = values.shape
    free = int(known.sum()) - points - worlds + 1
    if points < 2 or worlds < 2 or free < 1:
        return None
    point, world = additive_fit(values)
    rest = np.square(np.where(known, values - point[:, None] - world, 0.0)).sum() / free
    noise = float(rest * np.mean(1.0 / known.sum(axis=1)))
    between = float(np.var(point, ddof=1))
    of_worlds = float(np.var(world, ddof=1) - rest * np.mean(1.0 / known.sum(axis=0)))
    parts = np.maximum([between - noise, of_worlds, rest], 0.0)
    whole = float(parts.sum())
    if whole == 0.0:
        return None
    parameters, shared, both = (parts / whole).tolist()
    return VarianceComponents(parameters, shared, both, whole, min(1.0, noise / between) if between > 0.0 else 1.0)


def additive_point_means(values: FloatArray) -> FloatArray:
    """Return the level of each point: its mean over worlds, allowing for which worlds are missing; NaN without any.

    Equation: the effect of the point in the least squares fit y = point + world, which is the mean where none is
    missing. A mean over the worlds that are left would move with these worlds.

    Parameters
    ----------
    values : array of (points, worlds)
    """
    known = ~np.isnan(values)
    if known.all():
        return replicate_means(values)
    found = np.full(len(values), np.nan)
    some = known.any(axis=1)
    if some.any():
        found[some] = additive_fit(values[some][:, known.any(axis=0)])[0]
    return found


def additive_fit(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the effects of points and of worlds that fit best by least squares, those of worlds with mean 0."""
    world = np.zeros(values.shape[1])
    scale = float(np.nanmax(np.abs(values)))
    for _ in range(MAX_ITERATIONS):
        point = replicate_means(values - world)
        before, world = world, replicate_means((values - point[:, None]).T)
        if np.abs(world - before).max() <= CONVERGENCE_TOLERANCE * scale:
            break
    centre = world.mean()
    return point + centre, world - centre
