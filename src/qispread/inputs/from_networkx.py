"""Scenarios from a networkx graph: nodes become organisations, edges become ties."""

from typing import Any

from qispread.inputs import argument_checks
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.organisations import ROW_FIELDS
from qispread.inputs.scenario import Scenario, to_plain_data
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, read_scenario

CONVERTED_GRAPHS = {
    "igraph": "; graph.to_networkx() makes one",
    "numpy": "; networkx.from_numpy_array(...) makes one of a matrix",
    "pandas": "; networkx.from_pandas_edgelist(...) makes one of a table of ties",
    "scipy": "; networkx.from_scipy_sparse_array(...) makes one of a matrix",
}
"""How graphs of other libraries become one."""


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
    """Return a scenario in the places and ties of a networkx graph.

    Parameters
    ----------
    scenario : Scenario, str or Path
        For everything else. Policies and origins that name organisations must name nodes.
    graph : networkx.Graph
        Nodes are organisations, their ids the text of the node; node attributes with the names of columns of the table
        of organisations (such as ``system``, ``size``, ``culture``) are used as given, others are ignored. The edge
        attribute ``weight`` is the weight of the tie, in (0, 1]; 1 where there is none. Directions are ignored: of two
        opposite edges the larger weight holds.

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
            **{name: to_plain_data(value) for name, value in given.items() if name in ROW_FIELDS and name != "id"},
        }
        for node, given in graph.nodes(data=True)
    ]
    weights: dict[tuple[str, str], Any] = {}
    for first, second, weight in graph.edges(data="weight", default=1.0):
        pair = (min(ids[first], ids[second]), max(ids[first], ids[second]))
        weights[pair] = larger_weight(to_plain_data(weight), weights.get(pair))
    ties = [{"first": a, "second": b, "weight": weight} for (a, b), weight in weights.items()]
    organisations = scenario.organisations.model_dump(
        mode="json", exclude={"number", "partnerships", "regions", "file"}
    )
    fresh: dict[str, Any] = {"inputs": (), "notes": ()}
    return scenario.replace(
        fresh, organisations={**organisations, "rows": rows}, network={"kind": "ties", "ties": ties}
    )


def larger_weight(weight: Any, other: Any) -> Any:
    """Return the larger of two weights, or one that is no number, which is refused later."""
    numbers = isinstance(weight, int | float) and isinstance(other, int | float)
    return max(float(weight), float(other)) if numbers else weight if other is None else other
