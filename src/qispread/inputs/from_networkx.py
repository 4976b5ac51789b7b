"""Scenarios from a networkx graph: nodes become organisations, edges become ties."""

from typing import Any

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.organisations import ROW_FIELDS
from qispread.inputs.scenario import Scenario, to_plain_data
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, read_scenario

CONVERTED_GRAPHS = {
    "igraph": "; convert it with graph.to_networkx()",
    "numpy": "; convert a matrix with networkx.from_numpy_array(...)",
    "pandas": "; convert a table of ties with networkx.from_pandas_edgelist(...)",
    "scipy": "; convert a matrix with networkx.from_scipy_sparse_array(...)",
}
"""How to convert graphs of other libraries."""


def networkx_graph(value: Any) -> str:
    """Check that a value is a networkx graph."""
    if all(hasattr(value, name) for name in ("nodes", "edges", "is_directed")) and callable(value.edges):
        return ""
    return f"a networkx graph{CONVERTED_GRAPHS.get(type(value).__module__.partition('.')[0], '')}"


@argument_checks.validate_arguments(
    scenario=check_scenario,
    graph=networkx_graph,
)
def with_graph(scenario: ScenarioLike, graph: Any) -> Scenario:
    """Return a scenario with the nodes of a networkx graph as organisations and its edges as ties.

    Parameters
    ----------
    scenario : Scenario, str or Path
        Source of everything else. Organisations named by policies and origins must be nodes.
    graph : networkx.Graph
        Nodes are organisations, their ids the text of the node; node attributes with the names of columns of the table
        of organisations (such as ``partnership``, ``size``, ``culture``) are used, others are ignored. The edge
        attribute ``weight`` is the weight of the tie, in (0, 1]; 1 if missing. Directions are ignored: opposite edges
        form one tie with the larger weight.

    Raises
    ------
    InputError
        With every fault: no edges, self-ties, weights or attributes out of range.
    """
    scenario = read_scenario(scenario)
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
    ties = [{"first": a, "second": b, "weight": weight} for (a, b), weight in weights.items()]
    organisations = scenario.organisations.model_dump(
        mode="json", exclude={"number", "partnerships", "regions", "file"}
    )
    reset: dict[str, Any] = {"inputs": (), "notes": ()}
    return scenario.replace(
        reset, organisations={**organisations, "rows": rows}, network={"kind": "ties", "ties": ties}
    )


def larger_weight(weight: Any, other: Any) -> Any:
    """Return the larger of two weights, or one that is not a number, which validation rejects later."""
    if isinstance(weight, int | float) and isinstance(other, int | float):
        return max(float(weight), float(other))
    return weight if other is None else other
