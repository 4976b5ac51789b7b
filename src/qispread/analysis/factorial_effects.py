"""Main effects and interactions of a factorial comparison."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError
from qispread.runs.comparison.arms import BASELINE_ARM, NAME_SEPARATOR
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.paired_statistics import mean_and_half_width

TERM_SEPARATOR = " x "


def factor_combinations(factors: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return all combinations of factors, the empty combination first."""
    return [names for size in range(len(factors) + 1) for names in combinations(factors, size)]


def combination_name(names: tuple[str, ...]) -> str:
    """Return the name of the arm that combines factors."""
    return NAME_SEPARATOR.join(names) if names else BASELINE_ARM


def factorial_effects(comparison: Comparison) -> pd.DataFrame:
    """Return main effects and interactions of a factorial comparison on every measure, from paired replicates.

    Equation: the effect of a set S among k factors is 2^(1 - k) times the sum, over all combinations T, of y(T) with
    the sign (-1)^m, where y is the measure at the end and m the number of members of S that T lacks (box2005). A main
    effect is the mean effect of a factor over all combinations of the others; an interaction of two is half the change
    in the effect of one when the other is added.

    Returns
    -------
    DataFrame
        Columns: ``kind`` (main, interaction; alone: one factor against the baseline; together: all against the
        baseline; beyond: together less the sum of alone), ``term``, ``measure``, ``effect`` with its 95% interval
        ``low`` to ``high``, ``replicates``.

    Raises
    ------
    InputError
        For a comparison without all combinations.
    """
    factors = comparison.factors
    if not factors:
        raise InputError([Fault("factorial", "the comparison does not have all combinations; needed: factorial=True")])
    combinations_of_factors = factor_combinations(factors)
    rows = []
    for measure in comparison.measures:
        values = np.array(
            [
                comparison.runs[combination_name(names)].values_by_replicate(measure.name)
                for names in combinations_of_factors
            ]
        )
        values = values[:, ~np.isnan(values).any(axis=0)]
        for kind, term, weights in effect_contrasts(factors, combinations_of_factors):
            mean, half = mean_and_half_width(weights @ values)
            row = {"kind": kind, "term": term, "measure": measure.name, "effect": mean}
            rows.append(row | {"low": mean - half, "high": mean + half, "replicates": values.shape[1]})
    return pd.DataFrame(rows)


def effect_contrasts(
    factors: tuple[str, ...], combinations: list[tuple[str, ...]]
) -> list[tuple[str, str, NDArray[np.float64]]]:
    """Return kind, term and the weight of each combination in every effect."""
    index_by_names = {names: index for index, names in enumerate(combinations)}

    def alone(name: str) -> NDArray[np.float64]:
        weights = np.zeros(len(combinations))
        weights[index_by_names[name,]], weights[index_by_names[()]] = 1.0, -1.0
        return weights

    contrasts = []
    for names in combinations[1:]:
        signs = np.array([(-1.0) ** len(set(names) - set(other)) for other in combinations])
        kind = "main" if len(names) == 1 else "interaction"
        contrasts.append((kind, TERM_SEPARATOR.join(names), signs * 2.0 ** (1 - len(factors))))
    contrasts += [("alone", name, alone(name)) for name in factors]
    together = np.zeros(len(combinations))
    together[index_by_names[factors]], together[index_by_names[()]] = 1.0, -1.0
    term = TERM_SEPARATOR.join(factors)
    parts = np.sum([alone(name) for name in factors], axis=0)
    return [*contrasts, ("together", term, together), ("beyond", term, together - parts)]
