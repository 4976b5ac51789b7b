"""Test of whether tied people adopt at similar times: a correlation over ties, compared with chance."""

from dataclasses import dataclass

import numpy as np

from qispread.runs.diffusion_fit.observed_diffusion import (
    NEVER_ADOPTED,
    FloatArray,
    IntArray,
    ObservedDiffusion,
    TieGraph,
)

SHUFFLE_SEED = 1
ROUNDING_TOLERANCE = 1e-9
"""Difference between correlations that are equal except for rounding."""


def adoption_times(adopted: IntArray, periods: int) -> FloatArray:
    """Return the period of adoption as a float; for people who had not adopted by the end, the next period."""
    return np.where(adopted == NEVER_ADOPTED, periods + 1, adopted).astype(np.float64)


def tie_correlation(times: FloatArray, ties: TieGraph) -> float:
    """Return the weighted correlation of the times at both ends of ties; NaN if all times are equal.

    Each tie counts in both directions. Source: newman2003 (assortativity by a scalar); with means and variance over
    people instead of ties it is the index of moran1950.
    """
    owner_times, other_times, weights = times[ties.owners], times[ties.indices], ties.weights
    if np.ptp(owner_times) == 0.0 or np.ptp(other_times) == 0.0:  # rounding of the mean would give a non-zero variance
        return np.nan
    owner_times, other_times = (values - np.average(values, weights=weights) for values in (owner_times, other_times))
    variance = float(np.dot(weights, owner_times * owner_times)) * float(np.dot(weights, other_times * other_times))
    return float(np.dot(weights, owner_times * other_times)) / float(np.sqrt(variance)) if variance > 0.0 else np.nan


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """A permutation test: a statistic of the observed data, and with adoption times shuffled (decision 55).

    Attributes
    ----------
    observed : float
        Observed statistic; NaN if undefined.
    permuted : array
        Statistic of each shuffle; NaN if undefined.
    """

    observed: float
    permuted: FloatArray

    @property
    def p_value(self) -> float:
        """The share of all values, including the observed one, that are at least as large (phipson2010).

        Undefined values count as at least as large; NaN if the observed one is undefined.
        """
        if np.isnan(self.observed):
            return np.nan
        smaller = self.permuted < self.observed - ROUNDING_TOLERANCE
        return (1.0 + float(np.sum(~smaller))) / (1.0 + self.permuted.size)

    @property
    def mean(self) -> float:
        """The mean of defined shuffled values; NaN without any."""
        known = self.permuted[~np.isnan(self.permuted)]
        return float(np.mean(known)) if known.size else np.nan

    @property
    def standard_deviation(self) -> float:
        """Their standard deviation; NaN for fewer than two."""
        known = self.permuted[~np.isnan(self.permuted)]
        return float(np.std(known, ddof=1)) if known.size > 1 else np.nan

    @property
    def p_value_error(self) -> float:
        """The Monte Carlo standard error of p."""
        return float(np.sqrt(self.p_value * (1.0 - self.p_value) / self.permuted.size))

    @property
    def z_score(self) -> float:
        """The observed value less the mean, in standard deviations of the shuffled values."""
        return (self.observed - self.mean) / self.standard_deviation if self.standard_deviation > 0.0 else np.nan


def permute_within_groups(groups: IntArray, rng: np.random.Generator) -> IntArray:
    """Return a random permutation of indices within groups."""
    shuffled = np.lexsort((rng.random(groups.size), groups))
    sources = np.empty(groups.size, dtype=np.int64)
    sources[np.argsort(groups, kind="stable")] = shuffled
    return sources


def permutation_test(observed: ObservedDiffusion, times: int, seed: int = SHUFFLE_SEED) -> PermutationTest:
    """Return the correlation over ties, observed and with adoption times shuffled within groups.

    The network, the seeds and the times of each group are fixed; times are only shuffled among other members, which
    changes no probability if all members of a group have the same probability of adopting in each period. A small p
    means that tied people adopt at similar times, whether by contagion or because similar people are tied.
    """
    periods, rng = adoption_times(observed.adopted, observed.periods), np.random.default_rng(seed)
    groups = 2 * observed.permutation_groups + (observed.adopted < observed.first_explained) * (
        observed.adopted != NEVER_ADOPTED
    )
    correlations = (tie_correlation(periods[permute_within_groups(groups, rng)], observed.ties) for _ in range(times))
    return PermutationTest(tie_correlation(periods, observed.ties), np.array(list(correlations)))
