"""For whom: thirds of equal size that count everybody once, and gains found again from the table of organisations."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

import qispread as qs
from all_features import all_features_scenario
from qispread.analysis.heterogeneity import (
    GAIN_MEASURES,
    GROUPINGS,
    assign_thirds,
    inequality_table,
    subgroup_gains,
    third_means,
)
from qispread.inputs.organisations import CONTEXT_FACTORS
from qispread.model.world.run_inputs import prepare_scenario
from qispread.model.world.state_arrays import ORIGIN
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.comparison.paired_statistics import CONFIDENCE_LEVEL

PLAIN = all_features_scenario(policies={}, replicates=8, horizon=36).replace(
    {"hearing.broadcast": 0.03, "organisations.number": 39}
)
ARMS = {
    "coached": PLAIN.with_policy("coaching", support=0.9, target={"most_ready": 13}),
    "seeded": PLAIN.with_policy("seeding"),
    "idle": PLAIN.with_policy("coaching", target="nobody"),
}
KEYS = ["arm", "grouping", "group", "measure"]


@pytest.fixture(scope="module")
def comparison():
    return qs.compare(PLAIN, ARMS)


@pytest.fixture(scope="module")
def table(comparison):
    return subgroup_gains(comparison)


def organisation_rows(runs):
    """Return a row for each world and organisation, with the gains by their definitions, from the tables alone."""
    rows = runs.organisations
    rows["world"] = rows["run_id"].cat.codes
    rows["used"] = rows["stage"].isin(["implementing", "embedded"])
    keys = ["world", "organisation"]
    grouped = rows.groupby(keys, observed=True, sort=False)
    found = grouped[[*CONTEXT_FACTORS, "size", "setting_1", "setting_2", "baseline", "event_rate"]].first()
    found["event_rate_reduction"] = 1.0 - found["event_rate"] / found["baseline"]
    found["current_use"] = grouped["used"].mean()
    found["result"] = grouped["result"].mean()
    found["started"] = grouped["origin"].max() == 1
    return found


def grouping_scores(organisations):
    """Return what organisations are grouped by, by its definition in words."""
    settings = organisations[["setting_1", "setting_2"]]
    apart = settings - settings.groupby("world").transform("mean")
    factors = organisations[list(CONTEXT_FACTORS)].assign(turnover=1.0 - organisations["turnover"])
    return pd.DataFrame(
        {
            "readiness": factors.prod(axis=1),
            "capability": organisations["capability"],
            "size": organisations["size"],
            "setting": np.sqrt((apart**2).sum(axis=1)),
            "ties": [
                weight
                for world in range(PLAIN.replicates)
                for _, weight in prepare_scenario(PLAIN).world(world).graph().degree(weight="weight")
            ],
        }
    )


@pytest.fixture(scope="module")
def gains_by_hand(comparison):
    """Return the mean gain of each third in each world, from the tables of organisations."""
    tables = {arm: organisation_rows(runs) for arm, runs in comparison.runs.items()}
    started = np.any([one["started"] for one in tables.values()], axis=0)
    scores = grouping_scores(tables[BASELINE_ARM])
    ranks = scores.groupby("world").rank(method="first")
    thirds = np.ceil(3 * ranks / 39).astype(int) - 1
    pieces = []
    for arm, one in tables.items():
        for grouping, (_, groups) in GROUPINGS.items():
            kept = one[~started].assign(group=thirds[grouping][~started].map(dict(enumerate(groups))))
            means = kept.groupby(["world", "group"])[list(GAIN_MEASURES)].mean().reset_index()
            long = means.melt(["world", "group"], var_name="measure")
            pieces.append(long.assign(arm=arm, grouping=grouping))
    return pd.concat(pieces, ignore_index=True)


def test_gains_are_found_again_from_the_tables_of_organisations(table, gains_by_hand):
    wide = gains_by_hand.pivot_table(index=["grouping", "group", "measure", "world"], columns="arm", values="value")
    for row in table.to_dict("records"):
        values = wide.loc[row["grouping"], row["group"], row["measure"]]
        base, arm = values[BASELINE_ARM], values[row["arm"]]
        assert row["baseline"] == pytest.approx(base.mean(), abs=1e-12)
        assert row["arm_mean"] == pytest.approx(arm.mean(), abs=1e-12)
        assert row["difference"] == pytest.approx((arm - base).mean(), abs=1e-12)
        assert row["replicates"] == PLAIN.replicates
        if (arm - base).abs().max() > 1e-12:
            interval = stats.ttest_rel(arm, base).confidence_interval(CONFIDENCE_LEVEL)
            assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high))


def test_there_is_a_row_for_each_arm_grouping_third_and_measure(table):
    assert len(table) == len(ARMS) * len(GROUPINGS) * 3 * len(GAIN_MEASURES)
    assert not table.duplicated(KEYS).any()
    assert list(table["arm"].unique()) == list(ARMS)


def test_groups_come_from_the_lowest_to_the_highest(table):
    for (_, grouping), rows in table.groupby(["arm", "grouping"]):
        assert tuple(rows["group"].unique()) == GROUPINGS[grouping][1]


def test_an_arm_that_changes_nothing_gains_exactly_nothing(table):
    idle = table[table["arm"] == "idle"]
    assert (idle[["difference", "low", "high"]] == 0.0).all(axis=None)
    assert (idle["baseline"] == idle["arm_mean"]).all()


@pytest.mark.parametrize("number", [39, 40, 41, 3, 2])
def test_thirds_are_of_equal_size_and_in_order(number):
    scores = np.random.default_rng(number).random(number)
    thirds = assign_thirds(scores)
    sizes = np.bincount(thirds, minlength=3)
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(thirds[np.argsort(scores)]) >= 0).all()


def test_equal_scores_go_by_the_order_of_the_organisations():
    assert assign_thirds(np.ones(6)).tolist() == [0, 0, 1, 1, 2, 2]
    assert assign_thirds(np.array([2.0, 1.0, 2.0])).tolist() == [1, 0, 2]


@given(
    arrays(np.float64, (4, 11), elements=st.floats(-9, 9) | st.just(np.nan)),
    arrays(np.int64, (4, 11), elements=st.integers(0, 2)),
    arrays(np.bool_, (4, 11)),
)
def test_means_by_third_are_means_of_what_counts(values, thirds, counted):
    found = third_means(values, thirds, counted)
    for third in range(3):
        for world in range(4):
            kept = values[world][(thirds[world] == third) & counted[world] & ~np.isnan(values[world])]
            assert found[third, world] == pytest.approx(kept.mean() if kept.size else np.nan, nan_ok=True)


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_thirds_weighted_by_what_they_count_give_the_mean_of_all(comparison, grouping):
    score = GROUPINGS[grouping][0]
    worlds = [prepare_scenario(PLAIN).world(replicate) for replicate in range(PLAIN.replicates)]
    thirds = np.array([assign_thirds(score(world)) for world in worlds])
    followers = np.array(
        [run.final_state.histories[:, ORIGIN].any(axis=0) == 0 for run in comparison.runs[BASELINE_ARM].runs]
    )
    for gain in GAIN_MEASURES.values():
        values = np.array([gain(run) for run in comparison.runs[BASELINE_ARM].runs])
        means = third_means(values, thirds, followers)
        numbers = np.array([((thirds == third) & followers).sum(axis=1) for third in range(3)])
        overall = [row[kept].mean() for row, kept in zip(values, followers, strict=True)]
        np.testing.assert_allclose((means * numbers).sum(axis=0) / numbers.sum(axis=0), overall)


def test_the_mean_over_thirds_of_adoption_is_the_measure_where_one_intervention_starts_in_one_place():
    one = PLAIN.replace(interventions={"prompt": {"origin": "random"}})
    comparison = qs.compare(one, {"pushed": one.with_policy("mandate")}, replicates=4)
    table = subgroup_gains(comparison)
    sizes = []
    for run in comparison.runs[BASELINE_ARM].runs:
        thirds = assign_thirds(GROUPINGS["size"][0](prepare_scenario(one).world(run.replicate)))
        sizes.append(np.bincount(thirds[run.final_state.histories[0, ORIGIN] == 0], minlength=3))
    assert all(sum(one) == 38 for one in sizes)
    part = table[(table["grouping"] == "size") & (table["measure"] == "current_use")].reset_index(drop=True)
    measure = comparison.difference("pushed", "current_use")
    assert part["arm_mean"].mean() == pytest.approx(measure["arm_mean"], abs=0.02)
    assert part["difference"].mean() == pytest.approx(measure["difference"], abs=0.02)


@pytest.mark.parametrize(("rule", "group"), [("most_ready", "readiest third"), ("least_ready", "least ready third")])
def test_a_policy_for_one_third_shows_in_that_third_and_in_no_other(rule, group):
    # Nothing spreads, so what organisations do at home is theirs alone.
    alone = PLAIN.replace({"hearing.broadcast": 0.0, "hearing.contact": 0.0}, interventions={"prompt": {}})
    table = subgroup_gains(qs.compare(alone, {"free": alone.with_policy("protected_time", target={rule: 13})}))
    rows = table[(table["grouping"] == "readiness") & (table["measure"] == "event_rate_reduction")].set_index("group")
    assert rows["low"][group] > 0.0
    others = rows.drop(index=group)
    assert (others[["difference", "low", "high"]] == 0.0).all(axis=None)
    adoption = table[table["measure"] == "current_use"]
    assert (adoption[["baseline", "arm_mean", "difference"]] == 0.0).all(axis=None)


def test_who_started_in_any_arm_is_left_out_of_all():
    named = {"prompt": {"origin": "organisation-001"}}
    base = PLAIN.replace({"hearing.broadcast": 0.0, "hearing.contact": 0.0}, interventions=named)
    other = base.with_policy("seeding", origin="organisation-002")
    table = subgroup_gains(qs.compare(base, {"seeded": other}, replicates=3))
    # Each arm has one user, its origin; neither is counted.
    assert (table.loc[table["measure"] != "event_rate_reduction", ["baseline", "arm_mean"]] == 0.0).all(axis=None)


def test_harm_that_never_was_cannot_be_reduced():
    rows = [{"id": f"o{i}", "baseline": 0.0 if i < 3 else 50.0, "size": 10.0 + i} for i in range(9)]
    base = qs.Scenario().replace(
        {"organisations.rows": rows, "network": {"kind": "complete"}}, horizon=12, replicates=2
    )
    table = subgroup_gains(qs.compare(base, {"coached": base.with_policy("coaching")}))
    harm = table[(table["measure"] == "event_rate_reduction") & (table["grouping"] == "size")].set_index("group")
    assert harm["replicates"].to_dict() == {"smallest third": 0, "middle third": 2, "largest third": 2}
    assert harm.loc["smallest third", ["baseline", "arm_mean", "difference", "low", "high"]].isna().all()


def test_worlds_that_all_fail_leave_empty_tables_with_their_columns(table):
    extreme = {"interventions.prompt.response.steepness": 1e308}
    comparison = qs.compare(PLAIN, {"extreme": PLAIN.replace(extreme)}, replicates=2)
    none, equal = subgroup_gains(comparison), inequality_table(comparison)
    assert len(none) == len(equal) == 0
    assert list(none) == list(table)
    assert {"arm", "measure", "difference"} <= set(equal)


@pytest.mark.parametrize("measure", ["event_rate_range", "event_rate_gini"])
def test_inequality_is_the_measure_at_the_start_and_at_the_end(comparison, measure):
    table = inequality_table(comparison)
    table = table[table["measure"] == measure].set_index("arm")
    assert list(table.index) == [BASELINE_ARM, *ARMS]
    for arm, runs in comparison.runs.items():
        months = runs.months
        pooled = months[months["intervention"] == "all"].set_index("month")[measure]
        assert table["start"][arm] == pytest.approx(pooled[0].mean())
        assert table["end"][arm] == pytest.approx(pooled[PLAIN.horizon].mean())
        if arm != BASELINE_ARM:
            found = comparison.difference(arm, measure)
            for name in ("difference", "low", "high"):
                assert table[name][arm] == found[name]
    assert (table.loc[[BASELINE_ARM, "idle"], ["difference", "low", "high"]] == 0.0).all(axis=None)
    assert (table["start"] == table["start"][BASELINE_ARM]).all()


def test_harm_is_counted_as_the_table_of_organisations_has_it(comparison):
    values = organisation_rows(comparison.runs["coached"])["event_rate"].to_numpy().reshape(PLAIN.replicates, 39)
    table = inequality_table(comparison).set_index(["arm", "measure"])["end"]
    ends = np.percentile(values, [90, 10], axis=1)
    assert table["coached", "event_rate_range"] == pytest.approx((ends[0] - ends[1]).mean())
    gini = [np.abs(one[:, None] - one[None, :]).mean() / (2.0 * one.mean()) for one in values]
    assert table["coached", "event_rate_gini"] == pytest.approx(np.mean(gini))
