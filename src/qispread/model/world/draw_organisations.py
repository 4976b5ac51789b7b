"""The organisations of a replicate: values from the table, and correlated draws for the rest."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtr

from qispread.inputs.organisations import CONTEXT_FACTORS, Organisations
from qispread.model.rules.jit import TO_INT64, kernel, rule
from qispread.model.rules.random_draws import BASELINE as DRAW_BASELINE
from qispread.model.rules.random_draws import COMMON_FACTOR, SETTING, Word64, normal, substream
from qispread.model.rules.random_draws import CONTEXT_FACTOR as DRAW_FACTORS
from qispread.model.rules.random_draws import SIZE as DRAW_SIZE
from qispread.model.world.state_arrays import BASELINE, SETTING_1, SETTING_2, SIZE

NODES_PER_UNIT = 32
MAX_NORMAL_SCORE = 6
CORRELATED_FACTORS = 6
"""The number of correlated factors, the first of `CONTEXT_FACTORS`; turnover is independent."""


class OrganisationDistributions(NamedTuple):
    """The distributions that organisations are drawn from.

    Attributes
    ----------
    quantiles : array of (7, nodes) float64
        Quantiles of the beta distribution of each factor, at normal scores from -6 to 6.
    correlation : float
        Correlation between the normal scores of any two of the first six factors.
    size, baseline : tuple of two floats
        Mean and standard deviation of the logarithm.
    setting_spread : float
        Standard deviation of each coordinate of the setting.
    """

    quantiles: NDArray[np.float64]
    correlation: float
    size: tuple[float, float]
    baseline: tuple[float, float]
    setting_spread: float


@lru_cache(maxsize=512)
def beta_quantile_table(mean: float, concentration: float) -> NDArray[np.float64]:
    """Return the quantiles of a beta distribution at normal scores from -6 to 6 in steps of 1/32.

    The beta has parameters mean * concentration and (1 - mean) * concentration (decision 10).
    """
    scores = np.arange(-MAX_NORMAL_SCORE * NODES_PER_UNIT, MAX_NORMAL_SCORE * NODES_PER_UNIT + 1) / NODES_PER_UNIT
    quantiles: NDArray[np.float64] = betaincinv(mean * concentration, (1.0 - mean) * concentration, ndtr(scores))
    return quantiles


def lognormal_parameters(mean: float, variation: float) -> tuple[float, float]:
    """Return mean and standard deviation of the logarithm, from the mean and coefficient of variation."""
    variance = math.log1p(variation * variation)
    return math.log(mean) - variance / 2.0, math.sqrt(variance)


def build_distributions(organisations: Organisations) -> OrganisationDistributions:
    """Return the distributions of a scenario's organisations."""
    context = organisations.context
    return OrganisationDistributions(
        quantiles=np.array(
            [beta_quantile_table(getattr(context, name), context.concentration) for name in CONTEXT_FACTORS]
        ),
        correlation=context.correlation,
        size=lognormal_parameters(organisations.size.mean, organisations.size.variation),
        baseline=lognormal_parameters(organisations.baseline.mean, organisations.baseline.variation),
        setting_spread=organisations.setting_spread,
    )


@rule
def interpolate_quantile(nodes: NDArray[np.float64], score: float) -> float:
    """Return the quantile at a normal score, by linear interpolation between nodes."""
    position = (min(max(score, -MAX_NORMAL_SCORE + 1e-9), MAX_NORMAL_SCORE - 1e-9) + MAX_NORMAL_SCORE) * NODES_PER_UNIT
    index = int(position)
    fraction = position - index
    return float(nodes[index] * (1.0 - fraction) + nodes[index + 1] * fraction)


@kernel
def draw_organisations(
    stream: Word64, keys: NDArray[np.uint64], given_values: NDArray[np.float64], distribution: OrganisationDistributions
) -> NDArray[np.float64]:
    """Return the first rows of the organisations, (11, n): given values where available, draws elsewhere.

    Parameters
    ----------
    stream : uint64
        Stream of the replicate.
    keys : array of n uint64
    given_values : array of (11, n)
        Given values; NaN where a value is drawn.
    """
    organisations = given_values.copy()
    # Numba compiles a function again for each integer literal in a call to it.
    month, common_draw, size_draw = TO_INT64(0), TO_INT64(COMMON_FACTOR), TO_INT64(DRAW_SIZE)
    baseline_draw, setting_draw = TO_INT64(DRAW_BASELINE), TO_INT64(SETTING)
    shared, specific = math.sqrt(distribution.correlation), math.sqrt(1.0 - distribution.correlation)
    for i in range(keys.size):
        organisation_stream = substream(substream(stream, keys[i]), 0)
        common = normal(organisation_stream, month, common_draw)
        for factor in range(len(CONTEXT_FACTORS)):
            score = normal(organisation_stream, month, DRAW_FACTORS + 2 * factor)
            if factor < CORRELATED_FACTORS:
                score = shared * common + specific * score
            if math.isnan(given_values[factor, i]):
                organisations[factor, i] = interpolate_quantile(distribution.quantiles[factor], score)
        if math.isnan(given_values[SIZE, i]):
            organisations[SIZE, i] = math.exp(
                distribution.size[0] + distribution.size[1] * normal(organisation_stream, month, size_draw)
            )
        if math.isnan(given_values[BASELINE, i]):
            log_baseline = distribution.baseline[0] + distribution.baseline[1] * normal(
                organisation_stream, month, baseline_draw
            )
            organisations[BASELINE, i] = min(10_000.0, math.exp(log_baseline))
        if math.isnan(given_values[SETTING_1, i]):
            organisations[SETTING_1, i] = distribution.setting_spread * normal(organisation_stream, month, setting_draw)
        if math.isnan(given_values[SETTING_2, i]):
            organisations[SETTING_2, i] = distribution.setting_spread * normal(
                organisation_stream, month, setting_draw + 2
            )
    return organisations
