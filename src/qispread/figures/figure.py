"""A figure: a chart with its title, what it says in words, and the numbers behind it."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from qispread.figures.palette import INK, SOFT, Style

WIDTH, HEIGHT = 344, 236
"""Pixels of a panel with its axes: it fits a phone without being made smaller."""
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
FONT_SIZE, TITLE_SIZE = 12, 13
LEGEND_ROW = 17
NARROW_LABEL = 15
"""Characters up to which labels of a legend stand two in a row."""
LONGEST_TITLE = 50


@dataclass(frozen=True)
class Figure:
    """One chart of a report or a page.

    Attributes
    ----------
    name : str
        Of its files: letters, digits and hyphens.
    title : str
    alt : str
        What the chart shows, in a sentence or two with its numbers.
    table : DataFrame
        The numbers that it draws.
    chart : altair chart
    note : str
        What a reader must know to read it.
    """

    name: str
    title: str
    alt: str
    table: pd.DataFrame
    chart: Any
    note: str = ""


def file_name(*parts: str | int) -> str:
    """Return a name for the files of a figure."""
    words = "-".join(str(part) for part in parts).lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:60].rstrip("-")


def dressed(chart: Any, title: str, *, width: int = WIDTH, height: int = HEIGHT) -> Any:
    """Return a chart in the look of all charts, its size with axes and legend as given."""
    fitted = chart.properties(
        width=width,
        height=height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding={"left": 2, "right": 8, "top": 2, "bottom": 2},
        title=alt.TitleParams(wrapped(title), anchor="start", frame="group", offset=8),
    )
    return (
        fitted.configure(font=FONT, background="white", aria=False)
        .configure_view(stroke=None)
        .configure_title(fontSize=TITLE_SIZE, fontWeight=600, color=INK)
        .configure_axis(
            labelFontSize=FONT_SIZE,
            titleFontSize=FONT_SIZE,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=SOFT,
            gridColor="#ECECEC",
            domainColor=SOFT,
            tickColor=SOFT,
            tickSize=4,
            labelLimit=130,
            titlePadding=6,
        )
        .configure_axisY(domain=False, ticks=False)
        .configure_axisX(grid=False)
        .configure_legend(labelFontSize=FONT_SIZE, labelColor=INK, titleFontSize=FONT_SIZE, symbolStrokeWidth=2)
    )


def wrapped(title: str) -> list[str]:
    """Return a title in lines that fit a panel."""
    return textwrap.wrap(title, LONGEST_TITLE) or [""]


def legend_columns(styles: Sequence[Style]) -> int:
    """Return how many labels of a legend stand in a row."""
    return 2 if max(len(style.label) for style in styles) <= NARROW_LABEL else 1


def legend(styles: Sequence[Style], **more: Any) -> alt.Legend | None:
    """Return the legend of arms above a chart; none where there is only one."""
    if len(styles) < 2:
        return None
    columns = legend_columns(styles)
    settings: dict[str, Any] = {
        "orient": "top",
        "direction": "vertical",
        "columns": columns,
        "title": None,
        "offset": 4,
        "rowPadding": 1,
        "labelLimit": WIDTH // columns - 40,
        "symbolSize": 340,
        "symbolType": "stroke",
    }
    return alt.Legend(**settings | more)


def legend_height(styles: Sequence[Style]) -> int:
    """Return the pixels that the legend of some arms takes."""
    if len(styles) < 2:
        return 0
    return LEGEND_ROW * -(-len(styles) // legend_columns(styles)) + 4


def colour_scale(styles: Sequence[Style]) -> alt.Scale:
    """Return the scale from labels of arms to colours."""
    return alt.Scale(domain=[one.label for one in styles], range=[one.colour for one in styles])


def dash_scale(styles: Sequence[Style]) -> alt.Scale:
    """Return the scale from labels of arms to dashes."""
    return alt.Scale(domain=[one.label for one in styles], range=[list(one.dash) for one in styles])


def shape_scale(styles: Sequence[Style]) -> alt.Scale:
    """Return the scale from labels of arms to shapes."""
    return alt.Scale(domain=[one.label for one in styles], range=[one.shape for one in styles])


def labelled(table: pd.DataFrame, styles: dict[str, Style]) -> pd.DataFrame:
    """Return the rows of the arms that have a style, with labels in place of names."""
    kept = table[table["arm"].isin(list(styles))]
    return kept.assign(arm=[styles[name].label for name in kept["arm"]])


def zero_line(channel: str = "x") -> Any:
    """Return a thin line across a chart at zero of one of its axes."""
    return alt.Chart(alt.InlineData([{}])).mark_rule(color=SOFT, strokeDash=[3, 3]).encode(**{channel: alt.datum(0)})
