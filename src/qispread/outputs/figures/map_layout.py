"""Positions on a map: partnerships by the ties between them, members around their partnership's centre."""

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
"""Partnerships that are laid out as one graph; more are laid out community by community, which is quicker."""
MAX_LAYOUT_EDGES = 6_000
"""Pairs of partnerships, those tied most, that a layout heeds."""
PARTNERSHIP_GAP = 0.8
"""Room between partnerships, in distances of members."""
FILLED_SHARE = 0.75
"""Share of the map that partnerships would take before they are pushed apart."""
EVENING_WEIGHT = 0.65
"""Weight of ranks against coordinates: 0 leaves heaps and outliers, 1 forgets distances."""
MAX_ROUNDS = 100
MARGIN = 0.03
OVERLAP_TOLERANCE = 0.02
"""Overlap, as a share of the two radii, that is left to a larger scale."""
GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))

PointArray = NDArray[np.float64]


def map_positions(world: World) -> PointArray:
    """Return where each organisation stands on a map, the same in every month and arm: an array of (2, n) in [0, 1].

    Partnerships that are tied lie near each other; their members stand in a honeycomb, the largest in the middle. Where
    there is but one partnership every organisation is placed by its own ties. It follows from the world alone.
    """
    groups = map_groups(world)
    offsets, radius = place_in_honeycombs(groups, world.organisations[SIZE])
    centres = separate_circles(spread_evenly(spring_layout(group_ties(world.edges, groups), radius.size)), radius)
    return fit_unit_square(centres[:, groups] + offsets)


def min_distance(points: PointArray) -> float:
    """Return the distance of the two nearest of some points, (2, n): circles as wide do not overlap; NaN for one."""
    from scipy.spatial import cKDTree

    if points.shape[1] < 2:
        return math.nan
    distance, _ = cKDTree(points.T).query(points.T, k=2)
    return float(distance[:, 1].min())


def map_groups(world: World) -> NDArray[np.int64]:
    """Return which organisations are placed together: partnerships, or each alone where there is but one."""
    _, groups = np.unique(world.static_world.partnership, return_inverse=True)
    return np.arange(groups.size) if groups.max() == 0 else groups


def place_in_honeycombs(groups: NDArray[np.int64], size: PointArray) -> tuple[PointArray, PointArray]:
    """Return the place of each organisation around its group's centre, (2, n), and the room of each group, a radius.

    Members stand 1 apart, the largest nearest the centre. Each honeycomb is turned by another angle.
    """
    offsets, radius = np.empty((2, groups.size)), np.empty(groups.max() + 1)
    for group in range(radius.size):
        members = np.flatnonzero(groups == group)
        cells = honeycomb_lattice(members.size)
        radius[group] = np.hypot(*cells).max() + (1.0 + PARTNERSHIP_GAP) / 2.0
        turn = group * GOLDEN_ANGLE
        turned = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) @ cells
        offsets[:, members[np.argsort(-size[members], kind="stable")]] = turned
    return offsets, radius


def honeycomb_lattice(count: int) -> PointArray:
    """Return so many points 1 apart on a triangular lattice, in the smallest circle, from its middle out: (2, n)."""
    reach = math.ceil(math.sqrt(count)) + 2
    column, row = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    lattice = np.array([(column + 0.5 * row).ravel(), math.sqrt(0.75) * row.ravel()])
    best = np.full((2, count), np.inf)
    for centre in ((0.0, 0.0), (0.5, 0.0), (0.5, math.sqrt(1.0 / 12.0))):
        points = lattice - np.array(centre)[:, None]
        # Rounded, so that the last bit of a root does not tell cells at the same distance apart.
        order = np.lexsort((np.arctan2(points[1], points[0]), np.hypot(*points).round(9)))
        points = points[:, order[:count]]
        if np.hypot(*points)[-1] < np.hypot(*best)[-1] - 1e-9:
            best = points
    return best


def group_ties(ties: Edges, groups: NDArray[np.int64]) -> Edges:
    """Return the ties of groups, each once: the weight between two for their numbers, relative to the mean of all."""
    first, second, weight = ties
    members = np.bincount(groups)
    low, high = np.sort([groups[first], groups[second]], axis=0)
    apart = low != high
    pairs, which = np.unique(low[apart] * members.size + high[apart], return_inverse=True)
    low, high = np.divmod(pairs, members.size)
    strength = np.bincount(which, weights=weight[apart], minlength=pairs.size) / np.sqrt(members[low] * members[high])
    return low, high, strength / strength.mean() if strength.size else strength


def strongest_ties(ties: Edges) -> Edges:
    """Return ties, of very many the heaviest, equal ones by a seeded lot."""
    if ties[2].size <= MAX_LAYOUT_EDGES:
        return ties
    lot = np.random.default_rng(LAYOUT_SEED).permutation(ties[2].size)
    kept = np.sort(np.lexsort((lot, -ties[2]))[:MAX_LAYOUT_EDGES])
    return ties[0][kept], ties[1][kept], ties[2][kept]


def spring_layout(ties: Edges, count: int) -> PointArray:
    """Return positions of nodes by their ties, (2, number): by springs, community by community where there are many."""
    ties = strongest_ties(ties)
    graph = nx.empty_graph(count)
    graph.add_weighted_edges_from(zip(*(array.tolist() for array in ties), strict=True))
    if count <= MAX_JOINT_LAYOUT:
        return positions_to_array(nx.spring_layout(graph, iterations=LAYOUT_ITERATIONS, seed=LAYOUT_SEED))
    communities = detect_communities(graph)
    if not 1 < len(communities) <= MAX_JOINT_LAYOUT:
        return positions_to_array(nx.random_layout(graph, seed=LAYOUT_SEED))
    return layout_by_community(ties, communities)


def positions_to_array(placed: dict[int, Any]) -> PointArray:
    """Return the positions of nodes 0, 1, ... as an array."""
    return np.array([placed[node] for node in range(len(placed))], dtype=np.float64).T


def detect_communities(graph: Any) -> list[list[int]]:
    """Return the communities of a graph, found by the Louvain method, and last those that are tied to nobody."""
    alone = sorted(nx.isolates(graph))
    tied = graph.subgraph(sorted(set(graph) - set(alone)))
    found = sorted(sorted(one) for one in nx.community.louvain_communities(tied, seed=LAYOUT_SEED)) if len(tied) else []
    return [*found, alone] if alone else found


def layout_by_community(ties: Edges, communities: list[list[int]]) -> PointArray:
    """Return positions of nodes around the centres of their communities, laid out by the ties between those."""
    sizes = np.array([len(one) for one in communities])
    member, place = np.empty(sizes.sum(), np.int64), np.empty(sizes.sum(), np.int64)
    for community, nodes in enumerate(communities):
        member[nodes], place[nodes] = community, np.arange(len(nodes))
    centres = separate_circles(spread_evenly(spring_layout(group_ties(ties, member), sizes.size)), np.sqrt(sizes))
    points = centres[:, member]
    for community, nodes in enumerate(communities):
        inside = (member[ties[0]] == community) & (member[ties[1]] == community)
        own = (place[ties[0][inside]], place[ties[1][inside]], ties[2][inside])
        # The square that fits in the circle of the community.
        points[:, nodes] += (spread_evenly(spring_layout(own, len(nodes))) - 0.5) * math.sqrt(2.0 * len(nodes))
    return points


def spread_evenly(points: PointArray) -> PointArray:
    """Return points in the unit square, moved towards an even spread by rank, so that none coincide."""
    rank = points.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable") / max(1, points.shape[1] - 1)
    low, extent = points.min(axis=1, keepdims=True), np.ptp(points, axis=1, keepdims=True)
    linear = (points - low) / np.where(extent > 0.0, extent, 1.0)
    return np.asarray(EVENING_WEIGHT * rank + (1.0 - EVENING_WEIGHT) * linear)


def separate_circles(points: PointArray, radius: PointArray) -> PointArray:
    """Return centres of circles so moved from some points in the unit square that no two circles overlap."""
    centres = points * math.sqrt(math.pi * float(np.sum(radius**2)) / FILLED_SHARE)
    for _ in range(MAX_ROUNDS):
        one, other = overlapping_pairs(centres, radius)
        way = centres[:, other] - centres[:, one]
        distance = np.hypot(*way)
        room = radius[one] + radius[other]
        if not np.any(distance < (1.0 - OVERLAP_TOLERANCE) * room):
            break
        # The smaller circle gives way.
        push = way * np.maximum(0.0, room / distance - 1.0)
        gives = radius[one] ** 2 / (radius[one] ** 2 + radius[other] ** 2)
        for axis in range(2):
            centres[axis] += np.bincount(other, weights=push[axis] * gives, minlength=radius.size)
            centres[axis] -= np.bincount(one, weights=push[axis] * (1.0 - gives), minlength=radius.size)
    return centres * min_separating_scale(centres, radius)


def overlapping_pairs(centres: PointArray, radius: PointArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of circles that overlap, the larger first."""
    from scipy.spatial import cKDTree

    # Whatever overlaps a circle no larger than itself has its centre within twice the radius.
    near = cKDTree(centres.T).query_ball_point(centres.T, 2.0 * radius, return_sorted=True)
    one = np.repeat(np.arange(radius.size), [len(others) for others in near])
    other = np.concatenate(near).astype(np.int64)
    larger = (radius[one] > radius[other]) | ((radius[one] == radius[other]) & (one < other))
    one, other = one[larger], other[larger]
    overlapping = np.hypot(*(centres[:, other] - centres[:, one])) < radius[one] + radius[other]
    return one[overlapping], other[overlapping]


def min_separating_scale(centres: PointArray, radius: PointArray) -> float:
    """Return by how much centres must be stretched so that no circles overlap, from 1."""
    one, other = overlapping_pairs(centres, radius)
    distance = np.hypot(*(centres[:, other] - centres[:, one]))
    return float(np.max((radius[one] + radius[other]) / distance, initial=1.0))


def fit_unit_square(points: PointArray) -> PointArray:
    """Return points scaled alike in both directions to fill the unit square, in its middle, but for a margin."""
    low, extent = points.min(axis=1, keepdims=True), np.ptp(points, axis=1, keepdims=True)
    scale = (1.0 - 2.0 * MARGIN) / max(float(extent.max()), np.finfo(float).tiny)
    return np.asarray(0.5 + (points - low - extent / 2.0) * scale)
