"""Where a policy fails: the trade between coverage and density, the limits of a box, and the corner itself."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from qispread.analysis.discovery import Discovery
from qispread.analysis.prim import NumberRange, satisfies
from qispread.common.formatting import format_range
from qispread.outputs.figures.figure import HEIGHT, UNTYPED_ALTAIR, Figure, apply_layout, to_records
from qispread.outputs.figures.palette import ARM_COLOURS, INK, SOFT_INK
from qispread.runs.sweep.sweep_outcomes import MAX_CATEGORIES

BLUE, ORANGE = ARM_COLOURS[:2]
FAINT_GREY, OTHER_GREY = "#D9D9D9", "#B5B5B5"
ROW_HEIGHT, AXIS_HEIGHT, EXTRA_HEIGHT, KEY_HEIGHT = 44, 60, 40, 36
MAX_POINTS = 3000
"""Points that are drawn, evenly spread over their table; numbers are of all."""
CASE_LABEL, OTHER_LABEL = "Case", "Other"
RANGE_MARGIN = 0.025
"""Share of a whole range by which the rectangle of a box is drawn wider than the box."""


def discovery_figures(discovery: Discovery) -> list[Figure]:
    """Return the figures of a discovery."""
    box = discovery.steps[discovery.suggested_index].box
    figures = [trajectory_figure(discovery)]
    if box:
        figures.append(limits_figure(discovery))
    if sum(isinstance(limit, NumberRange) for limit in box.values()) > 1:
        figures.append(box_figure(discovery))
    return figures


def trajectory_figure(discovery: Discovery) -> Figure:
    """Return the figure of the boxes: which share of the cases each holds, and how dense they are in it."""
    table = discovery.trajectory
    whole, one = to_records(table)[0], to_records(table)[discovery.suggested_index]
    title = "Boxes, from everything to the densest"
    return Figure(
        name="discovery-trajectory",
        title=title,
        alt=f"Cases: {discovery.question}. Density against coverage of {len(table)} boxes. Of all {discovery.unit} "
        f"{whole['density']:.0%} are cases; of those in the suggested box {one['density']:.0%}, and it holds "
        f"{one['coverage']:.0%} of all cases.",
        table=table,
        chart=trajectory_chart(table, title),
        note="The ring marks the suggested box. Darker: more parameters are restricted.",
    )


def trajectory_chart(table: pd.DataFrame, title: str) -> Any:
    """Return a point a box, coverage against density, and a ring around the suggested one."""
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=5)
    x = alt.X("coverage:Q", title="Coverage: share of all cases", axis=axis, scale=scale)
    y = alt.Y("density:Q", title="Density: share inside that are cases", axis=axis, scale=scale)
    shown = table[["box", "coverage", "density", "restricted"]]
    colours = alt.Scale(domain=[0, max(1, int(table["restricted"].max()))], range=["#A6CBE3", "#00334D"])
    key = alt.Legend(
        title="Restricted parameters", orient="top", direction="horizontal", tickMinStep=1, gradientLength=180
    )
    walked = shown[(table["kind"] != "pruned").to_numpy()]
    layers = [
        alt.Chart(walked).mark_line(color=SOFT_INK, strokeWidth=1).encode(x=x, y=y, order=alt.Order("box:Q")),
        alt.Chart(shown)
        .mark_circle(size=44, opacity=1.0)
        .encode(x=x, y=y, color=alt.Color("restricted:Q", scale=colours, legend=key)),
        alt.Chart(shown[table["suggested"].to_numpy()])
        .mark_point(size=190, color=ORANGE, strokeWidth=2.2, filled=False, opacity=1.0)
        .encode(x=x, y=y),
    ]
    return apply_layout(alt.layer(*layers), title, height=HEIGHT + EXTRA_HEIGHT + KEY_HEIGHT)


def limits_figure(discovery: Discovery) -> Figure:
    """Return the figure of the limits of the suggested box within the whole range of each parameter."""
    rows, step = limit_rows(discovery), discovery.steps[discovery.suggested_index]
    named = rows.drop_duplicates("parameter")
    told = "; ".join(f"{one['parameter']} {one['words']}" for one in to_records(named))
    title = "Limits of the suggested box"
    return Figure(
        name="discovery-limits",
        title=title,
        alt=f"Cases: {discovery.question}. Of the {step.point_count} {discovery.unit} inside the box "
        f"{step.density:.0%} are cases. "
        f"Its limits: {told}.",
        table=pd.DataFrame(discovery.box_limits(discovery.suggested_index)),
        chart=limits_chart(rows, named, title),
        note="Grey: the whole range of each parameter, from its lowest value to its highest. Blue: inside the box.",
    )


def limit_rows(discovery: Discovery) -> pd.DataFrame:
    """Return a row a stretch of a parameter that is inside the suggested box, in shares of its whole range."""
    rows: list[tuple[str, str, float, float]] = []
    for one in discovery.box_limits(discovery.suggested_index):
        name, limit = str(one["parameter"]), discovery.steps[discovery.suggested_index].box[str(one["parameter"])]
        values = np.unique(discovery.cases.columns[name])
        words = one["labels"] or format_range(one["low"], one["high"])
        if one["labels"] or values.size <= MAX_CATEGORIES:
            kept = np.flatnonzero(satisfies(values, limit)) / values.size
            rows += [(name, words, start, start + 1.0 / values.size) for start in kept]
            continue
        low, width = one["whole_low"], one["whole_high"] - one["whole_low"]
        rows.append((name, words, (one["low"] - low) / width, (one["high"] - low) / width))
    return pd.DataFrame(rows, columns=["parameter", "words", "start", "end"])


def limits_chart(rows: pd.DataFrame, labels: pd.DataFrame, title: str) -> Any:
    """Return a bar a parameter, named above it, with the part that is inside the box."""
    order = list(labels["parameter"])
    y = alt.Y("parameter:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    x = alt.X("start:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=None)
    whole = alt.Chart(labels.assign(start=0.0, end=1.0)).encode(x=x, x2=alt.X2("end"), y=y)
    inside = alt.Chart(rows[["parameter", "start", "end"]]).encode(x=x, x2=alt.X2("end"), y=y)
    words = alt.Chart(labels[["parameter", "words"]]).encode(y=y)
    layers = [
        whole.mark_bar(height=10, yOffset=9, color=FAINT_GREY),
        inside.mark_bar(height=10, yOffset=9, color=BLUE),
        words.mark_text(align="left", dy=-9, color=INK, limit=180).encode(
            x=UNTYPED_ALTAIR.XValue(0), text=alt.Text("parameter:N")
        ),
        words.mark_text(align="right", dy=-9, color=SOFT_INK, limit=160).encode(
            x=UNTYPED_ALTAIR.XValue("width"), text=alt.Text("words:N")
        ),
    ]
    return apply_layout(alt.layer(*layers), title, height=AXIS_HEIGHT + ROW_HEIGHT * len(order))


def box_figure(discovery: Discovery) -> Figure:
    """Return the figure of cases and others over the two parameters whose limits in the suggested box tell most."""
    first, second = strongest_limits(discovery)
    every = np.unique(np.linspace(0, discovery.cases.is_case.size - 1, MAX_POINTS).astype(int))
    across, up = (discovery.cases.columns[str(one["parameter"])][every] for one in (first, second))
    shown = pd.DataFrame(
        {"across": across, "up": up, "case": np.where(discovery.cases.is_case[every], CASE_LABEL, OTHER_LABEL)}
    )
    title = "Cases, over the two limits that tell most"
    told = " and ".join(f"{one['parameter']} {format_range(one['low'], one['high'])}" for one in (first, second))
    number = int(np.count_nonzero(discovery.cases.is_case))
    return Figure(
        name="discovery-corner",
        title=title,
        alt=f"Cases: {discovery.question}; {number} of {discovery.cases.is_case.size} {discovery.unit}. "
        f"The suggested box has {told}.",
        table=shown.rename(columns={"across": first["parameter"], "up": second["parameter"]}),
        chart=box_chart(shown.sort_values("case", ascending=False, kind="stable"), title, first, second),
        note="The rectangle is the suggested box; its limits in other parameters are not drawn.",
    )


def strongest_limits(discovery: Discovery) -> list[dict[str, Any]]:
    """Return the two ranges of the suggested box with the smallest quasi-p-values."""
    ranges = [one for one in discovery.box_limits(discovery.suggested_index) if not one["labels"]]
    return sorted(ranges, key=lambda one: float(np.nanmin([one["p_low"], one["p_high"]])))[:2]


def padded_range(limit: dict[str, Any]) -> tuple[float, float]:
    """Return the ends of a range with a little room, so that a box around a single value can be seen."""
    room = RANGE_MARGIN * (limit["whole_high"] - limit["whole_low"])
    return limit["low"] - room, limit["high"] + room


def box_chart(table: pd.DataFrame, title: str, first: dict[str, Any], second: dict[str, Any]) -> Any:
    """Return cases and others as points, and the box as a rectangle."""
    flat, number = alt.Scale(zero=False, nice=True, padding=5), alt.Axis(format=".3~r", tickCount=5)
    x = alt.X("across:Q", title=first["parameter"], scale=flat, axis=number)
    y = alt.Y("up:Q", title=second["parameter"], scale=flat, axis=number)
    (left, right), (bottom, top) = padded_range(first), padded_range(second)
    box = pd.DataFrame([{"across": left, "end": right, "up": bottom, "top": top}])
    kinds, key = [CASE_LABEL, OTHER_LABEL], alt.Legend(orient="top", direction="horizontal", title=None, offset=4)
    colours, shapes = (
        alt.Scale(domain=kinds, range=[ORANGE, OTHER_GREY]),
        alt.Scale(domain=kinds, range=["square", "circle"]),
    )
    points = (
        alt.Chart(table)
        .mark_point(filled=True, size=22, opacity=0.75)
        .encode(
            x=x,
            y=y,
            color=alt.Color("case:N", scale=colours, legend=key),
            shape=alt.Shape("case:N", scale=shapes, legend=key),
        )
    )
    frame = alt.Chart(box).mark_rect(fillOpacity=0.0, stroke=BLUE, strokeWidth=2)
    return apply_layout(
        alt.layer(points, frame.encode(x=x, x2=alt.X2("end"), y=y, y2=alt.Y2("top"))),
        title,
        height=HEIGHT + EXTRA_HEIGHT,
    )
