"""Standings: the frontier of cost and effect is what is worth most at some willingness, and the rest is dominated."""

import math

from hypothesis import given
from hypothesis import strategies as st

from qispread.analysis.economics import find_dominance
from qispread.runs.comparison import BASELINE_ARM

FRONTIER = "on the frontier"


def test_standings_of_a_worked_example():
    # From the cheapest: 2 does less than 1 for more; 3 lies below the line from 1 to 4; 5 below that from 4 to 6.
    cost = {BASELINE_ARM: 0.0, "1": 10.0, "2": 12.0, "3": 20.0, "4": 30.0, "5": 60.0, "6": 70.0, "7": 80.0}
    effect = {BASELINE_ARM: 0.0, "1": 5.0, "2": 4.0, "3": 6.0, "4": 10.0, "5": 11.0, "6": 12.0, "7": 12.0}
    assert find_dominance(cost, effect) == {
        BASELINE_ARM: FRONTIER,
        "1": FRONTIER,
        "2": "dominated by 1",
        "3": "dominated by a mix of 1 and 4",
        "4": FRONTIER,
        "5": "dominated by a mix of 4 and 6",
        "6": FRONTIER,
        "7": "dominated by 6",
    }


def test_a_mix_that_dominates_is_of_arms_on_the_frontier():
    standings = find_dominance(
        {BASELINE_ARM: 0.0, "a": 1.0, "b": 2.0, "c": 3.0}, {BASELINE_ARM: 0.0, "a": 0.1, "b": 1.0, "c": 4.0}
    )
    assert standings == {
        BASELINE_ARM: FRONTIER,
        "a": "dominated by a mix of baseline and c",
        "b": "dominated by a mix of baseline and c",
        "c": FRONTIER,
    }


def test_arms_that_are_equal_or_on_one_line_are_all_on_the_frontier():
    equal = find_dominance({BASELINE_ARM: 0.0, "a": 3.0, "b": 3.0}, {BASELINE_ARM: 1.0, "a": 2.0, "b": 2.0})
    assert set(equal.values()) == {FRONTIER}
    line = {str(step): 0.1 * step for step in range(12)}
    assert set(find_dominance(line, {name: 3.0 * cost + 7.0 for name, cost in line.items()}).values()) == {FRONTIER}


POINTS = st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 20)), min_size=1, max_size=8)


def is_best_at_some_willingness(points, place):
    """Return whether a point has the largest net benefit at some willingness, and none is as good in both and better.

    The willingness w >= 0 must satisfy w (e - e') >= c - c' for every other point (c', e').
    """
    cost, effect = points[place]
    least, most = 0.0, math.inf
    for other_cost, other_effect in points:
        if other_cost <= cost and other_effect >= effect and (other_cost, other_effect) != (cost, effect):
            return False
        if other_effect < effect:
            least = max(least, (cost - other_cost) / (effect - other_effect))
        elif other_effect > effect:
            most = min(most, (other_cost - cost) / (other_effect - effect))
    return least <= most + 1e-9


@given(POINTS)
def test_the_frontier_is_what_is_worth_most_at_some_willingness(points):
    cost = {str(place): float(one) for place, (one, _) in enumerate(points)}
    effect = {str(place): float(one) for place, (_, one) in enumerate(points)}
    found = find_dominance(cost, effect)
    for place in range(len(points)):
        assert (found[str(place)] == FRONTIER) == is_best_at_some_willingness(points, place)


@given(POINTS)
def test_what_dominates_does_no_less_for_no_more(points):
    cost = {str(place): float(one) for place, (one, _) in enumerate(points)}
    effect = {str(place): float(one) for place, (_, one) in enumerate(points)}
    for arm, standing in find_dominance(cost, effect).items():
        words = standing.removeprefix("dominated by ").removeprefix("a mix of ").split(" and ")
        if standing == FRONTIER:
            continue
        if len(words) == 1:
            assert cost[words[0]] <= cost[arm]
            assert effect[words[0]] >= effect[arm]
        else:
            part = (cost[arm] - cost[words[0]]) / (cost[words[1]] - cost[words[0]])
            assert 0.0 < part < 1.0
            assert (1 - part) * effect[words[0]] + part * effect[words[1]] > effect[arm]
