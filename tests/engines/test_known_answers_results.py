"""What happens and what is counted where a result is nothing, worked out by hand."""

import numpy as np

import qispread as qs
from small_models import small


def test_without_reactive_changes_no_event_speaks_of_one():
    scenario = small(horizon=12).replace({"improving.reactive": 0.0})
    (run,) = qs.simulate(scenario, 1, keep_events=True).runs
    assert run.events
    assert not [event for event in run.events if event["event"] == "reactive change"]


def test_until_the_second_intervention_begins_all_interventions_are_the_first():
    # Before a launch the pilot site has no result, so that everybody's is no less; nobody uses it, and nobody counts.
    scenario = small(horizon=6, interventions={"first": {}, "second": {"launch": 6}})
    months = qs.simulate(scenario, 6).months.query("month < 6")
    first = months.query("intervention == 'first'").reset_index(drop=True)
    pooled = months.query("intervention == 'all'").reset_index(drop=True)
    assert first["replicated"].notna().any()
    for measure in ("replicated", "transformed", "boosted"):
        assert np.array_equal(first[measure], pooled[measure], equal_nan=True)
