"""A figure: a chart with its title, what it says in words, and the numbers behind it."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from qispread.outputs.figures.palette import BASE_COLOUR, BASE_DASH, INK, SOFT_INK, ArmStyle

WIDTH, HEIGHT = 344, 236
"""Pixels of a panel with its axes: it fits a phone without being made smaller."""
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
FONT_SIZE, TITLE_SIZE = 12, 13
LEGEND_ROW_HEIGHT = 17
NARROW_LABEL = 15
"""Characters up to which labels of a legend stand two in a row."""
MAX_TITLE_LENGTH = 50
MAX_KEY_LENGTH, KEY_ROW_HEIGHT = 56, 16
"""Characters of a line of a key, and its pixels."""
ALTAIR_LOCK = Lock()
UNTYPED_ALTAIR: Any = alt
"""Altair, for places in pixels, whose classes ship no types."""
THOUSAND = 1000.0


CHART_CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "white",
    "aria": False,
    "view": {"stroke": None},
    "title": {"fontSize": TITLE_SIZE, "fontWeight": 600, "color": INK},
    "axis": {
        "labelFontSize": FONT_SIZE,
        "titleFontSize": FONT_SIZE,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": SOFT_INK,
        "gridColor": "#ECECEC",
        "domainColor": SOFT_INK,
        "tickColor": SOFT_INK,
        "tickSize": 4,
        "labelLimit": 130,
        "titlePadding": 6,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False},
    "legend": {"labelFontSize": FONT_SIZE, "labelColor": INK, "symbolStrokeWidth": 2},
    "text": {"fontSize": FONT_SIZE},
}
"""What all charts share, in the words of Vega-Lite."""


@dataclass(frozen=True, eq=False)
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


def figure_file_name(*parts: str | int) -> str:
    """Return a name for the files of a figure."""
    words = "-".join(str(part) for part in parts).lower()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:60].rstrip("-")


def apply_layout(chart: Any, title: str, *, width: int = WIDTH, height: int = HEIGHT, key: str = "") -> Any:
    """Return a chart of a given size, axes and legend included, under its title.

    `vega_specification` gives it its look. `key` says below the title what the marks are, where no legend does; it
    takes pixels of its own.
    """
    return chart.properties(
        width=width,
        height=height + KEY_ROW_HEIGHT * len(key_lines(key)),
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding={"left": 2, "right": 8, "top": 2, "bottom": 2},
        title=build_title(wrap_title(title), key),
    )


def key_lines(key: str) -> list[str]:
    """Return a key in lines that fit a panel; none where there is none."""
    return textwrap.wrap(key, MAX_KEY_LENGTH)


def build_title(lines: Sequence[str], key: str = "") -> alt.TitleParams:
    """Return a title in so many lines, with a key below it if there is one."""
    below: dict[str, Any] = {"subtitle": key_lines(key), "subtitleFontSize": FONT_SIZE, "subtitleColor": SOFT_INK}
    below |= {"subtitleLineHeight": KEY_ROW_HEIGHT, "subtitlePadding": 5}
    return alt.TitleParams(list(lines), anchor="start", frame="bounds", offset=8, **(below if key else {}))


def vega_specification(figure: Figure) -> dict[str, Any]:
    """Return the plain Vega-Lite specification of a figure: its data inside, in the look of all charts."""
    # Altair's settings are the process's own: whatever they are, the data must be within, however many rows there are.
    with ALTAIR_LOCK, alt.data_transformers.enable("default", max_rows=None):
        # Tests validate every chart against the schema; doing it here would double the time.
        found: dict[str, Any] = figure.chart.to_dict(validate=False)
    return {**found, "config": CHART_CONFIG}


def wrap_title(title: str) -> list[str]:
    """Return a title in lines that fit a panel."""
    return textwrap.wrap(title, MAX_TITLE_LENGTH) or [""]


def legend_columns(styles: Sequence[ArmStyle]) -> int:
    """Return how many labels of a legend stand in a row."""
    return 2 if max(len(style.label) for style in styles) <= NARROW_LABEL else 1


def build_legend(styles: Sequence[ArmStyle], *, points: bool = False) -> alt.Legend | None:
    """Return the legend of arms above a chart, as lines or as points; none where there is only one."""
    if len(styles) < 2:
        return None
    columns = legend_columns(styles)
    signs = {"symbolSize": 70} if points else {"symbolSize": 340, "symbolType": "stroke"}
    return alt.Legend(
        orient="top",
        direction="vertical",
        columns=columns,
        title=None,
        offset=4,
        rowPadding=1,
        labelLimit=WIDTH // columns - 40,
        **signs,
    )


def legend_height(styles: Sequence[ArmStyle]) -> int:
    """Return the pixels that the legend of some arms takes."""
    if len(styles) < 2:
        return 0
    return LEGEND_ROW_HEIGHT * -(-len(styles) // legend_columns(styles)) + 4


def colour_encoding(styles: Sequence[ArmStyle], *, points: bool = False) -> alt.Color:
    """Return the encoding of arms by colour, with their legend.

    Layers that share the colour must share the legend: Vega-Lite drops it where one of them has none.
    """
    scale = alt.Scale(domain=[one.label for one in styles], range=[one.colour for one in styles])
    return alt.Color(
        "arm:N", sort=[one.label for one in styles], scale=scale, legend=build_legend(styles, points=points)
    )


def dash_encoding(styles: Sequence[ArmStyle]) -> alt.StrokeDash:
    """Return the encoding of arms by the dashes of lines, with their legend.

    A base beside arms is dashed too: without colour its grey line would be that of the first arm.
    """
    beside = len(styles) > 1
    dashes = [BASE_DASH if beside and one.colour == BASE_COLOUR else one.dash for one in styles]
    scale = alt.Scale(domain=[one.label for one in styles], range=[list(dash) for dash in dashes])
    return alt.StrokeDash("arm:N", sort=[one.label for one in styles], scale=scale, legend=build_legend(styles))


def shape_encoding(styles: Sequence[ArmStyle]) -> alt.Shape:
    """Return the encoding of arms by the shape of points, with their legend."""
    scale = alt.Scale(domain=[one.label for one in styles], range=[one.shape for one in styles])
    return alt.Shape("arm:N", sort=[one.label for one in styles], scale=scale, legend=build_legend(styles, points=True))


def without_legend(channel: Any) -> Any:
    """Return an encoding without a legend."""
    return channel.legend(None)


def largest_magnitude(table: pd.DataFrame, columns: Sequence[str]) -> float:
    """Return the largest size of the numbers in some columns; 0 where there is none."""
    values = np.abs(table[list(columns)].to_numpy(dtype=np.float64))
    return float(np.max(values, where=~np.isnan(values), initial=0.0))


def axis_number_format(size: float) -> str:
    """Return how an axis writes numbers up to some size: thousands and more with a letter."""
    return ".3~s" if size >= THOUSAND else ",.3~r"


def to_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each as a dictionary."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def label_arms(table: pd.DataFrame, styles: dict[str, ArmStyle]) -> pd.DataFrame:
    """Return the rows of the arms that have a style, with labels in place of names."""
    kept = table[table["arm"].isin(list(styles))]
    return kept.assign(arm=[styles[name].label for name in kept["arm"]])


def zero_line(channel: str = "x") -> Any:
    """Return a thin line across a chart at zero of one of its axes."""
    at_zero = {"x": alt.XDatum(0)} if channel == "x" else {"y": alt.YDatum(0)}
    return alt.Chart(alt.InlineData([{}])).mark_rule(color=SOFT_INK, strokeDash=[3, 3]).encode(**at_zero)
