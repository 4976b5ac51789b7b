"""Whether the answer holds: over plausible models, and over combinations of policies."""

import math
from typing import Any

import numpy as np
import pandas as pd

from qispread.common.formatting import format_difference, format_estimate, format_short, format_value
from qispread.model.measures import MEASURES
from qispread.outputs.figures.figure import to_records
from qispread.outputs.figures.robustness_figures import best_arm_figure, factorial_figure
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
from qispread.outputs.text.display_tables import format_regret
from qispread.outputs.text.labels import difference_axis, scale_per_100
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.comparison.robustness import SIGNIFICANCE_LEVEL

MAX_DRIVERS = 12
MAX_PAIRS, MAX_DRIVERS_PER_PAIR = 6, 3
"""Pairs of arms, and parameters of each, that the table of orders has."""


DRIVER_HEADER = ("Parameter", "Distance", "p, adjusted", "Median where it holds", "Median where not", "Plausible range")


def robustness_section(view: ReportData) -> ReportSection | None:
    """Return the section of robustness; None where it was not asked."""
    table = view.table("robustness")
    if table is None:
        return None
    told = view.results.comparison
    models, each = int(told.get("models") or 0), int(told.get("model_worlds") or 0)
    lead = (
        f"{models} models were drawn from the plausible ranges of the parameters that nobody knows, and every arm was "
        f"run in {each} worlds of each. The order of the arms holds in {format_share(told.get('ranking_holds'))} "
        f"of them; the "
        f"best arm stays the best in {format_share(told.get('best_holds'))}."
    )
    top = str(told.get("top_flip") or "")
    blocks: list[ReportBlock] = [
        Paragraph(lead),
        FigureGrid([best_arm_figure(table, view.styles)]),
        regret_table(view, table),
    ]
    flips = view.table("best_arm_drivers")
    if flips is not None:
        blocks += [
            Paragraph(f"What decides it most is {top}.")
            if top
            else Paragraph("No single parameter decides it clearly."),
            drivers_table(flips),
        ]
    orders = view.table("order_drivers")
    if orders is not None:
        blocks += [BulletList(describe_order_changes(orders)), order_drivers_table(orders)]
    return ReportSection("robustness", "Does the answer hold?", blocks)


def format_share(value: object) -> str:
    """Return a share that may be unknown."""
    return format_value(float(value), "percent") if isinstance(value, int | float) else "an unknown share"


def regret_table(view: ReportData, table: pd.DataFrame) -> ReportTable:
    """Return the table of arms over models."""
    measure = MEASURES[view.results.measure]
    rows = [
        [
            str(row["arm"]),
            f"{row['rank']:.0f}",
            format_value(row["value"], measure.form),
            format_value(row["share_best"], "percent"),
            "" if math.isnan(row["share_above_baseline"]) else format_value(row["share_above_baseline"], "percent"),
            format_regret(row["regret_mean"], measure.form),
            format_regret(row["regret_worst"], measure.form),
        ]
        for row in to_records(table.sort_values("rank", kind="stable"))
    ]
    header = ("Option", "Rank", "Mean over models", "Best in", "Above the baseline in", "Mean regret", "Worst regret")
    unit = ", in percentage points" if measure.is_percent else ""
    caption = (
        f"Across plausible models: {measure.phrase}. Regret: how far an option falls short of the best in the same "
        f"model{unit}."
    )
    return ReportTable(caption, header, [RowGroup("", rows)])


def drivers_table(table: pd.DataFrame) -> ReportTable:
    """Return the table of parameters that tell models in which the best arm stays the best from the others."""
    rows = [driver_cells(row) for row in to_records(table.head(MAX_DRIVERS))]
    caption = (
        "Parameters whose values differ between the models in which the best arm stays the best and the others "
        "(Kolmogorov-Smirnov distance; p adjusted by Holm's method)."
    )
    return ReportTable(caption, DRIVER_HEADER, [RowGroup("", rows)], small=True)


def driver_cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of one parameter."""
    return [
        str(row["parameter"]),
        f"{row['distance']:.2f}",
        f"{row['p_adjusted']:.2g}",
        format_short(row["unchanged_median"]),
        format_short(row["changed_median"]),
        f"{format_short(row['low'])} to {format_short(row['high'])}",
    ]


def ranked_pairs(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each pair of arms, the first pairs of the ranking."""
    return [part for _, part in table.groupby(["arm", "against"], sort=False)][:MAX_PAIRS]


def describe_order_changes(table: pd.DataFrame) -> list[str]:
    """Return for each two arms that change places in how many models, and what decides it."""
    found = []
    for part in ranked_pairs(table):
        first = to_records(part)[0]
        arm, against = (arm_phrase(first[name]) for name in ("arm", "against"))
        decides = "no single parameter decides it clearly"
        if first["p_adjusted"] <= SIGNIFICANCE_LEVEL:
            higher = "higher" if first["changed_median"] > first["unchanged_median"] else "lower"
            decides = f"what decides it most is {first['parameter']}, {higher} where they change places"
        stays = (
            f"{arm} does not fall behind {against} in {format_value(first['order_stability'], 'percent')} of the models"
        )
        found.append(f"{stays[0].upper()}{stays[1:]}; {decides}.")
    return found


def arm_phrase(arm: str) -> str:
    """Return an arm as a sentence names it."""
    return "the base" if arm == BASELINE_ARM else arm


def order_drivers_table(table: pd.DataFrame) -> ReportTable:
    """Return the table of parameters that tell where two arms change places: the most telling of each pair."""
    groups = []
    for part in ranked_pairs(table):
        rows = [driver_cells(row) for row in to_records(part.head(MAX_DRIVERS_PER_PAIR))]
        groups.append(RowGroup(f"{part['arm'].iloc[0]} ahead of {part['against'].iloc[0]}", rows))
    caption = (
        "What the order of two arms that follow each other rests on: the parameters whose values differ most between "
        "the models in which the order holds and the others. order_flips.csv has all."
    )
    return ReportTable(caption, DRIVER_HEADER, groups, small=True)


def factorial_section(view: ReportData) -> ReportSection | None:
    """Return the section of effects and interactions; None where there is no factorial."""
    table = view.table("factorial")
    if table is None:
        return None
    measure = view.results.measure if view.results.measure in set(table["measure"]) else str(table["measure"].iloc[0])
    own, form = table[table["measure"] == measure].copy(), MEASURES[measure].form
    if view.organisation_count:
        own[["effect", "low", "high"]] *= scale_per_100(measure, view.organisation_count)
    unit = difference_axis(measure, per_100=bool(view.organisation_count))
    figure = factorial_figure(own, MEASURES[measure].phrase, unit, form)
    blocks: list[ReportBlock] = [FigureGrid([figure], "panels"), BulletList(describe_interaction(own, form))]
    return ReportSection("factorial", "Are policies more than their sum?", blocks)


def describe_interaction(table: pd.DataFrame, number_format: str) -> list[str]:
    """Return what the policies do alone, what that adds up to, what they do together, and whether that is more."""
    alone, together, beyond = (to_records(table[table["kind"] == kind]) for kind in ("alone", "together", "beyond"))
    if not (together and beyond):
        return []
    apart = beyond[0]
    verdict = "neither more nor less than the sum, for all that can be told"
    if apart["low"] > 0.0 or apart["high"] < 0.0:
        verdict = "more than the sum" if apart["low"] > 0.0 else "less than the sum"
    total = format_difference(float(np.sum([row["effect"] for row in alone])), number_format)
    return [
        *(f"{row['term']} alone: {effect_phrase(row, number_format)}." for row in alone),
        f"These add up to {total}; together they do {effect_phrase(together[0], number_format)}.",
        f"The whole is {verdict}: {effect_phrase(apart, number_format)} beyond it.",
    ]


def effect_phrase(row: dict[str, Any], number_format: str) -> str:
    """Return an effect of the factorial with its interval."""
    return format_estimate(row["effect"], row["low"], row["high"], number_format)
