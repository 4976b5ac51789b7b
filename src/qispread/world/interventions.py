"""Who starts each intervention in a world."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.config.interventions import Origin
from qispread.config.policies import Policy, Seeding
from qispread.config.scenario import Scenario
from qispread.rules.compiling import kernel
from qispread.rules.draws import ORIGIN, Word, key_of, substream, uniform
from qispread.world.draw import World
from qispread.world.layout import LEADERSHIP, TURNOVER


def readiness(world: World) -> NDArray[np.float64]:
    """Return how ready each organisation is at the start: the product of its factors, with 1 - turnover."""
    factors = world.organisations[LEADERSHIP : TURNOVER + 1].copy()
    factors[TURNOVER] = 1.0 - factors[TURNOVER]
    product: NDArray[np.float64] = np.prod(factors, axis=0)
    return product


def tie_weights(world: World) -> NDArray[np.float64]:
    """Return the summed weight of the ties of each organisation."""
    ends = np.repeat(np.arange(world.frame.number), np.diff(world.ties.starts))
    return np.bincount(ends, weights=world.ties.weights, minlength=world.frame.number).astype(np.float64)


def betweenness(world: World) -> NDArray[np.float64]:
    """Return the betweenness of each organisation (freeman1977), ties counting alike."""
    import networkx as nx

    between = nx.betweenness_centrality(world.graph())
    return np.array([between[name] for name in world.frame.ids])


@kernel
def draws_of(stream: Word, keys: NDArray[np.uint64], part: Word, purpose: int) -> NDArray[np.float64]:
    """Return the draw of month 0 of each organisation for one more part of the key and a purpose."""
    drawn = np.empty(keys.size)
    for i in range(keys.size):
        drawn[i] = uniform(substream(substream(stream, keys[i]), part), 0, purpose)
    return drawn


def random_scores(world: World, name: str, purpose: int) -> NDArray[np.float64]:
    """Return a draw for each organisation that belongs to it and to a name, whoever else is there."""
    return draws_of(world.stream, world.frame.keys, np.uint64(key_of(name)), purpose)


def largest(scores: NDArray[np.float64], number: int) -> NDArray[np.int64]:
    """Return the indices of the largest scores, ascending; of equal ones the first."""
    return np.sort(np.argsort(-scores, kind="stable")[:number])


def origin_of(origin: Origin, name: str, world: World) -> NDArray[np.int64]:
    """Return the indices of those who start an intervention."""
    if origin.organisations:
        return np.array(sorted(world.frame.ids.index(own) for own in origin.organisations), dtype=np.int64)
    scores: dict[str | None, Any] = {
        "most_ready": readiness,
        "least_ready": lambda place: -readiness(place),
        "random": lambda place: random_scores(place, name, ORIGIN),
        "hub": tie_weights,
        "broker": betweenness,
    }
    # The default of a seeding policy adapts to few organisations: one is left to copy.
    return largest(scores[origin.rule](world), min(origin.number, world.frame.number - 1))


def seeding_for(name: str, policies: Mapping[str, Policy]) -> Origin | None:
    """Return the origin that the last seeding policy sets for an intervention, if any does."""
    origins = [
        policy.origin
        for policy in policies.values()
        if isinstance(policy, Seeding) and (not policy.interventions or name in policy.interventions)
    ]
    return origins[-1] if origins else None


def origins_of(scenario: Scenario, world: World) -> list[NDArray[np.int64]]:
    """Return, for each intervention, the indices of those who start it."""
    return [
        origin_of(seeding_for(name, scenario.policies) or intervention.origin, name, world)
        for name, intervention in scenario.interventions.items()
    ]
