"""Points with intervals, one row each: differences, groups, effects of factors."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from qispread.outputs.figures.figure import (
    UNTYPED_ALTAIR,
    apply_layout,
    axis_number_format,
    colour_encoding,
    largest_magnitude,
    shape_encoding,
    without_legend,
    zero_line,
)
from qispread.outputs.figures.palette import INK, ArmStyle

ROW_HEIGHT, AXIS_HEIGHT = 40, 66
"""Pixels of a row, and of title and axis together."""
NAME_OFFSET = 7
"""Pixels of a point below the middle of its row, and of its name above."""
MAX_NAME_WIDTH = 330


def difference_axis(number_format: str, size: float = 1.0) -> alt.Axis:
    """Return the axis of differences: percentage points or numbers."""
    if number_format == "percent":
        return alt.Axis(labelExpr="format(datum.value * 100, '.3~r')", tickCount=5, grid=True)
    return alt.Axis(format=axis_number_format(size), tickCount=5, grid=True)


def row_name_layers(rows: pd.DataFrame, order: Sequence[str]) -> list[Any]:
    """Return the layers with the name of each row above its point, on a white outline that hides lines."""
    base = alt.Chart(rows).encode(
        x=UNTYPED_ALTAIR.XValue(0), y=alt.Y("row:N", sort=list(order), axis=None), text=alt.Text("row:N")
    )
    options: dict[str, Any] = {"align": "left", "dy": -NAME_OFFSET - 4, "limit": MAX_NAME_WIDTH}
    return [base.mark_text(stroke="white", strokeWidth=4, **options), base.mark_text(color=INK, **options)]


def interval_chart(
    rows: pd.DataFrame,
    title: str,
    unit: str,
    number_format: str,
    styles: Sequence[ArmStyle],
    *,
    zero: bool = True,
    key: str = "",
) -> Any:
    """Return points with their intervals, the name of each row above its point.

    Parameters
    ----------
    rows : DataFrame
        Columns ``row`` (its name), ``arm`` (a label, for colour and shape), ``value``, ``low`` and ``high``; no
        interval is drawn where the bounds are NaN.
    title, unit : str
        Of the chart and of the axis.
    number_format : {"percent", "number"}
    styles : sequence of ArmStyle
    zero : bool
        Whether to mark zero.
    key : str
        Explanation of the marks, below the title.
    """
    order = list(rows["row"])
    y = alt.Y("row:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.05))
    scale = alt.Scale(zero=zero, nice=True, padding=6)
    axis = difference_axis(number_format, largest_magnitude(rows, ("value", "low", "high")))
    x = alt.X("value:Q", title=unit, axis=axis, scale=scale)
    base = alt.Chart(rows).encode(y=y)
    bars = base.mark_rule(strokeWidth=2, yOffset=NAME_OFFSET).encode(
        x=alt.X("low:Q", title=unit, axis=axis, scale=scale),
        x2=alt.X2("high"),
        color=without_legend(colour_encoding(styles)),
    )
    points = base.mark_point(filled=True, size=62, opacity=1.0, yOffset=NAME_OFFSET).encode(
        x=x,
        color=without_legend(colour_encoding(styles)),
        shape=without_legend(shape_encoding(styles)),
    )
    layers = [zero_line()] if zero else []
    return apply_layout(
        alt.layer(*layers, bars, points, *row_name_layers(rows, order)),
        title,
        height=AXIS_HEIGHT + ROW_HEIGHT * max(1, len(rows)),
        key=key,
    )
