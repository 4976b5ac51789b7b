"""The variance of single runs is split into parameters, worlds and what both do together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qispread.analysis.variance_components import additive_point_means, split_variance
from qispread.runs.sweep.sweep_outcomes import is_nearly_constant, replicate_means


def crossed_values(variances, points=1500, worlds=60, seed=1):
    """Return values whose points, worlds and rest have these variances."""
    rng = np.random.default_rng(seed)
    of_points, of_worlds, of_both = (
        rng.normal(scale=variance**0.5, size=size)
        for variance, size in zip(variances, ((points, 1), (1, worlds), (points, worlds)), strict=True)
    )
    return 5.0 + of_points + of_worlds + of_both


def drop_values(values, share, seed=2):
    """Return values of which a share is missing."""
    gone = np.random.default_rng(seed).random(values.shape) < share
    return np.where(gone, np.nan, values)


def variance_error(worlds):
    """Return by how much an estimate of the variance of so many worlds errs, as a share: two standard errors."""
    return 2.0 * (2.0 / (worlds - 1)) ** 0.5


@pytest.mark.parametrize("variances", [(4.0, 2.0, 1.0), (0.1, 2.0, 1.0), (3.0, 0.1, 5.0)])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_known_variances_are_recovered(variances, missing):
    found = split_variance(drop_values(crossed_values(variances), missing))
    got = np.array([found.parameters, found.between_replicates, found.both]) * found.variance
    tolerance = np.array([variance_error(1500), variance_error(60), 0.01]) * variances
    assert (np.abs(got - variances) <= tolerance + 0.02).all()
    assert found.parameters + found.between_replicates + found.both == pytest.approx(1.0)


def test_noise_of_points_is_the_rest_over_the_worlds():
    found = split_variance(crossed_values((1.0, 3.0, 8.0), worlds=4))
    assert found.noise_of_points == pytest.approx(2.0 / 3.0, abs=0.07)
    assert split_variance(crossed_values((0.0, 1.0, 1.0))).noise_of_points == pytest.approx(1.0, abs=0.06)


def test_parameters_that_do_nothing_have_no_share():
    found = [
        split_variance(crossed_values((0.0, 1.0, 2.0), points=100, worlds=10, seed=seed)).parameters
        for seed in range(40)
    ]
    assert np.mean(found) < 0.01


def test_what_worlds_do_to_all_points_alike_changes_nothing_but_their_own_share():
    values = crossed_values((1.0, 0.0, 1.0), points=50, worlds=8)
    moved = values + np.linspace(-9.0, 9.0, 8)
    one, other = split_variance(values), split_variance(moved)
    assert other.parameters * other.variance == pytest.approx(one.parameters * one.variance)
    assert other.both * other.variance == pytest.approx(one.both * one.variance)
    assert other.noise_of_points == pytest.approx(one.noise_of_points)


@pytest.mark.parametrize("shape", [(10, 1), (1, 10), (1, 1)])
def test_one_world_or_one_point_cannot_tell(shape):
    assert split_variance(np.arange(float(np.prod(shape))).reshape(shape)) is None


def test_nothing_that_differs_has_no_split():
    assert split_variance(np.full((5, 4), 0.3)) is None


def test_levels_are_means_where_nothing_is_missing():
    values = crossed_values((1.0, 1.0, 1.0), points=20, worlds=5)
    assert (additive_point_means(values) == values.mean(axis=1)).all()


def test_levels_do_not_move_with_the_worlds_that_are_missing():
    of_points, of_worlds = np.arange(12.0), np.array([0.0, 50.0, -20.0, 7.0])
    values = drop_values(of_points[:, None] + of_worlds, 0.3)
    levels, means = additive_point_means(values), replicate_means(values)
    assert np.diff(levels) == pytest.approx(np.diff(of_points), abs=1e-8)
    assert np.abs(np.diff(means) - np.diff(of_points)).max() > 5.0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 1.0))
def test_a_level_is_missing_where_all_of_its_worlds_are(seed, share):
    values = drop_values(crossed_values((1.0, 1.0, 1.0), points=9, worlds=4), share, seed)
    assert (np.isnan(additive_point_means(values)) == np.isnan(values).all(axis=1)).all()
    found = split_variance(values)
    assert (
        found is None
        or np.isfinite([found.parameters, found.between_replicates, found.both, found.noise_of_points]).all()
    )


def test_rounding_is_no_difference():
    assert is_nearly_constant(np.full(9, 0.1) + np.arange(9) * 1e-17)
    assert is_nearly_constant(np.zeros(3))
    assert not is_nearly_constant(np.array([0.0, 1e-3]))
