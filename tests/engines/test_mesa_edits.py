"""Agents and ties that users add or take away count at once, or are refused."""

from statistics import fmean

import mesa
import networkx as nx
import numpy as np
import pytest

import qispread as qs
from all_features import all_features_scenario
from small_models import finished, measures, small


class Visitor(mesa.Agent):
    """Knows nothing of the steps of a month."""


def test_other_agents_in_the_model_disturb_nothing():
    model = qs.SpreadModel(small(), replicate=0)
    visitors = [Visitor(model) for _ in range(3)]
    model.run_model()
    assert measures(model) == measures(finished(small(), replicate=0))
    assert len({agent.unique_id for agent in model.agents}) == 23
    assert visitors[0] not in model.organisations


def test_removed_organisations_are_neither_learnt_from_nor_measured():
    model = qs.SpreadModel(all_features_scenario(policies={}), replicate=0)
    for _ in range(6):
        model.step()
    for own in model.organisations[10:]:
        own.remove()
    left = model.organisations
    assert [own.index for own in left] == list(range(10))
    assert {tie.peer for own in left for tie in own.ties} <= set(left)
    model.step()
    assert model.measure("leadership") == pytest.approx(fmean(own.leadership for own in left))
    assert model.measure("staff_time") == pytest.approx(sum(own.staff_time for own in left))
    assert model.export_state().organisations.shape[1] == 10
    assert len(model.agents) == 10


def test_organisations_without_the_origin_have_no_origin_to_compare_with():
    model = qs.SpreadModel(small(), replicate=0)
    next(own for own in model.organisations if own.practices["intervention"].origin).remove()
    model.run_model()
    assert np.isnan(model.measure("origin_effect"))
    assert model.measure("leadership") > 0.0


def test_a_model_of_which_nothing_is_left_measures_nothing():
    model = qs.SpreadModel(small(), replicate=0)
    model.remove_all_agents()
    model.step()
    assert np.isnan(model.measures[-1]).all()


def test_an_organisation_may_close_within_a_month():
    class Closing(qs.Organisation):
        def review(self):
            super().review()
            if self.model.month == 3 and self.index % 2:
                self.remove()

    model = finished(small(), replicate=0, organisation_class=Closing, keep_events=True)
    assert len(model.organisations) == 10
    assert [np.count_nonzero(expected) for expected, _ in model.observed] == [20, 20, 10, 10, 10, 10]


def remove_edges(model):
    model.network.G.remove_edges_from(list(model.network.G.edges))


def remove_connections(model):
    for first, second in list(model.network.G.edges):
        model.network.remove_connection(model.network[first], model.network[second])


def disconnect_cells(model):
    for cell in model.network.all_cells:
        for peer in list(cell.connections.values()):
            cell.disconnect(peer)


def remove_nodes(model):
    model.network.G.remove_nodes_from(list(model.network.G.nodes))


def another_graph(model):
    model.network.G = nx.create_empty_copy(model.network.G)


@pytest.mark.parametrize("cut", [remove_edges, remove_connections, disconnect_cells, remove_nodes, another_graph])
def test_cut_ties_count_from_the_next_month_on(cut):
    scenario = small(horizon=24, hearing={"broadcast": 0.0, "contact": 0.5})
    whole, model = finished(scenario, replicate=0), qs.SpreadModel(scenario, replicate=0)
    cut(model)
    model.run_model()
    assert whole.measure("awareness") > 0.0
    assert model.measure("awareness") == 0.0
    assert not any(own.ties for own in model.organisations)
    assert not any(cell.connections for cell in model.network.all_cells)
    assert model.network.G.number_of_edges() == 0


ONE_TIE = {"kind": "ties", "ties": [{"first": "organisation-001", "second": "organisation-002"}]}


def test_an_edited_network_gives_the_bytes_of_a_scenario_that_has_it():
    model = qs.SpreadModel(small(horizon=24), replicate=1)
    remove_edges(model)
    model.network.G.add_edge("organisation-001", "organisation-002")
    model.run_model()
    assert measures(model) == measures(finished(small(horizon=24, network=ONE_TIE), replicate=1))


@pytest.mark.parametrize("way", ["edge", "connection", "cells"])
def test_added_ties_count(way):
    scenario = small(network=ONE_TIE)
    model = qs.SpreadModel(scenario, replicate=0)
    first, second = model.organisations[4], model.organisations[9]
    if way == "edge":
        model.network.G.add_edge(first.id, second.id, weight=0.25)
    elif way == "connection":
        model.network.add_connection(first.cell, second.cell)
    else:
        first.cell.connect(second.cell)
    model.step()
    weight = 0.25 if way == "edge" else 1.0
    assert [(tie.peer, tie.weight) for tie in first.ties] == [(second, weight)]
    assert [(tie.peer, tie.weight) for tie in second.ties] == [(first, weight)]
    assert second.cell in first.cell.neighborhood.cells
    assert model.network.G.has_edge(first.id, second.id)


def test_changed_weights_count():
    model = qs.SpreadModel(small(), replicate=0)
    first, second = next(iter(model.network.G.edges))
    model.network.G.edges[first, second]["weight"] = 0.5
    model.step()
    own = next(own for own in model.organisations if own.id == first)
    assert {tie.peer.id: tie.weight for tie in own.ties}[second] == 0.5


@pytest.mark.parametrize("weight", [0.0, -1.0, 1.5, float("nan"), "heavy", None])
def test_weights_that_cannot_be_are_refused(weight):
    model = qs.SpreadModel(small(), replicate=0)
    first, second = next(iter(model.network.G.edges))
    model.network.G.edges[first, second]["weight"] = weight
    with pytest.raises(qs.InputError, match=r"needed: a number in \(0, 1\]"):
        model.step()


def test_a_tie_to_itself_is_refused():
    model = qs.SpreadModel(small(), replicate=0)
    name = model.organisations[0].id
    model.network.G.add_edge(name, name)
    with pytest.raises(qs.InputError, match="cannot be tied to itself"):
        model.step()


def test_a_learning_network_leaves_edits_as_they_are():
    scenario = small(policies={"network": {"lever": "learning_network", "start": 3, "end": 4}})
    model, untouched = (qs.SpreadModel(scenario, replicate=0) for _ in range(2))
    first, second = next(iter(model.network.G.edges))
    model.network.G.remove_edge(first, second)
    for _ in range(6):
        for one in (model, untouched):
            one.step()
        edges = [{frozenset(edge) for edge in one.network.G.edges} for one in (model, untouched)]
        assert edges[1] - edges[0] <= {frozenset((first, second))}
        assert edges[0] <= edges[1]
    assert not model.network.G.has_edge(first, second)


def refused(model, *problems):
    """Ask for a month that is refused twice over, and check that nothing has happened."""
    before = (model.month, model.steps, model.export_state(), measures(model))
    for _ in range(2):
        with pytest.raises(qs.InputError) as error:
            model.step()
        assert all(problem in str(error.value) for problem in problems)
    assert (model.month, model.steps, measures(model)) == (before[0], before[1], before[3])
    for one, other in zip(model.export_state(), before[2], strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("months", [0, 1, 2])
@pytest.mark.parametrize("new", [True, False])
def test_a_refused_tie_stops_the_model_until_it_is_mended(months, new):
    # The policy moves the plan's own ties in the very month that is refused.
    scenario = small(policies={"network": {"lever": "learning_network", "start": 3, "end": 4}})
    model, same = (qs.SpreadModel(scenario, replicate=0) for _ in range(2))
    for _ in range(months):
        for one in (model, same):
            one.step()
    graph = model.network.G
    first, second = next(iter(nx.non_edges(graph) if new else graph.edges))
    if new:
        graph.add_edge(first, second)
    graph.edges[first, second]["weight"] = 5
    refused(model, "['weight']: got 5; needed: a number in (0, 1]")
    if new:
        graph.remove_edge(first, second)
    else:
        graph.edges[first, second]["weight"] = 1.0
    for one in (model, same):
        one.run_model()
    assert model.datacollector.get_model_vars_dataframe()["month"].tolist() == list(range(7))
    assert measures(model) == measures(same)
    assert graph.has_edge(first, second) != new
    cells = model.network[first].connections.values()
    assert (model.network[second] in cells) != new


def test_cells_that_are_tied_to_themselves_can_be_parted_again():
    model = qs.SpreadModel(small(), replicate=0)
    cell = model.organisations[0].cell
    cell.connect(cell)
    refused(model, "cannot be tied to itself")
    cell.disconnect(cell)
    model.run_model()
    assert measures(model) == measures(finished(small(), replicate=0))


def test_ties_read_before_the_month_keep_edits_of_cells():
    model = qs.SpreadModel(small(), replicate=0)
    disconnect_cells(model)
    assert model.organisations[0].ties == []
    assert model.network.G.number_of_edges() == 0


def test_ties_read_before_the_month_are_refused_again_in_it():
    model = qs.SpreadModel(small(), replicate=0)
    first, second = next(iter(model.network.G.edges))
    model.network.G.edges[first, second]["weight"] = 5
    with pytest.raises(qs.InputError, match="got 5"):
        _ = model.organisations[0].ties
    with pytest.raises(qs.InputError, match="got 5"):
        model.organisations[0].remove()
    assert len(model.organisations) == len(model.agents) == 20
    refused(model, "got 5")


def test_nodes_without_a_cell_are_refused_all_at_once():
    model = qs.SpreadModel(small(), replicate=0)
    model.step()
    name = model.organisations[0].id
    model.network.G.add_edge("newspaper", name)
    model.network.G.add_edge(name, "organisation-01")
    refused(
        model,
        "2 faults",
        "network.G.nodes['newspaper']",
        "no cell has this name",
        "did you mean 'organisation-0",
        "add_cell",
    )
    model.network.G.remove_nodes_from(["newspaper", "organisation-01"])
    model.run_model()
    assert measures(model) == measures(finished(small(), replicate=0))


def test_a_cell_that_is_not_of_the_network_is_refused():
    model = qs.SpreadModel(small(), replicate=0)
    cell = model.organisations[0].cell
    foreign = mesa.discrete_space.Cell("foreign", random=model.random)
    cell.connect(foreign)
    refused(model, "network.G.nodes['foreign']")
    cell.disconnect(foreign)
    model.network.G.remove_node("foreign")
    model.run_model()
    assert measures(model) == measures(finished(small(), replicate=0))


def test_a_cell_added_for_an_agent_of_ones_own_is_no_organisation():
    model = qs.SpreadModel(small(), replicate=0)
    cell = mesa.discrete_space.Cell("newspaper", random=model.random)
    model.network.add_cell(cell)
    model.network.add_connection(cell, model.organisations[0].cell)
    model.run_model()
    assert measures(model) == measures(finished(small(), replicate=0))


def test_organisations_beyond_those_of_the_scenario_are_refused():
    model = qs.SpreadModel(small(), replicate=0)
    with pytest.raises(
        qs.InputError, match="organisations: the model has all 20 organisations of its scenario; needed: a scenario"
    ):
        qs.Organisation(model, 0, model.organisations[0].cell)
    assert len(model.agents) == len(model.organisations) == 20
    model.run_model()
    assert measures(model) == measures(finished(small(), replicate=0))


def test_closing_twice_is_closing_once():
    model = qs.SpreadModel(small(), replicate=0)
    own = model.organisations[3]
    for _ in range(2):
        own.remove()
    assert len(model.agents) == len(model.organisations) == 19
    model.step()


def test_followers_of_an_origin_that_has_closed_are_compared_with_no_other():
    model = qs.SpreadModel(all_features_scenario(policies={}), replicate=0)
    for _ in range(47):
        model.step()
    names = list(model.scenario.interventions)
    for own in list(model.organisations):
        if own.practices[names[0]].origin:
            own.remove()
    model.step()
    rest = [own for own in model.organisations if not any(own.practices[name].origin for name in names[1:])]
    assert any(own.practices[names[0]].in_use for own in rest)
    assert np.isnan(model.measure("replication_ratio", names[0]))
    pooled, began, users, results = {}, 0, 0, 0.0
    for name in names[1:]:
        practices = [own.practices[name] for own in model.organisations if not own.practices[name].origin]
        began += sum(one.first_adopted >= 0 for one in practices)
        users += sum(one.in_use for one in practices)
        results += sum(one.result for one in practices)
        for measure in ("transformed", "boosted", "limited"):
            share = model.measure(measure, name)
            pooled[measure] = pooled.get(measure, 0.0) + share * sum(one.first_adopted >= 0 for one in practices)
    for measure, number in pooled.items():
        assert model.measure(measure) == pytest.approx(number / began)
    assert model.measure("replication_ratio") == pytest.approx(results / users / model.measure("origin_effect"))
    assert sum(model.measure(name) for name in pooled) == pytest.approx(1.0)
