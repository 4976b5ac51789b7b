"""Figures of scenario discovery: coverage and density of the boxes, limits of the suggested box, and its cases."""

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
"""Points that are drawn, evenly spread over their table; counts are of all."""
CASE_LABEL, OTHER_LABEL = "Case", "Other"
RANGE_MARGIN = 0.025
"""Share of a parameter's range by which the rectangle of a box is drawn wider than the box."""
TRAJECTORY_TITLE = "Coverage and density of the boxes"
TRAJECTORY_NOTE = "The ring marks the suggested box. Darker: more parameters are restricted."
COVERAGE_TITLE, DENSITY_TITLE = "Coverage: share of all cases inside", "Density: share of points that are cases"
RESTRICTED_TITLE = "Restricted parameters"
LIMITS_TITLE = "Limits of the suggested box"
LIMITS_NOTE = "Grey: the whole range of each parameter, from its lowest to its highest value. Blue: inside the box."
BOX_TITLE = "Cases by the two strongest limits"
BOX_NOTE = "The rectangle is the suggested box; its limits in other parameters are not drawn."


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
    """Return the figure of the boxes by the share of cases that they hold and the density of cases in them."""
    table = discovery.trajectory
    all_points, suggested = to_records(table)[0], to_records(table)[discovery.suggested_index]
    return Figure(
        name="discovery-trajectory",
        title=TRAJECTORY_TITLE,
        alt=f"Cases: {discovery.question}. Density against coverage of {len(table)} boxes. Of all {discovery.unit}, "
        f"{all_points['density']:.0%} are cases; in the suggested box, {suggested['density']:.0%} are cases, which is "
        f"{suggested['coverage']:.0%} of all cases.",
        table=table,
        chart=trajectory_chart(table, TRAJECTORY_TITLE),
        note=TRAJECTORY_NOTE,
    )


def trajectory_chart(table: pd.DataFrame, title: str) -> Any:
    """Return a point for each box, density against coverage, and a ring around the suggested one."""
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=5)
    x = alt.X("coverage:Q", title=COVERAGE_TITLE, axis=axis, scale=scale)
    y = alt.Y("density:Q", title=DENSITY_TITLE, axis=axis, scale=scale)
    boxes = table[["box", "coverage", "density", "restricted"]]
    colours = alt.Scale(domain=[0, max(1, int(table["restricted"].max()))], range=["#A6CBE3", "#00334D"])
    key = alt.Legend(title=RESTRICTED_TITLE, orient="top", direction="horizontal", tickMinStep=1, gradientLength=180)
    steps = boxes[(table["kind"] != "pruned").to_numpy()]
    layers = [
        alt.Chart(steps).mark_line(color=SOFT_INK, strokeWidth=1).encode(x=x, y=y, order=alt.Order("box:Q")),
        alt.Chart(boxes)
        .mark_circle(size=44, opacity=1.0)
        .encode(x=x, y=y, color=alt.Color("restricted:Q", scale=colours, legend=key)),
        alt.Chart(boxes[table["suggested"].to_numpy()])
        .mark_point(size=190, color=ORANGE, strokeWidth=2.2, filled=False, opacity=1.0)
        .encode(x=x, y=y),
    ]
    return apply_layout(alt.layer(*layers), title, height=HEIGHT + EXTRA_HEIGHT + KEY_HEIGHT)


def limits_figure(discovery: Discovery) -> Figure:
    """Return the figure of the limits of the suggested box within the whole range of each parameter."""
    rows, step = limit_rows(discovery), discovery.steps[discovery.suggested_index]
    named = rows.drop_duplicates("parameter")
    description = "; ".join(f"{row['parameter']} {row['words']}" for row in to_records(named))
    return Figure(
        name="discovery-limits",
        title=LIMITS_TITLE,
        alt=f"Cases: {discovery.question}. Of the {step.point_count} {discovery.unit} inside the box, "
        f"{step.density:.0%} are cases. "
        f"Limits of the box: {description}.",
        table=pd.DataFrame(discovery.box_limits(discovery.suggested_index)),
        chart=limits_chart(rows, named, LIMITS_TITLE),
        note=LIMITS_NOTE,
    )


def limit_rows(discovery: Discovery) -> pd.DataFrame:
    """Return the parts of parameters that are inside the suggested box, a row each, as shares of their ranges."""
    rows: list[tuple[str, str, float, float]] = []
    for row in discovery.box_limits(discovery.suggested_index):
        name, limit = str(row["parameter"]), discovery.steps[discovery.suggested_index].box[str(row["parameter"])]
        values = np.unique(discovery.cases.columns[name])
        text = row["labels"] or format_range(row["low"], row["high"])
        if row["labels"] or values.size <= MAX_CATEGORIES:
            starts = np.flatnonzero(satisfies(values, limit)) / values.size
            rows += [(name, text, start, start + 1.0 / values.size) for start in starts]
            continue
        low, width = row["whole_low"], row["whole_high"] - row["whole_low"]
        rows.append((name, text, (row["low"] - low) / width, (row["high"] - low) / width))
    return pd.DataFrame(rows, columns=["parameter", "words", "start", "end"])


def limits_chart(rows: pd.DataFrame, labels: pd.DataFrame, title: str) -> Any:
    """Return a bar for each parameter, its name above it, with the part that is inside the box."""
    order = list(labels["parameter"])
    y = alt.Y("parameter:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    x = alt.X("start:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=None)
    full_range = alt.Chart(labels.assign(start=0.0, end=1.0)).encode(x=x, x2=alt.X2("end"), y=y)
    inside = alt.Chart(rows[["parameter", "start", "end"]]).encode(x=x, x2=alt.X2("end"), y=y)
    text = alt.Chart(labels[["parameter", "words"]]).encode(y=y)
    layers = [
        full_range.mark_bar(height=10, yOffset=9, color=FAINT_GREY),
        inside.mark_bar(height=10, yOffset=9, color=BLUE),
        text.mark_text(align="left", dy=-9, color=INK, limit=180).encode(
            x=UNTYPED_ALTAIR.XValue(0), text=alt.Text("parameter:N")
        ),
        text.mark_text(align="right", dy=-9, color=SOFT_INK, limit=160).encode(
            x=UNTYPED_ALTAIR.XValue("width"), text=alt.Text("words:N")
        ),
    ]
    return apply_layout(alt.layer(*layers), title, height=AXIS_HEIGHT + ROW_HEIGHT * len(order))


def box_figure(discovery: Discovery) -> Figure:
    """Return the figure of cases and others by the two parameters with the strongest limits in the suggested box."""
    first, second = strongest_limits(discovery)
    drawn = np.unique(np.linspace(0, discovery.cases.is_case.size - 1, MAX_POINTS).astype(int))
    across, up = (discovery.cases.columns[str(row["parameter"])][drawn] for row in (first, second))
    points = pd.DataFrame(
        {"across": across, "up": up, "case": np.where(discovery.cases.is_case[drawn], CASE_LABEL, OTHER_LABEL)}
    )
    limits = " and ".join(f"{row['parameter']} {format_range(row['low'], row['high'])}" for row in (first, second))
    count = int(np.count_nonzero(discovery.cases.is_case))
    return Figure(
        name="discovery-corner",
        title=BOX_TITLE,
        alt=f"Cases: {discovery.question}; {count} of {discovery.cases.is_case.size} {discovery.unit}. "
        f"The suggested box is {limits}.",
        table=points.rename(columns={"across": first["parameter"], "up": second["parameter"]}),
        chart=box_chart(points.sort_values("case", ascending=False, kind="stable"), BOX_TITLE, first, second),
        note=BOX_NOTE,
    )


def strongest_limits(discovery: Discovery) -> list[dict[str, Any]]:
    """Return the two ranges of the suggested box with the smallest quasi-p-values."""
    ranges = [row for row in discovery.box_limits(discovery.suggested_index) if not row["labels"]]
    return sorted(ranges, key=lambda row: float(np.nanmin([row["p_low"], row["p_high"]])))[:2]


def padded_range(limit: dict[str, Any]) -> tuple[float, float]:
    """Return the ends of a range with a margin, so that a box around a single value is visible."""
    margin = RANGE_MARGIN * (limit["whole_high"] - limit["whole_low"])
    return limit["low"] - margin, limit["high"] + margin


def box_chart(table: pd.DataFrame, title: str, first: dict[str, Any], second: dict[str, Any]) -> Any:
    """Return cases and others as points, and the box as a rectangle."""
    flat, number = alt.Scale(zero=False, nice=True, padding=5), alt.Axis(format=".3~r", tickCount=5)
    x = alt.X("across:Q", title=first["parameter"], scale=flat, axis=number)
    y = alt.Y("up:Q", title=second["parameter"], scale=flat, axis=number)
    (left, right), (bottom, top) = padded_range(first), padded_range(second)
    box = pd.DataFrame([{"across": left, "end": right, "up": bottom, "top": top}])
    labels, key = [CASE_LABEL, OTHER_LABEL], alt.Legend(orient="top", direction="horizontal", title=None, offset=4)
    colours, shapes = (
        alt.Scale(domain=labels, range=[ORANGE, OTHER_GREY]),
        alt.Scale(domain=labels, range=["square", "circle"]),
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
