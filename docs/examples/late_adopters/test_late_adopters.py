"""Tests of the plug-in: its functions in plain Python, and runs in both engines."""

from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from late_adopters import bonus, caves, late_share, led

import qispread as qs


def test_late_share_counts_users_who_began_after_month_60():
    world = SimpleNamespace(
        first_adopted=np.array([[-1, 10, 60, 61, 90]]),
        in_use=np.array([[False, True, True, True, False]]),
    )
    assert late_share(world) == 1 / 5


def test_led_needs_leadership_and_either_of_the_others():
    assert led(0.0, 1.0, 1.0) == 0.0
    assert led(1.0, 1.0, 0.0) == led(1.0, 0.0, 1.0) == 0.5


@pytest.mark.parametrize(("number", "size"), [(20, 5), (23, 5), (3, 10)])
def test_caves_hold_every_organisation_once(number, size):
    places = SimpleNamespace(number=number)
    first, again = (caves(places, np.random.default_rng(1), size) for _ in range(2))
    assert sorted(first.nodes) == list(range(number))
    assert nx.utils.graphs_equal(first, again)


def test_bonus_goes_to_practices_of_good_fidelity():
    world = SimpleNamespace(fidelity=np.array([[0.2, 0.5, 0.9]]))
    assert bonus(world, 0.6).tolist() == [[0.0, 0.0, 0.6]]


def test_both_engines_give_the_same():
    # What is imported above belongs to this session, so that every scenario uses it.
    scenario = qs.Scenario().replace(
        {"organisations.number": 40, "organisations.partnerships": 8, "horizon": 84, "rules.capacity.climate": "led"},
        network={"kind": "caves", "size": 8},
    )
    scenario = scenario.with_policy("bonus", strength=0.7)
    kernel, mesa = (qs.simulate(scenario, replicates=2, engine=engine) for engine in ("kernel", "mesa"))
    assert not kernel.failed_runs
    assert kernel.final_values("late_share").max() > 0.0
    for ours, theirs in zip(kernel.runs, mesa.runs, strict=True):
        np.testing.assert_array_equal(ours.measures, theirs.measures)
