"""What a calibration has found: parameters before and after, and targets against what runs show."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_range, format_short
from qispread.outputs.figures.figure import UNTYPED_ALTAIR, Figure, apply_layout, to_records
from qispread.outputs.figures.palette import INK, SOFT_INK
from qispread.runs.calibration.run_calibration import CalibrationResult

BLUE, PALE_BLUE, FAINT_GREY, ORANGE = "#0072B2", "#8FC1E3", "#E4E4E4", "#C44E00"
ROW_HEIGHT, AXIS_HEIGHT, BAR_OFFSET = 44, 42, 9
"""Pixels of a row, of the title, and by which bars stand below the middle of their row, the name above them."""
MAX_NAME_WIDTH, MAX_TEXT_WIDTH = 222, 150
RANGE_MARGIN = 0.04
PARAMETERS_KEY = (
    "Grey: the range believed possible before. Pale and dark blue: 90 % and 50 % intervals of the posterior, point: "
    "its median. Orange: the value in the base scenario."
)
TARGETS_KEY = (
    "Every row has a scale of its own. Grey: 95 % of runs over the whole ranges. Blue: 95 % of runs at draws of the "
    "posterior, point: their median. Orange: what was observed, with its 95 % interval."
)


def calibration_figures(found: CalibrationResult) -> list[Figure]:
    """Return the figures of a calibration."""
    return [parameters_figure(found.parameters), targets_figure(found.targets)]


def parameters_figure(table: pd.DataFrame, title: str = "What the targets say of each parameter") -> Figure:
    """Return the figure of the posterior of each parameter within the range that was believed possible before."""
    told = "; ".join(
        f"{one['parameter']} {format_short(one['median'])} ({format_range(one['low_90'], one['high_90'])}), "
        f"{one['identified']}"
        for one in to_records(table)
    )
    width = table["high"] - table["low"]
    columns = {"default": "default", "median": "median"}
    columns |= {name: name for name in ("low_50", "high_50", "low_90", "high_90")}
    shown = pd.DataFrame({name: (table[column] - table["low"]) / width for name, column in columns.items()})
    words = [f"{one['median']:.2g} ({one['low_90']:.2g} to {one['high_90']:.2g})" for one in to_records(table)]
    shown = shown.assign(row=table["parameter"], words=words, start=0.0, end=1.0)
    return Figure(
        name="calibration-parameters",
        title=title,
        alt=f"Median and 90 % interval of the posterior of each parameter: {told}.",
        table=table,
        chart=range_rows_chart(
            shown, title, PARAMETERS_KEY, wide=("low_90", "high_90"), narrow=("low_50", "high_50"), tick="default"
        ),
        note=PARAMETERS_KEY,
    )


def targets_figure(table: pd.DataFrame) -> Figure:
    """Return the figure of each target against what runs show before and after, every row on a scale of its own."""
    told = "; ".join(
        f"{one['target']} {format_short(one['value'])} against {format_short(one['posterior_median'])}, "
        f"{one['verdict']}"
        for one in to_records(table)
    )
    ends = ["low", "high", "prior_low", "prior_high", "posterior_low", "posterior_high"]
    low, high = table[ends].min(axis=1), table[ends].max(axis=1)
    width = (high - low).where(high > low, 1.0) * (1.0 + 2.0 * RANGE_MARGIN)
    low = low - RANGE_MARGIN * width
    columns = [*ends, "value", "posterior_median"]
    shown = pd.DataFrame({name: (table[name] - low) / width for name in columns})
    words = [f"{format_short(one['value'])}, runs {format_short(one['posterior_median'])}" for one in to_records(table)]
    renamed = {"prior_low": "start", "prior_high": "end", "posterior_median": "median"}
    shown = shown.rename(columns=renamed).assign(row=table["target"], words=words)
    title = "Targets against runs at draws of the posterior"
    return Figure(
        name="calibration-targets",
        title=title,
        alt=f"Each target and the median of runs at draws of the posterior: {told}.",
        table=table,
        chart=range_rows_chart(
            shown,
            title,
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
    """Return bars within bars, a row each, named above them, its numbers at the right, under a key of what they are.

    Parameters
    ----------
    table : DataFrame
        Columns ``row``, ``words``, ``start``, ``end``, ``median`` and those named below, in shares of the width.
    wide, narrow, target : pair of str
        Columns of both ends of the pale bar, of the dark one within, and of the line in orange.
    tick : str
        Column of the mark in orange.
    """
    place: dict[str, Any] = {"scale": alt.Scale(domain=[0, 1]), "axis": None, "title": None}
    y = alt.Y("row:N", sort=list(table["row"]), axis=None, scale=alt.Scale(paddingInner=0.1))
    base = alt.Chart(table).encode(y=y)

    def bar(ends: tuple[str, str], height: int, colour: str, off: int = BAR_OFFSET) -> Any:
        x = alt.X(f"{ends[0]}:Q", **place)
        return base.mark_bar(height=height, yOffset=off, color=colour).encode(x=x, x2=alt.X2(ends[1]))

    layers = [bar(("start", "end"), 12, FAINT_GREY), bar(wide, 12, PALE_BLUE)]
    layers += [bar(narrow, 12, BLUE)] if narrow else []
    layers += [bar(target, 2, ORANGE)] if target else []
    point, mark = alt.X("median:Q", **place), alt.X(f"{tick}:Q", **place)
    ground: dict[str, Any] = {"filled": True, "opacity": 1.0, "yOffset": BAR_OFFSET}
    layers += [
        base.mark_tick(height=18, thickness=3, yOffset=BAR_OFFSET, color=ORANGE).encode(x=mark),
        base.mark_point(size=44, color=INK, stroke="white", strokeWidth=1, **ground).encode(x=point),
        base.mark_text(align="left", dy=-9, color=INK, limit=MAX_NAME_WIDTH).encode(
            x=UNTYPED_ALTAIR.XValue(0), text=alt.Text("row:N")
        ),
        base.mark_text(align="right", dy=-9, color=SOFT_INK, limit=MAX_TEXT_WIDTH).encode(
            x=UNTYPED_ALTAIR.XValue("width"), text=alt.Text("words:N")
        ),
    ]
    return apply_layout(alt.layer(*layers), title, height=AXIS_HEIGHT + ROW_HEIGHT * len(table), key=key)
