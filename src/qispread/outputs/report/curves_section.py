"""How it spreads and what is lost: curves, the fidelity gap, harm and inequality, classes of response."""

import numpy as np
import pandas as pd

from qispread.common.formatting import format_duration, format_value
from qispread.outputs.figures.curve_figures import curve_figure, curve_spec, fidelity_gap_figure
from qispread.outputs.figures.figure import Figure, to_records
from qispread.outputs.figures.subgroup_figures import RESPONSE_CLASSES, inequality_figure, response_classes_figure
from qispread.outputs.report.blocks import FigureGrid, Paragraph, ReportBlock, ReportSection
from qispread.outputs.report.report_data import ReportData, bands_note
from qispread.outputs.text.labels import CURVE_MEASURES
from qispread.runs.comparison.paired_statistics import monthly_means

INEQUALITIES = ("event_rate_range", "event_rate_gini")


def measure_curve(view: ReportData, measure: str) -> Figure:
    """Return the figure of a measure over time."""
    return curve_figure(view.curve(measure), curve_spec(measure), view.styles, view.results.horizon)


def bands_paragraph(view: ReportData) -> Paragraph:
    """Return how to read curves."""
    several = len(view.results.base_arm.manifest["scenario"].get("interventions", {})) > 1
    more = " All interventions together: an organisation counts once for each." if several else ""
    return Paragraph(f"{bands_note(view)}{more}", "note")


def curves_section(view: ReportData) -> ReportSection:
    """Return the section of adoption, fidelity and effect."""
    measures = [name for name in CURVE_MEASURES if view.curve(name)["median"].notna().any()]
    blocks: list[ReportBlock] = [
        FigureGrid([measure_curve(view, measure) for measure in measures]),
        bands_paragraph(view),
    ]
    if len(measures) < len(CURVE_MEASURES):
        blocks.insert(0, Paragraph("Only the pilot site uses it, in every run: fidelity and effect have no meaning."))
    return ReportSection("spread", "How it spreads", blocks)


def fidelity_gap_section(view: ReportData) -> ReportSection:
    """Return the section of what adoption hides."""
    gap, horizon = view.fidelity_gap, view.results.horizon
    figures = [
        fidelity_gap_figure(gap, style, place, horizon, view.gap_medians)
        for place, style in enumerate(view.styles.values())
    ]
    told = [
        f"{row['arm']}: {format_value(row['current_use'], 'percent')} use it, "
        f"{format_value(row['reached'], 'percent')} use it and reach 80% of the pilot site's effect"
        for row in to_records(gap[gap["month"] == horizon])
    ]
    lead = (
        f"Adoption alone hides what is lost. After {format_duration(horizon)}, {view.gap_medians} over runs: "
        f"{'; '.join(told)}."
    )
    return ReportSection("gap", "What adoption hides", [Paragraph(lead), FigureGrid(figures)])


def event_rate_section(view: ReportData) -> ReportSection:
    """Return the section of harm over time and between organisations."""
    shown = ["event_rate", *(["events_averted"] if view.results.measure != "events_averted" else [])]
    figures = [measure_curve(view, measure) for measure in shown]
    inequality = view.table("inequality")
    if inequality is None:
        figures += [measure_curve(view, measure) for measure in INEQUALITIES]
        return ReportSection("event_rate", "Harm, and how unequal it is", [FigureGrid(figures), bands_paragraph(view)])
    for measure in INEQUALITIES:
        rows = inequality[inequality["measure"] == measure]
        if len(rows):
            figures.append(inequality_figure(rows, measure, view.styles))
    note = (
        "Harm falls in the base too: by the trend that is there anyway, and by improvement made at home. Bars at the "
        "ends are 95 % intervals of the paired difference from the base."
    )
    return ReportSection(
        "event_rate",
        "Harm, and how unequal it is",
        [FigureGrid(figures), bands_paragraph(view), Paragraph(note, "note")],
    )


def classes_section(view: ReportData) -> ReportSection:
    """Return the section of response classes."""
    compared = bool(view.results.comparison)
    table = classes_by_arm(view) if compared else classes_by_month(view)
    known = table.dropna()
    title = (
        f"Of those that began, after {format_duration(view.results.horizon)}"
        if compared
        else "Of those that ever began"
    )
    if known.empty:
        return ReportSection(
            "classes", "Who gets the result", [Paragraph("Nobody but the origin began, in any world.")]
        )
    figure = response_classes_figure(table, title, "response classes")
    note = "Means over the worlds in which somebody began. The limit of 40 % of the origin's effect is an assumption."
    blocks: list[ReportBlock] = [FigureGrid([figure]), Paragraph(note, "note")]
    return ReportSection("classes", "Who gets the result", blocks)


def response_class_shares(view: ReportData, arm: str) -> dict[str, np.ndarray]:
    """Return the mean share of each class by month."""
    worlds = view.results.arms[arm].replicate_values(list(RESPONSE_CLASSES))
    return {name: monthly_means(values) for name, values in worlds.items()}


def classes_by_arm(view: ReportData) -> pd.DataFrame:
    """Return the shares of classes at the end, a row an arm."""
    rows = []
    for name, style in view.styles.items():
        found = response_class_shares(view, name)
        rows.append({"row": style.label, **{kind: found[kind][-1] for kind in RESPONSE_CLASSES}})
    return pd.DataFrame(rows)


def classes_by_month(view: ReportData) -> pd.DataFrame:
    """Return the shares of classes at a few months of a run."""
    found = response_class_shares(view, view.shown_arms[0])
    return pd.DataFrame(
        [
            {"row": f"After {format_duration(month)}", **{kind: found[kind][month] for kind in RESPONSE_CLASSES}}
            for month in view.months_shown
        ]
    )
