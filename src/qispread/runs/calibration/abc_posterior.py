"""Posterior of parameters from simulated runs and observed values: approximate Bayesian computation with regression.

Runs whose summaries are near the observed values are accepted, with larger weights the nearer they are, and their
parameters are adjusted by local linear regression to the observed values (beaumont2002). An observation is treated as
the result of one run plus a measurement error, so that such an error is added to each run (wilkinson2013).
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
"""Default share of accepted runs."""
INTERVAL_LEVELS = (0.5, 0.9, 0.95)
"""Levels of reported intervals."""
SHRINKAGE_LEVEL = 0.9
"""Level of the intervals whose widths are compared."""
IDENTIFIED_SHRINKAGE, PARTLY_IDENTIFIED_SHRINKAGE = 0.5, 0.2
"""Shrinkage of the 90% interval at which a parameter is identified, and partly identified (decision 49)."""
MIN_ACCEPTED = 20
"""Fewest accepted runs for a posterior, plus two for each target."""
MIN_SQUARED_RESIDUAL, MAX_SPREAD_RATIO = 1e-12, 4.0
"""Smallest squared residual before taking logarithms; largest rescaling of a residual."""
NORMAL_MAD = 1.4826
"""Standard deviation of a normal distribution divided by its median absolute deviation."""
MIN_ERROR = 1e-300
"""Replaces an error of 0 in comparisons of lower and upper errors."""
MEASUREMENT_ERROR_SEED = 0x6572726F72
"""Separates the draws of measurement errors from all others."""

Identifiability = Literal["identified", "partly", "not identified"]


@dataclass(frozen=True, eq=False)
class ParameterPosterior:
    """The posterior distribution of parameters.

    Attributes
    ----------
    draws : array of (kept, parameters) float64
        Draws in the units of the parameters, within their bounds.
    weights : array of (kept,) float64
        Weights, which sum to 1.
    prior : array of (used, parameters) float64
        The parameters of the runs that were used.
    run_indices : array of (kept,) int64
        Index of the run of each draw.
    radius : float
        Distance at which weights become 0, in spreads of the summaries: that of the nearest run not accepted, or of the
        furthest if all are.
    excluded_runs : int
        Number of runs left out because a summary or a parameter is missing.
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
        """Return the central interval of each parameter at a level, an array of (parameters, 2)."""
        return self.quantiles(tail_probabilities(level)).T

    def quantiles(self, shares: FloatArray) -> FloatArray:
        """Return quantiles of each parameter, an array of (shares, parameters)."""
        return weighted_quantiles(self.draws, self.weights, shares)

    @cached_property
    def correlation(self) -> FloatArray:
        """Correlations of parameters, an array of (parameters, parameters); 0 for a constant parameter."""
        scaled = np.divide(
            self.draws - self.mean, self.deviation, out=np.zeros_like(self.draws), where=self.deviation > 0.0
        )
        correlation = (scaled * self.weights[:, None]).T @ scaled
        np.fill_diagonal(correlation, 1.0)
        return np.clip(correlation, -1.0, 1.0)

    @cached_property
    def shrinkage(self) -> FloatArray:
        """Shrinkage of the 90% interval of each parameter from prior to posterior: 1 is a point, 0 no information."""
        equal_weights = np.full(len(self.prior), 1.0 / len(self.prior))
        prior_width = np.diff(
            weighted_quantiles(self.prior, equal_weights, tail_probabilities(SHRINKAGE_LEVEL)), axis=0
        )[0]
        posterior_width = np.diff(self.quantiles(tail_probabilities(SHRINKAGE_LEVEL)), axis=0)[0]
        return np.asarray(
            1.0 - np.divide(posterior_width, prior_width, out=np.ones_like(posterior_width), where=prior_width > 0.0)
        )

    @property
    def identifiability(self) -> tuple[Identifiability, ...]:
        """Whether each parameter is identified: shrinkage of at least a half; partly identified: at least a fifth."""
        return tuple(classify_identifiability(shrinkage) for shrinkage in self.shrinkage.tolist())

    @property
    def effective_sample_size(self) -> float:
        """The effective number of draws."""
        return kish_sample_size(self.weights)

    def resample(self, count: int, seed: int = 0) -> FloatArray:
        """Return draws of equal weight, an array of (count, parameters), by systematic resampling (kitagawa1996)."""
        start = np.random.default_rng(seed).random()
        indices = np.searchsorted(np.cumsum(self.weights), (np.arange(count) + start) / count)
        return self.draws[np.minimum(indices, len(self.draws) - 1)]


def classify_identifiability(shrinkage: float) -> Identifiability:
    """Return whether a parameter is identified, by the shrinkage of its 90% interval."""
    if shrinkage >= IDENTIFIED_SHRINKAGE:
        return "identified"
    return "partly" if shrinkage >= PARTLY_IDENTIFIED_SHRINKAGE else "not identified"


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
    h the radius that includes the share `accept` of runs, w_i = 1 - (d_i / h)^2. For accepted runs the logit t of a
    parameter within its bounds is fitted by t_i = a + b (s_i - observed) + e_i with weights w; the draws are a plus
    the adjusted residuals of `regression_adjust` (decision 47).

    Parameters
    ----------
    parameters : array of (runs, parameters)
        Draws from the prior.
    summaries : array of (runs, summaries)
        Summaries of each run; runs with NaN are left out.
    observed : array of (summaries,)
    bounds : array of (parameters, 2)
        Bounds of the parameters and of the draws.
    scales : array of (summaries,) or (summaries, 2)
        Standard errors of the observed values, or lower and upper ones; 0 for none.
    accept : float
        Share of accepted runs, in (0, 1].
    seed : int
        Seed of the measurement errors.

    Raises
    ------
    InputError
        If too few runs remain.
    """
    used = np.flatnonzero(~(np.isnan(parameters).any(axis=1) | np.isnan(summaries).any(axis=1)))
    accepted_count = round(accept * used.size)
    check_enough_runs(used.size, accepted_count, summaries.shape[1])
    noisy = add_measurement_error(summaries, scales, seed)[used]
    return accept_and_adjust(
        CompleteRuns(parameters[used], noisy, bounds, used), observed, accepted_count, len(parameters)
    )


@dataclass(frozen=True, eq=False)
class CompleteRuns:
    """Complete runs: parameters, summaries with errors, bounds, and original indices."""

    parameters: FloatArray
    summaries_with_error: FloatArray
    bounds: FloatArray
    positions: IntArray


def accept_and_adjust(runs: CompleteRuns, observed: FloatArray, accepted: int, run_count: int) -> ParameterPosterior:
    """Return the posterior from `accepted` of the complete runs; `run_count` includes incomplete ones."""
    spread = column_spreads(runs.summaries_with_error)
    differences = scale_columns(runs.summaries_with_error - observed, spread)
    distance = np.sqrt(np.square(differences).sum(axis=1))
    rows, weights, radius = select_nearest(distance, accepted)
    logits = to_logit(runs.parameters[rows], runs.bounds, len(runs.parameters))
    draws = from_logit(regression_adjust(logits, differences[rows], weights), runs.bounds)
    weights = weights / weights.sum()
    return ParameterPosterior(
        draws, weights, runs.parameters, runs.positions[rows], radius, run_count - len(runs.parameters)
    )


def min_accepted(targets: int) -> int:
    """Return the fewest accepted runs for a number of targets."""
    return MIN_ACCEPTED + 2 * targets


def check_enough_runs(used: int, accepted: int, targets: int) -> None:
    """Raise InputError for too few accepted runs."""
    minimum = min_accepted(targets)
    if accepted < minimum:
        problem = f"accepts {accepted} of {used} runs with all {targets} targets; needed: at least {minimum}"
        raise InputError([Fault("accepted_share", f"{problem}; give more points, or a larger accepted_share")])


def describe_shortfall(points: int, accept: float, targets: int) -> str:
    """Return the problem with too few points, even if all have all targets; empty if they are enough."""
    accepted, minimum = round(accept * points), min_accepted(targets)
    if accepted >= minimum:
        return ""
    target_count = "1 target" if targets == 1 else f"{targets} targets"
    problem = f"accepts {accepted} of {points} points; needed: at least {minimum} for {target_count}"
    share = f", or accept {math.ceil(100.0 * minimum / points) / 100.0:g} of them" if points >= minimum else ""
    return f"{problem}; give at least {math.ceil(minimum / accept)} points{share}"


def add_measurement_error(summaries: FloatArray, scales: FloatArray, seed: int) -> FloatArray:
    """Return summaries with measurement errors added: normal, or two-piece normal (wallis2014).

    Equation: the true value is below the observed one by the lower error or above it by the upper one; an error
    upwards therefore has the scale of the lower error, one downwards that of the upper, each with a probability
    proportional to its scale (decision 50).
    """
    normal = np.random.default_rng((seed, MEASUREMENT_ERROR_SEED)).standard_normal(summaries.shape)
    if scales.ndim == 1:
        return np.asarray(summaries + normal * scales)
    from scipy.special import ndtr, ndtri

    lower_errors, upper_errors = np.maximum(scales, MIN_ERROR).T
    down_share = upper_errors / (lower_errors + upper_errors)
    share = ndtr(normal)
    down = upper_errors * ndtri(np.minimum(0.5 * share / down_share, 0.5))
    up = -lower_errors * ndtri(np.minimum(0.5 * ndtr(-normal) / np.maximum(1.0 - down_share, MIN_ERROR), 0.5))
    return np.asarray(summaries + np.where(share < down_share, down, up))


def column_spreads(values: FloatArray) -> FloatArray:
    """Return the spread of each column: 1.48 median absolute deviations, or the standard deviation if that is 0."""
    middle = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    return np.asarray(np.where(middle > 0.0, NORMAL_MAD * middle, values.std(axis=0)))


def scale_columns(values: FloatArray, spread: FloatArray) -> FloatArray:
    """Return columns in units of their spreads, 0 for constant columns."""
    return np.divide(values, spread, out=np.zeros_like(values), where=spread > 0.0)


def select_nearest(distance: FloatArray, accepted: int) -> tuple[IntArray, FloatArray, float]:
    """Return the indices of the nearest runs, ascending, their Epanechnikov weights, and the radius.

    Equation: w = 1 - (d / h)^2, h the distance of the nearest run not accepted. Source: epanechnikov1969.
    """
    order = np.argsort(distance, kind="stable")
    rows = np.sort(order[:accepted])
    radius = float(distance[order[min(accepted, distance.size - 1)]])
    if radius == 0.0:
        return rows, np.ones(accepted), radius
    weights = 1.0 - np.square(distance[rows] / radius)
    return rows, weights if weights.any() else np.ones(accepted), radius


def to_logit(values: FloatArray, bounds: FloatArray, runs: int) -> FloatArray:
    """Return the logit of the position of values within bounds, at least 0.5 / runs from either end."""
    low, high = bounds.T
    fraction = np.clip((values - low) / (high - low), 0.5 / runs, 1.0 - 0.5 / runs)
    return np.asarray(np.log(fraction / (1.0 - fraction)))


def from_logit(values: FloatArray, bounds: FloatArray) -> FloatArray:
    """Return values within bounds from their logits."""
    low, high = bounds.T
    return np.asarray(np.clip(low + (high - low) / (1.0 + np.exp(-values)), low, high))


def regression_adjust(values: FloatArray, differences: FloatArray, weights: FloatArray) -> FloatArray:
    """Return values adjusted along their weighted linear regression to differences of 0 (beaumont2002).

    Equation: a + f e exp((c - g(s)) / 2), e the residuals, g(s) the linear regression of log(e^2) on the differences
    and c its value at differences of 0 (blum2010), which rescales residuals to the spread there. f^2 =
    n / (n - 2 p) (1 + h), n the effective number of draws, p the number of coefficients and h the leverage at
    differences of 0: regressions on few draws leave residuals that are too small (decision 48).
    """
    root_weights = np.sqrt(weights)[:, None]
    terms = np.column_stack([np.ones(len(differences)), differences])
    coefficients = np.linalg.lstsq(root_weights * terms, root_weights * values, rcond=None)[0]
    residuals = values - terms @ coefficients
    logs = np.log(np.maximum(np.square(residuals), MIN_SQUARED_RESIDUAL))
    log_coefficients = np.linalg.lstsq(root_weights * terms, root_weights * logs, rcond=None)[0]
    ratio = np.exp(0.5 * (log_coefficients[0] - terms @ log_coefficients))
    return np.asarray(
        coefficients[0]
        + variance_inflation(terms, weights) * residuals * np.clip(ratio, 1.0 / MAX_SPREAD_RATIO, MAX_SPREAD_RATIO)
    )


def variance_inflation(terms: FloatArray, weights: FloatArray) -> float:
    """Return the factor by which residuals are too small, from the terms of a regression; see `regression_adjust`."""
    sample_size = kish_sample_size(weights)
    shares = weights * (sample_size / weights.sum())
    leverage = float(np.linalg.pinv((terms * shares[:, None]).T @ terms)[0, 0])
    return math.sqrt(sample_size / max(sample_size - 2.0 * terms.shape[1], 1.0) * (1.0 + leverage))


def kish_sample_size(weights: FloatArray) -> float:
    """Return the effective number of draws, the squared sum of weights over the sum of their squares (kish1965)."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


def tail_probabilities(level: float) -> FloatArray:
    """Return the cumulative probabilities of both ends of a central interval."""
    return np.array([0.5 - level / 2.0, 0.5 + level / 2.0])


def weighted_quantiles(values: FloatArray, weights: FloatArray, shares: FloatArray) -> FloatArray:
    """Return quantiles of the columns of values, an array of (shares, columns).

    Equation: linear between the sorted values, each at the middle of its weight.
    """
    quantiles = np.empty((shares.size, values.shape[1]))
    for column in range(values.shape[1]):
        order = np.argsort(values[:, column], kind="stable")
        midpoints = np.cumsum(weights[order]) - 0.5 * weights[order]
        quantiles[:, column] = np.interp(shares, midpoints / weights.sum(), values[order, column])
    return quantiles
