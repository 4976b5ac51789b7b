"""What the tables of runs say, where each number can be worked out without the model."""

import pytest
from experiments.validation.scenarios import EQUAL, single_mechanism_scenario
from scipy.stats import poisson

import qispread as qs
from qispread.model.engines.run_failures import all_failed, describe_failures
from qispread.model.engines.run_tables import build_tables

SIZES, BASELINES = (1200.0, 6000.0, 30000.0), (80.0, 33.0, 7.0)


def test_expected_events_are_harm_times_cases_and_observed_ones_are_whole_numbers_around_it():
    """The intervention does nothing: of 30,000 cases a year and harm 7 per 10,000 there are 21 a year, 1.75 a month."""
    rows = [
        {"id": f"organisation-{place:03d}", **EQUAL, "size": size, "baseline": baseline}
        for place, (size, baseline) in enumerate(zip(SIZES, BASELINES, strict=True), 1)
    ]
    scenario = single_mechanism_scenario(
        24, {"kind": "complete"}, 3, {}, {"benefit": 0.0}, organisations={"rows": rows}
    )
    table = build_tables(qs.simulate(scenario, 2, keep_events=True))["observed"].to_pandas()
    assert len(table) == 2 * 24 * 3
    for place, monthly in enumerate((0.8, 1.65, 1.75), 1):
        mine = table[table["organisation"] == f"organisation-{place:03d}"]
        assert mine["month"].tolist() == 2 * list(range(1, 25))
        assert mine["expected"].tolist() == pytest.approx([monthly] * 48)
        assert poisson.cdf(mine["observed"].sum(), 48 * monthly) == pytest.approx(0.5, abs=0.4999)
        assert mine["observed"].nunique() > 2


def test_of_runs_that_came_to_their_end_there_is_nothing_to_say():
    assert all_failed(qs.simulate(single_mechanism_scenario(1, {"kind": "complete"}, 2, {}), 1).runs) == ""
    assert all_failed([]) == ""


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (["no number"], "the only run failed: no number"),
        (["a", "b", "b"], "all 3 runs failed: b"),
        (["a"] * 1200, "all 1,200 runs failed: a"),
        (["a", "", "b"], ""),
        ([""], ""),
    ],
)
def test_runs_that_all_failed_are_told_with_the_commonest_reason(errors, words):
    assert describe_failures(errors) == words
