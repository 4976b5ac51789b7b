"""A trace tells the same run as the engines, month by month."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qispread as qs
from all_features import all_features_scenario
from qispread.model.engines.mesa_model import SpreadModel
from qispread.model.engines.simulation import run_replicate
from qispread.model.engines.trace import trace
from qispread.model.world.run_inputs import SimulationState, prepare_scenario
from qispread.model.world.state_arrays import HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS
from strategies import HORIZON, scenarios

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def full_trace():
    return trace(all_features_scenario(), 1, observe=True)


@given(scenarios(), st.sets(st.integers(0, HORIZON), min_size=1), st.booleans())
@settings(max_examples=25, suppress_health_check=SLOW)
def test_a_trace_has_the_bytes_of_the_same_run_whatever_is_kept(scenario, months, observe):
    traced, run = trace(scenario, 1, sorted(months), observe=observe), run_replicate(prepare_scenario(scenario), 1)
    assert traced.measures.tobytes() == run.measures.tobytes()
    for name, one, other in zip(SimulationState._fields, traced.end, run.final_state, strict=True):
        assert one.tobytes() == other.tobytes(), name
    assert traced.months == tuple(sorted(months))


def test_every_month_is_what_the_mesa_engine_lives(full_trace):
    model = SpreadModel(all_features_scenario(), replicate=1)
    for month in range(all_features_scenario().horizon + 1):
        if month:
            model.step()
        state = model.export_state()
        assert full_trace.organisations[month].tobytes() == state.organisations.tobytes(), month
        assert full_trace.practices[month].tobytes() == state.practices.tobytes(), month
        assert full_trace.histories[month].tobytes() == state.histories.tobytes(), month


def test_events_are_those_that_the_mesa_engine_keeps(full_trace):
    kept = np.array(run_replicate(prepare_scenario(all_features_scenario()), 1, keep_events=True).observed)
    assert full_trace.expected_events.tobytes() == np.ascontiguousarray(kept[:, 0]).tobytes()
    np.testing.assert_array_equal(full_trace.observed_events, kept[:, 1])


def test_some_months_are_those_of_the_whole(full_trace):
    some = trace(all_features_scenario(), 1, [30, 7, 7])
    assert some.months == (7, 30)
    assert some.organisations.tobytes() == full_trace.organisations[[7, 30]].tobytes()
    assert some.practices.tobytes() == full_trace.practices[[7, 30]].tobytes()
    assert some.histories.tobytes() == full_trace.histories[[7, 30]].tobytes()
    assert some.expected_events is None
    assert some.observed_events is None


def test_quantities_are_found_by_name(full_trace):
    for row, name in enumerate(ORGANISATION_ROWS):
        np.testing.assert_array_equal(full_trace.quantity(name), full_trace.organisations[:, row])
    for place, intervention in enumerate(full_trace.scenario.interventions):
        for row, name in enumerate(PRACTICE_ROWS):
            np.testing.assert_array_equal(full_trace.quantity(name, intervention), full_trace.practices[:, place, row])
        for row, name in enumerate(HISTORY_ROWS):
            np.testing.assert_array_equal(full_trace.quantity(name, intervention), full_trace.histories[:, place, row])


def test_names_that_are_not_there_are_all_told(full_trace):
    with pytest.raises(qs.InputError, match="did you mean 'fidelity'") as error:
        full_trace.quantity("fidelty", "promt")
    assert {fault.path for fault in error.value.faults} == {"name", "intervention"}
    with pytest.raises(qs.InputError, match="no quantity of an organisation is called 'fidelity'"):
        full_trace.quantity("fidelity")


def test_ties_are_each_once_those_of_the_world_and_of_learning_networks_while_they_last(full_trace):
    model = SpreadModel(all_features_scenario(), replicate=1)
    for before, now in zip(full_trace.world.edges, full_trace.ties_in_month(0), strict=True):
        assert before.tobytes() == now.tobytes()
    while model.month < 42:
        model.step()
        ids = full_trace.world.static_world.ids
        edges = zip(*full_trace.ties_in_month(model.month), strict=True)
        wanted = {frozenset(edge): weight for *edge, weight in model.network.G.edges(data="weight")}
        found = {frozenset((ids[first], ids[second])): weight for first, second, weight in edges}
        assert found == wanted
        assert len(found) == full_trace.ties_in_month(model.month)[0].size
    assert full_trace.ties_in_month(40)[0].size > full_trace.ties_in_month(41)[0].size


@pytest.mark.parametrize(
    ("months", "problem"),
    [([], "got none"), ([49], "got 49; needed: a whole number from 0"), ([-1], "got -1"), ([1.5], "got 1.5")],
)
def test_months_that_there_are_not_are_refused(months, problem):
    with pytest.raises(qs.InputError, match=problem):
        trace(all_features_scenario(), months=months)


def test_all_that_is_wrong_is_told_at_once(full_trace):
    with pytest.raises(qs.InputError, match="replicate: got -1") as error:
        trace(all_features_scenario(), -1, [-1, 3, 77])
    assert len(error.value.faults) == 3
    with pytest.raises(qs.InputError, match="got 49"):
        full_trace.ties_in_month(49)


def test_a_run_that_fails_is_told_without_a_traceback():
    extreme = all_features_scenario(interventions={"prompt": {"response": {"steepness": 1e308}}}, policies={})
    with pytest.raises(qs.InputError, match="replicate 0 failed: the state is no longer finite"):
        trace(extreme, observe=True)
