"""Times across ties: known values, and a test that is wrong as often as it says."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED, build_tie_graph
from qispread.runs.diffusion_fit.tie_correlation import (
    PermutationTest,
    adoption_times,
    permutation_test,
    permute_within_groups,
    tie_correlation,
)
from synthetic_diffusion import build_villages, simulate_histories


def test_those_who_had_not_by_the_end_come_after_it():
    assert adoption_times(np.array([1, NEVER_ADOPTED, 7]), 9).tolist() == [1, 10, 7]


@pytest.mark.parametrize("seed", range(5))
def test_the_correlation_is_the_assortativity_of_networkx(seed):
    graph, rng = nx.gnm_random_graph(20, 45, seed=seed), np.random.default_rng(seed)
    times = rng.integers(1, 9, 20)
    nx.set_node_attributes(graph, dict(enumerate(times.tolist())), "time")
    first, second = np.array(graph.edges).T
    ours = tie_correlation(times.astype(float), build_tie_graph(first, second, np.ones(first.size), 20))
    assert ours == pytest.approx(nx.numeric_assortativity_coefficient(graph, "time"))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 2**32))
def test_shuffles_move_everybody_within_their_group(groups, seed):
    groups = np.array(groups)
    found = permute_within_groups(groups, np.random.default_rng(seed))
    assert sorted(found.tolist()) == list(range(groups.size))
    assert np.array_equal(groups[found], groups)


def test_p_counts_the_observed_among_all():
    found = PermutationTest(2.0, np.array([1.0, 2.0, 3.0, 0.0]))
    assert found.p_value == pytest.approx(3 / 5)
    assert found.p_value_error == pytest.approx(np.sqrt(0.6 * 0.4 / 4))


def test_p_counts_what_is_equal_but_for_rounding():
    assert PermutationTest(0.1 + 0.2, np.array([0.3, 0.3, 0.2])).p_value == pytest.approx(3 / 4)


def test_where_the_observed_is_not_known_there_is_no_p():
    found = PermutationTest(np.nan, np.array([0.1, np.nan, 0.3]))
    assert np.isnan([found.p_value, found.p_value_error, found.z_score]).all()


def test_shuffles_that_are_not_known_count_as_at_least_as_large_and_not_in_the_mean():
    found = PermutationTest(0.5, np.array([np.nan, 0.1, 0.3, np.nan]))
    assert found.p_value == pytest.approx(3 / 5)
    assert found.mean == pytest.approx(0.2)
    assert found.standard_deviation == pytest.approx(np.sqrt(0.02))
    nothing = PermutationTest(0.5, np.full(3, np.nan))
    assert nothing.p_value == 1.0
    assert np.isnan([nothing.mean, nothing.standard_deviation, nothing.z_score]).all()


@given(st.integers(1, 400), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12))
def test_times_that_are_all_alike_have_no_correlation_whatever_the_weights(time, weights):
    first = np.arange(len(weights))
    ties = build_tie_graph(first, first + 1, np.array(weights), len(weights) + 1)
    assert np.isnan(tie_correlation(np.full(len(weights) + 1, float(time)), ties))


@pytest.mark.slow
def test_without_contagion_p_is_below_its_level_as_often_as_it_says():
    histories = simulate_histories(build_villages(5, 16), worlds=300)
    found = np.array([permutation_test(one, 99).p_value for one in histories])
    for level in (0.05, 0.2, 0.5):
        error = np.sqrt(level * (1.0 - level) / found.size)
        assert abs(np.mean(found <= level) - level) < 3.0 * error


def test_with_contagion_p_is_mostly_small():
    histories = simulate_histories(build_villages(8, 25, degree=4), push=0.02, contact=0.15, worlds=20)
    assert np.mean([permutation_test(one, 199).p_value <= 0.05 for one in histories]) > 0.7


def test_a_difference_between_communities_is_not_taken_for_ties():
    observed = build_villages(6, 20)
    late = np.repeat(np.arange(6) % 2 == 1, 20)
    early, rare = (simulate_histories(observed, push=push)[0].adopted for push in (0.3, 0.02))
    apart = observed.with_adopted(np.where(late, rare, early))
    assert permutation_test(replace(apart, permutation_groups=np.zeros(120, dtype=np.int64)), 199).p_value < 0.02
    assert permutation_test(apart, 199).p_value > 0.05
