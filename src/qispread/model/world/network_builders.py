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
    partnership: NDArray[np.int64],
    region: NDArray[np.int64],
    probabilities: tuple[float, float, float],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of members that are tied, each by an independent draw.

    Parameters
    ----------
    stream : uint64
        Stream of the replicate, or of a policy in it.
    keys, partnership, region : arrays of n
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
            if partnership[i] == partnership[j]:
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
def tie_probabilities(network: PartnershipsNetwork, static_world: StaticWorld) -> tuple[float, float, float]:
    """Return the probability of a tie within a partnership, within a region and across.

    The expected number of ties is number * mean_degree / 2, of which the share `across` crosses regions; partnerships
    are filled up to `partnership_density`, and the rest are within regions. Ties beyond the capacity of regions fill
    partnerships, and ties beyond theirs cross regions (decisions 12 and 18).
    """
    within_partnership = count_pairs_within(static_world.partnership)
    within_region = count_pairs_within(static_world.region) - count_pairs_within(
        static_world.partnership * (1 + static_world.region.max()) + static_world.region
    )
    across_pairs = (
        static_world.organisation_count * (static_world.organisation_count - 1) / 2.0
        - within_region
        - within_partnership
    )
    expected = static_world.organisation_count * network.mean_degree / 2.0
    far = expected * network.across if across_pairs > 0 else 0.0
    near = min(expected - far, network.partnership_density * within_partnership)
    middle = min(expected - far - near, within_region)
    # Ties beyond the capacity of regions fill partnerships, then cross regions.
    near = min(expected - far - middle, within_partnership)
    far = expected - near - middle
    return (
        near / within_partnership if within_partnership > 0 else 0.0,
        middle / within_region if within_region > 0 else 0.0,
        min(1.0, far / across_pairs) if across_pairs > 0 else 0.0,
    )


def _sample_network(
    static_world: StaticWorld, stream: Word64, probabilities: tuple[float, float, float], weight: float
) -> Edges:
    members = np.arange(static_world.organisation_count)
    first, second = sample_edges(
        stream, static_world.keys, members, static_world.partnership, static_world.region, probabilities
    )
    return first, second, np.full(first.size, weight)


def _edges_from_graph(graph: Any, weight: float) -> Edges:
    return sort_edges([a for a, _ in graph.edges], [b for _, b in graph.edges], weight)


def _graph_seed(stream: Word64) -> int:
    return int(substream(stream, np.uint64(hash_name("network"))))


@register_builder(PartnershipsNetwork)
def partnerships_network(
    network: PartnershipsNetwork,
    static_world: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return dense ties within partnerships, fewer within regions and few across."""
    return _sample_network(static_world, stream, tie_probabilities(network, static_world), network.tie_weight)


@register_builder(RandomNetwork)
def random_network(
    network: RandomNetwork,
    static_world: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return ties of each pair with the same probability (erdos1959)."""
    probability = network.mean_degree / (static_world.organisation_count - 1)
    return _sample_network(static_world, stream, (probability, probability, probability), network.tie_weight)


@register_builder(SmallWorldNetwork)
def small_world_network(
    network: SmallWorldNetwork,
    static_world: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return the ties of a ring, some rewired at random (watts1998)."""
    import networkx as nx

    # The default adapts to few organisations (decision 74); a given degree is even and below their number.
    degree = min(network.degree, 2 * ((static_world.organisation_count - 1) // 2))
    graph = nx.watts_strogatz_graph(static_world.organisation_count, degree, network.rewiring, seed=_graph_seed(stream))
    return _edges_from_graph(graph, network.tie_weight)


@register_builder(ScaleFreeNetwork)
def scale_free_network(
    network: ScaleFreeNetwork,
    static_world: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,
) -> Edges:
    """Return ties by preferential attachment (barabasi1999)."""
    import networkx as nx

    ties = min(network.ties_a_newcomer, static_world.organisation_count - 1)
    graph = nx.barabasi_albert_graph(static_world.organisation_count, ties, seed=_graph_seed(stream))
    return _edges_from_graph(graph, network.tie_weight)


@register_builder(RingNetwork)
def ring_network(
    network: RingNetwork,
    static_world: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Return the ties of each organisation to its nearest neighbours in a ring."""
    import networkx as nx

    return _edges_from_graph(
        nx.circulant_graph(static_world.organisation_count, range(1, network.degree // 2 + 1)), network.tie_weight
    )


@register_builder(CompleteNetwork)
def complete_network(
    network: CompleteNetwork,
    static_world: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Return the ties of every pair."""
    first, second = np.triu_indices(static_world.organisation_count, 1)
    return first, second, np.full(first.size, network.tie_weight)


@register_builder(HubAndSpokeNetwork)
def hub_and_spoke_network(
    network: HubAndSpokeNetwork,
    static_world: StaticWorld,
    organisations: NDArray[np.float64],
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Return ties of the largest organisation of each partnership to its members and to the other hubs."""
    members = [
        np.flatnonzero(static_world.partnership == index) for index in range(len(static_world.partnership_names))
    ]
    hubs = [int(group[np.argmax(organisations[SIZE, group])]) for group in members]
    pairs = [(hub, int(other)) for hub, group in zip(hubs, members, strict=True) for other in group if other != hub]
    pairs += [(a, b) for index, a in enumerate(hubs) for b in hubs[:index]]
    return sort_edges([a for a, _ in pairs], [b for _, b in pairs], network.tie_weight)


@register_builder(GivenTiesNetwork)
def given_ties_network(
    network: GivenTiesNetwork,  # noqa: ARG001
    static_world: StaticWorld,
    organisations: NDArray[np.float64],  # noqa: ARG001
    stream: Word64,  # noqa: ARG001
) -> Edges:
    """Return the ties of the scenario."""
    if static_world.given_ties is None:
        raise ValueError("the static world has no given ties")
    return static_world.given_ties


def draw_network(network: Any, static_world: StaticWorld, organisations: NDArray[np.float64], stream: Word64) -> Edges:
    """Return the ties of a replicate."""
    build = getattr(type(network), "own_builder", None) or NETWORK_BUILDERS[type(network)]
    edges: Edges = build(network, static_world, organisations, stream)
    return edges


def build_csr(edges: Edges, count: int) -> CSRGraph:
    """Return ties in compressed sparse rows."""
    return CSRGraph(*to_csr(*edges, count))
