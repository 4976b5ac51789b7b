"""Sentences say what is known and no more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qispread.common.formatting import format_duration, join_words
from qispread.model.measures import MEASURE_NAMES
from qispread.outputs.text.sentences import DifferenceStatement, difference_sentence


def difference(value, low, high, measure="events_averted", better=1.0, runs=50):
    return DifferenceStatement("coaching", measure, value, low, high, better, runs)


def test_a_clear_difference_is_said_with_its_interval_and_runs():
    said = difference_sentence(difference(818.0, 777.0, 859.0), 120)
    assert said == (
        "Coaching would avert 818 more adverse events per 100 organisations over 10 years "
        "(95% interval +777 to +859; better than the baseline in all 50 runs)."
    )


def test_a_share_is_said_in_percentage_points():
    said = difference_sentence(difference(0.021, 0.012, 0.03, "current_use", 0.734), 30)
    assert "raise the share of organisations that use it by 2.1 percentage points after 30 months" in said
    assert "better than the baseline in 73% of 50 runs" in said


@pytest.mark.parametrize(("measure", "sign"), [("event_rate", 1.0), ("events_averted", -1.0), ("discontinued", 1.0)])
def test_a_change_for_the_worse_is_called_so(measure, sign):
    one = difference(sign * 0.2, sign * 0.2 - 0.1, sign * 0.2 + 0.1, measure, 0.1)
    assert one.verdict == "worse"
    assert "which is worse" in difference_sentence(one, 12)


def test_nothing_is_said_to_change_nothing():
    one = difference(0.0, 0.0, 0.0, better=0.5)
    assert difference_sentence(one, 12) == "Coaching does not change adverse events averted over 1 year in any run."


def test_one_run_has_no_interval():
    said = difference_sentence(difference(5.0, math.nan, math.nan, runs=1), 12)
    assert "in the one run simulated" in said
    assert "interval" not in said


def test_what_has_no_meaning_is_not_told():
    assert "not defined" in difference_sentence(difference(math.nan, math.nan, math.nan, "fidelity"), 12)


@given(
    measure=st.sampled_from(MEASURE_NAMES),
    value=st.floats(-1e9, 1e9),
    half=st.floats(0.0, 1e9),
    better=st.floats(0.0, 1.0),
    months=st.integers(1, 600),
)
def test_no_gain_is_claimed_where_the_interval_holds_none(measure, value, half, better, months):
    one = difference(value, value - half, value + half, measure, better)
    said = difference_sentence(one, months)
    assert said.endswith(".")
    assert "nan" not in said
    if one.low <= 0.0 <= one.high:
        assert "would" not in said
        assert one.verdict in {"unclear", "none"}
    else:
        assert "would" in said


def test_lists_and_spans_read_as_a_sentence():
    assert join_words(["a"]) == "a"
    assert join_words(["a", "b", "c"], "or") == "a, b or c"
    durations = [format_duration(months) for months in (12, 24, 1, 7)]
    assert durations == ["1 year", "2 years", "1 month", "7 months"]
