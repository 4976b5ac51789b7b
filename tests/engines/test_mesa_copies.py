"""Copies of a model, and what its agents and its collector hold."""

import copy
import pickle

import mesa
import pytest

import qispread as qs
from all_features import all_features_scenario
from qispread.model.engines.practice import OrganisationLevers, PracticeLevers
from qispread.model.engines.state_tables import AGENT_REPORTERS
from qispread.model.world.lever_slots import ORGANISATION_SLOTS, PRACTICE_SLOTS
from small_models import finished, measures, small


@pytest.mark.parametrize(
    "scenario", [qs.Scenario().replace(horizon=14), all_features_scenario()], ids=["default", "everything"]
)
@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],  # noqa: S301 - our own
    ids=["deepcopy", "pickle"],
)
def test_a_copy_made_half_way_goes_on_to_the_same_bytes(scenario, copied):
    model = qs.SpreadModel(scenario, replicate=1, keep_events=True, agent_reporters=AGENT_REPORTERS)
    for _ in range(9):
        model.step()
    twin = copied(model)
    assert twin.random.random() == model.random.random()
    for one in (twin, model):
        one.run_model()
    whole = finished(scenario, replicate=1, keep_events=True)
    assert measures(twin) == measures(model) == measures(whole)
    assert twin.events == model.events == whole.events
    for one, other in zip(twin.export_state(), whole.export_state(), strict=True):
        assert one.tobytes() == other.tobytes()
    assert not {id(own) for own in twin.organisations} & {id(own) for own in model.organisations}
    assert all(own.model is twin for own in twin.agents)


def test_a_copy_has_the_edits_of_its_original():
    model = qs.SpreadModel(small(), replicate=0)
    model.organisations[0].remove()
    first, second = next(iter(model.network.G.edges))
    model.network.G.remove_edge(first, second)
    twin = copy.deepcopy(model)
    for one in (twin, model):
        one.run_model()
    assert measures(twin) == measures(model)
    assert len(twin.organisations) == 19
    assert not twin.network.G.has_edge(first, second)


def test_stages_are_an_enumeration():
    model = finished(all_features_scenario(), replicate=0)
    stages = {practice.stage for own in model.organisations for practice in own.practices.values()}
    assert all(isinstance(stage, qs.Stage) for stage in stages)
    assert {stage.name for stage in stages} > {"IMPLEMENTING", "EMBEDDED"}


def test_levers_are_attributes_named_as_their_slots():
    assert OrganisationLevers._fields == tuple(ORGANISATION_SLOTS)
    assert PracticeLevers._fields == tuple(PRACTICE_SLOTS)
    model = qs.SpreadModel(
        small(policies={"coaching": {"lever": "coaching", "support": 0.75, "start": 2}}), replicate=0
    )
    supports = []
    for _ in range(2):
        model.step()
        supports.append(model.organisations[0].practices["intervention"].levers.support)
    assert supports == [0.0, 0.75]


def test_attributes_of_an_intervention_are_those_of_the_scenario():
    scenario = small()
    attributes = qs.SpreadModel(scenario, replicate=0).organisations[0].practices["intervention"].attributes
    one = scenario.interventions["intervention"]
    for name in (
        "benefit",
        "complexity",
        "codification",
        "social",
        "breadth",
        "observability",
        "effort",
        "upkeep",
        "launch",
    ):
        assert getattr(attributes, name) == getattr(one, name), name
    assert attributes.steepness == one.response.steepness


def users(model):
    return sum(own.practices["intervention"].in_use for own in model.organisations)


def test_reporters_of_ones_own_are_collected_from_the_start():
    model = finished(small(), replicate=0, model_reporters={"users": users}, agent_reporters={"culture": "culture"})
    table = model.datacollector.get_model_vars_dataframe()
    assert table["users"].iloc[[0, -1]].tolist() == [0, users(model)]
    agents = model.datacollector.get_agent_vars_dataframe()
    assert agents.shape == (7 * 20, 1)
    assert list(agents.loc[6, "culture"]) == [own.culture for own in model.organisations]


def above(own, limit):
    return own.culture > limit


def test_reporters_are_copied_and_know_of_agents_of_other_kinds():
    model = qs.SpreadModel(small(), replicate=0, agent_reporters={**AGENT_REPORTERS, "slack": "slack"})
    mesa.Agent(model)
    model.step()
    twin = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    twin.step()
    table = twin.datacollector.get_agent_vars_dataframe()
    assert table.loc[2, "slack"].tolist()[:20] == [own.slack for own in twin.organisations]
    assert table.loc[2].iloc[20].isna().all()
    assert len(table) == 20 + 21 + 21


def test_reporters_with_parameters_are_copied():
    model = qs.SpreadModel(small(), replicate=0, agent_reporters={"above": [above, [0.5]]})
    twin = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    twin.step()
    table = twin.datacollector.get_agent_vars_dataframe()
    assert table.loc[1, "above"].tolist() == [own.culture > 0.5 for own in twin.organisations]
