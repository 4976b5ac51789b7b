"""A world: the places and ties of one replicate, the same for every scenario that does not change them."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from qispread.rules.draws import substream
from qispread.world.frame import Frame, Pairs
from qispread.world.layout import GIVEN_ROWS, ORGANISATION_ROWS
from qispread.world.networks import Neighbours, draw_network, neighbours_of
from qispread.world.organisations import draw_organisations


@dataclass(frozen=True, eq=False)
class World:
    """The places and ties of one replicate.

    Attributes
    ----------
    frame : Frame
        What is the same in every replicate.
    seed, replicate : int
    stream : uint64
        Of the replicate, from which those of organisations, pairs and interventions follow.
    organisations : array of (11, n) float64
        Context, size, baseline and setting at the start; rows as in `layout`.
    pairs : Pairs
        The ties, each once.
    ties : Neighbours
        The ties, at both ends.
    """

    frame: Frame
    seed: int
    replicate: int
    stream: np.uint64
    organisations: NDArray[np.float64]
    pairs: Pairs
    ties: Neighbours

    def graph(self) -> Any:
        """Return the collaboration graph as a networkx.Graph: nodes by id with their context, ties with weights."""
        import networkx as nx

        frame, graph = self.frame, nx.Graph()
        for i, name in enumerate(frame.ids):
            values = dict(zip(ORGANISATION_ROWS[:GIVEN_ROWS], map(float, self.organisations[:, i]), strict=True))
            graph.add_node(name, name=frame.names[i], system=frame.system_names[frame.system[i]], **values)
        edges = zip(*(array.tolist() for array in self.pairs), strict=True)
        graph.add_weighted_edges_from((frame.ids[a], frame.ids[b], weight) for a, b, weight in edges)
        return graph


MOST_BYTES = 256 * 2**20
"""How much memory worlds may take that are kept for the next scenario."""


def bytes_of(world: World) -> int:
    """Return the memory that the arrays of a world take."""
    arrays = (world.organisations, *world.pairs, *world.ties)
    return int(sum(array.nbytes for array in arrays))


@cached(LRUCache(maxsize=MOST_BYTES, getsizeof=bytes_of), lock=Lock())
def draw_world(frame: Frame, seed: int, replicate: int) -> World:
    """Return the world of one replicate (from 0); scenarios that share the frame and the seed share the object."""
    stream = np.uint64(substream(np.uint64(seed), np.uint64(replicate)))
    organisations = draw_organisations(stream, frame.keys, frame.given, frame.distribution)
    pairs = draw_network(frame.network, frame, organisations, stream)
    return World(frame, seed, replicate, stream, organisations, pairs, neighbours_of(pairs, frame.number))
