"""The network builders: one for each kind, from the static world, the organisations and the stream to ties."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.network_kinds import (
    CompleteNetwork,
    GivenTiesNetwork,
    HubAndSpokeNetwork,
    PartnershipsNetwork,
    RandomNetwork,
    RingNetwork,
    ScaleFreeNetwork,
    SmallWorldNetwork,
)
from qispread.model.rules.jit import kernel
from qispread.model.rules.random_draws import TIE, Word64, hash_name, substream, uniform
from qispread.model.world.state_arrays import SIZE
from qispread.model.world.static_world import Edges, StaticWorld, sort_edges


class CSRGraph(NamedTuple):
    """Ties in compressed sparse rows: each tie is stored once at either end, neighbours ascending.

    Attributes
    ----------
    indptr : array of n + 1 int64
        Start of the ties of each organisation in the other arrays.
    indices : array of int64
        The other end of each tie.
    weights : array of float64
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    weights: NDArray[np.float64]


NetworkBuilder = Callable[[Any, StaticWorld, NDArray[np.float64], Word64], Edges]
NETWORK_BUILDERS: dict[type, NetworkBuilder] = {}


def register_builder(kind: type) -> Callable[[NetworkBuilder], NetworkBuilder]:
    """Register a function as the builder of one kind of network."""

    def register(builder: NetworkBuilder) -> NetworkBuilder:
        NETWORK_BUILDERS[kind] = builder
        return builder

    return register


@kernel
def sample_edges(
    stream: Word64,
    keys: NDArray[np.uint64],
    members: NDArray[np.int64],
    system: NDArray[np.int64],
    region: NDArray[np.int64],
    probabilities: tuple[float, float, float],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of members that are tied, each by an independent draw.

    Parameters
    ----------
    stream : uint64
        Stream of the replicate, or of a policy in it.
    keys, system, region : arrays of n
    members : array of int64
        Indices, ascending.
    probabilities : three floats
        Probability of a tie within a partnership, within a region, and across regions.
    """
    member_count, edge_count = members.size, 0
    first, second = np.empty(8 * member_count, np.int64), np.empty(8 * member_count, np.int64)
    draws = np.empty(member_count)
    for a in range(member_count):
        i = members[a]
        # All draws of a row first: a loop without branches is four times as fast (decision 20).
        for b in range(a + 1, member_count):
            draws[b] = uniform(substream(stream, keys[i] ^ keys[members[b]]), 0, TIE)
        if edge_count + member_count > first.size:
            first = np.concatenate((first, np.empty(first.size + member_count, np.int64)))
            second = np.concatenate((second, np.empty(second.size + member_count, np.int64)))
        for b in range(a + 1, member_count):
            j = members[b]
            probability = probabilities[2]
            if system[i] == system[j]:
                probability = probabilities[0]
            elif region[i] == region[j]:
                probability = probabilities[1]
            if draws[b] < probability:
                first[edge_count] = i
                second[edge_count] = j
                edge_count += 1
    return first[:edge_count], second[:edge_count]


@kernel
def to_csr(first: NDArray[np.int64], second: NDArray[np.int64], weight: NDArray[np.float64], count: int) -> Any:
    """Return `indptr`, `indices` and `weights` of ties in ascending order."""
    indptr = np.zeros(count + 1, np.int64)
    for tie in range(first.size):
        indptr[first[tie] + 1] += 1
        indptr[second[tie] + 1] += 1
    for organisation in range(count):  # np.cumsum would be compiled only for this
        indptr[organisation + 1] += indptr[organisation]
    fill = indptr[:-1].copy()
    indices = np.empty(2 * first.size, np.int64)
    weights = np.empty(2 * first.size, np.float64)
    # Ascending input puts the lower neighbours of each organisation before the higher ones, both in order.
    for tie in range(first.size):
        for organisation, other in ((first[tie], second[tie]), (second[tie], first[tie])):
            indices[fill[organisation]] = other
            weights[fill[organisation]] = weight[tie]
            fill[organisation] += 1
    return indptr, indices, weights


def count_pairs_within(groups: NDArray[np.int64]) -> float:
    """Return how many pairs share a group."""
    sizes = np.bincount(groups)
    return float(np.sum(sizes * (sizes - 1))) / 2.0


@lru_cache(maxsize=64)
def tie_probabilities(network: PartnershipsNetwork, frame: StaticWorld) -> tuple[float, float, float]:
    """Return the probability of a tie within a partnership, within a region and across.

    The expected number of ties is number * mean_degree / 2, of which the share `across` crosses regions; partnerships
    are filled up to `partnership_density`, and the rest are within regions. Ties beyond the capacity of regions fill
    partnerships, and ties beyond theirs cross regions (decisions 12 and 18).
    """
    in_system = count_pairs_within(frame.partnership)
    in_region = count_pairs_within(frame.region) - count_pairs_within(
        frame.partnership * (1 + frame.region.max()) + frame.region
    )
    across_pairs = frame.organisation_count * (frame.organisation_count - 1) / 2.0 - in_region - in_system
    expected = frame.organisation_count * network.mean_degree / 2.0
    far = expected * network.across if across_pairs > 0 else 0.0
    near = min(expected - far, network.partnership_density * in_system)
    middle = min(expected - far - near, in_region)
    # Ties beyond the capacity of regions fill partnerships, then cross regions.
    near = min(expected - far - middle, in_system)
    far = expected - near - middle
    return (
        near / in_system if in_system > 0 else 0.0,
        middle / in_region if in_region > 0 else 0.0,
        min(1.0, far / across_pairs) if across_pairs > 0 else 0.0,
    )


def _sample_network(frame: StaticWorld, stream: Word64, chances: tuple[float, float, float], weight: float) -> Edges:
    members = np.arange(frame.organisation_count)
    first, second = sample_edges(stream, frame.keys, members, frame.partnership, frame.region, chances)
    return first, second, np.full(first.size, weight)


def _edges_from_graph(graph: Any, weight: float) -> Edges:
    return sort_edges([a for a, _ in graph.edges], [b for _, b in graph.edges], weight)


def _graph_seed(stream: Word64) -> int:
    return int(substream(stream, np.uint64(hash_name("network"))))


@register_builder(PartnershipsNetwork)
def partnerships_network(
    network: PartnershipsNetwork,
    frame: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return dense ties within partnerships, fewer within regions and few across."""
    return _sample_network(frame, stream, tie_probabilities(network, frame), network.tie_weight)


@register_builder(RandomNetwork)
def random_network(
    network: RandomNetwork,
    frame: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return ties of each pair with the same probability (erdos1959)."""
    chance = network.mean_degree / (frame.organisation_count - 1)
    return _sample_network(frame, stream, (chance, chance, chance), network.tie_weight)


@register_builder(SmallWorldNetwork)
def small_world_network(
    network: SmallWorldNetwork,
    frame: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return the ties of a ring, some rewired at random (watts1998)."""
    import networkx as nx

    # The default adapts to few organisations (decision 74); a given degree is even and below their number.
    degree = min(network.degree, 2 * ((frame.organisation_count - 1) // 2))
    graph = nx.watts_strogatz_graph(frame.organisation_count, degree, network.rewiring, seed=_graph_seed(stream))
    return _edges_from_graph(graph, network.tie_weight)


@register_builder(ScaleFreeNetwork)
def scale_free_network(
    network: ScaleFreeNetwork,
    frame: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return ties by preferential attachment (barabasi1999)."""
    import networkx as nx

    ties = min(network.ties_a_newcomer, frame.organisation_count - 1)
    graph = nx.barabasi_albert_graph(frame.organisation_count, ties, seed=_graph_seed(stream))
    return _edges_from_graph(graph, network.tie_weight)


@register_builder(RingNetwork)
def ring_network(network: RingNetwork, frame: StaticWorld, organisations: NDArray[np.float64], stream: Word64) -> Edges:  # noqa: ARG001
    """Return the ties of each organisation to its nearest neighbours in a ring."""
    import networkx as nx

    return _edges_from_graph(
        nx.circulant_graph(frame.organisation_count, range(1, network.degree // 2 + 1)), network.tie_weight
    )


@register_builder(CompleteNetwork)
def complete_network(
    network: CompleteNetwork,
    frame: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Return the ties of every pair."""
    first, second = np.triu_indices(frame.organisation_count, 1)
    return first, second, np.full(first.size, network.tie_weight)


@register_builder(HubAndSpokeNetwork)
def hub_and_spoke_network(
    network: HubAndSpokeNetwork,
    frame: StaticWorld,
    organisations: NDArray[np.float64],
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Return ties of the largest organisation of each partnership to its members and to the other hubs."""
    members = [np.flatnonzero(frame.partnership == system) for system in range(len(frame.partnership_names))]
    hubs = [int(group[np.argmax(organisations[SIZE, group])]) for group in members]
    pairs = [(hub, int(other)) for hub, group in zip(hubs, members, strict=True) for other in group if other != hub]
    pairs += [(a, b) for index, a in enumerate(hubs) for b in hubs[:index]]
    return sort_edges([a for a, _ in pairs], [b for _, b in pairs], network.tie_weight)


@register_builder(GivenTiesNetwork)
def given_ties_network(
    network: GivenTiesNetwork,  # noqa: ARG001
    frame: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Return the ties of the scenario."""
    if frame.given_ties is None:
        raise ValueError("the static world has no given ties")
    return frame.given_ties


def draw_network(network: Any, frame: StaticWorld, organisations: NDArray[np.float64], stream: Word64) -> Edges:
    """Return the ties of a replicate."""
    return NETWORK_BUILDERS[type(network)](network, frame, organisations, stream)


def build_csr(edges: Edges, count: int) -> CSRGraph:
    """Return ties in compressed sparse rows."""
    return CSRGraph(*to_csr(*edges, count))
