"""A known limit, what was found about it, and the rule by which it counts as met; all decided before the runs."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.model.rules.random_draws import hash_name

Array = NDArray[np.float64]

STANDARD_ERRORS = 3.0
ROUNDING = 1e-9
"""How far apart two numbers may be that are equal but for rounding."""
RARE = 0.0027
"""The probability of a normal draw beyond three standard deviations, asked of Kolmogorov-Smirnov tests too."""
MEANINGS = {
    "exact": "no chance is involved, and the two are equal to rounding",
    "met": f"within {STANDARD_ERRORS:g} standard errors, and the interval of as many lies within the margin",
    "near": f"further than {STANDARD_ERRORS:g} standard errors, or unlike in distribution, yet the interval lies "
    "within the margin",
    "unclear": f"within {STANDARD_ERRORS:g} standard errors, but the interval reaches beyond the margin",
    "missed": "neither",
    "not run": "the other program is not installed",
}
"""What each verdict means."""


@dataclass(frozen=True)
class LimitFinding:
    """One number of a limit.

    Attributes
    ----------
    quantity : str
    reference : float
        The exact value, or the mean found by another program.
    ours : float
        The mean over worlds.
    standard_error : float
        Of the difference; 0 where no chance is involved.
    similar : float
        The probability of a Kolmogorov-Smirnov test that two samples are of one distribution; NaN where there is none.
    margin : float, optional
        Where it is not that of the limit.
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
        What is known, with its formula.
    margin : float
        How far from the exact value would not matter, in the unit of the quantity.
    worlds : int
        So many that three standard errors are at most about three quarters of the margin.
    find : callable
        Yields findings, given how many worlds and a seed.
    needs : str
        The module of another program that it needs; none if empty.
    shared : str
        What its seed is a hash of where several limits read the same worlds; the name if empty.
    """

    name: str
    source: str
    exact: str
    margin: float
    worlds: int
    find: Callable[[int, int], Iterator[LimitFinding]]
    needs: str = ""
    shared: str = ""

    @property
    def seed(self) -> int:
        """The seed of its worlds: from a name, so that none is chosen and limits share no draws unless they say so."""
        return hash_name(self.shared or self.name) % 2**31


def judge_finding(one: LimitFinding, margin: float) -> str:
    """Return what a finding says about its limit; see `MEANINGS`."""
    margin = margin if one.margin is None else one.margin
    apart, allowed = abs(one.ours - one.reference), STANDARD_ERRORS * one.standard_error
    if one.standard_error == 0.0:
        return "exact" if apart <= ROUNDING * max(1.0, abs(one.reference)) else judge_difference(apart, margin)
    alike = apart <= allowed and not one.similar < RARE
    if alike:
        return "met" if apart + allowed <= margin else "unclear"
    return judge_difference(apart + allowed, margin)


def judge_difference(furthest: float, margin: float) -> str:
    """Return the verdict on a difference that is real, from how large it may be."""
    return "near" if furthest <= margin else "missed"


def standard_score(one: LimitFinding) -> float:
    """Return the difference in standard errors; NaN where no chance is involved."""
    return (one.ours - one.reference) / one.standard_error if one.standard_error > 0.0 else math.nan


def mean_finding(quantity: str, values: Array, reference: float) -> LimitFinding:
    """Return the finding that values, one a world, make of an exact mean."""
    return LimitFinding(quantity, reference, float(np.mean(values)), standard_error(values))


def standard_error(values: Array) -> float:
    """Return the standard error of a mean over worlds."""
    return float(np.std(values, ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan


def frequency_finding(quantity: str, happened: NDArray[np.bool_], reference: float) -> LimitFinding:
    """Return the finding that yes or no, one a world, make of an exact probability.

    The standard error is that of (count + 1) / (worlds + 2), which is not 0 where something never happened.
    """
    likely = (np.count_nonzero(happened) + 1.0) / (happened.size + 2.0)
    error = math.sqrt(likely * (1.0 - likely) / happened.size)
    return LimitFinding(quantity, reference, float(np.mean(happened)), error)


def deviation_finding(quantity: str, values: Array, reference: float) -> LimitFinding:
    """Return the finding that values make of an exact standard deviation; its standard error from the fourth moment."""
    centred = values - np.mean(values)
    variance = float(np.sum(centred**2) / (values.size - 1))
    of_variance = math.sqrt(max(0.0, float(np.mean(centred**4)) - variance**2) / values.size)
    found = math.sqrt(variance)
    return LimitFinding(quantity, reference, found, of_variance / (2.0 * found) if found > 0.0 else math.nan)


def two_sample_finding(quantity: str, ours: Array, theirs: Array) -> LimitFinding:
    """Return the finding that two samples make, one of them from another program."""
    from scipy.stats import ks_2samp

    error = math.hypot(standard_error(ours), standard_error(theirs))
    similar = float(ks_2samp(ours, theirs).pvalue)
    return LimitFinding(quantity, float(np.mean(theirs)), float(np.mean(ours)), error, similar)
