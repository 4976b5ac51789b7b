"""Whether those who are tied adopt at like times: a correlation over ties, against chance."""

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
"""By how much correlations may differ that are equal but for rounding."""


def adoption_times(adopted: IntArray, periods: int) -> FloatArray:
    """Return the period of adoption as a number; of those who had not by the end, the one after it."""
    return np.where(adopted == NEVER_ADOPTED, periods + 1, adopted).astype(np.float64)


def tie_correlation(times: FloatArray, ties: TieGraph) -> float:
    """Return the correlation of the times at both ends of a tie, over ties by weight; NaN where all are alike.

    Each tie counts as often as it stands in `ties`, without direction twice. Source: newman2003 (assortativity by a
    number); with the means and the variance over people in place of those over ties it is the index of moran1950.
    """
    here, there, weights = times[ties.owners], times[ties.indices], ties.weights
    if np.ptp(here) == 0.0 or np.ptp(there) == 0.0:  # rounding of the mean would make a variance of nothing
        return np.nan
    here, there = (one - np.average(one, weights=weights) for one in (here, there))
    variance = float(np.dot(weights, here * here)) * float(np.dot(weights, there * there))
    return float(np.dot(weights, here * there)) / float(np.sqrt(variance)) if variance > 0.0 else np.nan


@dataclass(frozen=True, eq=False)
class PermutationTest:
    """A statistic of the observed, and of the same people with who is where shuffled.

    Attributes
    ----------
    observed : float
        NaN where it is not known.
    permuted : array
        NaN likewise.
    """

    observed: float
    permuted: FloatArray

    @property
    def p_value(self) -> float:
        """The share of all, the observed among them, that are at least as large (phipson2010).

        Those that are not known count as at least as large; where the observed is not known there is no p, but NaN.
        """
        if np.isnan(self.observed):
            return np.nan
        smaller = self.permuted < self.observed - ROUNDING_TOLERANCE
        return (1.0 + float(np.sum(~smaller))) / (1.0 + self.permuted.size)

    @property
    def mean(self) -> float:
        """The mean of the shuffled that are known; NaN where none is."""
        known = self.permuted[~np.isnan(self.permuted)]
        return float(np.mean(known)) if known.size else np.nan

    @property
    def standard_deviation(self) -> float:
        """Their standard deviation; NaN where fewer than two are known."""
        known = self.permuted[~np.isnan(self.permuted)]
        return float(np.std(known, ddof=1)) if known.size > 1 else np.nan

    @property
    def p_value_error(self) -> float:
        """The Monte Carlo standard error of p."""
        return float(np.sqrt(self.p_value * (1.0 - self.p_value) / self.permuted.size))

    @property
    def z_score(self) -> float:
        """By how many standard deviations of the shuffled the observed is above their mean."""
        return (self.observed - self.mean) / self.standard_deviation if self.standard_deviation > 0.0 else np.nan


def permute_within_groups(groups: IntArray, rng: np.random.Generator) -> IntArray:
    """Return who takes whose place, within groups."""
    drawn = np.lexsort((rng.random(groups.size), groups))
    found = np.empty(groups.size, dtype=np.int64)
    found[np.argsort(groups, kind="stable")] = drawn
    return found


def permutation_test(observed: ObservedDiffusion, times: int, seed: int = SHUFFLE_SEED) -> PermutationTest:
    """Return the correlation over ties, observed and with the times of adoption shuffled among people who are alike.

    The network, the seeds and the times of each group stay as they are; only who of the others had which is shuffled,
    which changes no probability where all of a group adopt with the same chances, whatever these are in each period. A
    small p says that tied people adopt at like times, by whatever cause: contagion, or that like people are tied.
    """
    when, rng = adoption_times(observed.adopted, observed.periods), np.random.default_rng(seed)
    groups = 2 * observed.permutation_groups + (observed.adopted < observed.first_explained) * (
        observed.adopted != NEVER_ADOPTED
    )
    drawn = (tie_correlation(when[permute_within_groups(groups, rng)], observed.ties) for _ in range(times))
    return PermutationTest(tie_correlation(when, observed.ties), np.array(list(drawn)))
