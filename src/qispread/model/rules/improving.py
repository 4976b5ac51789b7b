"""PDSA cycles, drift and embedding."""

from qispread.model.rules.jit import rule
from qispread.model.rules.rule_effects import Code, Falls, Neither, Rises, Share

WITHOUT_EMBEDDING = 1
"""Code of the form of `decayed_fidelity`; another is the shipped form."""


@rule
def chance_real_cycle(
    capability: Rises, support: Rises, measurement: Rises, given_dose: Rises, support_skill: Rises, blind_cycles: Rises
) -> Share:
    """Return the probability of a genuine PDSA cycle this month: a prediction, a test, data and a decision.

    Equation: min(1, capability + support_skill * support) * (blind_cycles + (1 - blind_cycles) * measurement) * dose.
    Source: taylor2014 and mcnicholas2019 (few are genuine); the form is an assumption.
    """
    skill = min(1.0, capability + support_skill * support)
    return skill * (blind_cycles + (1.0 - blind_cycles) * measurement) * given_dose


@rule
def chance_reactive_change(
    given_dose: Falls, standard: Falls, latitude: Rises, reactive: Rises, standard_guard: Falls
) -> Share:
    """Return the probability of a reactive change, made for lack of time, without a genuine cycle.

    Equation: reactive * (1.5 - dose) * (1 - standard_guard * standard * (1 - latitude)), at most 1. Source: moore2013
    (most adaptations are reactive); sizes are assumptions.
    """
    return min(1.0, reactive * (1.5 - given_dose) * (1.0 - standard_guard * standard * (1.0 - latitude)))


@rule
def moved_towards(value: Rises, aim: Rises, share: Neither) -> float:
    """Return `value` moved by `share` of the distance to `aim`: tuning to the local setting, or a factor to 1."""
    return value + share * (aim - value)


@rule
def eroded_fidelity(fidelity: Rises, erosion: Falls, complexity: Falls) -> Share:
    """Return fidelity after a reactive change: fidelity * (1 - erosion * complexity). Source: assumption."""
    return fidelity * (1.0 - erosion * complexity)


@rule
def decayed_fidelity(fidelity: Rises, decay: Falls, watch: Rises, embedding: Rises, embedding_holds: Rises) -> Share:
    """Return fidelity after a month of drift.

    Equation: F * (1 - decay * (1 - v)^2 * (1 - embedding_holds * embedding)), with vigilance v and monthly `decay`.
    Source: glasgow2012, ament2015, sarre2019 for the size of decay (half-life 1.2 to 5.5 years); form an assumption.
    """
    unwatched = 1.0 - watch
    return fidelity * (1.0 - decay * unwatched * unwatched * (1.0 - embedding_holds * embedding))


@rule
def decayed_fidelity_without_embedding(fidelity: Rises, decay: Falls, watch: Rises) -> Share:
    """Return fidelity after a month of drift if embedding does not hold it.

    Equation: F * (1 - decay * (1 - v)^2). Source: assumption.
    """
    unwatched = 1.0 - watch
    return fidelity * (1.0 - decay * unwatched * unwatched)


@rule
def decayed_fidelity_in_form(
    form: Code, fidelity: Rises, decay: Falls, watch: Rises, embedding: Rises, embedding_holds: Rises
) -> Share:
    """Return fidelity after a month of drift, in one of its forms."""
    if form == WITHOUT_EMBEDDING:
        return decayed_fidelity_without_embedding(fidelity, decay, watch)
    return decayed_fidelity(fidelity, decay, watch, embedding, embedding_holds)


@rule
def embedded_further(embedding: Rises, embed: Rises, climate_now: Rises, given_dose: Rises, turnover: Falls) -> Share:
    """Return the embedding of attitudes and behaviours after a month, in [0, 1].

    Equation: E' = E + embed * c * dose * (1 - E), then E' * (1 - turnover / 12). Source: crofts2016 for the rate
    (time constant 1.3 years at Southmead); the form is an assumption.
    """
    grown = embedding + embed * climate_now * given_dose * (1.0 - embedding)
    return grown * (1.0 - turnover / 12.0)
