"""A known limit, its findings, and the rule by which it counts as met; all decided before the runs."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.model.rules.random_draws import hash_name

Array = NDArray[np.float64]

STANDARD_ERRORS = 3.0
ROUNDING = 1e-9
"""Largest difference of two numbers that are equal except for rounding."""
RARE = 0.0027
"""The probability of a normal draw beyond three standard deviations, also the level of Kolmogorov-Smirnov tests."""
MEANINGS = {
    "exact": "no random numbers are involved, and the two values are equal to rounding",
    "met": f"within {STANDARD_ERRORS:g} standard errors, and the interval of {STANDARD_ERRORS:g} standard errors is "
    "within the margin",
    "near": f"further than {STANDARD_ERRORS:g} standard errors, or different in distribution, but the interval is "
    "within the margin",
    "unclear": f"within {STANDARD_ERRORS:g} standard errors, but the interval reaches beyond the margin",
    "missed": "neither",
    "not run": "the other program is not installed",
}
"""The meaning of each verdict."""


@dataclass(frozen=True)
class LimitFinding:
    """One number of a limit.

    Attributes
    ----------
    quantity : str
    reference : float
        The exact value, or the mean found by another program.
    ours : float
        The mean over replicates.
    standard_error : float
        Of the difference; 0 if no random numbers are involved.
    similar : float
        The p-value of a Kolmogorov-Smirnov test that two samples have one distribution; NaN without a test.
    margin : float, optional
        If it is not that of the limit.
    """

    quantity: str
    reference: float
    ours: float
    standard_error: float = 0.0
    similar: float = math.nan
    margin: float | None = None


@dataclass(frozen=True)
class KnownLimit:
    """One known limit.

    Attributes
    ----------
    name : str
    source : str
        Key of the bibliography.
    exact : str
        The exact result, with its formula.
    margin : float
        The largest difference from the exact value that would not matter, in the unit of the quantity.
    replicates : int
        Number with which three standard errors are at most about three quarters of the margin.
    find : callable
        Yields findings from a number of replicates and a seed.
    needs : str
        The module of another program that the limit needs; none if empty.
    seed_name : str
        The name whose hash is the seed, if it is not the name of the limit: shared by limits that read the same runs.
    """

    name: str
    source: str
    exact: str
    margin: float
    replicates: int
    find: Callable[[int, int], Iterator[LimitFinding]]
    needs: str = ""
    seed_name: str = ""

    @property
    def seed(self) -> int:
        """The seed of its runs: from a name, so that no seed is chosen and limits share draws only if declared."""
        return hash_name(self.seed_name or self.name) % 2**31


def judge_finding(finding: LimitFinding, margin: float) -> str:
    """Return the verdict on a finding; see `MEANINGS`."""
    margin = margin if finding.margin is None else finding.margin
    apart, allowed = abs(finding.ours - finding.reference), STANDARD_ERRORS * finding.standard_error
    if finding.standard_error == 0.0:
        is_exact = apart <= ROUNDING * max(1.0, abs(finding.reference))
        return "exact" if is_exact else judge_difference(apart, margin)
    if apart <= allowed and not finding.similar < RARE:
        return "met" if apart + allowed <= margin else "unclear"
    return judge_difference(apart + allowed, margin)


def judge_difference(furthest: float, margin: float) -> str:
    """Return the verdict on a significant difference, from its largest plausible size."""
    return "near" if furthest <= margin else "missed"


def standard_score(finding: LimitFinding) -> float:
    """Return the difference in standard errors; NaN if no random numbers are involved."""
    return (finding.ours - finding.reference) / finding.standard_error if finding.standard_error > 0.0 else math.nan


def mean_finding(quantity: str, values: Array, reference: float) -> LimitFinding:
    """Return the finding of an exact mean, from one value for each replicate."""
    return LimitFinding(quantity, reference, float(np.mean(values)), standard_error(values))


def standard_error(values: Array) -> float:
    """Return the standard error of a mean over replicates."""
    return float(np.std(values, ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan


def frequency_finding(quantity: str, happened: NDArray[np.bool_], reference: float) -> LimitFinding:
    """Return the finding of an exact probability, from one yes or no for each replicate.

    The standard error is that of (count + 1) / (replicates + 2), which is not 0 for an event that never happened.
    """
    likely = (np.count_nonzero(happened) + 1.0) / (happened.size + 2.0)
    error = math.sqrt(likely * (1.0 - likely) / happened.size)
    return LimitFinding(quantity, reference, float(np.mean(happened)), error)


def deviation_finding(quantity: str, values: Array, reference: float) -> LimitFinding:
    """Return the finding of an exact standard deviation; its standard error is from the fourth moment."""
    centred = values - np.mean(values)
    variance = float(np.sum(centred**2) / (values.size - 1))
    of_variance = math.sqrt(max(0.0, float(np.mean(centred**4)) - variance**2) / values.size)
    deviation = math.sqrt(variance)
    error = of_variance / (2.0 * deviation) if deviation > 0.0 else math.nan
    return LimitFinding(quantity, reference, deviation, error)


def two_sample_finding(quantity: str, ours: Array, theirs: Array) -> LimitFinding:
    """Return the finding of two samples, one of them from another program."""
    from scipy.stats import ks_2samp

    error = math.hypot(standard_error(ours), standard_error(theirs))
    similar = float(ks_2samp(ours, theirs).pvalue)
    return LimitFinding(quantity, float(np.mean(theirs)), float(np.mean(ours)), error, similar)
