"""A figure: a chart with its title, alternative text, data and note."""

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
"""Pixels of a panel with its axes: it fits a phone without scaling."""
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
FONT_SIZE, TITLE_SIZE = 12, 13
LEGEND_ROW_HEIGHT = 17
NARROW_LABEL = 15
"""Largest number of characters of labels that a legend places two in a row."""
MAX_TITLE_LENGTH = 46
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
"""Vega-Lite configuration of all charts."""


@dataclass(frozen=True, eq=False)
class Figure:
    """One chart of a report or a page.

    Attributes
    ----------
    name : str
        Stem of its files: letters, digits and hyphens.
    title : str
    alt : str
        Alternative text: what the chart shows, in a sentence or two with its numbers.
    table : DataFrame
        The data that it draws.
    chart : altair chart
    note : str
        How to read it.
    """

    name: str
    title: str
    alt: str
    table: pd.DataFrame
    chart: Any
    note: str = ""


def figure_file_name(*parts: str | int) -> str:
    """Return a name for the files of a figure."""
    text = "-".join(str(part) for part in parts).lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:60].rstrip("-")


def apply_layout(chart: Any, title: str, *, width: int = WIDTH, height: int = HEIGHT, key: str = "") -> Any:
    """Return a chart of a given size, axes and legend included, under its title.

    `vega_specification` adds the configuration. `key` explains the marks below the title, where no legend does; its
    height is added.
    """
    return chart.properties(
        width=width,
        height=height + KEY_ROW_HEIGHT * len(key_lines(key)),
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding={"left": 2, "right": 8, "top": 2, "bottom": 2},
        title=build_title(wrap_title(title), key),
    )


def key_lines(key: str) -> list[str]:
    """Return the lines of a key that fit a panel; none for an empty key."""
    return textwrap.wrap(key, MAX_KEY_LENGTH)


def build_title(lines: Sequence[str], key: str = "") -> alt.TitleParams:
    """Return a title of several lines, with a key below it if there is one."""
    subtitle: dict[str, Any] = {"subtitle": key_lines(key), "subtitleFontSize": FONT_SIZE, "subtitleColor": SOFT_INK}
    subtitle |= {"subtitleLineHeight": KEY_ROW_HEIGHT, "subtitlePadding": 5}
    return alt.TitleParams(list(lines), anchor="start", frame="bounds", offset=8, **(subtitle if key else {}))


def vega_specification(figure: Figure) -> dict[str, Any]:
    """Return the Vega-Lite specification of a figure, with its data and the configuration of all charts."""
    # Altair's settings are global to the process: whatever they are, the data must be inside, however many rows.
    with ALTAIR_LOCK, alt.data_transformers.enable("default", max_rows=None):
        # Tests validate every chart against the schema; doing it here would double the time.
        specification: dict[str, Any] = figure.chart.to_dict(validate=False)
    return {**specification, "config": CHART_CONFIG}


def wrap_title(title: str) -> list[str]:
    """Return the lines of a title that fit a panel."""
    return textwrap.wrap(title, MAX_TITLE_LENGTH) or [""]


def legend_columns(styles: Sequence[ArmStyle]) -> int:
    """Return the number of columns of a legend."""
    return 2 if max(len(style.label) for style in styles) <= NARROW_LABEL else 1


def build_legend(styles: Sequence[ArmStyle], *, points: bool = False) -> alt.Legend | None:
    """Return the legend of arms above a chart, as lines or as points; None for a single arm."""
    if len(styles) < 2:
        return None
    columns = legend_columns(styles)
    symbols = {"symbolSize": 70} if points else {"symbolSize": 340, "symbolType": "stroke"}
    return alt.Legend(
        orient="top",
        direction="vertical",
        columns=columns,
        title=None,
        offset=4,
        rowPadding=1,
        labelLimit=WIDTH // columns - 40,
        **symbols,
    )


def legend_height(styles: Sequence[ArmStyle]) -> int:
    """Return the height of the legend of some arms in pixels."""
    if len(styles) < 2:
        return 0
    return LEGEND_ROW_HEIGHT * -(-len(styles) // legend_columns(styles)) + 4


def colour_encoding(styles: Sequence[ArmStyle], *, points: bool = False) -> alt.Color:
    """Return the encoding of arms by colour, with their legend.

    Layers that share the colour must share the legend: Vega-Lite drops it where one of them has none.
    """
    scale = alt.Scale(domain=[style.label for style in styles], range=[style.colour for style in styles])
    return alt.Color(
        "arm:N", sort=[style.label for style in styles], scale=scale, legend=build_legend(styles, points=points)
    )


def dash_encoding(styles: Sequence[ArmStyle]) -> alt.StrokeDash:
    """Return the encoding of arms by the dashes of lines, with their legend.

    A baseline beside other arms is dashed too: without colour it would look like the first arm.
    """
    beside = len(styles) > 1
    dashes = [BASE_DASH if beside and style.colour == BASE_COLOUR else style.dash for style in styles]
    scale = alt.Scale(domain=[style.label for style in styles], range=[list(dash) for dash in dashes])
    return alt.StrokeDash("arm:N", sort=[style.label for style in styles], scale=scale, legend=build_legend(styles))


def shape_encoding(styles: Sequence[ArmStyle]) -> alt.Shape:
    """Return the encoding of arms by the shape of points, with their legend."""
    scale = alt.Scale(domain=[style.label for style in styles], range=[style.shape for style in styles])
    return alt.Shape(
        "arm:N", sort=[style.label for style in styles], scale=scale, legend=build_legend(styles, points=True)
    )


def without_legend(channel: Any) -> Any:
    """Return an encoding without a legend."""
    return channel.legend(None)


def largest_magnitude(table: pd.DataFrame, columns: Sequence[str]) -> float:
    """Return the largest absolute value in some columns; 0 where there is none."""
    values = np.abs(table[list(columns)].to_numpy(dtype=np.float64))
    return float(np.max(values, where=~np.isnan(values), initial=0.0))


def axis_number_format(size: float) -> str:
    """Return the number format of an axis up to some size: thousands and more with a letter."""
    return ".3~s" if size >= THOUSAND else ",.3~r"


def to_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each as a dictionary."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def label_arms(table: pd.DataFrame, styles: dict[str, ArmStyle]) -> pd.DataFrame:
    """Return the rows of the arms that have a style, with labels instead of names."""
    rows = table[table["arm"].isin(list(styles))]
    return rows.assign(arm=[styles[name].label for name in rows["arm"]])


def zero_line(channel: str = "x") -> Any:
    """Return a thin line across a chart at zero of one of its axes."""
    at_zero = {"x": alt.XDatum(0)} if channel == "x" else {"y": alt.YDatum(0)}
    return alt.Chart(alt.InlineData([{}])).mark_rule(color=SOFT_INK, strokeDash=[3, 3]).encode(**at_zero)
