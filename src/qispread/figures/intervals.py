"""Points with intervals, a row each: differences, groups, effects of factors."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from qispread.figures.figure import colour_scale, dressed, shape_scale, zero_line
from qispread.figures.palette import INK, Style

ROW, AXIS_ROOM = 40, 66
"""Pixels of a row, and of title and axis together."""
OFF_NAME = 7
"""Pixels by which a point stands below the middle of its row, its name above it."""


def number_axis(form: str) -> alt.Axis:
    """Return the axis of differences: percentage points or numbers."""
    if form == "percent":
        return alt.Axis(labelExpr="format(datum.value * 100, '~g')", tickCount=5, grid=True)
    return alt.Axis(format="~s", tickCount=5, grid=True)


def name_rows(rows: pd.DataFrame, order: Sequence[str]) -> Any:
    """Return the layer that writes the name of each row above its point."""
    return (
        alt.Chart(rows)
        .mark_text(align="left", dy=-OFF_NAME - 4, color=INK, limit=330)
        .encode(x=alt.value(0), y=alt.Y("row:N", sort=list(order), axis=None), text="row:N")
    )


def interval_chart(
    rows: pd.DataFrame, title: str, unit: str, form: str, styles: Sequence[Style], *, zero: bool = True
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
    """
    order = list(rows["row"])
    y = alt.Y("row:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.05))
    scale = alt.Scale(zero=zero, nice=True, padding=6)
    x = alt.X("value:Q", title=unit, axis=number_axis(form), scale=scale)
    base = alt.Chart(rows).encode(y=y)
    bars = base.mark_rule(strokeWidth=2, yOffset=OFF_NAME).encode(
        x=alt.X("low:Q", title=unit, axis=number_axis(form), scale=scale),
        x2="high:Q",
        color=alt.Color("arm:N", scale=colour_scale(styles), legend=None),
    )
    points = base.mark_point(filled=True, size=62, opacity=1.0, yOffset=OFF_NAME).encode(
        x=x,
        color=alt.Color("arm:N", scale=colour_scale(styles), legend=None),
        shape=alt.Shape("arm:N", scale=shape_scale(styles), legend=None),
    )
    layers = [zero_line()] if zero else []
    return dressed(
        alt.layer(*layers, bars, points, name_rows(rows, order)), title, height=AXIS_ROOM + ROW * max(1, len(rows))
    )
