"""The yearly review: go on or give up."""

import math

from qispread.rules.compiling import rule


@rule
def seen_result(result: float, noise: float, measurement: float, normal_draw: float) -> float:
    """Return the result as the organisation sees it: result + noise * (1 - measurement) * N(0, 1).

    Source: schmidtke2017 (few boards see the role of chance); the size is an assumption.
    """
    return result + noise * (1.0 - measurement) * normal_draw


@rule
def chance_gives_up(shortfall: float, giving_up: float, forbearance: float, leadership: float) -> float:
    """Return the probability of giving up at a review that shows a positive shortfall of goal over result.

    Equation: 1 - exp(-giving_up * (forbearance - leadership) * shortfall), forbearance at least 1. Source: assumption.
    """
    return 1.0 - math.exp(-giving_up * (forbearance - leadership) * shortfall)


@rule
def disappointed(culture: float, cynicism: float) -> float:
    """Return culture after a disappointing review: culture * (1 - cynicism). Source: repenning2002; size assumed."""
    return culture * (1.0 - cynicism)
