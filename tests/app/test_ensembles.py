"""Worlds that visitors share: the same numbers as everywhere else, run once."""

import asyncio

import numpy as np
import pytest

import qispread as qs
from looping import in_a_loop
from qispread.analysis.summary import months_summary
from qispread.app import ensemble
from qispread.app.answers import DRAWN, answers, told
from qispread.app.charts import PARTS, curve_table
from qispread.app.desk import AT_ONCE, Desk, Urgency
from qispread.app.ensemble import SHOWN, Ensembles, compared, stages
from qispread.app.setting import Settings
from qispread.engines.run import broken
from qispread.figures.curves import curve_figure, curve_of
from qispread.figures.figure import specification
from qispread.figures.palette import styles_of
from qispread.presentation.tables import difference_rows

SETTING = {"policies": {"coaching": {"support": 0.8, "cost": 100.0}}, "alone": {"copying.copy_loss": 0.4}}


def asked(start, act):
    """Run a coroutine with the ensembles of a desk."""

    async def whole():
        desk = Desk()
        try:
            return await act(Ensembles(desk), Settings(start))
        finally:
            desk.close()

    return in_a_loop(whole)


@pytest.fixture(scope="module")
def both(start):
    """Return the two ensembles of a setting, all worlds run, and the setting."""

    async def act(ensembles, settings):
        setting = settings.read(SETTING)
        return *await ensembles.both(setting.base, setting.what_if, start.replicates, AT_ONCE), setting

    return asked(start, act)


def test_curves_are_those_of_the_summary_of_a_run(both, start):
    what_if, setting = both[1:]
    found = months_summary(qs.simulate(setting.what_if)).to_pandas()
    found = found[found["intervention"] == "all"]
    for measure in SHOWN:
        rows = found[found["measure"] == measure].sort_values("month")
        expected = rows[list(PARTS)].to_numpy().T
        np.testing.assert_array_equal(what_if.bands(start.replicates)[measure], expected)


def test_differences_are_those_of_a_comparison(both, start):
    base, what_if, setting = both
    expected = qs.compare(setting.base, {"what-if": setting.what_if})
    found = compared(base, what_if, start.replicates, "what-if")
    # By their text: from Python 3.13 on, rows with a value that is no number are not equal to their likes.
    assert repr(difference_rows(found, "what-if")) == repr(difference_rows(expected, "what-if"))
    assert found.differences.equals(expected.differences)


def test_single_worlds_are_let_go_once_the_curves_are_made(both, start):
    base, what_if, _ = both
    before = told(base, what_if, start.replicates)
    assert not what_if._months
    assert told(base, what_if, start.replicates) == before


def test_the_rows_of_a_live_chart_are_those_of_the_chart_in_a_report(both, start):
    base, what_if, _ = both
    answer = told(base, what_if, start.replicates)
    for measure, live in zip(DRAWN, answer["curves"], strict=True):
        bands = {"base": base.bands(start.replicates)[measure], "what-if": what_if.bands(start.replicates)[measure]}
        figure = curve_figure(curve_table(bands), curve_of(measure), styles_of(bands), start.horizon)
        (rows,) = specification(figure)["datasets"].values()
        for arm, place in (("base", 0), ("what-if", start.horizon + 1)):
            for month, row in enumerate(rows[place : place + start.horizon + 1]):
                assert row["arm"] == arm
                assert row["time"] == pytest.approx(month / live["unit"])
                for part in PARTS:
                    given = live["arms"][arm][part][month]
                    assert (given is None) == (row[part] is None)
                    assert given is None or given == pytest.approx(row[part], abs=1e-6)
        assert live["alt"].startswith(figure.title)


def test_visitors_who_ask_the_same_share_the_same_worlds(start, monkeypatch):
    run = []
    real = ensemble.run_one
    monkeypatch.setattr(ensemble, "run_one", lambda *given: run.append(given[1]) or real(*given))

    async def act(ensembles, settings):
        setting = settings.read(SETTING)

        async def visitor():
            return [one["worlds"] async for one in answers(setting, ensembles)]

        return await asyncio.gather(*(visitor() for _ in range(8)))

    found = asked(start, act)
    assert found == [[count for count, _ in stages(start.replicates)]] * 8
    assert len(run) == 2 * start.replicates
    assert sorted(run) == sorted([*range(start.replicates)] * 2)


def test_whoever_leaves_takes_no_worlds_away(start):
    async def act(ensembles, settings):
        what_if = ensembles.of(settings.read(SETTING).what_if)
        leaving = asyncio.create_task(what_if.reach(start.replicates, ensembles.desk, Urgency()))
        staying = asyncio.create_task(what_if.reach(start.replicates, ensembles.desk, Urgency()))
        await asyncio.sleep(0.005)
        leaving.cancel()
        await staying
        return [run.replicate for run in what_if.ends]

    assert asked(start, act) == list(range(start.replicates))


def test_a_change_of_nothing_is_told_as_such(start):
    async def act(ensembles, settings):
        return [one async for one in answers(settings.read({}), ensembles)][-1]

    answer = asked(start, act)
    assert answer["same"]
    assert answer["table"]["rows"] == []
    assert "what-if" not in " ".join(answer["headline"])
    assert all(list(one["arms"]) == ["base"] for one in answer["curves"])


def test_worlds_that_fail_are_counted_and_left_out(start, monkeypatch):
    real, failing = ensemble.run_one, {1, 60, 61}

    def run_one(blueprint, replicate):
        run = real(blueprint, replicate)
        return broken(blueprint, replicate, ArithmeticError("overflow")) if replicate in failing else run

    monkeypatch.setattr(ensemble, "run_one", run_one)

    async def act(ensembles, settings):
        return [one async for one in answers(settings.read(SETTING), ensembles)]

    found = asked(start, act)
    assert [one["failed"] for one in found] == [1, 3]
    assert None not in found[-1]["curves"][0]["arms"]["what-if"]["median"]


def test_where_every_world_fails_the_answer_says_so(start):
    extreme = start.replace({"interventions.intervention.response.steepness": 1e308})

    async def act(ensembles, settings):
        return [one async for one in answers(settings.read({}), ensembles)][-1]

    answer = asked(extreme, act)
    assert answer["failed"] == start.replicates
    assert set(answer["curves"][0]["arms"]["base"]["median"]) == {None}
