"""Positions on a map: partnerships by the ties between them, members around the centre of their partnership."""

import math
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from qispread.model.world.draw_world import World
from qispread.model.world.state_arrays import SIZE
from qispread.model.world.static_world import Edges

LAYOUT_SEED = 1
LAYOUT_ITERATIONS = 60
MAX_JOINT_LAYOUT = 200
"""Largest number of partnerships laid out as one graph; more are laid out by community, which is quicker."""
MAX_LAYOUT_EDGES = 6_000
"""Pairs of partnerships, those with the strongest ties, that a layout uses."""
PARTNERSHIP_GAP = 0.8
"""Gap between partnerships, in distances of members."""
FILLED_SHARE = 0.75
"""Share of the map that partnerships would take before they are pushed apart."""
EVENING_WEIGHT = 0.65
"""Weight of ranks against coordinates: 0 leaves heaps and outliers, 1 forgets distances."""
MAX_ROUNDS = 100
MARGIN = 0.03
OVERLAP_TOLERANCE = 0.02
"""Overlap, as a share of the two radii, that is removed by scaling instead."""
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))

PointArray = NDArray[np.float64]


def map_positions(world: World) -> PointArray:
    """Return the position of each organisation on a map, the same in every month and arm: (2, n) in [0, 1].

    Partnerships with ties are near each other; their members form a honeycomb, the largest in the middle. With a
    single partnership every organisation is placed by its own ties. Positions depend on the world only.
    """
    groups = map_groups(world)
    offsets, radius = place_in_honeycombs(groups, world.organisations[SIZE])
    centres = separate_circles(spread_evenly(spring_layout(group_ties(world.edges, groups), radius.size)), radius)
    return fit_unit_square(centres[:, groups] + offsets)


def min_distance(points: PointArray) -> float:
    """Return the smallest distance between points, (2, n): circles of that diameter do not overlap; NaN for one."""
    from scipy.spatial import cKDTree

    if points.shape[1] < 2:
        return math.nan
    distance, _ = cKDTree(points.T).query(points.T, k=2)
    return float(distance[:, 1].min())


def map_groups(world: World) -> NDArray[np.int64]:
    """Return the group of each organisation: its partnership, or itself where there is only one partnership."""
    _, groups = np.unique(world.static_world.partnership, return_inverse=True)
    return np.arange(groups.size) if groups.max() == 0 else groups


def place_in_honeycombs(groups: NDArray[np.int64], size: PointArray) -> tuple[PointArray, PointArray]:
    """Return the position of each organisation around the centre of its group, (2, n), and the radius of each group.

    Neighbours have distance 1, the largest organisation is nearest the centre. Each honeycomb has another rotation.
    """
    offsets, radius = np.empty((2, groups.size)), np.empty(groups.max() + 1)
    for group in range(radius.size):
        members = np.flatnonzero(groups == group)
        cells = honeycomb_lattice(members.size)
        radius[group] = np.hypot(*cells).max() + (1.0 + PARTNERSHIP_GAP) / 2.0
        angle = group * GOLDEN_ANGLE
        rotated = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ cells
        offsets[:, members[np.argsort(-size[members], kind="stable")]] = rotated
    return offsets, radius


def honeycomb_lattice(count: int) -> PointArray:
    """Return points at distance 1 on a triangular lattice, in the smallest circle, from its middle out: (2, count)."""
    reach = math.ceil(math.sqrt(count)) + 2
    column, row = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    lattice = np.array([(column + 0.5 * row).ravel(), math.sqrt(0.75) * row.ravel()])
    best = np.full((2, count), np.inf)
    for centre in ((0.0, 0.0), (0.5, 0.0), (0.5, math.sqrt(1.0 / 12.0))):
        points = lattice - np.array(centre)[:, None]
        # Rounded, so that the last bit of a root does not order cells at the same distance.
        order = np.lexsort((np.arctan2(points[1], points[0]), np.hypot(*points).round(9)))
        points = points[:, order[:count]]
        if np.hypot(*points)[-1] < np.hypot(*best)[-1] - 1e-9:
            best = points
    return best


def group_ties(ties: Edges, groups: NDArray[np.int64]) -> Edges:
    """Return the ties between groups, each once: weight for the sizes of both groups, relative to the mean of all."""
    first, second, weight = ties
    members = np.bincount(groups)
    low, high = np.sort([groups[first], groups[second]], axis=0)
    differ = low != high
    pairs, which = np.unique(low[differ] * members.size + high[differ], return_inverse=True)
    low, high = np.divmod(pairs, members.size)
    strength = np.bincount(which, weights=weight[differ], minlength=pairs.size) / np.sqrt(members[low] * members[high])
    return low, high, strength / strength.mean() if strength.size else strength


def strongest_ties(ties: Edges) -> Edges:
    """Return the strongest ties where there are very many; equal ones are selected at random, with a fixed seed."""
    if ties[2].size <= MAX_LAYOUT_EDGES:
        return ties
    tie_breaker = np.random.default_rng(LAYOUT_SEED).permutation(ties[2].size)
    selected = np.sort(np.lexsort((tie_breaker, -ties[2]))[:MAX_LAYOUT_EDGES])
    return ties[0][selected], ties[1][selected], ties[2][selected]


def spring_layout(ties: Edges, count: int) -> PointArray:
    """Return positions of nodes, (2, count), by a spring layout of their ties, by community where there are many."""
    ties = strongest_ties(ties)
    graph = nx.empty_graph(count)
    graph.add_weighted_edges_from(zip(*(array.tolist() for array in ties), strict=True))
    if count <= MAX_JOINT_LAYOUT:
        return positions_to_array(nx.spring_layout(graph, iterations=LAYOUT_ITERATIONS, seed=LAYOUT_SEED))
    communities = detect_communities(graph)
    if not 1 < len(communities) <= MAX_JOINT_LAYOUT:
        return positions_to_array(nx.random_layout(graph, seed=LAYOUT_SEED))
    return layout_by_community(ties, communities)


def positions_to_array(positions: dict[int, Any]) -> PointArray:
    """Return the positions of nodes 0, 1, ... as an array."""
    return np.array([positions[node] for node in range(len(positions))], dtype=np.float64).T


def detect_communities(graph: Any) -> list[list[int]]:
    """Return the communities of a graph by the Louvain method, and last the nodes without ties."""
    isolated = sorted(nx.isolates(graph))
    connected = graph.subgraph(sorted(set(graph) - set(isolated)))
    communities = []
    if len(connected):
        partition = nx.community.louvain_communities(connected, seed=LAYOUT_SEED)
        communities = sorted(sorted(community) for community in partition)
    return [*communities, isolated] if isolated else communities


def layout_by_community(ties: Edges, communities: list[list[int]]) -> PointArray:
    """Return positions of nodes around the centres of their communities, which are laid out by their ties."""
    sizes = np.array([len(nodes) for nodes in communities])
    member, index = np.empty(sizes.sum(), np.int64), np.empty(sizes.sum(), np.int64)
    for community, nodes in enumerate(communities):
        member[nodes], index[nodes] = community, np.arange(len(nodes))
    centres = separate_circles(spread_evenly(spring_layout(group_ties(ties, member), sizes.size)), np.sqrt(sizes))
    points = centres[:, member]
    for community, nodes in enumerate(communities):
        inside = (member[ties[0]] == community) & (member[ties[1]] == community)
        inner_ties = (index[ties[0][inside]], index[ties[1][inside]], ties[2][inside])
        # The square that fits in the circle of the community.
        points[:, nodes] += (spread_evenly(spring_layout(inner_ties, len(nodes))) - 0.5) * math.sqrt(2.0 * len(nodes))
    return points


def spread_evenly(points: PointArray) -> PointArray:
    """Return points in the unit square, moved towards an even distribution by rank, so that none coincide."""
    rank = points.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") / max(1, points.shape[1] - 1)
    low, extent = points.min(axis=1, keepdims=True), np.ptp(points, axis=1, keepdims=True)
    linear = (points - low) / np.where(extent > 0.0, extent, 1.0)
    return np.asarray(EVENING_WEIGHT * rank + (1.0 - EVENING_WEIGHT) * linear)


def separate_circles(points: PointArray, radius: PointArray) -> PointArray:
    """Return centres of circles, moved from points in the unit square until no two circles overlap."""
    centres = points * math.sqrt(math.pi * float(np.sum(radius**2)) / FILLED_SHARE)
    for _ in range(MAX_ROUNDS):
        larger, smaller = overlapping_pairs(centres, radius)
        vector = centres[:, smaller] - centres[:, larger]
        distance = np.hypot(*vector)
        required = radius[larger] + radius[smaller]
        if not np.any(distance < (1.0 - OVERLAP_TOLERANCE) * required):
            break
        # The smaller circle moves more.
        push = vector * np.maximum(0.0, required / distance - 1.0)
        share = radius[larger] ** 2 / (radius[larger] ** 2 + radius[smaller] ** 2)
        for axis in range(2):
            centres[axis] += np.bincount(smaller, weights=push[axis] * share, minlength=radius.size)
            centres[axis] -= np.bincount(larger, weights=push[axis] * (1.0 - share), minlength=radius.size)
    return centres * min_separating_scale(centres, radius)


def overlapping_pairs(centres: PointArray, radius: PointArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of circles that overlap, the larger first."""
    from scipy.spatial import cKDTree

    # A circle that overlaps one of at least its size has its centre within twice the radius of the larger.
    near = cKDTree(centres.T).query_ball_point(centres.T, 2.0 * radius, return_sorted=True)
    first = np.repeat(np.arange(radius.size), [len(indices) for indices in near])
    second = np.concatenate(near).astype(np.int64)
    ordered = (radius[first] > radius[second]) | ((radius[first] == radius[second]) & (first < second))
    first, second = first[ordered], second[ordered]
    overlapping = np.hypot(*(centres[:, second] - centres[:, first])) < radius[first] + radius[second]
    return first[overlapping], second[overlapping]


def min_separating_scale(centres: PointArray, radius: PointArray) -> float:
    """Return the factor, at least 1, by which centres must be scaled so that no circles overlap."""
    larger, smaller = overlapping_pairs(centres, radius)
    distance = np.hypot(*(centres[:, smaller] - centres[:, larger]))
    return float(np.max((radius[larger] + radius[smaller]) / distance, initial=1.0))


def fit_unit_square(points: PointArray) -> PointArray:
    """Return points scaled equally in both directions to fill the unit square except for a margin, centred."""
    low, extent = points.min(axis=1, keepdims=True), np.ptp(points, axis=1, keepdims=True)
    scale = (1.0 - 2.0 * MARGIN) / max(float(extent.max()), np.finfo(float).tiny)
    return np.asarray(0.5 + (points - low - extent / 2.0) * scale)
