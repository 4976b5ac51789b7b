"""Which runs a posterior is made of and how heavily, worked by hand: Epanechnikov's 1 - (d / h)^2 (beaumont2002)."""

import numpy as np
import pytest

from qispread.runs.calibration.abc_posterior import (
    INTERVAL_LEVELS,
    ParameterPosterior,
    column_spreads,
    estimate_posterior,
    kish_sample_size,
    select_nearest,
    tail_probabilities,
    variance_inflation,
)


def test_weights_fall_with_the_square_of_the_distance():
    rows, weights, radius = select_nearest(np.array([3.0, 0.0, 4.0, 1.0, 2.0]), 4)
    assert radius == 4.0
    assert rows.tolist() == [0, 1, 3, 4]
    assert weights == pytest.approx([7.0 / 16.0, 1.0, 15.0 / 16.0, 3.0 / 4.0])


def test_the_radius_is_that_of_the_first_run_left_out_or_of_the_last_where_none_is():
    distance = np.array([1.0, 2.0, 5.0])
    assert select_nearest(distance, 2)[2] == 5.0
    rows, weights, radius = select_nearest(distance, 3)
    assert (rows.tolist(), radius) == ([0, 1, 2], 5.0)
    assert weights == pytest.approx([24.0 / 25.0, 21.0 / 25.0, 0.0])


def test_runs_that_are_all_as_near_weigh_alike():
    assert select_nearest(np.full(4, 2.0), 3)[1].tolist() == [1.0, 1.0, 1.0]
    assert select_nearest(np.zeros(4), 3)[1].tolist() == [1.0, 1.0, 1.0]


def test_of_runs_equally_far_the_first_are_kept():
    assert select_nearest(np.array([1.0, 2.0, 1.0, 2.0, 2.0]), 3)[0].tolist() == [0, 1, 2]


def test_spreads_are_scaled_median_deviations():
    """Of 0, 1, 2, 3, 100 the median is 2 and the deviations 2, 1, 0, 1, 98: their median is 1."""
    values = np.array([[0.0, 7.0], [1.0, 7.0], [2.0, 7.0], [3.0, 7.0], [100.0, 12.0]])
    assert column_spreads(values) == pytest.approx([1.4826, 2.0])


def test_a_posterior_has_these_weights():
    """Summaries 0 to 99 in steps of one, 0 observed, no error: distances are in spreads, which cancel in d / h."""
    summaries = np.arange(100.0)[:, None]
    found = estimate_posterior(
        summaries / 100.0,
        summaries,
        np.array([0.0]),
        bounds=np.array([[0.0, 1.0]]),
        scales=np.array([0.0]),
        accept=0.4,
    )
    expected = 1.0 - np.square(np.arange(40.0) / 40.0)
    assert found.run_indices.tolist() == list(range(40))
    assert found.radius == pytest.approx(40.0 / (1.4826 * 25.0))
    assert found.weights == pytest.approx(expected / expected.sum())
    assert found.effective_sample_size == pytest.approx(expected.sum() ** 2 / np.square(expected).sum())


def test_effective_numbers_and_tails():
    assert kish_sample_size(np.array([1.0, 1.0, 2.0])) == pytest.approx(16.0 / 6.0)
    assert tail_probabilities(0.9) == pytest.approx([0.05, 0.95])
    assert INTERVAL_LEVELS == (0.5, 0.9, 0.95)


@pytest.mark.parametrize("weight", [0.01, 0.5, 1.0, 7.0])
def test_residuals_are_widened_alike_whatever_the_weights_sum_to(weight):
    """For n draws alike and a mean alone the leverage is 1 / n: f^2 = n / (n - 2) (1 + 1 / n), 10/8 * 11/10 for ten."""
    assert variance_inflation(np.ones((10, 1)), np.full(10, weight)) == pytest.approx(np.sqrt(11.0 / 8.0))


def test_few_draws_are_widened_by_no_more_than_their_number():
    """Two draws and one coefficient leave 2 - 2 = 0 to divide by, for which 1 is taken: f^2 = 2 (1 + 1/2)."""
    assert variance_inflation(np.ones((2, 1)), np.ones(2)) == pytest.approx(np.sqrt(3.0))


def test_draws_of_equal_weight_are_found_where_rounding_leaves_the_weights_short_of_1():
    """A million weights of 5e-17 are lost in a running sum, and this seed looks for a share above what is left.

    All other shares lie within the first weight; the last is that of the last draw.
    """
    number = 1_000_000
    weights = np.concatenate([[1.0 - 5e-11], np.full(number, 5e-17)])
    draws = np.arange(number + 1.0)[:, None]
    found = ParameterPosterior(draws, weights, draws, np.arange(number + 1), 1.0, 0).resample(number, seed=16283)
    assert found[-1, 0] == number
    assert not found[:-1].any()
