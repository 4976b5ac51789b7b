"""The effect of a practice and the adverse events that it averts."""

import math
from typing import Annotated

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Code, Effect, Falls, Neither, Rises, Share

LINEAR = 1
"""Code of the form of `response_to_fidelity`; another is the shipped form."""


@rule
def response_constant(midpoint: Rises, steepness: Falls) -> Share:
    """Return m^s, the constant of the response curve of an intervention (decision 11)."""
    return float(midpoint**steepness)


@rule
def response_to_fidelity(fidelity: Rises, half: Falls, steepness: Neither) -> Share:
    """Return the share of the full effect at this fidelity, in [0, 1], 1 at full fidelity.

    Equation: F^s (1 + m^s) / (F^s + m^s), with midpoint m, steepness s > 0 and `half` = m^s. Source: durlak2008
    (programmes do well at 60 to 80% fidelity); a bundle with m = 0.85, s = 10 has little effect below 75%.
    """
    raised = fidelity * fidelity * fidelity if steepness == 3.0 else float(fidelity**steepness)
    return raised * (1.0 + half) / (raised + half)


@rule
def response_to_fidelity_linear(fidelity: Rises) -> Share:
    """Return the share of the full effect at this fidelity if each core component adds the same: F.

    Source: assumption.
    """
    return fidelity


@rule
def response_to_fidelity_in_form(form: Code, fidelity: Rises, half: Falls, steepness: Neither) -> Share:
    """Return the share of the full effect at this fidelity, in one of its forms."""
    if form == LINEAR:
        return response_to_fidelity_linear(fidelity)
    return response_to_fidelity(fidelity, half, steepness)


@rule
def appropriateness(squared_distance: Falls, breadth: Rises) -> Share:
    """Return the fit of a version to a setting, in (0, 1].

    Equation: exp(-|tuning - setting|^2 / (2 breadth^2)). Source: castro2004 (fidelity and fit); form an assumption.
    """
    return math.exp(-squared_distance / (2.0 * breadth * breadth))


@rule
def practice_result(responded: Rises, fitted: Rises, social: Falls, embedding: Rises) -> Share:
    """Return the effect of a practice, as a share of the full effect, in [0, 1].

    Equation: response * fit * (1 - social + social * embedding). Source: assumption.
    """
    return responded * fitted * (1.0 - social + social * embedding)


@rule
def squared_distance(first: Neither, second: Neither, other_first: Neither, other_second: Neither) -> float:
    """Return the squared distance of two points in the space of settings, in standard deviations squared."""
    return (first - other_first) * (first - other_first) + (second - other_second) * (second - other_second)


@rule
def secular_trend(secular: Falls, month: Annotated[int, Effect.FALLS]) -> Share:
    """Return the factor of the underlying trend in adverse events: exp(-secular * month / 12), with annual `secular`.

    Source: bion2013 (Matching Michigan).
    """
    return math.exp(-secular * month / 12.0)


@rule
def remaining_rate(rate: Rises, benefit: Falls, result: Falls) -> float:
    """Return the event rate that remains with a practice of this effect: rate * (1 - benefit * result)."""
    return rate * (1.0 - benefit * result)


@rule
def monthly_exposure(size: Rises) -> float:
    """Return the tens of thousands of cases a month for a size in cases a year."""
    return size / 120_000.0


@rule
def prevented_rate(rate: Rises, benefit: Rises, result: Rises) -> float:
    """Return the increase of the remaining event rate without this practice, all else the same.

    Equation: rate * b r / (1 - b r), the difference between rate / (1 - b r) and rate; 0 where b r is 1.
    """
    removed = benefit * result
    return rate * removed / (1.0 - removed) if removed < 1.0 else 0.0
