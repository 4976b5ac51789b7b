"""Who starts each intervention in a world."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.interventions import Origin
from qispread.inputs.policies import Policy, SeedingPolicy
from qispread.inputs.scenario import Scenario
from qispread.model.rules.jit import kernel
from qispread.model.rules.random_draws import ORIGIN, Word64, hash_name, substream, uniform
from qispread.model.world.draw_world import World
from qispread.model.world.state_arrays import LEADERSHIP, TURNOVER


def readiness(world: World) -> NDArray[np.float64]:
    """Return how ready each organisation is at the start: the product of its factors, with 1 - turnover."""
    factors = world.organisations[LEADERSHIP : TURNOVER + 1].copy()
    factors[TURNOVER] = 1.0 - factors[TURNOVER]
    product: NDArray[np.float64] = np.prod(factors, axis=0)
    return product


def weighted_degree(world: World) -> NDArray[np.float64]:
    """Return the summed weight of the ties of each organisation."""
    ends = np.repeat(np.arange(world.static_world.organisation_count), np.diff(world.ties.indptr))
    return np.bincount(ends, weights=world.ties.weights, minlength=world.static_world.organisation_count).astype(
        np.float64
    )


def betweenness(world: World) -> NDArray[np.float64]:
    """Return the betweenness of each organisation (freeman1977), ties counting alike."""
    import networkx as nx

    between = nx.betweenness_centrality(world.graph())
    return np.array([between[name] for name in world.static_world.ids])


@kernel
def organisation_draws(stream: Word64, keys: NDArray[np.uint64], part: Word64, purpose: int) -> NDArray[np.float64]:
    """Return the draw of month 0 of each organisation for one more part of the key and a purpose."""
    drawn = np.empty(keys.size)
    for i in range(keys.size):
        drawn[i] = uniform(substream(substream(stream, keys[i]), part), 0, purpose)
    return drawn


def draw_scores(world: World, name: str, purpose: int) -> NDArray[np.float64]:
    """Return a draw for each organisation that belongs to it and to a name, whoever else is there."""
    return organisation_draws(world.stream, world.static_world.keys, np.uint64(hash_name(name)), purpose)


def largest_indices(scores: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the indices of the largest scores, ascending; of equal ones the first."""
    return np.sort(np.argsort(-scores, kind="stable")[:count])


def choose_origin(origin: Origin, name: str, world: World) -> NDArray[np.int64]:
    """Return the indices of those who start an intervention."""
    if origin.organisations:
        return np.array(sorted(world.static_world.ids.index(own) for own in origin.organisations), dtype=np.int64)
    scores: dict[str | None, Any] = {
        "most_ready": readiness,
        "least_ready": lambda place: -readiness(place),
        "random": lambda place: draw_scores(place, name, ORIGIN),
        "hub": weighted_degree,
        "broker": betweenness,
    }
    # The default of a seeding policy adapts to few organisations: one is left to copy.
    return largest_indices(scores[origin.rule](world), min(origin.number, world.static_world.organisation_count - 1))


def seeding_origin(name: str, policies: Mapping[str, Policy]) -> Origin | None:
    """Return the origin that the last seeding policy sets for an intervention, if any does."""
    origins = [
        policy.origin
        for policy in policies.values()
        if isinstance(policy, SeedingPolicy) and (not policy.interventions or name in policy.interventions)
    ]
    return origins[-1] if origins else None


def choose_origins(scenario: Scenario, world: World) -> list[NDArray[np.int64]]:
    """Return, for each intervention, the indices of those who start it."""
    return [
        choose_origin(seeding_origin(name, scenario.policies) or intervention.origin, name, world)
        for name, intervention in scenario.interventions.items()
    ]
