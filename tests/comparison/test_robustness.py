"""Robustness: plausible models over their whole ranges, rankings that hold or not, and what makes them flip."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

import qispread as qs
from all_features import all_features_scenario
from helpers_input import only_fault
from qispread.inputs.factors import Factor, number_at_path, plausible_factors
from qispread.runs.comparison import BASELINE_ARM, Comparison
from qispread.runs.comparison.robustness import (
    SIGNIFICANCE_LEVEL,
    Robustness,
    draw_plausible_models,
    rank_arms,
    robustness,
    shared_factors,
)

PLAIN = all_features_scenario(policies={}, horizon=12, replicates=4, interventions={"prompt": {}}).replace(
    {"hearing.broadcast": 0.1, "organisations.number": 16, "organisations.partnerships": 4}
)
ARMS = {"coached": PLAIN.with_policy("coaching"), "pushed": PLAIN.with_policy("mandate")}
FACTORS = [Factor("a", 0.0, 1.0), Factor("b", -2.0, 5.0), Factor("c", 10.0, 30.0)]


@pytest.fixture(scope="module")
def comparison():
    return qs.compare(PLAIN, ARMS)


@pytest.fixture(scope="module")
def robustness_result(comparison):
    return robustness(comparison, 8, 3)


def synthetic_robustness(means, models=None, factors=(), measure="effect"):
    """Return the robustness of made-up means: a column an arm, in the order of the ranking."""
    means = pd.DataFrame(means)
    models = pd.DataFrame({factor.path: np.zeros(len(means)) for factor in factors}) if models is None else models
    return Robustness(measure, tuple(means), models, means, 1, list(factors), len(models))


@pytest.mark.parametrize("models", [2, 7, 64])
def test_the_hypercube_has_one_model_in_each_stratum_of_each_range(models):
    table = draw_plausible_models(FACTORS, models, 3)
    for factor in FACTORS:
        share = (table[factor.path] - factor.low) / (factor.high - factor.low)
        assert sorted(np.floor(share * models).astype(int)) == list(range(models))


def test_the_hypercube_hangs_on_the_seed_alone():
    one, same, other = (draw_plausible_models(FACTORS, 16, seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, same, check_exact=True)
    assert not np.isclose(one, other).any()


def test_whole_numbers_are_drawn_whole_and_within_their_range():
    values = draw_plausible_models([Factor("n", 2, 6, integer=True)], 100, 1)["n"]
    assert set(values) == {2, 3, 4, 5, 6}


def test_models_lie_in_the_plausible_ranges_of_what_no_arm_sets(robustness_result):
    assert list(robustness_result.models) == [factor.path for factor in robustness_result.factors]
    assert [factor.path for factor in robustness_result.factors] == [factor.path for factor in plausible_factors(PLAIN)]
    for factor in robustness_result.factors:
        assert robustness_result.models[factor.path].between(factor.low, factor.high).all()


def test_a_model_is_the_arms_run_with_its_parameters(robustness_result):
    for place in (0, 5):
        changes = {str(path): float(value) for path, value in robustness_result.models.iloc[place].items()}
        for arm, scenario in {BASELINE_ARM: PLAIN, **ARMS}.items():
            alone = qs.simulate(scenario.replace(changes), 3).final_values("events_averted")
            assert robustness_result.means[arm][place] == alone.mean()


def test_neither_workers_nor_a_second_time_change_a_bit(comparison, robustness_result):
    for workers in (1, 3):
        again = robustness(comparison, 8, 3, workers=workers)
        assert again.means.to_numpy().tobytes() == robustness_result.means.to_numpy().tobytes()
        assert again.models.to_numpy().tobytes() == robustness_result.models.to_numpy().tobytes()


def test_progress_goes_to_the_number_of_models(comparison):
    seen = []
    robustness(comparison, 5, 1, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (5, 5)
    assert seen == sorted(seen)


def test_parameters_in_which_arms_differ_are_not_varied():
    arms = {BASELINE_ARM: PLAIN, "firm": PLAIN.replace({"improving.decay": 0.01}), "same": ARMS["coached"]}
    left = [factor.path for factor in shared_factors(arms)]
    assert left == [one.path for one in plausible_factors(PLAIN) if one.path != "improving.decay"]
    found = robustness(qs.compare(PLAIN, {"firm": arms["firm"]}), 3, 1)
    assert "improving.decay" not in found.models


def test_a_parameter_set_outside_its_plausible_range_is_kept():
    off = PLAIN.replace({"improving.decay": 0.0})
    found = robustness(qs.compare(off, {"coached": off.with_policy("coaching")}), 3, 1)
    assert "improving.decay" not in found.models
    model = off.replace({str(path): float(value) for path, value in found.models.iloc[0].items()})
    assert number_at_path(model, "improving.decay") == 0.0
    assert found.means[BASELINE_ARM][0] == qs.simulate(model, 1).final_values("events_averted")[0]


def test_an_arm_that_changes_nothing_shares_every_place_with_the_base():
    idle = PLAIN.with_policy("coaching", target="nobody")
    found = robustness(qs.compare(PLAIN, {"idle": idle}), 4, 2)
    assert (found.means[BASELINE_ARM] == found.means["idle"]).all()
    table = found.arms.set_index("arm")
    assert (table["share_best"] == 0.5).all()
    assert (table["share_above_baseline"] == 0.0).all()
    assert (table[["regret_mean", "regret_worst"]] == 0.0).all(axis=None)
    assert (found.ranking_stability, found.best_stability, found.main_driver) == (1.0, 1.0, None)


@pytest.mark.parametrize(("measure", "better"), [("effect", 1), ("event_rate", -1)])
def test_the_best_arm_is_first_in_either_direction(comparison, measure, better):
    known = Comparison(comparison.runs, measure)
    means = {arm: better * np.nanmean(runs.values_by_replicate(measure)) for arm, runs in comparison.runs.items()}
    assert rank_arms(known) == tuple(sorted(means, key=means.get, reverse=True))


def test_arms_that_achieve_the_same_are_ranked_in_their_order():
    idle = {name: PLAIN.with_policy("coaching", target="nobody", cost=cost) for name, cost in [("z", 2.0), ("y", 1.0)]}
    assert rank_arms(qs.compare(PLAIN, idle)) == (BASELINE_ARM, "z", "y")


def test_a_measure_without_a_good_direction_ranks_nothing(comparison):
    with pytest.raises(qs.InputError, match="'generation' has no desirable direction"):
        robustness(Comparison(comparison.runs, "generation"), 2, 1)


@pytest.mark.parametrize(("models", "worlds"), [(1, 5), (0, 5), (-3, 5), (2, 0), (1, -1)])
def test_too_few_models_or_worlds_are_refused(comparison, models, worlds):
    problem = only_fault(robustness, comparison, models, worlds).problem
    assert problem == f"got {models} models with {worlds} replicates each; needed: at least 2 with 1"


def test_a_measure_without_a_meaning_in_plausible_models_is_refused():
    silent = PLAIN.replace({"hearing.contact": 0.0, "hearing.broadcast": 0.0})
    comparison = qs.compare(silent, {"coached": silent.with_policy("coaching")}, measure="effect")
    with pytest.raises(qs.InputError, match="'effect' is defined in 0 of 3 plausible models"):
        robustness(comparison, 3, 1)


def test_models_without_a_meaning_are_left_out_in_all_tables():
    rare = PLAIN.replace({"organisations.number": 12, "network.mean_degree": 3.0}, horizon=4)
    found = robustness(qs.compare(rare, {"coached": rare.with_policy("coaching")}, measure="effect"), 40, 1)
    assert 2 <= len(found.models) == len(found.means) < 40
    assert found.means.notna().all(axis=None)
    for place in (0, len(found.models) - 1):
        changes = {str(path): float(value) for path, value in found.models.iloc[place].items()}
        assert found.means[BASELINE_ARM][place] == qs.simulate(rare.replace(changes), 1).final_values("effect")[0]


@pytest.mark.parametrize("kind", ["partnerships", "random"])
def test_few_organisations_have_plausible_models_too(kind):
    few = PLAIN.replace({"organisations": {"number": 8, "partnerships": 2, "regions": 1}})
    few = few.replace({"network": {"kind": kind, "mean_degree": 4.0}})
    found = robustness(qs.compare(few, {"coached": few.with_policy("coaching")}), 16, 1)
    assert len(found.models) == 16


@pytest.mark.parametrize("name", ["version 1.2", "[bold]x", "two words"])
def test_interventions_of_any_name_have_plausible_models(name):
    named = PLAIN.replace(interventions={name: {}})
    found = robustness(qs.compare(named, {"coached": named.with_policy("coaching")}), 2, 1)
    assert f"interventions.{name}.benefit" in found.models


def test_an_arm_that_is_better_in_every_model_holds_in_all_of_them():
    random = np.random.default_rng(2)
    values = random.random((60, 1)) + np.array([0.3, 0.2, 0.0])
    models = draw_plausible_models(FACTORS, 60, 2)
    found = synthetic_robustness(dict(zip(["best", "second", BASELINE_ARM], values.T, strict=True)), models, FACTORS)
    assert (found.ranking_stability, found.best_stability, found.main_driver) == (1.0, 1.0, None)
    assert found.best_unchanged.all()
    assert len(found.best_arm_drivers) == 0
    assert list(found.best_arm_drivers) == list(
        synthetic_robustness({"a": [1, 0], BASELINE_ARM: [0, 1]}, models[:2], FACTORS).best_arm_drivers
    )


def test_a_parameter_that_alone_decides_is_found_with_its_medians():
    models = draw_plausible_models(FACTORS, 64, 5)
    share = (models["b"] + 2.0) / 7.0
    found = synthetic_robustness({"arm": np.where(share > 0.3, 1.0, -1.0), BASELINE_ARM: np.zeros(64)}, models, FACTORS)
    assert found.main_driver == "b"
    first = found.best_arm_drivers.iloc[0]
    assert first["distance"] == 1.0
    assert first["unchanged_median"] == np.median(models["b"][share > 0.3])
    assert first["changed_median"] == np.median(models["b"][share <= 0.3])
    assert (first["low"], first["high"]) == (-2.0, 5.0)
    assert found.best_stability == pytest.approx(0.7, abs=1 / 64)


def test_what_makes_two_arms_change_places_is_found_though_the_best_stays_the_best():
    models = draw_plausible_models(FACTORS, 64, 5)
    share = (models["b"] + 2.0) / 7.0
    means = {"best": np.full(64, 3.0), "second": np.where(share > 0.25, 1.0, 0.2), "third": np.full(64, 0.5)}
    found = synthetic_robustness({**means, BASELINE_ARM: np.zeros(64)}, models, FACTORS)
    assert len(found.best_arm_drivers) == 0
    assert found.order_changes == [("second", "third", "b")]
    table = found.order_drivers
    assert set(zip(table["arm"], table["against"], strict=True)) == {("second", "third")}
    assert table["order_stability"].iloc[0] == found.ranking_stability == pytest.approx(0.75, abs=1 / 64)
    again = synthetic_robustness(
        {"second": means["second"], BASELINE_ARM: means["third"]}, models, FACTORS
    ).best_arm_drivers
    pd.testing.assert_frame_equal(table[list(again)], again)


def test_arms_that_never_change_places_leave_the_columns_of_the_table():
    models = draw_plausible_models(FACTORS, 8, 5)
    never = synthetic_robustness({"arm": np.ones(8), BASELINE_ARM: np.zeros(8)}, models, FACTORS).order_drivers
    assert len(never) == 0
    assert list(never) == [
        "arm",
        "against",
        "order_stability",
        *synthetic_robustness({"arm": np.ones(8), BASELINE_ARM: np.zeros(8)}, models).best_arm_drivers,
    ]


@pytest.mark.slow
def test_parameters_that_decide_nothing_are_named_at_no_more_than_the_nominal_rate():
    random, factors = np.random.default_rng(8), [Factor(name, 0.0, 1.0) for name in "abcdef"]
    trials = 400
    named = 0
    for seed in range(trials):
        means = {"arm": random.normal(0.3, 1.0, 40), BASELINE_ARM: np.zeros(40)}
        named += synthetic_robustness(means, draw_plausible_models(factors, 40, seed), factors).main_driver is not None
    # The largest rate that chance gives with a probability above 1 in 1,000 where the true one is 5 %.
    assert named <= stats.binom.ppf(0.999, trials, SIGNIFICANCE_LEVEL)


def test_any_number_of_models_may_flip():
    models = draw_plausible_models(FACTORS, 30, 5)
    for number in range(31):
        found = synthetic_robustness(
            {"arm": np.where(np.arange(30) < number, -1.0, 1.0), BASELINE_ARM: np.zeros(30)}, models, FACTORS
        )
        assert len(found.best_arm_drivers) == (0 if number in {0, 30} else 3)
        values = found.best_arm_drivers[["distance", "p_value", "p_adjusted"]].to_numpy(float)
        assert ((values >= 0.0) & (values <= 1.0)).all()


def holm_adjust(p_values):
    """Return p-values adjusted by Holm's procedure, in their own order: the definition, one after the other."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    found, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        found[place] = largest
    return found


def test_the_definition_of_holm_gives_worked_values():
    assert holm_adjust([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm_adjust([0.5, 0.001, 0.9]) == pytest.approx([1.0, 0.003, 1.0])


@given(st.integers(0, 10_000), st.integers(1, 29))
def test_flips_are_kolmogorov_smirnov_tests_adjusted_by_holm(seed, holding):
    random = np.random.default_rng(seed)
    models = pd.DataFrame({factor.path: random.random(30) for factor in FACTORS})
    stays = random.permutation(np.arange(30) < holding)
    table = synthetic_robustness(
        {"arm": np.where(stays, 1.0, -1.0), BASELINE_ARM: np.zeros(30)}, models, FACTORS
    ).best_arm_drivers
    tests = [stats.ks_2samp(models[path][stays], models[path][~stays]) for path in table["parameter"]]
    np.testing.assert_allclose(table["distance"], [one.statistic for one in tests])
    np.testing.assert_allclose(table["p_value"], [one.pvalue for one in tests])
    np.testing.assert_allclose(table["p_adjusted"], holm_adjust(table["p_value"]))
    assert table["p_value"].is_monotonic_increasing


@given(arrays(np.float64, st.tuples(st.integers(2, 12), st.just(4)), elements=st.integers(-3, 3).map(float)))
def test_shares_and_regrets_are_those_of_their_definition(values):
    names = ("first", "second", BASELINE_ARM, "last")
    found = synthetic_robustness(dict(zip(names, values.T, strict=True)))
    table = found.arms.set_index("arm")
    best = values.max(axis=1)
    assert table["share_best"].sum() == pytest.approx(1.0)
    assert (table["regret_mean"] >= 0.0).all()
    assert (table["regret_worst"] >= table["regret_mean"]).all()
    assert table["share_above_baseline"][BASELINE_ARM] == 0.0
    for place, name in enumerate(names):
        assert table["regret_mean"][name] == pytest.approx((best - values[:, place]).mean())
        assert table["regret_worst"][name] == (best - values[:, place]).max()
        assert table["share_above_baseline"][name] == np.mean(values[:, place] > values[:, 2])
        assert table["value"][name] == pytest.approx(values[:, place].mean())
        assert (table["share_best"][name] > 0) == (values[:, place] == best).any()
    assert found.best_stability == np.mean(values[:, 0] == best)
    ordered = [all(a >= b for a, b in pairwise(row)) for row in values.tolist()]
    assert found.ranking_stability == np.mean(ordered)
    assert found.ranking_stability <= found.best_stability


def test_less_is_better_where_the_measure_says_so():
    values = {"low": [1.0, 2.0], BASELINE_ARM: [3.0, 1.0]}
    table = synthetic_robustness(values, measure="event_rate").arms.set_index("arm")
    assert table["share_best"].to_dict() == {"low": 0.5, BASELINE_ARM: 0.5}
    assert table["regret_worst"].to_dict() == {"low": 1.0, BASELINE_ARM: 2.0}
    assert table["value"].to_dict() == {"low": 1.5, BASELINE_ARM: 2.0}
    assert table["share_above_baseline"]["low"] == 0.5


def test_64_models_are_tried_unless_told_otherwise():
    """As the guide says, and of one world each where that is asked: the smallest comparison there is."""
    tiny = PLAIN.replace({"horizon": 1, "replicates": 1})
    found = robustness(qs.compare(tiny, {"coached": tiny.with_policy("coaching")}, measure="event_rate"), replicates=1)
    assert (found.requested_models, len(found.models), len(found.means)) == (64, 64, 64)


def test_two_models_are_enough_and_one_is_not(comparison):
    assert len(robustness(comparison, 2, 1).models) == 2
    assert "at least 2 with 1" in str(only_fault(robustness, comparison, 1, 1))
