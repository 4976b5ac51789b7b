"""Charts become pictures that a page can hold side by side, and tables that a spreadsheet does not run."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qispread.figures.converting import NOTHING, Converter
from qispread.figures.curves import curve_figure, curve_of, gap_figure
from qispread.figures.drawing import Studio, harmless
from qispread.figures.figure import file_name
from qispread.figures.intervals import interval_chart
from qispread.figures.palette import styles_of

STYLES = styles_of(["base", 'an "arm" <b>'])


def curve():
    table = pd.DataFrame(
        [
            {"arm": arm, "month": month, "worlds": 9, "median": month / 100, "p5": month / 120, "p95": month / 80}
            for arm in STYLES
            for month in range(37)
        ]
    )
    return curve_figure(table, curve_of("adoption"), STYLES, 36)


def draw(figure):
    with Studio() as studio:
        studio.take([figure])
        return studio.drawings()[0]


def test_what_cannot_be_drawn_is_told_and_the_converter_goes_on_until_it_is_closed():
    converter = Converter()
    with pytest.raises(RuntimeError, match=r"^bad: "):
        converter.pictures({"layer": 5}, "bad")
    svg, png = converter.pictures(NOTHING, "good")
    assert svg.startswith("<svg")
    assert png.startswith(b"\x89PNG")
    converter.close()
    assert converter.process.poll() == 0


def test_a_drawing_is_one_picture_with_its_meaning_and_ids_of_its_own():
    with Studio() as studio:
        studio.take([curve(), curve()])
        first, second = studio.drawings()
    assert (first.svg, first.inline, first.png) == (second.svg, second.inline, second.png)
    assert first.inline.startswith('<svg role="img" aria-label="Using it now, share of other organisations, over time.')
    assert "&lt;b&gt;" in first.inline
    assert "<b>" not in first.inline
    assert "xmlns" not in first.inline
    assert "xmlns" in first.svg
    assert all(name.startswith("adoption-over-time") for name in re.findall(r' id="([^"]*)"', first.inline))
    assert len(re.findall("role=", first.inline)) == 1


def test_text_is_no_smaller_than_eleven_pixels():
    drawing = draw(curve())
    assert all(float(size) >= 11.0 for size in re.findall(r'font-size="([\d.]+)px"', drawing.svg))
    width = float(re.search(r'width="([\d.]+)"', drawing.svg)[1])
    assert width <= 358


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("missing", [0, 36])
def test_curves_and_gaps_with_months_without_meaning_are_drawn(missing):
    table = pd.DataFrame({"arm": "base", "month": range(37), "adoption": 0.5, "reached": 0.1})
    table.loc[:missing, ["adoption", "reached"]] = float("nan")
    assert draw(gap_figure(table, STYLES["base"], 0, 36, "means")).png.startswith(b"\x89PNG")


def test_intervals_without_bounds_are_drawn_as_points_alone():
    row = {"row": "base", "arm": "base", "value": 1.0, "low": float("nan"), "high": float("nan")}
    chart = interval_chart(pd.DataFrame([row]), "Title", "Unit", "number", list(STYLES.values()))
    assert chart.to_dict()["title"]["text"] == ["Title"]


@given(st.lists(st.text()), st.floats(allow_nan=False))
def test_no_word_in_a_table_is_taken_for_a_formula(words, number):
    table = harmless(pd.DataFrame({"word": pd.Series(words, dtype=object), "number": number}))
    assert not any(word.startswith(("=", "+", "-", "@", "\t", "\r")) for word in table["word"])
    assert all(table["number"] == number)
    assert [
        word.removeprefix("'") if word != old else word for word, old in zip(table["word"], words, strict=True)
    ] == words


@given(st.text())
def test_file_names_are_plain(text):
    assert re.fullmatch(r"figure(-[a-z0-9]+)*", file_name("figure", text))
    assert len(file_name("figure", text)) <= 60
