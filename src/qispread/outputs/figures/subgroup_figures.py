"""Figures of equity: gains by groups of organisations, inequality, and response classes."""

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

GAIN_TITLE = "Percentage points above the baseline"
GROUP_HEIGHT, DOT_HEIGHT, GROUP_AXIS_HEIGHT = 12, 15, 76
RESPONSE_CLASSES = {
    "transformed": "Transformed: 80% of the pilot site's effect or more",
    "boosted": "Boosted: 40% to 80%",
    "limited": "Little effect: less than 40%, or discontinued",
}
CLASS_ROW_HEIGHT = 46
MIN_LABELLED_SHARE = 0.09
"""Smallest share of a part of a bar that has its number inside."""
START_LABEL = "At the start"
ADOPTERS_TITLE = "Share of organisations that ever adopted"


def subgroup_figure(
    table: pd.DataFrame, grouping: str, measure: str, styles: dict[str, ArmStyle], limits: Any
) -> Figure:
    """Return the figure of the gains of each third, by one context factor.

    Parameters
    ----------
    table : DataFrame
        The rows of `subgroup_gains` of one grouping and measure.
    grouping, measure : str
    styles : dict of str to ArmStyle
        Without the baseline.
    limits : tuple of two floats
        Limits of the axis, the same for all groupings.
    """
    groups, rows = list(dict.fromkeys(table["group"])), table[table["arm"].isin(list(styles))]
    gains = [
        f"{arm}: "
        + ", ".join(f"{row['group']} {format_difference(row['difference'], 'percent')}" for row in to_records(part))
        for arm, part in rows.groupby("arm", sort=False)
    ]
    shown = label_arms(rows, styles)[["arm", "group", "difference", "low", "high"]]
    return Figure(
        name=figure_file_name("for whom", grouping, measure),
        title=f"By {grouping}",
        alt=f"Gain compared with the baseline by {grouping}, in percentage points. {'; '.join(gains)}.",
        table=rows,
        chart=subgroup_chart(shown, f"By {grouping}", groups, list(styles.values()), limits),
    )


def subgroup_chart(
    table: pd.DataFrame, title: str, groups: Sequence[str], styles: Sequence[ArmStyle], limits: Any
) -> Any:
    """Return points with intervals, a row for each group and a line for each arm."""
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
    """Return the figure of inequality at the start, and at the end in each arm.

    Parameters
    ----------
    table : DataFrame
        The rows of `inequality` of one measure. Intervals are of the paired difference, drawn around the end.
    measure : str
    styles : dict of str to ArmStyle
    """
    declared = MEASURES[measure]
    selected = table[table["arm"].isin(list(styles))]
    ends = selected.set_index("arm")
    start = float(selected["start"].iloc[0])
    rows = [{"row": START_LABEL, "arm": START_LABEL, "value": start, "low": float("nan"), "high": float("nan")}]
    for arm, row in ends.iterrows():
        baseline_end = row["end"] - row["difference"]
        label = styles[str(arm)].label
        bounds = {"low": baseline_end + row["low"], "high": baseline_end + row["high"]}
        rows.append({"row": f"At the end, {label}", "arm": label, "value": row["end"], **bounds})
    values = "; ".join(f"{arm} {format_short(float(row['end']))}" for arm, row in ends.iterrows())
    shades = [ArmStyle("", START_LABEL, INK, (1, 0), "diamond"), *styles.values()]
    return Figure(
        name=figure_file_name(measure, "start and end"),
        title=declared.label,
        alt=f"{declared.label}: {format_short(start)} at the start; at the end {values} (means over runs).",
        table=selected,
        chart=interval_chart(pd.DataFrame(rows), declared.label, declared.axis, declared.form, shades, zero=False),
    )


def response_classes_figure(table: pd.DataFrame, title: str, name: str) -> Figure:
    """Return the figure of response classes: for each row the shares of adopters.

    Parameters
    ----------
    table : DataFrame
        Columns ``row`` and for each class its mean share over runs; NaN where there are no adopters.
    title, name : str
    """
    known = table.dropna()
    shares = "; ".join(
        f"{row['row']}: " + ", ".join(f"{format_value(row[name], 'percent')} {name}" for name in RESPONSE_CLASSES)
        for row in to_records(known)
    )
    return Figure(
        name=figure_file_name(name),
        title=title,
        alt=f"Stacked bars of adopters by the share of the pilot site's effect that they reach. {shares}.",
        table=table,
        chart=response_classes_chart(known, title),
    )


def response_classes_chart(table: pd.DataFrame, title: str) -> Any:
    """Return stacked bars, one row each, with the name of the row above."""
    order, labels = list(dict.fromkeys(table["row"])), list(RESPONSE_CLASSES.values())
    long = pd.concat(
        [
            pd.DataFrame({"row": table["row"], "class": labels[index], "rank": index, "share": table[name]})
            for index, name in enumerate(RESPONSE_CLASSES)
        ]
    )
    # Formatted here as in tables: a browser rounds halves differently.
    long["shown"] = ["" if share < MIN_LABELLED_SHARE else format_value(share, "percent") for share in long["share"]]
    y = alt.Y("row:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    key = alt.Legend(
        orient="top", direction="vertical", columns=1, title=None, labelLimit=0, offset=4, symbolType="square"
    )
    colours = alt.Scale(domain=labels, range=list(CLASS_COLOURS.values()))
    x = alt.X("share:Q", stack="zero", axis=alt.Axis(format=".0%", tickCount=5), scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(long).encode(y=y, order=alt.Order("rank:Q"))
    bars = base.mark_bar(height=16, yOffset=9).encode(
        x=x.title(ADOPTERS_TITLE), color=alt.Color("class:N", sort=labels, scale=colours, legend=key)
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
