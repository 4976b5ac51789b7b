"""Thresholds on rings and lattices: the largest share of ties at which a block of users spreads everywhere."""

from collections.abc import Iterator

import networkx as nx

import qispread as qs
from experiments.validation.known_limit import KnownLimit, LimitFinding
from experiments.validation.scenarios import measure_by_month, single_mechanism_scenario, threshold_changes

BELOW = 1e-3
"""Distance of a threshold below the share of a whole number of ties."""
RING, SIDE, BLOCK = 60, 15, 5
"""Organisations on the ring, along a side of the lattices, and along a side of the block that starts."""


def ring_block(neighbours: int) -> tuple[nx.Graph, list[int]]:
    """Return a ring and a block on it, as wide as a neighbourhood reaches to one side."""
    return nx.circulant_graph(RING, range(1, neighbours // 2 + 1)), list(range(neighbours // 2))


def square_block(*, diagonals: bool) -> tuple[nx.Graph, list[int]]:
    """Return a square lattice without borders, of four neighbours or of eight, and a square block on it."""
    steps = [(1, 0), (0, 1)] + ([(1, 1), (1, -1)] if diagonals else [])
    graph = nx.Graph()
    for x in range(SIDE):
        for y in range(SIDE):
            graph.add_edges_from((x + SIDE * y, (x + a) % SIDE + SIDE * ((y + b) % SIDE)) for a, b in steps)
    return graph, [x + SIDE * y for x in range(BLOCK) for y in range(BLOCK)]


def spread_share(graph: nx.Graph, block: list[int], share: float) -> float:
    """Return the share of the others that a block reaches, given the share of ties that persuades."""
    names = nx.relabel_nodes(graph, {node: f"place-{node:03d}" for node in sorted(graph)})
    start = {"origin": {"organisations": [f"place-{node:03d}" for node in block]}}
    scenario = single_mechanism_scenario(120, {"kind": "ring"}, 3, threshold_changes(share), {"origin": "random"})
    scenario = scenario.with_graph(names).replace({"interventions.one.origin": start["origin"]})
    return float(measure_by_month(qs.simulate(scenario, 1), "ever_adopted")[0, -1])


def largest_threshold(graph: nx.Graph, block: list[int]) -> tuple[float, float]:
    """Return the largest share of ties at which a block reaches all, and the most it reaches at the next one."""
    ties = graph.degree[0]
    reached = {users / ties: spread_share(graph, block, users / ties - BELOW) for users in range(1, ties + 1)}
    largest = max((share for share, all_of in reached.items() if all_of == 1.0), default=0.0)
    return largest, max((all_of for share, all_of in reached.items() if share > largest), default=0.0)


def ring_findings(_: int, __: int) -> Iterator[LimitFinding]:
    """Yield the largest threshold that spreads round rings."""
    for neighbours in (2, 4, 6, 8):
        largest, beyond = largest_threshold(*ring_block(neighbours))
        yield LimitFinding(f"largest threshold that spreads, {neighbours} neighbours", 0.5, largest)
        yield LimitFinding(f"share reached above it, {neighbours} neighbours", 0.0, beyond)


def square_findings(_: int, __: int) -> Iterator[LimitFinding]:
    """Yield the largest threshold that spreads over square lattices."""
    for diagonals, expected in ((False, 1.0 / 4.0), (True, 3.0 / 8.0)):
        largest, beyond = largest_threshold(*square_block(diagonals=diagonals))
        ties = 8 if diagonals else 4
        yield LimitFinding(f"largest threshold that spreads, {ties} neighbours", expected, largest)
        yield LimitFinding(f"share reached above it, {ties} neighbours", 0.0, beyond)


LIMITS = (
    KnownLimit(
        "Thresholds on a ring",
        "morris2000,centola2007",
        "beside a block of users half of the k neighbours are users, never more: thresholds up to 1/2 spread, and none "
        "above; 60 organisations",
        0.0,
        1,
        ring_findings,
    ),
    KnownLimit(
        "Thresholds on a square lattice",
        "morris2000,centola2007",
        "1/4 with four neighbours, 3/8 with eight; 15 by 15 organisations without borders, a block of 5 by 5 starts",
        0.0,
        1,
        square_findings,
    ),
)
