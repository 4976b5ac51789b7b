"""Who gains: by groups of organisations, between them, and by how far the result was replicated."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from qispread.figures.figure import (
    PLACED,
    Figure,
    colour_of,
    dressed,
    file_name,
    labelled,
    legend_height,
    records,
    shape_of,
    zero_line,
)
from qispread.figures.intervals import interval_chart, number_axis
from qispread.figures.palette import CLASS_COLOURS, INK, Style
from qispread.measures import MEASURES
from qispread.presentation.formatting import format_difference, format_short, format_value

MORE_THAN_BASE = "Percentage points more than in the base"
GROUP_ROOM, DOT_ROOM, GROUP_AXIS = 12, 15, 76
CLASSES = {
    "transformed": "Transformed: 80 % of the origin's effect or more",
    "boosted": "Boosted: 40 to 80 %",
    "little": "Little: less, or given up",
}
CLASS_ROW = 46
LEAST_LABELLED = 0.09
"""Share from which a part of a bar has room for its number."""


def group_figure(table: pd.DataFrame, grouping: str, measure: str, styles: dict[str, Style], limits: Any) -> Figure:
    """Return the figure of what each third gains, by one context factor.

    Parameters
    ----------
    table : DataFrame
        The rows of `for_whom` of one grouping and measure.
    grouping, measure : str
    styles : dict of str to Style
        Without the base.
    limits : tuple of two floats
        Of the axis, the same for all groupings.
    """
    groups, kept = list(dict.fromkeys(table["group"])), table[table["arm"].isin(list(styles))]
    told = [
        f"{arm}: "
        + ", ".join(f"{one['group']} {format_difference(one['difference'], 'percent')}" for one in records(part))
        for arm, part in kept.groupby("arm", sort=False)
    ]
    words = f"Gain against the base by {grouping}, in percentage points. {'; '.join(told)}."
    shown = labelled(kept, styles)[["arm", "group", "difference", "low", "high"]]
    return Figure(
        name=file_name("for whom", grouping, measure),
        title=f"By {grouping}",
        alt=words,
        table=kept,
        chart=group_chart(shown, f"By {grouping}", groups, list(styles.values()), limits),
    )


def group_chart(shown: pd.DataFrame, title: str, groups: Sequence[str], styles: Sequence[Style], limits: Any) -> Any:
    """Return points with intervals, a row a group and a line an arm."""
    order = [style.label for style in styles]
    y = alt.Y("group:N", sort=list(groups), title=None, axis=alt.Axis(labelLimit=150, ticks=False, labelPadding=8))
    offset = alt.YOffset("arm:N", sort=order, scale=alt.Scale(paddingOuter=0.4))
    scale = alt.Scale(domain=list(limits), nice=True)
    x_axis: dict[str, Any] = {"axis": number_axis("percent"), "scale": scale, "title": MORE_THAN_BASE}
    colour = colour_of(styles, points=True)
    base = alt.Chart(shown).encode(y=y, yOffset=offset)
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", **x_axis),
        x2=alt.X2("high"),
        color=colour,
    )
    points = base.mark_point(filled=True, size=56, opacity=1.0).encode(
        x=alt.X("difference:Q", **x_axis),
        color=colour,
        shape=shape_of(styles),
    )
    height = GROUP_AXIS + len(groups) * (GROUP_ROOM + DOT_ROOM * len(styles)) + legend_height(styles)
    return dressed(alt.layer(zero_line(), bars, points), title, height=height)


def inequality_figure(table: pd.DataFrame, measure: str, styles: dict[str, Style]) -> Figure:
    """Return the figure of inequality at the start, and at the end of each arm.

    Parameters
    ----------
    table : DataFrame
        The rows of `inequality` of one measure. An interval is that of the paired difference, drawn around the end.
    measure : str
    styles : dict of str to Style
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
    shades = [Style("", "At the start", INK, (1, 0), "diamond"), *styles.values()]
    return Figure(
        name=file_name(measure, "start and end"),
        title=declared.label,
        alt=f"{declared.label}: {format_short(start)} at the start; at the end {told} (means over runs).",
        table=kept,
        chart=interval_chart(pd.DataFrame(rows), declared.label, declared.axis, declared.form, shades, zero=False),
    )


def classes_figure(table: pd.DataFrame, title: str, name: str) -> Figure:
    """Return the figure of response classes: for each row the shares of those that began.

    Parameters
    ----------
    table : DataFrame
        Columns ``row`` and for each class its mean share over worlds; NaN where nobody began.
    title, name : str
    """
    known = table.dropna()
    told = "; ".join(
        f"{one['row']}: " + ", ".join(f"{format_value(one[kind], 'percent')} {kind}" for kind in CLASSES)
        for one in records(known)
    )
    return Figure(
        name=file_name(name),
        title=title,
        alt=f"Stacked bars of organisations that began, by the share of the origin's effect that they reach. {told}.",
        table=table,
        chart=classes_chart(known, title),
    )


def classes_chart(table: pd.DataFrame, title: str) -> Any:
    """Return stacked bars, a row each, named above it."""
    order, words = list(dict.fromkeys(table["row"])), list(CLASSES.values())
    long = pd.concat(
        [
            pd.DataFrame({"row": table["row"], "class": words[place], "rank": place, "share": table[kind]})
            for place, kind in enumerate(CLASSES)
        ]
    )
    # Written here as in tables: a browser rounds halves otherwise.
    long["shown"] = ["" if share < LEAST_LABELLED else format_value(share, "percent") for share in long["share"]]
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
        .encode(x=PLACED.XValue(0), y=y, text=alt.Text("row:N"))
    )
    return dressed(alt.layer(bars, numbers, names), title, height=128 + CLASS_ROW * max(1, len(order)))
