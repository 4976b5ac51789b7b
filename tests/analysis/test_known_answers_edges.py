"""Statistics of very few: one world, no world, a group of two, runs equally near; each answer is plain."""

import numpy as np
import pandas as pd
import pytest

from helpers_input import only_fault
from qispread.analysis.case_thresholds import CaseThreshold, parse_threshold
from qispread.analysis.discovery import display_limits
from qispread.analysis.economics import dominates, efficiency_frontier, fieller_interval, values_by_arm
from qispread.analysis.prim import NumberRange
from qispread.analysis.rbd_fast import estimate_first_order
from qispread.analysis.run_charts import spread_ranks
from qispread.runs.calibration.abc_posterior import select_nearest
from qispread.runs.sweep.sweep_outcomes import is_nearly_constant


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0], [3.0, 3.0, 3.0], [1.0, 1.0 + 1e-12]])
def test_nothing_zeros_and_rounding_do_not_vary(values):
    assert is_nearly_constant(np.array(values))


@pytest.mark.parametrize("values", [[0.0, 1e-300], [1.0, 1.0 + 1e-8], [-1.0, 1.0]])
def test_whatever_else_differs_varies(values):
    assert not is_nearly_constant(np.array(values))


def test_a_point_without_worlds_is_no_case():
    values = np.array([[np.nan, np.nan], [1.0, np.nan], [1.0, 0.0], [0.0, 0.0]])
    levels = np.array([np.nan, 1.0, 0.5, 0.0])
    assert CaseThreshold("above", 0.4, 0.6).classify(levels, values).tolist() == [False, True, False, False]
    assert CaseThreshold("below", 0.4, 0.5).classify(levels, values).tolist() == [False, False, True, True]
    assert CaseThreshold("above", 0.4).classify(levels, values).tolist() == [False, True, True, False]


@pytest.mark.parametrize("distance", [0.0, 0.5, 3.0])
def test_runs_that_are_equally_near_count_alike(distance):
    """No run is nearer than the first that is not kept: a weight of nothing each would leave no posterior."""
    rows, weights, radius = select_nearest(np.full(6, distance), 4)
    assert rows.tolist() == [0, 1, 2, 3]
    assert weights.tolist() == [1.0] * 4
    assert radius == distance


def test_runs_count_by_their_distance_where_these_differ():
    """The first run that is not kept is at 2: those at 0, 1 and 1 count 1 and 1 - 1/4."""
    rows, weights, radius = select_nearest(np.array([2.0, 1.0, 5.0, 0.0, 1.0]), 3)
    assert (rows.tolist(), weights.tolist(), radius) == ([1, 3, 4], [0.75, 1.0, 0.75], 2.0)


def test_one_world_has_a_ratio_and_no_interval_and_two_have_one():
    """Means 4 and 2 of the pairs (4, 2), or of (3, 2) and (5, 2): t of one degree is 12.706, the error of 4 is 1."""
    ratio, low, high = fieller_interval(np.array([4.0]), np.array([2.0]))
    assert ratio == 2.0
    assert np.isnan([low, high]).all()
    assert fieller_interval(np.array([3.0, 5.0]), np.array([2.0, 2.0])) == pytest.approx(
        (2.0, 2.0 - 12.7062047 / 2.0, 2.0 + 12.7062047 / 2.0)
    )


def test_arms_stay_in_the_order_of_the_table():
    table = pd.DataFrame({"arm": ["zeal", "baseline", "zeal", "baseline", "apt"], "cost": [1.0, 2.0, 3.0, 4.0, 5.0]})
    found = values_by_arm(table, "cost")
    assert list(found) == ["zeal", "baseline", "apt"]
    assert {arm: values.tolist() for arm, values in found.items()} == {
        "zeal": [1.0, 3.0],
        "baseline": [2.0, 4.0],
        "apt": [5.0],
    }


def test_of_three_arms_the_middle_one_falls_to_a_mix_of_the_others():
    """Half of the way from (0, 0) to (2, 4) is (1, 2): 1.9 there is below, 2.1 above."""
    assert efficiency_frontier(["a", "b", "c"], {"a": (0.0, 0.0), "b": (1.0, 1.9), "c": (2.0, 4.0)}) == ["a", "c"]
    assert efficiency_frontier(["a", "b", "c"], {"a": (0.0, 0.0), "b": (1.0, 2.1), "c": (2.0, 4.0)}) == ["a", "b", "c"]


def test_first_middle_and_last_of_some_are_named_once():
    assert spread_ranks(0) == {}
    assert list(spread_ranks(1).items()) == [(0, "largest")]
    assert list(spread_ranks(2).items()) == [(0, "largest"), (1, "smallest")]
    assert list(spread_ranks(3).items()) == [(0, "largest"), (1, "median"), (2, "smallest")]
    assert list(spread_ranks(6).items()) == [(0, "largest"), (2, "median"), (5, "smallest")]


def test_twelve_values_are_few_and_thirteen_are_many():
    """Of few values each is a class of its own, and the ends of a range are values that there are."""
    numbers = np.column_stack([np.arange(156.0) % 12.0, np.arange(156.0) % 13.0]) / 2.0
    shares, _, estimators = estimate_first_order(numbers, numbers[:, 0])
    assert estimators == ["classes", "rbd_fast"]
    assert shares[0] == pytest.approx(1.0)
    few, many = numbers.T
    assert display_limits(few, NumberRange(0.8, 3.1)) == {"low": 1.0, "high": 3.0, "whole_low": 0.0, "whole_high": 5.5}
    assert display_limits(many, NumberRange(0.8, 3.1)) == {"low": 0.8, "high": 3.1, "whole_low": 0.0, "whole_high": 6.0}


@pytest.mark.parametrize(
    ("one", "other", "better"),
    [
        ((1.0, 2.0), (2.0, 2.0), True),
        ((1.0, 2.0), (1.0, 1.0), True),
        ((1.0, 2.0), (1.0, 2.0), False),
        ((1.0, 2.0), (2.0, 3.0), False),
        ((2.0, 9.0), (1.0, 1.0), False),
        ((10.0, 3.0), (20.0, 2.0), True),
    ],
)
def test_an_arm_dominates_one_that_costs_no_less_and_does_no_more(one, other, better):
    """Arms are (cost, effect)."""
    assert dominates(one, other) is better


@pytest.mark.parametrize(("below", "above", "number"), [(None, None, 0), (0.2, 0.4, 2), (0.0, 0.0, 2)])
def test_a_threshold_is_one_number(below, above, number):
    fault = only_fault(parse_threshold, below, above, None)
    assert str(fault).startswith(f"threshold: got {number} thresholds; needed: one")


@pytest.mark.parametrize(
    ("below", "above", "threshold"),
    [(0.0, None, CaseThreshold("below", 0.0)), (None, 0.5, CaseThreshold("above", 0.5))],
)
def test_a_threshold_lies_on_the_side_that_was_named(below, above, threshold):
    assert parse_threshold(below, above, None) == threshold
    assert parse_threshold(below, above, 0.9).replicate_share == 0.9
