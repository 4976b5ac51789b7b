"""A trace tells the same run as the engines, month by month."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qispread as qs
from everything import everything
from qispread.engines.model import SpreadModel
from qispread.engines.run import run_one
from qispread.engines.trace import trace
from qispread.world.build import State, blueprint_of
from qispread.world.layout import HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS
from strategies import HORIZON, scenarios

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def whole():
    return trace(everything(), 1, observe=True)


@given(scenarios(), st.sets(st.integers(0, HORIZON), min_size=1), st.booleans())
@settings(max_examples=25, suppress_health_check=SLOW)
def test_a_trace_has_the_bytes_of_the_same_run_whatever_is_kept(scenario, months, observe):
    traced, run = trace(scenario, 1, sorted(months), observe=observe), run_one(blueprint_of(scenario), 1)
    assert traced.measures.tobytes() == run.measures.tobytes()
    for name, one, other in zip(State._fields, traced.end, run.end, strict=True):
        assert one.tobytes() == other.tobytes(), name
    assert traced.months == tuple(sorted(months))


def test_every_month_is_what_the_mesa_engine_lives(whole):
    model = SpreadModel(everything(), replicate=1)
    for month in range(everything().horizon + 1):
        if month:
            model.step()
        state = model.state()
        assert whole.organisations[month].tobytes() == state.organisations.tobytes(), month
        assert whole.practices[month].tobytes() == state.practices.tobytes(), month
        assert whole.histories[month].tobytes() == state.histories.tobytes(), month


def test_events_are_those_that_the_mesa_engine_keeps(whole):
    kept = np.array(run_one(blueprint_of(everything()), 1, keep_events=True).observed)
    assert whole.expected.tobytes() == np.ascontiguousarray(kept[:, 0]).tobytes()
    np.testing.assert_array_equal(whole.observed, kept[:, 1])


def test_some_months_are_those_of_the_whole(whole):
    some = trace(everything(), 1, [30, 7, 7])
    assert some.months == (7, 30)
    assert some.organisations.tobytes() == whole.organisations[[7, 30]].tobytes()
    assert some.practices.tobytes() == whole.practices[[7, 30]].tobytes()
    assert some.histories.tobytes() == whole.histories[[7, 30]].tobytes()
    assert some.expected is None
    assert some.observed is None


def test_quantities_are_found_by_name(whole):
    for row, name in enumerate(ORGANISATION_ROWS):
        np.testing.assert_array_equal(whole.values(name), whole.organisations[:, row])
    for place, intervention in enumerate(whole.scenario.interventions):
        for row, name in enumerate(PRACTICE_ROWS):
            np.testing.assert_array_equal(whole.values(name, intervention), whole.practices[:, place, row])
        for row, name in enumerate(HISTORY_ROWS):
            np.testing.assert_array_equal(whole.values(name, intervention), whole.histories[:, place, row])


def test_names_that_are_not_there_are_all_told(whole):
    with pytest.raises(qs.InputError, match="did you mean 'fidelity'") as error:
        whole.values("fidelty", "promt")
    assert {fault.where for fault in error.value.faults} == {"name", "intervention"}
    with pytest.raises(qs.InputError, match="no quantity of an organisation is called 'fidelity'"):
        whole.values("fidelity")


def test_ties_are_each_once_those_of_the_world_and_of_learning_networks_while_they_last(whole):
    model = SpreadModel(everything(), replicate=1)
    for before, now in zip(whole.world.pairs, whole.ties(0), strict=True):
        assert before.tobytes() == now.tobytes()
    while model.month < 42:
        model.step()
        ids = whole.world.frame.ids
        edges = zip(*whole.ties(model.month), strict=True)
        wanted = {frozenset(edge): weight for *edge, weight in model.network.G.edges(data="weight")}
        found = {frozenset((ids[first], ids[second])): weight for first, second, weight in edges}
        assert found == wanted
        assert len(found) == whole.ties(model.month)[0].size
    assert whole.ties(40)[0].size > whole.ties(41)[0].size


@pytest.mark.parametrize(
    ("months", "problem"),
    [([], "got none"), ([49], "got 49; needed: a whole number from 0"), ([-1], "got -1"), ([1.5], "got 1.5")],
)
def test_months_that_there_are_not_are_refused(months, problem):
    with pytest.raises(qs.InputError, match=problem):
        trace(everything(), months=months)


def test_all_that_is_wrong_is_told_at_once(whole):
    with pytest.raises(qs.InputError, match="replicate: got -1") as error:
        trace(everything(), -1, [-1, 3, 77])
    assert len(error.value.faults) == 3
    with pytest.raises(qs.InputError, match="got 49"):
        whole.ties(49)


def test_a_run_that_fails_is_told_without_a_traceback():
    extreme = everything(interventions={"prompt": {"response": {"steepness": 1e308}}}, policies={})
    with pytest.raises(qs.InputError, match="world 0 failed: the state is no longer finite"):
        trace(extreme, observe=True)
