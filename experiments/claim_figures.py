"""The figure of a claim: its picture, and beside it the result of each part at the defaults, in models, and ablated."""

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from experiments.claim_test import ClaimPicture
from experiments.replicate_outcomes import find_quantity
from experiments.run_experiment import ExperimentResult, PartEvidence
from qispread.outputs.figures.figure import FONT_SIZE, TITLE_SIZE, Figure
from qispread.outputs.figures.palette import INK, SOFT_INK, ArmStyle, assign_styles

WIDTH, HEIGHT, PANEL_HEIGHT = 330, 250, 150
ROWS = ("at the defaults", "plausible models", "mechanism off")
COLOURS = {"at the defaults": "#0072B2", "plausible models": "#595959", "mechanism off": "#C44E00"}
SHAPES = {"at the defaults": "circle", "plausible models": "square", "mechanism off": "diamond"}
QUANTILES = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
PADDING = 10
"""Pixels between points and the names of rows."""
AXIS: dict[str, Any] = {"labelFontSize": FONT_SIZE - 1, "titleFontSize": FONT_SIZE - 1, "titleFontWeight": "normal"}
UNITS = {"share": "percentage points"}
TITLES = {"averted": "Adverse events averted"}
"""Titles of quantities in figures, where the name alone is unclear."""


def quantity_unit(quantity: str) -> tuple[float, str]:
    """Return the factor to the unit of a difference, and this unit."""
    names = [name.strip() for name in quantity.split(",")]
    unit = "share" if quantity == "share of variance" else find_quantity(names[0]).unit
    return (100.0, UNITS[unit]) if unit in UNITS else (1.0, unit)


def wrap_text(text: str, longest: int) -> list[str]:
    """Return a text in lines."""
    return textwrap.wrap(text, longest)


def panel_title(text: str, longest: int = 58) -> alt.TitleParams:
    """Return the title of a panel."""
    return alt.TitleParams(wrap_text(text, longest), anchor="start", frame="group", fontSize=TITLE_SIZE - 1, offset=6)


def arm_curves(findings: ExperimentResult) -> ClaimPicture:
    """Return the curves of all arms at the defaults, in the declared panels."""
    experiment, table = findings.experiment, findings.curves
    factor, unit = quantity_unit(experiment.curve)
    unit = "%" if factor != 1.0 else unit
    shown = table.assign(year=table["month"] / 12.0, value=factor * table["value"])[["arm", "year", "value"]]
    y = f"{quantity_title(experiment.curve)}, {unit}"
    if experiment.panels:
        panels = [curve_panel(shown, arms, title, y, PANEL_HEIGHT) for title, arms in experiment.panels.items()]
        chart = alt.vconcat(*panels, spacing=14).resolve_scale(stroke="independent", strokeDash="independent")
    else:
        chart = curve_panel(shown, tuple(experiment.arms), "The arms at the defaults", y, HEIGHT)
    last = table[table["month"] == table["month"].max()]
    final_values = "; ".join(f"{row.arm} {factor * row.value:.3g}" for row in last.itertuples())
    caption = f"{quantity_title(experiment.curve)} over time, {unit}, at the end: {final_values}."
    return ClaimPicture(chart, caption, table)


def curve_panel(shown: pd.DataFrame, arms: Sequence[str], title: str, y_title: str, height: int) -> Any:
    """Return the curves of some arms; the height of a value is the same in all panels of a figure."""
    order = list(arms)
    # No arm is drawn as the baseline: grey and blue, both solid, look alike in print without colour.
    styles = assign_styles(order, base="")
    x = alt.Axis(grid=False, tickCount=6, labelFlush=False, **AXIS)
    y = alt.Scale(domain=[min(0.0, float(shown["value"].min())), float(shown["value"].max())], nice=True)
    return (
        alt.Chart(shown[shown["arm"].isin(order)])
        .mark_line(strokeWidth=2.2)
        .encode(
            x=alt.X("year:Q", title="Years since the start", axis=x),
            y=alt.Y("value:Q", title=y_title, scale=y, axis=alt.Axis(tickCount=5, **AXIS)),
            stroke=alt.Stroke(
                "arm:N", sort=order, scale=arm_scale(styles.values(), "colour"), legend=arm_legend(order)
            ),
            strokeDash=alt.StrokeDash(
                "arm:N", sort=order, scale=arm_scale(styles.values(), "dash"), legend=arm_legend(order)
            ),
        )
        .properties(width=WIDTH, height=height, title=panel_title(title))
    )


def arm_legend(order: Sequence[str]) -> alt.Legend:
    """Return the legend of arms."""
    return alt.Legend(
        orient="bottom", columns=2 if len(order) > 3 else len(order), title=None, labelFontSize=FONT_SIZE - 1,
        labelLimit=150, symbolType="stroke", symbolSize=300, offset=6,
    )  # fmt: skip


def arm_scale(styles: Any, sign: str) -> alt.Scale:
    """Return the scale from arms to colours or dashes."""
    arms: list[ArmStyle] = list(styles)
    values = [list(style.dash) if sign == "dash" else style.colour for style in arms]
    return alt.Scale(domain=[style.label for style in arms], range=values)


def quantity_title(quantity: str) -> str:
    """Return the name of a quantity as a title."""
    return TITLES.get(quantity, quantity.replace("_", " ").capitalize())


def heat_map(
    table: pd.DataFrame,
    *,
    x: tuple[str, str],
    y: tuple[str, str],
    value: tuple[str, str],
    title: str,
    domain: tuple[float, float],
    wide: bool = False,
) -> Any:
    """Return a map: a column and a title for each axis and for the value, which is in percentage points."""
    width, height = (WIDTH, HEIGHT) if wide else (104, 150)
    ends = [100.0 * end for end in domain]
    legend = alt.Legend(
        orient="bottom", gradientLength=200, gradientThickness=9, tickCount=5, title=value[1], titleLimit=WIDTH
    )
    return (
        alt.Chart(table.assign(**{value[0]: 100.0 * table[value[0]]}))
        .mark_rect()
        .encode(
            x=alt.X(f"{x[0]}:O", title=x[1], axis=alt.Axis(labelAngle=0, labelOverlap=True, **AXIS)),
            y=alt.Y(f"{y[0]}:O", title=y[1], sort="descending", axis=alt.Axis(labelOverlap=True, **AXIS)),
            color=alt.Color(f"{value[0]}:Q", scale=alt.Scale(scheme="viridis", domain=ends), legend=legend),
        )
        # Whole pixels a cell, or seams show between cells.
        .properties(
            title=panel_title(title),
            width=alt.Step(round(width / table[x[0]].nunique())),
            height=alt.Step(round(height / table[y[0]].nunique())),
        )
    )


def interval_bars(table: pd.DataFrame, title: str, name: str, value: str) -> Any:
    """Return bars with their intervals, the largest first."""
    table = table.assign(**{name: [str(text).replace(".", " ") for text in table[name]]})
    table = table.assign(**{column: 100.0 * table[column] for column in (value, "low", "high")})
    order = list(table.sort_values(value, ascending=False)[name])
    y = alt.Y(f"{name}:N", sort=order, title=None, axis=alt.Axis(labelLimit=140, **AXIS))
    base = alt.Chart(table).encode(y=y)
    axis = alt.Axis(tickCount=5, labelFlush=False, **AXIS)
    drawn = base.mark_bar(color="#0072B2", opacity=0.75).encode(
        x=alt.X(f"{value}:Q", title="Share of variance that involves it, %", axis=axis)
    )
    lines = base.mark_rule(color=INK, strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    return alt.layer(drawn, lines).properties(width=WIDTH - 60, height=18 * len(order), title=panel_title(title))


def evidence_rows(evidence: PartEvidence) -> pd.DataFrame:
    """Return the rows of a part's panel: two intervals, and the quantiles over plausible models between them."""
    factor, _ = quantity_unit(evidence.part.quantity)
    spread = {
        name: float(np.quantile(evidence.gains, q)) if evidence.gains.size else np.nan for name, q in QUANTILES.items()
    }
    rows = []
    for row, estimate in zip((ROWS[0], ROWS[2]), (evidence.defaults, evidence.ablated), strict=True):
        rows.append({"row": row, "value": estimate.difference, "low": estimate.low, "high": estimate.high})
    rows.insert(1, {"row": ROWS[1], "value": spread["p50"], "low": spread["p5"], "high": spread["p95"]})
    rows[1] |= {"inner_low": spread["p25"], "inner_high": spread["p75"]}
    table = pd.DataFrame(rows, columns=["row", "value", "low", "high", "inner_low", "inner_high"])
    numbers = table.columns.drop("row")
    return table.assign(**{name: factor * table[name] for name in numbers})


def part_panel(evidence: PartEvidence, verdict: str) -> Any:
    """Return the panel of one part."""
    table, (factor, unit) = evidence_rows(evidence), quantity_unit(evidence.part.quantity)
    if evidence.part.ablation is None:
        table = table[table["row"] != ROWS[2]]
    rows = [row for row in ROWS if row in set(table["row"])]
    y = alt.Y("row:N", sort=rows, title=None, axis=alt.Axis(labelLimit=120, ticks=False, domain=False, **AXIS))
    colour = alt.Color("row:N", scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())), legend=None)
    shape = alt.Shape("row:N", scale=alt.Scale(domain=list(SHAPES), range=list(SHAPES.values())), legend=None)
    title = f"Difference, {unit}"
    scale = alt.Scale(nice=True, padding=PADDING)
    x = alt.X("value:Q", title=title, scale=scale, axis=alt.Axis(tickCount=5, grid=True, labelFlush=False, **AXIS))
    rows_chart = alt.Chart(table).encode(y=y)
    marks = alt.Chart(pd.DataFrame({"at": [0.0, factor * evidence.part.smallest], "what": ["0", "matters"]}))
    lines = marks.mark_rule(color=SOFT_INK).encode(
        x="at:Q",
        strokeDash=alt.StrokeDash(
            "what:N", scale=alt.Scale(domain=["0", "matters"], range=[[1, 0], [4, 3]]), legend=None
        ),
    )
    layers = [
        lines,
        rows_chart.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", title=title, scale=scale), x2="high:Q", color=colour
        ),
        rows_chart.mark_bar(height=9, opacity=0.45).encode(x="inner_low:Q", x2="inner_high:Q", color=colour),
        rows_chart.mark_point(filled=True, size=60, opacity=1.0).encode(x=x, color=colour, shape=shape),
    ]
    heading = [*wrap_text(evidence.part.statement, 62), verdict.capitalize()]
    title_of = alt.TitleParams(
        heading[:-1], subtitle=heading[-1], anchor="start", frame="group", fontSize=TITLE_SIZE - 1, offset=4,
        subtitleColor=SOFT_INK, subtitleFontSize=FONT_SIZE - 1,
    )  # fmt: skip
    return alt.layer(*layers).properties(width=WIDTH, height=24 * len(rows), title=title_of)


def build_claim_figure(findings: ExperimentResult, picture: ClaimPicture, verdicts: Sequence[str]) -> Figure:
    """Return the figure of an experiment, its parts beside its picture."""
    experiment = findings.experiment
    panels = [part_panel(evidence, verdict) for evidence, verdict in zip(findings.evidence, verdicts, strict=True)]
    chart = alt.hconcat(picture.chart, alt.vconcat(*panels, spacing=14), spacing=30).resolve_scale(
        color="independent", shape="independent", stroke="independent", strokeDash="independent"
    )
    dressed = chart.properties(
        padding=10,
        title=alt.TitleParams(wrap_text(experiment.claim, 100), anchor="start", fontSize=TITLE_SIZE + 1, offset=10),
    )
    results = " ".join(
        f"{evidence.part.statement}: {verdict}." for evidence, verdict in zip(findings.evidence, verdicts, strict=True)
    )
    return Figure(experiment.name, experiment.claim, f"{picture.caption} {results}", picture.table, dressed)
