"""Measures over time: median and 5th to 95th percentile over runs, the baseline grey and each arm in its colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_value, lower_first
from qispread.model.measures import MEASURES
from qispread.outputs.figures.figure import (
    HEIGHT,
    LEGEND_ROW_HEIGHT,
    Figure,
    apply_layout,
    axis_number_format,
    colour_encoding,
    dash_encoding,
    figure_file_name,
    label_arms,
    largest_magnitude,
    legend_height,
    to_records,
)
from qispread.outputs.figures.palette import ArmStyle

MAX_MONTHS_SHOWN_IN_MONTHS = 24
"""Months of a run below which the time axis is in months rather than years."""
MAX_DRAWN_MONTHS = 480
"""Largest number of months that are all drawn; of longer runs every second or third month, and so on."""
MAX_BANDS = 4
"""Largest number of arms that each have a band; with more, only the baseline has one."""
USES_LABEL, REPLICATES_LABEL = "Using the intervention", "Using it, at 80% of the pilot site's effect"
SHARE_TITLE = "Share of organisations"


@dataclass(frozen=True)
class CurveSpec:
    """A measure as a chart over time shows it.

    Attributes
    ----------
    measure, title, unit : str
        Unit: title of the axis.
    number_format : str
        Format of values, see `qispread.model.measures.Form`.
    """

    measure: str
    title: str
    unit: str
    number_format: str


def curve_spec(measure: str) -> CurveSpec:
    """Return title, axis and number format of a measure over time, from its declaration."""
    declared = MEASURES[measure]
    return CurveSpec(measure, declared.label, declared.axis, declared.form)


def time_axis(horizon: int) -> tuple[float, str]:
    """Return the number of months in a unit of the time axis, and the title of the axis."""
    return (1.0, "Months since the start") if horizon < MAX_MONTHS_SHOWN_IN_MONTHS else (12.0, "Years since the start")


def time_encoding(horizon: int) -> alt.X:
    """Return the encoding of time."""
    unit, title = time_axis(horizon)
    scale = alt.Scale(domain=[0, horizon / unit], nice=False)
    return alt.X("time:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6, format=".3~r"))


def downsample_months(table: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return the months of a table that are drawn, the last included."""
    step = -(-horizon // MAX_DRAWN_MONTHS)
    return table[(table["month"] % step == 0) | (table["month"] == horizon)]


def value_axis(number_format: str, size: float = 1.0) -> alt.Axis:
    """Return the axis of a share, in per cent, or of a number."""
    return alt.Axis(format=".0%" if number_format == "percent" else axis_number_format(size), tickCount=5)


def value_scale(number_format: str, table: pd.DataFrame) -> alt.Scale:
    """Return the scale of values: shares from 0 to 1, numbers from 0."""
    if number_format == "percent" and largest_magnitude(table, ("median", "p95")) <= 1.0:
        return alt.Scale(domain=[0, 1])
    return alt.Scale(zero=True, nice=True)


def band_layer(table: pd.DataFrame, styles: Sequence[ArmStyle], x: alt.X, y: alt.Y) -> Any:
    """Return the layer of bands from the 5th to the 95th percentile of runs."""
    rows = table if len(styles) <= MAX_BANDS else table[table["arm"] == styles[0].label]
    area = alt.Chart(rows).mark_area(fillOpacity=0.16, opacity=1.0)
    return area.encode(x=x, y=y, y2=alt.Y2("p95"), color=colour_encoding(styles))


def median_layer(table: pd.DataFrame, styles: Sequence[ArmStyle], x: alt.X, y: alt.Y) -> Any:
    """Return the layer of medians."""
    line = alt.Chart(table).mark_line(strokeWidth=2.2)
    return line.encode(x=x, y=y, color=colour_encoding(styles), strokeDash=dash_encoding(styles))


def curve_chart(table: pd.DataFrame, curve: CurveSpec, styles: dict[str, ArmStyle], horizon: int, height: int) -> Any:
    """Return the chart of one measure over time.

    Parameters
    ----------
    table : DataFrame
        Columns ``arm``, ``month``, ``median``, ``p5`` and ``p95``.
    curve : CurveSpec
    styles : dict of str to ArmStyle
    horizon : int
    height : int
        Pixels without the legend.
    """
    rows, order = label_arms(downsample_months(table, horizon), styles), list(styles.values())
    rows = rows.assign(time=rows["month"] / time_axis(horizon)[0])[["time", "arm", "median", "p5", "p95"]]
    scale = value_scale(curve.number_format, rows)
    x, axis = time_encoding(horizon), value_axis(curve.number_format, largest_magnitude(rows, ("median", "p95")))
    low = alt.Y("p5:Q", scale=scale, axis=axis, title=curve.unit)
    middle = alt.Y("median:Q", scale=scale, axis=axis, title=curve.unit)
    chart = alt.layer(band_layer(rows, order, x, low), median_layer(rows, order, x, middle))
    return apply_layout(chart, curve.title, height=height + legend_height(order))


def format_band(row: Any, number_format: str) -> str:
    """Return a median with the 5th and 95th percentile as text."""
    middle, low, high = (format_value(float(row[name]), number_format) for name in ("median", "p5", "p95"))
    return middle if low == high else f"{middle} ({low} to {high} in 9 of 10 runs)"


def describe_curves(ends: Mapping[str, Any], curve: CurveSpec, horizon: int) -> str:
    """Return a description of the curves at the end; `ends` has median, p5 and p95 there, by arm."""
    values = [f"{name} {format_band(row, curve.number_format)}" for name, row in ends.items()]
    unit, axis = time_axis(horizon)
    time = f"after {horizon / unit:g} {axis.split(maxsplit=1)[0].lower()}"
    unit_text = f", {lower_first(curve.unit)}" if curve.unit else ""
    return f"{curve.title}{unit_text}, over time. Median {time}: {'; '.join(values)}."


def curve_figure(
    table: pd.DataFrame, curve: CurveSpec, styles: dict[str, ArmStyle], horizon: int, *, height: int = HEIGHT
) -> Figure:
    """Return the figure of one measure over time; the table as for `curve_chart`."""
    rows = table[table["arm"].isin(list(styles))]
    last = {row["arm"]: row for row in to_records(rows[rows["month"] == horizon])}
    return Figure(
        name=figure_file_name(curve.measure, "over time"),
        title=curve.title,
        alt=describe_curves({name: last[name] for name in styles if name in last}, curve, horizon),
        table=rows,
        chart=curve_chart(rows, curve, styles, horizon, height),
    )


def fidelity_gap_figure(table: pd.DataFrame, style: ArmStyle, position: int, horizon: int, medians: str) -> Figure:
    """Return the figure of current use, and of use that replicates the pilot site's effect, in one arm.

    Parameters
    ----------
    table : DataFrame
        Columns ``arm``, ``month``, ``current_use`` and ``reached``.
    style : ArmStyle
    position : int
        Position of the arm, for the name of the file.
    horizon : int
    medians : {"means", "medians"}
        Average over runs that the table has.
    """
    arm_rows = table[table["arm"] == style.name]
    months = downsample_months(arm_rows, horizon)
    rows = months.assign(time=months["month"] / time_axis(horizon)[0])[["time", "current_use", "reached"]]
    last = arm_rows[arm_rows["month"] == horizon].iloc[0]
    uses, reaches = (format_value(float(last[name]), "percent") for name in ("current_use", "reached"))
    return Figure(
        name=figure_file_name("gap", position, style.name),
        title=style.label,
        alt=f"{style.name}: at the end {uses} of organisations use the intervention, and {reaches} use it and reach "
        f"80% of the pilot site's effect ({medians} over runs). Two lines over time with the gap between them shaded.",
        table=arm_rows,
        chart=apply_layout(
            fidelity_gap_chart(rows, style.colour, horizon), style.label, height=HEIGHT + 2 * LEGEND_ROW_HEIGHT
        ),
    )


def fidelity_gap_chart(table: pd.DataFrame, colour: str, horizon: int) -> Any:
    """Return two curves with the space between them shaded."""
    x, axis, unit = time_encoding(horizon), value_axis("percent"), SHARE_TITLE
    scale = alt.Scale(domain=[0, 1])
    top = alt.Y("current_use:Q", scale=scale, axis=axis, title=unit)
    gap = (
        alt.Chart(table).mark_area(color=colour, fillOpacity=0.16, opacity=1.0).encode(x=x, y=top, y2=alt.Y2("reached"))
    )
    both = pd.concat(
        [
            pd.DataFrame({"time": table["time"], "share": table[name], "curve": label})
            for name, label in (("current_use", USES_LABEL), ("reached", REPLICATES_LABEL))
        ]
    )
    key = alt.Legend(orient="top", direction="vertical", title=None, symbolSize=340, labelLimit=0, offset=4)
    dashes = alt.Scale(domain=[USES_LABEL, REPLICATES_LABEL], range=[[1, 0], [2, 2]])
    curves = (
        alt.Chart(both)
        .mark_line(stroke=colour, strokeWidth=2.2)
        .encode(
            x=x,
            y=alt.Y("share:Q", scale=scale, axis=axis, title=unit),
            strokeDash=alt.StrokeDash("curve:N", sort=[USES_LABEL, REPLICATES_LABEL], scale=dashes, legend=key),
        )
    )
    return alt.layer(gap, curves)
