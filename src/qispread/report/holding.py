"""Whether the answer holds: over plausible models, and over combinations of policies."""

import math
from typing import Any

import numpy as np
import pandas as pd

from qispread.comparison import BASE
from qispread.comparison.robustness import TELLING
from qispread.figures.figure import records
from qispread.figures.robustness import best_figure, factorial_figure
from qispread.measures import MEASURES
from qispread.presentation.formatting import format_difference, format_estimate, format_short, format_value
from qispread.presentation.labels import difference_axis, scale_per_100
from qispread.presentation.tables import format_regret
from qispread.report.blocks import Block, Grid, Group, Points, Section, Sheet, Words
from qispread.report.view import View

MOST_FLIPS = 12
MOST_PAIRS, MOST_OF_A_PAIR = 6, 3
"""Pairs of arms, and parameters of each, that the table of orders has."""


FLIP_HEADER = ("Parameter", "Distance", "p, adjusted", "Median where it holds", "Median where not", "Plausible range")


def robustness_section(view: View) -> Section | None:
    """Return the section of robustness; None where it was not asked."""
    table = view.table("robustness")
    if table is None:
        return None
    told = view.results.comparison
    models, each = int(told.get("models") or 0), int(told.get("model_worlds") or 0)
    lead = (
        f"{models} models were drawn from the plausible ranges of the parameters that nobody knows, and every arm was "
        f"run in {each} worlds of each. The order of the arms holds in {share(told.get('ranking_holds'))} of them; the "
        f"best arm stays the best in {share(told.get('best_holds'))}."
    )
    top = str(told.get("top_flip") or "")
    blocks: list[Block] = [Words(lead), Grid([best_figure(table, view.styles)]), regret_sheet(view, table)]
    flips = view.table("flips")
    if flips is not None:
        blocks += [
            Words(f"What decides it most is {top}.") if top else Words("No single parameter decides it clearly."),
            flips_sheet(flips),
        ]
    orders = view.table("order_flips")
    if orders is not None:
        blocks += [Points(order_words(orders)), orders_sheet(orders)]
    return Section("robustness", "Does the answer hold?", blocks)


def share(value: object) -> str:
    """Return a share that may be unknown."""
    return format_value(float(value), "percent") if isinstance(value, int | float) else "an unknown share"


def regret_sheet(view: View, table: pd.DataFrame) -> Sheet:
    """Return the table of arms over models."""
    measure = MEASURES[view.results.measure]
    rows = [
        [
            str(row["arm"]),
            f"{row['rank']:.0f}",
            format_value(row["value"], measure.form),
            format_value(row["share_best"], "percent"),
            "" if math.isnan(row["share_above_base"]) else format_value(row["share_above_base"], "percent"),
            format_regret(row["regret_mean"], measure.form),
            format_regret(row["regret_worst"], measure.form),
        ]
        for row in records(table.sort_values("rank", kind="stable"))
    ]
    header = ("Option", "Rank", "Mean over models", "Best in", "Above the baseline in", "Mean regret", "Worst regret")
    unit = ", in percentage points" if measure.is_percent else ""
    caption = (
        f"Across plausible models: {measure.phrase}. Regret: how far an option falls short of the best in the same "
        f"model{unit}."
    )
    return Sheet(caption, header, [Group("", rows)])


def flips_sheet(table: pd.DataFrame) -> Sheet:
    """Return the table of parameters that tell models in which the best arm stays the best from the others."""
    rows = [flip_cells(row) for row in records(table.head(MOST_FLIPS))]
    caption = (
        "Parameters whose values differ between the models in which the best arm stays the best and the others "
        "(Kolmogorov-Smirnov distance; p adjusted by Holm's method)."
    )
    return Sheet(caption, FLIP_HEADER, [Group("", rows)], small=True)


def flip_cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of one parameter."""
    return [
        str(row["parameter"]),
        f"{row['distance']:.2f}",
        f"{row['adjusted']:.2g}",
        format_short(row["holds_median"]),
        format_short(row["flips_median"]),
        f"{format_short(row['low'])} to {format_short(row['high'])}",
    ]


def pairs_of(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each pair of arms, the first pairs of the ranking."""
    return [part for _, part in table.groupby(["arm", "against"], sort=False)][:MOST_PAIRS]


def order_words(table: pd.DataFrame) -> list[str]:
    """Return for each two arms that change places in how many models, and what decides it."""
    found = []
    for part in pairs_of(table):
        first = records(part)[0]
        arm, against = (named(first[name]) for name in ("arm", "against"))
        decides = "no single parameter decides it clearly"
        if first["adjusted"] <= TELLING:
            higher = "higher" if first["flips_median"] > first["holds_median"] else "lower"
            decides = f"what decides it most is {first['parameter']}, {higher} where they change places"
        stays = f"{arm} does not fall behind {against} in {format_value(first['holds'], 'percent')} of the models"
        found.append(f"{stays[0].upper()}{stays[1:]}; {decides}.")
    return found


def named(arm: str) -> str:
    """Return an arm as a sentence names it."""
    return "the base" if arm == BASE else arm


def orders_sheet(table: pd.DataFrame) -> Sheet:
    """Return the table of parameters that tell where two arms change places: the most telling of each pair."""
    groups = []
    for part in pairs_of(table):
        rows = [flip_cells(row) for row in records(part.head(MOST_OF_A_PAIR))]
        groups.append(Group(f"{part['arm'].iloc[0]} ahead of {part['against'].iloc[0]}", rows))
    caption = (
        "What the order of two arms that follow each other rests on: the parameters whose values differ most between "
        "the models in which the order holds and the others. order_flips.csv has all."
    )
    return Sheet(caption, FLIP_HEADER, groups, small=True)


def factorial_section(view: View) -> Section | None:
    """Return the section of effects and interactions; None where there is no factorial."""
    table = view.table("factorial")
    if table is None:
        return None
    measure = view.results.measure if view.results.measure in set(table["measure"]) else str(table["measure"].iloc[0])
    own, form = table[table["measure"] == measure].copy(), MEASURES[measure].form
    if view.organisations:
        own[["effect", "low", "high"]] *= scale_per_100(measure, view.organisations)
    unit = difference_axis(measure, per_100=bool(view.organisations))
    figure = factorial_figure(own, MEASURES[measure].phrase, unit, form)
    blocks: list[Block] = [Grid([figure], "panels"), Points(together_words(own, form))]
    return Section("factorial", "Are policies more than their sum?", blocks)


def together_words(table: pd.DataFrame, form: str) -> list[str]:
    """Return what the policies do alone, what that adds up to, what they do together, and whether that is more."""
    alone, together, beyond = (records(table[table["kind"] == kind]) for kind in ("alone", "together", "beyond"))
    if not (together and beyond):
        return []
    apart = beyond[0]
    verdict = "neither more nor less than the sum, for all that can be told"
    if apart["low"] > 0.0 or apart["high"] < 0.0:
        verdict = "more than the sum" if apart["low"] > 0.0 else "less than the sum"
    total = format_difference(float(np.sum([row["effect"] for row in alone])), form)
    return [
        *(f"{row['term']} alone: {effect_words(row, form)}." for row in alone),
        f"These add up to {total}; together they do {effect_words(together[0], form)}.",
        f"The whole is {verdict}: {effect_words(apart, form)} beyond it.",
    ]


def effect_words(row: dict[str, Any], form: str) -> str:
    """Return an effect of the factorial with its interval."""
    return format_estimate(row["effect"], row["low"], row["high"], form)
