"""Points with intervals, a row each: differences, groups, effects of factors."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from qispread.figures.figure import PLACED, colour_of, dressed, largest, number_format, shape_of, unkeyed, zero_line
from qispread.figures.palette import INK, Style

ROW, AXIS_ROOM = 40, 66
"""Pixels of a row, and of title and axis together."""
OFF_NAME = 7
LONGEST_NAME = 330
"""Pixels by which a point stands below the middle of its row, its name above it."""


def number_axis(form: str, size: float = 1.0) -> alt.Axis:
    """Return the axis of differences: percentage points or numbers."""
    if form == "percent":
        return alt.Axis(labelExpr="format(datum.value * 100, '.3~r')", tickCount=5, grid=True)
    return alt.Axis(format=number_format(size), tickCount=5, grid=True)


def name_rows(rows: pd.DataFrame, order: Sequence[str]) -> list[Any]:
    """Return the layers that write the name of each row above its point, over a ground that hides lines."""
    base = alt.Chart(rows).encode(
        x=PLACED.XValue(0), y=alt.Y("row:N", sort=list(order), axis=None), text=alt.Text("row:N")
    )
    place: dict[str, Any] = {"align": "left", "dy": -OFF_NAME - 4, "limit": LONGEST_NAME}
    return [base.mark_text(stroke="white", strokeWidth=4, **place), base.mark_text(color=INK, **place)]


def interval_chart(
    rows: pd.DataFrame, title: str, unit: str, form: str, styles: Sequence[Style], *, zero: bool = True, key: str = ""
) -> Any:
    """Return points with their intervals, each row named above its point.

    Parameters
    ----------
    rows : DataFrame
        Columns ``row`` (its name), ``arm`` (a label, for colour and shape), ``value``, ``low`` and ``high``; bounds
        that are no number draw no interval.
    title, unit : str
        Of the chart and of the axis.
    form : {"percent", "number"}
    styles : sequence of Style
    zero : bool
        Whether to mark zero.
    key : str
        What the marks are, below the title.
    """
    order = list(rows["row"])
    y = alt.Y("row:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.05))
    scale = alt.Scale(zero=zero, nice=True, padding=6)
    axis = number_axis(form, largest(rows, ("value", "low", "high")))
    x = alt.X("value:Q", title=unit, axis=axis, scale=scale)
    base = alt.Chart(rows).encode(y=y)
    bars = base.mark_rule(strokeWidth=2, yOffset=OFF_NAME).encode(
        x=alt.X("low:Q", title=unit, axis=axis, scale=scale),
        x2=alt.X2("high"),
        color=unkeyed(colour_of(styles)),
    )
    points = base.mark_point(filled=True, size=62, opacity=1.0, yOffset=OFF_NAME).encode(
        x=x,
        color=unkeyed(colour_of(styles)),
        shape=unkeyed(shape_of(styles)),
    )
    layers = [zero_line()] if zero else []
    return dressed(
        alt.layer(*layers, bars, points, *name_rows(rows, order)),
        title,
        height=AXIS_ROOM + ROW * max(1, len(rows)),
        key=key,
    )
