"""The capacity for improvement: climate, time, dose and vigilance."""

from typing import Annotated

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Code, Effect, Falls, Rises, Share

ADDITIVE, WEAKEST = 1, 2
"""Codes of the forms of `climate`; another is the shipped form."""


@rule
def climate(leadership: Rises, alignment: Rises, culture: Rises) -> Share:
    """Return the climate for improvement, in [0, 1]: each factor is necessary and none is sufficient.

    Equation: c = (leadership * alignment * culture)^(1/3), each in [0, 1]. Source: liberati2021 for the product;
    the geometric mean is an assumption.
    """
    return float((leadership * alignment * culture) ** (1.0 / 3.0))


@rule
def climate_additive(leadership: Rises, alignment: Rises, culture: Rises) -> Share:
    """Return the climate for improvement if strength in one factor makes up for weakness in another.

    Equation: c = (leadership + alignment + culture) / 3. Source: assumption.
    """
    return (leadership + alignment + culture) / 3.0


@rule
def climate_weakest(leadership: Rises, alignment: Rises, culture: Rises) -> Share:
    """Return the climate for improvement if the weakest factor limits it.

    Equation: c = min(leadership, alignment, culture). Source: dul2016 for necessary conditions, which nothing makes up
    for; the form is an assumption.
    """
    return min(leadership, min(alignment, culture))  # noqa: PLW3301 - two arguments compile to one instruction


@rule
def climate_in_form(form: Code, leadership: Rises, alignment: Rises, culture: Rises) -> Share:
    """Return the climate for improvement in one of its forms."""
    if form == ADDITIVE:
        return climate_additive(leadership, alignment, culture)
    if form == WEAKEST:
        return climate_weakest(leadership, alignment, culture)
    return climate(leadership, alignment, culture)


@rule
def available_time(slack: Rises, protected_time: Rises, leadership: Rises, unled_time: Rises) -> Share:
    """Return the staff time available for improvement, in full improvement teams, in [0, 1].

    Equation: min(1, slack + protected_time) * (unled_time + (1 - unled_time) * leadership). Leaders provide time;
    `unled_time` is the share available without them. Source: dixonwoods2014; size an assumption.
    """
    return min(1.0, slack + protected_time) * (unled_time + (1.0 - unled_time) * leadership)


@rule
def workload(effort: Rises, upkeep: Rises, embedded: Annotated[bool, Effect.NEITHER]) -> float:
    """Return the staff time that a practice in use needs, in full teams: `effort`, or effort * upkeep once embedded.

    Source: assumption.
    """
    return effort * upkeep if embedded else effort


@rule
def dose(available: Rises, load: Falls) -> Share:
    """Return the share of the needed staff time that is available, in [0, 1]; 1 without load.

    Equation: min(1, available / load), both in full teams. Source: assumption (overload: repenning2002).
    """
    return 1.0 if load <= available else available / load


@rule
def vigilance(measurement: Rises, leadership: Rises) -> Share:
    """Return vigilance, which sustains gains, in [0, 1]: measurement that leaders act on.

    Equation: v = measurement * leadership. Source: pronovost2016 (Keystone); the product is an assumption.
    """
    return measurement * leadership


@rule
def trained_capability(capability: Rises, rate: Rises, turnover: Falls) -> Share:
    """Return capability after a month of training, in [0, 1].

    Equation: C + (rate / 12) (1 - turnover) (1 - C), with an annual `rate`; the share `turnover` of trained staff
    leaves within a year (decision 7). Source: mcnicholas2019 for the size of a supported gain; the form is an
    assumption.
    """
    return capability + rate / 12.0 * (1.0 - turnover) * (1.0 - capability)


@rule
def grown_factor(factor: Rises, rate: Rises) -> Share:
    """Return a context factor in [0, 1] after a month of growth towards 1 at an annual `rate`.

    Equation: F + (rate / 12) (1 - F). Source: assumption.
    """
    return factor + rate / 12.0 * (1.0 - factor)


@rule
def resented_culture(culture: Rises, resentment: Falls) -> Share:
    """Return culture after a month of a mandate, falling at an annual rate of `resentment`.

    Equation: culture * (1 - resentment / 12). Source: bion2013 for the sign; the size is an assumption.
    """
    return culture * (1.0 - resentment / 12.0)
