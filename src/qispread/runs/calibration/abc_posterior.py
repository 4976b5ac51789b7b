"""From simulated runs and what was observed to a posterior: approximate Bayesian computation with regression.

Runs whose summaries lie near the observed ones are kept, the nearer the heavier, and their parameters are moved along a
local linear regression to where the summaries would be the observed ones (beaumont2002). What is observed is taken as
what one run would show, plus an error of measurement: so each run gets such an error too (wilkinson2013).
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DEFAULT_ACCEPT = 0.1
"""Share of the runs kept unless one is given."""
INTERVAL_LEVELS = (0.5, 0.9, 0.95)
"""Of the intervals that are told."""
SHRINKAGE_LEVEL = 0.9
"""Level of the intervals whose widths are compared."""
IDENTIFIED_SHRINKAGE, PARTLY_IDENTIFIED_SHRINKAGE = 0.5, 0.2
"""How much narrower than before the 90 % interval of a parameter must be, to be identified and partly so."""
MIN_ACCEPTED = 20
"""Runs kept below which nothing is told, besides two for each target."""
MIN_SQUARED_RESIDUAL, MAX_SPREAD_RATIO = 1e-12, 4.0
"""Of squared residuals, before their logarithm; and by how much the spread of one place may be made that of another."""
NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
MIN_ERROR = 1e-300
"""Stands for an error of 0 where errors below and above are compared."""
MEASUREMENT_ERROR_SEED = 0x6572726F72
"""Sets the draws of errors of measurement apart from all others."""

Identifiability = Literal["identified", "partly", "not identified"]


@dataclass(frozen=True, eq=False)
class ParameterPosterior:
    """What is known of parameters once something was observed.

    Attributes
    ----------
    draws : array of (kept, parameters) float64
        In the units of the parameters, within their bounds.
    weights : array of (kept,) float64
        They sum to 1.
    prior : array of (used, parameters) float64
        The parameters of the runs that were used.
    run_indices : array of (kept,) int64
        Which of the runs that were given each draw comes from.
    radius : float
        Distance at which weights become 0, in spreads of the summaries: that of the nearest run that is not kept, or of
        the furthest where all are.
    excluded_runs : int
        Runs left out, since a summary or a parameter is missing.
    """

    draws: FloatArray
    weights: FloatArray
    prior: FloatArray
    run_indices: IntArray
    radius: float
    excluded_runs: int

    @cached_property
    def mean(self) -> FloatArray:
        """The mean of each parameter."""
        return np.asarray(self.weights @ self.draws)

    @cached_property
    def deviation(self) -> FloatArray:
        """The standard deviation of each parameter."""
        return np.asarray(np.sqrt(self.weights @ np.square(self.draws - self.mean)))

    @cached_property
    def median(self) -> FloatArray:
        """The median of each parameter."""
        return np.asarray(self.quantiles(np.array([0.5]))[0])

    def interval(self, level: float) -> FloatArray:
        """Return the central interval of each parameter at a level, of (parameters, 2)."""
        return self.quantiles(tail_probabilities(level)).T

    def quantiles(self, shares: FloatArray) -> FloatArray:
        """Return quantiles of each parameter, of (shares, parameters)."""
        return weighted_quantiles(self.draws, self.weights, shares)

    @cached_property
    def correlation(self) -> FloatArray:
        """Correlations between parameters, of (parameters, parameters); 0 with one that does not vary."""
        scaled = np.divide(
            self.draws - self.mean, self.deviation, out=np.zeros_like(self.draws), where=self.deviation > 0.0
        )
        found = (scaled * self.weights[:, None]).T @ scaled
        np.fill_diagonal(found, 1.0)
        return np.clip(found, -1.0, 1.0)

    @cached_property
    def shrinkage(self) -> FloatArray:
        """By how much the 90 % interval of each parameter is narrower than before: 1 is a point, 0 nothing learnt."""
        equal = np.full(len(self.prior), 1.0 / len(self.prior))
        before = np.diff(weighted_quantiles(self.prior, equal, tail_probabilities(SHRINKAGE_LEVEL)), axis=0)[0]
        after = np.diff(self.quantiles(tail_probabilities(SHRINKAGE_LEVEL)), axis=0)[0]
        return np.asarray(1.0 - np.divide(after, before, out=np.ones_like(after), where=before > 0.0))

    @property
    def identifiability(self) -> tuple[Identifiability, ...]:
        """Whether each parameter is identified: the interval half as wide as before or less; partly, from a fifth."""
        return tuple(classify_identifiability(one) for one in self.shrinkage.tolist())

    @property
    def effective_sample_size(self) -> float:
        """The effective number of draws."""
        return kish_sample_size(self.weights)

    def resample(self, count: int, seed: int = 0) -> FloatArray:
        """Return draws of equal weight, of (number, parameters), by systematic resampling (kitagawa1996)."""
        start = np.random.default_rng(seed).random()
        places = np.searchsorted(np.cumsum(self.weights), (np.arange(count) + start) / count)
        return self.draws[np.minimum(places, len(self.draws) - 1)]


def classify_identifiability(shrinkage: float) -> Identifiability:
    """Return whether a parameter is identified, by how much narrower its 90 % interval has become."""
    return (
        "identified"
        if shrinkage >= IDENTIFIED_SHRINKAGE
        else "partly"
        if shrinkage >= PARTLY_IDENTIFIED_SHRINKAGE
        else "not identified"
    )


def estimate_posterior(
    parameters: FloatArray,
    summaries: FloatArray,
    observed: FloatArray,
    *,
    bounds: FloatArray,
    scales: FloatArray,
    accept: float = DEFAULT_ACCEPT,
    seed: int = 0,
) -> ParameterPosterior:
    """Return the posterior of parameters, by rejection and local linear regression (beaumont2002).

    Equation: with d_i the distance of run i, in spreads (median absolute deviations) of the summaries with errors, and
    h the radius within which the share `accept` lies, w_i = 1 - (d_i / h)^2. On the kept runs the logit t of a
    parameter within its bounds is fitted by t_i = a + b (s_i - observed) + e_i with weights w; the draws are a and the
    residuals, as `regression_adjust` has them.

    Parameters
    ----------
    parameters : array of (runs, parameters)
        Drawn from what was believed before.
    summaries : array of (runs, summaries)
        What each run shows, with NaN where it shows nothing: such runs are left out.
    observed : array of (summaries,)
    bounds : array of (parameters, 2)
        Of what is possible; the draws stay within.
    scales : array of (summaries,) or (summaries, 2)
        Standard errors of what was observed, or those below and above it; 0 for none.
    accept : float
        Share of the runs that is kept, in (0, 1].
    seed : int
        Of the errors of measurement.

    Raises
    ------
    InputError
        Where too few runs are left to tell anything.
    """
    used = np.flatnonzero(~(np.isnan(parameters).any(axis=1) | np.isnan(summaries).any(axis=1)))
    kept = round(accept * used.size)
    check_enough_runs(used.size, kept, summaries.shape[1])
    noisy = add_measurement_error(summaries, scales, seed)[used]
    return accept_and_adjust(CompleteRuns(parameters[used], noisy, bounds, used), observed, kept, len(parameters))


@dataclass(frozen=True, eq=False)
class CompleteRuns:
    """Runs that are whole: parameters, summaries with errors, bounds, and where each stood."""

    parameters: FloatArray
    summaries_with_error: FloatArray
    bounds: FloatArray
    positions: IntArray


def accept_and_adjust(runs: CompleteRuns, observed: FloatArray, accepted: int, run_count: int) -> ParameterPosterior:
    """Return the posterior from whole runs, of which so many are kept; `run_count` is how many there were."""
    spread = column_spreads(runs.summaries_with_error)
    apart = scale_columns(runs.summaries_with_error - observed, spread)
    distance = np.sqrt(np.square(apart).sum(axis=1))
    rows, weights, radius = select_nearest(distance, accepted)
    within = to_logit(runs.parameters[rows], runs.bounds, len(runs.parameters))
    draws = from_logit(regression_adjust(within, apart[rows], weights), runs.bounds)
    weights = weights / weights.sum()
    return ParameterPosterior(
        draws, weights, runs.parameters, runs.positions[rows], radius, run_count - len(runs.parameters)
    )


def min_accepted(targets: int) -> int:
    """Return how many runs must be kept for so many targets."""
    return MIN_ACCEPTED + 2 * targets


def check_enough_runs(used: int, accepted: int, targets: int) -> None:
    """Refuse a posterior from too few runs."""
    least = min_accepted(targets)
    if accepted < least:
        problem = f"keeps {accepted} of {used} runs that have all {targets} targets; needed: at least {least}"
        raise InputError([Fault("accepted_share", f"{problem}; give more points, or a larger accepted_share")])


def describe_shortfall(points: int, accept: float, targets: int) -> str:
    """Return what is wrong with so many points though all should show all targets; nothing where they are enough."""
    kept, least = round(accept * points), min_accepted(targets)
    if kept >= least:
        return ""
    problem = f"keeps {kept} of {points} points; needed: at least {least} for {targets} target{'s' * (targets > 1)}"
    share = f", or take {math.ceil(100.0 * least / points) / 100.0:g} of them" if points >= least else ""
    return f"{problem}; give at least {math.ceil(least / accept)} points{share}"


def add_measurement_error(summaries: FloatArray, scales: FloatArray, seed: int) -> FloatArray:
    """Return summaries with errors of measurement added: normal, or of two halves of a normal (wallis2014).

    Equation: what is true lies `below` or `above` what is observed, so an error upwards is as large as `below` and one
    downwards as `above`, and either as likely as it is large.
    """
    normal = np.random.default_rng((seed, MEASUREMENT_ERROR_SEED)).standard_normal(summaries.shape)
    if scales.ndim == 1:
        return np.asarray(summaries + normal * scales)
    from scipy.special import ndtr, ndtri

    below, above = np.maximum(scales, MIN_ERROR).T
    downwards = above / (below + above)
    share = ndtr(normal)
    down = above * ndtri(np.minimum(0.5 * share / downwards, 0.5))
    up = -below * ndtri(np.minimum(0.5 * ndtr(-normal) / np.maximum(1.0 - downwards, MIN_ERROR), 0.5))
    return np.asarray(summaries + np.where(share < downwards, down, up))


def column_spreads(values: FloatArray) -> FloatArray:
    """Return the spread of each column: 1.48 median absolute deviations, or the standard deviation where that is 0."""
    middle = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    return np.asarray(np.where(middle > 0.0, NORMAL_MAD * middle, values.std(axis=0)))


def scale_columns(values: FloatArray, spread: FloatArray) -> FloatArray:
    """Return columns in units of their spreads, 0 where a column does not vary."""
    return np.divide(values, spread, out=np.zeros_like(values), where=spread > 0.0)


def select_nearest(distance: FloatArray, accepted: int) -> tuple[IntArray, FloatArray, float]:
    """Return which runs are nearest, in their own order, with Epanechnikov weights, and the radius.

    Equation: w = 1 - (d / h)^2, h the distance of the first run that is not kept. Source: epanechnikov1969.
    """
    order = np.argsort(distance, kind="stable")
    rows = np.sort(order[:accepted])
    radius = float(distance[order[min(accepted, distance.size - 1)]])
    if radius == 0.0:
        return rows, np.ones(accepted), radius
    weights = 1.0 - np.square(distance[rows] / radius)
    return rows, weights if weights.any() else np.ones(accepted), radius


def to_logit(values: FloatArray, bounds: FloatArray, runs: int) -> FloatArray:
    """Return the logit of where values lie within bounds; none nearer to an end than half of one of so many runs."""
    low, high = bounds.T
    part = np.clip((values - low) / (high - low), 0.5 / runs, 1.0 - 0.5 / runs)
    return np.asarray(np.log(part / (1.0 - part)))


def from_logit(values: FloatArray, bounds: FloatArray) -> FloatArray:
    """Return values within bounds by their logits."""
    low, high = bounds.T
    return np.asarray(np.clip(low + (high - low) / (1.0 + np.exp(-values)), low, high))


def regression_adjust(values: FloatArray, differences: FloatArray, weights: FloatArray) -> FloatArray:
    """Return values moved along their weighted linear regression to where nothing is apart (beaumont2002).

    Equation: a + f e exp((c - g(s)) / 2), e the residuals, g(s) the linear regression of log(e^2) on what is apart and
    c its value where nothing is (blum2010): so residuals of places where values spread more or less become those of
    this place. f^2 = n / (n - 2 p) (1 + h), n the effective number of draws, p the coefficients of a regression and h
    the leverage of where nothing is apart: fits to few draws leave residuals that are too small (docs/decisions.md).
    """
    root = np.sqrt(weights)[:, None]
    terms = np.column_stack([np.ones(len(differences)), differences])
    fitted = np.linalg.lstsq(root * terms, root * values, rcond=None)[0]
    residuals = values - terms @ fitted
    logs = np.log(np.maximum(np.square(residuals), MIN_SQUARED_RESIDUAL))
    spread = np.linalg.lstsq(root * terms, root * logs, rcond=None)[0]
    ratio = np.exp(0.5 * (spread[0] - terms @ spread))
    return np.asarray(
        fitted[0]
        + variance_inflation(terms, weights) * residuals * np.clip(ratio, 1.0 / MAX_SPREAD_RATIO, MAX_SPREAD_RATIO)
    )


def variance_inflation(terms: FloatArray, weights: FloatArray) -> float:
    """Return by how much residuals are too small, from the terms of their regressions; see `regression_adjust`."""
    number = kish_sample_size(weights)
    shares = weights * (number / weights.sum())
    leverage = float(np.linalg.pinv((terms * shares[:, None]).T @ terms)[0, 0])
    return math.sqrt(number / max(number - 2.0 * terms.shape[1], 1.0) * (1.0 + leverage))


def kish_sample_size(weights: FloatArray) -> float:
    """Return the effective number of draws, the squared sum of weights over the sum of their squares (kish1965)."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


def tail_probabilities(level: float) -> FloatArray:
    """Return the shares below both ends of a central interval."""
    return np.array([0.5 - level / 2.0, 0.5 + level / 2.0])


def weighted_quantiles(values: FloatArray, weights: FloatArray, shares: FloatArray) -> FloatArray:
    """Return quantiles of the columns of values, of (shares, columns).

    Equation: linear between the sorted values, each standing at the middle of its weight.
    """
    found = np.empty((shares.size, values.shape[1]))
    for column in range(values.shape[1]):
        order = np.argsort(values[:, column], kind="stable")
        stacked = np.cumsum(weights[order]) - 0.5 * weights[order]
        found[:, column] = np.interp(shares, stacked / weights.sum(), values[order, column])
    return found
