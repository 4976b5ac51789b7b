"""Two pictures: the window of cascades, and four curves of growth."""

from collections.abc import Iterator
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from experiments.validation import cascades, hearing_growth
from experiments.validation.exact_cascades import cascade_size, cascade_window, trigger_probability
from experiments.validation.exact_growth import bass_chain, ring_chain
from experiments.validation.scenarios import measure_by_month
from qispread.outputs.figures.figure import HEIGHT, Figure, apply_layout, colour_encoding, legend_height, shape_encoding
from qispread.outputs.figures.palette import SOFT_INK, assign_styles

FREQUENCY, SIZE = "Frequency from one seed", "Share reached"
DENSE = np.unique(np.concatenate((np.linspace(0.5, 8.0, 151), np.linspace(1.0, 1.1, 21), np.linspace(5.5, 5.8, 61))))
"""Mean degrees at which the exact curves are drawn."""
EVERY = 4
"""Months between the points of a curve."""


def exact_cascade_table() -> pd.DataFrame:
    """Return the exact frequency and size of global cascades by mean degree."""
    lower, upper = cascade_window(cascades.SHARE)
    rows = []
    for degree in DENSE:
        inside = lower < degree < upper
        often = trigger_probability(float(degree), cascades.NUMBER, cascades.SHARE) if inside else 0.0
        rows.append({"mean_degree": degree, "value": often, "arm": FREQUENCY})
        if inside:
            size = cascade_size(float(degree), cascades.NUMBER, cascades.SHARE)
            rows.append({"mean_degree": degree, "value": size, "arm": SIZE})
    return pd.DataFrame(rows)


def simulated_points(table: pd.DataFrame) -> pd.DataFrame:
    """Return the simulated frequency and size with three standard errors to either side."""
    pieces = []
    for name, what in (("frequency", FREQUENCY), ("size", SIZE)):
        value, error = table[name], 3.0 * table[f"{name}_error"].fillna(0.0)
        bounds = {"low": (value - error).clip(lower=0.0), "high": (value + error).clip(upper=1.0)}
        pieces.append(pd.DataFrame({"mean_degree": table["mean_degree"], "value": value, **bounds, "arm": what}))
    return pd.concat(pieces).dropna()


def window_figure(replicates: int) -> Figure:
    """Return the picture of the cascade window: exact curves, simulated points, and the window shaded."""
    table = cascades.sweep_table(replicates)
    lower, upper = cascade_window(cascades.SHARE)
    styles = list(assign_styles((FREQUENCY, SIZE)).values())
    colour, shape = colour_encoding(styles, points=True), shape_encoding(styles)
    x = alt.X("mean_degree:Q", title="Mean degree", scale=alt.Scale(domain=[0, 8], nice=False))
    y = alt.Y("value:Q", title="Share", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%", tickCount=5))
    shade = alt.Chart(alt.InlineData([{"low": lower, "high": upper}])).mark_rect(color=SOFT_INK, opacity=0.1)
    seen = alt.Chart(simulated_points(table))
    chart = alt.layer(
        shade.encode(x=alt.X("low:Q"), x2="high:Q"),
        alt.Chart(exact_cascade_table()).mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
        seen.mark_rule(strokeWidth=1.5).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        seen.mark_point(filled=True, size=34, opacity=1.0).encode(x=x, y=y, color=colour, shape=shape),
    )
    title = f"Global cascades at a threshold of {cascades.SHARE:g}: lines exact, points simulated"
    return Figure(
        name="validation-window",
        title=title,
        alt=f"Share against mean degree from 0.5 to 8. Between {lower:.2f} and {upper:.2f}, shaded, one seed can start "
        "a global cascade. Simulated frequencies and sizes are on the exact lines up to a mean degree of about 5; "
        f"beyond, {cascades.NUMBER:,} organisations have more cascades than an infinite graph.",
        table=table,
        chart=apply_layout(chart, title, height=HEIGHT + legend_height(styles)),
    )


def growth_curves(replicates: int) -> Iterator[pd.DataFrame]:
    """Yield the exact and the simulated mean of four kinds of growth, month by month."""
    kinds = (
        ("By contact, complete", hearing_growth.SI_COMPLETE, hearing_growth.COMPLETE),
        ("Bass, complete", hearing_growth.BASS_COMPLETE, hearing_growth.COMPLETE),
        ("By contact, ring", hearing_growth.SI_RING, hearing_growth.RING),
        ("Bass, ring", hearing_growth.BASS_RING, hearing_growth.RING),
    )
    for index, (name, growth, network) in enumerate(kinds):
        shares = measure_by_month(hearing_growth.simulate_growth(growth, network, replicates, index), "current_use")
        numbers = (growth.followers, growth.broadcast, growth.contact, growth.months)
        exact = bass_chain(*numbers)[0] if network is hearing_growth.COMPLETE else ring_chain(*numbers)
        error = shares.std(axis=0, ddof=1) / np.sqrt(replicates)
        months = np.arange(growth.months + 1)
        yield pd.DataFrame({"arm": name, "month": months, "ours": shares.mean(axis=0), "error": error, "exact": exact})


def growth_figure(replicates: int) -> Figure:
    """Return the picture of growth by hearing alone: lines exact, points simulated."""
    table = pd.concat(list(growth_curves(replicates)), ignore_index=True)
    styles = list(assign_styles(dict.fromkeys(table["arm"])).values())
    colour, shape = colour_encoding(styles, points=True), shape_encoding(styles)
    x = alt.X("month:Q", title="Months since the start", scale=alt.Scale(domain=[0, 60], nice=False))
    scale, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", tickCount=5)
    spots: Any = alt.Chart(table[table["month"] % EVERY == 0]).mark_point(filled=True, size=30, opacity=1.0)
    chart = alt.layer(
        alt.Chart(table)
        .mark_line(strokeWidth=2)
        .encode(
            x=x, y=alt.Y("exact:Q", title="Current use (% of organisations)", scale=scale, axis=axis), color=colour
        ),
        spots.encode(x=x, y=alt.Y("ours:Q", scale=scale), color=colour, shape=shape),
    )
    furthest = float((table["ours"] - table["exact"]).abs().max())
    title = "Spread by hearing alone: lines exact, points simulated"
    return Figure(
        name="validation-growth",
        title=title,
        alt=f"Share of users over 60 months for {len(styles)} kinds of growth; means of {replicates:,} runs are on "
        f"the exact lines, at most {furthest:.3f} away.",
        table=table,
        chart=apply_layout(chart, title, height=HEIGHT + legend_height(styles)),
    )
