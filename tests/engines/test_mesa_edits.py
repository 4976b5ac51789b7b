"""Agents and ties that users add or take away count at once, or are refused."""

from statistics import fmean

import mesa
import networkx as nx
import numpy as np
import pytest

import qispread as qs
from everything import everything
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
    model = qs.SpreadModel(everything(policies={}), replicate=0)
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
    assert model.state().organisations.shape[1] == 10
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
