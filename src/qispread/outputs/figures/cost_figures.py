"""Figures of cost-effectiveness: the plane of added cost and effect, and the acceptability curve."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_short, format_value
from qispread.outputs.figures.figure import (
    HEIGHT,
    Figure,
    apply_layout,
    axis_number_format,
    colour_encoding,
    dash_encoding,
    label_arms,
    largest_magnitude,
    legend_height,
    shape_encoding,
    to_records,
    zero_line,
)
from qispread.outputs.figures.palette import ArmStyle

MAX_POINTS = 250
"""Runs of an arm that are drawn, those with the lowest numbers; means are over all."""
PLANE_TITLE = "Added cost and effect, each run a point"
ACCEPTABILITY_TITLE = "Probability of being cost-effective"
WILLINGNESS_TITLE = "Willingness to pay per event averted (currency)"
SHARE_TITLE = "Share of runs"
EXTRA_HEIGHT = 34
AVERTED_TITLE, COST_TITLE = "Added adverse events averted", "Added cost (currency)"
PLANE_NOTE = (
    f"Differences from the baseline. Large symbols are means. At most {MAX_POINTS} runs of each option are drawn."
)
ACCEPTABILITY_NOTE = (
    "Share of runs in which each option has the largest net benefit (willingness to pay times events averted, less "
    "cost). Thick: the option with the largest mean net benefit."
)


def plane_figure(points: pd.DataFrame, means: pd.DataFrame, styles: dict[str, ArmStyle]) -> Figure:
    """Return the cost-effectiveness plane.

    Parameters
    ----------
    points : DataFrame
        Columns ``arm``, ``replicate``, ``averted`` and ``spent``: differences from the baseline in each run.
    means : DataFrame
        Columns ``arm``, ``averted`` and ``spent``: their means.
    styles : dict of str to ArmStyle
        Without the baseline.
    """
    description = "; ".join(
        f"{row['arm']}: {format_short(row['averted'], '+')} events averted for {format_short(row['spent'], '+')}"
        for row in to_records(means)
    )
    return Figure(
        name="cost-plane",
        title=PLANE_TITLE,
        alt=f"Added cost against added adverse events averted, compared with the baseline. Means over runs: "
        f"{description}.",
        table=points,
        chart=plane_chart(label_arms(points, styles), label_arms(means, styles), styles),
        note=PLANE_NOTE,
    )


def plane_chart(points: pd.DataFrame, means: pd.DataFrame, styles: dict[str, ArmStyle]) -> Any:
    """Return runs as small points and means as large ones."""
    order = list(styles.values())
    drawn_points = points.groupby("arm", sort=False).head(MAX_POINTS)[["arm", "averted", "spent"]]
    axes = {
        "x": plane_axis(alt.X, points["averted"], AVERTED_TITLE),
        "y": plane_axis(alt.Y, points["spent"], COST_TITLE),
    }
    colour = colour_encoding(order, points=True)
    run_points = alt.Chart(drawn_points).mark_circle(size=12, fillOpacity=0.3, opacity=1.0).encode(**axes, color=colour)
    mean_points = (
        alt.Chart(means[["arm", "averted", "spent"]])
        .mark_point(filled=True, size=130, opacity=1.0, stroke="white", strokeWidth=1)
        .encode(**axes, color=colour, shape=shape_encoding(order))
    )
    layers = alt.layer(zero_line("x"), zero_line("y"), run_points, mean_points)
    return apply_layout(layers, PLANE_TITLE, height=HEIGHT + EXTRA_HEIGHT + legend_height(order))


def plane_axis(channel: Any, values: pd.Series, title: str) -> Any:
    """Return an axis of the plane that includes zero."""
    axis = alt.Axis(format=axis_number_format(float(values.abs().max())), tickCount=5)
    return channel(f"{values.name}:Q", title=title, axis=axis, scale=alt.Scale(zero=True, padding=6))


def acceptability_figure(table: pd.DataFrame, styles: dict[str, ArmStyle]) -> Figure:
    """Return the cost-effectiveness acceptability curve: the share of runs in which each arm is best.

    Parameters
    ----------
    table : DataFrame
        `acceptability`: ``arm``, ``willingness_to_pay``, ``probability`` and ``best_expected``.
    styles : dict of str to ArmStyle
        With the baseline.
    """
    rows = table[table["arm"].isin(list(styles))]
    last = rows[rows["willingness_to_pay"] == rows["willingness_to_pay"].max()]
    description = "; ".join(f"{row['arm']} {format_value(row['probability'], 'percent')}" for row in to_records(last))
    return Figure(
        name="cost-acceptability",
        title=ACCEPTABILITY_TITLE,
        alt="Share of runs in which each option has the largest net benefit, by willingness to pay per event averted. "
        f"At {format_short(float(rows['willingness_to_pay'].max()))}: {description}.",
        table=rows,
        chart=acceptability_chart(label_arms(rows, styles), ACCEPTABILITY_TITLE, styles),
        note=ACCEPTABILITY_NOTE,
    )


def acceptability_chart(table: pd.DataFrame, title: str, styles: dict[str, ArmStyle]) -> Any:
    """Return a curve for each arm, thick where its mean net benefit is the largest."""
    order = list(styles.values())
    rows = table.assign(best=table["probability"].where(table["best_expected"].astype(bool)))
    axis = alt.Axis(format=axis_number_format(largest_magnitude(table, ("willingness_to_pay",))), tickCount=5)
    x = alt.X("willingness_to_pay:Q", title=WILLINGNESS_TITLE, axis=axis, scale=alt.Scale(nice=False))
    share: dict[str, Any] = {
        "scale": alt.Scale(domain=[0, 1]),
        "axis": alt.Axis(format=".0%", tickCount=5),
        "title": SHARE_TITLE,
    }
    base = alt.Chart(rows[["arm", "willingness_to_pay", "probability", "best"]]).encode(
        x=x, color=colour_encoding(order)
    )
    curves = base.mark_line(strokeWidth=2).encode(y=alt.Y("probability:Q", **share), strokeDash=dash_encoding(order))
    best = base.mark_line(strokeWidth=7, strokeOpacity=0.3).encode(y=alt.Y("best:Q", **share))
    return apply_layout(alt.layer(best, curves), title, height=HEIGHT + EXTRA_HEIGHT + legend_height(order))
