"""Curves over time: use, fidelity and effect, the fidelity gap, adverse events and inequality, response classes."""

import numpy as np
import pandas as pd

from qispread.common.formatting import format_duration, format_value
from qispread.outputs.figures.curve_figures import curve_figure, curve_spec, fidelity_gap_figure
from qispread.outputs.figures.figure import Figure, to_records
from qispread.outputs.figures.subgroup_figures import RESPONSE_CLASSES, inequality_figure, response_classes_figure
from qispread.outputs.report.blocks import FigureGrid, Paragraph, ReportBlock, ReportSection
from qispread.outputs.report.report_data import ReportData, bands_note, measure_definitions
from qispread.outputs.text.labels import CURVE_MEASURES
from qispread.runs.comparison.paired_statistics import monthly_means

INEQUALITIES = ("event_rate_range", "event_rate_gini")
RUN_MEASURES = ("replication_ratio", "replicated", "event_rate", "events_averted")
"""Measures of the headline of a single scenario, other than those of the first curves."""
SPREAD_HEADING = "Spread over time"
GAP_HEADING = "Use and replication of the effect"
EVENTS_HEADING = "Adverse events and inequality"
CLASSES_HEADING = "Response of adopters"
OWN_HEADING = "Your own measures"
SEVERAL_INTERVENTIONS = " Values are for all interventions together: an organisation counts once for each."
PILOT_ONLY = "Only the pilot site uses the intervention, in every run: fidelity and effect have no meaning."
EVENTS_NOTE = (
    "The adverse event rate falls in the baseline too, by the underlying trend and by other local improvement. Bars at "
    "the end of the run are 95% intervals of the paired difference from the baseline."
)
NO_ADOPTERS = "No organisation other than the pilot site adopted the intervention, in any run."
CLASSES_NOTE = (
    "Means over the runs in which any organisation adopted. The limit of 40% of the pilot site's effect is an "
    "assumption."
)


def measure_curve(view: ReportData, measure: str) -> Figure:
    """Return the figure of a measure over time."""
    return curve_figure(view.curve(measure), curve_spec(measure), view.styles, view.results.horizon)


def bands_paragraph(view: ReportData) -> Paragraph:
    """Return how to read curves."""
    several = len(view.results.base_arm.manifest["scenario"].get("interventions", {})) > 1
    return Paragraph(bands_note(view) + (SEVERAL_INTERVENTIONS if several else ""), "note")


def curves_section(view: ReportData) -> ReportSection:
    """Return the section of current use, fidelity and effect."""
    measures = [name for name in CURVE_MEASURES if view.curve(name)["median"].notna().any()]
    blocks: list[ReportBlock] = [
        FigureGrid([measure_curve(view, measure) for measure in measures]),
        bands_paragraph(view),
    ]
    if not view.results.comparison:
        blocks.append(measure_definitions([*measures, *RUN_MEASURES]))
    if len(measures) < len(CURVE_MEASURES):
        blocks.insert(0, Paragraph(PILOT_ONLY))
    return ReportSection("spread", SPREAD_HEADING, blocks)


def own_measures_section(view: ReportData) -> ReportSection | None:
    """Return the section of the user's own measures over time but that of the headline; None where there are none."""
    measures = [measure for measure in view.own_measures if measure != view.results.measure]
    if not measures:
        return None
    figures = [measure_curve(view, measure) for measure in measures]
    blocks: list[ReportBlock] = [FigureGrid(figures), bands_paragraph(view)]
    if not view.results.comparison:
        blocks.append(measure_definitions(measures))
    return ReportSection("own_measures", OWN_HEADING, blocks)


def fidelity_gap_section(view: ReportData) -> ReportSection:
    """Return the section on the gap between use and replication of the pilot site's effect."""
    gap, horizon = view.fidelity_gap, view.results.horizon
    figures = [
        fidelity_gap_figure(gap, style, index, horizon, view.gap_medians)
        for index, style in enumerate(view.styles.values())
    ]
    shares = [
        f"{row['arm']} {format_value(row['current_use'], 'percent')} and {format_value(row['reached'], 'percent')}"
        for row in to_records(gap[gap["month"] == horizon])
    ]
    text = (
        "Current use does not show how much of the effect is lost in copying. Share of organisations that use the "
        "intervention, and share that use it and reach 80% of the pilot site's effect, after "
        f"{format_duration(horizon)} ({view.gap_medians} over runs): {'; '.join(shares)}."
    )
    return ReportSection("gap", GAP_HEADING, [Paragraph(text), FigureGrid(figures)])


def event_rate_section(view: ReportData) -> ReportSection:
    """Return the section of adverse event rates over time and between organisations."""
    # The headline chart shows the events averted where they are the measure of the comparison.
    measures = ("event_rate",) if view.results.measure == "events_averted" else ("event_rate", "events_averted")
    figures = [measure_curve(view, measure) for measure in measures]
    inequality = view.table("inequality")
    if inequality is None:
        figures += [measure_curve(view, measure) for measure in INEQUALITIES]
        return ReportSection("event_rate", EVENTS_HEADING, [FigureGrid(figures), bands_paragraph(view)])
    for measure in INEQUALITIES:
        rows = inequality[inequality["measure"] == measure]
        if len(rows):
            figures.append(inequality_figure(rows, measure, view.styles))
    blocks: list[ReportBlock] = [FigureGrid(figures), bands_paragraph(view), Paragraph(EVENTS_NOTE, "note")]
    return ReportSection("event_rate", EVENTS_HEADING, blocks)


def classes_section(view: ReportData) -> ReportSection:
    """Return the section of response classes."""
    compared = bool(view.results.comparison)
    table = classes_by_arm(view) if compared else classes_by_month(view)
    if table.dropna().empty:
        return ReportSection("classes", CLASSES_HEADING, [Paragraph(NO_ADOPTERS)])
    title = f"Adopters after {format_duration(view.results.horizon)}" if compared else "Adopters over time"
    figure = response_classes_figure(table, title, "response classes")
    return ReportSection("classes", CLASSES_HEADING, [FigureGrid([figure]), Paragraph(CLASSES_NOTE, "note")])


def response_class_shares(view: ReportData, arm: str) -> dict[str, np.ndarray]:
    """Return the mean share of each class by month."""
    shares = view.results.arms[arm].replicate_values(list(RESPONSE_CLASSES))
    return {name: monthly_means(values) for name, values in shares.items()}


def classes_by_arm(view: ReportData) -> pd.DataFrame:
    """Return the shares of classes at the end, a row for each arm."""
    rows = []
    for name, style in view.styles.items():
        shares = response_class_shares(view, name)
        rows.append({"row": style.label, **{name: shares[name][-1] for name in RESPONSE_CLASSES}})
    return pd.DataFrame(rows)


def classes_by_month(view: ReportData) -> pd.DataFrame:
    """Return the shares of classes at a few months of a run."""
    shares = response_class_shares(view, view.shown_arms[0])
    return pd.DataFrame(
        [
            {"row": f"After {format_duration(month)}", **{name: shares[name][month] for name in RESPONSE_CLASSES}}
            for month in view.months_shown
        ]
    )
