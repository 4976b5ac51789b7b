"""A scenario as a function of numbers, and the libraries that call it."""

import pickle

import numpy as np
import pytest
from scipy.optimize import differential_evolution, minimize, minimize_scalar

import qispread as qs
from helpers_sweep import SMALL_SCENARIO
from optional import require
from own_organisations import Patient, Unchanged
from qispread.inputs.factors import plausible_factors
from qispread.runs.sweep.factor_spec import FactorSpec

SCENARIO = SMALL_SCENARIO.with_policy("coaching", support=0.4)
NETWORKS = [{"kind": "partnerships", "mean_degree": 4}, {"kind": "small_world"}]
FACTORS = {
    "improving.decay": {},
    "policies.coaching.support": (0.0, 1.0),
    "policies.coaching.start": (1, 10),
    "network": {"values": NETWORKS},
}
POINT = [0.02, 0.5, 3, 1]
AT_POINT = {"improving.decay": 0.02, "policies.coaching.support": 0.5, "policies.coaching.start": 3}
CHANGED = SCENARIO.replace(AT_POINT, network=NETWORKS[1])


@pytest.fixture(scope="module")
def function():
    """Two measures of four factors of every kind."""
    return qs.as_function(SCENARIO, FACTORS, ["effect", "current_use"], replicates=6)


def test_the_value_is_the_mean_of_the_same_runs_of_the_changed_scenario(function):
    runs = qs.simulate(CHANGED, 6)
    expected = [np.nanmean(runs.final_values(measure)) for measure in ("effect", "current_use")]
    np.testing.assert_allclose(function(POINT), expected, rtol=1e-14)


def test_each_replicate_is_that_of_the_changed_scenario():
    each = qs.as_function(SCENARIO, FACTORS, ["effect", "current_use"], replicates=6, aggregate="each")
    runs = qs.simulate(CHANGED, 6)
    for values, measure in zip(each(POINT), ("effect", "current_use"), strict=True):
        np.testing.assert_array_equal(values, runs.final_values(measure))


def test_every_form_of_a_point_is_the_same_point(function):
    expected = function(POINT)
    named = {**AT_POINT, "network": "small_world"}
    forms = [(tuple(POINT),), (np.array(POINT),), POINT, (named,), (np.array([POINT]),)]
    for arguments in forms:
        np.testing.assert_array_equal(np.ravel(function(*arguments)), expected)
    np.testing.assert_array_equal(function(**named), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(function))(POINT), expected)  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(function(POINT), expected)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_have_an_axis_for_what_is_several(workers):
    points = np.array([POINT, [0.01, 0.0, 1, 0], POINT])
    shapes = {}
    for measures in ("effect", ["effect"], ["effect", "current_use"]):
        for aggregate in ("mean", "each"):
            function = qs.as_function(SCENARIO, FACTORS, measures, replicates=3, aggregate=aggregate, workers=workers)
            one, several = function(POINT), function(points)
            np.testing.assert_array_equal(several[0], one)
            np.testing.assert_array_equal(several[2], one)
            shapes[str(measures), aggregate] = (np.shape(one), np.shape(several))
            assert isinstance(one, float) == (measures == "effect" and aggregate == "mean")
            assert len(function(np.empty((0, 4)))) == 0
    assert list(shapes.values()) == [
        ((), (3,)),
        ((3,), (3, 3)),
        ((1,), (3, 1)),
        ((1, 3), (3, 1, 3)),
        ((2,), (3, 2)),
        ((2, 3), (3, 2, 3)),
    ]


def test_it_describes_itself_for_the_libraries(function):
    assert function.names == list(FACTORS)
    assert function.measures == ("effect", "current_use")
    assert function.replicates == 6
    assert function.bounds == [(0.006, 0.046), (0.0, 1.0), (1.0, 10.0), (0.0, 1.0)]
    assert function.integrality.tolist() == [False, False, True, True]
    bounds = [[0.006, 0.046], [0.0, 1.0], [0.5, 10.5], [-0.5, 1.5]]
    assert function.problem == {"num_vars": 4, "names": list(FACTORS), "bounds": bounds}
    assert "improving.decay" in repr(function)


@pytest.mark.parametrize(
    "factors",
    [
        "improving.decay",
        ["improving.decay"],
        ("improving.decay",),
        {"improving.decay": {}},
        {"improving.decay": None},
        {"improving.decay": [0.006, 0.046]},
        {"improving.decay": np.array([0.006, 0.046])},
        {"improving.decay": {"low": 0.006, "high": 0.046}},
        {"improving.decay": FactorSpec(low=0.006)},
        [factor for factor in plausible_factors(SCENARIO) if factor.path == "improving.decay"],
    ],
)
def test_factors_are_declared_in_many_forms(factors):
    function = qs.as_function(SCENARIO, factors, "effect", replicates=2)
    assert function.bounds == [(0.006, 0.046)]
    assert function(0.02) == function([0.02]) == function({"improving.decay": 0.02})


def test_whole_numbers_are_rounded_with_equal_shares(function):
    single = qs.as_function(SCENARIO, {"policies.coaching.start": (1, 4)}, "event_rate", replicates=2)
    low, high = single.problem["bounds"][0]
    exact = [single(start) for start in (1, 2, 3, 4)]
    assert len(set(exact)) == 4
    positions = low + (np.arange(8) + 0.5) / 8 * (high - low)
    np.testing.assert_array_equal(single(positions[:, None]), np.repeat(exact, 2))
    assert single(low) == exact[0]
    assert single(high) == exact[3]


def test_values_are_given_by_index_or_by_name():
    factors = {"policies.coaching.support": {"values": [0.0, 0.9, 0.3]}, "network": {"values": NETWORKS}}
    function = qs.as_function(SCENARIO, factors, "event_rate", replicates=2)
    expected = function([1, 0])
    assert expected == function({"policies.coaching.support": 0.9, "network": "partnerships"})
    assert expected != function({"policies.coaching.support": 0.3, "network": "partnerships"})
    flags = qs.as_function(SCENARIO, {"improving.decay": {"values": [0.01, 1e-3]}}, "event_rate", replicates=2)
    assert flags({"improving.decay": 1e-3}) == flags(1)


def test_computed_numbers_may_miss_the_bounds_by_rounding():
    function = qs.as_function(SCENARIO, {"improving.decay": (0.01, 0.05)}, "event_rate", replicates=2)
    assert function(np.nextafter(0.05, 1)) == function(0.05)


@pytest.mark.parametrize(
    ("point", "problem"),
    [
        ([0.02, 0.5], r"point: got 2 numbers; needed: 4 numbers in this order \(improving.decay, policies"),
        (0.02, "point: got 1 number; needed: 4 numbers"),
        (np.zeros((2, 3)), "point: got an array of 2 by 3; needed: .* a row of them for each point"),
        (np.zeros((1, 2, 4)), "point: got an array of 1 by 2 by 4"),
        ("0.02", "point: got the text '0.02'; needed: 4 numbers"),
        (["0.02", "0.5", "3", "1"], "point: got a list; needed: 4 numbers"),
        ([0.02, "much", 3, 1], "point: got a list; needed: 4 numbers"),
        ([[0.02, 0.5, 3, 1], [0.02]], "point: got a list; needed: 4 numbers"),
        ([0.06, 0.5, 3, 1], "improving.decay: got 0.06; needed: a number from 0.006 to 0.046"),
        ([np.nan, 0.5, 3, 1], "improving.decay: got nan; needed: a number"),
        ([0.02, 0.5, 10.6, 1], "policies.coaching.start: got 10.6; needed: a whole number from 1 to 10"),
        ([0.02, 0.5, 3, 2], "network: got 2; needed: the index of one of its values from 0 to 1"),
        ([POINT, [0.02, -1, 3, 1]], "point 1: policies.coaching.support: got -1; needed: a number from 0 to 1"),
        ({"improving.decy": 0.02}, "improving.decy: is not a factor of this function; did you mean 'improving.decay'?"),
        ({"improving.decay": 0.02}, "network: is missing; needed: a value for every factor"),
        ({**AT_POINT, "network": "small world"}, "network: got the text 'small world'; .* did you mean 'small_world'"),
        ({**AT_POINT, "network": 1}, "network: got 1; needed: one of partnerships, small_world"),
        ({**AT_POINT, "improving.decay": "low", "network": "partnerships"}, "decay: got the text 'low'; needed: a num"),
        ({**AT_POINT, "improving.decay": True, "network": "partnerships"}, "decay: got True; needed: a number"),
    ],
)
def test_a_point_that_is_none_is_refused_in_words(function, point, problem):
    with pytest.raises(qs.InputError, match=problem):
        function(point)


def test_numbers_are_given_with_names_or_without(function):
    with pytest.raises(qs.InputError, match="numbers with and without names"):
        function(POINT, network="partnerships")
    with pytest.raises(qs.InputError, match="network: is missing"):
        function()


def test_points_at_which_parts_are_inconsistent_are_refused():
    function = qs.as_function(SCENARIO, {"organisations.number": (4, 40), "network.mean_degree": (2, 11)}, "event_rate")
    with pytest.raises(qs.InputError, match=r"point 1: network.mean_degree"):
        function([[20, 3], [6, 10]])


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"factors": {"improving.decy": {}, "name": {}}, "measures": ["efect", "current_use"]},
            ["did you mean 'improving.decay'?", "is only a name", "measures: ", "did you mean 'effect'?"],
        ),
        ({"factors": 3, "measures": 4}, ["factors: got 3; needed: paths", "measures: got 4; needed: the name"]),
        ({"factors": [3], "measures": []}, ["factors: got a list", "measures: got a list"]),
        ({"factors": {3: {}}}, ["factors: got a dict"]),
        ({"factors": []}, ["factors: none is given; needed: at least one"]),
        ({"factors": {"improving.decay": (0.05, 0.01)}}, ["got low 0.05 above high 0.01"]),
        ({"factors": {"improving.decay": (0.05, "x")}}, ["improving.decay"]),
        ({"factors": {"improving.decay": 0.05}}, ["improving.decay"]),
        ({"replicates": 0, "aggregate": "median"}, ["replicates: got 0", "aggregate: got the text 'median'"]),
        ({"organisation_class": int}, ["organisation_class: got the class int"]),
    ],
)
def test_a_function_that_is_none_is_refused_in_words(changes, problems):
    arguments = {"factors": ["improving.decay"], "measures": "effect", **changes}
    with pytest.raises(qs.InputError) as caught:
        qs.as_function(SCENARIO, **arguments)
    assert [problem for problem in problems if problem not in str(caught.value)] == []


def test_all_measures_have_their_names():
    assert qs.as_function(SCENARIO, ["improving.decay"], "all", replicates=1)(0.02).shape == (len(qs.MEASURES),)


def test_undefined_measures_are_left_out_of_means():
    """Without hearing nobody adopts: effect among users is undefined, and says so."""
    silent = SCENARIO.replace({"hearing.broadcast": 0.0, "hearing.contact": 0.0})
    assert np.isnan(qs.as_function(silent, ["improving.decay"], "effect", replicates=2)(0.02))


def test_a_run_that_fails_is_named(monkeypatch):
    from qispread.runs.bridges import scenario_function

    function = qs.as_function(SCENARIO, ["improving.decay"], "effect", replicates=2)
    monkeypatch.setattr(scenario_function, "run_safely", lambda job, numbers, replicate: "MemoryError: no room")
    with pytest.raises(qs.InputError, match="point 1: replicate 0 failed: MemoryError: no room"):
        function([[0.02], [0.03]])


def test_a_class_of_organisations_runs_at_every_point():
    arguments = (SCENARIO, ["improving.decay"], "ever_adopted")
    kernel, same, other = (
        qs.as_function(*arguments, replicates=2, organisation_class=kind)(0.02) for kind in (None, Unchanged, Patient)
    )
    assert kernel == same != other


@pytest.mark.slow
def test_replaced_rules_are_followed(monkeypatch):
    from qispread.model.rules import outcome

    function = qs.as_function(SCENARIO, ["improving.decay"], "event_rate", replicates=1)
    before = function(0.02)
    monkeypatch.setattr(outcome, "secular_trend", lambda secular, month: 0.5)
    replaced = function(0.02)
    monkeypatch.undo()
    assert function(0.02) == before != replaced


# ---- the libraries


def test_scipy_finds_the_best_start_and_support():
    factors = {"policies.coaching.support": (0, 1), "policies.coaching.start": (1, 10)}
    function = qs.as_function(SCENARIO, factors, "event_rate", replicates=3)
    found = differential_evolution(function, function.bounds, integrality=function.integrality, maxiter=12, seed=1)
    grid = [[support, start] for support in np.linspace(0, 1, 6) for start in range(1, 11)]
    assert found.x[1] == np.rint(found.x[1])
    assert found.fun <= function(grid).min() * 1.005


def test_scipy_minimises_from_a_point():
    function = qs.as_function(SCENARIO, {"improving.decay": (0.01, 0.05)}, "fidelity", replicates=3)
    target = function(0.02)
    found = minimize(lambda x: (function(x) - target) ** 2, [0.04], bounds=function.bounds, method="Nelder-Mead")
    assert found.fun < 1e-6
    one = minimize_scalar(lambda x: (function(x) - target) ** 2, bounds=function.bounds[0], method="bounded")
    assert one.fun < 1e-6


def test_salib_ranks_the_factors():
    sample, analyze = require("SALib.sample.sobol", "test"), require("SALib.analyze.sobol", "test")
    factors = {"deciding.reluctance": {}, **FACTORS, "improving.decay": {"low": 0.01, "high": 0.05, "scale": "log"}}
    function = qs.as_function(SCENARIO, factors, "ever_adopted", replicates=2)
    assert function.problem["dists"] == ["unif", "logunif", "unif", "unif", "unif"]
    points = sample.sample(function.problem, 32, calc_second_order=False, seed=1)
    total = analyze.analyze(function.problem, function(points), calc_second_order=False, seed=1)["ST"]
    assert np.isfinite(total).all()
    assert total.argmax() == 0


@pytest.mark.slow
def test_salibs_other_designs_are_taken():
    for design, arguments in (("morris", (20,)), ("latin", (64,)), ("fast_sampler", (65,))):
        function = qs.as_function(SCENARIO, FACTORS, "event_rate", replicates=2)
        points = require(f"SALib.sample.{design}", "test").sample(function.problem, *arguments, seed=1)
        assert np.isfinite(function(points)).all()
