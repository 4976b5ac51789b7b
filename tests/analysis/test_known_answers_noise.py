"""The split of variance, against tables small enough to be worked by hand (two-way analysis of variance, searle1992).

In a full table of P points and W worlds the mean square of the rest has (P - 1)(W - 1) degrees of freedom, the
variance of points is that of their means less rest / W, and that of worlds likewise.
"""

import numpy as np
import pytest

from qispread.analysis.variance_components import split_variance

REST = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
"""Rows and columns sum to 0, so that no effect takes any of it; squares sum to 4."""
POINTS = np.array([0.0, 6.0, 12.0])[:, None]
WORLDS = np.array([0.0, 3.0, 6.0])[None, :]


def test_a_table_of_three_by_three_is_split_as_by_hand():
    """The rest: 4 over (3 - 1)(3 - 1) = 1. Points: 36 - 1/3 = 107/3. Worlds: 9 - 1/3 = 26/3. Together 136/3."""
    found = split_variance(20.0 + POINTS + WORLDS + REST)
    assert found.variance == pytest.approx(136.0 / 3.0)
    assert found.parameters == pytest.approx(107.0 / 136.0)
    assert found.between_replicates == pytest.approx(26.0 / 136.0)
    assert found.both == pytest.approx(3.0 / 136.0)
    assert found.noise_of_points == pytest.approx((1.0 / 3.0) / 36.0)


def test_degrees_of_freedom_are_of_points_and_worlds_apart():
    """Four points in two worlds, rest +-1: 8 over (4 - 1)(2 - 1) = 8/3; points 100/3 - 4/3 = 32; worlds 50 - 2/3."""
    signs = np.array([1.0, -1.0, 1.0, -1.0])[:, None] * np.array([1.0, -1.0])
    found = split_variance(np.array([-5.0, -5.0, 5.0, 5.0])[:, None] + np.array([-5.0, 5.0]) + signs)
    rest, points, worlds = 8.0 / 3.0, 32.0, 50.0 - 2.0 / 3.0
    whole = rest + points + worlds
    assert found.variance == pytest.approx(whole)
    assert (found.parameters, found.between_replicates, found.both) == pytest.approx(
        (points / whole, worlds / whole, rest / whole)
    )


def test_a_missing_run_costs_one_degree_of_freedom():
    """A least squares fit of dummies says what the rest is; nine less one values and five effects leave 3."""
    values = 20.0 + POINTS + WORLDS + REST
    values[0, 0] = np.nan
    known = ~np.isnan(values)
    point, world = np.nonzero(known)
    design = np.column_stack([point == 0, point == 1, point == 2, world == 1, world == 2]).astype(float)
    fitted, squares, _, _ = np.linalg.lstsq(design, values[known], rcond=None)
    rest = squares[0] / 3.0
    points = np.var(fitted[:3], ddof=1) - rest * (1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 3.0) / 3.0
    worlds = np.var([0.0, *fitted[3:]], ddof=1) - rest * (1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 3.0) / 3.0
    found = split_variance(values)
    whole = points + worlds + rest
    assert found.variance == pytest.approx(whole)
    assert (found.parameters, found.between_replicates, found.both) == pytest.approx(
        (points / whole, worlds / whole, rest / whole)
    )


def test_two_by_two_has_one_degree_of_freedom_and_with_a_run_missing_none():
    """Effects 0 and 10, 0 and 6 and a rest of +-1: 4 over 1; points 50 - 2 = 48; worlds 18 - 2 = 16."""
    values = np.array([[1.0, 5.0], [9.0, 17.0]])
    found = split_variance(values)
    assert found.variance == pytest.approx(68.0)
    assert (found.parameters, found.between_replicates, found.both) == pytest.approx(
        (48.0 / 68.0, 16.0 / 68.0, 4.0 / 68.0)
    )
    values[1, 1] = np.nan
    assert split_variance(values) is None


def test_a_variance_below_nothing_counts_as_nothing():
    """Points and worlds that are alike but for a rest: their own variance less its share of the rest is negative."""
    found = split_variance(REST)
    assert (found.parameters, found.between_replicates, found.both) == (0.0, 0.0, 1.0)
    assert found.variance == pytest.approx(1.0)
    assert found.noise_of_points == 1.0
