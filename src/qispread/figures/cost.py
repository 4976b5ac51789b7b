"""What it costs: worlds on the plane of cost and events averted, and who has the best chance at which price."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.analysis.summary import short
from qispread.figures.figure import (
    HEIGHT,
    Figure,
    colour_scale,
    dash_scale,
    dressed,
    labelled,
    legend,
    legend_height,
    shape_scale,
    zero_line,
)
from qispread.figures.palette import Style

MOST_POINTS = 250
"""Worlds of an arm that are drawn, those of the lowest numbers; means are over all."""
AVERTED, SPENT = "Harmful events averted, more than in the base", "Cost, more than in the base"


def plane_figure(points: pd.DataFrame, means: pd.DataFrame, styles: dict[str, Style]) -> Figure:
    """Return the cost-effectiveness plane.

    Parameters
    ----------
    points : DataFrame
        Columns ``arm``, ``replicate``, ``averted`` and ``spent``: differences from the base in each world.
    means : DataFrame
        Columns ``arm``, ``averted`` and ``spent``: their means.
    styles : dict of str to Style
        Without the base.
    """
    told = "; ".join(
        f"{one.arm}: {short(one.averted, '+')} events averted for {short(one.spent, '+')}" for one in means.itertuples()
    )
    return Figure(
        name="cost-plane",
        title="Cost and effect, each world a point",
        alt=f"Extra cost against extra harmful events averted. Means over worlds: {told}.",
        table=points,
        chart=plane_chart(labelled(points, styles), labelled(means, styles), styles),
        note=f"Large signs are means. At most {MOST_POINTS} worlds of each arm are drawn.",
    )


def plane_chart(points: pd.DataFrame, means: pd.DataFrame, styles: dict[str, Style]) -> Any:
    """Return worlds as small points and means as large ones."""
    order = list(styles.values())
    labels = [style.label for style in order]
    drawn = points.groupby("arm", sort=False).head(MOST_POINTS)[["arm", "averted", "spent"]]
    colours = colour_scale(order)
    axes = {
        "x": alt.X("averted:Q", title=AVERTED, axis=alt.Axis(format="~s", tickCount=5), scale=alt.Scale(zero=True)),
        "y": alt.Y("spent:Q", title=SPENT, axis=alt.Axis(format="~s", tickCount=5), scale=alt.Scale(zero=True)),
    }
    key = legend(order, symbolType="circle", symbolSize=70)
    worlds = (
        alt.Chart(drawn)
        .mark_circle(size=12, opacity=0.3)
        .encode(**axes, color=alt.Color("arm:N", scale=colours, legend=None))
    )
    centres = (
        alt.Chart(means[["arm", "averted", "spent"]])
        .mark_point(filled=True, size=130, opacity=1.0, stroke="white", strokeWidth=1)
        .encode(
            **axes,
            color=alt.Color("arm:N", sort=labels, scale=colours, legend=key),
            shape=alt.Shape("arm:N", sort=labels, scale=shape_scale(order), legend=key),
        )
    )
    layers = alt.layer(zero_line("x"), zero_line("y"), worlds, centres)
    return dressed(layers, "Cost and effect, each world a point", height=HEIGHT + 34 + legend_height(order))


def acceptability_figure(table: pd.DataFrame, styles: dict[str, Style]) -> Figure:
    """Return the figure of the chance that each arm is best, over what an event averted is worth.

    Parameters
    ----------
    table : DataFrame
        `acceptability`: ``arm``, ``willingness``, ``probability`` and ``expected``.
    styles : dict of str to Style
        With the base.
    """
    kept = table[table["arm"].isin(list(styles))]
    last = kept[kept["willingness"] == kept["willingness"].max()]
    told = "; ".join(f"{one.arm} {one.probability:.0%}" for one in last.itertuples())
    title = "Chance of being the best buy"
    return Figure(
        name="cost-acceptability",
        title=title,
        alt="Share of worlds in which each arm has the largest net benefit, by what an event averted is worth. "
        f"At {short(float(kept['willingness'].max()))}: {told}.",
        table=kept,
        chart=acceptability_chart(labelled(kept, styles), title, styles),
        note="Thick: the arm with the largest mean net benefit at that worth.",
    )


def acceptability_chart(table: pd.DataFrame, title: str, styles: dict[str, Style]) -> Any:
    """Return a curve an arm, thick where its mean net benefit is the largest."""
    order = list(styles.values())
    labels = [style.label for style in order]
    shown = table.assign(best=table["probability"].where(table["expected"].astype(bool)))
    x = alt.X(
        "willingness:Q",
        title="Worth of an event averted, in currency",
        axis=alt.Axis(format="~s", tickCount=5),
        scale=alt.Scale(nice=False),
    )
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format=".0%", tickCount=5)
    key = legend(order)
    colours = alt.Stroke("arm:N", sort=labels, scale=colour_scale(order), legend=key)
    base = alt.Chart(shown[["arm", "willingness", "probability", "best"]]).encode(x=x)
    curves = base.mark_line(strokeWidth=2).encode(
        y=alt.Y("probability:Q", scale=scale, axis=axis, title="Share of worlds"),
        stroke=colours,
        strokeDash=alt.StrokeDash("arm:N", sort=labels, scale=dash_scale(order), legend=key),
    )
    best = base.mark_line(strokeWidth=7, opacity=0.3).encode(
        y=alt.Y("best:Q", scale=scale, axis=axis, title="Share of worlds"),
        stroke=alt.Stroke("arm:N", sort=labels, scale=colour_scale(order), legend=None),
    )
    return dressed(alt.layer(best, curves), title, height=HEIGHT + 34 + legend_height(order))
