"""A point put straight into a blueprint gives the same bytes as a scenario changed and checked whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qispread as qs
from all_features import all_features_scenario
from helpers_input import catch_input_error
from helpers_sweep import SMALL_SCENARIO, assert_same_bytes_as_full_scenario, small_experiment
from qispread.inputs.factors import plausible_factors
from qispread.runs.sweep.apply_point import check_points
from qispread.runs.sweep.designs import build_points
from qispread.runs.sweep.load_experiment import read_experiment
from qispread.runs.sweep.worker import pickle_job, unpickle_job
from strategies import scenarios

WHOLE = {
    "network": {"values": [{"kind": "ring", "degree": 2}, {"kind": "complete"}, {"kind": "hub_and_spoke"}]},
    "policies": {
        "values": [{}, {"c": {"lever": "coaching", "start": 3}}, {"g": {"lever": "goals"}}],
        "labels": ["none", "coached", "goals"],
    },
    "copying": {"values": [{"copy_loss": 0.2}, {"ambition": 1.1}]},
    "organisations.number": {"low": 14, "high": 20},
    "organisations.context": {"values": [{"slack": 0.2}, {"leadership": 0.7}]},
    "leaders.leader_exit": {},
}
EVERYTHING = all_features_scenario()


@settings(max_examples=25)
@given(scenarios(), st.data())
def test_any_plausible_parameters_of_any_scenario(scenario, data):
    factors = plausible_factors(scenario, ("uncertainty", "world", "lever"))
    chosen = data.draw(st.lists(st.sampled_from(factors), min_size=1, max_size=5, unique=True))
    assert_same_bytes_as_full_scenario({"base": scenario, "factors": {factor.path: {} for factor in chosen}}, points=2)


@pytest.mark.parametrize("path", WHOLE)
def test_parts_exchanged_whole_and_whole_numbers(path):
    assert_same_bytes_as_full_scenario({"base": SMALL_SCENARIO, "factors": {path: WHOLE[path], "improving.decay": {}}})


def test_every_parameter_of_a_scenario_with_everything():
    paths = [factor.path for factor in plausible_factors(EVERYTHING, ("uncertainty", "world", "lever"))]
    assert len(paths) > 60
    assert_same_bytes_as_full_scenario({"base": EVERYTHING, "factors": {path: {} for path in paths}}, points=3)


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [
        ("policies.coaching.start", 2, 20),
        ("policies.coaching.end", 20, 40),
        ("policies.goals.ambition", 0.4, 1.5),
        ("policies.limit.at_most", 0, 3),
        ("interventions.drug.launch", 1, 20),
    ],
)
def test_windows_and_strengths(path, low, high):
    assert_same_bytes_as_full_scenario({"base": EVERYTHING, "factors": {path: {"low": low, "high": high}}})


def test_points_that_cannot_be_are_refused_before_anything_is_run():
    factors = {"organisations.number": {"values": [8, 40]}, "network.mean_degree": {"low": 3, "high": 10}}
    found = read_experiment(small_experiment(base=qs.Scenario().replace({"organisations.partnerships": 4,
                            "organisations.regions": 2}), factors=factors))  # fmt: skip
    error = catch_input_error(check_points, found.scenario, found.resolved_factors, build_points(found).numbers)
    assert all("at most 7 ties each" in fault.problem for fault in error.faults)
    assert 1 <= len(error.faults) <= 10


def test_values_are_python_numbers_of_the_right_kind():
    found = read_experiment(
        small_experiment(factors={"organisations.number": {"low": 12, "high": 20}, "copying.copy_loss": {}})
    )
    whole, real = unpickle_job(pickle_job(found, None, "kinds")).applier.values(np.array([13.0, 0.5]))
    assert (type(whole), type(real)) == (int, float)
