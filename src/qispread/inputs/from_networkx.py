"""Scenarios from a networkx graph: nodes become organisations, edges become ties."""

from typing import Any

from qispread.inputs import argument_checks
from qispread.inputs.graph_data import check_graph
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, resolve_scenario


@argument_checks.validate_arguments(
    scenario=check_scenario,
    graph=check_graph,
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
    return resolve_scenario(scenario).with_graph(graph)
