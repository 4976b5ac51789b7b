"""Robustness over plausible models, and effects of combinations of policies."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from qispread.common.formatting import (
    capitalise_first,
    format_difference,
    format_estimate,
    format_short,
    format_value,
    lower_first,
)
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
from qispread.outputs.text.display_tables import NO_MAIN_DRIVER, format_regret
from qispread.outputs.text.labels import difference_axis, scale_per_100
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.comparison.robustness import SIGNIFICANCE_LEVEL

MAX_DRIVERS = 12
MAX_PAIRS, MAX_DRIVERS_PER_PAIR = 6, 3
"""Pairs of arms in the table of orders, and parameters of each pair."""
ROBUSTNESS_HEADING = "Robustness to uncertain assumptions"
FACTORIAL_HEADING = "Policies alone and together"
REGRET_HEADER = (
    "Option",
    "Rank",
    "Mean over models",
    "Best in",
    "Better than baseline in",
    "Mean regret",
    "Worst regret",
)
DRIVER_HEADER = (
    "Parameter",
    "Distance",
    "Adjusted p",
    "Median where the order holds",
    "Median elsewhere",
    "Plausible range",
)
BEST_ARM_DRIVERS_CAPTION = (
    "Parameters that distinguish the models in which the best option stays the best from the others: "
    "Kolmogorov-Smirnov distance between their values in the two sets of models, p adjusted by Holm's method."
)
ORDER_DRIVERS_CAPTION = (
    "Parameters that distinguish the models in which one option stays ahead of the next from the others, the largest "
    "distances of each pair; order_drivers.csv has all."
)


def robustness_section(view: ReportData) -> ReportSection | None:
    """Return the section of robustness; None where no plausible models were run."""
    table = view.table("robustness")
    if table is None:
        return None
    blocks: list[ReportBlock] = [
        Paragraph(describe_robustness(view.results.comparison)),
        FigureGrid([best_arm_figure(table, view.styles)]),
        regret_table(view, table),
    ]
    drivers = view.table("best_arm_drivers")
    if drivers is not None:
        main_driver = str(view.results.comparison.get("top_flip") or "")
        text = f"{main_driver} decides most which option is best." if main_driver else NO_MAIN_DRIVER
        blocks += [Paragraph(text), drivers_table(drivers)]
    orders = view.table("order_drivers")
    if orders is not None:
        blocks += [BulletList(describe_order_changes(orders)), order_drivers_table(orders)]
    return ReportSection("robustness", ROBUSTNESS_HEADING, blocks)


def describe_robustness(comparison: Mapping[str, Any]) -> str:
    """Return how plausible models were drawn, and in how many the best option and the full ranking hold."""
    models, replicates = int(comparison.get("models") or 0), int(comparison.get("model_worlds") or 0)
    return (
        f"{models} plausible models were drawn from the plausible ranges of the uncertain assumptions, and every "
        f"option was run {replicates} times in each. The option that ranks first in the comparison is the best in "
        f"{format_share(comparison.get('best_holds'))} of the models; the full ranking holds in "
        f"{format_share(comparison.get('ranking_holds'))}."
    )


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
    unit = ", in percentage points" if measure.is_percent else ""
    caption = (
        f"Across plausible models: {measure.phrase}. Regret: how far an option falls short of the best in the same "
        f"model{unit}."
    )
    return ReportTable(caption, REGRET_HEADER, [RowGroup("", rows)])


def drivers_table(table: pd.DataFrame) -> ReportTable:
    """Return the table of parameters that distinguish models in which the best arm stays the best."""
    rows = [driver_cells(row) for row in to_records(table.head(MAX_DRIVERS))]
    return ReportTable(BEST_ARM_DRIVERS_CAPTION, DRIVER_HEADER, [RowGroup("", rows)], small=True)


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
    """Return the rows of each pair of arms, for the first pairs of the ranking."""
    return [part for _, part in table.groupby(["arm", "against"], sort=False)][:MAX_PAIRS]


def describe_order_changes(table: pd.DataFrame) -> list[str]:
    """Return for each pair of arms in how many models its order holds, and which parameter decides it."""
    sentences = []
    for part in ranked_pairs(table):
        first = to_records(part)[0]
        arm, against = (arm_phrase(first[name]) for name in ("arm", "against"))
        driver = "no single parameter clearly decides the order"
        if first["p_adjusted"] <= SIGNIFICANCE_LEVEL:
            higher = "higher" if first["changed_median"] > first["unchanged_median"] else "lower"
            driver = f"the order depends most on {first['parameter']}, which is {higher} in the other models"
        share = format_value(first["order_stability"], "percent")
        sentences.append(
            f"{capitalise_first(arm)} does at least as well as {against} in {share} of the models; {driver}."
        )
    return sentences


def arm_phrase(arm: str) -> str:
    """Return the name of an arm in a sentence."""
    return "the baseline" if arm == BASELINE_ARM else arm


def order_drivers_table(table: pd.DataFrame) -> ReportTable:
    """Return the table of parameters that decide the order of two arms: the strongest of each pair."""
    groups = []
    for part in ranked_pairs(table):
        rows = [driver_cells(row) for row in to_records(part.head(MAX_DRIVERS_PER_PAIR))]
        groups.append(RowGroup(f"{part['arm'].iloc[0]} ahead of {part['against'].iloc[0]}", rows))
    return ReportTable(ORDER_DRIVERS_CAPTION, DRIVER_HEADER, groups, small=True)


def factorial_section(view: ReportData) -> ReportSection | None:
    """Return the section of effects and interactions; None where there is no factorial."""
    table = view.table("factorial")
    if table is None:
        return None
    measure = view.results.measure if view.results.measure in set(table["measure"]) else str(table["measure"].iloc[0])
    rows, number_format = table[table["measure"] == measure].copy(), MEASURES[measure].form
    if view.organisation_count:
        rows[["effect", "low", "high"]] *= scale_per_100(measure, view.organisation_count)
    unit = difference_axis(measure, per_100=bool(view.organisation_count))
    figure = factorial_figure(rows, MEASURES[measure].phrase, unit, number_format)
    lead = f"Effects on {MEASURES[measure].phrase} compared with the baseline, in {lower_first(unit)}."
    sentences = describe_interaction(rows, number_format)
    blocks: list[ReportBlock] = [Paragraph(lead), FigureGrid([figure], "panels"), BulletList(sentences)]
    return ReportSection("factorial", FACTORIAL_HEADING, blocks)


def describe_interaction(table: pd.DataFrame, number_format: str) -> list[str]:
    """Return the effects of policies alone, their sum, the effect together, and whether that is more than the sum."""
    alone, together, beyond = (to_records(table[table["kind"] == kind]) for kind in ("alone", "together", "beyond"))
    if not (together and beyond):
        return []
    interaction = beyond[0]
    verdict = "not clearly different from the sum"
    if interaction["low"] > 0.0 or interaction["high"] < 0.0:
        verdict = "more than the sum" if interaction["low"] > 0.0 else "less than the sum"
    total = format_difference(float(np.sum([row["effect"] for row in alone])), number_format)
    return [
        *(f"{capitalise_first(row['term'])} alone: {effect_phrase(row, number_format)}." for row in alone),
        f"Sum of these effects: {total}; effect together: {effect_phrase(together[0], number_format)}.",
        f"The effect together is {verdict}: difference {effect_phrase(interaction, number_format)}.",
    ]


def effect_phrase(row: dict[str, Any], number_format: str) -> str:
    """Return an effect of the factorial with its interval."""
    return format_estimate(row["effect"], row["low"], row["high"], number_format)
