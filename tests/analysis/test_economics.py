"""What a difference costs: ratios with intervals that cover, acceptability, and counts that are counts."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import qispread as qs
from all_features import all_features_scenario
from qispread.analysis.economics import (
    acceptability,
    build_replicate_table,
    cost_effectiveness,
    fieller_interval,
    values_by_arm,
)
from qispread.model.measures import REPLICATED_THRESHOLD
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.comparison.paired_statistics import CONFIDENCE_LEVEL

PLAIN = all_features_scenario(policies={}, replicates=12).replace({"hearing.broadcast": 0.05})
ARMS = {
    "coached": PLAIN.with_policy("coaching", support=0.9, cost=3.0),
    "watched": PLAIN.with_policy("feedback", cost=1.0),
    "seeded": PLAIN.with_policy("seeding", cost=0.5),
    "idle": PLAIN.with_policy("coaching", target="nobody", cost=9.0),
}


@pytest.fixture(scope="module")
def comparison():
    return qs.compare(PLAIN, ARMS)


@pytest.fixture(scope="module")
def replicates(comparison):
    return build_replicate_table(comparison, 2.5)


def replicate_table(**arms):
    """Return a table of worlds from (cost, events averted) by arm, each a number or an array."""
    pieces = []
    size = max(np.size(one) for pair in arms.values() for one in pair)
    for arm, pair in arms.items():
        cost, averted = (np.broadcast_to(np.asarray(one, float), size) for one in pair)
        columns = {
            "cost": cost,
            "staff_time": 0.0,
            "total_cost": cost,
            "events_averted": averted,
            "replicated_practices": averted,
        }
        pieces.append(pd.DataFrame({"arm": arm, "replicate": np.arange(size), **columns, "value": averted}))
    return pd.concat(pieces, ignore_index=True)


def count_replicated_by_hand(runs):
    """Return how many rows of the table of organisations use it at 80 % of the origin's best, by world."""
    table, found = runs.organisations, []
    for _, world in table.groupby("run_id", observed=True):
        count = 0
        for _, rows in world.groupby("intervention", observed=True):
            best = rows[rows["origin"] == 1]["best_result"].mean()
            users = rows[(rows["origin"] == 0) & rows["stage"].isin(["implementing", "embedded"])]
            count += int((users["result"] >= REPLICATED_THRESHOLD * best).sum()) if best > 0 else 0
        found.append(count)
    return found


def test_practices_replicated_practices_percent_are_counted_one_by_one(comparison, replicates):
    for arm, runs in comparison.runs.items():
        by_hand = count_replicated_by_hand(runs)
        assert sum(by_hand) > 0
        np.testing.assert_allclose(
            replicates[replicates["arm"] == arm]["replicated_practices"], by_hand, rtol=0.0, atol=1e-9
        )


def test_a_count_is_a_whole_number(replicates):
    assert (replicates["replicated_practices"] == replicates["replicated_practices"].round()).all()


@pytest.mark.parametrize("seed", [9, 10])
def test_as_many_practices_in_both_arms_have_no_price(seed):
    base = all_features_scenario(policies={}, horizon=24, replicates=3, seed=seed, interventions={"p": {}})
    base = base.replace({"hearing.broadcast": 0.05})
    arms = {"pushed": base.with_policy("mandate", cost=1.0, end=12), "led": base.with_policy("board_programme", cost=1)}
    comparison = qs.compare(base, arms)
    table = cost_effectiveness(build_replicate_table(comparison)).set_index("arm")
    expected = sum(count_replicated_by_hand(comparison.runs[BASELINE_ARM]))
    equal = [arm for arm in arms if sum(count_replicated_by_hand(comparison.runs[arm])) == expected]
    assert equal
    assert (table.loc[equal, "replicated_practices_difference"] == 0.0).all()
    assert table.loc[equal, "cost_per_replicated_practices"].isna().all()


def test_worlds_hold_what_the_runs_measured(comparison, replicates):
    assert list(replicates["arm"].unique()) == [BASELINE_ARM, *ARMS]
    for arm, runs in comparison.runs.items():
        mine = replicates[replicates["arm"] == arm].reset_index(drop=True)
        assert list(mine["replicate"]) == list(range(12))
        for column in ("cost", "staff_time", "events_averted"):
            np.testing.assert_array_equal(mine[column], runs.final_values(column))
        np.testing.assert_allclose(mine["total_cost"], mine["cost"] + 2.5 * mine["staff_time"])
        np.testing.assert_array_equal(mine["value"], runs.final_values(comparison.measure))


def test_staff_time_is_free_unless_it_has_a_price(comparison):
    plain = build_replicate_table(comparison)
    np.testing.assert_array_equal(plain["total_cost"], plain["cost"])


def test_means_and_paired_differences_are_those_made_by_hand(replicates):
    table = cost_effectiveness(replicates).set_index("arm")
    wide = {
        name: replicates.pivot_table(index="replicate", columns="arm", values=name) for name in replicates.columns[2:7]
    }
    for name, values in wide.items():
        pd.testing.assert_series_equal(table[name], values.mean().reindex(table.index), check_names=False)
    for label, name in {
        "cost": "total_cost",
        "averted": "events_averted",
        "replicated_practices": "replicated_practices",
    }.items():
        for arm in ARMS:
            interval = stats.ttest_rel(wide[name][arm], wide[name][BASELINE_ARM]).confidence_interval(CONFIDENCE_LEVEL)
            apart = (wide[name][arm] - wide[name][BASELINE_ARM]).mean()
            assert table[f"{label}_difference"][arm] == pytest.approx(apart)
            if apart:
                assert table[f"{label}_low"][arm] == pytest.approx(interval.low)
                assert table[f"{label}_high"][arm] == pytest.approx(interval.high)


def test_the_base_differs_by_nothing_from_itself(replicates):
    table = cost_effectiveness(replicates).set_index("arm")
    same = [name for name in table.columns if name.endswith(("_difference", "_low", "_high")) and "per" not in name]
    assert (table.loc[BASELINE_ARM, same] == 0.0).all()
    assert table.loc[BASELINE_ARM, [name for name in table.columns if "per" in name]].isna().all()


def test_what_one_event_costs_is_the_ratio_of_the_mean_differences(replicates):
    table = cost_effectiveness(replicates).set_index("arm")
    row = table.loc["coached"]
    assert row["cost_per_event_averted"] == pytest.approx(row["cost_difference"] / row["averted_difference"])
    assert row["cost_per_replicated_practices"] == pytest.approx(
        row["cost_difference"] / row["replicated_practices_difference"]
    )
    assert row["cost_per_event_averted_low"] < row["cost_per_event_averted"] < row["cost_per_event_averted_high"]


@pytest.mark.parametrize(
    ("cost", "averted", "priced"), [(5.0, 2.0, True), (5.0, -2.0, False), (-5.0, 2.0, False), (-5.0, -2.0, False)]
)
def test_a_price_is_given_only_to_what_is_dearer_and_better(cost, averted, priced):
    table = cost_effectiveness(
        replicate_table(baseline=([9.0, 9.0], [4.0, 5.0]), arm=(9.0 + cost, [4.0 + averted, 5.0]))
    )
    assert table["cost_per_event_averted"].notna().tolist() == [False, priced]


def test_one_world_gives_means_and_no_intervals():
    table = cost_effectiveness(replicate_table(baseline=(0.0, 1.0), arm=(10.0, 3.0))).set_index("arm")
    assert table["cost_per_event_averted"]["arm"] == 5.0
    assert table.filter(regex="_low$|_high$").isna().all(axis=None)


@pytest.mark.parametrize("spread", [1.0, 6.0])
def test_fiellers_interval_covers_a_known_ratio_at_its_rate(spread):
    random, trials, ratio = np.random.default_rng(4), 3000, 2.5
    covariance = spread**2 * np.array([[4.0, 1.2], [1.2, 1.0]])
    draws = random.multivariate_normal([ratio * 6.0, 6.0], covariance, (trials, 20))
    found = np.array([fieller_interval(*one.T) for one in draws])
    bounded = ~np.isnan(found[:, 1])
    # An unbounded set counts as what it is: it holds the ratio where no bounded one could be told to hold it.
    covered = (found[bounded, 1] <= ratio) & (ratio <= found[bounded, 2])
    outside = np.array([not _ratio_not_rejected(one, ratio) for one in draws[~bounded]], dtype=bool)
    rate = (covered.sum() + (~outside).sum()) / trials
    # The standard error of the rate is 0.4 points.
    assert abs(rate - CONFIDENCE_LEVEL) < 0.013
    assert bounded.mean() > (0.99 if spread < 2 else 0.5)


def _ratio_not_rejected(pairs, ratio):
    """Return whether a t test of above - ratio x below keeps the ratio: Fieller's set, by its definition."""
    return stats.ttest_1samp(pairs[:, 0] - ratio * pairs[:, 1], 0.0).pvalue > 1.0 - CONFIDENCE_LEVEL


@given(st.integers(0, 100_000), st.floats(-3, 8), st.floats(0.05, 5))
def test_fiellers_bounds_are_where_a_paired_t_test_begins_to_refuse(seed, ratio, spread):
    random = np.random.default_rng(seed)
    below = 4.0 + spread * random.normal(size=12)
    above = ratio * below + spread * random.normal(size=12)
    middle, low, high = fieller_interval(above, below)
    if math.isnan(low):
        assert stats.ttest_1samp(below, 0.0).pvalue >= (1.0 - CONFIDENCE_LEVEL) * (1.0 - 1e-9)
        return
    assert low <= middle <= high
    for bound in (low, high):
        assert stats.ttest_1samp(above - bound * below, 0.0).pvalue == pytest.approx(1.0 - CONFIDENCE_LEVEL, rel=1e-4)


def test_with_many_worlds_fiellers_interval_is_that_of_the_delta_method():
    random, number = np.random.default_rng(6), 200_000
    above, below = random.multivariate_normal([12.0, 5.0], [[9.0, 2.0], [2.0, 4.0]], number).T
    ratio, low, high = fieller_interval(above, below)
    (v_aa, v_ab), (_, v_bb) = np.cov(above, below) / number
    deviation = math.sqrt(v_aa - 2 * ratio * v_ab + ratio**2 * v_bb) / below.mean()
    assert low == pytest.approx(ratio - 1.959964 * deviation, rel=1e-4)
    assert high == pytest.approx(ratio + 1.959964 * deviation, rel=1e-4)
    assert (high - ratio) == pytest.approx(ratio - low, rel=0.02)


def test_no_bounded_interval_is_given_where_the_effect_is_not_told_from_nothing():
    ratio, low, high = fieller_interval(np.array([5.0, 6.0, 7.0]), np.array([-3.0, 4.0, 1.0]))
    assert ratio == 9.0
    assert math.isnan(low)
    assert math.isnan(high)
    assert all(map(math.isnan, fieller_interval(np.array([1.0, 2.0]), np.array([1.0, -1.0]))))


@pytest.mark.parametrize("cost", [np.full(6, 40.0), np.array([40.0, 41, 39, 40, 42, 38])])
def test_an_effect_that_is_the_same_in_every_world_gives_the_interval_of_the_cost(cost):
    ratio, low, high = fieller_interval(cost, np.full(6, 8.0))
    expected = stats.t.interval(CONFIDENCE_LEVEL, 5, cost.mean(), stats.sem(cost)) if np.ptp(cost) else (40.0, 40.0)
    assert (ratio, low, high) == pytest.approx((5.0, expected[0] / 8.0, expected[1] / 8.0))


def test_probabilities_sum_to_1_at_each_willingness(replicates):
    table = acceptability(replicates)
    sums = table.groupby("willingness_to_pay")["probability"].sum()
    np.testing.assert_allclose(sums, 1.0)
    assert len(sums) > 20
    assert sums.index[0] == 0.0
    ratios = cost_effectiveness(replicates).query("dominance == 'on the frontier'")["cost_per_event_averted"]
    assert sums.index[-1] == pytest.approx(3.0 * ratios.max())
    assert (table.groupby("willingness_to_pay")["best_expected"].sum() == 1).all()


def test_probabilities_are_counted_world_by_world(replicates):
    wide = {
        name: replicates.pivot_table(index="replicate", columns="arm", values=name) for name in replicates.columns[4:6]
    }
    for willingness, part in acceptability(replicates).groupby("willingness_to_pay"):
        benefit = willingness * wide["events_averted"] - wide["total_cost"]
        best = benefit.eq(benefit.max(axis=1), axis=0)
        share = best.div(best.sum(axis=1), axis=0).mean()
        for row in part.to_dict("records"):
            assert row["probability"] == pytest.approx(share[row["arm"]])
            assert row["best_expected"] == (row["arm"] == benefit.mean().idxmax())


def test_for_nothing_the_cheapest_wins_and_for_much_the_best():
    random = np.random.default_rng(1)
    table = acceptability(replicate_table(baseline=(0.0, random.normal(0, 1, 40)), arm=(10.0, 50.0), dear=(30.0, 60.0)))
    ends = table["willingness_to_pay"].min(), table["willingness_to_pay"].max()
    first, last = (table[table["willingness_to_pay"] == end].set_index("arm") for end in ends)
    assert first["probability"].to_dict() == {BASELINE_ARM: 1.0, "arm": 0.0, "dear": 0.0}
    assert bool(first["best_expected"][BASELINE_ARM])
    assert last["probability"][BASELINE_ARM] == 0.0


def test_arms_that_are_equal_share_every_world():
    base = PLAIN.with_policy("feedback", cost=1.0)
    twins = {name: base.with_policy("coaching", name, cost=3.0) for name in ("one", "other")}
    table = acceptability(build_replicate_table(qs.compare(base, twins, replicates=8)))
    wide = table.pivot_table(index="willingness_to_pay", columns="arm", values="probability")
    np.testing.assert_array_equal(wide["one"], wide["other"])
    assert (wide["one"] > 0).any()


def test_the_expected_best_changes_where_the_ratio_says():
    table = acceptability(replicate_table(baseline=([0.0, 0.0], [0.0, 0.0]), arm=([9.0, 11.0], [2.0, 2.0])))
    best = table[table["best_expected"]].set_index("willingness_to_pay")["arm"]
    assert (best[best.index < 5.0 - 1e-9] == BASELINE_ARM).all()
    assert (best[best.index > 5.0 + 1e-9] == "arm").all()


def test_nothing_to_trade_gives_an_empty_table_with_its_columns():
    table = acceptability(replicate_table(baseline=(5.0, 1.0), better=(4.0, 2.0), worse=(6.0, 0.5)))
    assert list(table) == ["arm", "willingness_to_pay", "probability", "best_expected"]
    assert len(table) == 0


def test_an_arm_that_fails_in_a_world_takes_the_world_from_all(comparison):
    broken = dataclasses.replace(comparison, runs=dict(comparison.runs))
    runs = broken.runs["coached"]
    broken.runs["coached"] = dataclasses.replace(
        runs, runs=[dataclasses.replace(one, error="made" if one.replicate == 3 else "") for one in runs.runs]
    )
    table = build_replicate_table(broken)
    assert table["replicate"].tolist() == [place for place in range(12) if place != 3] * 5
    assert table.notna().all(axis=None)
    whole = build_replicate_table(comparison)
    pd.testing.assert_frame_equal(table, whole[whole["replicate"] != 3].reset_index(drop=True))


def test_a_comparison_that_fails_in_every_world_has_tables_all_the_same():
    extreme = PLAIN.replace({"interventions.prompt.response.steepness": 1e308})
    worlds = build_replicate_table(qs.compare(PLAIN, {"extreme": extreme}, replicates=2))
    assert len(worlds) == 0
    assert values_by_arm(worlds, "cost") == {}
    assert "cost_per_event_averted" in cost_effectiveness(worlds)
    assert len(acceptability(worlds)) == 0
