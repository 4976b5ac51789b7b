"""Rules where they reach their ends: chances too small to matter, no load and no time, and curves of any steepness."""

import math

import pytest

from qispread.model.rules import capacity, deciding, outcome


@pytest.mark.parametrize("utility", [-600.0, -640.0, -695.0])
def test_a_small_chance_is_no_smaller_than_it_is(utility):
    """1 / (1 + exp(u)) is exp(-u) to all digits where exp(-u) is tiny."""
    assert deciding.logistic(utility) == pytest.approx(math.exp(utility), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("utility", [-710.0, -1e6, -math.inf])
def test_a_chance_too_small_for_a_number_is_none(utility):
    assert deciding.logistic(utility) == 0.0


def test_without_load_everything_gets_its_full_dose_even_without_time():
    assert capacity.dose(0.0, 0.0) == 1.0
    assert capacity.dose(0.25, 0.25) == 1.0
    assert capacity.dose(0.0, 0.25) == 0.0


@pytest.mark.parametrize("steepness", [0.5, 1.0, 2.0, 2.7, 3.0, 3.0 * 1.1, 3.3, 4.0, 10.0])
def test_the_response_curve_has_the_steepness_that_is_asked(steepness):
    """F^s (1 + m^s) / (F^s + m^s) with m = 0.5: at F = 0.5 it is (1 + m^s) / 2, and at 0.8 F^s is 1.6^s times m^s."""
    half = outcome.response_constant(0.5, steepness)
    assert half == pytest.approx(math.exp(-steepness * math.log(2.0)))
    assert outcome.response_to_fidelity(0.5, half, steepness) == pytest.approx((1.0 + half) / 2.0, rel=1e-12)
    times = math.exp(steepness * math.log(1.6))
    assert outcome.response_to_fidelity(0.8, half, steepness) == pytest.approx(
        times * (1.0 + half) / (times + 1.0), rel=1e-12
    )
    assert outcome.response_to_fidelity(1.0, half, steepness) == 1.0
