"""Where a policy fails: the trade between coverage and density, the limits of a box, and the corner itself."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from qispread.analysis.discovery import Discovery
from qispread.analysis.outcomes import FEW
from qispread.analysis.prim import Range, meets
from qispread.figures.figure import HEIGHT, PLACED, Figure, dressed, records
from qispread.figures.palette import ARM_COLOURS, INK, SOFT
from qispread.presentation.formatting import format_range

BLUE, ORANGE = ARM_COLOURS[:2]
FAINT, OTHERS = "#D9D9D9", "#B5B5B5"
ROW, AXIS_ROOM, TALLER, KEY_ROOM = 44, 60, 40, 36
MOST_POINTS = 3000
"""Points that are drawn, evenly spread over their table; numbers are of all."""
CASE, OTHER = "Case", "Other"
ROOM = 0.025
"""Share of a whole range by which the rectangle of a box is drawn wider than the box."""


def discovery_figures(found: Discovery) -> list[Figure]:
    """Return the figures of a discovery."""
    box = found.steps[found.suggested].box
    figures = [trajectory_figure(found)]
    if box:
        figures.append(limits_figure(found))
    if sum(isinstance(limit, Range) for limit in box.values()) > 1:
        figures.append(corner_figure(found))
    return figures


def trajectory_figure(found: Discovery) -> Figure:
    """Return the figure of the boxes: which share of the cases each holds, and how dense they are in it."""
    table = found.trajectory
    whole, one = records(table)[0], records(table)[found.suggested]
    title = "Boxes, from everything to the densest"
    return Figure(
        name="discovery-trajectory",
        title=title,
        alt=f"Cases: {found.question}. Density against coverage of {len(table)} boxes. Of all {found.unit} "
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
        alt.Chart(walked).mark_line(color=SOFT, strokeWidth=1).encode(x=x, y=y, order=alt.Order("box:Q")),
        alt.Chart(shown)
        .mark_circle(size=44, opacity=1.0)
        .encode(x=x, y=y, color=alt.Color("restricted:Q", scale=colours, legend=key)),
        alt.Chart(shown[table["suggested"].to_numpy()])
        .mark_point(size=190, color=ORANGE, strokeWidth=2.2, filled=False, opacity=1.0)
        .encode(x=x, y=y),
    ]
    return dressed(alt.layer(*layers), title, height=HEIGHT + TALLER + KEY_ROOM)


def limits_figure(found: Discovery) -> Figure:
    """Return the figure of the limits of the suggested box within the whole range of each parameter."""
    rows, step = limit_rows(found), found.steps[found.suggested]
    named = rows.drop_duplicates("parameter")
    told = "; ".join(f"{one['parameter']} {one['words']}" for one in records(named))
    title = "Limits of the suggested box"
    return Figure(
        name="discovery-limits",
        title=title,
        alt=f"Cases: {found.question}. Of the {step.points} {found.unit} inside the box {step.density:.0%} are cases. "
        f"Its limits: {told}.",
        table=pd.DataFrame(found.limits_of(found.suggested)),
        chart=limits_chart(rows, named, title),
        note="Grey: the whole range of each parameter, from its lowest value to its highest. Blue: inside the box.",
    )


def limit_rows(found: Discovery) -> pd.DataFrame:
    """Return a row a stretch of a parameter that is inside the suggested box, in shares of its whole range."""
    rows: list[tuple[str, str, float, float]] = []
    for one in found.limits_of(found.suggested):
        name, limit = str(one["parameter"]), found.steps[found.suggested].box[str(one["parameter"])]
        values = np.unique(found.data.columns[name])
        words = one["labels"] or format_range(one["low"], one["high"])
        if one["labels"] or values.size <= FEW:
            kept = np.flatnonzero(meets(values, limit)) / values.size
            rows += [(name, words, start, start + 1.0 / values.size) for start in kept]
            continue
        low, width = one["whole_low"], one["whole_high"] - one["whole_low"]
        rows.append((name, words, (one["low"] - low) / width, (one["high"] - low) / width))
    return pd.DataFrame(rows, columns=["parameter", "words", "start", "end"])


def limits_chart(rows: pd.DataFrame, named: pd.DataFrame, title: str) -> Any:
    """Return a bar a parameter, named above it, with the part that is inside the box."""
    order = list(named["parameter"])
    y = alt.Y("parameter:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    x = alt.X("start:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=None)
    whole = alt.Chart(named.assign(start=0.0, end=1.0)).encode(x=x, x2=alt.X2("end"), y=y)
    inside = alt.Chart(rows[["parameter", "start", "end"]]).encode(x=x, x2=alt.X2("end"), y=y)
    words = alt.Chart(named[["parameter", "words"]]).encode(y=y)
    layers = [
        whole.mark_bar(height=10, yOffset=9, color=FAINT),
        inside.mark_bar(height=10, yOffset=9, color=BLUE),
        words.mark_text(align="left", dy=-9, color=INK, limit=180).encode(
            x=PLACED.XValue(0), text=alt.Text("parameter:N")
        ),
        words.mark_text(align="right", dy=-9, color=SOFT, limit=160).encode(
            x=PLACED.XValue("width"), text=alt.Text("words:N")
        ),
    ]
    return dressed(alt.layer(*layers), title, height=AXIS_ROOM + ROW * len(order))


def corner_figure(found: Discovery) -> Figure:
    """Return the figure of cases and others over the two parameters whose limits in the suggested box tell most."""
    first, second = most_telling(found)
    every = np.unique(np.linspace(0, found.data.cases.size - 1, MOST_POINTS).astype(int))
    across, up = (found.data.columns[str(one["parameter"])][every] for one in (first, second))
    shown = pd.DataFrame({"across": across, "up": up, "case": np.where(found.data.cases[every], CASE, OTHER)})
    title = "Cases, over the two limits that tell most"
    told = " and ".join(f"{one['parameter']} {format_range(one['low'], one['high'])}" for one in (first, second))
    number = int(np.count_nonzero(found.data.cases))
    return Figure(
        name="discovery-corner",
        title=title,
        alt=f"Cases: {found.question}; {number} of {found.data.cases.size} {found.unit}. The suggested box has {told}.",
        table=shown.rename(columns={"across": first["parameter"], "up": second["parameter"]}),
        chart=corner_chart(shown.sort_values("case", ascending=False, kind="stable"), title, first, second),
        note="The rectangle is the suggested box; its limits in other parameters are not drawn.",
    )


def most_telling(found: Discovery) -> list[dict[str, Any]]:
    """Return the two ranges of the suggested box with the smallest quasi-p-values."""
    ranges = [one for one in found.limits_of(found.suggested) if not one["labels"]]
    return sorted(ranges, key=lambda one: float(np.nanmin([one["p_low"], one["p_high"]])))[:2]


def around(one: dict[str, Any]) -> tuple[float, float]:
    """Return the ends of a range with a little room, so that a box around a single value can be seen."""
    room = ROOM * (one["whole_high"] - one["whole_low"])
    return one["low"] - room, one["high"] + room


def corner_chart(shown: pd.DataFrame, title: str, first: dict[str, Any], second: dict[str, Any]) -> Any:
    """Return cases and others as points, and the box as a rectangle."""
    flat, number = alt.Scale(zero=False, nice=True, padding=5), alt.Axis(format=".3~r", tickCount=5)
    x = alt.X("across:Q", title=first["parameter"], scale=flat, axis=number)
    y = alt.Y("up:Q", title=second["parameter"], scale=flat, axis=number)
    (left, right), (bottom, top) = around(first), around(second)
    box = pd.DataFrame([{"across": left, "end": right, "up": bottom, "top": top}])
    kinds, key = [CASE, OTHER], alt.Legend(orient="top", direction="horizontal", title=None, offset=4)
    colours, shapes = (
        alt.Scale(domain=kinds, range=[ORANGE, OTHERS]),
        alt.Scale(domain=kinds, range=["square", "circle"]),
    )
    points = (
        alt.Chart(shown)
        .mark_point(filled=True, size=22, opacity=0.75)
        .encode(
            x=x,
            y=y,
            color=alt.Color("case:N", scale=colours, legend=key),
            shape=alt.Shape("case:N", scale=shapes, legend=key),
        )
    )
    frame = alt.Chart(box).mark_rect(fillOpacity=0.0, stroke=BLUE, strokeWidth=2)
    return dressed(
        alt.layer(points, frame.encode(x=x, x2=alt.X2("end"), y=y, y2=alt.Y2("top"))), title, height=HEIGHT + TALLER
    )
