"""How many worlds a precision takes, what is refused, and what is told on the way, with made-up differences."""

from types import SimpleNamespace

import numpy as np
import pytest

import qispread as qs
from all_features import all_features_scenario
from helpers_input import only_fault
from qispread.inputs.errors import InputError
from qispread.model.measures import MEASURE_NAMES
from qispread.model.world.state_arrays import VISIBLE_ROWS
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.comparison.paired_statistics import mean_and_half_width, monthly_means
from qispread.runs.comparison.precision import PrecisionTarget, max_replicates
from qispread.runs.comparison.run_comparison import run_replicate_batches


def test_a_measure_without_a_meaning_in_one_of_two_arms_is_refused():
    """Of 1,000 worlds at least 50 must have it, in every arm: 49 in one are too few, however many in the other."""
    many, few, enough = np.zeros(1000), np.zeros(49), np.zeros(50)
    precision = PrecisionTarget(1.0)
    for differences in ([many, few], [few, many], [few]):
        with pytest.raises(
            InputError, match="the measure is defined in 49 of 1000 replicates; needed: another measure"
        ):
            precision.check_feasible(differences, 1000, 5000)
    precision.check_feasible([many, enough], 1000, 5000)


def test_what_is_needed_is_told_with_what_can_be_had():
    """The interval of 400 differences of 1 and -1 is 0.0984 wide to each side: at 0.01 about 97 times 400 are needed.

    The 1,600 that fit, four times as many, give half of 0.0984.
    """
    differences = np.tile([1.0, -1.0], 200)
    found = only_fault(lambda: PrecisionTarget(0.01).check_feasible([np.zeros(400), differences], 400, 1600))
    assert "about 38," in str(found)
    assert "at most 1,600 fit in memory, which give about 0.0492" in str(found)


def a_play(arms):
    """Return what plays worlds in which an arm is 1 above the base and 1 below it by turns, and tells of each run."""

    def play(replicates, progress):
        total = len(replicates) * len(arms)
        found = {}
        for place, name in enumerate(arms):
            found[name] = []
            for number, replicate in enumerate(replicates, 1):
                measures = np.zeros((2, 2, len(MEASURE_NAMES)))
                measures[-1, -1] = 0.0 if name == BASELINE_ARM else (-1.0) ** replicate
                found[name].append(SimpleNamespace(error=None, measures=measures, replicate=replicate))
                progress(place * len(replicates) + number, total)
        return found

    return play


def test_progress_counts_the_worlds_of_all_arms_through_every_look():
    """After 256 worlds the half-width is 1.97 / 16 = 0.123: for 0.1 about 1.51 times as many are needed, 389."""
    arms, told = (BASELINE_ARM, "one", "two"), []
    found = run_replicate_batches(
        a_play(arms),
        arms,
        0,
        MEASURE_NAMES[0],
        PrecisionTarget(0.1),
        5000,
        lambda done, total: told.append((done, total)),
    )
    worlds = len(found["one"])
    assert worlds == pytest.approx(256 * (1.9693 / np.sqrt(255) / 0.1) ** 2, abs=2)
    assert all([run.replicate for run in found[name]] == list(range(worlds)) for name in arms)
    assert told == [(done, 768) for done in range(1, 769)] + [(done, 3 * worlds) for done in range(769, 3 * worlds + 1)]


def test_a_number_of_worlds_is_played_at_once():
    arms, told = (BASELINE_ARM, "one"), []
    found = run_replicate_batches(
        a_play(arms), arms, 5, MEASURE_NAMES[0], None, 5000, lambda done, total: told.append((done, total))
    )
    assert {name: len(runs) for name, runs in found.items()} == {BASELINE_ARM: 5, "one": 5}
    assert told == [(done, 10) for done in range(1, 11)]


def test_an_interval_exactly_as_wide_as_asked_is_enough():
    differences = np.tile([1.0, -1.0], 150)
    half = mean_and_half_width(differences)[1]
    assert PrecisionTarget(half).next_batch_end([differences], 300) == 300
    assert PrecisionTarget(float(np.nextafter(half, 0.0))).next_batch_end([differences], 300) == 375, (
        "a quarter more at least"
    )


def test_as_many_worlds_fit_as_the_memory_holds_of_what_a_world_leaves():
    """In 4 GiB, of what the end of a world holds and what peers see, with the measures of every month, for each arm."""
    scenario = all_features_scenario(policies={}, horizon=30)
    (run,) = qs.simulate(scenario, 1).runs
    assert scenario.interventions
    number = run.final_state.organisations.shape[1]
    seen = 8 * len(VISIBLE_ROWS) * number * len(scenario.interventions)
    each = (
        run.final_state.organisations.nbytes
        + run.final_state.practices.nbytes
        + run.final_state.histories.nbytes
        + seen
    )
    each += run.measures.nbytes
    for arms in (1, 2, 5):
        assert max_replicates(scenario, number, arms) == 2**32 // (arms * each)


def test_the_mean_of_a_month_is_of_the_runs_that_have_it_be_it_one():
    nan = np.nan
    values = np.array([[1.0, 2.0, nan, nan], [3.0, nan, nan, 5.0]])
    np.testing.assert_array_equal(monthly_means(values), [2.0, 2.0, nan, 5.0])
