"""Run charts: the adverse event rate that one organisation would observe, around its median."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.analysis.run_charts import EventRateSeries
from qispread.common.formatting import capitalise_first, format_short
from qispread.outputs.figures.curve_figures import time_axis, time_encoding
from qispread.outputs.figures.figure import UNTYPED_ALTAIR, Figure, apply_layout, figure_file_name
from qispread.outputs.figures.palette import INK, SOFT_INK, ArmStyle, shorten_name

RUN_CHART_HEIGHT = 190
MAX_DOTS = 300
"""Largest number of points that are drawn as dots; with more, only the line is."""
RATE_TITLE = "Per 10,000"
START_LABEL = "adopted"


def describe_run_chart(rates: EventRateSeries) -> str:
    """Return the verdict of the run chart rules as a sentence."""
    chart = rates.chart
    if chart.longest_run_limit is None or chart.crossings_limit is None:
        return f"Too few points for the rules: {chart.useful} are not on the median."
    longest_run = f"longest run {chart.longest_run} points (limit {chart.longest_run_limit})"
    crossings = f"crossings of the median {chart.crossings} (at least {chart.crossings_limit} expected)"
    if not chart.signal:
        return f"No signal: {longest_run}, {crossings}."
    signals = [text for holds, text in ((chart.shift, longest_run), (chart.few_crossings, crossings)) if holds]
    return f"Signal: {', '.join(signals)}."


def run_chart_figure(
    rates: EventRateSeries, name: str, style: ArmStyle, position: int, horizon: int, top: float, *, alone: bool = False
) -> Figure:
    """Return the run chart of one organisation in one arm.

    Parameters
    ----------
    rates : EventRateSeries
    name : str
        Display name of the organisation.
    style : ArmStyle
        Style of the arm.
    position : int
        Position of the organisation among those shown, for the name of the file.
    horizon : int
    top : float
        Top of the axis of rates, the same in every arm.
    alone : bool
        Whether there is only one arm: then the title has the name of the organisation instead of the arm.
    """
    table = rates.table.to_pandas().assign(organisation=rates.organisation, arm=style.name, median=rates.chart.median)
    start = f"Adopted in month {rates.started}." if rates.started is not None else "Never adopted."
    description = (
        f"Median {format_short(rates.chart.median)} per 10,000 over {len(table)} points. "
        f"{describe_run_chart(rates)} {start}"
    )
    interval = "month" if rates.months == 1 else f"{rates.months} months"
    title = f"{shorten_name(name) if alone else style.label}: adverse events, one point per {interval}"
    return Figure(
        name=figure_file_name("run chart", position, style.name),
        title=title,
        alt=f"Run chart of adverse events observed at {name}, {style.name}. {description}",
        table=table,
        chart=run_chart(table, rates, style, horizon, top, title),
        note=f"{describe_run_chart(rates)} {start} {capitalise_first(rates.baseline_reason)}.",
    )


def run_chart(
    table: pd.DataFrame, rates: EventRateSeries, style: ArmStyle, horizon: int, top: float, title: str
) -> Any:
    """Return the points joined by a line, the median, and the month of adoption."""
    unit, _ = time_axis(horizon)
    points = table.assign(time=table["period"] * 12.0 / unit)[["time", "rate"]]
    x = time_encoding(horizon)
    y = alt.Y("rate:Q", scale=alt.Scale(domain=[0, top]), axis=alt.Axis(tickCount=4, format="~s"), title=RATE_TITLE)
    base = alt.Chart(points).encode(x=x, y=y)
    layers = [base.mark_line(color=style.colour, strokeWidth=1.2)]
    if len(table) <= MAX_DOTS:
        layers.append(base.mark_circle(color=style.colour, size=22, opacity=1.0))
    if len(table):
        layers.append(
            alt.Chart(table[["median"]].head(1)).mark_rule(color=INK).encode(y=alt.Y("median:Q", title=RATE_TITLE))
        )
    if rates.started is not None:
        start = pd.DataFrame({"time": [rates.started / unit], "words": [START_LABEL]})
        mark = alt.Chart(start).encode(x=x)
        layers += [
            mark.mark_rule(color=SOFT_INK, strokeDash=[3, 3]),
            mark.mark_text(align="left", dx=3, color=SOFT_INK).encode(
                y=UNTYPED_ALTAIR.YValue(7), text=alt.Text("words:N")
            ),
        ]
    return apply_layout(alt.layer(*layers), title, height=RUN_CHART_HEIGHT)
