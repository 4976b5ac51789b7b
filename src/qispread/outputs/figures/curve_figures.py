"""Measures over time: median and nine in ten worlds, the base grey and each arm in its colour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_value
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
"""Months below which time is told in months and not in years."""
MAX_DRAWN_MONTHS = 480
"""Months up to which every one is drawn; of longer runs every second, third ..."""
MAX_BANDS = 4
"""Arms up to which each has its band; with more of them the base alone has one."""


@dataclass(frozen=True)
class CurveSpec:
    """A measure as a chart over time shows it.

    Attributes
    ----------
    measure, title, unit : str
        Unit: title of the axis.
    number_format : str
        How values are written, see `qispread.model.measures.Form`.
    """

    measure: str
    title: str
    unit: str
    number_format: str


def curve_spec(measure: str) -> CurveSpec:
    """Return how a measure is shown over time, in the words of its declaration."""
    declared = MEASURES[measure]
    return CurveSpec(measure, declared.label, declared.axis, declared.form)


def time_axis(horizon: int) -> tuple[float, str]:
    """Return how many months a unit of the time axis has, and the title of the axis."""
    return (1.0, "Months since the start") if horizon < MAX_MONTHS_SHOWN_IN_MONTHS else (12.0, "Years since the start")


def time_encoding(horizon: int) -> alt.X:
    """Return the encoding of time."""
    unit, title = time_axis(horizon)
    scale = alt.Scale(domain=[0, horizon / unit], nice=False)
    return alt.X("time:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6, format=".3~r"))


def downsample_months(table: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Return the months of a table that are drawn, the last among them."""
    step = -(-horizon // MAX_DRAWN_MONTHS)
    return table[(table["month"] % step == 0) | (table["month"] == horizon)]


def value_axis(form: str, size: float = 1.0) -> alt.Axis:
    """Return the axis of a share in percent or of a number."""
    return alt.Axis(format=".0%" if form == "percent" else axis_number_format(size), tickCount=5)


def value_scale(form: str, table: pd.DataFrame) -> alt.Scale:
    """Return the scale of values: shares from 0 to 1, numbers from 0."""
    if form == "percent" and largest_magnitude(table, ("median", "p95")) <= 1.0:
        return alt.Scale(domain=[0, 1])
    return alt.Scale(zero=True, nice=True)


def band_layer(table: pd.DataFrame, styles: Sequence[ArmStyle], x: alt.X, y: alt.Y) -> Any:
    """Return the layer of bands that hold nine of ten worlds."""
    shown = table if len(styles) <= MAX_BANDS else table[table["arm"] == styles[0].label]
    area = alt.Chart(shown).mark_area(fillOpacity=0.16, opacity=1.0)
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
    shown, order = label_arms(downsample_months(table, horizon), styles), list(styles.values())
    shown = shown.assign(time=shown["month"] / time_axis(horizon)[0])[["time", "arm", "median", "p5", "p95"]]
    scale = value_scale(curve.number_format, shown)
    x, axis = time_encoding(horizon), value_axis(curve.number_format, largest_magnitude(shown, ("median", "p95")))
    low = alt.Y("p5:Q", scale=scale, axis=axis, title=curve.unit)
    middle = alt.Y("median:Q", scale=scale, axis=axis, title=curve.unit)
    chart = alt.layer(band_layer(shown, order, x, low), median_layer(shown, order, x, middle))
    return apply_layout(chart, curve.title, height=height + legend_height(order))


def format_band(row: Any, form: str) -> str:
    """Return a median with the bounds of nine in ten worlds, in words."""
    middle, low, high = (format_value(float(row[name]), form) for name in ("median", "p5", "p95"))
    return middle if low == high else f"{middle} (9 in 10 worlds: {low} to {high})"


def describe_curves(ends: Mapping[str, Any], curve: CurveSpec, horizon: int) -> str:
    """Return what the curves come to at the end, in words; `ends` holds median, p5 and p95 there, by arm."""
    told = [f"{name} {format_band(row, curve.number_format)}" for name, row in ends.items()]
    unit, axis = time_axis(horizon)
    when = f"after {horizon / unit:g} {axis.split(maxsplit=1)[0].lower()}"
    unit_words = f", {curve.unit[0].lower()}{curve.unit[1:]}" if curve.unit else ""
    return f"{curve.title}{unit_words}, over time. Median {when}: {'; '.join(told)}."


def curve_figure(
    table: pd.DataFrame, curve: CurveSpec, styles: dict[str, ArmStyle], horizon: int, *, height: int = HEIGHT
) -> Figure:
    """Return the figure of one measure over time; the table as for `curve_chart`."""
    kept = table[table["arm"].isin(list(styles))]
    last = {row["arm"]: row for row in to_records(kept[kept["month"] == horizon])}
    return Figure(
        name=figure_file_name(curve.measure, "over time"),
        title=curve.title,
        alt=describe_curves({name: last[name] for name in styles if name in last}, curve, horizon),
        table=kept,
        chart=curve_chart(kept, curve, styles, horizon, height),
    )


USES_LABEL, REPLICATES_LABEL = "Use it", "Use it and reach 80% of the pilot's effect"


def fidelity_gap_figure(table: pd.DataFrame, style: ArmStyle, position: int, horizon: int, medians: str) -> Figure:
    """Return the figure of what adoption hides in one arm.

    Parameters
    ----------
    table : DataFrame
        Columns ``arm``, ``month``, and ``adoption`` and ``reached``.
    style : ArmStyle
    position : int
        Of the arm, for the name of the file.
    horizon : int
    medians : {"means", "medians"}
        Over worlds, which the table has.
    """
    own = table[table["arm"] == style.name]
    drawn = downsample_months(own, horizon)
    shown = drawn.assign(time=drawn["month"] / time_axis(horizon)[0])[["time", "current_use", "reached"]]
    last = own[own["month"] == horizon].iloc[0]
    uses, reaches = (format_value(float(last[name]), "percent") for name in ("current_use", "reached"))
    return Figure(
        name=figure_file_name("gap", position, style.name),
        title=style.label,
        alt=f"{style.name}: at the end {uses} of organisations use it and {reaches} use it and reach 80% of the "
        f"pilot site's effect ({medians} over runs). Two lines over time with the gap between them shaded.",
        table=own,
        chart=apply_layout(
            fidelity_gap_chart(shown, style.colour, horizon), style.label, height=HEIGHT + 2 * LEGEND_ROW_HEIGHT
        ),
    )


def fidelity_gap_chart(table: pd.DataFrame, colour: str, horizon: int) -> Any:
    """Return two curves with the space between them shaded."""
    x, axis, unit = time_encoding(horizon), value_axis("percent"), "Share of organisations"
    scale = alt.Scale(domain=[0, 1])
    top = alt.Y("adoption:Q", scale=scale, axis=axis, title=unit)
    gap = (
        alt.Chart(table).mark_area(color=colour, fillOpacity=0.16, opacity=1.0).encode(x=x, y=top, y2=alt.Y2("reached"))
    )
    both = pd.concat(
        [
            pd.DataFrame({"time": table["time"], "share": table[name], "who": words})
            for name, words in (("current_use", USES_LABEL), ("reached", REPLICATES_LABEL))
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
            strokeDash=alt.StrokeDash("who:N", sort=[USES_LABEL, REPLICATES_LABEL], scale=dashes, legend=key),
        )
    )
    return alt.layer(gap, curves)
