"""Figures of sensitivity: indices with their intervals, indices over time, and components of the variance."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from qispread.analysis.sensitivity_tables import SensitivityResult
from qispread.common.formatting import format_short
from qispread.inputs.cross_checks import POOLED
from qispread.model.measures import MEASURES
from qispread.outputs.figures.curve_figures import time_axis, time_encoding
from qispread.outputs.figures.figure import (
    HEIGHT,
    LEGEND_ROW_HEIGHT,
    UNTYPED_ALTAIR,
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
from qispread.outputs.figures.palette import ARM_COLOURS, INK, SOFT_INK, ArmStyle, assign_styles

MAX_ROWS, MAX_LINES = 20, 7
"""Parameters that are drawn, those with the largest effects; tables have all."""
INDEX_LABELS = {
    "sobol": {"first": "Alone (first order)", "total": "With interactions (total order)"},
    "morris": {"mu_star": "Mean absolute effect (μ*)"},
    "first_order": {"first": "Alone (first order)"},
}
RANKING_TITLES = {
    "sobol": "Share of the variance, total order",
    "morris": "Mean absolute effect (μ*)",
    "first_order": "Share of the variance, first order",
}
AXIS_TITLES = {
    "sobol": "Share of the variance between points",
    "morris": "Change of the measure over the whole range",
    "first_order": "Share of the variance between points",
}
VARIANCE_LABELS = {
    "parameters": ("Parameters", "#00496F"),
    "both": ("Parameters and replicates together, and chance", "#4FA3D1"),
    "between_replicates": ("Replicates", "#D4D4D4"),
}
NAME_HEIGHT, DOT_HEIGHT, AXIS_HEIGHT, EXTRA_HEIGHT = 26, 13, 66, 34
"""Pixels of the name of a row, of each point below it, and of title and axis."""
MORRIS_NOTE = (
    "On the dashed line the standard deviation equals the mean absolute effect. Near or above the line, an effect is "
    "nonlinear or depends on other parameters; far below, it is nearly the same everywhere. Small grey points: "
    "parameters with smaller effects."
)
VARIANCE_NOTE = (
    "Replicates: differences between replicates that are the same at all points; common random numbers remove them "
    "from comparisons of points."
)


def sensitivity_figures(result: SensitivityResult, horizon: int) -> list[Figure]:
    """Return the figures of a sensitivity analysis; `horizon` is the last month of the scenario."""
    figures = [indices_figure(result)]
    if len(set(result.indices["month"])) > 1:
        figures.append(over_time_figure(result, horizon))
    if result.method == "morris":
        figures.append(morris_figure(result))
    if len(set(result.noise["month"])) > 1:
        figures.append(variance_figure(result, horizon))
    return figures


def analysis_title(result: SensitivityResult) -> str:
    """Return the label of the measure, with the intervention where it is of one."""
    label = MEASURES[result.measure].label if result.measure in MEASURES else result.measure
    return label if result.intervention == POOLED else f"{label} ({result.intervention})"


def omitted_note(count: int) -> str:
    """Return the note on how many parameters are not drawn; empty where all are."""
    return f"Not drawn: {count} parameters with smaller effects." if count > 0 else ""


def indices_figure(result: SensitivityResult) -> Figure:
    """Return the figure of the indices of the last month, the largest first."""
    last = result.final_indices
    month = int(last["month"].iloc[0])
    values = "; ".join(
        f"{row['parameter']} {format_short(float(row[result.ranking_column]))}" for row in to_records(last)
    )
    title = f"{analysis_title(result)}: sensitivity to parameters, month {month}"
    return Figure(
        name="sensitivity-indices",
        title=title,
        alt=f"{RANKING_TITLES[result.method]}, of {analysis_title(result)} in month {month}, by parameter: {values}.",
        table=last,
        chart=indices_chart(last.head(MAX_ROWS), title, result.method),
        note=omitted_note(len(last) - MAX_ROWS),
    )


def indices_chart(table: pd.DataFrame, title: str, method: str) -> Any:
    """Return points with their intervals, the name of each row above its points."""
    kinds, order = INDEX_LABELS[method], list(table["parameter"])
    symbols = zip(kinds.values(), ARM_COLOURS, ("circle", "diamond"), strict=False)
    styles = [ArmStyle(label, label, colour, (1, 0), shape) for label, colour, shape in symbols]
    columns = [f"{name}{end}" for name in kinds for end in ("", "_low", "_high")]
    axis = alt.Axis(format=axis_number_format(largest_magnitude(table, columns)), tickCount=5, grid=True)
    channel: dict[str, Any] = {
        "title": AXIS_TITLES[method],
        "axis": axis,
        "scale": alt.Scale(zero=True, nice=True, padding=6),
    }
    y = alt.Y("parameter:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1, paddingOuter=0.05))
    layers, row = [zero_line()], NAME_HEIGHT + DOT_HEIGHT * len(kinds)
    for index, (name, label) in enumerate(kinds.items()):
        base = alt.Chart(interval_rows(table, name, label)).encode(y=y, color=colour_encoding(styles, points=True))
        offset = NAME_HEIGHT / 2 + DOT_HEIGHT * (index - (len(kinds) - 1) / 2) - 4
        layers += [
            base.mark_rule(strokeWidth=2, yOffset=offset).encode(x=alt.X("low:Q", **channel), x2=alt.X2("high")),
            base.mark_point(filled=True, size=56, opacity=1.0, yOffset=offset).encode(
                x=alt.X("value:Q", **channel), shape=shape_encoding(styles)
            ),
        ]
    height = AXIS_HEIGHT + row * len(order) + legend_height(styles)
    return apply_layout(alt.layer(*layers, *row_name_layers(order, y, row)), title, height=height)


def interval_rows(table: pd.DataFrame, name: str, label: str) -> pd.DataFrame:
    """Return one kind of index with its interval, a row for each parameter."""
    columns = {"value": table[name], "low": table[f"{name}_low"], "high": table[f"{name}_high"]}
    return pd.DataFrame({"parameter": table["parameter"], "arm": label, **columns})


def row_name_layers(order: Sequence[str], y: alt.Y, row: float) -> list[Any]:
    """Return the layers with the name of each row at its top, on a white outline that hides lines."""
    base = alt.Chart(pd.DataFrame({"parameter": list(order)})).encode(
        x=UNTYPED_ALTAIR.XValue(0), y=y, text=alt.Text("parameter:N")
    )
    options: dict[str, Any] = {"align": "left", "dy": 10 - row / 2, "limit": 330}
    return [base.mark_text(stroke="white", strokeWidth=4, **options), base.mark_text(color=INK, **options)]


def top_parameter_styles(result: SensitivityResult) -> dict[str, ArmStyle]:
    """Return the styles of the parameters with the largest indices in the last month."""
    return assign_styles(list(result.final_indices["parameter"])[:MAX_LINES], base="")


def over_time_figure(result: SensitivityResult, horizon: int) -> Figure:
    """Return the figure of the ranking index over time, a line for each parameter."""
    styles, last = top_parameter_styles(result), result.final_indices
    table = result.indices.rename(columns={"parameter": "arm", result.ranking_column: "value"})
    lines = table.loc[table["arm"].isin(list(styles)), ["month", "arm", "value"]]
    values = "; ".join(
        f"{row['parameter']} {format_short(float(row[result.ranking_column]))}" for row in to_records(last)[:MAX_LINES]
    )
    title = f"{analysis_title(result)}: sensitivity to parameters over time"
    return Figure(
        name="sensitivity-over-time",
        title=title,
        alt=f"{RANKING_TITLES[result.method]}, of {analysis_title(result)} over time, a line for each parameter. "
        f"At the end: {values}.",
        table=lines.rename(columns={"arm": "parameter", "value": result.ranking_column}),
        chart=over_time_chart(lines, title, RANKING_TITLES[result.method], styles, horizon),
        note=omitted_note(len(last) - len(styles)),
    )


def over_time_chart(table: pd.DataFrame, title: str, unit: str, styles: dict[str, ArmStyle], horizon: int) -> Any:
    """Return lines over time, with a point at each month that was analysed."""
    order = list(styles.values())
    rows = label_arms(table, styles)
    rows = rows.assign(time=rows["month"] / time_axis(horizon)[0])
    axis = alt.Axis(format=axis_number_format(largest_magnitude(rows, ("value",))), tickCount=5)
    base = alt.Chart(rows[["time", "arm", "value"]]).encode(
        x=time_encoding(horizon), y=alt.Y("value:Q", title=unit, axis=axis), color=colour_encoding(order)
    )
    lines = base.mark_line(strokeWidth=2.2).encode(strokeDash=dash_encoding(order))
    points = base.mark_point(filled=True, size=30, opacity=1.0)
    return apply_layout(alt.layer(lines, points), title, height=HEIGHT + legend_height(order))


def morris_figure(result: SensitivityResult) -> Figure:
    """Return the figure of the elementary effects: standard deviation against mean absolute effect."""
    last = result.final_indices
    values = "; ".join(
        f"{row['parameter']} {format_short(float(row['mu_star']))} and {format_short(float(row['sigma']))}"
        for row in to_records(last)
    )
    title = f"{analysis_title(result)}: elementary effects"
    return Figure(
        name="sensitivity-effects",
        title=title,
        alt=f"Mean absolute effect of each parameter on {analysis_title(result)}, and standard deviation of its "
        f"effects: {values}.",
        table=last,
        chart=morris_chart(last, title, top_parameter_styles(result)),
        note=MORRIS_NOTE,
    )


def morris_chart(table: pd.DataFrame, title: str, styles: dict[str, ArmStyle]) -> Any:
    """Return a point for each parameter, and the line of equal standard deviation and mean absolute effect."""
    order, top = list(styles.values()), largest_magnitude(table, ("sigma",))
    x_axis, y_axis = (
        alt.Axis(format=axis_number_format(largest_magnitude(table, (name,))), tickCount=5)
        for name in ("mu_star", "sigma")
    )
    x = alt.X("mu_star:Q", title=RANKING_TITLES["morris"], axis=x_axis, scale=alt.Scale(zero=True, nice=True))
    y = alt.Y("sigma:Q", title="Standard deviation of effects", axis=y_axis, scale=alt.Scale(zero=True, nice=True))
    points = table.rename(columns={"parameter": "arm"})[["arm", "mu_star", "sigma"]]
    equal = pd.DataFrame({"mu_star": [0.0, top], "sigma": [0.0, top]})
    layers = [
        alt.Chart(equal).mark_line(color=SOFT_INK, strokeDash=[3, 3], strokeWidth=1).encode(x=x, y=y),
        alt.Chart(points[~points["arm"].isin(list(styles))]).mark_circle(size=26, color=SOFT_INK).encode(x=x, y=y),
        alt.Chart(label_arms(points, styles))
        .mark_point(filled=True, size=90, opacity=1.0)
        .encode(x=x, y=y, color=colour_encoding(order, points=True), shape=shape_encoding(order)),
    ]
    return apply_layout(alt.layer(*layers), title, height=HEIGHT + EXTRA_HEIGHT + legend_height(order))


def variance_figure(result: SensitivityResult, horizon: int) -> Figure:
    """Return the figure of the components of the variance of single runs over time."""
    last = to_records(result.noise)[-1]
    shares = "; ".join(f"{label} {float(last[name]):.0%}" for name, (label, _) in VARIANCE_LABELS.items())
    title = f"{analysis_title(result)}: variance of single runs"
    return Figure(
        name="sensitivity-noise",
        title=title,
        alt=f"Shares of the variance of {analysis_title(result)} over single runs, over time. At the end: {shares}.",
        table=result.noise,
        chart=variance_chart(result.noise, title, horizon),
        note=VARIANCE_NOTE,
    )


def variance_chart(table: pd.DataFrame, title: str, horizon: int) -> Any:
    """Return stacked areas of the shares, over time."""
    labels, colours = zip(*VARIANCE_LABELS.values(), strict=True)
    long = pd.DataFrame(
        {
            "time": np.tile(table["month"] / time_axis(horizon)[0], len(VARIANCE_LABELS)),
            "component": np.repeat(labels, len(table)),
            "rank": np.repeat(np.arange(len(VARIANCE_LABELS)), len(table)),
            "share": np.concatenate([table[name] for name in VARIANCE_LABELS]),
        }
    )
    key = alt.Legend(orient="top", direction="vertical", columns=1, title=None, labelLimit=0, offset=4)
    y = alt.Y("share:Q", stack="zero", title="Share of the variance", scale=alt.Scale(domain=[0, 1]))
    areas = (
        alt.Chart(long)
        .mark_area(opacity=1.0)
        .encode(
            x=time_encoding(horizon),
            y=y.axis(alt.Axis(format=".0%", tickCount=5)),
            color=alt.Color("component:N", sort=labels, scale=alt.Scale(domain=labels, range=colours), legend=key),
            order=alt.Order("rank:Q"),
        )
    )
    return apply_layout(areas, title, height=HEIGHT + LEGEND_ROW_HEIGHT * len(VARIANCE_LABELS))
