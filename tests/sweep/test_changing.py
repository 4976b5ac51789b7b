"""A point put straight into a blueprint gives the same bytes as a scenario changed and checked whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qispread as qs
from everything import everything
from helpers_input import caught
from helpers_sweep import SMALL, experiment
from qispread.config.factors import plausible_factors
from qispread.engines.run import run_one
from qispread.sweeping.changing import refuse_impossible
from qispread.sweeping.design import points_of
from qispread.sweeping.load import load_experiment
from qispread.sweeping.work import job_of, lived, packed
from qispread.world.build import blueprint_of
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
EVERYTHING = everything()


def same_bytes(given, points=4):
    """Make sure that some points of an experiment give the bytes of scenarios changed whole, in two worlds."""
    found = load_experiment(
        {**given, "design": {"kind": "latin_hypercube", "points": points}, "measures": {"final": "all"}}
    )
    job = job_of(packed(found, None, "test"))
    for numbers in points_of(found).numbers:
        values = {factor.path: factor.value(number) for factor, number in zip(found.varied, numbers, strict=True)}
        blueprint = blueprint_of(found.scenario.replace(values))
        for replicate in (0, 1):
            expected, measured = run_one(blueprint, replicate), lived(job, numbers, replicate)
            assert not expected.error
            assert measured.tobytes() == expected.measures.tobytes()


@settings(max_examples=25)
@given(scenarios(), st.data())
def test_any_plausible_parameters_of_any_scenario(scenario, data):
    factors = plausible_factors(scenario, ("uncertainty", "world", "lever"))
    chosen = data.draw(st.lists(st.sampled_from(factors), min_size=1, max_size=5, unique=True))
    same_bytes({"base": scenario, "factors": {factor.path: {} for factor in chosen}}, points=2)


@pytest.mark.parametrize("path", WHOLE)
def test_parts_exchanged_whole_and_whole_numbers(path):
    same_bytes({"base": SMALL, "factors": {path: WHOLE[path], "improving.decay": {}}})


def test_every_parameter_of_a_scenario_with_everything():
    paths = [factor.path for factor in plausible_factors(EVERYTHING, ("uncertainty", "world", "lever"))]
    assert len(paths) > 60
    same_bytes({"base": EVERYTHING, "factors": {path: {} for path in paths}}, points=3)


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
    same_bytes({"base": EVERYTHING, "factors": {path: {"low": low, "high": high}}})


def test_points_that_cannot_be_are_refused_before_anything_is_run():
    factors = {"organisations.number": {"values": [8, 40]}, "network.mean_degree": {"low": 3, "high": 10}}
    found = load_experiment(experiment(base=qs.Scenario().replace({"organisations.systems": 4,
                            "organisations.regions": 2}), factors=factors))  # fmt: skip
    error = caught(refuse_impossible, found.scenario, found.varied, points_of(found).numbers)
    assert all("at most 7 ties each" in fault.problem for fault in error.faults)
    assert 1 <= len(error.faults) <= 10


def test_values_are_python_numbers_of_the_right_kind():
    found = load_experiment(
        experiment(factors={"organisations.number": {"low": 12, "high": 20}, "copying.copy_loss": {}})
    )
    whole, real = job_of(packed(found, None, "kinds")).changer.values(np.array([13.0, 0.5]))
    assert (type(whole), type(real)) == (int, float)
