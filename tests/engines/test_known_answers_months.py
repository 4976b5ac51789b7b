"""What happens in which month and by how much, where it can be worked out without the model, on both engines."""

import numpy as np
import pytest
from experiments.validation.scenarios import AVAILABLE, identical_organisations_scenario, measure_by_month

import qispread as qs
from qispread.inputs.policies import RefresherPolicy
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.measures import BOOSTED_THRESHOLD, MEASURE_NAMES, REPLICATED_THRESHOLD
from qispread.model.world import state_arrays as at
from qispread.model.world.policy_schedule import COST_ONLY, IN_FORCE, OUTSIDE_WINDOW, policy_status

ENGINES = ("kernel", "mesa")


def overall(runs, name):
    """Return an overall measure as (replicates, months from 0)."""
    return runs.measures[:, :, -1, MEASURE_NAMES.index(name)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("start", "end", "acts"), [(3, None, (3, 15, 27)), (2, 25, (2, 14)), (5, 17, (5, 17))])
def test_a_refresher_acts_in_its_first_month_and_each_year_after(engine, start, end, acts):
    """Copies of the literature begin with 0.6 of the core; each refresher restores 0.25 of what is missing."""
    refresher = {"lever": "refresher", "start": start, "end": end, "refresh": 0.25}
    scenario = identical_organisations_scenario(
        30,
        4,
        {"copying.copy_loss": 0.8},
        {"complexity": 0.5, "codification": 0.0},
    ).replace({"policies.again": refresher})
    expected, fidelity = [], 0.6
    for month in range(1, 31):
        if month in acts:
            fidelity += 0.25 * (1.0 - fidelity)
        expected.append(fidelity)
    found = measure_by_month(qs.simulate(scenario, 1, engine=engine), "fidelity")[0, 1:]
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_refresher_costs_every_month_of_its_window():
    policy = RefresherPolicy(start=4, end=20)
    found = [policy_status(policy, month, 36) for month in range(1, 25)]
    assert [month for month, now in enumerate(found, 1) if now == IN_FORCE] == [4, 16]
    assert [month for month, now in enumerate(found, 1) if now == OUTSIDE_WINDOW] == [1, 2, 3, 21, 22, 23, 24]
    assert found.count(COST_ONLY) == 15


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("efforts", "given"), [((0.1,), 0.1), ((0.9,), AVAILABLE), ((0.1, 0.15), 0.25), ((0.2, 0.3), AVAILABLE)]
)
def test_staff_time_is_what_is_asked_and_never_more_than_there_is(engine, efforts, given):
    """Places alike have 0.32 of a team each; all four use everything from the first month."""
    scenario = identical_organisations_scenario(6, 4, {})
    one = scenario.interventions["one"].model_dump()
    interventions = {f"number-{place}": {**one, "effort": effort} for place, effort in enumerate(efforts)}
    runs = qs.simulate(scenario.replace(interventions=interventions), 2, engine=engine)
    expected = 4 * given * np.arange(7)
    assert overall(runs, "staff_time") == pytest.approx(np.tile(expected, (2, 1)), abs=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_embedded_asks_for_its_upkeep_alone(engine):
    """Effort 0.3, upkeep 0.5; embedded at once, so from the second month half of it is asked."""
    changes = {"improving.embed": 1.0, "improving.embedded_above": 0.1}
    scenario = identical_organisations_scenario(5, 4, changes, {"effort": 0.3, "upkeep": 0.5}, turnover=0.0)
    found = overall(qs.simulate(scenario, 1, engine=engine), "staff_time")[0]
    assert found == pytest.approx(4 * np.array([0.0, 0.3, 0.45, 0.6, 0.75, 0.9]), abs=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_whoever_falls_short_for_sure_lapses_once_and_loses_all(engine):
    """A goal of twice what can be had, given up for sure at the first review, a year after the first month."""
    changes = {"reviewing.discontinuing": 1e6, "deciding.claimed_result": 0.5, "copying.ambition": 4.0}
    runs = qs.simulate(identical_organisations_scenario(20, 4, changes), 1, engine=engine)
    adoption = measure_by_month(runs, "current_use")[0]
    assert adoption.tolist() == [0.0] + [1.0] * 12 + [0.0] * 8
    end = runs.runs[0].final_state
    assert end.histories[0, at.TIMES_DISCONTINUED].tolist() == [1, 1, 1, 1]
    assert (end.histories[0, at.STAGE] == at.DISCONTINUED).all()
    assert (end.histories[0, at.FIRST_ADOPTED] == 1).all()
    for row in (at.FIDELITY, at.EMBEDDING, at.APPROPRIATENESS, at.RESULT):
        assert (end.practices[0, row] == 0.0).all()
    assert (end.practices[0, at.BEST_RESULT] > 0.0).all()


def test_the_bars_are_those_of_the_documents():
    assert (REPLICATED_THRESHOLD, BOOSTED_THRESHOLD) == (0.8, 0.4)


def one_month(results, best, stages=None):
    """Return the measures of the one intervention in a month with these results; the first organisation started it."""
    number = len(results)
    organisations = np.ones((len(at.ORGANISATION_ROWS), number))
    practices = np.zeros((1, len(at.PRACTICE_ROWS), number))
    histories = np.zeros((1, len(at.HISTORY_ROWS), number), dtype=np.int64)
    practices[0, at.RESULT] = results
    practices[0, at.BEST_RESULT, 0] = best
    histories[0, at.STAGE] = at.IMPLEMENTING if stages is None else stages
    histories[0, at.ORIGIN, 0] = 1
    out = np.empty((2, len(MEASURE_NAMES)))
    measure_month(organisations, practices, histories, np.arange(number), out)
    return dict(zip(MEASURE_NAMES, out[0].tolist(), strict=True))


def test_replicated_is_from_0_8_of_the_origin_and_boosted_from_0_4():
    """The best of the origin is 0.5: 0.4 is just enough, 0.399 is not; 0.2 is just boosted, 0.199 is little."""
    found = one_month([0.1, 0.5, 0.4, 0.399, 0.36, 0.2, 0.199, 0.0, 0.45], best=0.5)
    assert found["replicated"] == pytest.approx(3.0 / 8.0)
    assert found["transformed"] == pytest.approx(3.0 / 8.0)
    assert found["boosted"] == pytest.approx(3.0 / 8.0)
    assert found["limited"] == pytest.approx(2.0 / 8.0)
    assert found["origin_effect"] == pytest.approx(0.5)
    assert found["replication_ratio"] == pytest.approx(np.mean([0.5, 0.4, 0.399, 0.36, 0.2, 0.199, 0.0, 0.45]) / 0.5)


def test_only_users_replicate_but_whoever_began_counts_below():
    """Three use it, of whom one is at the level; a fourth gave it up and is little; a fifth has only heard."""
    stages = [at.EMBEDDED, at.EMBEDDED, at.IMPLEMENTING, at.IMPLEMENTING, at.DISCONTINUED, at.AWARE]
    histories_first = [1, 1, 1, 1, 1, -1]
    number = len(stages)
    practices = np.zeros((1, len(at.PRACTICE_ROWS), number))
    histories = np.zeros((1, len(at.HISTORY_ROWS), number), dtype=np.int64)
    practices[0, at.RESULT] = [1.0, 0.85, 0.5, 0.1, 0.0, 0.0]
    practices[0, at.BEST_RESULT, 0] = 1.0
    histories[0, at.STAGE], histories[0, at.FIRST_ADOPTED] = stages, histories_first
    histories[0, at.TIMES_DISCONTINUED, 4], histories[0, at.ORIGIN, 0] = 1, 1
    out = np.empty((2, len(MEASURE_NAMES)))
    measure_month(np.ones((len(at.ORGANISATION_ROWS), number)), practices, histories, np.arange(number), out)
    found = dict(zip(MEASURE_NAMES, out[0].tolist(), strict=True))
    shares = {"awareness": 5, "ever_adopted": 4, "current_use": 3}
    assert {name: found[name] for name in shares} == pytest.approx({name: n / 5.0 for name, n in shares.items()})
    assert found["sustainment"] == pytest.approx(3.0 / 4.0)
    assert found["discontinued"] == pytest.approx(1.0 / 4.0)
    assert found["replicated"] == pytest.approx(1.0 / 3.0)
    assert found["transformed"] == pytest.approx(1.0 / 4.0)
    assert found["boosted"] == pytest.approx(1.0 / 4.0)
    assert found["limited"] == pytest.approx(2.0 / 4.0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("kept", "replicated"), [(0.67, 1.0), (0.65, 0.0)])
def test_copies_that_achieve_just_enough_replicate(engine, kept, replicated):
    """With midpoint 0.95 and steepness 1 a copy with F of the core does 1.95 F / (F + 0.95): 0.8 of it at F = 0.661."""
    changes = {"copying.copy_loss": 1.0}
    one = {"complexity": 1.0 - kept, "codification": 0.0, "response": {"midpoint": 0.95, "steepness": 1.0}}
    runs = qs.simulate(identical_organisations_scenario(3, 4, changes, one), 1, engine=engine)
    assert measure_by_month(runs, "replication_ratio")[0, -1] == pytest.approx(kept * 1.95 / (kept + 0.95))
    assert measure_by_month(runs, "replicated")[0, -1] == replicated


def test_overall_measures_are_those_worked_out_by_hand():
    """Harm 4, 1, 3, 2 in places of size 1, 2, 3, 4: mean (4 + 2 + 9 + 8) / 10; percentiles 1.3 and 3.7.

    The Gini coefficient of 1, 2, 3, 4 is (-3 - 2 + 3 + 12) / (4 * 10), in whatever order they stand.
    """
    organisations = np.zeros((len(at.ORGANISATION_ROWS), 4))
    organisations[at.EVENT_RATE], organisations[at.SIZE] = [4.0, 1.0, 3.0, 2.0], [1.0, 2.0, 3.0, 4.0]
    organisations[at.EVENTS_AVERTED] = [0.5, -0.25, 1.0, 2.0]
    organisations[at.STAFF_TIME], organisations[at.COST] = [1.0, 2.0, 3.0, 4.5], [7.0, 0.0, 0.0, 1.0]
    organisations[at.LOCAL_IMPROVEMENT], organisations[at.LEADERSHIP] = [0.1, 0.2, 0.3, 0.4], [0.5, 0.7, 0.9, 0.1]
    organisations[at.CULTURE], organisations[at.CAPABILITY] = [0.2, 0.2, 0.4, 0.4], [0.9, 0.1, 0.1, 0.1]
    practices = np.zeros((1, len(at.PRACTICE_ROWS), 4))
    histories = np.zeros((1, len(at.HISTORY_ROWS), 4), dtype=np.int64)
    histories[0, at.ORIGIN, 0] = 1
    out, order = np.empty((2, len(MEASURE_NAMES))), np.arange(4)
    measure_month(organisations, practices, histories, order, out)
    found = dict(zip(MEASURE_NAMES, out[1].tolist(), strict=True))
    expected = {
        "events_averted": 3.25,
        "event_rate": 2.3,
        "event_rate_range": 2.4,
        "event_rate_gini": 0.25,
        "staff_time": 10.5,
        "cost": 8.0,
        "local_improvement": 0.25,
        "leadership": 0.55,
        "culture": 0.3,
        "capability": 0.3,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert order.tolist() == [1, 3, 2, 0]
    assert np.isnan(out[0, MEASURE_NAMES.index("event_rate") :]).all()
