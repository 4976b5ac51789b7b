"""Effects of a factorial comparison: whether the whole is more than the sum of its parts."""

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.comparison.arms import BASE, JOINED
from qispread.comparison.paired import Comparison
from qispread.comparison.statistics import mean_and_half_width
from qispread.config.faults import Fault, InputError
from qispread.measures import REGISTRY

TIMES = " x "


def subsets(factors: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return every combination of some factors, none of them first."""
    return [names for size in range(len(factors) + 1) for names in combinations(factors, size)]


def arm_of(names: tuple[str, ...]) -> str:
    """Return the arm in which some factors act together."""
    return JOINED.join(names) if names else BASE


def factorial(comparison: Comparison) -> pd.DataFrame:
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
    every = subsets(factors)
    rows = []
    for measure in REGISTRY:
        values = np.array([comparison.runs[arm_of(names)].by_world(measure.name) for names in every])
        values = values[:, ~np.isnan(values).any(axis=0)]
        for kind, term, weights in contrasts(factors, every):
            mean, half = mean_and_half_width(weights @ values)
            row = {"kind": kind, "term": term, "measure": measure.name, "effect": mean}
            rows.append(row | {"low": mean - half, "high": mean + half, "worlds": values.shape[1]})
    return pd.DataFrame(rows)


def contrasts(factors: tuple[str, ...], every: list[tuple[str, ...]]) -> list[tuple[str, str, NDArray[np.float64]]]:
    """Return kind, term and the weight of each combination in every effect."""
    place = {names: index for index, names in enumerate(every)}

    def alone(name: str) -> NDArray[np.float64]:
        weights = np.zeros(len(every))
        weights[place[name,]], weights[place[()]] = 1.0, -1.0
        return weights

    found = []
    for names in every[1:]:
        signs = np.array([(-1.0) ** len(set(names) - set(other)) for other in every])
        kind = "main" if len(names) == 1 else "interaction"
        found.append((kind, TIMES.join(names), signs * 2.0 ** (1 - len(factors))))
    found += [("alone", name, alone(name)) for name in factors]
    together = np.zeros(len(every))
    together[place[factors]], together[place[()]] = 1.0, -1.0
    whole = TIMES.join(factors)
    parts = np.sum([alone(name) for name in factors], axis=0)
    return [*found, ("together", whole, together), ("beyond", whole, together - parts)]
