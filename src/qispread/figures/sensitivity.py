"""What a measure depends on: indices with their intervals, over time, and how much is noise."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from qispread.analysis.sensitivity_tables import Sensitivity
from qispread.analysis.summary import short
from qispread.figures.curves import time_axis, time_channel
from qispread.figures.figure import (
    HEIGHT,
    Figure,
    colour_scale,
    dash_scale,
    dressed,
    legend,
    legend_height,
    shape_scale,
    zero_line,
)
from qispread.figures.palette import ARM_COLOURS, FAINT, INK, SOFT, Style, shortened, styles_of

MOST_ROWS, MOST_LINES = 20, 7
"""Parameters that are drawn, the most telling ones; tables have all."""
KINDS = {
    "sobol": {"first": "By itself (first order)", "total": "With others (total)"},
    "morris": {"mu_star": "Mean size of its effects"},
    "first_order": {"first": "By itself (first order)"},
}
LEADING_WORDS = {
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
    "parameters": "Parameters",
    "both": "Parameters and worlds together, and chance",
    "worlds": "Worlds",
}
SHARE_COLOURS = {"parameters": "#00496F", "both": "#4FA3D1", "worlds": "#D4D4D4"}
ROW, LINE, AXIS_ROOM = 26, 13, 66


def sensitivity_figures(found: Sensitivity, horizon: int) -> list[Figure]:
    """Return the figures of a sensitivity analysis; `horizon` is the last month of the scenario."""
    figures = [indices_figure(found)]
    if found.indices["month"].nunique() > 1:
        figures.append(over_time_figure(found, horizon))
    if found.method == "morris":
        figures.append(morris_figure(found))
    if found.noise["month"].nunique() > 1:
        figures.append(noise_figure(found, horizon))
    return figures


def about(found: Sensitivity) -> str:
    """Return what is analysed, in words."""
    return found.measure if found.intervention == "all" else f"{found.measure} of {found.intervention}"


def kind_styles(method: str) -> list[Style]:
    """Return how each kind of index is drawn."""
    words, shapes = KINDS[method].values(), ("circle", "diamond")
    return [
        Style(one, one, colour, (1, 0), shape)
        for one, colour, shape in zip(words, ARM_COLOURS[:2], shapes, strict=False)
    ]


def indices_figure(found: Sensitivity) -> Figure:
    """Return the figure of the indices of the last month, the most telling parameter first."""
    last, kinds = found.last, KINDS[found.method]
    month = int(last["month"].iloc[0])
    shown = pd.concat(
        [
            pd.DataFrame(
                {
                    "row": last["parameter"],
                    "kind": words,
                    "value": last[name],
                    "low": last[f"{name}_low"],
                    "high": last[f"{name}_high"],
                }
            )
            for name, words in kinds.items()
        ]
    )
    told = "; ".join(f"{one['parameter']} {float(one[found.leading]):.2g}" for one in last.to_dict("records"))
    left = len(last) - MOST_ROWS
    return Figure(
        name=f"sensitivity-{found.measure}",
        title=f"What {about(found)} in month {month} depends on",
        alt=f"{LEADING_WORDS[found.method]}, of {about(found)} in month {month}, by parameter: {told}.",
        table=last,
        chart=indices_chart(shown, list(last["parameter"])[:MOST_ROWS], found),
        note=f"{left} parameters that tell less are not drawn." if left > 0 else "",
    )


def indices_chart(shown: pd.DataFrame, order: Sequence[str], found: Sensitivity) -> Any:
    """Return points with their intervals, each row named above its points."""
    styles, title = kind_styles(found.method), f"What {about(found)} depends on"
    kept = shown[shown["row"].isin(list(order))]
    y = alt.Y("row:N", sort=list(order), axis=None, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.05))
    unit, scale = UNITS[found.method], alt.Scale(zero=True, nice=True, padding=6)
    axis = alt.Axis(format="~g" if found.method != "morris" else "~s", tickCount=5, grid=True)
    layers = [zero_line()]
    for place, style in enumerate(styles):
        base = alt.Chart(kept[kept["kind"] == style.label]).encode(y=y)
        below = 5 + LINE * place - LINE * (len(styles) - 1) / 2
        layers += [
            base.mark_rule(strokeWidth=2, yOffset=below).encode(
                x=alt.X("low:Q", title=unit, axis=axis, scale=scale),
                x2="high:Q",
                color=alt.Color("kind:N", scale=colour_scale(styles), legend=None),
            ),
            base.mark_point(filled=True, size=56, opacity=1.0, yOffset=below).encode(
                x=alt.X("value:Q", title=unit, axis=axis, scale=scale),
                color=alt.Color("kind:N", scale=colour_scale(styles), legend=points_legend(styles)),
                shape=alt.Shape("kind:N", scale=shape_scale(styles), legend=points_legend(styles)),
            ),
        ]
    row = ROW + LINE * len(styles)
    names = (
        alt.Chart(pd.DataFrame({"row": list(order)}))
        .mark_text(align="left", dy=-row / 2 + 8, color=INK, limit=330)
        .encode(x=alt.value(0), y=y, text="row:N")
    )
    height = AXIS_ROOM + row * len(order) + legend_height(styles)
    return dressed(alt.layer(*layers, names), title, height=height)


def points_legend(styles: Sequence[Style]) -> alt.Legend | None:
    """Return the legend of points."""
    return legend(styles, symbolType="circle", symbolSize=70)


def leading_styles(found: Sensitivity, most: int = MOST_LINES) -> dict[str, Style]:
    """Return the styles of the parameters that tell most in the last month."""
    return styles_of(list(found.last["parameter"])[:most], base="")


def over_time_figure(found: Sensitivity, horizon: int) -> Figure:
    """Return the figure of the leading index over time, a line a parameter."""
    styles = leading_styles(found)
    kept = found.indices[found.indices["parameter"].isin(list(styles))]
    ends = found.last.set_index("parameter")[found.leading]
    told = "; ".join(f"{name} {float(ends[name]):.2g}" for name in styles)
    left = found.indices["parameter"].nunique() - len(styles)
    title = f"What {about(found)} depends on, over time"
    return Figure(
        name=f"sensitivity-{found.measure}-over-time",
        title=title,
        alt=f"{LEADING_WORDS[found.method]}, of {about(found)} over time, a line a parameter. At the end: {told}.",
        table=kept,
        chart=over_time_chart(kept, title, found, styles, horizon),
        note=f"{left} parameters that tell less at the end are not drawn." if left > 0 else "",
    )


def over_time_chart(table: pd.DataFrame, title: str, found: Sensitivity, styles: dict[str, Style], horizon: int) -> Any:
    """Return lines over time, with a point at each month that was looked at."""
    order = list(styles.values())
    shown = pd.DataFrame(
        {
            "time": table["month"] / time_axis(horizon)[0],
            "parameter": [styles[name].label for name in table["parameter"]],
            "value": table[found.leading],
        }
    )
    labels = [style.label for style in order]
    base = alt.Chart(shown).encode(
        x=time_channel(horizon),
        y=alt.Y("value:Q", title=LEADING_WORDS[found.method], axis=alt.Axis(format="~g", tickCount=5)),
    )
    key = legend(order)
    lines = base.mark_line(strokeWidth=2.2).encode(
        stroke=alt.Stroke("parameter:N", sort=labels, scale=colour_scale(order), legend=key),
        strokeDash=alt.StrokeDash("parameter:N", sort=labels, scale=dash_scale(order), legend=key),
    )
    points = base.mark_point(filled=True, size=30, opacity=1.0).encode(
        color=alt.Color("parameter:N", sort=labels, scale=colour_scale(order), legend=None)
    )
    return dressed(alt.layer(lines, points), title, height=HEIGHT + legend_height(order))


def morris_figure(found: Sensitivity) -> Figure:
    """Return the figure of the size of the effects of each parameter against how much these differ."""
    last = found.last
    told = "; ".join(
        f"{one['parameter']} {short(float(one['mu_star']))} and {short(float(one['sigma']))}"
        for one in last.to_dict("records")
    )
    title = f"Effects on {about(found)}: size and spread"
    return Figure(
        name=f"sensitivity-{found.measure}-morris",
        title=title,
        alt=f"Mean size of the effects of each parameter on {about(found)} and their standard deviation: {told}.",
        table=last,
        chart=morris_chart(last, title, leading_styles(found)),
        note="On the dashed line the spread is as large as the effect. Near it or above, the effect depends on other "
        "parameters or bends; far below, it is much the same everywhere. Grey: parameters that tell less.",
    )


def morris_chart(table: pd.DataFrame, title: str, styles: dict[str, Style]) -> Any:
    """Return a point a parameter, and the line on which spread and size are equal."""
    order = list(styles.values())
    top = float(table[["mu_star", "sigma"]].to_numpy().max())
    scale = alt.Scale(domainMin=0, zero=True, nice=True)
    number = alt.Axis(format="~s", tickCount=5)
    x = alt.X("mu_star:Q", title="Mean size of its effects", axis=number, scale=scale)
    y = alt.Y("sigma:Q", title="Standard deviation of its effects", axis=number, scale=scale)
    named = table["parameter"].isin(list(styles))
    equal = pd.DataFrame({"mu_star": [0.0, top], "sigma": [0.0, top]})
    shown = table[named].assign(parameter=[styles[name].label for name in table.loc[named, "parameter"]])
    labels, key = [style.label for style in order], points_legend(order)
    layers = [
        alt.Chart(equal).mark_line(color=SOFT, strokeDash=[3, 3], strokeWidth=1).encode(x=x, y=y),
        alt.Chart(table[~named]).mark_circle(size=40, color=FAINT, opacity=1.0).encode(x=x, y=y),
        alt.Chart(shown)
        .mark_point(filled=True, size=90, opacity=1.0)
        .encode(
            x=x,
            y=y,
            color=alt.Color("parameter:N", sort=labels, scale=colour_scale(order), legend=key),
            shape=alt.Shape("parameter:N", sort=labels, scale=shape_scale(order), legend=key),
        ),
    ]
    return dressed(alt.layer(*layers), title, height=HEIGHT + 34 + legend_height(order))


def noise_figure(found: Sensitivity, horizon: int) -> Figure:
    """Return the figure of what the variance of single runs is made of, over time."""
    last = found.noise.iloc[-1]
    told = "; ".join(f"{words} {float(last[name]):.0%}" for name, words in SHARES.items())
    title = f"What single runs differ by in {shortened(about(found), 30)}"
    return Figure(
        name=f"sensitivity-{found.measure}-noise",
        title=title,
        alt=f"Shares of the variance of {about(found)} over single runs, over time. At the end: {told}.",
        table=found.noise,
        chart=noise_chart(found.noise, title, horizon),
        note="Worlds: what a world does to all points alike, which pairing takes out of every comparison of points.",
    )


def noise_chart(table: pd.DataFrame, title: str, horizon: int) -> Any:
    """Return stacked areas of the shares, over time."""
    words = list(SHARES.values())
    long = pd.concat(
        [
            pd.DataFrame(
                {
                    "time": table["month"] / time_axis(horizon)[0],
                    "what": SHARES[name],
                    "rank": rank,
                    "share": table[name],
                }
            )
            for rank, name in enumerate(SHARES)
        ]
    )
    key = alt.Legend(
        orient="top", direction="vertical", columns=1, title=None, labelLimit=0, offset=4, symbolType="square"
    )
    colours = alt.Scale(domain=words, range=[SHARE_COLOURS[name] for name in SHARES])
    areas = (
        alt.Chart(long)
        .mark_area(opacity=1.0)
        .encode(
            x=time_channel(horizon),
            y=alt.Y(
                "share:Q",
                stack="zero",
                title="Share of the variance",
                axis=alt.Axis(format=".0%", tickCount=5),
                scale=alt.Scale(domain=[0, 1]),
            ),
            color=alt.Color("what:N", sort=words, scale=colours, legend=key),
            order="rank:Q",
        )
    )
    return dressed(areas, title, height=HEIGHT + 3 * 17)
