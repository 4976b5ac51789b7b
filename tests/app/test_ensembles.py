"""Worlds that visitors share: the same numbers as everywhere else, run once."""

import asyncio

import numpy as np
import pytest

import qispread as qs
from event_loop import run_in_event_loop
from qispread.interfaces.page import ensembles as ensemble
from qispread.interfaces.page.compare_endpoint import DRAWN_MEASURES, comparison_message, stream_comparison
from qispread.interfaces.page.ensembles import MONTHLY_MEASURES, EnsembleCache, answer_stages, build_comparison
from qispread.interfaces.page.live_charts import BAND_PARTS, build_curve_table
from qispread.interfaces.page.page_state import PageStateReader
from qispread.interfaces.page.work_queue import IMMEDIATE, Priority, WorkQueue
from qispread.model.engines.simulation import failed_run
from qispread.outputs.figures.curve_figures import curve_figure, curve_spec
from qispread.outputs.figures.figure import vega_specification
from qispread.outputs.figures.palette import assign_styles
from qispread.outputs.text.display_tables import difference_rows
from qispread.runs.summary import summarise_months

SETTING = {"policies": {"coaching": {"support": 0.8, "cost": 100.0}}, "alone": {"copying.copy_loss": 0.4}}


def run_with_ensembles(start, act):
    """Run a coroutine with the ensembles of a desk."""

    async def whole():
        desk = WorkQueue()
        try:
            return await act(EnsembleCache(desk), PageStateReader(start))
        finally:
            desk.close()

    return run_in_event_loop(whole)


@pytest.fixture(scope="module")
def both_ensembles(start):
    """Return the two ensembles of a setting, all worlds run, and the setting."""

    async def act(ensembles, settings):
        setting = settings.read(SETTING)
        return *await ensembles.get_both(setting.baseline, setting.option, start.replicates, IMMEDIATE), setting

    return run_with_ensembles(start, act)


def test_curves_are_those_of_the_summary_of_a_run(both_ensembles, start):
    option, setting = both_ensembles[1:]
    found = summarise_months(qs.simulate(setting.option)).to_pandas()
    found = found[found["intervention"] == "all"]
    for measure in MONTHLY_MEASURES:
        rows = found[found["measure"] == measure].sort_values("month")
        expected = rows[list(BAND_PARTS)].to_numpy().T
        np.testing.assert_array_equal(option.bands(start.replicates)[measure], expected)


def test_differences_are_those_of_a_comparison(both_ensembles, start):
    base, option, setting = both_ensembles
    expected = qs.compare(setting.baseline, {"option": setting.option})
    found = build_comparison(base, option, start.replicates, "option")
    # By their text: from Python 3.13 on, rows with a value that is no number are not equal to their likes.
    assert repr(difference_rows(found, "option")) == repr(difference_rows(expected, "option"))
    assert found.differences.equals(expected.differences)


def test_single_worlds_are_let_go_once_the_curves_are_made(both_ensembles, start):
    base, option, _ = both_ensembles
    before = comparison_message(base, option, start.replicates)
    assert not option._months
    assert comparison_message(base, option, start.replicates) == before


def test_the_rows_of_a_live_chart_are_those_of_the_chart_in_a_report(both_ensembles, start):
    base, option, _ = both_ensembles
    answer = comparison_message(base, option, start.replicates)
    for measure, live in zip(DRAWN_MEASURES, answer["curves"], strict=True):
        bands = {"baseline": base.bands(start.replicates)[measure], "option": option.bands(start.replicates)[measure]}
        figure = curve_figure(build_curve_table(bands), curve_spec(measure), assign_styles(bands), start.horizon)
        (rows,) = vega_specification(figure)["datasets"].values()
        for arm, place in (("baseline", 0), ("option", start.horizon + 1)):
            for month, row in enumerate(rows[place : place + start.horizon + 1]):
                assert row["arm"] == arm
                assert row["time"] == pytest.approx(month / live["unit"])
                for part in BAND_PARTS:
                    given = live["arms"][arm][part][month]
                    assert (given is None) == (row[part] is None)
                    assert given is None or given == pytest.approx(row[part], abs=1e-6)
        assert live["alt"].startswith(figure.title)


def test_visitors_who_ask_the_same_share_the_same_worlds(start, monkeypatch):
    run = []
    real = ensemble.run_replicate
    monkeypatch.setattr(ensemble, "run_replicate", lambda *given: run.append(given[1]) or real(*given))

    async def act(ensembles, settings):
        setting = settings.read(SETTING)

        async def visitor():
            return [one["runs"] async for one in stream_comparison(setting, ensembles)]

        return await asyncio.gather(*(visitor() for _ in range(8)))

    found = run_with_ensembles(start, act)
    assert found == [[count for count, _ in answer_stages(start.replicates)]] * 8
    assert len(run) == 2 * start.replicates
    assert sorted(run) == sorted([*range(start.replicates)] * 2)


def test_whoever_leaves_takes_no_worlds_away(start):
    async def act(ensembles, settings):
        option = ensembles.get(settings.read(SETTING).option)
        leaving = asyncio.create_task(option.ensure_replicates(start.replicates, ensembles.queue, Priority()))
        staying = asyncio.create_task(option.ensure_replicates(start.replicates, ensembles.queue, Priority()))
        await asyncio.sleep(0.005)
        leaving.cancel()
        await staying
        return [run.replicate for run in option.ends]

    assert run_with_ensembles(start, act) == list(range(start.replicates))


def test_a_change_of_nothing_is_told_as_such(start):
    async def act(ensembles, settings):
        return [one async for one in stream_comparison(settings.read({}), ensembles)][-1]

    answer = run_with_ensembles(start, act)
    assert answer["unchanged"]
    assert answer["table"]["rows"] == []
    assert "option" not in " ".join(answer["headline"])
    assert all(list(one["arms"]) == ["baseline"] for one in answer["curves"])


def test_worlds_that_fail_are_counted_and_left_out(start, monkeypatch):
    real, failing = ensemble.run_replicate, {1, 60, 61}

    def run_one(blueprint, replicate):
        run = real(blueprint, replicate)
        return failed_run(blueprint, replicate, ArithmeticError("overflow")) if replicate in failing else run

    monkeypatch.setattr(ensemble, "run_replicate", run_one)

    async def act(ensembles, settings):
        return [one async for one in stream_comparison(settings.read(SETTING), ensembles)]

    found = run_with_ensembles(start, act)
    assert [one["failed"] for one in found] == [1, 3]
    assert None not in found[-1]["curves"][0]["arms"]["option"]["median"]


def test_where_every_world_fails_the_answer_says_so(start):
    extreme = start.replace({"interventions.intervention.response.steepness": 1e308})

    async def act(ensembles, settings):
        return [one async for one in stream_comparison(settings.read({}), ensembles)][-1]

    answer = run_with_ensembles(extreme, act)
    assert answer["failed"] == start.replicates
    assert set(answer["curves"][0]["arms"]["baseline"]["median"]) == {None}
