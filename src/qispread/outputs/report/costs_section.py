"""What it costs: the plane, the acceptability curve, and who is worth having."""

import math
from typing import Any

import pandas as pd

from qispread.common.formatting import MISSING_MARK, format_short
from qispread.outputs.figures.cost_figures import acceptability_figure, plane_figure
from qispread.outputs.figures.figure import to_records
from qispread.outputs.report.blocks import FigureGrid, Paragraph, ReportBlock, ReportSection, ReportTable, RowGroup
from qispread.outputs.report.report_data import ReportData
from qispread.runs.comparison import BASELINE_ARM

COSTS_HEADING = "What it costs"


def costs_section(view: ReportData) -> ReportSection | None:
    """Return the section of costs; None where the tables are absent."""
    table, worlds = view.table("cost_effectiveness"), view.table("replicates")
    if table is None or worlds is None:
        return None
    price = float(view.results.comparison.get("team_month") or 0.0)
    if not table["total_cost"].fillna(0.0).abs().gt(0.0).any():
        told = "No policy here has a cost, and staff time has no price: nothing can be said of value for money."
        return ReportSection("cost", COSTS_HEADING, [Paragraph(told)])
    blocks: list[ReportBlock] = [
        Paragraph(cost_basis(price)),
        FigureGrid(cost_figures(view, table, worlds)),
        cost_table(view, table, price),
    ]
    beaten = [
        f"{one['arm']} is {one['dominance']}" for one in to_records(table) if "dominated" in str(one["dominance"])
    ]
    if beaten:
        told = "; ".join(beaten)
        blocks.append(Paragraph(f"{told[0].upper()}{told[1:]}: as much can be had for less, or more for the same."))
    note = "Prices are as given, without discounting. Intervals are Fieller's; a dash: the ratio has no meaning."
    return ReportSection("cost", COSTS_HEADING, [*blocks, Paragraph(note, "note")])


def cost_basis(price: float) -> str:
    """Return what counts as cost."""
    if price:
        return f"Costs are those of policies, and staff time at {format_short(price)} a team-month."
    return "Costs are those of policies. Staff time has no price here and is not in them."


def cost_figures(view: ReportData, table: pd.DataFrame, worlds: pd.DataFrame) -> list[Any]:
    """Return the plane and the acceptability curve."""
    base = worlds[worlds["arm"] == BASELINE_ARM].set_index("replicate")
    others = worlds[worlds["arm"].isin(list(view.arm_styles)) & worlds["replicate"].isin(base.index)]
    points = pd.DataFrame(
        {
            "arm": others["arm"],
            "replicate": others["replicate"],
            "averted": others["events_averted"].to_numpy() - base.loc[others["replicate"], "events_averted"].to_numpy(),
            "spent": others["total_cost"].to_numpy() - base.loc[others["replicate"], "total_cost"].to_numpy(),
        }
    )
    kept = table[table["arm"].isin(list(view.arm_styles))]
    means = kept.rename(columns={"averted_difference": "averted", "cost_difference": "spent"})
    figures = [plane_figure(points, means[["arm", "averted", "spent"]], view.arm_styles)]
    acceptability = view.table("acceptability")
    return figures + ([acceptability_figure(acceptability, view.styles)] if acceptability is not None else [])


def cost_table(view: ReportData, table: pd.DataFrame, price: float) -> ReportTable:
    """Return the table of cost-effectiveness."""
    header = [
        "Arm",
        "Cost",
        "Extra cost",
        "Extra events averted",
        "Cost per event averted",
        "Cost per organisation at 80 %",
        "Standing",
    ]
    rows = []
    for row in to_records(table):
        name, is_base = str(row["arm"]), row["arm"] == BASELINE_ARM
        more = (
            ("", "") if is_base else (format_signed(row["cost_difference"]), format_signed(row["averted_difference"]))
        )
        ratios = (
            ("", "")
            if is_base
            else (format_ratio(row, "cost_per_event_averted"), format_ratio(row, "cost_per_replicated_practices"))
        )
        rows.append([name, format_short(row["total_cost"]), *more, *ratios, str(row["dominance"])])
    time = "with" if price else "without"
    caption = (
        f"Means over {view.results.replicate_count} worlds; cost {time} staff time. At 80 %: "
        f"organisations that use it and "
        "reach 80 % of the origin's effect."
    )
    return ReportTable(caption, header, [RowGroup("", rows)], text_columns=(6,))


def format_signed(value: float) -> str:
    """Return a difference with its sign."""
    return format_short(value, "+") if value else "0"


def format_ratio(row: dict[str, Any], name: str) -> str:
    """Return a ratio with its interval where it has one."""
    middle, low, high = (float(row[f"{name}{end}"]) for end in ("", "_low", "_high"))
    if math.isnan(middle):
        return MISSING_MARK
    if math.isnan(low) or math.isnan(high):
        return f"{format_short(middle)} (no bounds)"
    return f"{format_short(middle)} ({format_short(low)} to {format_short(high)})"
