"""Nodes and edges of a networkx graph as rows of organisations and ties."""

from typing import Any

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.organisations import ROW_FIELDS
from qispread.inputs.scenario_fields import to_plain_data

Rows = list[dict[str, Any]]

CONVERTED_GRAPHS = {
    "igraph": "; convert it with graph.to_networkx()",
    "numpy": "; convert a matrix with networkx.from_numpy_array(...)",
    "pandas": "; convert a table of ties with networkx.from_pandas_edgelist(...)",
    "scipy": "; convert a matrix with networkx.from_scipy_sparse_array(...)",
}
"""How to convert graphs of other libraries."""


def check_graph(value: Any) -> str:
    """Check that a value is a networkx graph."""
    if all(hasattr(value, name) for name in ("nodes", "edges", "is_directed")) and callable(value.edges):
        return ""
    return f"a networkx graph{CONVERTED_GRAPHS.get(type(value).__module__.partition('.')[0], '')}"


def read_graph(graph: Any) -> tuple[Rows, Rows]:
    """Return the organisations and the ties of a graph, as rows of plain data; validated later.

    Raises
    ------
    InputError
        Where two nodes have the same text as id.
    """
    ids = {node: str(node) for node in graph.nodes}
    if len(set(ids.values())) < len(ids):
        raise InputError([Fault("graph", "two nodes have the same text as id")])
    rows = [
        {
            "id": ids[node],
            **{name: to_plain_data(value) for name, value in attributes.items() if name in ROW_FIELDS and name != "id"},
        }
        for node, attributes in graph.nodes(data=True)
    ]
    weights: dict[tuple[str, str], Any] = {}
    for first, second, weight in graph.edges(data="weight", default=1.0):
        pair = (min(ids[first], ids[second]), max(ids[first], ids[second]))
        weights[pair] = larger_weight(to_plain_data(weight), weights.get(pair))
    return rows, [{"first": a, "second": b, "weight": weight} for (a, b), weight in weights.items()]


def larger_weight(weight: Any, other: Any) -> Any:
    """Return the larger of two weights, or one that is not a number, which validation rejects later."""
    if isinstance(weight, int | float) and isinstance(other, int | float):
        return max(float(weight), float(other))
    return weight if other is None else other
