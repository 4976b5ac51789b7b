"""The Mesa engine is standard Mesa: steppable, collectable, extensible, and leaves no model behind."""

import gc
import weakref

import mesa
import networkx as nx
import pytest

import qispread as qs
from all_features import all_features_scenario
from qispread.model.engines.state_tables import AGENT_REPORTERS
from qispread.model.measures import MEASURE_NAMES


@pytest.fixture(scope="module")
def model():
    model = qs.SpreadModel(all_features_scenario(), replicate=0, keep_events=True, agent_reporters=AGENT_REPORTERS)
    for _ in range(12):
        model.step()
    return model


def test_it_stands_on_a_mesa_network_of_a_networkx_graph(model):
    assert isinstance(model.network, mesa.discrete_space.Network)
    assert isinstance(model.network.G, nx.Graph)
    first = model.organisations[0]
    assert {cell.coordinate for cell in first.cell.connections.values()} == {tie.peer.id for tie in first.ties}


def test_learning_networks_add_connections_while_they_last():
    model = qs.SpreadModel(all_features_scenario(), replicate=0)
    edges = [model.network.G.number_of_edges()]
    while model.month < 45:
        model.step()
        edges.append(model.network.G.number_of_edges())
    assert edges[4] == edges[0] < edges[5] == edges[40] > edges[41] == edges[0]
    assert model.network.G.edges[next(iter(model.network.G.edges))]["weight"] == 1.0


def test_collector_holds_every_measure_and_every_organisation(model):
    table = model.datacollector.get_model_vars_dataframe()
    assert list(table.columns) == ["month", "seed", *MEASURE_NAMES]
    assert list(table["month"]) == list(range(13))
    agents = model.datacollector.get_agent_vars_dataframe()
    assert tuple(agents.columns) == tuple(AGENT_REPORTERS)
    assert len(agents) == 13 * 40
    assert model.measure("current_use", "prompt") == model.measures[-1][0, MEASURE_NAMES.index("current_use")]


def test_steps_stop_at_the_horizon():
    model = qs.SpreadModel(all_features_scenario(horizon=7, policies={}))
    model.run_model()
    assert (model.month, model.steps, model.running) == (7, 7, False)


def test_one_behaviour_can_be_changed_by_a_subclass():
    class Stubborn(qs.Organisation):
        def review(self):
            """Never look back."""

    model = qs.SpreadModel(all_features_scenario(), replicate=0, organisation_class=Stubborn, keep_events=True)
    model.run_model()
    assert not [event for event in model.events if event["event"] == "discontinued"]


def test_events_say_what_happened_and_why(model):
    began = [event for event in model.events if event["event"] == "adopted"]
    assert {"month", "organisation", "intervention", "event", "reason"} == set(began[0])
    origins = [event for event in began if "it is the pilot site" in event["reason"]]
    assert len(origins) == 1 + 1 + 2
    copied = [event for event in began if "copied from organisation-" in event["reason"]]
    for event in copied:
        peer = event["reason"].split()[2].rstrip(";")
        earlier = [e for e in began if e["organisation"] == peer and e["intervention"] == event["intervention"]]
        assert earlier, "nobody is copied who never began"
        assert earlier[0]["month"] < event["month"]


def test_models_can_be_collected():
    model = qs.SpreadModel(all_features_scenario(policies={}))
    model.step()
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
