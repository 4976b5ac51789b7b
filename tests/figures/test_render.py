"""Charts become pictures that a page can hold side by side, and tables that a spreadsheet does not run."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qispread.outputs.figures.curve_figures import curve_figure, curve_spec, fidelity_gap_figure
from qispread.outputs.figures.figure import figure_file_name
from qispread.outputs.figures.interval_figures import interval_chart
from qispread.outputs.figures.palette import assign_styles
from qispread.outputs.figures.render import FigureRenderer, escape_csv_formulas
from qispread.outputs.figures.vega_renderer import EMPTY_CHART, VegaRenderer

STYLES = assign_styles(["baseline", 'an "arm" <b>'])


def example_curve():
    table = pd.DataFrame(
        [
            {"arm": arm, "month": month, "replicates": 9, "median": month / 100, "p5": month / 120, "p95": month / 80}
            for arm in STYLES
            for month in range(37)
        ]
    )
    return curve_figure(table, curve_spec("current_use"), STYLES, 36)


def render_figure(figure):
    with FigureRenderer() as studio:
        studio.submit([figure])
        return studio.collect()[0]


def test_what_cannot_be_drawn_is_told_and_the_converter_goes_on_until_it_is_closed():
    converter = VegaRenderer()
    with pytest.raises(RuntimeError, match=r"^bad: "):
        converter.render({"layer": 5}, "bad")
    svg, png = converter.render(EMPTY_CHART, "good")
    assert svg.startswith("<svg")
    assert png.startswith(b"\x89PNG")
    converter.close()
    assert converter.process.poll() == 0


def test_a_drawing_is_one_picture_with_its_meaning_and_ids_of_its_own():
    with FigureRenderer() as studio:
        studio.submit([example_curve(), example_curve()])
        first, second = studio.collect()
    assert (first.svg, first.inline_svg, first.png) == (second.svg, second.inline_svg, second.png)
    assert first.inline_svg.startswith(
        '<svg role="img" aria-label="Using it now, share of other organisations, over time.'
    )
    assert "&lt;b&gt;" in first.inline_svg
    assert "<b>" not in first.inline_svg
    assert "xmlns" not in first.inline_svg
    assert "xmlns" in first.svg
    assert all(name.startswith("current-use-over-time") for name in re.findall(r' id="([^"]*)"', first.inline_svg))
    assert len(re.findall("role=", first.inline_svg)) == 1


def test_text_is_no_smaller_than_eleven_pixels():
    drawing = render_figure(example_curve())
    assert all(float(size) >= 11.0 for size in re.findall(r'font-size="([\d.]+)px"', drawing.svg))
    width = float(re.search(r'width="([\d.]+)"', drawing.svg)[1])
    assert width <= 358


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("missing", [0, 36])
def test_curves_and_gaps_with_months_without_meaning_are_drawn(missing):
    table = pd.DataFrame({"arm": "baseline", "month": range(37), "current_use": 0.5, "reached": 0.1})
    table.loc[:missing, ["current_use", "reached"]] = float("nan")
    assert render_figure(fidelity_gap_figure(table, STYLES["baseline"], 0, 36, "means")).png.startswith(b"\x89PNG")


def test_intervals_without_bounds_are_drawn_as_points_alone():
    row = {"row": "baseline", "arm": "baseline", "value": 1.0, "low": float("nan"), "high": float("nan")}
    chart = interval_chart(pd.DataFrame([row]), "Title", "Unit", "number", list(STYLES.values()))
    assert chart.to_dict()["title"]["text"] == ["Title"]


@given(st.lists(st.text()), st.floats(allow_nan=False))
def test_no_word_in_a_table_is_taken_for_a_formula(words, number):
    table = escape_csv_formulas(pd.DataFrame({"word": pd.Series(words, dtype=object), "number": number}))
    assert not any(word.startswith(("=", "+", "-", "@", "\t", "\r")) for word in table["word"])
    assert all(table["number"] == number)
    assert [
        word.removeprefix("'") if word != old else word for word, old in zip(table["word"], words, strict=True)
    ] == words


@given(st.text())
def test_file_names_are_plain(text):
    assert re.fullmatch(r"figure(-[a-z0-9]+)*", figure_file_name("figure", text))
    assert len(figure_file_name("figure", text)) <= 60
