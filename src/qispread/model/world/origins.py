"""The pilot sites of each intervention in a world."""

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
    """Return the readiness of each organisation at the start: the product of its factors, with 1 - turnover."""
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
    """Return the unweighted betweenness of each organisation (freeman1977; decision 19)."""
    import networkx as nx

    between = nx.betweenness_centrality(world.graph())
    return np.array([between[name] for name in world.static_world.ids])


@kernel
def organisation_draws(stream: Word64, keys: NDArray[np.uint64], part: Word64, purpose: int) -> NDArray[np.float64]:
    """Return the draw of each organisation in month 0 for an additional key and a purpose."""
    draws = np.empty(keys.size)
    for i in range(keys.size):
        draws[i] = uniform(substream(substream(stream, keys[i]), part), 0, purpose)
    return draws


def draw_scores(world: World, name: str, purpose: int) -> NDArray[np.float64]:
    """Return a draw for each organisation that depends only on it and a name, not on other organisations."""
    return organisation_draws(world.stream, world.static_world.keys, np.uint64(hash_name(name)), purpose)


def largest_indices(scores: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the indices of the largest scores, ascending; ties go to the first."""
    return np.sort(np.argsort(-scores, kind="stable")[:count])


def choose_origin(origin: Origin, name: str, world: World) -> NDArray[np.int64]:
    """Return the indices of the pilot sites of an intervention."""
    if origin.organisations:
        return np.array(
            sorted(world.static_world.ids.index(organisation) for organisation in origin.organisations), dtype=np.int64
        )
    scores: dict[str | None, Any] = {
        "most_ready": readiness,
        "least_ready": lambda world: -readiness(world),
        "random": lambda world: draw_scores(world, name, ORIGIN),
        "hub": weighted_degree,
        "broker": betweenness,
    }
    # The default of a seeding policy adapts to few organisations, so that one can still adopt (decision 74).
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
    """Return the indices of the pilot sites of each intervention."""
    return [
        choose_origin(seeding_origin(name, scenario.policies) or intervention.origin, name, world)
        for name, intervention in scenario.interventions.items()
    ]
