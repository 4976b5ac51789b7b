"""The network that organisations learn along: kept in line with what policies and users change in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.model.engines.agents import Organisation
from qispread.model.engines.practice import PeerTie
from qispread.model.rules.deciding import similarity
from qispread.model.rules.outcome import squared_distance
from qispread.model.world.draw_world import World
from qispread.model.world.run_inputs import RunInputs

Pairs = dict[tuple[int, int], float]
"""Weights of ties by the places of both ends, the lower first."""


class TieNetwork:
    """Ties that follow a `mesa.discrete_space.Network`, whoever changes its cells or its graph.

    Parameters
    ----------
    network : mesa.discrete_space.GeneratedNetwork
        Of `world.graph()`, with a cell for each organisation under its id.
    world : World
    """

    def __init__(self, network: Any, world: World) -> None:
        self.network = network
        self.cells = [network[name] for name in world.static_world.ids]
        first, second, weight = (array.tolist() for array in world.edges)
        self.planned: Pairs = dict(zip(zip(first, second, strict=True), weight, strict=True))
        self._remember_graph()
        self._remember_connections()

    def apply_epoch(self, plan: RunInputs, epoch: int) -> None:
        """Change in the network what the plan changes between epochs, and leave the rest as it is."""
        wanted, before = planned_ties(plan, epoch), self.planned
        for pair in before.keys() - wanted.keys():
            first, second = (self.cells[index] for index in pair)
            if self.network.G.has_edge(first.coordinate, second.coordinate):
                self.network.remove_connection(first, second)
        for pair, weight in wanted.items():
            if before.get(pair) != weight:
                first, second = (self.cells[index] for index in pair)
                if not self.network.G.has_edge(first.coordinate, second.coordinate):
                    self.network.add_connection(first, second)
                self.network.G.edges[first.coordinate, second.coordinate]["weight"] = weight
        self.planned = wanted

    def has_changed(self) -> bool:
        """Return whether cells or graph differ from what they were when ties were last given."""
        return self._graph() != self._known_graph or self._connections() != self._known_connections

    def _graph(self) -> dict[str, Any]:
        return dict(self.network.G.adjacency())

    def _connections(self) -> list[dict[Any, Any]]:
        return [cell.connections for cell in self.cells]

    def _remember_graph(self) -> None:
        graph = self._graph().items()
        self._known_graph = {name: {peer: dict(data) for peer, data in peers.items()} for name, peers in graph}

    def _remember_connections(self) -> None:
        self._known_connections = [dict(connections) for connections in self._connections()]

    def _require_cells(self) -> None:
        """Refuse nodes that somebody has put into the graph and that are nobody's place."""
        known = {cell.coordinate for cell in self.network.all_cells}
        unknown, valid = [name for name in self.network.G.nodes if name not in known], [str(name) for name in known]
        needed = "needed: an organisation's id; remove the node, or give it a cell with network.add_cell"
        faults = [
            Fault(
                f"network.G.nodes[{name!r}]",
                f"no cell has this name; {needed}{did_you_mean(str(name), valid, listing=False)}",
            )
            for name in unknown
        ]
        if faults:
            raise InputError(faults)

    def _sync_graph_from_cells(self) -> None:
        """Do in the graph what has been done to cells alone."""
        graph = self.network.G
        for cell, before in zip(self.cells, self._known_connections, strict=True):
            known, now = ({peer.coordinate for peer in peers.values()} for peers in (before, cell.connections))
            graph.remove_edges_from([(cell.coordinate, peer) for peer in known - now])
            for peer in now - known:
                if not graph.has_edge(cell.coordinate, peer):
                    graph.add_edge(cell.coordinate, peer)
        # At once: if ties are then refused, what somebody takes back must not be taken for another change.
        self._remember_connections()

    def _sync_cells_from_graph(self) -> None:
        """Do to cells what has been done in the graph alone."""
        graph = self._graph()
        for cell in self.cells:
            wanted = graph.get(cell.coordinate, {})
            for peer in list(cell.connections.values()):
                if peer.coordinate not in wanted:
                    cell.disconnect(peer)
            connected = {peer.coordinate for peer in cell.connections.values()}
            for name in wanted.keys() - connected:
                cell.connect(self.network[name], name)
        self._remember_connections()

    def assign_ties(self, organisations: Sequence[Organisation], similarity_range: float) -> None:
        """Give organisations their ties to each other, peers in order, or leave them the ties that they have.

        Cells and graph are made to agree first on who is tied to whom.

        Raises
        ------
        InputError
            For every node without a cell; or else for every weight outside (0, 1] and every tie to itself.
        """
        self._require_cells()
        self._sync_graph_from_cells()
        self._require_cells()
        self._sync_cells_from_graph()
        graph, left = self._graph(), {own.id: own for own in organisations}
        edges = {
            own: [(left[name], data.get("weight", 1.0)) for name, data in graph.get(own.id, {}).items() if name in left]
            for own in organisations
        }
        faults = [
            fault for own, ends in edges.items() for peer, weight in ends for fault in tie_faults(own, peer, weight)
        ]
        if faults:
            raise InputError(faults)
        for own, ends in edges.items():
            in_order = sorted(ends, key=lambda end: end[0].index)
            own.ties = [
                PeerTie(peer, float(weight), context_similarity(own, peer, similarity_range))
                for peer, weight in in_order
            ]
        # Last, so that ties that were refused are read, and refused, again.
        self._remember_graph()


def tie_faults(organisation: Organisation, peer: Organisation, weight: Any) -> list[Fault]:
    """Return what is wrong with a tie that somebody has put into the graph."""
    where = f"network.G.edges[{organisation.id!r}, {peer.id!r}]"
    if organisation is peer:
        return [Fault(where, "an organisation cannot be tied to itself")]
    if not isinstance(weight, int | float | np.integer | np.floating) or not 0.0 < weight <= 1.0:
        return [Fault(f"{where}['weight']", f"got {weight!r}; needed: a number in (0, 1]")]
    return []


def context_similarity(first: Organisation, second: Organisation, similarity_range: float) -> float:
    """Return how alike the settings of two organisations are, in (0, 1]."""
    distance = squared_distance(first.setting_1, first.setting_2, second.setting_1, second.setting_2)
    return similarity(distance, similarity_range)


def planned_ties(plan: RunInputs, epoch: int) -> Pairs:
    """Return the ties that the plan has in an epoch, those of learning networks among them."""
    starts: NDArray[np.int64] = plan.indptr[epoch]
    first = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    second, weight = plan.indices[starts[0] : starts[-1]], plan.weights[starts[0] : starts[-1]]
    once = first < second
    pairs = zip(first[once].tolist(), second[once].tolist(), strict=True)
    return dict(zip(pairs, weight[once].tolist(), strict=True))
