"""The condition under which a claim holds: the one or two parameters that best separate models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.inputs.factors import Factor

SIGNIFICANCE_LEVEL = 0.05
"""Largest p-value, adjusted for the number of parameters, at which a parameter separates models."""
MIN_HOLDING_SHARE = 0.8
"""Share of models on the good side above which no second threshold is sought."""
MIN_SIDE_SHARE = 0.1
"""Smallest part of the plausible range that counts as a condition."""
MIN_MODELS_PER_SIDE = 8
"""Models of either kind below which no threshold is sought."""


def format_percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100.0 * share:.0f}%"


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
        """Return which models are on the good side."""
        values = models[self.path].to_numpy(np.float64)
        return np.asarray(values > self.value if self.above else values <= self.value)

    @property
    def description(self) -> str:
        """The threshold with its range."""
        side = "above" if self.above else "at most"
        return f"{self.path} {side} {self.value:.3g} (plausible: {self.low:g} to {self.high:g})"


@dataclass(frozen=True)
class ValidityCondition:
    """The condition under which a claim holds.

    Attributes
    ----------
    thresholds : tuple of ParameterThreshold
        One or two; both must be met.
    inside, outside : float
        Shares in which the claim holds if the condition is met and if not, in models that were not used to choose it.
    common : float
        Share of plausible models that meet it.
    """

    thresholds: tuple[ParameterThreshold, ...]
    inside: float
    outside: float
    common: float

    def is_acceptable(self, share: float) -> bool:
        """Return whether the claim holds often enough under the condition, and the condition is not too rare."""
        return self.inside >= share and self.common >= MIN_SIDE_SHARE

    def describe(self, what: str) -> str:
        """Return the condition as text."""
        where = " and ".join(threshold.description for threshold in self.thresholds)
        return (
            f"{what} in {format_percent(self.inside)} of models with {where}, "
            f"in {format_percent(self.outside)} of the others; "
            f"{format_percent(self.common)} of plausible models meet it"
        )


def best_threshold(models: pd.DataFrame, holds: BoolArray, factors: Sequence[Factor]) -> ParameterThreshold | None:
    """Return the parameter and threshold that best separate models; None if no parameter does.

    The parameter with the smallest p-value in the two-sample test of Kolmogorov and Smirnov (spear1980), adjusted for
    the number of parameters (holm1979); its threshold is where the two distributions are furthest apart.
    """
    from scipy.stats import ks_2samp

    if min(holds.sum(), (~holds).sum()) < MIN_MODELS_PER_SIDE:
        return None
    tests = []
    for factor in factors:
        values = models[factor.path].to_numpy(np.float64)
        test = ks_2samp(values[holds], values[~holds])
        tests.append((float(test.pvalue), -float(test.statistic), factor, float(test.statistic_location)))
    p_value, _, factor, bound = min(tests, key=lambda test: test[:2])
    if p_value * len(factors) > SIGNIFICANCE_LEVEL:
        return None
    values = models[factor.path].to_numpy(np.float64)
    above = bool(holds[values > bound].mean() > holds[values <= bound].mean()) if (values > bound).any() else False
    return ParameterThreshold(factor.path, bound, above, factor.low, factor.high)


def fit_thresholds(models: pd.DataFrame, holds: BoolArray, factors: Sequence[Factor]) -> tuple[ParameterThreshold, ...]:
    """Return one threshold, or two if one leaves too many models in which the claim fails."""
    first = best_threshold(models, holds, factors)
    if first is None:
        return ()
    inside = first.inside(models)
    if holds[inside].mean() >= MIN_HOLDING_SHARE:
        return (first,)
    second = best_threshold(models[inside], holds[inside], factors)
    return (first,) if second is None else (first, second)


def find_condition(models: pd.DataFrame, holds: BoolArray, factors: Sequence[Factor]) -> ValidityCondition | None:
    """Return the condition under which a claim holds, chosen in half of the models and tested in the others, or None.

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
    met = np.logical_and.reduce([threshold.inside(models) for threshold in thresholds])
    met_later, holds_later = met[half:], holds[half:]
    if not met_later.any() or met_later.all():
        return None
    inside, outside = float(holds_later[met_later].mean()), float(holds_later[~met_later].mean())
    return ValidityCondition(thresholds, inside, outside, float(met.mean()))
