"""Maps of the network in a month: users by fidelity, organisations at the same positions in every map."""

from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.formatting import format_value
from qispread.outputs.figures.figure import UNTYPED_ALTAIR, Figure, apply_layout, figure_file_name
from qispread.outputs.figures.palette import INK, SOFT_INK

MAP_SIDE = 260
MAX_POINT_AREA, MIN_POINT_AREA, SHRINK_ABOVE = 70.0, 8.0, 150.0
"""Area of a point in pixels: at most, at least, and the organisations above which it shrinks."""
MAX_DRAWN_TIES = 4000
"""Ties above which a map leaves them out."""
TIE_COLOUR = "#C9C9C9"
FIDELITY_SCALE: Any = alt.Scale(scheme=alt.SchemeParams(name="viridis", extent=[1, 0]), domain=[0, 1])
"""From yellow (fidelity 0) to dark violet (fidelity 1); darker is more in print without colour too."""
LEGEND_TITLE = "Key: fidelity of users"
NOT_USING, PILOT_SITE = "not using", "pilot site"
LEGEND_ALT = (
    "Key of the maps. Users: from yellow, no core component intact, to dark violet, all intact. Hollow: not using the "
    "intervention. Ringed: pilot site."
)


def build_map_table(
    positions: NDArray[np.float64], ids: Any, fidelity: NDArray[np.float64], uses: Any, origin: Any
) -> pd.DataFrame:
    """Return the table of a map.

    Parameters
    ----------
    positions : array of (2, n)
        In [0, 1].
    ids : sequence of n str
    fidelity : array of n
    uses, origin : arrays of n bool
    """
    return pd.DataFrame(
        {
            "organisation": list(ids),
            "x": np.round(positions[0], 4),
            "y": np.round(positions[1], 4),
            "fidelity": np.where(uses, np.round(fidelity, 4), np.nan),
            "uses": np.asarray(uses, dtype=bool),
            "origin": np.asarray(origin, dtype=bool),
        }
    )


def tie_path(positions: NDArray[np.float64], first: Any, second: Any) -> pd.DataFrame:
    """Return ties as one broken path: both ends of each tie, then a row without a position."""
    ends = np.full((len(first), 3, 2), np.nan)
    ends[:, 0], ends[:, 1] = positions[:, first].T, positions[:, second].T
    flat = np.round(ends.reshape(-1, 2), 4)
    return pd.DataFrame({"step": np.arange(len(flat)), "x": flat[:, 0], "y": flat[:, 1]})


def map_figure(table: pd.DataFrame, ties: pd.DataFrame, arm: str, label: str, position: int, month: int) -> Figure:
    """Return the map of one arm in one month."""
    using = table[table["uses"]]
    share, title = len(using) / len(table), f"Month {month}, {label}"
    fidelity = ""
    if len(using):
        fidelity = f", with a mean fidelity of {format_value(float(using['fidelity'].mean()), 'percent')}"
    return Figure(
        name=figure_file_name("map", position, f"month {month}", arm),
        title=title,
        alt=f"Map of the network in month {month}, {arm}: {format_value(share, 'percent')} of organisations use the "
        f"intervention{fidelity}.",
        table=table,
        chart=map_chart(table, ties, title),
    )


def map_chart(table: pd.DataFrame, ties: pd.DataFrame, title: str) -> Any:
    """Return ties as thin lines, users as filled points, other organisations hollow, pilot sites ringed."""
    size = max(MIN_POINT_AREA, MAX_POINT_AREA * min(1.0, SHRINK_ABOVE / len(table)))
    scale = alt.Scale(domain=[-0.03, 1.03], nice=False, zero=False)
    x, y = alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale)
    layers = []
    if 0 < len(ties) <= 3 * MAX_DRAWN_TIES:
        path = alt.Chart(ties).mark_line(
            color=TIE_COLOUR, strokeWidth=0.7, invalid="break-paths-filter-domains", interpolate="linear"
        )
        layers.append(path.encode(x=x, y=y, order=alt.Order("step:Q")))
    not_using, using, origin = table[~table["uses"]], table[table["uses"]], table[table["origin"]]
    layers += [
        alt.Chart(not_using[["x", "y"]])
        .mark_point(filled=False, size=size, stroke=SOFT_INK, strokeWidth=0.9, fill="white")
        .encode(x=x, y=y),
        alt.Chart(using[["x", "y", "fidelity"]])
        .mark_circle(size=size * 1.25, opacity=1.0, stroke="white", strokeWidth=0.4)
        .encode(x=x, y=y, color=alt.Color("fidelity:Q", scale=FIDELITY_SCALE, legend=None)),
        alt.Chart(origin[["x", "y"]])
        .mark_point(size=size * 5.0, stroke=INK, strokeWidth=1.6, filled=False)
        .encode(x=x, y=y),
    ]
    return apply_layout(alt.layer(*layers), title, width=MAP_SIDE, height=MAP_SIDE + 24)


def map_legend_figure() -> Figure:
    """Return the legend of all maps."""
    steps = pd.DataFrame({"fidelity": np.round(np.linspace(0.0, 0.98, 50), 2)})
    steps["end"] = steps["fidelity"] + 0.02
    signs = pd.DataFrame({"x": [1.2, 1.2], "y": [8.0, 28.0], "sign": [NOT_USING, PILOT_SITE]})
    return Figure(
        name="map-key",
        title=LEGEND_TITLE,
        alt=LEGEND_ALT,
        table=steps,
        chart=apply_layout(map_legend_chart(steps, signs), LEGEND_TITLE, height=84),
    )


def map_legend_chart(steps: pd.DataFrame, signs: pd.DataFrame) -> Any:
    """Return a strip of the colour scale, with the symbols beside it."""
    ticks = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], domain=False)
    x = alt.X("fidelity:Q", title=None, axis=ticks, scale=alt.Scale(domain=[0, 1.9], nice=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 36], nice=False, reverse=True))
    colour = alt.Color("fidelity:Q", scale=FIDELITY_SCALE, legend=None)
    wide = {"x2": alt.X2("end"), "y": UNTYPED_ALTAIR.YValue(8), "y2": UNTYPED_ALTAIR.Y2Value(24)}
    strip = alt.Chart(steps).mark_rect().encode(x=x, **wide, color=colour)
    base = alt.Chart(signs).encode(x=alt.X("x:Q", title=None, axis=ticks), y=y)
    not_using, origin = (base.transform_filter(alt.datum.sign == sign) for sign in signs["sign"])
    return alt.layer(
        strip,
        not_using.mark_point(filled=False, size=60, stroke=SOFT_INK, strokeWidth=0.9),
        origin.mark_point(filled=False, size=180, stroke=INK, strokeWidth=1.6),
        base.mark_text(align="left", dx=14, color=INK).encode(text=alt.Text("sign:N")),
    )
