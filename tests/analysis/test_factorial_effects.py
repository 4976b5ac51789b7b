"""Factorial effects: known coefficients are given back, identities hold, and real runs give what tables say."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import qispread as qs
from all_features import all_features_scenario
from qispread.analysis.factorial_effects import (
    combination_name,
    effect_contrasts,
    factor_combinations,
    factorial_effects,
)
from qispread.model.engines.simulation import ReplicateRun, Runs
from qispread.model.measures import MEASURE_NAMES, MEASURE_REGISTRY
from qispread.runs.comparison import BASELINE_ARM, Comparison
from qispread.runs.comparison.paired_statistics import CONFIDENCE_LEVEL

PLAIN = all_features_scenario(policies={}, horizon=24, replicates=6).replace({"hearing.broadcast": 0.05})
LEVERS = {
    "coached": PLAIN.with_policy("coaching", support=0.9),
    "pushed": PLAIN.with_policy("mandate"),
    "timed": PLAIN.with_policy("protected_time"),
}
SHORT = qs.Scenario(horizon=1)
COEFFICIENTS = st.floats(-100, 100)


def synthetic_comparison(factors, value, worlds=1):
    """Return a comparison whose every measure is `value(levels, world)`, a level of 1 or 0 for each factor."""
    runs = {}
    for names in factor_combinations(factors):
        levels = [int(name in names) for name in factors]
        runs[combination_name(names)] = Runs(
            SHORT, [constant_run(value(levels, world), world) for world in range(worlds)]
        )
    return Comparison(runs, factors=factors)


def constant_run(value, world):
    """Return a run in which every measure is a value at the end."""
    return ReplicateRun(world, np.full((2, 2, len(MEASURE_NAMES)), float(value)), np.zeros((11, 2)), None)


def effects_by_term(comparison, measure="effect"):
    """Return the effects on one measure by kind and term."""
    table = factorial_effects(comparison)
    return table[table["measure"] == measure].set_index(["kind", "term"])


def test_two_factors_give_back_their_coefficients():
    a, b, c, d = 7.0, 3.0, -2.0, 5.0
    found = effects_by_term(
        synthetic_comparison(("x", "y"), lambda level, _: a + b * level[0] + c * level[1] + d * level[0] * level[1])
    )
    assert found["effect"].to_dict() == {
        ("main", "x"): b + d / 2,
        ("main", "y"): c + d / 2,
        ("interaction", "x x y"): d / 2,
        ("alone", "x"): b,
        ("alone", "y"): c,
        ("together", "x x y"): b + c + d,
        ("beyond", "x x y"): d,
    }


def test_three_factors_whose_doubles_alone_act_have_no_threefold_effect():
    found = effects_by_term(
        synthetic_comparison(("x", "y", "z"), lambda level, _: 4.0 * level[0] * level[1] + 8.0 * level[1] * level[2])
    )
    assert found["effect"]["interaction", "x x y x z"] == 0.0
    assert found["effect"]["interaction", "x x y"] == 2.0
    assert found["effect"]["interaction", "x x z"] == 0.0
    assert found["effect"]["interaction", "y x z"] == 4.0
    assert found["effect"]["main", "y"] == 6.0
    assert found["effect"]["beyond", "x x y x z"] == 12.0


@given(st.data(), st.integers(2, 4))
def test_an_effect_is_twice_the_coefficient_of_levels_from_minus_1_to_1(data, number):
    factors = tuple("wxyz"[:number])
    terms = factor_combinations(factors)
    known = dict(zip(terms, data.draw(st.lists(COEFFICIENTS, min_size=len(terms), max_size=len(terms))), strict=True))

    def value(levels, _):
        signs = dict(zip(factors, (2 * level - 1 for level in levels), strict=True))
        return sum(one * np.prod([signs[name] for name in names]) for names, one in known.items())

    found = effects_by_term(synthetic_comparison(factors, value))["effect"]
    for names in terms[1:]:
        kind = "main" if len(names) == 1 else "interaction"
        assert found[kind, " x ".join(names)] == pytest.approx(2.0 * known[names], abs=1e-9)


@given(st.data(), st.integers(2, 4))
def test_effects_add_up_to_what_all_do_together(data, number):
    factors = tuple("wxyz"[:number])
    values = dict(
        zip(product((0, 1), repeat=number), data.draw(st.lists(COEFFICIENTS, min_size=16, max_size=16)), strict=False)
    )
    found = effects_by_term(synthetic_comparison(factors, lambda levels, _: values[tuple(levels)]))["effect"]
    whole = " x ".join(factors)
    assert found["together", whole] == pytest.approx(values[(1,) * number] - values[(0,) * number], abs=1e-9)
    alone = found["alone"].sum()
    assert found["beyond", whole] == pytest.approx(found["together", whole] - alone, abs=1e-9)
    odd = [effect for (kind, term), effect in found.items() if kind in {"main", "interaction"} and is_odd_term(term)]
    assert sum(odd) == pytest.approx(found["together", whole], abs=1e-9)


def is_odd_term(term):
    """Return whether a term is of an odd number of factors."""
    return len(term.split(" x ")) % 2 == 1


@pytest.mark.parametrize("number", [2, 3, 6])
def test_effects_ask_different_things(number):
    factors = tuple("uvwxyz"[:number])
    every = factor_combinations(factors)
    found = {
        term: weights for kind, term, weights in effect_contrasts(factors, every) if kind in {"main", "interaction"}
    }
    weights = np.array(list(found.values()))
    assert weights.shape == (2**number - 1, 2**number)
    np.testing.assert_array_equal(weights.sum(axis=1), 0.0)
    np.testing.assert_array_equal(weights @ weights.T, np.eye(len(weights)) * 2.0 ** (2 - number))


def test_what_is_the_same_in_every_combination_has_no_effect_at_all():
    table = factorial_effects(synthetic_comparison(("x", "y", "z"), lambda _, world: 0.1 + world, worlds=5))
    assert (table[["effect", "low", "high"]] == 0.0).all(axis=None)


def test_worlds_without_the_measure_in_some_combination_are_left_out():
    table = factorial_effects(
        synthetic_comparison(("x", "y"), lambda level, world: np.nan if world == 2 and level[0] else world, worlds=5)
    )
    assert (table["replicates"] == 4).all()
    assert (table["effect"] == 0.0).all()


def test_intervals_are_those_of_the_contrast_world_by_world():
    random = np.random.default_rng(3)
    drawn = {(x, y): random.normal(x + y, 1.0, 9) for x, y in product((0, 1), repeat=2)}
    row = effects_by_term(synthetic_comparison(("x", "y"), lambda level, world: drawn[tuple(level)][world], 9)).loc[
        "interaction", "x x y"
    ]
    apart = (drawn[1, 1] - drawn[0, 1] - drawn[1, 0] + drawn[0, 0]) / 2.0
    interval = stats.ttest_1samp(apart, 0.0).confidence_interval(CONFIDENCE_LEVEL)
    assert (row["effect"], row["low"], row["high"]) == pytest.approx((apart.mean(), interval.low, interval.high))


def test_a_comparison_without_combinations_has_no_effects():
    with pytest.raises(qs.InputError, match="does not have all combinations"):
        factorial_effects(Comparison(synthetic_comparison(("x", "y"), lambda *_: 1.0).runs))


@pytest.fixture(scope="module")
def comparison():
    return qs.compare(PLAIN, LEVERS, factorial=True)


def test_every_combination_is_the_run_of_its_policies(comparison):
    assert comparison.factors == tuple(LEVERS)
    both = PLAIN.with_policy("coaching", support=0.9).with_policy("protected_time")
    alone = qs.simulate(both)
    assert comparison.runs["coached+timed"].measures.tobytes() == alone.measures.tobytes()
    assert len(comparison.runs) == 8


@pytest.mark.parametrize("measure", ["current_use", "events_averted", "fidelity", "staff_time"])
def test_effects_of_real_runs_are_found_again_from_the_tables_of_months(comparison, measure):
    worlds = []
    for arm, runs in comparison.runs.items():
        months = runs.months
        last = months[(months["month"] == PLAIN.horizon) & (months["intervention"] == "all")]
        worlds.append(pd.Series(last[measure].to_numpy(), name=arm))
    ends = pd.concat(worlds, axis=1).dropna()
    found = effects_by_term(comparison, measure)
    with_it = [arm for arm in ends if "coached" in arm.split("+")]
    main = ends[with_it].mean(axis=1) - ends.drop(columns=with_it).mean(axis=1)
    assert found["effect"]["main", "coached"] == pytest.approx(main.mean())
    alone = sum((ends[name] - ends[BASELINE_ARM]).mean() for name in LEVERS)
    together = (ends["coached+pushed+timed"] - ends[BASELINE_ARM]).mean()
    assert found["effect"]["beyond", "coached x pushed x timed"] == pytest.approx(together - alone)
    assert (found["replicates"] == len(ends)).all()


def test_a_factor_alone_is_the_difference_of_its_arm(comparison):
    for measure in ("current_use", "event_rate", "events_averted"):
        found = effects_by_term(comparison, measure)
        for arm in LEVERS:
            one = comparison.difference(arm, measure)
            for name, other in {"effect": "difference", "low": "low", "high": "high"}.items():
                assert found[name]["alone", arm] == pytest.approx(one[other], abs=1e-12)


def test_there_is_a_row_for_each_effect_on_each_measure(comparison):
    table = factorial_effects(comparison)
    assert len(table) == len(MEASURE_REGISTRY) * (7 + 3 + 2)
    assert not table.duplicated(["kind", "term", "measure"]).any()
    assert table["kind"].unique().tolist() == ["main", "interaction", "alone", "together", "beyond"]


def test_a_policy_for_nobody_has_no_effect_and_takes_part_in_none():
    idle = {"coached": LEVERS["coached"], "idle": PLAIN.with_policy("mandate", target="nobody")}
    table = factorial_effects(qs.compare(PLAIN, idle, replicates=4, factorial=True))
    concerned = table[
        table["term"].str.contains("idle") & table["kind"].isin(["main", "interaction", "alone", "beyond"])
    ]
    assert (concerned[["effect", "low", "high"]].dropna() == 0.0).all(axis=None)
    assert len(concerned) == 4 * len(MEASURE_REGISTRY)
