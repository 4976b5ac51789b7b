"""The verdict rule on made-up differences, and the search for a condition."""

import numpy as np
import pytest
from experiments.condition import find_condition
from experiments.verdict import CONDITIONAL, SUPPORTED, UNSUPPORTED, judge_part, wilson_share
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from synthetic_evidence import (
    FACTORS,
    MODELS,
    PART_WITHOUT_ABLATION,
    SMALLEST_DIFFERENCE,
    synthetic_evidence,
    synthetic_models,
)


def test_a_large_difference_everywhere_that_goes_without_its_mechanism_is_supported():
    verdict = judge_part(synthetic_evidence(np.full(MODELS, 0.08)))
    assert (verdict.word, verdict.reason) == (SUPPORTED, "")
    assert (verdict.holds.value, verdict.inconclusive, verdict.matters, verdict.ablation_left) == (1.0, 0.0, 1.0, 0.0)


def test_a_sign_that_hangs_on_one_parameter_is_supported_under_a_condition_that_names_it():
    table = synthetic_models()
    gains = np.where(table["informative"] > 0.4, 0.08, -0.08)
    verdict = judge_part(synthetic_evidence(gains, table=table))
    assert verdict.word == CONDITIONAL
    threshold = verdict.condition.thresholds[0]
    assert (threshold.path, threshold.above) == ("informative", True)
    assert threshold.value == pytest.approx(0.4, abs=0.02)
    assert verdict.condition.inside > 0.97
    assert verdict.condition.outside < 0.03
    assert verdict.condition.common == pytest.approx(0.6, abs=0.08)
    assert "informative above 0." in verdict.reason


def test_two_thresholds_are_found_where_one_does_not_do():
    table = synthetic_models()
    gains = np.where((table["informative"] > 0.4) & (table["silent"] <= 0.5), 0.08, -0.08)
    verdict = judge_part(synthetic_evidence(gains, table=table))
    assert verdict.word == CONDITIONAL
    assert {one.path for one in verdict.condition.thresholds} == {"informative", "silent"}
    assert verdict.condition.inside > 0.9


def test_a_sign_that_no_parameter_explains_is_not_supported():
    gains = np.where(np.random.default_rng(3).random(MODELS) < 0.5, 0.08, -0.08)
    verdict = judge_part(synthetic_evidence(gains))
    assert verdict.word == UNSUPPORTED
    assert verdict.condition is None
    assert "no parameter separates them" in verdict.reason


def test_a_sign_that_fails_nearly_everywhere_is_not_supported_whatever_the_defaults_say():
    gains = np.where(np.arange(MODELS) % 10 == 0, 0.08, -0.08)
    assert judge_part(synthetic_evidence(gains, defaults=0.2)).word == UNSUPPORTED


def test_a_difference_too_small_at_the_defaults_is_never_plainly_supported():
    assert judge_part(synthetic_evidence(np.full(MODELS, 0.08), defaults=SMALLEST_DIFFERENCE)).word != SUPPORTED


def test_a_sign_that_holds_and_never_matters_is_not_supported():
    assert judge_part(synthetic_evidence(np.full(MODELS, SMALLEST_DIFFERENCE / 2.0))).word == UNSUPPORTED


def test_where_the_sign_holds_the_condition_is_about_where_it_matters():
    table = synthetic_models()
    gains = np.where(table["informative"] > 0.7, 0.08, 0.01)
    verdict = judge_part(synthetic_evidence(gains, table=table))
    assert verdict.word == CONDITIONAL
    assert verdict.reason.startswith("the difference matters in")


@pytest.mark.parametrize("left", [{"ablated": 0.06}, {"ablated_gains": 0.05}])
def test_an_effect_that_stays_with_the_mechanism_off_is_not_supported(left):
    verdict = judge_part(synthetic_evidence(np.full(MODELS, 0.08), **left))
    assert verdict.word == UNSUPPORTED
    assert "it has another cause" in verdict.reason


def test_less_than_a_quarter_left_is_gone():
    assert (
        judge_part(synthetic_evidence(np.full(MODELS, 0.4), defaults=0.4, ablated=0.06, ablated_gains=0.06)).word
        == SUPPORTED
    )


def test_what_says_that_nothing_happens_has_no_mechanism_to_switch_off():
    one = synthetic_evidence(
        np.full(MODELS, 0.03), defaults=0.03, ablated=np.nan, ablated_gains=np.nan, part=PART_WITHOUT_ABLATION
    )
    assert judge_part(one).word == SUPPORTED


def test_a_share_that_may_be_below_four_fifths_does_not_pass():
    gains = np.where(np.arange(MODELS) < 0.81 * MODELS, 0.08, -0.08)
    verdict = judge_part(synthetic_evidence(np.random.default_rng(5).permutation(gains)))
    assert verdict.holds.value > 0.8 > verdict.holds.low
    assert verdict.word == UNSUPPORTED


@given(st.integers(1, 500), st.integers(0, 500))
def test_the_interval_of_a_share_is_wilsons(models_in_all, count):
    count = min(count, models_in_all)
    expected = binomtest(count, models_in_all).proportion_ci(method="wilson")
    found = wilson_share(count, models_in_all)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(0, 1000))
def test_chance_seldom_makes_a_condition(seed):
    rng = np.random.default_rng(seed)
    holds = rng.random(MODELS) < 0.5
    condition = find_condition(synthetic_models(seed + 1), holds, FACTORS)
    assert condition is None or not condition.is_acceptable(0.8)
