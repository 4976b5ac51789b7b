"""What a measure depends on: indices with their intervals, over time, and how much is noise."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from qispread.analysis.sensitivity_tables import Sensitivity
from qispread.config.cross import POOLED
from qispread.figures.curves import time_axis, time_channel
from qispread.figures.figure import (
    HEIGHT,
    LEGEND_ROW,
    PLACED,
    Figure,
    colour_of,
    dash_of,
    dressed,
    labelled,
    largest,
    legend_height,
    number_format,
    records,
    shape_of,
    zero_line,
)
from qispread.figures.palette import ARM_COLOURS, INK, SOFT, Style, styles_of
from qispread.presentation.formatting import format_short

MOST_ROWS, MOST_LINES = 20, 7
"""Parameters that are drawn, the most telling ones; tables have all."""
KINDS = {
    "sobol": {"first": "By itself (first order)", "total": "With others too (total order)"},
    "morris": {"mu_star": "Mean size of its effects"},
    "first_order": {"first": "By itself (first order)"},
}
LEADING = {
    "sobol": "Share of the variance, total order",
    "morris": "Mean size of effects",
    "first_order": "Share of the variance, first order",
}
UNITS = {
    "sobol": "Share of the variance between points",
    "morris": "Change of the measure over the whole range",
    "first_order": "Share of the variance between points",
}
SHARES = {
    "parameters": ("Parameters", "#00496F"),
    "both": ("Parameters and worlds together, and chance", "#4FA3D1"),
    "worlds": ("Worlds", "#D4D4D4"),
}
NAME_ROOM, DOT_ROOM, AXIS_ROOM, TALLER = 26, 13, 66, 34
"""Pixels of the name of a row, of each point below it, and of title and axis."""


def sensitivity_figures(found: Sensitivity, horizon: int) -> list[Figure]:
    """Return the figures of a sensitivity analysis; `horizon` is the last month of the scenario."""
    figures = [indices_figure(found)]
    if len(set(found.indices["month"])) > 1:
        figures.append(over_time_figure(found, horizon))
    if found.method == "morris":
        figures.append(effects_figure(found))
    if len(set(found.noise["month"])) > 1:
        figures.append(noise_figure(found, horizon))
    return figures


def about(found: Sensitivity) -> str:
    """Return what is analysed, in words."""
    return found.measure if found.intervention == POOLED else f"{found.measure} of {found.intervention}"


def left_out(number: int) -> str:
    """Return how many parameters are not drawn, in words."""
    return f"Not drawn: {number} parameters that tell less." if number > 0 else ""


def indices_figure(found: Sensitivity) -> Figure:
    """Return the figure of the indices of the last month, the most telling parameter first."""
    last = found.last
    month = int(last["month"].iloc[0])
    told = "; ".join(f"{one['parameter']} {format_short(float(one[found.leading]))}" for one in records(last))
    title = f"What {about(found)} depends on in month {month}"
    return Figure(
        name="sensitivity-indices",
        title=title,
        alt=f"{LEADING[found.method]}, of {about(found)} in month {month}, by parameter: {told}.",
        table=last,
        chart=indices_chart(last.head(MOST_ROWS), title, found.method),
        note=left_out(len(last) - MOST_ROWS),
    )


def indices_chart(table: pd.DataFrame, title: str, method: str) -> Any:
    """Return points with their intervals, each row named above its points."""
    kinds, order = KINDS[method], list(table["parameter"])
    signs = zip(kinds.values(), ARM_COLOURS, ("circle", "diamond"), strict=False)
    styles = [Style(words, words, colour, (1, 0), shape) for words, colour, shape in signs]
    every = [f"{name}{end}" for name in kinds for end in ("", "_low", "_high")]
    axis = alt.Axis(format=number_format(largest(table, every)), tickCount=5, grid=True)
    place: dict[str, Any] = {"title": UNITS[method], "axis": axis, "scale": alt.Scale(zero=True, nice=True, padding=6)}
    y = alt.Y("parameter:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.05))
    layers, row = [zero_line()], NAME_ROOM + DOT_ROOM * len(kinds)
    for number, (name, words) in enumerate(kinds.items()):
        base = alt.Chart(interval_rows(table, name, words)).encode(y=y, color=colour_of(styles, points=True))
        below = NAME_ROOM / 2 + DOT_ROOM * (number - (len(kinds) - 1) / 2) - 4
        layers += [
            base.mark_rule(strokeWidth=2, yOffset=below).encode(x=alt.X("low:Q", **place), x2=alt.X2("high")),
            base.mark_point(filled=True, size=56, opacity=1.0, yOffset=below).encode(
                x=alt.X("value:Q", **place), shape=shape_of(styles)
            ),
        ]
    height = AXIS_ROOM + row * len(order) + legend_height(styles)
    return dressed(alt.layer(*layers, *row_names(order, y, row)), title, height=height)


def interval_rows(table: pd.DataFrame, name: str, words: str) -> pd.DataFrame:
    """Return one kind of index with its interval, a row a parameter."""
    columns = {"value": table[name], "low": table[f"{name}_low"], "high": table[f"{name}_high"]}
    return pd.DataFrame({"parameter": table["parameter"], "arm": words, **columns})


def row_names(order: Sequence[str], y: alt.Y, row: float) -> list[Any]:
    """Return the layers that write the name of each row at its top, over a ground that hides lines."""
    base = alt.Chart(pd.DataFrame({"parameter": list(order)})).encode(
        x=PLACED.XValue(0), y=y, text=alt.Text("parameter:N")
    )
    place: dict[str, Any] = {"align": "left", "dy": 10 - row / 2, "limit": 330}
    return [base.mark_text(stroke="white", strokeWidth=4, **place), base.mark_text(color=INK, **place)]


def leading_styles(found: Sensitivity) -> dict[str, Style]:
    """Return the styles of the parameters that tell most in the last month."""
    return styles_of(list(found.last["parameter"])[:MOST_LINES], base="")


def over_time_figure(found: Sensitivity, horizon: int) -> Figure:
    """Return the figure of the leading index over time, a line a parameter."""
    styles, last = leading_styles(found), found.last
    table = found.indices.rename(columns={"parameter": "arm", found.leading: "value"})
    kept = table.loc[table["arm"].isin(list(styles)), ["month", "arm", "value"]]
    told = "; ".join(
        f"{one['parameter']} {format_short(float(one[found.leading]))}" for one in records(last)[:MOST_LINES]
    )
    title = f"What {about(found)} depends on, over time"
    return Figure(
        name="sensitivity-over-time",
        title=title,
        alt=f"{LEADING[found.method]}, of {about(found)} over time, a line a parameter. At the end: {told}.",
        table=kept.rename(columns={"arm": "parameter", "value": found.leading}),
        chart=over_time_chart(kept, title, LEADING[found.method], styles, horizon),
        note=left_out(len(last) - len(styles)),
    )


def over_time_chart(table: pd.DataFrame, title: str, unit: str, styles: dict[str, Style], horizon: int) -> Any:
    """Return lines over time, with a point at each month that was looked at."""
    order = list(styles.values())
    shown = labelled(table, styles)
    shown = shown.assign(time=shown["month"] / time_axis(horizon)[0])
    axis = alt.Axis(format=number_format(largest(shown, ("value",))), tickCount=5)
    base = alt.Chart(shown[["time", "arm", "value"]]).encode(
        x=time_channel(horizon), y=alt.Y("value:Q", title=unit, axis=axis), color=colour_of(order)
    )
    lines = base.mark_line(strokeWidth=2.2).encode(strokeDash=dash_of(order))
    points = base.mark_point(filled=True, size=30, opacity=1.0)
    return dressed(alt.layer(lines, points), title, height=HEIGHT + legend_height(order))


def effects_figure(found: Sensitivity) -> Figure:
    """Return the figure of the size of the effects of each parameter against how much these differ."""
    last = found.last
    told = "; ".join(
        f"{one['parameter']} {format_short(float(one['mu_star']))} and {format_short(float(one['sigma']))}"
        for one in records(last)
    )
    title = f"Effects on {about(found)}: size and spread"
    return Figure(
        name="sensitivity-effects",
        title=title,
        alt=f"Mean size of the effects of each parameter on {about(found)} and their standard deviation: {told}.",
        table=last,
        chart=effects_chart(last, title, leading_styles(found)),
        note="On the dashed line an effect is as uneven as it is large. Near it or above, it bends or depends on other "
        "parameters; far below, it is much the same everywhere. Small and grey: parameters that tell less.",
    )


def effects_chart(table: pd.DataFrame, title: str, styles: dict[str, Style]) -> Any:
    """Return a point a parameter, and the line on which spread and size are equal."""
    order, top = list(styles.values()), largest(table, ("sigma",))
    x_axis, y_axis = (
        alt.Axis(format=number_format(largest(table, (name,))), tickCount=5) for name in ("mu_star", "sigma")
    )
    x = alt.X("mu_star:Q", title="Mean size of its effects", axis=x_axis, scale=alt.Scale(zero=True, nice=True))
    y = alt.Y("sigma:Q", title="Standard deviation of its effects", axis=y_axis, scale=alt.Scale(zero=True, nice=True))
    points = table.rename(columns={"parameter": "arm"})[["arm", "mu_star", "sigma"]]
    equal = pd.DataFrame({"mu_star": [0.0, top], "sigma": [0.0, top]})
    layers = [
        alt.Chart(equal).mark_line(color=SOFT, strokeDash=[3, 3], strokeWidth=1).encode(x=x, y=y),
        alt.Chart(points[~points["arm"].isin(list(styles))]).mark_circle(size=26, color=SOFT).encode(x=x, y=y),
        alt.Chart(labelled(points, styles))
        .mark_point(filled=True, size=90, opacity=1.0)
        .encode(x=x, y=y, color=colour_of(order, points=True), shape=shape_of(order)),
    ]
    return dressed(alt.layer(*layers), title, height=HEIGHT + TALLER + legend_height(order))


def noise_figure(found: Sensitivity, horizon: int) -> Figure:
    """Return the figure of what the variance of single runs is made of, over time."""
    last = records(found.noise)[-1]
    told = "; ".join(f"{words} {float(last[name]):.0%}" for name, (words, _) in SHARES.items())
    title = f"What makes single runs differ: {about(found)}"
    return Figure(
        name="sensitivity-noise",
        title=title,
        alt=f"Shares of the variance of {about(found)} over single runs, over time. At the end: {told}.",
        table=found.noise,
        chart=noise_chart(found.noise, title, horizon),
        note="Worlds: what a world does to all points alike, which pairing takes out of every comparison of points.",
    )


def noise_chart(table: pd.DataFrame, title: str, horizon: int) -> Any:
    """Return stacked areas of the shares, over time."""
    words, colours = zip(*SHARES.values(), strict=True)
    long = pd.DataFrame(
        {
            "time": np.tile(table["month"] / time_axis(horizon)[0], len(SHARES)),
            "what": np.repeat(words, len(table)),
            "rank": np.repeat(np.arange(len(SHARES)), len(table)),
            "share": np.concatenate([table[name] for name in SHARES]),
        }
    )
    key = alt.Legend(orient="top", direction="vertical", columns=1, title=None, labelLimit=0, offset=4)
    y = alt.Y("share:Q", stack="zero", title="Share of the variance", scale=alt.Scale(domain=[0, 1]))
    areas = (
        alt.Chart(long)
        .mark_area(opacity=1.0)
        .encode(
            x=time_channel(horizon),
            y=y.axis(alt.Axis(format=".0%", tickCount=5)),
            color=alt.Color("what:N", sort=words, scale=alt.Scale(domain=words, range=colours), legend=key),
            order=alt.Order("rank:Q"),
        )
    )
    return dressed(areas, title, height=HEIGHT + LEGEND_ROW * len(SHARES))
