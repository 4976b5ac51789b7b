"""Who gains: by groups of organisations, between them, and by how far the result was replicated."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_difference, format_short, format_value
from qispread.model.measures import MEASURES
from qispread.outputs.figures.figure import (
    UNTYPED_ALTAIR,
    Figure,
    apply_layout,
    colour_encoding,
    figure_file_name,
    label_arms,
    legend_height,
    shape_encoding,
    to_records,
    zero_line,
)
from qispread.outputs.figures.interval_figures import difference_axis, interval_chart
from qispread.outputs.figures.palette import CLASS_COLOURS, INK, ArmStyle

GAIN_TITLE = "Percentage points more than in the base"
GROUP_HEIGHT, DOT_HEIGHT, GROUP_AXIS_HEIGHT = 12, 15, 76
RESPONSE_CLASSES = {
    "transformed": "Transformed: 80 % of the origin's effect or more",
    "boosted": "Boosted: 40 to 80 %",
    "limited": "Little: less, or given up",
}
CLASS_ROW_HEIGHT = 46
MIN_LABELLED_SHARE = 0.09
"""Share from which a part of a bar has room for its number."""


def subgroup_figure(
    table: pd.DataFrame, grouping: str, measure: str, styles: dict[str, ArmStyle], limits: Any
) -> Figure:
    """Return the figure of what each third gains, by one context factor.

    Parameters
    ----------
    table : DataFrame
        The rows of `for_whom` of one grouping and measure.
    grouping, measure : str
    styles : dict of str to ArmStyle
        Without the base.
    limits : tuple of two floats
        Of the axis, the same for all groupings.
    """
    groups, kept = list(dict.fromkeys(table["group"])), table[table["arm"].isin(list(styles))]
    told = [
        f"{arm}: "
        + ", ".join(f"{one['group']} {format_difference(one['difference'], 'percent')}" for one in to_records(part))
        for arm, part in kept.groupby("arm", sort=False)
    ]
    words = f"Gain against the base by {grouping}, in percentage points. {'; '.join(told)}."
    shown = label_arms(kept, styles)[["arm", "group", "difference", "low", "high"]]
    return Figure(
        name=figure_file_name("for whom", grouping, measure),
        title=f"By {grouping}",
        alt=words,
        table=kept,
        chart=subgroup_chart(shown, f"By {grouping}", groups, list(styles.values()), limits),
    )


def subgroup_chart(
    table: pd.DataFrame, title: str, groups: Sequence[str], styles: Sequence[ArmStyle], limits: Any
) -> Any:
    """Return points with intervals, a row a group and a line an arm."""
    order = [style.label for style in styles]
    y = alt.Y("group:N", sort=list(groups), title=None, axis=alt.Axis(labelLimit=150, ticks=False, labelPadding=8))
    offset = alt.YOffset("arm:N", sort=order, scale=alt.Scale(paddingOuter=0.4))
    scale = alt.Scale(domain=list(limits), nice=True)
    x_axis: dict[str, Any] = {"axis": difference_axis("percent"), "scale": scale, "title": GAIN_TITLE}
    colour = colour_encoding(styles, points=True)
    base = alt.Chart(table).encode(y=y, yOffset=offset)
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", **x_axis),
        x2=alt.X2("high"),
        color=colour,
    )
    points = base.mark_point(filled=True, size=56, opacity=1.0).encode(
        x=alt.X("difference:Q", **x_axis),
        color=colour,
        shape=shape_encoding(styles),
    )
    height = GROUP_AXIS_HEIGHT + len(groups) * (GROUP_HEIGHT + DOT_HEIGHT * len(styles)) + legend_height(styles)
    return apply_layout(alt.layer(zero_line(), bars, points), title, height=height)


def inequality_figure(table: pd.DataFrame, measure: str, styles: dict[str, ArmStyle]) -> Figure:
    """Return the figure of inequality at the start, and at the end of each arm.

    Parameters
    ----------
    table : DataFrame
        The rows of `inequality` of one measure. An interval is that of the paired difference, drawn around the end.
    measure : str
    styles : dict of str to ArmStyle
    """
    declared = MEASURES[measure]
    kept = table[table["arm"].isin(list(styles))]
    ends = kept.set_index("arm")
    start = float(kept["start"].iloc[0])
    rows = [{"row": "At the start", "arm": "At the start", "value": start, "low": float("nan"), "high": float("nan")}]
    for arm, one in ends.iterrows():
        base_end = one["end"] - one["difference"]
        label = styles[str(arm)].label
        bounds = {"low": base_end + one["low"], "high": base_end + one["high"]}
        rows.append({"row": f"End, {label}", "arm": label, "value": one["end"], **bounds})
    told = "; ".join(f"{arm} {format_short(float(one['end']))}" for arm, one in ends.iterrows())
    shades = [ArmStyle("", "At the start", INK, (1, 0), "diamond"), *styles.values()]
    return Figure(
        name=figure_file_name(measure, "start and end"),
        title=declared.label,
        alt=f"{declared.label}: {format_short(start)} at the start; at the end {told} (means over runs).",
        table=kept,
        chart=interval_chart(pd.DataFrame(rows), declared.label, declared.axis, declared.form, shades, zero=False),
    )


def response_classes_figure(table: pd.DataFrame, title: str, name: str) -> Figure:
    """Return the figure of response classes: for each row the shares of those that began.

    Parameters
    ----------
    table : DataFrame
        Columns ``row`` and for each class its mean share over worlds; NaN where nobody began.
    title, name : str
    """
    known = table.dropna()
    told = "; ".join(
        f"{one['row']}: " + ", ".join(f"{format_value(one[kind], 'percent')} {kind}" for kind in RESPONSE_CLASSES)
        for one in to_records(known)
    )
    return Figure(
        name=figure_file_name(name),
        title=title,
        alt=f"Stacked bars of organisations that began, by the share of the origin's effect that they reach. {told}.",
        table=table,
        chart=response_classes_chart(known, title),
    )


def response_classes_chart(table: pd.DataFrame, title: str) -> Any:
    """Return stacked bars, a row each, named above it."""
    order, words = list(dict.fromkeys(table["row"])), list(RESPONSE_CLASSES.values())
    long = pd.concat(
        [
            pd.DataFrame({"row": table["row"], "class": words[place], "rank": place, "share": table[kind]})
            for place, kind in enumerate(RESPONSE_CLASSES)
        ]
    )
    # Written here as in tables: a browser rounds halves otherwise.
    long["shown"] = ["" if share < MIN_LABELLED_SHARE else format_value(share, "percent") for share in long["share"]]
    y = alt.Y("row:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    key = alt.Legend(
        orient="top", direction="vertical", columns=1, title=None, labelLimit=0, offset=4, symbolType="square"
    )
    colours = alt.Scale(domain=words, range=list(CLASS_COLOURS.values()))
    x = alt.X("share:Q", stack="zero", axis=alt.Axis(format=".0%", tickCount=5), scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(long).encode(y=y, order=alt.Order("rank:Q"))
    bars = base.mark_bar(height=16, yOffset=9).encode(
        x=x.title("Share of those that ever began"), color=alt.Color("class:N", sort=words, scale=colours, legend=key)
    )
    light = alt.condition(alt.datum.rank == 0, alt.value("white"), alt.value(INK))
    numbers = base.mark_text(yOffset=9, fontSize=11).encode(
        x=alt.X("share:Q", stack="zero", bandPosition=0.5), text=alt.Text("shown:N"), color=light
    )
    names = (
        alt.Chart(table)
        .mark_text(align="left", dy=-10, color=INK, limit=330)
        .encode(x=UNTYPED_ALTAIR.XValue(0), y=y, text=alt.Text("row:N"))
    )
    return apply_layout(alt.layer(bars, numbers, names), title, height=128 + CLASS_ROW_HEIGHT * max(1, len(order)))
