"""What it costs: worlds on the plane of cost and events averted, and who has the best chance at which price."""

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
"""Worlds of an arm that are drawn, those of the lowest numbers; means are over all."""
PLANE_TITLE = "Cost and effect, each world a point"
WILLINGNESS_TITLE = "Worth of an event averted, in currency"
EXTRA_HEIGHT = 34
AVERTED_TITLE, COST_TITLE = "Harmful events averted, more than in the base", "Cost, more than in the base"


def plane_figure(points: pd.DataFrame, means: pd.DataFrame, styles: dict[str, ArmStyle]) -> Figure:
    """Return the cost-effectiveness plane.

    Parameters
    ----------
    points : DataFrame
        Columns ``arm``, ``replicate``, ``averted`` and ``spent``: differences from the base in each world.
    means : DataFrame
        Columns ``arm``, ``averted`` and ``spent``: their means.
    styles : dict of str to ArmStyle
        Without the base.
    """
    told = "; ".join(
        f"{one['arm']}: {format_short(one['averted'], '+')} events averted for {format_short(one['spent'], '+')}"
        for one in to_records(means)
    )
    return Figure(
        name="cost-plane",
        title=PLANE_TITLE,
        alt=f"Extra cost against extra harmful events averted. Means over worlds: {told}.",
        table=points,
        chart=plane_chart(label_arms(points, styles), label_arms(means, styles), styles),
        note=f"Large signs are means. At most {MAX_POINTS} worlds of each arm are drawn.",
    )


def plane_chart(points: pd.DataFrame, means: pd.DataFrame, styles: dict[str, ArmStyle]) -> Any:
    """Return worlds as small points and means as large ones."""
    order = list(styles.values())
    drawn = points.groupby("arm", sort=False).head(MAX_POINTS)[["arm", "averted", "spent"]]
    axes = {
        "x": plane_axis(alt.X, points["averted"], AVERTED_TITLE),
        "y": plane_axis(alt.Y, points["spent"], COST_TITLE),
    }
    colour = colour_encoding(order, points=True)
    worlds = alt.Chart(drawn).mark_circle(size=12, fillOpacity=0.3, opacity=1.0).encode(**axes, color=colour)
    centres = (
        alt.Chart(means[["arm", "averted", "spent"]])
        .mark_point(filled=True, size=130, opacity=1.0, stroke="white", strokeWidth=1)
        .encode(**axes, color=colour, shape=shape_encoding(order))
    )
    layers = alt.layer(zero_line("x"), zero_line("y"), worlds, centres)
    return apply_layout(layers, PLANE_TITLE, height=HEIGHT + EXTRA_HEIGHT + legend_height(order))


def plane_axis(channel: Any, values: pd.Series, title: str) -> Any:
    """Return an axis of the plane, with zero in it."""
    axis = alt.Axis(format=axis_number_format(float(values.abs().max())), tickCount=5)
    return channel(f"{values.name}:Q", title=title, axis=axis, scale=alt.Scale(zero=True, padding=6))


def acceptability_figure(table: pd.DataFrame, styles: dict[str, ArmStyle]) -> Figure:
    """Return the figure of the chance that each arm is best, over what an event averted is worth.

    Parameters
    ----------
    table : DataFrame
        `acceptability`: ``arm``, ``willingness_to_pay``, ``probability`` and ``best_expected``.
    styles : dict of str to ArmStyle
        With the base.
    """
    kept = table[table["arm"].isin(list(styles))]
    last = kept[kept["willingness_to_pay"] == kept["willingness_to_pay"].max()]
    told = "; ".join(f"{one['arm']} {format_value(one['probability'], 'percent')}" for one in to_records(last))
    title = "Chance of being the best buy"
    return Figure(
        name="cost-acceptability",
        title=title,
        alt="Share of worlds in which each arm has the largest net benefit, by what an event averted is worth. "
        f"At {format_short(float(kept['willingness_to_pay'].max()))}: {told}.",
        table=kept,
        chart=acceptability_chart(label_arms(kept, styles), title, styles),
        note="Thick: the arm with the largest mean net benefit at that worth.",
    )


def acceptability_chart(table: pd.DataFrame, title: str, styles: dict[str, ArmStyle]) -> Any:
    """Return a curve an arm, thick where its mean net benefit is the largest."""
    order = list(styles.values())
    shown = table.assign(best=table["probability"].where(table["best_expected"].astype(bool)))
    axis = alt.Axis(format=axis_number_format(largest_magnitude(table, ("willingness_to_pay",))), tickCount=5)
    x = alt.X("willingness_to_pay:Q", title=WILLINGNESS_TITLE, axis=axis, scale=alt.Scale(nice=False))
    share: dict[str, Any] = {
        "scale": alt.Scale(domain=[0, 1]),
        "axis": alt.Axis(format=".0%", tickCount=5),
        "title": "Share of worlds",
    }
    base = alt.Chart(shown[["arm", "willingness_to_pay", "probability", "best"]]).encode(
        x=x, color=colour_encoding(order)
    )
    curves = base.mark_line(strokeWidth=2).encode(y=alt.Y("probability:Q", **share), strokeDash=dash_encoding(order))
    best = base.mark_line(strokeWidth=7, strokeOpacity=0.3).encode(y=alt.Y("best:Q", **share))
    return apply_layout(alt.layer(best, curves), title, height=HEIGHT + EXTRA_HEIGHT + legend_height(order))
