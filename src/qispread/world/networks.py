"""The networks: one builder a kind, from the frame, the organisations and the replicate's stream to ties."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.config.networks import (
    Complete,
    HubAndSpoke,
    Random,
    Ring,
    ScaleFree,
    SmallWorld,
    Systems,
    Ties,
)
from qispread.rules.compiling import kernel
from qispread.rules.draws import TIE, Word, key_of, substream, uniform
from qispread.world.frame import Frame, Pairs, sorted_pairs
from qispread.world.layout import SIZE


class Neighbours(NamedTuple):
    """Ties in compressed sparse rows: each tie stands once at either end, neighbours ascending.

    Attributes
    ----------
    starts : array of n + 1 int64
        Where the ties of each organisation start in the other arrays.
    others : array of int64
        The other end of each tie.
    weights : array of float64
    """

    starts: NDArray[np.int64]
    others: NDArray[np.int64]
    weights: NDArray[np.float64]


Builder = Callable[[Any, Frame, NDArray[np.float64], Word], Pairs]
BUILDERS: dict[type, Builder] = {}


def builds(kind: type) -> Callable[[Builder], Builder]:
    """Register a function as the builder of one kind of network."""

    def register(builder: Builder) -> Builder:
        BUILDERS[kind] = builder
        return builder

    return register


@kernel
def draw_pairs(
    stream: Word,
    keys: NDArray[np.uint64],
    members: NDArray[np.int64],
    system: NDArray[np.int64],
    region: NDArray[np.int64],
    chances: tuple[float, float, float],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of members that are tied, each pair by a draw of its own.

    Parameters
    ----------
    stream : uint64
        Of the replicate, or of a policy in it.
    keys, system, region : arrays of n
    members : array of int64
        Indices, ascending.
    chances : three floats
        Probability of a tie within a partnership, within a region, and across regions.
    """
    number, count = members.size, 0
    first, second = np.empty(8 * number, np.int64), np.empty(8 * number, np.int64)
    drawn = np.empty(number)
    for a in range(number):
        i = members[a]
        # All draws of a row first: a loop without branches is four times as fast.
        for b in range(a + 1, number):
            drawn[b] = uniform(substream(stream, keys[i] ^ keys[members[b]]), 0, TIE)
        if count + number > first.size:
            first = np.concatenate((first, np.empty(first.size + number, np.int64)))
            second = np.concatenate((second, np.empty(second.size + number, np.int64)))
        for b in range(a + 1, number):
            j = members[b]
            chance = chances[0] if system[i] == system[j] else chances[1] if region[i] == region[j] else chances[2]
            if drawn[b] < chance:
                first[count] = i
                second[count] = j
                count += 1
    return first[:count], second[:count]


@kernel
def compressed(first: NDArray[np.int64], second: NDArray[np.int64], weight: NDArray[np.float64], number: int) -> Any:
    """Return `starts`, `others` and `weights` of ties that are given in ascending order."""
    starts = np.zeros(number + 1, np.int64)
    for tie in range(first.size):
        starts[first[tie] + 1] += 1
        starts[second[tie] + 1] += 1
    for own in range(number):  # np.cumsum would be compiled for this alone
        starts[own + 1] += starts[own]
    fill = starts[:-1].copy()
    others = np.empty(2 * first.size, np.int64)
    weights = np.empty(2 * first.size, np.float64)
    # Ascending input puts the lower neighbours of each organisation before the higher ones, both in order.
    for tie in range(first.size):
        for own, other in ((first[tie], second[tie]), (second[tie], first[tie])):
            others[fill[own]] = other
            weights[fill[own]] = weight[tie]
            fill[own] += 1
    return starts, others, weights


def pairs_within(groups: NDArray[np.int64]) -> float:
    """Return how many pairs share a group."""
    sizes = np.bincount(groups)
    return float(np.sum(sizes * (sizes - 1))) / 2.0


@lru_cache(maxsize=64)
def tie_chances(network: Systems, frame: Frame) -> tuple[float, float, float]:
    """Return the probability of a tie within a partnership, within a region and across.

    The expected number of ties is number * mean_degree / 2, of which the share `across` crosses regions; partnerships
    are filled up to `partnership_density`, and the rest stays in the region. What the region cannot hold fills the
    partnerships, and what they cannot hold goes across too.
    """
    in_system = pairs_within(frame.system)
    in_region = pairs_within(frame.region) - pairs_within(frame.system * (1 + frame.region.max()) + frame.region)
    beyond = frame.number * (frame.number - 1) / 2.0 - in_region - in_system
    wanted = frame.number * network.mean_degree / 2.0
    far = wanted * network.across if beyond > 0 else 0.0
    near = min(wanted - far, network.partnership_density * in_system)
    middle = min(wanted - far - near, in_region)
    # What the region cannot hold fills the partnerships, and then goes across.
    near = min(wanted - far - middle, in_system)
    far = wanted - near - middle
    return (
        near / in_system if in_system > 0 else 0.0,
        middle / in_region if in_region > 0 else 0.0,
        min(1.0, far / beyond) if beyond > 0 else 0.0,
    )


def _drawn(frame: Frame, stream: Word, chances: tuple[float, float, float], weight: float) -> Pairs:
    members = np.arange(frame.number)
    first, second = draw_pairs(stream, frame.keys, members, frame.system, frame.region, chances)
    return first, second, np.full(first.size, weight)


def _from_graph(graph: Any, weight: float) -> Pairs:
    return sorted_pairs([a for a, _ in graph.edges], [b for _, b in graph.edges], weight)


def _graph_seed(stream: Word) -> int:
    return int(substream(stream, np.uint64(key_of("network"))))


@builds(Systems)
def systems(network: Systems, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Tie partnerships densely, regions less and the rest rarely."""
    return _drawn(frame, stream, tie_chances(network, frame), network.tie_weight)


@builds(Random)
def random(network: Random, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Tie each pair with the same probability (erdos1959)."""
    chance = network.mean_degree / (frame.number - 1)
    return _drawn(frame, stream, (chance, chance, chance), network.tie_weight)


@builds(SmallWorld)
def small_world(network: SmallWorld, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Move some ties of a ring at random (watts1998)."""
    import networkx as nx

    # The default adapts to few organisations; a degree that is given is even, and smaller than their number.
    degree = min(network.degree, 2 * ((frame.number - 1) // 2))
    graph = nx.watts_strogatz_graph(frame.number, degree, network.rewiring, seed=_graph_seed(stream))
    return _from_graph(graph, network.tie_weight)


@builds(ScaleFree)
def scale_free(network: ScaleFree, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Let newcomers prefer those with many ties (barabasi1999)."""
    import networkx as nx

    ties = min(network.ties_a_newcomer, frame.number - 1)
    graph = nx.barabasi_albert_graph(frame.number, ties, seed=_graph_seed(stream))
    return _from_graph(graph, network.tie_weight)


@builds(Ring)
def ring(network: Ring, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Tie each to its nearest neighbours in a ring."""
    import networkx as nx

    return _from_graph(nx.circulant_graph(frame.number, range(1, network.degree // 2 + 1)), network.tie_weight)


@builds(Complete)
def complete(network: Complete, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Tie everyone to everyone."""
    first, second = np.triu_indices(frame.number, 1)
    return first, second, np.full(first.size, network.tie_weight)


@builds(HubAndSpoke)
def hub_and_spoke(network: HubAndSpoke, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Tie the largest of each partnership to its members and to the other hubs."""
    members = [np.flatnonzero(frame.system == system) for system in range(len(frame.system_names))]
    hubs = [int(group[np.argmax(organisations[SIZE, group])]) for group in members]
    pairs = [(hub, int(other)) for hub, group in zip(hubs, members, strict=True) for other in group if other != hub]
    pairs += [(a, b) for place, a in enumerate(hubs) for b in hubs[:place]]
    return sorted_pairs([a for a, _ in pairs], [b for _, b in pairs], network.tie_weight)


@builds(Ties)
def ties(network: Ties, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:  # noqa: ARG001
    """Use the ties as given."""
    if frame.given_ties is None:
        raise ValueError("the frame holds no ties")
    return frame.given_ties


def draw_network(network: Any, frame: Frame, organisations: NDArray[np.float64], stream: Word) -> Pairs:
    """Return the ties of a replicate."""
    return BUILDERS[type(network)](network, frame, organisations, stream)


def neighbours_of(pairs: Pairs, number: int) -> Neighbours:
    """Return ties in compressed sparse rows."""
    return Neighbours(*compressed(*pairs, number))
