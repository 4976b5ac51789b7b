"""Distribution of a measure over runs at the end, one row of bars for each arm."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.formatting import format_value
from qispread.outputs.figures.figure import (
    UNTYPED_ALTAIR,
    Figure,
    apply_layout,
    axis_number_format,
    colour_encoding,
    figure_file_name,
    without_legend,
)
from qispread.outputs.figures.palette import INK, SOFT_INK, ArmStyle
from qispread.runs.summary import PERCENTILE_BAND

BAR_COUNT = 40
"""Bars of a histogram."""
BARS_NOTE = "Each bar counts runs."
ROW_HEIGHT, AXIS_HEIGHT = 84, 62
"""Pixels of the row of an arm, and of title and axis together."""
MAX_BAR_SHARE = 0.72
"""Share of its row that the highest bar of an arm takes; the name of the arm is above."""
GUESS_DATA = "guess"
"""Name of data that a page may add: a prediction of the user, with columns ``value`` and ``label``."""


def bar_edges(values: Sequence[NDArray[np.float64]], number_format: str) -> NDArray[np.float64]:
    """Return the edges of the bars of all arms."""
    if number_format == "percent" and all(known.size == 0 or float(known.max()) <= 1.0 for known in values):
        return np.linspace(0.0, 1.0, BAR_COUNT + 1)
    known = np.concatenate(values)
    if known.size == 0:
        return np.array([0.0, 1.0])
    return np.histogram_bin_edges(known, bins=BAR_COUNT)


def histogram_bars(
    ends: Mapping[str, NDArray[np.float64]], number_format: str
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """Return the bars of every arm, and their edges.

    Parameters
    ----------
    ends : mapping of str to array
        The measure at the end of each run, by arm; NaN where a run has no value.
    number_format : {"percent", "number"}

    Returns
    -------
    DataFrame
        Columns ``arm``, ``low`` and ``high`` (edges of the bar) and ``replicates``.
    """
    known = {arm: values[~np.isnan(values)] for arm, values in ends.items()}
    edges = bar_edges(list(known.values()), number_format)
    parts = []
    for arm, values in known.items():
        counts = np.histogram(values, bins=edges)[0]
        bars = pd.DataFrame({"arm": arm, "low": edges[:-1], "high": edges[1:], "replicates": counts})
        parts.append(bars[bars["replicates"] > 0])
    return pd.concat(parts, ignore_index=True), edges


def describe_distributions(ends: Mapping[str, NDArray[np.float64]], title: str, number_format: str) -> str:
    """Return a description of the distribution in every arm."""
    sentences = []
    for arm, values in ends.items():
        known = values[~np.isnan(values)]
        if known.size:
            low, middle, high = (
                format_value(float(quantile), number_format)
                for quantile in np.quantile(known, (PERCENTILE_BAND[0], 0.5, PERCENTILE_BAND[1]))
            )
            sentences.append(f"{arm}: median {middle}, 9 of 10 runs from {low} to {high}")
    return f"{title}, number of runs by value. {'; '.join(sentences)}."


def distribution_figure(
    ends: Mapping[str, NDArray[np.float64]],
    measure: str,
    title: str,
    unit: str,
    number_format: str,
    styles: dict[str, ArmStyle],
) -> Figure:
    """Return the figure of the distribution of a measure at the end over runs, one row for each arm.

    Parameters
    ----------
    ends : mapping of str to array
        The measure at the end of each run, by arm.
    measure, title, unit : str
    number_format : {"percent", "number"}
    styles : dict of str to ArmStyle
    """
    table, edges = histogram_bars({arm: ends[arm] for arm in styles}, number_format)
    return Figure(
        name=figure_file_name(measure, "replicates"),
        title=title,
        alt=describe_distributions({arm: ends[arm] for arm in styles}, title, number_format),
        table=table,
        chart=distribution_chart(table, edges, title, unit, number_format, list(styles.values())),
        note=BARS_NOTE,
    )


def distribution_chart(
    table: pd.DataFrame,
    edges: NDArray[np.float64],
    title: str,
    unit: str,
    number_format: str,
    styles: Sequence[ArmStyle],
) -> Any:
    """Return the bars of every arm in its own row, and a line at the prediction of the user where there is one."""
    rows = {style.name: len(styles) - 1 - index for index, style in enumerate(styles)}
    labels = {style.name: style.label for style in styles}
    highest = table.groupby("arm")["replicates"].transform("max")
    floor = table["arm"].map(rows).astype(float)
    rectangles = table.assign(
        arm=table["arm"].map(labels), floor=floor, top=floor + MAX_BAR_SHARE * table["replicates"] / highest
    )
    axis_format = ".0%" if number_format == "percent" else axis_number_format(float(np.abs(edges).max()))
    axis = alt.Axis(format=axis_format, tickCount=5, grid=True)
    scale = alt.Scale(domain=[float(edges[0]), float(edges[-1])])
    height = alt.Scale(domain=[0, len(styles)])
    bars = (
        alt.Chart(rectangles)
        .mark_rect()
        .encode(
            x=alt.X("low:Q", title=unit, axis=axis, scale=scale),
            x2=alt.X2("high"),
            y=alt.Y("floor:Q", axis=None, scale=height),
            y2=alt.Y2("top"),
            color=without_legend(colour_encoding(styles)),
        )
    )
    names = pd.DataFrame(
        {"arm": [style.label for style in styles], "row": [rows[style.name] + 1.0 for style in styles]}
    )
    name_layer = (
        alt.Chart(names)
        .mark_text(align="left", baseline="top", dy=3, color=INK, fontWeight=600)
        .encode(x=UNTYPED_ALTAIR.XValue(0), y=alt.Y("row:Q", axis=None, scale=height), text="arm:N")
    )
    guess = alt.Chart(alt.NamedData(GUESS_DATA)).encode(x=alt.X("value:Q", title=unit, axis=axis, scale=scale))
    line = guess.mark_rule(color=INK, strokeWidth=1.6, strokeDash=[5, 3])
    label = guess.mark_text(align="right", baseline="top", dx=-4, dy=3, color=SOFT_INK).encode(
        y=UNTYPED_ALTAIR.YValue(0), text="label:N"
    )
    return apply_layout(alt.layer(bars, name_layer, line, label), title, height=AXIS_HEIGHT + ROW_HEIGHT * len(styles))
