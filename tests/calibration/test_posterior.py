"""Posteriors from runs, against answers that are known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from optional import require
from qispread.inputs.errors import InputError
from qispread.runs.calibration.abc_posterior import (
    INTERVAL_LEVELS,
    add_measurement_error,
    classify_identifiability,
    estimate_posterior,
    variance_inflation,
    weighted_quantiles,
)
from qispread.runs.calibration.self_check import prior_predictive_check, self_check

SLOPES = np.array([[2.0, 0.0], [0.5, 1.5], [0.0, 1.0]])
CHANCE, ERROR = 0.05, 0.1
TRUTH = np.array([0.45, 0.6])


def synthetic_runs(number=4000, seed=1, *, idle=0):
    """Return parameters equally likely between 0 and 1, and summaries linear in the first two with normal chance."""
    draws = np.random.default_rng(seed)
    parameters = draws.random((number, 2 + idle))
    return parameters, parameters[:, :2] @ SLOPES.T + CHANCE * draws.standard_normal((number, 3))


def estimate_conditions(parameters, **named):
    return {"bounds": np.array([[0.0, 1.0]] * parameters.shape[1]), "scales": np.full(3, ERROR), **named}


def exact_posterior():
    """Return mean and standard deviations of the posterior of the made problem, its bounds being far away."""
    precision = SLOPES.T @ SLOPES / (CHANCE**2 + ERROR**2)
    return TRUTH, np.sqrt(np.diag(np.linalg.inv(precision)))


def test_a_linear_problem_has_the_posterior_that_it_should_have():
    parameters, summaries = synthetic_runs()
    found = estimate_posterior(parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters, accept=0.2))
    mean, deviation = exact_posterior()
    assert found.mean == pytest.approx(mean, abs=0.25 * deviation.max())
    assert found.deviation == pytest.approx(deviation, rel=0.15)
    assert found.median == pytest.approx(mean, abs=0.25 * deviation.max())
    for level, times in zip(INTERVAL_LEVELS, (0.674, 1.645, 1.960), strict=True):
        assert np.diff(found.interval(level), axis=1)[:, 0] == pytest.approx(2 * times * deviation, rel=0.2)


def test_uncertainty_of_what_was_observed_widens_the_posterior():
    parameters, summaries = synthetic_runs()
    wide, narrow = (
        estimate_posterior(
            parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters, scales=np.full(3, one))
        )
        for one in (0.3, 0.02)
    )
    assert np.all(wide.deviation > 1.5 * narrow.deviation)


def test_errors_that_differ_below_and_above_make_the_posterior_that_they_should():
    parameters = np.random.default_rng(3).random((20_000, 1))
    below, above = 0.12, 0.03
    found = estimate_posterior(
        parameters, parameters, np.array([0.6]), bounds=np.array([[0.0, 1.0]]), scales=np.array([[below, above]])
    )
    # Two halves of a normal that meet at 0.6, each as likely as it is wide.
    under = below / (below + above)
    shares = np.array([0.05, 0.25, 0.5, 0.95])
    exactly = np.where(
        shares < under,
        0.6 + below * ndtri(np.minimum(0.5 * shares / under, 0.5)),
        0.6 - above * ndtri(0.5 * (1.0 - shares) / (1.0 - under)),
    )
    assert found.quantiles(shares)[:, 0] == pytest.approx(exactly, abs=0.025)
    assert 0.6 - found.interval(0.9)[0, 0] > 2.0 * (found.interval(0.9)[0, 1] - 0.6)


def test_errors_have_the_sizes_of_their_sides_and_none_where_there_is_none():
    scales = np.array([[1.0, 1.0], [3.0, 1.0], [2.0, 0.0], [0.0, 0.5], [0.0, 0.0]])
    errors = add_measurement_error(np.zeros((40_000, 5)), scales, 1)
    for column, (below, above) in zip(errors.T, scales, strict=True):
        up, down = column[column > 0.0], column[column < 0.0]
        assert np.sqrt(np.square(up).sum() / max(len(up), 1)) == pytest.approx(below, rel=0.03, abs=1e-9)
        assert np.sqrt(np.square(down).sum() / max(len(down), 1)) == pytest.approx(above, rel=0.03, abs=1e-9)
    assert (errors[:, 1] > 0.0).mean() == pytest.approx(0.75, abs=0.01)
    assert errors[:, :1] == pytest.approx(add_measurement_error(np.zeros((40_000, 5)), np.ones(5), 1)[:, :1], abs=1e-12)


def test_what_the_targets_do_not_touch_is_not_identified():
    parameters, summaries = synthetic_runs(idle=1)
    found = estimate_posterior(parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters))
    assert found.identifiability == ("identified", "identified", "not identified")
    assert abs(found.shrinkage[2]) < 0.2


def test_two_that_act_only_together_are_known_only_together():
    draws = np.random.default_rng(2)
    parameters = draws.random((4000, 2))
    summaries = parameters.sum(axis=1, keepdims=True)
    bounds = np.array([[0.0, 1.0]] * 2)
    found = estimate_posterior(parameters, summaries, np.array([1.0]), bounds=bounds, scales=np.array([0.03]))
    assert found.correlation[0, 1] < -0.9
    assert found.identifiability == ("not identified", "not identified")


@settings(deadline=None, max_examples=15)
@given(st.floats(-4.0, 6.0), st.floats(-4.0, 6.0), st.floats(0.05, 1.0), st.integers(0, 99))
def test_draws_stay_within_bounds_and_weights_sum_to_one(first, second, accept, seed):
    parameters, summaries = synthetic_runs(300, seed)
    observed = np.array([first, second, first])
    found = estimate_posterior(
        parameters, summaries, observed, **estimate_conditions(parameters, accept=max(accept, 0.1))
    )
    assert np.all((found.draws >= 0.0) & (found.draws <= 1.0))
    assert found.weights.sum() == pytest.approx(1.0)
    assert np.all(found.weights >= 0.0)
    assert 1.0 <= found.effective_sample_size <= len(found.draws)
    assert np.all(np.abs(found.correlation) <= 1.0)


def test_units_of_summaries_and_parameters_do_not_matter():
    parameters, summaries = synthetic_runs(1000)
    plain = estimate_posterior(parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters))
    units = np.array([1e3, 1e-6, 7.0])
    other = estimate_posterior(
        10.0 * parameters - 3.0,
        summaries * units,
        SLOPES @ TRUTH * units,
        bounds=np.array([[-3.0, 7.0]] * 2),
        scales=ERROR * units,
    )
    assert other.run_indices.tolist() == plain.run_indices.tolist()
    assert other.mean == pytest.approx(10.0 * plain.mean - 3.0)


def test_runs_that_show_nothing_are_left_out_and_counted():
    parameters, summaries = synthetic_runs(1000)
    some = summaries.copy()
    some[::10, 1] = np.nan
    found = estimate_posterior(parameters, some, SLOPES @ TRUTH, **estimate_conditions(parameters))
    assert found.excluded_runs == 100
    assert not set(found.run_indices) & set(range(0, 1000, 10))
    assert np.isfinite(found.draws).all()


def test_a_summary_that_never_varies_tells_nothing_and_does_no_harm():
    parameters, summaries = synthetic_runs(1000)
    constant = np.column_stack([summaries, np.ones(1000)])
    scales = np.array([ERROR, ERROR, ERROR, 0.0])
    plain = estimate_posterior(parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters))
    found = estimate_posterior(
        parameters, constant, np.array([*(SLOPES @ TRUTH), 1.0]), bounds=np.array([[0.0, 1.0]] * 2), scales=scales
    )
    assert found.mean == pytest.approx(plain.mean, abs=0.05)


def test_too_few_runs_are_refused():
    parameters, summaries = synthetic_runs(100)
    with pytest.raises(InputError, match=r"accepts 10 of 100 runs .* needed: at least 26"):
        estimate_posterior(parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters))
    with pytest.raises(InputError, match="accepts 0 of 0 runs"):
        estimate_posterior(
            parameters, np.full_like(summaries, np.nan), SLOPES @ TRUTH, **estimate_conditions(parameters)
        )


def test_the_same_runs_and_seed_give_the_same_bytes():
    parameters, summaries = synthetic_runs(1000)
    first, second = (
        estimate_posterior(parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters)) for _ in range(2)
    )
    assert first.draws.tobytes() == second.draws.tobytes()
    assert first.resample(50, 3).tobytes() == second.resample(50, 3).tobytes()


def test_draws_of_equal_weight_are_draws_of_the_same_posterior():
    parameters, summaries = synthetic_runs()
    found = estimate_posterior(parameters, summaries, SLOPES @ TRUTH, **estimate_conditions(parameters))
    assert found.resample(2000).mean(axis=0) == pytest.approx(found.mean, abs=0.002)


def test_residuals_are_widened_by_what_their_regression_costs():
    # Twelve draws of equal weight, two coefficients: 12 / (12 - 4) times 1 + leverage.
    even = np.column_stack([np.ones(12), np.tile([-1.0, 1.0], 6)])
    assert variance_inflation(even, np.full(12, 0.3)) == pytest.approx(np.sqrt(1.5 * (1.0 + 1.0 / 12.0)))
    edge = np.column_stack([np.ones(12), np.tile([0.0, 2.0], 6)])
    assert variance_inflation(edge, np.ones(12)) == pytest.approx(np.sqrt(1.5 * (1.0 + 1.0 / 6.0)))
    # Weights 1 and 2 in turn: worth 18^2 / 30 = 10.8 draws; the weighted mean of what is apart is 1 / 3.
    uneven = variance_inflation(even, np.tile([1.0, 2.0], 6))
    assert uneven == pytest.approx(np.sqrt(10.8 / 6.8 * (1.0 + (1.0 / 10.8) / (1.0 - 1.0 / 9.0))))


@given(st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=30), st.floats(0.01, 0.99))
def test_equal_weights_give_ordinary_quantiles(values, share):
    column = np.array(values)[:, None]
    found = weighted_quantiles(column, np.ones(len(values)), np.array([share]))[0, 0]
    assert found == pytest.approx(np.quantile(column, share, method="hazen"), abs=1e-9)


def test_identified_follows_its_rule():
    assert [classify_identifiability(one) for one in (0.5, 0.49, 0.2, 0.19, -0.3)] == [
        "identified",
        "partly",
        "partly",
        "not identified",
        "not identified",
    ]


def test_synthetic_truths_are_found_again_as_often_as_intervals_say():
    parameters, summaries = synthetic_runs(3000)
    found = self_check(parameters, summaries, **estimate_conditions(parameters), truths=300)
    assert found.truths == 300
    low, high = found.interval(found.coverage.mean(axis=1))
    for level, bottom, top in zip(INTERVAL_LEVELS, low, high, strict=True):
        assert bottom - 0.02 <= level <= top + 0.02
    deviation = exact_posterior()[1]
    assert found.error == pytest.approx(deviation / np.sqrt(1.0 / 12.0), rel=0.25)


def test_the_world_of_a_truth_is_left_out_with_it_so_that_few_worlds_are_found_out():
    parameters, plain = synthetic_runs(1500)
    worlds = np.arange(1500) % 5
    shown = plain + 0.5 * np.random.default_rng(4).standard_normal((5, 3))[worlds]
    named = estimate_conditions(parameters, scales=np.full(3, 0.02))
    seen = self_check(parameters, shown, **named, truths=100)
    unseen = self_check(parameters, shown, **named, truths=100, replicates=worlds)
    assert seen.coverage[1].mean() > 0.85
    assert unseen.coverage[1].mean() < 0.7
    assert np.all(unseen.error > seen.error)
    with pytest.raises(InputError, match="accepts 0 of 0 runs"):
        self_check(parameters, shown, **named, replicates=np.zeros(1500, dtype=np.int64))


def test_what_lies_outside_the_cloud_is_told():
    summaries, scales = synthetic_runs(1500)[1], np.full(3, ERROR)
    inside = prior_predictive_check(summaries, SLOPES @ TRUTH, scales=scales)
    assert inside.is_covered
    outside = prior_predictive_check(summaries, SLOPES @ TRUTH + [0.0, 0.0, 1.5], scales=scales)
    assert not outside.is_covered
    assert outside.neighbour_shares[2] == 1.0
    corner = prior_predictive_check(summaries, np.array([0.2, 1.9, 0.9]), scales=np.full(3, 0.01))
    assert np.all((corner.neighbour_shares > 0.005) & (corner.neighbour_shares < 0.995))


def test_pyabc_found_what_we_find_and_what_is_exact():
    from calibration import oracle_pyabc

    compare_with_pyabc(pd.read_csv(oracle_pyabc.TABLE))


@pytest.mark.science
def test_pyabc_still_finds_it():
    require("pyabc", "oracles")
    from calibration import oracle_pyabc

    compare_with_pyabc(pd.DataFrame([oracle_pyabc.pyabc_posterior(2)]))


def compare_with_pyabc(theirs):
    from calibration import oracle_pyabc as oracle

    draws = np.random.default_rng(1)
    parameters = draws.uniform(*oracle.BOUNDS.T, (20_000, 2))
    found = estimate_posterior(
        parameters,
        oracle.noise_free_levels(parameters),
        oracle.OBSERVED,
        bounds=oracle.BOUNDS,
        scales=np.full(4, oracle.ERROR),
        accept=0.05,
    )
    ours = {
        **{f"mean_{name}": found.mean[place] for place, name in enumerate(oracle.NAMES)},
        **{f"deviation_{name}": found.deviation[place] for place, name in enumerate(oracle.NAMES)},
        "correlation": found.correlation[0, 1],
    }
    exactly, mean = oracle.exact_posterior(), theirs.mean(numeric_only=True)
    for name, value in ours.items():
        size = exactly[f"deviation_{name[-1]}"] if name != "correlation" else 1.0
        assert value == pytest.approx(exactly[name], abs=0.12 * size), name
        # Without regression a threshold above 0 leaves pyABC's posterior somewhat too wide.
        assert mean[name] == pytest.approx(exactly[name], abs=0.35 * size), name
        assert abs(value - mean[name]) < 0.4 * size, name
