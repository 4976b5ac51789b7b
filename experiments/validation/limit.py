"""A known limit, what was found about it, and the rule by which it counts as met; all decided before the runs."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qispread.rules.draws import key_of

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
class Finding:
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
class Limit:
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
    find: Callable[[int, int], Iterator[Finding]]
    needs: str = ""
    shared: str = ""

    @property
    def seed(self) -> int:
        """The seed of its worlds: from a name, so that none is chosen and limits share no draws unless they say so."""
        return key_of(self.shared or self.name) % 2**31


def verdict_on(one: Finding, margin: float) -> str:
    """Return what a finding says about its limit; see `MEANINGS`."""
    margin = margin if one.margin is None else one.margin
    apart, allowed = abs(one.ours - one.reference), STANDARD_ERRORS * one.standard_error
    if one.standard_error == 0.0:
        return "exact" if apart <= ROUNDING * max(1.0, abs(one.reference)) else near_or_missed(apart, margin)
    alike = apart <= allowed and not one.similar < RARE
    if alike:
        return "met" if apart + allowed <= margin else "unclear"
    return near_or_missed(apart + allowed, margin)


def near_or_missed(furthest: float, margin: float) -> str:
    """Return the verdict on a difference that is real, from how large it may be."""
    return "near" if furthest <= margin else "missed"


def standard_score(one: Finding) -> float:
    """Return the difference in standard errors; NaN where no chance is involved."""
    return (one.ours - one.reference) / one.standard_error if one.standard_error > 0.0 else math.nan


def mean_of(quantity: str, values: Array, reference: float) -> Finding:
    """Return the finding that values, one a world, make of an exact mean."""
    return Finding(quantity, reference, float(np.mean(values)), error_of(values))


def error_of(values: Array) -> float:
    """Return the standard error of a mean over worlds."""
    return float(np.std(values, ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.nan


def frequency_of(quantity: str, happened: NDArray[np.bool_], reference: float) -> Finding:
    """Return the finding that yes or no, one a world, make of an exact probability.

    The standard error is that of (count + 1) / (worlds + 2), which is not 0 where something never happened.
    """
    likely = (np.count_nonzero(happened) + 1.0) / (happened.size + 2.0)
    error = math.sqrt(likely * (1.0 - likely) / happened.size)
    return Finding(quantity, reference, float(np.mean(happened)), error)


def spread_of(quantity: str, values: Array, reference: float) -> Finding:
    """Return the finding that values make of an exact standard deviation; its standard error from the fourth moment."""
    centred = values - np.mean(values)
    variance = float(np.sum(centred**2) / (values.size - 1))
    of_variance = math.sqrt(max(0.0, float(np.mean(centred**4)) - variance**2) / values.size)
    found = math.sqrt(variance)
    return Finding(quantity, reference, found, of_variance / (2.0 * found) if found > 0.0 else math.nan)


def samples_of(quantity: str, ours: Array, theirs: Array) -> Finding:
    """Return the finding that two samples make, one of them from another program."""
    from scipy.stats import ks_2samp

    error = math.hypot(error_of(ours), error_of(theirs))
    similar = float(ks_2samp(ours, theirs).pvalue)
    return Finding(quantity, float(np.mean(theirs)), float(np.mean(ours)), error, similar)
