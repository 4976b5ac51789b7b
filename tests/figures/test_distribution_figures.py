"""The distribution over worlds: every world is in a bar, and the chart is one that Vega-Lite takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qispread.outputs.figures.distribution_figures import GUESS_DATA, distribution_figure, histogram_bars
from qispread.outputs.figures.palette import assign_styles

SHARES = st.lists(st.floats(0.0, 1.0) | st.just(float("nan")), min_size=1, max_size=60).map(np.array)
NUMBERS = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=1, max_size=60).map(np.array)


@given(SHARES, SHARES)
def test_every_world_that_has_the_measure_is_in_one_bar_that_holds_it(first, second):
    table, edges = histogram_bars({"a": first, "b": second}, "percent")
    assert (edges[0], edges[-1]) == (0.0, 1.0)
    for arm, values in (("a", first), ("b", second)):
        rows = table[table["arm"] == arm]
        known = values[~np.isnan(values)]
        assert rows["replicates"].sum() == known.size
        for row in rows.itertuples():
            inside = (known >= row.low) & ((known < row.high) | (row.high == edges[-1]))
            assert inside.sum() == row.replicates


@given(NUMBERS)
def test_numbers_have_bars_from_the_lowest_to_the_highest(values):
    table, _ = histogram_bars({"a": values}, "number")
    known = values[~np.isnan(values)]
    assert table["replicates"].sum() == known.size
    if known.size:
        assert table["low"].min() <= known.min()
        assert table["high"].max() >= known.max()


@pytest.mark.parametrize(("form", "size"), [("percent", 1.0), ("number", 5000.0)])
def test_the_chart_is_valid_and_says_its_numbers(form, size):
    ends = {"as it is": size * np.linspace(0.1, 0.3, 41), "changed": size * np.linspace(0.5, 0.7, 41)}
    figure = distribution_figure(ends, "effect", "Effect", "At the end", form, assign_styles(ends, "as it is"))
    found = figure.chart.to_dict(validate=True)
    assert {"name": GUESS_DATA} in [layer.get("data") for layer in found["layer"]]
    middle = "20%" if form == "percent" else "1,000"
    assert f"as it is: median {middle}" in figure.alt


def test_a_measure_that_no_world_has_is_drawn_empty():
    ends = {"as it is": np.full(5, np.nan)}
    figure = distribution_figure(ends, "effect", "Effect", "At the end", "number", assign_styles(ends, "as it is"))
    assert figure.table.empty
    assert figure.chart.to_dict(validate=True)
