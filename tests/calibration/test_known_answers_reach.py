"""How lonely an observation is among runs, and how sure a share is, where both can be counted by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest

from qispread.runs.calibration.self_check import SelfCheck, prior_predictive_check

ON_A_LINE = np.arange(11.0)[:, None]
"""Eleven runs that show 0, 1, ..., 10."""


def lonely(observed, company):
    """Return the share of the runs on the line that are as lonely as what was observed, without errors."""
    return prior_predictive_check(ON_A_LINE, np.array([observed]), scales=np.zeros(1), neighbours=company).isolation


@pytest.mark.parametrize(("observed", "as_lonely"), [(5.5, 11), (10.9, 2), (12.0, 0)])
def test_runs_on_a_line_with_a_company_of_two(observed, as_lonely):
    """A run within the line has neighbours at 1 and 1, mean 1; one at its end at 1 and 2, mean 1.5.

    From 5.5 the nearest two are at 0.5 and 0.5, from 10.9 at 0.9 and 1.9 (mean 1.4), from 12 at 2 and 3. What was
    observed counts as one more that is as lonely as itself.
    """
    assert lonely(observed, 2) == pytest.approx((as_lonely + 1) / 12)


@pytest.mark.parametrize(("observed", "as_lonely"), [(9.9, 11), (10.1, 4), (10.7, 2), (11.1, 0)])
def test_runs_on_a_line_with_a_company_of_four(observed, as_lonely):
    """Means of four distances: 1.5 within the line, (1 + 1 + 2 + 3) / 4 = 1.75 next to an end, 2.5 at an end.

    From 9.9 they are 0.1, 0.9, 1.9 and 2.9 (mean 1.45), and all are as lonely; from 10.1 they are 0.1, 1.1, 2.1 and
    3.1 (1.6); from 10.7 the mean is 2.2, from 11.1 it is 2.6.
    """
    assert lonely(observed, 4) == pytest.approx((as_lonely + 1) / 12)


@pytest.mark.parametrize("seed", [0, 1])
def test_company_is_all_others_where_there_are_fewer_runs(seed):
    """Of 0, 1, 2 and 6 with all three others: mean distances 3, 7/3, 7/3 and 5; from 3 it is 2, from 8.5 it is 5.5."""
    runs = np.array([0.0, 1.0, 2.0, 6.0])[:, None]
    found = prior_predictive_check(runs, np.array([3.0]), scales=np.zeros(1), seed=seed)
    assert found.isolation == pytest.approx(1.0)
    assert found.neighbour_shares == pytest.approx([0.75])
    far = prior_predictive_check(runs, np.array([8.5]), scales=np.zeros(1), seed=seed)
    assert far.isolation == pytest.approx(1 / 5)
    nearer = prior_predictive_check(runs, np.array([5.0]), scales=np.zeros(1), seed=seed)
    assert nearer.isolation == pytest.approx(3 / 5), "1, 3 and 4 (mean 8/3): as lonely are those at 0 and 6"


def test_what_equals_a_run_lies_above_half_of_it():
    """Of eleven runs five lie below 5 and one is 5."""
    assert prior_predictive_check(ON_A_LINE, np.array([5.0]), scales=np.zeros(1)).neighbour_shares == pytest.approx(
        [5.5 / 11]
    )


@pytest.mark.parametrize(("covered", "truths"), [(0, 8), (3, 8), (8, 8), (45, 50), (180, 200), (1, 3)])
def test_the_interval_of_a_share_of_truths_is_wilsons(covered, truths):
    check = SelfCheck(np.zeros(1), np.zeros((1, 1)), truths)
    expected = binomtest(covered, truths).proportion_ci(0.95, "wilson")
    low, high = check.interval(np.array([covered / truths]))
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)
