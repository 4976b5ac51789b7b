"""How it spreads and what is lost: curves, the fidelity gap, harm and inequality, classes of response."""

import numpy as np
import pandas as pd

from qispread.comparison.statistics import means_by_month
from qispread.figures.curves import curve_figure, curve_of, gap_figure
from qispread.figures.figure import Figure, records
from qispread.figures.who import CLASSES, classes_figure, inequality_figure
from qispread.presentation.formatting import format_duration, format_value
from qispread.presentation.labels import OVER_TIME
from qispread.report.blocks import Block, Grid, Section, Words
from qispread.report.view import View, bands_words

INEQUALITIES = ("harm_range", "harm_gini")


def curve(view: View, measure: str) -> Figure:
    """Return the figure of a measure over time."""
    return curve_figure(view.curve(measure), curve_of(measure), view.styles, view.results.horizon)


def bands_note(view: View) -> Words:
    """Return how to read curves."""
    several = len(view.results.first.manifest["scenario"].get("interventions", {})) > 1
    more = " All interventions together: an organisation counts once for each." if several else ""
    return Words(f"{bands_words(view)}{more}", "note")


def curves_section(view: View) -> Section:
    """Return the section of adoption, fidelity and effect."""
    measures = [name for name in OVER_TIME if view.curve(name)["median"].notna().any()]
    blocks: list[Block] = [Grid([curve(view, measure) for measure in measures]), bands_note(view)]
    if len(measures) < len(OVER_TIME):
        blocks.insert(0, Words("Only the pilot site uses it, in every run: fidelity and effect have no meaning."))
    return Section("spread", "How it spreads", blocks)


def gap_section(view: View) -> Section:
    """Return the section of what adoption hides."""
    gap, horizon = view.gap, view.results.horizon
    figures = [gap_figure(gap, style, place, horizon, view.middles) for place, style in enumerate(view.styles.values())]
    told = [
        f"{row['arm']}: {format_value(row['adoption'], 'percent')} use it, "
        f"{format_value(row['reached'], 'percent')} use it and reach 80% of the pilot site's effect"
        for row in records(gap[gap["month"] == horizon])
    ]
    lead = (
        f"Adoption alone hides what is lost. After {format_duration(horizon)}, {view.middles} over runs: "
        f"{'; '.join(told)}."
    )
    return Section("gap", "What adoption hides", [Words(lead), Grid(figures)])


def harm_section(view: View) -> Section:
    """Return the section of harm over time and between organisations."""
    shown = ["harm", *(["harm_averted"] if view.results.measure != "harm_averted" else [])]
    figures = [curve(view, measure) for measure in shown]
    inequality = view.table("inequality")
    if inequality is None:
        figures += [curve(view, measure) for measure in INEQUALITIES]
        return Section("harm", "Harm, and how unequal it is", [Grid(figures), bands_note(view)])
    for measure in INEQUALITIES:
        rows = inequality[inequality["measure"] == measure]
        if len(rows):
            figures.append(inequality_figure(rows, measure, view.styles))
    note = (
        "Harm falls in the base too: by the trend that is there anyway, and by improvement made at home. Bars at the "
        "ends are 95 % intervals of the paired difference from the base."
    )
    return Section("harm", "Harm, and how unequal it is", [Grid(figures), bands_note(view), Words(note, "note")])


def classes_section(view: View) -> Section:
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
        return Section("classes", "Who gets the result", [Words("Nobody but the origin began, in any world.")])
    figure = classes_figure(table, title, "response classes")
    note = "Means over the worlds in which somebody began. The limit of 40 % of the origin's effect is an assumption."
    blocks: list[Block] = [Grid([figure]), Words(note, "note")]
    return Section("classes", "Who gets the result", blocks)


def shares(view: View, arm: str) -> dict[str, np.ndarray]:
    """Return the mean share of each class by month."""
    worlds = view.results.arms[arm].by_world(list(CLASSES))
    return {name: means_by_month(values) for name, values in worlds.items()}


def classes_by_arm(view: View) -> pd.DataFrame:
    """Return the shares of classes at the end, a row an arm."""
    rows = []
    for name, style in view.styles.items():
        found = shares(view, name)
        rows.append({"row": style.label, **{kind: found[kind][-1] for kind in CLASSES}})
    return pd.DataFrame(rows)


def classes_by_month(view: View) -> pd.DataFrame:
    """Return the shares of classes at a few months of a run."""
    found = shares(view, view.shown[0])
    return pd.DataFrame(
        [
            {"row": f"After {format_duration(month)}", **{kind: found[kind][month] for kind in CLASSES}}
            for month in view.months_shown
        ]
    )
