"""Who benefits: gains by thirds of organisations, grouped by their context at the start."""

import pandas as pd

from qispread.common.formatting import capitalise_first, format_estimate, format_size
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
    "event_rate_reduction": "reduction of adverse events (% of the rate at the start)",
    "current_use": "current use",
    "result": "effect (% of full effect)",
}
"""Headings of the measures, in lower case."""
BENEFITS_HEADING = "Who benefits"
BENEFITS_LEAD = (
    "Reduction of the adverse event rate, as a percentage of the rate at the start: how much more each option achieves "
    "than the baseline, in thirds of the organisations by their context at the start. Pilot sites are excluded; every "
    "other organisation has the same weight, whatever its size."
)
READINESS_CAPTION = "By readiness: differences from the baseline in percentage points, with 95% intervals."


def equity_section(view: ReportData) -> ReportSection | None:
    """Return the section of who benefits; None where the table is absent."""
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
    blocks: list[ReportBlock] = [Paragraph(BENEFITS_LEAD), BulletList(readiness_comparison(shown)), FigureGrid(figures)]
    return ReportSection("gains", BENEFITS_HEADING, [*blocks, readiness_table(view, table)])


def readiness_comparison(gains: pd.DataFrame) -> list[str]:
    """Return for each arm whether the readiest third benefits more than the least ready third, and by how much."""
    rows = gains[gains["grouping"] == "readiness"]
    sentences = []
    for arm, part in rows.groupby("arm", sort=False):
        groups = to_records(part)
        if len(groups) > 1:
            sentences.append(compare_groups(str(arm), groups[0], groups[-1]))
    return sentences


def compare_groups(arm: str, least_ready: dict[str, float], most_ready: dict[str, float]) -> str:
    """Return which of two groups benefits more, or that they are about equal where their intervals overlap."""
    difference = most_ready["difference"] - least_ready["difference"]
    points = format_size(difference, "percent")
    both = f"{format_gain(most_ready)} against {format_gain(least_ready)} percentage points"
    if not (most_ready["low"] > least_ready["high"] or most_ready["high"] < least_ready["low"]):
        return (
            f"With {arm}, the readiest and the least ready third benefit about equally: {both}, with overlapping "
            "intervals."
        )
    order = ("readiest", "least ready") if difference > 0 else ("least ready", "readiest")
    return (
        f"With {arm}, the {order[0]} third gains {points} percentage points more than the {order[1]} third: "
        f"the readiest {both}."
    )


def format_gain(row: dict[str, float]) -> str:
    """Return a difference with its interval."""
    return format_estimate(row["difference"], row["low"], row["high"], "percent")


def readiness_table(view: ReportData, table: pd.DataFrame) -> ReportTable:
    """Return the table of gains by thirds of readiness, in each measure."""
    rows = table[(table["grouping"] == "readiness") & table["arm"].isin(list(view.arm_styles))]
    measures = [name for name in GAIN_MEANINGS if name in set(rows["measure"])]
    groups = []
    for arm in view.arm_styles:
        arm_rows = rows[rows["arm"] == arm]
        lines = [
            [str(group), *(gain_cell(arm_rows, str(group), measure) for measure in measures)]
            for group in dict.fromkeys(arm_rows["group"])
        ]
        groups.append(RowGroup(arm, lines))
    return ReportTable(
        READINESS_CAPTION, ("Third", *(capitalise_first(GAIN_MEANINGS[name]) for name in measures)), groups
    )


def gain_cell(rows: pd.DataFrame, group: str, measure: str) -> str:
    """Return the difference of one group in one measure, with its interval."""
    matches = to_records(rows[(rows["group"] == group) & (rows["measure"] == measure)])
    return format_gain(matches[0]) if matches else ""
