"""Who gains: by thirds of organisations, by their context at the start."""

import pandas as pd

from qispread.common.formatting import format_estimate, format_size
from qispread.outputs.figures.figure import to_records
from qispread.outputs.figures.subgroup_figures import subgroup_figure
from qispread.outputs.report.blocks import (
    BulletList,
    FigureGrid,
    Paragraph,
    ReportBlock,
    ReportSection,
    ReportTable,
    RowGroup,
)
from qispread.outputs.report.report_data import ReportData

GAIN_MEASURE = "event_rate_reduction"
GAIN_MEANINGS = {
    "event_rate_reduction": "harm gone, of that at the start",
    "current_use": "use it",
    "result": "result, of the largest benefit",
}


def equity_section(view: ReportData) -> ReportSection | None:
    """Return the section of who gains; None where the table is absent."""
    table = view.table("subgroup_gains")
    if table is None:
        return None
    gains = table[table["measure"] == GAIN_MEASURE]
    shown = gains[gains["arm"].isin(list(view.arm_styles))]
    if shown.empty:
        return None
    limits = (
        min(0.0, float(shown[["difference", "low"]].min().min())),
        max(0.0, float(shown[["difference", "high"]].max().max())),
    )
    figures = [
        subgroup_figure(shown[shown["grouping"] == grouping], grouping, GAIN_MEASURE, view.arm_styles, limits)
        for grouping in dict.fromkeys(shown["grouping"])
    ]
    lead = (
        "How much more of the harm at the start an arm removes than the base does, in thirds of the organisations "
        "by their context at the start. Those where it began are left out; every other counts the same, whatever its "
        "size."
    )
    blocks: list[ReportBlock] = [Paragraph(lead), BulletList(readiness_comparison(shown)), FigureGrid(figures)]
    return ReportSection("gains", "Who gains", [*blocks, readiness_table(view, table)])


def readiness_comparison(gains: pd.DataFrame) -> list[str]:
    """Return for each arm whether the readiest third gains more than the least ready, and by how much."""
    rows = gains[gains["grouping"] == "readiness"]
    found = []
    for arm, part in rows.groupby("arm", sort=False):
        groups = to_records(part)
        if len(groups) > 1:
            found.append(compare_groups(str(arm), groups[0], groups[-1]))
    return found


def compare_groups(arm: str, least_ready: dict[str, float], most_ready: dict[str, float]) -> str:
    """Return which of two groups gains more, honest where their intervals overlap."""
    apart = most_ready["difference"] - least_ready["difference"]
    points = format_size(apart, "percent")
    both = f"{format_gain(most_ready)} against {format_gain(least_ready)} percentage points"
    if not (most_ready["low"] > least_ready["high"] or most_ready["high"] < least_ready["low"]):
        return (
            f"With {arm}, the readiest and the least ready third gain about alike: {both}, and the intervals overlap."
        )
    order = ("readiest", "least ready") if apart > 0 else ("least ready", "readiest")
    lead = f"With {arm}, the {order[0]} third gains {points} percentage points more than the {order[1]}"
    return f"{lead}: the readiest {both}."


def format_gain(row: dict[str, float]) -> str:
    """Return a difference with its interval."""
    return format_estimate(row["difference"], row["low"], row["high"], "percent")


def readiness_table(view: ReportData, table: pd.DataFrame) -> ReportTable:
    """Return the table of what thirds by readiness gain, in each measure."""
    rows = table[(table["grouping"] == "readiness") & table["arm"].isin(list(view.arm_styles))]
    measures = [name for name in GAIN_MEANINGS if name in set(rows["measure"])]
    groups = []
    for arm in view.arm_styles:
        own = rows[rows["arm"] == arm]
        lines = [
            [str(group), *(gain_cell(own, str(group), measure) for measure in measures)]
            for group in dict.fromkeys(own["group"])
        ]
        groups.append(RowGroup(arm, lines))
    caption = "By readiness: differences from the base in percentage points, with 95 % intervals."
    return ReportTable(caption, ("Third", *(GAIN_MEANINGS[name].capitalize() for name in measures)), groups)


def gain_cell(rows: pd.DataFrame, group: str, measure: str) -> str:
    """Return the difference of one group in one measure, with its interval."""
    found = to_records(rows[(rows["group"] == group) & (rows["measure"] == measure)])
    return format_gain(found[0]) if found else ""
