"""Figures of robustness: the best arm over plausible models, and effects of combinations of policies."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_estimate, format_value, lower_first
from qispread.outputs.figures.figure import (
    UNTYPED_ALTAIR,
    Figure,
    apply_layout,
    colour_encoding,
    label_arms,
    to_records,
    without_legend,
)
from qispread.outputs.figures.interval_figures import interval_chart
from qispread.outputs.figures.palette import INK, ArmStyle

BAR_ROW_HEIGHT = 40
EFFECT_COLOURS = {"alone": "#0072B2", "together": "#1A1A1A", "beyond": "#C44E00"}
"""Effects of factors that are drawn, and their colours."""
EFFECT_LABELS = {"alone": "alone", "together": "together", "beyond": "beyond the sum"}
BEST_TITLE = "Best option: share of plausible models"
FACTORIAL_TITLE = "Policies alone and together"
FACTORIAL_NOTE = (
    "Compared with the baseline; bars are 95% intervals. Beyond the sum: the effect of all policies together, less the "
    "sum of their effects alone. Main effects and interactions are in factorial.csv."
)


def best_arm_figure(table: pd.DataFrame, styles: dict[str, ArmStyle]) -> Figure:
    """Return the figure of the share of plausible models in which each arm is best.

    Parameters
    ----------
    table : DataFrame
        `robustness`, with the baseline.
    styles : dict of str to ArmStyle
    """
    rows = table[table["arm"].isin(list(styles))].sort_values("rank", kind="stable")
    shares = "; ".join(f"{row['arm']} {format_value(row['share_best'], 'percent')}" for row in to_records(rows))
    return Figure(
        name="robustness-best",
        title=BEST_TITLE,
        alt=f"Share of plausible models in which each option is the best: {shares}.",
        table=rows,
        chart=best_arm_chart(label_arms(rows, styles), BEST_TITLE, styles),
    )


def best_arm_chart(table: pd.DataFrame, title: str, styles: dict[str, ArmStyle]) -> Any:
    """Return a bar for each arm, its name and value above it."""
    order = list(table["arm"])
    y = alt.Y("arm:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("share_best:Q", scale=scale, axis=alt.Axis(format=".0%", tickCount=5), title="Share of models")
    texts = [format_value(share, "percent") for share in table["share_best"]]
    base = alt.Chart(table[["arm", "share_best"]].assign(shown=texts)).encode(y=y)
    bars = base.mark_bar(height=12, yOffset=9).encode(x=x, color=without_legend(colour_encoding(list(styles.values()))))
    names = base.mark_text(align="left", dy=-8, color=INK, limit=280).encode(
        x=UNTYPED_ALTAIR.XValue(0), text=alt.Text("arm:N")
    )
    numbers = base.mark_text(align="right", dy=-8, color=INK).encode(
        x=UNTYPED_ALTAIR.XValue("width"), text=alt.Text("shown:N")
    )
    return apply_layout(alt.layer(bars, names, numbers), title, height=66 + BAR_ROW_HEIGHT * len(order))


def factorial_figure(table: pd.DataFrame, measure: str, unit: str, number_format: str) -> Figure:
    """Return the figure of the effects of policies alone, together and beyond the sum, on one measure.

    Parameters
    ----------
    table : DataFrame
        The rows of `factorial` of one measure.
    measure, unit : str
    number_format : str
        Format of the values of the measure.
    """
    selected = table[table["kind"].isin(list(EFFECT_COLOURS))]
    rows = selected.rename(columns={"term": "row", "kind": "arm", "effect": "value"})[
        ["row", "arm", "value", "low", "high"]
    ]
    shapes = zip(EFFECT_COLOURS.items(), ("circle", "square", "diamond"), strict=True)
    styles = [ArmStyle(kind, kind, colour, (1, 0), shape) for (kind, colour), shape in shapes]
    effects = "; ".join(
        f"{row['row']} {EFFECT_LABELS[row['arm']]} "
        f"{format_estimate(row['value'], row['low'], row['high'], number_format)}"
        for row in to_records(rows)
    )
    rows["row"] = [f"{row}: {EFFECT_LABELS[kind]}" for row, kind in zip(rows["row"], rows["arm"], strict=True)]
    return Figure(
        name="factorial",
        title=FACTORIAL_TITLE,
        alt=f"Effects on {measure}, in {lower_first(unit)}, with 95% intervals: {effects}.",
        table=table,
        chart=interval_chart(rows, FACTORIAL_TITLE, unit, number_format, styles),
        note=FACTORIAL_NOTE,
    )
