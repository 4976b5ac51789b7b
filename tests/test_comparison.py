"""Arms in the same worlds: differences are paired, honest, and exactly 0 where nothing is changed."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import qispread as qs
from all_features import all_features_scenario
from qispread.model.measures import MEASURE_NAMES
from qispread.runs.comparison.paired_statistics import CONFIDENCE_LEVEL, mean_and_half_width, pairing_gain, share_better

BASE = all_features_scenario(policies={}).with_policy("feedback")
COACHED = BASE.with_policy("coaching", cost=10.0)


@pytest.fixture(scope="module")
def comparison():
    arms = {"coached": COACHED, "for nobody": BASE.with_policy("coaching", target="nobody", cost=10.0)}
    return qs.compare(BASE, arms, replicates=20)


def test_a_policy_for_nobody_changes_nothing_in_any_world(comparison):
    assert comparison.has_no_effect("for nobody")
    table = comparison.differences
    table = table[table["arm"] == "for nobody"]
    assert (table["difference"].dropna() == 0.0).all()
    assert (table["low"].dropna() == 0.0).all()
    assert (table["high"].dropna() == 0.0).all()
    assert (table["share_better"].dropna() == 0.5).all()
    assert not comparison.has_no_effect("coached")


def test_there_is_a_row_for_every_arm_intervention_and_measure(comparison):
    table = comparison.differences
    overall = sum(qs.MEASURES[name].overall for name in MEASURE_NAMES)
    assert len(table) == 2 * (3 * (len(MEASURE_NAMES) - overall) + len(MEASURE_NAMES))
    assert not table.duplicated(["arm", "intervention", "measure"]).any()


@pytest.mark.parametrize("measure", ["current_use", "fidelity", "effect", "event_rate", "events_averted"])
def test_differences_and_intervals_are_those_of_a_paired_t_test(comparison, measure):
    base, other = (comparison.runs[name].final_values(measure) for name in ("baseline", "coached"))
    expected = stats.ttest_rel(other, base)
    interval = expected.confidence_interval(CONFIDENCE_LEVEL)
    found = comparison.difference("coached", measure)
    assert found["difference"] == pytest.approx(np.mean(other - base))
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high))
    assert found["replicates"] == 20


def test_differences_between_arms_are_those_of_a_comparison_with_one_as_the_base(comparison):
    other = qs.compare(COACHED, {"for nobody": BASE.with_policy("coaching", target="nobody", cost=10.0)}, replicates=20)
    between = comparison.arm_differences
    assert set(zip(between["arm"], between["against"], strict=True)) == {("for nobody", "coached")}
    assert list(between["measure"]) == list(MEASURE_NAMES)
    for row in between.to_dict("records"):
        expected = other.difference("for nobody", row["measure"])
        assert {
            name: row[name]
            for name in ("difference", "low", "high", "share_better", "replicates", "per_100_organisations")
        } == (pytest.approx({name: expected[name] for name in row if name in expected}, nan_ok=True))


def test_sums_are_told_for_every_100_organisations(comparison):
    found = comparison.difference("coached", "cost")
    assert found["difference"] == 10.0 * 40 * 48
    assert found["per_100_organisations"] == pytest.approx(10.0 * 100 * 48)
    assert np.isnan(comparison.difference("coached", "current_use")["per_100_organisations"])


def test_arms_of_a_comparison_are_what_they_are_alone(comparison):
    alone = qs.simulate(COACHED, 20)
    assert alone.measures.tobytes() == comparison.runs["coached"].measures.tobytes()


def test_worlds_without_a_measure_are_left_out_in_pairs():
    late = all_features_scenario(policies={}, horizon=8).replace({"hearing.contact": 0.0, "hearing.broadcast": 0.05})
    comparison = qs.compare(late, {"pushed": late.with_policy("mandate")}, replicates=20)
    pairs = comparison.paired_values("pushed", "fidelity", "drug")
    both = [comparison.runs[name].values_by_replicate("fidelity", "drug") for name in ("baseline", "pushed")]
    assert pairs.shape[1] == int((~np.isnan(both).any(axis=0)).sum())
    assert not np.isnan(pairs).any()


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30))
def test_interval_is_centred_on_the_mean_and_shrinks_with_confidence(values):
    values = np.array(values)
    mean, half = mean_and_half_width(values)
    assert mean == pytest.approx(values.mean(), abs=1e-9)
    assert 0.0 <= mean_and_half_width(values, 0.5)[1] <= half


def test_intervals_cover_at_their_nominal_rate():
    draws = np.random.default_rng(3).exponential(size=(4000, 40))
    found = [mean_and_half_width(row) for row in draws]
    covered = np.mean([abs(mean - 1.0) <= half for mean, half in found])
    # Skewed draws cost a point or two; the standard error of the rate is 0.35 points.
    assert 0.92 < covered < 0.96


def test_pairing_gain_has_its_known_values():
    same = np.array([1.0, 2.0, 4.0, 3.0])
    assert pairing_gain(same, same + 1.0) == np.inf
    assert pairing_gain(same, 2.0 * same) == pytest.approx(5.0)
    independent = np.random.default_rng(1).normal(size=(2, 200_000))
    assert pairing_gain(*independent) == pytest.approx(1.0, abs=0.02)
    assert np.isnan(pairing_gain(np.ones(4), np.ones(4)))


def test_better_follows_the_direction_of_the_measure():
    apart = np.array([1.0, 1.0, 0.0, -1.0])
    assert share_better(apart, "more") == 0.625
    assert share_better(apart, "less") == 0.375
    assert np.isnan(share_better(apart, "neither"))


@pytest.mark.parametrize(
    ("arm", "reason"),
    [
        (BASE, "the same as the base"),
        (BASE.replace(seed=2), "has seed 2; the baseline has 1"),
        (BASE.replace({"horizon": 50}), "has horizon 50"),
        (BASE.replace({"organisations.number": 41}), "other organisations or ties"),
        (BASE.replace({"network": {"kind": "ring"}}), "other organisations or ties"),
        (BASE.replace({"interventions": {"prompt": {}}}), "other interventions"),
        (
            all_features_scenario(policies={}, interventions={"prompt": {}}).with_graph(nx.path_graph(5)),
            "other organisations",
        ),
    ],
)
def test_arms_that_cannot_be_compared_are_refused_with_the_reason(arm, reason):
    with pytest.raises(qs.InputError, match=reason):
        qs.compare(BASE, {"other": arm}, replicates=2)


def test_a_comparison_needs_an_arm_and_base_is_no_name_of_one():
    with pytest.raises(qs.InputError, match="at least one arm"):
        qs.compare(BASE, {})
    with pytest.raises(qs.InputError, match="choose another name"):
        qs.compare(BASE, {"baseline": COACHED})


def test_names_that_there_are_not_are_refused_with_the_nearest(comparison):
    with pytest.raises(qs.InputError, match="did you mean 'coached'"):
        comparison.difference("coachd", "current_use")
    with pytest.raises(qs.InputError, match="did you mean 'fidelity'"):
        comparison.difference("coached", "fidelty")


def test_progress_counts_the_worlds_of_all_arms():
    seen = []
    qs.compare(BASE, {"coached": COACHED}, replicates=6, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12, 12)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


FUTURES = {
    "coached": BASE.with_policy("coaching", cost=10.0),
    "later": BASE.with_policy("mandate", start=30, end=40).with_policy("learning_network"),
}


@pytest.mark.parametrize("month", [2, 20, 48])
def test_a_branch_is_the_whole_run_with_policies_that_begin_there(month):
    branched = qs.compare(BASE, {"coached": FUTURES["coached"]}, replicates=3, branch_at=month)
    whole = qs.simulate(BASE.with_policy("coaching", cost=10.0, start=month), 3)
    for one, other in zip(branched.runs["coached"].runs, whole.runs, strict=True):
        assert one.measures.tobytes() == other.measures.tobytes()
        assert all(a.tobytes() == b.tobytes() for a, b in zip(one.final_state, other.final_state, strict=True))
    assert branched.runs["baseline"].measures.tobytes() == qs.simulate(BASE, 3).measures.tobytes()


def test_policies_that_begin_after_the_branch_keep_their_start():
    branched = qs.compare(BASE, FUTURES, replicates=2, branch_at=20)
    policies = branched.runs["later"].scenario.policies
    assert (policies["mandate"].start, policies["learning_network"].start, policies["feedback"].start) == (30, 20, 1)
    before = branched.runs["baseline"].measures[:, :20].tobytes()
    assert all(runs.measures[:, :20].tobytes() == before for runs in branched.runs.values())


@pytest.mark.parametrize(
    ("arm", "month", "reason"),
    [
        (COACHED, 1, "needed: a month from 2 to 48"),
        (COACHED, 49, "needed: a month from 2 to 48"),
        (BASE.with_policy("mandate", end=19), 20, "ends in month 19, before 20"),
        (BASE.with_policy("seeding"), 20, "chooses pilot sites"),
        (COACHED.replace({"improving.decay": 0.01}), 20, "more than added policies"),
        (all_features_scenario(policies={}).with_policy("coaching"), 20, "more than added policies"),
    ],
)
def test_what_cannot_branch_is_refused_with_the_reason(arm, month, reason):
    with pytest.raises(qs.InputError, match=reason):
        qs.compare(BASE, {"other": arm}, replicates=2, branch_at=month)
