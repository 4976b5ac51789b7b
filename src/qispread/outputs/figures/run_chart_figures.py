"""Run charts: the harm that one organisation would observe, point by point, around its median."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.analysis.run_charts import EventRateSeries
from qispread.common.formatting import format_short
from qispread.outputs.figures.curve_figures import time_axis, time_encoding
from qispread.outputs.figures.figure import UNTYPED_ALTAIR, Figure, apply_layout, figure_file_name
from qispread.outputs.figures.palette import INK, SOFT_INK, ArmStyle, shorten_name

RUN_CHART_HEIGHT = 190
MAX_DOTS = 300
"""Points above which only the line that joins them is drawn."""


def describe_run_chart(rates: EventRateSeries) -> str:
    """Return what the rules say of a run chart, in words."""
    chart = rates.chart
    if chart.longest_run_limit is None or chart.crossings_limit is None:
        return f"{chart.useful} points lie off the median, too few to tell."
    found = [
        (chart.shift, f"a run of {chart.longest_run} points on one side (more than {chart.longest_run_limit})"),
        (chart.few_crossings, f"{chart.crossings} crossings of the median (fewer than {chart.crossings_limit})"),
    ]
    signals = [words for holds, words in found if holds]
    if signals:
        return f"More than chance: {' and '.join(signals)}."
    return (
        f"No more than chance: the longest run has {chart.longest_run} points (a shift would have more than "
        f"{chart.longest_run_limit}) and {chart.crossings} crossings (fewer than {chart.crossings_limit} would be few)."
    )


def run_chart_figure(
    rates: EventRateSeries, name: str, style: ArmStyle, position: int, horizon: int, top: float, *, alone: bool = False
) -> Figure:
    """Return the run chart of one organisation in one arm.

    Parameters
    ----------
    rates : EventRateSeries
    name : str
        The organisation's, for people.
    style : ArmStyle
        Of the arm.
    position : int
        Of the organisation among those shown, for the name of the file.
    horizon : int
    top : float
        Of the axis of rates, the same in every arm.
    alone : bool
        Whether there is but one arm: then the chart bears the organisation's name and not the arm's.
    """
    table = rates.table.to_pandas().assign(organisation=rates.organisation, arm=style.name, median=rates.chart.median)
    began = f"It began in month {rates.started}." if rates.started is not None else "It never began."
    told = (
        f"Median {format_short(rates.chart.median)} per 10,000 over {len(table)} points. "
        f"{describe_run_chart(rates)} {began}"
    )
    every = "month" if rates.months == 1 else f"{rates.months} months"
    title = f"{shorten_name(name) if alone else style.label}: harm observed, a point every {every}"
    return Figure(
        name=figure_file_name("run chart", position, style.name),
        title=title,
        alt=f"Run chart of harm observed at {name}, {style.name}. {told}",
        table=table,
        chart=run_chart(table, rates, style, horizon, top, title),
        note=f"{describe_run_chart(rates)} {began} {rates.baseline_reason[0].upper()}{rates.baseline_reason[1:]}.",
    )


def run_chart(
    table: pd.DataFrame, rates: EventRateSeries, style: ArmStyle, horizon: int, top: float, title: str
) -> Any:
    """Return the points joined by a line, the median, and the month in which it began."""
    unit, _ = time_axis(horizon)
    shown = table.assign(time=table["period"] * 12.0 / unit)[["time", "rate"]]
    x = time_encoding(horizon)
    y = alt.Y("rate:Q", scale=alt.Scale(domain=[0, top]), axis=alt.Axis(tickCount=4, format="~s"), title="Per 10,000")
    base = alt.Chart(shown).encode(x=x, y=y)
    layers = [base.mark_line(color=style.colour, strokeWidth=1.2)]
    if len(table) <= MAX_DOTS:
        layers.append(base.mark_circle(color=style.colour, size=22, opacity=1.0))
    if len(table):
        layers.append(
            alt.Chart(table[["median"]].head(1)).mark_rule(color=INK).encode(y=alt.Y("median:Q", title="Per 10,000"))
        )
    if rates.started is not None:
        start = pd.DataFrame({"time": [rates.started / unit], "words": ["began"]})
        mark = alt.Chart(start).encode(x=x)
        layers += [
            mark.mark_rule(color=SOFT_INK, strokeDash=[3, 3]),
            mark.mark_text(align="left", dx=3, color=SOFT_INK).encode(
                y=UNTYPED_ALTAIR.YValue(7), text=alt.Text("words:N")
            ),
        ]
    return apply_layout(alt.layer(*layers), title, height=RUN_CHART_HEIGHT)
