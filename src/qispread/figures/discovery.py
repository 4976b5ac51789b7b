"""Where a policy fails: the trade between coverage and density, the limits of a box, and the corner itself."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from qispread.analysis.discovery import Discovery
from qispread.analysis.prim import Range
from qispread.analysis.summary import short
from qispread.figures.figure import HEIGHT, Figure, dressed, file_name
from qispread.figures.palette import ARM_COLOURS, FAINT, INK, SOFT

BLUE, ORANGE = ARM_COLOURS[:2]
ROW, AXIS_ROOM = 44, 66
MOST_POINTS = 3000
"""Points that are drawn, evenly spread over their table; numbers are of all."""


def discovery_figures(found: Discovery, name: str) -> list[Figure]:
    """Return the figures of a discovery; `name` begins the names of their files."""
    figures = [trajectory_figure(found, name)]
    step = found.steps[found.suggested]
    if step.box:
        figures.append(limits_figure(found, name))
    if len([one for one in step.box.values() if isinstance(one, Range)]) > 1:
        figures.append(corner_figure(found, name))
    return figures


def trajectory_figure(found: Discovery, name: str) -> Figure:
    """Return the figure of the boxes: which share of the cases each holds, and how dense they are in it."""
    table = found.trajectory
    one = table.iloc[found.suggested]
    title = "Boxes from everything to the densest"
    return Figure(
        name=file_name(name, "trajectory"),
        title=title,
        alt=f"Cases: {found.question}. Density against coverage of {len(table)} boxes. In all {found.unit} "
        f"{table['density'].iloc[0]:.0%} are cases; in the suggested box {one['density']:.0%}, and it holds "
        f"{one['coverage']:.0%} of all cases.",
        table=table,
        chart=trajectory_chart(table, title),
        note="The ring marks the suggested box. Darker: more parameters are restricted.",
    )


def trajectory_chart(table: pd.DataFrame, title: str) -> Any:
    """Return a point a box, coverage against density, and a ring around the suggested one."""
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format=".0%", tickCount=5)
    x = alt.X("coverage:Q", title="Coverage: share of all cases", axis=axis, scale=scale)
    y = alt.Y("density:Q", title="Density: share that are cases", axis=axis, scale=scale)
    shown = table[["box", "coverage", "density", "restricted"]]
    most = int(table["restricted"].max())
    colours = alt.Scale(domain=[0, max(1, most)], range=["#BFD9EA", "#00334D"])
    key = alt.Legend(
        title="Restricted parameters", orient="top", direction="horizontal", tickMinStep=1, gradientLength=180
    )
    suggested = table.loc[table["suggested"], ["coverage", "density"]]
    layers = [
        alt.Chart(shown[:-1] if table["kind"].iloc[-1] == "pruned" else shown)
        .mark_line(color=SOFT, strokeWidth=1)
        .encode(x=x, y=y, order="box:Q"),
        alt.Chart(shown)
        .mark_circle(size=44, opacity=1.0)
        .encode(x=x, y=y, color=alt.Color("restricted:Q", scale=colours, legend=key)),
        alt.Chart(suggested).mark_point(size=190, color=ORANGE, strokeWidth=2.2, filled=False).encode(x=x, y=y),
    ]
    return dressed(alt.layer(*layers), title, height=HEIGHT + 74)


def limits_figure(found: Discovery, name: str) -> Figure:
    """Return the figure of the limits of the suggested box within the whole range of each parameter."""
    rows = limit_rows(found)
    step = found.steps[found.suggested]
    title = "Limits of the suggested box"
    return Figure(
        name=file_name(name, "limits"),
        title=title,
        alt=f"Cases: {found.question}. {step.density:.0%} of the {step.points} {found.unit} inside the box are cases. "
        f"Its limits: {'; '.join(rows['parameter'] + ' ' + rows['words'])}.",
        table=pd.DataFrame(found.limits_of(found.suggested)),
        chart=limits_chart(rows, title),
        note="Grey: the whole range. Coloured: inside the box.",
    )


def limit_rows(found: Discovery) -> pd.DataFrame:
    """Return a row a stretch of a parameter that is inside the suggested box, in shares of its whole range."""
    rows = []
    for one in found.limits_of(found.suggested):
        name = str(one["parameter"])
        if one["labels"]:
            every = sorted(found.data.labels[name])
            kept = one["labels"].split(", ")
            stretches = [
                (place / len(every), (place + 1) / len(every)) for place, label in enumerate(every) if label in kept
            ]
            rows += [(name, one["labels"], *ends) for ends in stretches]
            continue
        low, width = one["whole_low"], one["whole_high"] - one["whole_low"]
        words = f"{one['low']:.3g} to {one['high']:.3g} of {low:.3g} to {one['whole_high']:.3g}"
        rows.append((name, words, (one["low"] - low) / width, (one["high"] - low) / width))
    return pd.DataFrame(rows, columns=["parameter", "words", "start", "end"])


def limits_chart(rows: pd.DataFrame, title: str) -> Any:
    """Return a bar a parameter, named above it, with the part that is inside the box."""
    names = rows.drop_duplicates("parameter")
    order = list(names["parameter"])
    y = alt.Y("parameter:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    axis = alt.Axis(values=[0, 1], labelExpr="datum.value == 0 ? 'lowest' : 'highest'", grid=False)
    x = alt.X("start:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=axis)
    whole = alt.Chart(names.assign(start=0.0, end=1.0)).encode(x=x, x2="end:Q", y=y)
    inside = alt.Chart(rows[["parameter", "start", "end"]]).encode(x=x, x2="end:Q", y=y)
    words = alt.Chart(names[["parameter", "words"]]).encode(y=y)
    layers = [
        whole.mark_bar(height=10, yOffset=9, color=FAINT),
        inside.mark_bar(height=10, yOffset=9, color=BLUE, minBandSize=2),
        words.mark_text(align="left", dy=-9, color=INK, limit=190).encode(x=alt.value(0), text="parameter:N"),
        words.mark_text(align="right", dy=-9, color=SOFT, limit=150).encode(x=alt.value("width"), text="words:N"),
    ]
    return dressed(alt.layer(*layers), title, height=AXIS_ROOM + ROW * len(order))


def corner_figure(found: Discovery, name: str) -> Figure:
    """Return the figure of cases and others over the two parameters that the suggested box restricts most tellingly."""
    limits = pd.DataFrame(found.limits_of(found.suggested))
    limits = limits[limits["labels"] == ""]
    weight = limits[["p_low", "p_high"]].min(axis=1)
    first, second = limits.loc[weight.sort_values(kind="stable").index[:2]].to_dict("records")
    across, up = str(first["parameter"]), str(second["parameter"])
    every = np.unique(np.linspace(0, found.data.cases.size - 1, MOST_POINTS).astype(int))
    shown = pd.DataFrame(
        {
            "across": found.data.columns[across][every],
            "up": found.data.columns[up][every],
            "case": np.where(found.data.cases[every], "Case", "Other"),
        }
    )
    title = "Cases over the two parameters that matter most"
    cases = int(np.count_nonzero(found.data.cases))
    return Figure(
        name=file_name(name, "corner"),
        title=title,
        alt=f"Cases: {found.question}. {cases} cases among {found.data.cases.size} {found.unit} over {across} and {up}; "
        f"the suggested box goes from {short(first['low'])} to {short(first['high'])} and from {short(second['low'])} to "
        f"{short(second['high'])}.",
        table=shown.rename(columns={"across": across, "up": up}),
        chart=corner_chart(shown, title, first, second),
        note="The rectangle is the suggested box; limits of other parameters are not drawn.",
    )


def corner_chart(shown: pd.DataFrame, title: str, first: dict[Any, Any], second: dict[Any, Any]) -> Any:
    """Return cases and others as points, and the box as a rectangle."""
    flat = alt.Scale(zero=False, nice=True, padding=5)
    number = alt.Axis(format="~g", tickCount=5)
    x = alt.X("across:Q", title=first["parameter"], scale=flat, axis=number)
    y = alt.Y("up:Q", title=second["parameter"], scale=flat, axis=number)
    box = pd.DataFrame([{"across": first["low"], "end": first["high"], "up": second["low"], "top": second["high"]}])
    kinds = ["Case", "Other"]
    key = alt.Legend(orient="top", direction="horizontal", title=None, offset=4)
    points = (
        alt.Chart(shown)
        .mark_point(filled=True, size=22, opacity=0.75)
        .encode(
            x=x,
            y=y,
            color=alt.Color("case:N", scale=alt.Scale(domain=kinds, range=[ORANGE, "#B5B5B5"]), legend=key),
            shape=alt.Shape("case:N", scale=alt.Scale(domain=kinds, range=["square", "circle"]), legend=key),
        )
    )
    frame = (
        alt.Chart(box).mark_rect(fillOpacity=0.0, stroke=BLUE, strokeWidth=2).encode(x=x, x2="end:Q", y=y, y2="top:Q")
    )
    return dressed(alt.layer(points, frame), title, height=HEIGHT + 44)
