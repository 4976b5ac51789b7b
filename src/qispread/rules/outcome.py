"""What a practice achieves, and what that does to harm."""

import math

from qispread.rules.compiling import rule


@rule
def half_response(midpoint: float, steepness: float) -> float:
    """Return m^s, the constant of the response curve: it stays the same for an intervention."""
    return float(midpoint**steepness)


@rule
def response(fidelity: float, half: float, steepness: float) -> float:
    """Return the share of the benefit that this fidelity can give, in [0, 1], 1 at full fidelity.

    Equation: F^s (1 + m^s) / (F^s + m^s), with midpoint m, steepness s > 0 and `half` = m^s. Source: durlak2008
    (programmes do well at 60 to 80 % fidelity); a bundle with m = 0.85, s = 10 gives little below 75 %.
    """
    raised = fidelity * fidelity * fidelity if steepness == 3.0 else float(fidelity**steepness)
    return raised * (1.0 + half) / (raised + half)


@rule
def fit(squared_distance: float, breadth: float) -> float:
    """Return how well a version fits a setting, in (0, 1].

    Equation: exp(-|tuning - setting|^2 / (2 breadth^2)). Source: castro2004 (fidelity and fit); form an assumption.
    """
    return math.exp(-squared_distance / (2.0 * breadth * breadth))


@rule
def practice_result(responded: float, fitted: float, social: float, embedding: float) -> float:
    """Return the result of a practice, as a share of the intervention's largest benefit, in [0, 1].

    Equation: response * fit * (1 - social + social * embedding). Source: assumption.
    """
    return responded * fitted * (1.0 - social + social * embedding)


@rule
def squared_distance(first: float, second: float, other_first: float, other_second: float) -> float:
    """Return the squared distance of two points in the space of settings, in standard deviations squared."""
    return (first - other_first) * (first - other_first) + (second - other_second) * (second - other_second)


@rule
def trend(secular: float, month: int) -> float:
    """Return the factor by which harm falls anyway: exp(-secular * month / 12), `secular` a year.

    Source: bion2013 (Matching Michigan).
    """
    return math.exp(-secular * month / 12.0)


@rule
def remaining(harm: float, benefit: float, result: float) -> float:
    """Return the harm that remains when a practice with this result acts on it: harm * (1 - benefit * result)."""
    return harm * (1.0 - benefit * result)


@rule
def exposure(size: float) -> float:
    """Return the tens of thousands of cases a month behind a size in cases a year."""
    return size / 120_000.0


@rule
def prevented(left: float, benefit: float, result: float) -> float:
    """Return how much higher the harm that is left would be without this practice, all else the same.

    Equation: left * b r / (1 - b r), the difference between left / (1 - b r) and left; 0 where b r is 1.
    """
    removed = benefit * result
    return left * removed / (1.0 - removed) if removed < 1.0 else 0.0
