"""Worlds: the organisations and ties of one replicate, shared by scenarios with the same ones."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from qispread.model.rules.random_draws import substream
from qispread.model.world.draw_organisations import draw_organisations
from qispread.model.world.network_builders import CSRGraph, build_csr, draw_network
from qispread.model.world.state_arrays import GIVEN_ROW_COUNT, ORGANISATION_ROWS
from qispread.model.world.static_world import Edges, StaticWorld


@dataclass(frozen=True, eq=False)
class World:
    """The organisations and ties of one replicate: its initial conditions.

    Attributes
    ----------
    static_world : StaticWorld
        The part that is the same in every replicate.
    seed, replicate : int
    stream : uint64
        Stream of the replicate, from which those of organisations, pairs and interventions derive (decision 1).
    organisations : array of (11, n) float64
        Context, size, baseline and setting at the start; rows as in `state_arrays`.
    edges : Edges
        The ties, each once.
    ties : CSRGraph
        The ties, at both ends.
    """

    static_world: StaticWorld
    seed: int
    replicate: int
    stream: np.uint64
    organisations: NDArray[np.float64]
    edges: Edges
    ties: CSRGraph

    def graph(self) -> Any:
        """Return the collaboration graph as a networkx.Graph: nodes by id with their context, ties with weights."""
        import networkx as nx

        static_world, graph = self.static_world, nx.Graph()
        for i, name in enumerate(static_world.ids):
            values = dict(zip(ORGANISATION_ROWS[:GIVEN_ROW_COUNT], map(float, self.organisations[:, i]), strict=True))
            graph.add_node(
                name,
                name=static_world.names[i],
                partnership=static_world.partnership_names[static_world.partnership[i]],
                **values,
            )
        edges = zip(*(array.tolist() for array in self.edges), strict=True)
        graph.add_weighted_edges_from((static_world.ids[a], static_world.ids[b], weight) for a, b, weight in edges)
        return graph


MAX_CACHED_WORLD_BYTES = 256 * 2**20
"""The memory limit of worlds cached for later scenarios (decision 21)."""


def world_bytes(world: World) -> int:
    """Return the size of the arrays of a world in bytes."""
    arrays = (world.organisations, *world.edges, *world.ties)
    return int(sum(array.nbytes for array in arrays))


@cached(LRUCache(maxsize=MAX_CACHED_WORLD_BYTES, getsizeof=world_bytes), lock=Lock())
def draw_world(static_world: StaticWorld, seed: int, replicate: int) -> World:
    """Return the world of one replicate (from 0), cached by static world and seed."""
    stream = np.uint64(substream(np.uint64(seed), np.uint64(replicate)))
    organisations = draw_organisations(stream, static_world.keys, static_world.given_values, static_world.distribution)
    pairs = draw_network(static_world.network, static_world, organisations, stream)
    return World(
        static_world, seed, replicate, stream, organisations, pairs, build_csr(pairs, static_world.organisation_count)
    )
