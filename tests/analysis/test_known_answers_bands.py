"""What is called nine in ten worlds lies between the 5th and the 95th percentile, wherever a band is given.

The worlds number 101 and their values are 0 to 100 per cent in steps of one, dealt in no order: percentiles are then
known without arithmetic (the 5th is 0.05, the median 0.50, the 95th 0.95).
"""

import io
from types import SimpleNamespace

import numpy as np
import pyarrow.csv
import pytest
from rich.console import Console

import qispread as qs
from qispread.interfaces.cli import terminal
from qispread.interfaces.page.ensembles import MONTHLY_MEASURES, compute_bands
from qispread.interfaces.page.teaching.lesson_results import question_result
from qispread.model.engines.simulation import ReplicateRun, Runs
from qispread.model.measures import MEASURE_NAMES
from qispread.outputs.figures.distribution_figures import describe_distributions
from qispread.runs.summary import PERCENTILE_BAND, percentile_of_sorted, summarise_measure, summarise_months

WORLDS = 101
SHARES = np.random.default_rng(5).permutation(WORLDS) / 100.0
KNOWN = (0.05, 0.5, 0.95)
SCENARIO = qs.Scenario().replace(
    {
        "organisations.number": 4,
        "organisations.partnerships": 1,
        "organisations.regions": 1,
        "network": {"kind": "complete"},
    },
    horizon=2,
    replicates=WORLDS,
)


@pytest.fixture(scope="module")
def runs():
    """Return runs that were made up: every measure of a world is its share in every month."""
    shape = (SCENARIO.horizon + 1, 2, len(MEASURE_NAMES))
    drawn = qs.simulate(SCENARIO, 1).runs[0]
    return Runs(
        SCENARIO,
        [
            ReplicateRun(place, np.full(shape, share), drawn.initial_organisations, drawn.final_state)
            for place, share in enumerate(SHARES)
        ],
    )


def test_the_interval_is_the_middle_nine_tenths():
    assert PERCENTILE_BAND == (0.05, 0.95)


def test_a_figure_has_the_5th_and_95th_percentile():
    found = summarise_measure("share", "percent", SHARES)
    assert (found.low, found.median, found.high) == pytest.approx(KNOWN)
    assert found.replicates == WORLDS


def test_worlds_without_the_measure_do_not_count():
    found = summarise_measure("share", "percent", np.append(SHARES, [np.nan] * 50))
    assert (found.low, found.median, found.high, found.replicates) == pytest.approx((*KNOWN, WORLDS))


def test_the_table_of_months_has_p5_median_and_p95(runs):
    table = summarise_months(runs).to_pandas()
    assert len(table) == 3 * 2 * len(MEASURE_NAMES)
    assert (table["replicates"] == WORLDS).all()
    for column, value in zip(("p5", "median", "p95"), KNOWN, strict=True):
        assert table[column].to_numpy() == pytest.approx(value)


def test_the_saved_summary_has_them_too(runs, tmp_path):
    qs.write_runs(runs, tmp_path / "saved", command=["qispread"])
    table = pyarrow.csv.read_csv(tmp_path / "saved" / "summary.csv").to_pandas()
    adoption = table[(table["measure"] == "current_use") & (table["month"] == SCENARIO.horizon)]
    assert adoption[["p5", "median", "p95"]].to_numpy() == pytest.approx(np.tile(KNOWN, (2, 1)))


def test_the_terminal_prints_them(runs):
    written = io.StringIO()
    terminal.show_headlines(runs, Console(file=written, width=200))
    lines = [line for line in written.getvalue().splitlines() if "Fidelity" in line]
    assert len(lines) == 1
    assert "50%" in lines[0]
    assert "5% to 95%" in lines[0]


def test_a_chart_of_worlds_says_them_in_its_alternative_text():
    assert "median 50%, 9 of 10 runs from 5% to 95%" in describe_distributions({"baseline": SHARES}, "Use", "percent")


def test_curves_of_the_page_are_drawn_between_them():
    worlds = [np.full((3, len(MONTHLY_MEASURES)), share) for share in SHARES]
    bands = compute_bands(worlds, 2)
    assert set(bands) == set(MONTHLY_MEASURES)
    for band in bands.values():
        middle, low, high = band
        assert (low[-1], middle[-1], high[-1]) == pytest.approx(KNOWN)


def test_a_lesson_answers_with_them(runs):
    ensemble = SimpleNamespace(scenario=SCENARIO, ends=runs.runs, runs=lambda _: runs)
    guess = SimpleNamespace(kind="share", arm="baseline", measure="current_use")
    found = question_result(guess, {"baseline": ensemble})
    assert (found["low"], found["high"]) == pytest.approx((0.05, 0.95))
    assert found["value"] == pytest.approx(0.5)


def test_percentiles_between_two_worlds_are_interpolated():
    """Of 3 and 4 known values: places 0.1 and 0.15 above the lowest, 1.9 and 2.85 for the 95th."""
    values = np.array([[10.0, 0.0], [20.0, 100.0], [40.0, 300.0], [np.nan, 600.0]])
    known = np.array([3, 4])
    assert percentile_of_sorted(values, known, 0.05) == pytest.approx([11.0, 15.0])
    assert percentile_of_sorted(values, known, 0.95) == pytest.approx([38.0, 555.0])
    assert percentile_of_sorted(values, known, 0.0).tolist() == [10.0, 0.0]
    assert percentile_of_sorted(values, known, 1.0).tolist() == [40.0, 600.0]
