"""Worlds until a precision: the rule stops where it says, covers at its rate, and gives what fixed numbers give."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qispread as qs
from all_features import all_features_scenario
from qispread.runs.comparison.paired_statistics import mean_and_half_width
from qispread.runs.comparison.precision import FIRST_BATCH, MAX_GROWTH, PrecisionTarget, max_replicates

BASE = all_features_scenario(policies={}, horizon=24)
ARMS = {"coached": BASE.with_policy("coaching"), "pushed": BASE.with_policy("mandate")}


def stopping_point(draws, precision):
    worlds = precision.next_batch_end([], 0)
    while (more := precision.next_batch_end([draws[:worlds]], worlds)) > worlds:
        worlds = more
    return worlds


DRAWN = {
    "normal": lambda generator, size: generator.normal(size=size),
    "skewed": lambda generator, size: generator.exponential(size=size) - 1.0,
    "mostly nothing": lambda generator, size: generator.binomial(1, 0.1, size=size) - 0.1,
}


@pytest.mark.quick_cases(3)
@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("half_width", [0.08, 0.1, 0.14])
def test_intervals_at_the_stop_cover_at_their_nominal_rate(kind, half_width):
    deviation = DRAWN[kind](np.random.default_rng(0), 100_000).std()
    precision = PrecisionTarget(half_width * deviation)
    generator, covered, trials = np.random.default_rng(11), 0, 4000
    for _ in range(trials):
        draws = DRAWN[kind](generator, 3000)
        mean, half = mean_and_half_width(draws[: stopping_point(draws, precision)])
        assert half <= precision.half_width
        covered += abs(mean) <= half
    # The nominal rate is 95 %, with a standard error of 0.35 points over 4,000 trials. Differences that are nearly
    # always 0 are the hardest: worlds that happen to have few have a small variance too, and stop early.
    assert covered / trials >= (0.925 if kind == "mostly nothing" else 0.935)


@pytest.mark.science
@pytest.mark.parametrize("measure", ["effect", "events_averted", "discontinued"])
def test_intervals_at_the_stop_cover_for_differences_of_the_model(measure):
    plain = qs.Scenario().replace({"organisations.number": 40, "organisations.partnerships": 8}, horizon=48)
    arms = {"coached": plain.with_policy("coaching")}
    base, other = qs.compare(plain, arms, replicates=10_000).paired_values("coached", measure)
    pool, generator, covered, trials = other - base, np.random.default_rng(3), 0, 2000
    precision = PrecisionTarget(0.07 * pool.std())
    for _ in range(trials):
        draws = generator.choice(pool, 3000)
        mean, half = mean_and_half_width(draws[: stopping_point(draws, precision)])
        covered += abs(mean - pool.mean()) <= half
    # The standard error is half a point.
    assert abs(covered / trials - 0.95) < 0.015


def test_worlds_at_the_stop_are_about_as_many_as_the_known_variance_needs():
    generator, precision = np.random.default_rng(5), PrecisionTarget(0.05)
    needed = (1.96 / 0.05) ** 2
    found = [stopping_point(generator.normal(size=6000), precision) for _ in range(200)]
    assert 0.95 * needed < np.mean(found) < 1.15 * needed


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=FIRST_BATCH, max_size=300),
    st.floats(1e-6, 1e6),
)
def test_a_next_look_is_never_far_and_never_none(values, half_width):
    values = np.array(values)
    following = PrecisionTarget(half_width).next_batch_end([values], values.size)
    enough = mean_and_half_width(values)[1] <= half_width
    assert (following == values.size) if enough else (values.size < following <= MAX_GROWTH * values.size + 1)


@pytest.mark.slow
def test_a_comparison_to_a_precision_is_the_one_of_as_many_worlds():
    found = qs.compare(BASE, ARMS, measure="effect", precision=0.008)
    halves = [found.difference(arm, "effect") for arm in found.arms]
    assert all((one["high"] - one["low"]) / 2.0 <= 0.008 for one in halves)
    assert found.replicate_count >= FIRST_BATCH
    fixed = qs.compare(BASE, ARMS, replicates=found.replicate_count)
    for arm, runs in found.runs.items():
        assert runs.scenario.replicates == found.replicate_count
        assert runs.measures.tobytes() == fixed.runs[arm].measures.tobytes()


@pytest.mark.slow
def test_a_branch_goes_to_a_precision_too():
    found = qs.compare(BASE, ARMS, measure="current_use", precision=0.02, branch_at=6)
    fixed = qs.compare(BASE, ARMS, replicates=found.replicate_count, branch_at=6)
    assert found.runs["pushed"].measures.tobytes() == fixed.runs["pushed"].measures.tobytes()


@pytest.mark.slow
def test_progress_only_grows_and_ends_at_all_worlds():
    seen = []
    found = qs.compare(BASE, ARMS, measure="effect", precision=0.008, progress=lambda *one: seen.append(one))
    assert seen[-1] == (3 * found.replicate_count, 3 * found.replicate_count)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_precision_is_a_number_above_nothing(value):
    with pytest.raises(qs.InputError, match="a number above 0"):
        qs.compare(BASE, ARMS, precision=value)


def test_a_precision_that_cannot_be_had_is_refused_with_the_one_that_can():
    with pytest.raises(
        qs.InputError, match=r"about 1e\+16 replicates are needed; at most [\d,]+ fit in memory, which give about"
    ):
        qs.compare(BASE, ARMS, measure="effect", precision=1e-9)


@pytest.mark.slow
def test_a_precision_of_a_measure_that_never_has_a_meaning_is_refused():
    silent = BASE.replace({"hearing.contact": 0.0, "hearing.broadcast": 0.0})
    with pytest.raises(qs.InputError, match="is defined in 0 of 256 replicates"):
        qs.compare(silent, {"coached": silent.with_policy("coaching")}, measure="effect", precision=0.01)


def test_memory_sets_the_most_worlds():
    assert max_replicates(BASE, 40, 2) > max_replicates(BASE, 1000, 2) > max_replicates(BASE, 1000, 4) > 1000
    assert max_replicates(BASE, 1_000_000, 8) == 1000
