"""Run charts say signal as often as the Anhoej rules should, and are drawn of organisations chosen by a stated rule."""

import itertools
import math
from functools import cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import qispread as qs
from all_features import all_features_scenario
from qispread.analysis.run_charts import (
    NO_SIGNAL,
    RATE_COLUMNS,
    SIGNAL,
    TOO_FEW,
    analyse_run_chart,
    anhoej_limits,
    baseline_points,
    build_event_rate_series,
    event_rate_falls,
    months_per_point,
    select_organisations,
)
from qispread.model.engines.trace import trace
from qispread.model.world.state_arrays import SIZE


@pytest.mark.parametrize(("useful", "longest", "crossings"), [(10, 6, 2), (12, 7, 3), (24, 8, 8), (36, 8, 13)])
def test_limits_are_those_of_anhoej_and_olesen(useful, longest, crossings):
    assert anhoej_limits(useful) == (longest, crossings)


def test_every_order_of_twelve_points_gives_the_exact_rate_of_false_alarms():
    orders = [np.isin(range(12), above) for above in itertools.combinations(range(12), 6)]
    assert sum(analyse_run_chart(order).signal for order in orders) / len(orders) == 12 / 924


def false_alarm_rate(points):
    """Count, by recursion, the share of orders of as many points above as below that break the rules."""
    longest, fewest = anhoej_limits(points)

    @cache
    def quiet(same, other, run, crossings):
        if same + other == 0:
            return int(crossings >= fewest)
        goes_on = quiet(same - 1, other, run + 1, crossings) if same and run < longest else 0
        return goes_on + (quiet(other - 1, same, 1, crossings + 1) if other else 0)

    return 1 - 2 * quiet(points // 2 - 1, points // 2, 1, 0) / math.comb(points, points // 2)


@pytest.mark.parametrize(("points", "rate"), [(12, 0.0130), (24, 0.0306), (36, 0.0425)])
def test_random_points_give_false_alarms_as_often_as_counted(points, rate):
    assert false_alarm_rate(points) == pytest.approx(rate, abs=5e-5)
    draws = np.random.default_rng(points).normal(size=(4000, points))
    found = np.mean([analyse_run_chart(row).signal for row in draws])
    assert found == pytest.approx(rate, abs=4 * math.sqrt(rate / len(draws)))


@pytest.mark.parametrize(("baseline", "rate"), [(8, 0.197), (20, 0.123)])
def test_a_median_of_few_points_gives_more_false_alarms_as_documented(baseline, rate):
    draws = np.random.default_rng(baseline).normal(size=(4000, baseline + 24))
    found = np.mean([analyse_run_chart(row, baseline).signal for row in draws])
    assert found == pytest.approx(rate, abs=5 * math.sqrt(rate / len(draws)))


def test_a_step_is_a_shift_and_has_few_crossings():
    chart = analyse_run_chart([*range(12), *range(100, 112)])
    assert (chart.median, chart.useful, chart.longest_run, chart.crossings) == (55.5, 24, 12, 1)
    assert (chart.shift, chart.few_crossings, chart.verdict) == (True, True, SIGNAL)


def test_points_that_alternate_are_no_signal():
    chart = analyse_run_chart([1, 2] * 8)
    assert (chart.median, chart.longest_run, chart.crossings, chart.verdict) == (1.5, 1, 15, NO_SIGNAL)


def test_points_on_the_median_and_missing_points_are_left_out():
    chart = analyse_run_chart([1, 3, 2, np.nan, 1, 3, 2, 2, 1, 3] * 3)
    assert (chart.median, chart.useful, chart.crossings) == (2.0, 18, 17)


def test_a_frozen_median_judges_only_the_points_after_it():
    chart = analyse_run_chart([5, 7] * 4 + [1, 2] * 6, baseline=8)
    assert (chart.median, chart.baseline, chart.useful) == (6.0, 8, 12)
    assert (chart.longest_run, chart.crossings, chart.verdict) == (12, 0, SIGNAL)


@pytest.mark.parametrize(
    ("values", "baseline"),
    [
        ([], None),
        ([1.0], None),
        ([4.0] * 40, None),
        ([1.0, 2.0] * 4 + [1.0], None),
        ([np.nan] * 30, None),
        ([np.nan] * 10 + [1.0, 2.0] * 10, 10),
        ([1.0, 2.0] * 10, 20),
        ([1.0, 2.0] * 10, 99),
        ([1.0, 2.0] * 10, 12),
    ],
)
def test_a_series_with_too_few_useful_points_says_so(values, baseline):
    chart = analyse_run_chart(values, baseline)
    assert chart.verdict == TOO_FEW
    assert (chart.signal, chart.longest_run_limit, chart.crossings_limit) == (False, None, None)


def test_a_baseline_of_no_points_is_refused():
    with pytest.raises(qs.InputError, match="baseline: got 0"):
        analyse_run_chart([1.0, 2.0], 0)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=40))
def test_a_chart_says_the_same_upside_down_backwards_and_in_other_units(values):
    told = [
        (chart.useful, chart.longest_run, chart.crossings, chart.verdict)
        for chart in map(
            analyse_run_chart, (values, [-v for v in values], values[::-1], [4.0 * v + 3.0 for v in values])
        )
    ]
    assert len(set(told)) == 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60, unique=True))
def test_runs_and_crossings_fit_each_other(values):
    chart = analyse_run_chart(values)
    assume(chart.useful)
    assert chart.useful / (chart.crossings + 1) <= chart.longest_run <= chart.useful - chart.crossings


@pytest.fixture(scope="module")
def example_trace():
    return trace(all_features_scenario(horizon=96, policies={}), observe=True)


@pytest.mark.parametrize("intervention", ["prompt", "bundle", "drug"])
def test_organisations_are_chosen_by_the_stated_rule(example_trace, intervention):
    chosen = select_organisations(example_trace, intervention)
    ids, fell = np.array(example_trace.world.static_world.ids), event_rate_falls(example_trace)
    origin = example_trace.quantity("origin", intervention)[-1] == 1
    began = example_trace.quantity("first_adopted", intervention)[-1] >= 0
    by_reason = {why.split(" reduction")[0]: name for name, why in chosen.items()}
    assert by_reason[f"the pilot site of {intervention}"] in ids[origin]
    followers = dict(zip(ids[began & ~origin], fell[began & ~origin], strict=True))
    assert followers[by_reason["the largest"]] == max(followers.values())
    assert followers[by_reason["the smallest"]] == min(followers.values())
    assert followers[by_reason["the median"]] == sorted(followers.values())[len(followers) // 2]
    assert len(chosen) == 4 + (not began.all())


def test_the_largest_that_never_began_is_chosen():
    short = trace(all_features_scenario(horizon=8, policies={}))
    chosen = select_organisations(short, "prompt")
    name = next(name for name, why in chosen.items() if why == "the largest organisation that never adopted")
    never = short.quantity("first_adopted", "prompt")[-1] < 0
    size = short.world.organisations[SIZE]
    assert size[short.world.static_world.ids.index(name)] == size[never].max()


@pytest.mark.parametrize("number", [2, 3])
def test_where_nobody_but_the_origins_began_they_and_one_other_are_chosen(number):
    start = all_features_scenario(
        horizon=1, policies={}, interventions={"drug": {"origin": {"rule": "hub", "number": number}}}
    )
    chosen = select_organisations(trace(start), "drug")
    assert list(chosen.values()) == [
        "the pilot site of drug, the largest of several",
        "the largest organisation that never adopted",
    ]


@pytest.mark.parametrize(
    ("expected", "months"),
    [
        ([6.0] * 24, 1),
        ([5.0] * 24, 1),
        ([9.0, 1.0] * 12, 1),
        ([2.0] * 24, 3),
        ([1.0] * 24, 6),
        ([0.5] * 24, 12),
        ([0.0] * 24, 12),
        ([0.5] * 5, 3),
        ([0.5], 1),
    ],
)
def test_a_point_takes_the_fewest_months_in_which_five_events_are_expected(expected, months):
    assert months_per_point(np.array(expected)) == months


@pytest.mark.parametrize(
    ("points", "months", "began", "baseline"),
    [
        (40, 3, None, None),
        (40, 3, 1, None),
        (40, 3, 24, None),
        (40, 3, 25, 8),
        (40, 3, 27, 8),
        (40, 3, 28, 9),
        (120, 1, 9, 8),
        (10, 12, 97, 8),
        (10, 12, 120, 9),
    ],
)
def test_the_median_is_frozen_where_eight_points_lie_before_the_beginning(points, months, began, baseline):
    assert baseline_points(points, months, began)[0] == baseline


def test_rates_are_the_events_observed_over_the_cases(example_trace):
    table_columns = list(RATE_COLUMNS)
    lengths = set()
    for i, name in enumerate(example_trace.world.static_world.ids):
        found = build_event_rate_series(example_trace, name)
        table = found.table.to_pandas()
        assert list(table.columns) == table_columns
        assert table["count"].sum() == example_trace.observed_events[:, i].sum()
        np.testing.assert_allclose(table["rate"] * table["cases"], 10_000 * table["count"])
        np.testing.assert_allclose(table["cases"].sum(), example_trace.world.organisations[SIZE, i] * 96 / 12)
        assert len(table) == 96 // found.months
        assert table["period"].iloc[-1] == 8 - found.months / 24
        assert found.chart.median == np.median(table["rate"][: found.chart.baseline])
        lengths.add(found.months)
    assert len(lengths) > 1


def test_the_baseline_ends_where_the_organisation_began(example_trace):
    first = example_trace.quantity("first_adopted", "bundle")[-1]
    for name, month in zip(example_trace.world.static_world.ids, first, strict=True):
        found = build_event_rate_series(example_trace, name, "bundle")
        assert found.started == (month if month >= 0 else None)
        if found.chart.baseline is not None:
            assert 8 * found.months <= found.chart.baseline * found.months < month
            assert f"the {found.chart.baseline} points before adoption" in found.baseline_reason
        else:
            assert "of all" in found.baseline_reason


def test_without_an_intervention_the_first_begun_ends_the_baseline(example_trace):
    firsts = np.array(
        [example_trace.quantity("first_adopted", name)[-1] for name in example_trace.scenario.interventions]
    )
    for i, name in enumerate(example_trace.world.static_world.ids):
        begun = firsts[:, i][firsts[:, i] >= 0]
        assert build_event_rate_series(example_trace, name).started == (begun.min() if begun.size else None)


def test_what_is_not_there_is_told_with_the_nearest_name(example_trace):
    with pytest.raises(qs.InputError, match="did you mean 'organisation-0"):
        build_event_rate_series(example_trace, "organisation-01")
    with pytest.raises(qs.InputError, match="did you mean 'bundle'"):
        build_event_rate_series(example_trace, "organisation-001", "bundel")
    with pytest.raises(qs.InputError, match="did you mean 'bundle'"):
        select_organisations(example_trace, "bundel")
    with pytest.raises(qs.InputError, match="observe=True"):
        build_event_rate_series(trace(all_features_scenario(), months=[0]), "organisation-001")
