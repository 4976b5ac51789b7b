"""Figures of a calibration: posterior of each parameter within its prior, and targets against simulated values."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_range, format_short
from qispread.outputs.figures.figure import UNTYPED_ALTAIR, Figure, apply_layout, to_records
from qispread.outputs.figures.palette import INK, SOFT_INK
from qispread.runs.calibration.run_calibration import CalibrationResult

BLUE, PALE_BLUE, FAINT_GREY, ORANGE = "#0072B2", "#8FC1E3", "#E4E4E4", "#C44E00"
ROW_HEIGHT, AXIS_HEIGHT, BAR_OFFSET = 44, 42, 9
"""Pixels of a row, of the title, and of the distance of bars below the middle of their row, under its name."""
MAX_NAME_WIDTH, MAX_TEXT_WIDTH = 222, 150
RANGE_MARGIN = 0.04
PARAMETERS_TITLE = "Posterior of each parameter"
TARGETS_TITLE = "Observed targets and simulated values"
PARAMETERS_KEY = (
    "Grey: the prior range. Pale and dark blue: 90% and 50% intervals of the posterior; point: its median. Orange: the "
    "value in the scenario."
)
TARGETS_KEY = (
    "Each row has its own scale. Grey: 95% of runs with parameters from the prior. Blue: 95% of runs with parameters "
    "from the posterior; point: their median. Orange: observed value with its 95% interval."
)


def calibration_figures(result: CalibrationResult) -> list[Figure]:
    """Return the figures of a calibration."""
    return [parameters_figure(result.parameters), targets_figure(result.targets)]


def parameters_figure(table: pd.DataFrame, title: str = PARAMETERS_TITLE) -> Figure:
    """Return the figure of the posterior of each parameter within its prior range."""
    records = to_records(table)
    description = "; ".join(
        f"{row['parameter']} {format_short(row['median'])} ({format_range(row['low_90'], row['high_90'])}), "
        f"{row['identified']}"
        for row in records
    )
    width = table["high"] - table["low"]
    columns = {"default": "default", "median": "median"}
    columns |= {name: name for name in ("low_50", "high_50", "low_90", "high_90")}
    positions = pd.DataFrame({name: (table[column] - table["low"]) / width for name, column in columns.items()})
    labels = [f"{row['median']:.2g} ({row['low_90']:.2g} to {row['high_90']:.2g})" for row in records]
    positions = positions.assign(row=table["parameter"], words=labels, start=0.0, end=1.0)
    return Figure(
        name="calibration-parameters",
        title=title,
        alt=f"Median and 90% interval of the posterior of each parameter: {description}.",
        table=table,
        chart=range_rows_chart(
            positions, title, PARAMETERS_KEY, wide=("low_90", "high_90"), narrow=("low_50", "high_50"), tick="default"
        ),
        note=PARAMETERS_KEY,
    )


def targets_figure(table: pd.DataFrame) -> Figure:
    """Return the figure of each target against runs at the prior and at the posterior, each row on its own scale."""
    records = to_records(table)
    description = "; ".join(
        f"{row['target']} observed {format_short(row['value'])}, simulated {format_short(row['posterior_median'])}, "
        f"{row['verdict']}"
        for row in records
    )
    ends = ["low", "high", "prior_low", "prior_high", "posterior_low", "posterior_high"]
    low, high = table[ends].min(axis=1), table[ends].max(axis=1)
    width = (high - low).where(high > low, 1.0) * (1.0 + 2.0 * RANGE_MARGIN)
    low = low - RANGE_MARGIN * width
    columns = [*ends, "value", "posterior_median"]
    positions = pd.DataFrame({name: (table[name] - low) / width for name in columns})
    labels = [f"{format_short(row['value'])}, runs {format_short(row['posterior_median'])}" for row in records]
    renamed = {"prior_low": "start", "prior_high": "end", "posterior_median": "median"}
    positions = positions.rename(columns=renamed).assign(row=table["target"], words=labels)
    return Figure(
        name="calibration-targets",
        title=TARGETS_TITLE,
        alt=f"Each target and the median of runs with parameters from the posterior: {description}.",
        table=table,
        chart=range_rows_chart(
            positions,
            TARGETS_TITLE,
            TARGETS_KEY,
            wide=("posterior_low", "posterior_high"),
            narrow=None,
            tick="value",
            target=("low", "high"),
        ),
        note=TARGETS_KEY,
    )


def range_rows_chart(
    table: pd.DataFrame,
    title: str,
    key: str,
    *,
    wide: tuple[str, str],
    narrow: tuple[str, str] | None,
    tick: str,
    target: tuple[str, str] | None = None,
) -> Any:
    """Return nested bars, one row each, with the name and the numbers of the row above them and a key below the title.

    Parameters
    ----------
    table : DataFrame
        Columns ``row``, ``words``, ``start``, ``end``, ``median`` and those named below, as shares of the width.
    wide, narrow, target : pair of str
        Columns of both ends of the pale bar, of the dark one within, and of the line in orange.
    tick : str
        Column of the mark in orange.
    """
    axis: dict[str, Any] = {"scale": alt.Scale(domain=[0, 1]), "axis": None, "title": None}
    y = alt.Y("row:N", sort=list(table["row"]), axis=None, scale=alt.Scale(paddingInner=0.1))
    base = alt.Chart(table).encode(y=y)

    def bar(ends: tuple[str, str], height: int, colour: str, off: int = BAR_OFFSET) -> Any:
        x = alt.X(f"{ends[0]}:Q", **axis)
        return base.mark_bar(height=height, yOffset=off, color=colour).encode(x=x, x2=alt.X2(ends[1]))

    layers = [bar(("start", "end"), 12, FAINT_GREY), bar(wide, 12, PALE_BLUE)]
    layers += [bar(narrow, 12, BLUE)] if narrow else []
    layers += [bar(target, 2, ORANGE)] if target else []
    point, mark = alt.X("median:Q", **axis), alt.X(f"{tick}:Q", **axis)
    point_options: dict[str, Any] = {"filled": True, "opacity": 1.0, "yOffset": BAR_OFFSET}
    layers += [
        base.mark_tick(height=18, thickness=3, yOffset=BAR_OFFSET, color=ORANGE).encode(x=mark),
        base.mark_point(size=44, color=INK, stroke="white", strokeWidth=1, **point_options).encode(x=point),
        base.mark_text(align="left", dy=-9, color=INK, limit=MAX_NAME_WIDTH).encode(
            x=UNTYPED_ALTAIR.XValue(0), text=alt.Text("row:N")
        ),
        base.mark_text(align="right", dy=-9, color=SOFT_INK, limit=MAX_TEXT_WIDTH).encode(
            x=UNTYPED_ALTAIR.XValue("width"), text=alt.Text("words:N")
        ),
    ]
    return apply_layout(alt.layer(*layers), title, height=AXIS_HEIGHT + ROW_HEIGHT * len(table), key=key)
