"""Whether the answer holds: over plausible models, and over combinations of policies."""

from typing import Any

import altair as alt
import pandas as pd

from qispread.common.formatting import format_estimate, format_value
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


def best_arm_figure(table: pd.DataFrame, styles: dict[str, ArmStyle]) -> Figure:
    """Return the figure of the share of plausible models in which each arm is best.

    Parameters
    ----------
    table : DataFrame
        `robustness`, the base too.
    styles : dict of str to ArmStyle
    """
    kept = table[table["arm"].isin(list(styles))].sort_values("rank", kind="stable")
    told = "; ".join(f"{one['arm']} {format_value(one['share_best'], 'percent')}" for one in to_records(kept))
    title = "Best in this share of plausible models"
    return Figure(
        name="robustness-best",
        title=title,
        alt=f"Share of plausible models in which each arm is the best: {told}.",
        table=kept,
        chart=best_arm_chart(label_arms(kept, styles), title, styles),
    )


def best_arm_chart(table: pd.DataFrame, title: str, styles: dict[str, ArmStyle]) -> Any:
    """Return a bar an arm, named above it, with its number."""
    order = list(table["arm"])
    y = alt.Y("arm:N", sort=order, axis=None, scale=alt.Scale(paddingInner=0.1))
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("share_best:Q", scale=scale, axis=alt.Axis(format=".0%", tickCount=5), title="Share of models")
    shown = [format_value(share, "percent") for share in table["share_best"]]
    base = alt.Chart(table[["arm", "share_best"]].assign(shown=shown)).encode(y=y)
    bars = base.mark_bar(height=12, yOffset=9).encode(x=x, color=without_legend(colour_encoding(list(styles.values()))))
    names = base.mark_text(align="left", dy=-8, color=INK, limit=280).encode(
        x=UNTYPED_ALTAIR.XValue(0), text=alt.Text("arm:N")
    )
    numbers = base.mark_text(align="right", dy=-8, color=INK).encode(
        x=UNTYPED_ALTAIR.XValue("width"), text=alt.Text("shown:N")
    )
    return apply_layout(alt.layer(bars, names, numbers), title, height=66 + BAR_ROW_HEIGHT * len(order))


def factorial_figure(table: pd.DataFrame, measure: str, unit: str, number_format: str) -> Figure:
    """Return the figure of what policies do alone, together and beyond the sum, on one measure.

    Parameters
    ----------
    table : DataFrame
        The rows of `factorial` of one measure.
    measure, unit : str
    number_format : str
        Of the measure.
    """
    kept = table[table["kind"].isin(list(EFFECT_COLOURS))]
    rows = kept.rename(columns={"term": "row", "kind": "arm", "effect": "value"})[
        ["row", "arm", "value", "low", "high"]
    ]
    shapes = zip(EFFECT_COLOURS.items(), ("circle", "square", "diamond"), strict=True)
    styles = [ArmStyle(kind, kind, colour, (1, 0), shape) for (kind, colour), shape in shapes]
    told = "; ".join(
        f"{one['row']} {format_estimate(one['value'], one['low'], one['high'], number_format)}"
        for one in to_records(rows)
    )
    rows["row"] = [f"{row}: {EFFECT_LABELS[kind]}" for row, kind in zip(rows["row"], rows["arm"], strict=True)]
    title = "Policies alone and together"
    return Figure(
        name="factorial",
        title=title,
        alt=f"Effects on {measure}, {unit}, with 95 % intervals: {told}.",
        table=table,
        chart=interval_chart(rows, title, unit, number_format, styles),
        note="Against the base. Beyond the sum: what all do together, less what each does alone. Main effects and "
        "interactions are in factorial.csv.",
    )
