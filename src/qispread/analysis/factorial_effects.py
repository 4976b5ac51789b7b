"""Effects of a factorial comparison: whether the whole is more than the sum of its parts."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError
from qispread.model.measures import MEASURE_REGISTRY
from qispread.runs.comparison.arms import BASELINE_ARM, NAME_SEPARATOR
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.paired_statistics import mean_and_half_width

TERM_SEPARATOR = " x "


def factor_combinations(factors: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return every combination of some factors, none of them first."""
    return [names for size in range(len(factors) + 1) for names in combinations(factors, size)]


def combination_name(names: tuple[str, ...]) -> str:
    """Return the arm in which some factors act together."""
    return NAME_SEPARATOR.join(names) if names else BASELINE_ARM


def factorial_effects(comparison: Comparison) -> pd.DataFrame:
    """Return main effects and interactions of a factorial comparison, world by world, on every measure.

    Equation: the effect of a set S among k factors is 2^(1 - k) times the sum, over all combinations T, of y(T) with
    the sign (-1)^m, where y is the measure at the end and m the number of members of S that T lacks (box2005). A main
    effect is the mean difference that a factor makes over all combinations of the others; an interaction of two is half
    of how much more one does where the other acts.

    Returns
    -------
    DataFrame
        Columns: ``kind`` (main, interaction; alone: a factor by itself against the base; together: all against the
        base; beyond: together less the sum of alone), ``term``, ``measure``, ``effect`` with its 95 % interval ``low``
        to ``high``, ``worlds``.

    Raises
    ------
    InputError
        For a comparison without all combinations.
    """
    factors = comparison.factors
    if not factors:
        raise InputError([Fault("factorial", "the comparison has not every combination; needed: factorial=True")])
    every = factor_combinations(factors)
    rows = []
    for measure in MEASURE_REGISTRY:
        values = np.array(
            [comparison.runs[combination_name(names)].values_by_replicate(measure.name) for names in every]
        )
        values = values[:, ~np.isnan(values).any(axis=0)]
        for kind, term, weights in effect_contrasts(factors, every):
            mean, half = mean_and_half_width(weights @ values)
            row = {"kind": kind, "term": term, "measure": measure.name, "effect": mean}
            rows.append(row | {"low": mean - half, "high": mean + half, "replicates": values.shape[1]})
    return pd.DataFrame(rows)


def effect_contrasts(
    factors: tuple[str, ...], combinations: list[tuple[str, ...]]
) -> list[tuple[str, str, NDArray[np.float64]]]:
    """Return kind, term and the weight of each combination in every effect."""
    place = {names: index for index, names in enumerate(combinations)}

    def alone(name: str) -> NDArray[np.float64]:
        weights = np.zeros(len(combinations))
        weights[place[name,]], weights[place[()]] = 1.0, -1.0
        return weights

    found = []
    for names in combinations[1:]:
        signs = np.array([(-1.0) ** len(set(names) - set(other)) for other in combinations])
        kind = "main" if len(names) == 1 else "interaction"
        found.append((kind, TERM_SEPARATOR.join(names), signs * 2.0 ** (1 - len(factors))))
    found += [("alone", name, alone(name)) for name in factors]
    together = np.zeros(len(combinations))
    together[place[factors]], together[place[()]] = 1.0, -1.0
    whole = TERM_SEPARATOR.join(factors)
    parts = np.sum([alone(name) for name in factors], axis=0)
    return [*found, ("together", whole, together), ("beyond", whole, together - parts)]
