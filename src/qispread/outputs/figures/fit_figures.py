"""Figures of a diffusion fit: curves, exposure at adoption, times across ties, and gains in held-out communities."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from qispread.outputs.figures.figure import (
    HEIGHT,
    Figure,
    apply_layout,
    build_title,
    colour_encoding,
    dash_encoding,
    figure_file_name,
    legend_height,
    shape_encoding,
    wrap_title,
    zero_line,
)
from qispread.outputs.figures.interval_figures import interval_chart
from qispread.outputs.figures.palette import INK, assign_styles
from qispread.runs.diffusion_fit.fit_diffusion import DiffusionFit
from qispread.runs.diffusion_fit.fit_tables import EXPOSURE_CLASSES

SHOWN_MODELS = ("independent_by_period", "contact_by_period")
"""The two models that differ in contagion only, both with an external influence for each period."""
MODEL_LABELS = {
    "independent": "External influence only",
    "bass": "Bass, no network",
    "community": "Own community",
    "contact": "Contagion through ties",
    "reinforcement": "Reinforcement (share of ties)",
}
BY_PERIOD = ", by period"
CURVE_TITLE = "Adoption, observed and simulated"
THRESHOLDS_TITLE = "Exposure at adoption"
TIES_TITLE = "Correlation of adoption times across ties"
GAINS_TITLE = "Gain from contagion in held-out communities"
CURVE_KEY = "Rings: observed. Lines and bands: median and 9 in 10 simulated runs."
THRESHOLDS_KEY = "Black bars: observed. Points and lines: median and 9 in 10 simulated runs."
TIES_KEY = (
    "Black line: observed. Points and bars: median and 9 in 10 simulated runs; of permutations, mean and 90% range. "
    "Dashed: no correlation."
)
GAINS_KEY = "Right of the dashed line, contagion through ties predicts a community better."
NORMAL_QUANTILE_95 = 1.6448536269514722
OBSERVED_LABEL, SHUFFLED_LABEL = "observed", "Permuted"


def model_label(model: str) -> str:
    """Return the label of a model in figures."""
    base = model.removesuffix("_by_period")
    return MODEL_LABELS[base] + (BY_PERIOD if base != model else "")


def percent_axis(low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    """Return scale and axis of shares in per cent."""
    return {
        "scale": alt.Scale(domain=[low, high], nice=False),
        "axis": alt.Axis(format=".0%", tickCount=5),
    }


def rows_of_shown_models(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the models that are drawn, with their labels."""
    rows = table[table["model"].isin(SHOWN_MODELS)]
    return rows.assign(arm=[model_label(name) for name in rows["model"]])


def observed_points(frame: pd.DataFrame, x: Any, y: Any) -> Any:
    """Return the layer of observed values, as rings."""
    mark = alt.Chart(frame).mark_point(shape="circle", color=INK, size=34, filled=False, strokeWidth=1.6, opacity=1.0)
    return mark.encode(x=x, y=y)


def adoption_curve_figure(fit: DiffusionFit) -> Figure:
    """Return the adoption curve: observed as rings, two models as medians with 9 in 10 runs."""
    table = rows_of_shown_models(fit.tables["curve"])
    styles = list(assign_styles(dict.fromkeys(table["arm"])).values())
    periods, unit = fit.observed.periods, fit.observed.unit
    x = alt.X(
        "period:Q",
        title=unit.capitalize(),
        scale=alt.Scale(domain=[1, periods], nice=False),
        axis=alt.Axis(tickCount=6, format="d", tickMinStep=1),
    )
    y = alt.Y("median:Q", title="Share of people who have adopted", **percent_axis())
    base, seen = alt.Chart(table), table[table["model"] == SHOWN_MODELS[0]][["period", OBSERVED_LABEL]]
    chart = alt.layer(
        base.mark_area(fillOpacity=0.16, opacity=1.0).encode(
            x=x, y=alt.Y("p5:Q", **percent_axis()), y2="p95:Q", color=colour_encoding(styles)
        ),
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour_encoding(styles), strokeDash=dash_encoding(styles)),
        observed_points(seen, x, alt.Y(f"{OBSERVED_LABEL}:Q", **percent_axis())),
    )
    last = table[table["period"] == periods]
    description = "; ".join(f"{row.arm} {row.median:.0%} ({row.p5:.0%} to {row.p95:.0%})" for row in last.itertuples())
    return Figure(
        name="fit-curve",
        title=CURVE_TITLE,
        alt=f"Share of people who have adopted, by {unit}. At the end: observed {last[OBSERVED_LABEL].iloc[0]:.0%}; "
        f"median of simulated runs, with 9 in 10 of them: {description}.",
        table=table.drop(columns="arm"),
        chart=apply_layout(chart, CURVE_TITLE, height=HEIGHT + legend_height(styles), key=CURVE_KEY),
        note=CURVE_KEY,
    )


def thresholds_figure(fit: DiffusionFit) -> Figure | None:
    """Return the figure of exposure at adoption; None where no explained adopter has ties."""
    table = rows_of_shown_models(fit.tables["thresholds"])
    if table[OBSERVED_LABEL].isna().all():
        return None
    styles = list(assign_styles(dict.fromkeys(table["arm"])).values())
    top = float(np.ceil(10.0 * np.nanmax(table[["p95", OBSERVED_LABEL]].to_numpy()) + 0.2) / 10.0)
    shares: dict[str, Any] = percent_axis(high=min(1.0, top))
    x = alt.X("share_of_ties:N", sort=list(EXPOSURE_CLASSES), title="Share of ties that had adopted before",
              axis=alt.Axis(labelAngle=0, labelOverlap=False))  # fmt: skip
    y, beside = alt.Y("median:Q", title="Share of adopters", **shares), alt.XOffset("arm:N")
    base, seen = alt.Chart(table), table[table["model"] == SHOWN_MODELS[0]][["share_of_ties", OBSERVED_LABEL]]
    chart = alt.layer(
        base.mark_rule(strokeWidth=2).encode(
            x=x, xOffset=beside, y=alt.Y("p5:Q", **shares), y2="p95:Q", color=colour_encoding(styles, points=True)
        ),
        base.mark_point(filled=True, size=46, opacity=1.0).encode(
            x=x, xOffset=beside, y=y, color=colour_encoding(styles, points=True), shape=shape_encoding(styles)
        ),
        alt.Chart(seen)
        .mark_tick(color=INK, thickness=2, size=44)
        .encode(x=x, y=alt.Y(f"{OBSERVED_LABEL}:Q", **shares)),
    )
    description = "; ".join(
        f"{row.share_of_ties}: {row.observed:.0%} observed, {row.arm} {row.p5:.0%} to {row.p95:.0%}"
        for row in table.itertuples()
    )
    return Figure(
        name="fit-thresholds",
        title=THRESHOLDS_TITLE,
        alt="Share of adopters by the share of their ties that had adopted before, with 9 in 10 simulated runs. "
        f"{description}.",
        table=table.drop(columns="arm"),
        chart=apply_layout(chart, THRESHOLDS_TITLE, height=HEIGHT + legend_height(styles), key=THRESHOLDS_KEY),
        note=THRESHOLDS_KEY,
    )


def correlation_rows(fit: DiffusionFit) -> pd.DataFrame:
    """Return the correlation across ties under permutation and under each model, with 9 in 10 of each."""
    permuted, checks = fit.tables["shuffles"].iloc[0], fit.tables["checks"]
    checks = checks[(checks["quantity"] == permuted["statistic"]) & checks["model"].isin(SHOWN_MODELS)]
    mean, half = permuted["mean"], NORMAL_QUANTILE_95 * float(permuted["spread"])
    rows = [{"row": SHUFFLED_LABEL, "value": mean, "low": mean - half, "high": mean + half}]
    rows += [
        {"row": model_label(row.model), "value": row.median, "low": row.p5, "high": row.p95}
        for row in checks.itertuples()
    ]
    return pd.DataFrame(rows).assign(observed=permuted["observed"])


def correlation_figure(fit: DiffusionFit) -> Figure | None:
    """Return the figure of the correlation of times across ties under chance and models; None where there is none."""
    rows = correlation_rows(fit)
    if np.isnan(rows["observed"].iloc[0]) or rows["value"].isna().all():
        return None
    styles = list(assign_styles((*map(model_label, SHOWN_MODELS), SHUFFLED_LABEL)).values())
    labelled_rows = rows.assign(arm=rows["row"])
    chart = interval_chart(labelled_rows, TIES_TITLE, "Correlation across ties", "number", styles, key=TIES_KEY)
    seen = alt.Chart(alt.InlineData([{}])).mark_rule(color=INK, strokeWidth=2)
    value = float(rows["observed"].iloc[0])
    chart.layer = [seen.encode(x=alt.XDatum(value)), *chart.layer]
    description = "; ".join(f"{row.row} {row.value:.3f} ({row.low:.3f} to {row.high:.3f})" for row in rows.itertuples())
    permuted = fit.tables["shuffles"].iloc[0]
    return Figure(
        name="fit-ties",
        title=TIES_TITLE,
        alt=f"Correlation of adoption times across ties: observed {value:.3f}; expected, with 9 in 10: {description}. "
        f"Permutation test: p = {permuted['p']:.4f}, Monte Carlo error {permuted['error']:.4f}.",
        table=rows,
        chart=chart,
        note=TIES_KEY,
    )


def gains_figure(fit: DiffusionFit) -> Figure | None:
    """Return the figure of the gain from contagion in each held-out community; None where none was held out."""
    scores = fit.tables["scores"]
    if scores.empty:
        return None
    wide = scores.pivot_table(index="community", columns="model", values="score", sort=False)
    table = (
        pd.DataFrame({"gain": wide[SHOWN_MODELS[1]] - wide[SHOWN_MODELS[0]]})
        .sort_values("gain", kind="stable")
        .reset_index()
    )
    table["rank"] = np.arange(1, len(table) + 1)
    table["arm"] = np.where(table["gain"] > 0.0, "Better", "Worse")
    styles = list(assign_styles(("Better", "Worse")).values())
    x = alt.X(
        "gain:Q",
        title="Gain in log-likelihood",
        axis=alt.Axis(grid=True, tickCount=5),
        scale=alt.Scale(nice=True, padding=6),
    )
    y = alt.Y("rank:O", title="Communities, by gain", axis=alt.Axis(labels=False, ticks=False))
    points = alt.Chart(table).mark_point(filled=True, size=40, opacity=1.0)
    channels = {"color": colour_encoding(styles, points=True), "shape": shape_encoding(styles)}
    row = fit.comparison(SHOWN_MODELS[1], SHOWN_MODELS[0])
    better = int((table["gain"] > 0.0).sum())
    return Figure(
        name="fit-gains",
        title=GAINS_TITLE,
        alt="Gain of contagion through ties over external influence only, both with an external influence for each "
        f"period, in the log-probability of the history of each held-out community: {better} of {len(table)} are "
        f"predicted better; mean {row['gain']:.2f} "
        f"({row['low']:.2f} to {row['high']:.2f}).",
        table=table.drop(columns=["arm", "rank"]),
        chart=apply_layout(alt.layer(zero_line(), points.encode(x=x, y=y, **channels)), GAINS_TITLE,
                      height=HEIGHT + legend_height(styles), key=GAINS_KEY),
        note=GAINS_KEY,
    )  # fmt: skip


def fit_figures(fit: DiffusionFit) -> Sequence[Figure]:
    """Return all figures of a fit that have data."""
    figures = (adoption_curve_figure(fit), thresholds_figure(fit), correlation_figure(fit), gains_figure(fit))
    return [figure for figure in figures if figure is not None]


def rename_for_study(figure: Figure, stem: str, study: str) -> Figure:
    """Return a figure with the name of a study in its file name and above its title."""
    name = figure_file_name(stem, figure.name.removeprefix("fit-"))
    title = build_title([study, *wrap_title(figure.title)], figure.note)
    return replace(figure, name=name, alt=f"{study}. {figure.alt}", chart=figure.chart.properties(title=title))
