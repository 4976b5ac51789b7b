"""The regular review: continue or discontinue."""

import math

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Falls, Neither, Rises, Share


@rule
def observed_result(result: Rises, noise: Neither, measurement: Neither, normal_draw: Rises) -> float:
    """Return the effect as the organisation observes it: result + noise * (1 - measurement) * N(0, 1).

    Source: schmidtke2017 (few boards recognise chance); the size is an assumption.
    """
    return result + noise * (1.0 - measurement) * normal_draw


@rule
def chance_discontinues(shortfall: Rises, discontinuing: Rises, forbearance: Rises, leadership: Falls) -> Share:
    """Return the probability of discontinuing at a review with a positive shortfall of the effect below the goal.

    Equation: 1 - exp(-discontinuing * (forbearance - leadership) * shortfall), forbearance at least 1. Source:
    assumption.
    """
    return 1.0 - math.exp(-discontinuing * (forbearance - leadership) * shortfall)


@rule
def disappointed_culture(culture: Rises, cynicism: Falls) -> Share:
    """Return culture after a disappointing review: culture * (1 - cynicism). Source: repenning2002; size assumed."""
    return culture * (1.0 - cynicism)
