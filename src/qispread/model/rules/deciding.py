"""The decision of an aware organisation to adopt."""

import math
from typing import Annotated

from qispread.model.rules.jit import TO_UINT64, rule
from qispread.model.rules.random_draws import PEER_CHOICE, Word64, substream, uniform
from qispread.model.rules.rule_effects import Code, Effect, Falls, Neither, Rises, Share

THRESHOLD = 1
"""Code of the form of `chance_adopts`; another is the shipped form."""
RANDOM_PEER, MOST_SIMILAR = 1, 2
"""Codes of the forms of `attraction`; another is the shipped form."""


@rule
def similarity(squared_distance: Falls, similarity_range: Rises) -> Share:
    """Return the similarity of two settings, in (0, 1].

    Equation: exp(-|x_i - x_j|^2 / similarity_range). Source: assumption.
    """
    return math.exp(-squared_distance / similarity_range)


@rule
def overload(load: Rises, effort: Rises, available: Falls) -> float:
    """Return the shortfall in staff time with one more intervention, in full teams, at least 0.

    Equation: max(0, load + effort - available). Source: reed2018 (portfolio), dixonwoods2014.
    """
    return max(0.0, load + effort - available)


@rule
def logistic(utility: Rises) -> Share:
    """Return 1 / (1 + exp(-utility)), exact at both ends."""
    if utility < -700.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(-utility))


@rule
def inclination(
    peers: Rises,
    advantage: Rises,
    climate_excess: Rises,
    partnership_push: Rises,
    weight_peers: Neither,
    weight_advantage: Neither,
    weight_climate: Neither,
    weight_standard: Neither,
) -> float:
    """Return the terms of the decision that favour the intervention, in log-odds.

    Equation: w_peers * peers + w_advantage * advantage + w_climate * (c - 0.5) + w_standard * standard * share of
    the partnership using it. Source: assumption; vary every weight from half to double.
    """
    return (
        weight_peers * peers
        + weight_advantage * advantage
        + weight_climate * climate_excess
        + weight_standard * partnership_push
    )


@rule
def chance_adopts(reluctance: Falls, inclined: Rises, push: Rises, weight_overload: Falls, excess: Falls) -> Share:
    """Return the probability that an aware organisation adopts this month.

    Equation: logistic(-reluctance + inclination + push - w_overload * overload). Source: assumption.
    """
    return logistic(-reluctance + inclined + push - weight_overload * excess)


@rule
def chance_adopts_threshold(
    reluctance: Falls, inclined: Rises, push: Rises, weight_overload: Falls, excess: Falls
) -> Share:
    """Return the probability of adopting if an organisation adopts as soon as the utility is above 0.

    Equation: 1 if -reluctance + inclination + push - w_overload * overload > 0, else 0. Source: valente1996 for
    thresholds; the form is an assumption.
    """
    return 1.0 if -reluctance + inclined + push - weight_overload * excess > 0.0 else 0.0


@rule
def chance_adopts_in_form(
    form: Code, reluctance: Falls, inclined: Rises, push: Rises, weight_overload: Falls, excess: Falls
) -> Share:
    """Return the probability that an aware organisation adopts this month, in one of its forms."""
    if form == THRESHOLD:
        return chance_adopts_threshold(reluctance, inclined, push, weight_overload, excess)
    return chance_adopts(reluctance, inclined, push, weight_overload, excess)


@rule
def attraction(weight: Rises, result: Rises, similarity: Rises) -> Share:
    """Return the attraction of a visible peer as a model to copy: weight * result * similarity.

    Source: gibbons2007 for copying the best visible peer; the product is an assumption.
    """
    return weight * result * similarity


@rule
def attraction_random_peer(stream: Word64, month: Annotated[int, Effect.NEITHER], peer: Word64) -> Share:
    """Return the attraction of a visible peer if all attract alike, so that chance decides.

    Equation: a uniform draw for each practice, month and peer; `peer` is the stream of the peer, so that the draw does
    not depend on the order of organisations. Source: bentley2007 (random copying, a null model).
    """
    return uniform(TO_UINT64(substream(stream, peer)), month, PEER_CHOICE)


@rule
def attraction_most_similar(similarity: Rises) -> Share:
    """Return the attraction of a visible peer if only the similarity of the settings counts.

    Source: rogers2003 (homophily); that nothing else counts is an assumption.
    """
    return similarity


@rule
def attraction_in_form(
    form: Code,
    weight: Rises,
    result: Rises,
    similarity: Rises,
    stream: Word64,
    month: Annotated[int, Effect.NEITHER],
    peer: Word64,
) -> Share:
    """Return the attraction of a visible peer in one of its forms.

    The arguments after those of the rule are for forms that draw: the stream of the practice, the month, and the stream
    of the peer.
    """
    if form == RANDOM_PEER:
        return attraction_random_peer(stream, month, peer)
    if form == MOST_SIMILAR:
        return attraction_most_similar(similarity)
    return attraction(weight, result, similarity)


@rule
def expected_goal(ambition: Rises, advantage: Rises, claimed_result: Rises) -> float:
    """Return the effect that an organisation expects at adoption.

    Equation: ambition * max(advantage, claimed_result). Source: assumption.
    """
    return ambition * max(advantage, claimed_result)
