"""The ties of organisations, kept consistent with changes of the network by policies and users (decision 64)."""

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
"""Weights of ties by the indices of both ends, the lower first."""


class TieNetwork:
    """Ties that follow a `mesa.discrete_space.Network` when its cells or its graph change.

    Parameters
    ----------
    network : mesa.discrete_space.GeneratedNetwork
        Network of `world.graph()`, with a cell for each organisation under its id.
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
        """Apply the planned changes between epochs to the network and keep other changes."""
        planned, previous = planned_ties(plan, epoch), self.planned
        for pair in previous.keys() - planned.keys():
            first, second = (self.cells[index] for index in pair)
            if self.network.G.has_edge(first.coordinate, second.coordinate):
                self.network.remove_connection(first, second)
        for pair, weight in planned.items():
            if previous.get(pair) != weight:
                first, second = (self.cells[index] for index in pair)
                if not self.network.G.has_edge(first.coordinate, second.coordinate):
                    self.network.add_connection(first, second)
                self.network.G.edges[first.coordinate, second.coordinate]["weight"] = weight
        self.planned = planned

    def has_changed(self) -> bool:
        """Return whether cells or graph have changed since ties were last assigned."""
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
        """Raise InputError for nodes of the graph without a cell."""
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
        """Apply changes of cells to the graph."""
        graph = self.network.G
        for cell, known_connections in zip(self.cells, self._known_connections, strict=True):
            known_peers, current = (
                {peer.coordinate for peer in peers.values()} for peers in (known_connections, cell.connections)
            )
            graph.remove_edges_from([(cell.coordinate, peer) for peer in known_peers - current])
            for peer in current - known_peers:
                if not graph.has_edge(cell.coordinate, peer):
                    graph.add_edge(cell.coordinate, peer)
        # At once: if ties are then refused, undoing a change must not count as another change.
        self._remember_connections()

    def _sync_cells_from_graph(self) -> None:
        """Apply changes of the graph to cells."""
        graph = self._graph()
        for cell in self.cells:
            graph_peers = graph.get(cell.coordinate, {})
            for peer in list(cell.connections.values()):
                if peer.coordinate not in graph_peers:
                    cell.disconnect(peer)
            connected = {peer.coordinate for peer in cell.connections.values()}
            for name in graph_peers.keys() - connected:
                cell.connect(self.network[name], name)
        self._remember_connections()

    def assign_ties(self, organisations: Sequence[Organisation], similarity_range: float) -> None:
        """Assign organisations their ties to each other, with peers in order.

        Cells and graph are first made consistent. Faults leave the ties unchanged.

        Raises
        ------
        InputError
            For every node without a cell; otherwise for every weight outside (0, 1] and every self-tie.
        """
        self._require_cells()
        self._sync_graph_from_cells()
        self._require_cells()
        self._sync_cells_from_graph()
        graph, remaining = self._graph(), {organisation.id: organisation for organisation in organisations}
        edges = {
            organisation: [
                (remaining[name], data.get("weight", 1.0))
                for name, data in graph.get(organisation.id, {}).items()
                if name in remaining
            ]
            for organisation in organisations
        }
        faults = [
            fault
            for organisation, ends in edges.items()
            for peer, weight in ends
            for fault in tie_faults(organisation, peer, weight)
        ]
        if faults:
            raise InputError(faults)
        for organisation, ends in edges.items():
            sorted_ends = sorted(ends, key=lambda end: end[0].index)
            organisation.ties = [
                PeerTie(peer, float(weight), context_similarity(organisation, peer, similarity_range))
                for peer, weight in sorted_ends
            ]
        # Last, so that refused ties are read, and refused, again.
        self._remember_graph()


def tie_faults(organisation: Organisation, peer: Organisation, weight: Any) -> list[Fault]:
    """Return the faults of a tie in the graph."""
    path = f"network.G.edges[{organisation.id!r}, {peer.id!r}]"
    if organisation is peer:
        return [Fault(path, "an organisation cannot be tied to itself")]
    if not isinstance(weight, int | float | np.integer | np.floating) or not 0.0 < weight <= 1.0:
        return [Fault(f"{path}['weight']", f"got {weight!r}; needed: a number in (0, 1]")]
    return []


def context_similarity(first: Organisation, second: Organisation, similarity_range: float) -> float:
    """Return the similarity of the settings of two organisations, in (0, 1]."""
    distance = squared_distance(first.setting_1, first.setting_2, second.setting_1, second.setting_2)
    return similarity(distance, similarity_range)


def planned_ties(plan: RunInputs, epoch: int) -> Pairs:
    """Return the planned ties of an epoch, including those of learning networks."""
    indptr: NDArray[np.int64] = plan.indptr[epoch]
    first = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    second, weight = plan.indices[indptr[0] : indptr[-1]], plan.weights[indptr[0] : indptr[-1]]
    is_first = first < second
    pairs = zip(first[is_first].tolist(), second[is_first].tolist(), strict=True)
    return dict(zip(pairs, weight[is_first].tolist(), strict=True))
