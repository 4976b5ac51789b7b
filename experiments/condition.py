"""Where a claim holds: the parameter, and perhaps a second one, that best tells models apart."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.inputs.factors import Factor

SIGNIFICANCE_LEVEL = 0.05
"""Largest p-value, adjusted for the number of parameters, with which a parameter is said to tell models apart."""
MIN_HOLDING_SHARE = 0.8
"""Share of models on the good side from which no second threshold is looked for."""
MIN_SIDE_SHARE = 0.1
"""Smallest part of the plausible range that is worth calling a condition."""
MIN_MODELS_PER_SIDE = 8
"""Models of either kind below which nothing is looked for."""


def format_percent(share: float) -> str:
    """Return a share as it is told."""
    return f"{100.0 * share:.0f} %"


BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class ParameterThreshold:
    """One side of a parameter.

    Attributes
    ----------
    path : str
    value : float
    above : bool
        Whether the good side is above.
    low, high : float
        The plausible range.
    """

    path: str
    value: float
    above: bool
    low: float
    high: float

    def inside(self, models: pd.DataFrame) -> BoolArray:
        """Return which models lie on the good side."""
        values = models[self.path].to_numpy(np.float64)
        return np.asarray(values > self.value if self.above else values <= self.value)

    @property
    def description(self) -> str:
        """The threshold with its range."""
        side = "above" if self.above else "at most"
        return f"{self.path} {side} {self.value:.3g} (plausible: {self.low:g} to {self.high:g})"


@dataclass(frozen=True)
class ValidityCondition:
    """Where a claim holds.

    Attributes
    ----------
    thresholds : tuple of ParameterThreshold
        One or two, which must both be met.
    inside, outside : float
        Shares in which the claim holds where the condition is met and where not, in models that did not choose it.
    common : float
        Share of plausible models that meet it.
    """

    thresholds: tuple[ParameterThreshold, ...]
    inside: float
    outside: float
    common: float

    def is_acceptable(self, share: float) -> bool:
        """Return whether the claim holds often enough where the condition is met, and that is not too rare."""
        return self.inside >= share and self.common >= MIN_SIDE_SHARE

    def describe(self, what: str) -> str:
        """Return the condition in words."""
        where = " and ".join(one.description for one in self.thresholds)
        return (
            f"{what} in {format_percent(self.inside)} of models with {where}, "
            f"in {format_percent(self.outside)} of the others; "
            f"{format_percent(self.common)} of plausible models meet it"
        )


def best_threshold(models: pd.DataFrame, holds: BoolArray, factors: Sequence[Factor]) -> ParameterThreshold | None:
    """Return the parameter that best tells models apart, and where; None where none does.

    The parameter with the smallest p-value in the two-sample test of Kolmogorov and Smirnov (spear1980), adjusted for
    the number of parameters (holm1979); its threshold is where the two distributions are furthest apart.
    """
    from scipy.stats import ks_2samp

    if min(holds.sum(), (~holds).sum()) < MIN_MODELS_PER_SIDE:
        return None
    tests = []
    for factor in factors:
        values = models[factor.path].to_numpy(np.float64)
        found = ks_2samp(values[holds], values[~holds])
        tests.append((float(found.pvalue), -float(found.statistic), factor, float(found.statistic_location)))
    p_value, _, factor, place = min(tests, key=lambda one: one[:2])
    if p_value * len(factors) > SIGNIFICANCE_LEVEL:
        return None
    values = models[factor.path].to_numpy(np.float64)
    above = bool(holds[values > place].mean() > holds[values <= place].mean()) if (values > place).any() else False
    return ParameterThreshold(factor.path, place, above, factor.low, factor.high)


def fit_thresholds(models: pd.DataFrame, holds: BoolArray, factors: Sequence[Factor]) -> tuple[ParameterThreshold, ...]:
    """Return one threshold, or two where one leaves too many models in which the claim fails."""
    first = best_threshold(models, holds, factors)
    if first is None:
        return ()
    inside = first.inside(models)
    if holds[inside].mean() >= MIN_HOLDING_SHARE:
        return (first,)
    second = best_threshold(models[inside], holds[inside], factors)
    return (first,) if second is None else (first, second)


def find_condition(models: pd.DataFrame, holds: BoolArray, factors: Sequence[Factor]) -> ValidityCondition | None:
    """Return where a claim holds, chosen in one half of the models and told from the other; None if nothing tells.

    Parameters
    ----------
    models : DataFrame
        A row a model, in an order without meaning: parameters by path.
    holds : array of bool
        Whether the claim holds in each.
    factors : sequence of Factor
    """
    half = len(models) // 2
    thresholds = fit_thresholds(models[:half], holds[:half], factors)
    if not thresholds:
        return None
    met = np.logical_and.reduce([one.inside(models) for one in thresholds])
    later, told = met[half:], holds[half:]
    if not later.any() or later.all():
        return None
    return ValidityCondition(thresholds, float(told[later].mean()), float(told[~later].mean()), float(met.mean()))
