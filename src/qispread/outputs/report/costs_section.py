"""Costs: cost-effectiveness plane, acceptability curve and table."""

import math
from typing import Any

import pandas as pd

from qispread.common.formatting import MISSING_MARK, capitalise_first, format_short
from qispread.outputs.figures.cost_figures import acceptability_figure, plane_figure
from qispread.outputs.figures.figure import to_records
from qispread.outputs.report.blocks import FigureGrid, Paragraph, ReportBlock, ReportSection, ReportTable, RowGroup
from qispread.outputs.report.report_data import ReportData
from qispread.runs.comparison import BASELINE_ARM

COSTS_HEADING = "Cost-effectiveness"
NO_COSTS = "No policy has a cost and staff time has no price, so value for money cannot be assessed."
DOMINATED = "A dominated option averts no more events than another option, or a mix of two, and costs no less."
COSTS_NOTE = (
    "Costs are not discounted. Intervals of ratios are Fieller's 95% intervals. A dash: the option does not both cost "
    "more and avert more, so the ratio has no meaning."
)
COST_HEADER = (
    "Option",
    "Cost",
    "Added cost",
    "Added events averted",
    "Cost per event averted",
    "Cost per organisation at 80%",
    "Dominance",
)


def costs_section(view: ReportData) -> ReportSection | None:
    """Return the section of costs; None where the tables are absent."""
    table, replicates = view.table("cost_effectiveness"), view.table("replicates")
    if table is None or replicates is None:
        return None
    price = float(view.results.comparison.get("team_month") or 0.0)
    if not table["total_cost"].fillna(0.0).abs().gt(0.0).any():
        return ReportSection("cost", COSTS_HEADING, [Paragraph(NO_COSTS)])
    blocks: list[ReportBlock] = [
        Paragraph(cost_basis(price)),
        FigureGrid(cost_figures(view, table, replicates)),
        cost_table(view, table, price),
    ]
    dominated = [
        f"{row['arm']} is {row['dominance']}" for row in to_records(table) if "dominated" in str(row["dominance"])
    ]
    if dominated:
        blocks.append(Paragraph(f"{capitalise_first('; '.join(dominated))}. {DOMINATED}"))
    return ReportSection("cost", COSTS_HEADING, [*blocks, Paragraph(COSTS_NOTE, "note")])


def cost_basis(price: float) -> str:
    """Return which costs are included."""
    if price:
        return f"Costs are those of policies and of staff time at {format_short(price)} per team-month."
    return "Costs are those of policies. Staff time has no price and is not included."


def cost_figures(view: ReportData, table: pd.DataFrame, replicates: pd.DataFrame) -> list[Any]:
    """Return the figures of the cost-effectiveness plane and of the acceptability curve."""
    baseline = replicates[replicates["arm"] == BASELINE_ARM].set_index("replicate")
    options = replicates[replicates["arm"].isin(list(view.arm_styles)) & replicates["replicate"].isin(baseline.index)]
    points = pd.DataFrame(
        {
            "arm": options["arm"],
            "replicate": options["replicate"],
            "averted": options["events_averted"].to_numpy()
            - baseline.loc[options["replicate"], "events_averted"].to_numpy(),
            "spent": options["total_cost"].to_numpy() - baseline.loc[options["replicate"], "total_cost"].to_numpy(),
        }
    )
    shown_rows = table[table["arm"].isin(list(view.arm_styles))]
    means = shown_rows.rename(columns={"averted_difference": "averted", "cost_difference": "spent"})
    figures = [plane_figure(points, means[["arm", "averted", "spent"]], view.arm_styles)]
    acceptability = view.table("acceptability")
    return figures + ([acceptability_figure(acceptability, view.styles)] if acceptability is not None else [])


def cost_table(view: ReportData, table: pd.DataFrame, price: float) -> ReportTable:
    """Return the table of cost-effectiveness."""
    rows = [
        [str(row["arm"]), format_short(row["total_cost"]), *incremental_cells(row), str(row["dominance"])]
        for row in to_records(table)
    ]
    staff_time = "including" if price else "excluding"
    caption = (
        f"Means over {view.results.replicate_count} runs; cost {staff_time} staff time. Added: compared with the "
        "baseline. At 80%: organisations that use the intervention and reach 80% of the pilot site's effect."
    )
    return ReportTable(caption, COST_HEADER, [RowGroup("", rows)], text_columns=(6,))


def incremental_cells(row: dict[str, Any]) -> list[str]:
    """Return added cost, added effect and both ratios of an arm; empty cells for the baseline."""
    if row["arm"] == BASELINE_ARM:
        return ["", "", "", ""]
    return [
        format_signed(row["cost_difference"]),
        format_signed(row["averted_difference"]),
        format_ratio(row, "cost_per_event_averted"),
        format_ratio(row, "cost_per_replicated_practices"),
    ]


def format_signed(value: float) -> str:
    """Return a difference with its sign."""
    return format_short(value, "+") if value else "0"


def format_ratio(row: dict[str, Any], name: str) -> str:
    """Return a ratio with its interval where it has one."""
    middle, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    if math.isnan(middle):
        return MISSING_MARK
    if math.isnan(low) or math.isnan(high):
        return f"{format_short(middle)} (interval unbounded)"
    return f"{format_short(middle)} ({format_short(low)} to {format_short(high)})"
