"""The charts of the report, live: each drawn once by the same function, sent without its numbers."""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.formatting import lower_first
from qispread.model.measures import MEASURES
from qispread.outputs.figures.curve_figures import curve_figure, curve_spec, time_axis
from qispread.outputs.figures.figure import Figure, vega_specification
from qispread.outputs.figures.palette import assign_styles

CURVE_HEIGHT = 162
"""Pixels of a curve: three stand above one another on a first screen, each with its unit in its title."""
CURVE_DIGITS = 6
BAND_PARTS = ("median", "p5", "p95")


def build_curve_table(arms: dict[str, NDArray[np.float64]]) -> pd.DataFrame:
    """Return the table of a curve from the bands of each arm, (3, horizon + 1)."""
    return pd.concat(
        [
            pd.DataFrame(
                {"arm": name, "month": np.arange(values.shape[1]), **dict(zip(BAND_PARTS, values, strict=True))}
            )
            for name, values in arms.items()
        ],
        ignore_index=True,
    )


def curve_figure_for_page(measure: str, arms: dict[str, NDArray[np.float64]], *, height: int = CURVE_HEIGHT) -> Figure:
    """Return the figure of a measure over time in some arms, the first grey, as the report draws it."""
    horizon = next(iter(arms.values())).shape[1] - 1
    one = curve_spec(measure)
    if height == CURVE_HEIGHT:
        one = replace(one, title=f"{one.title}: {lower_first(one.unit)}", unit="")
    return curve_figure(build_curve_table(arms), one, assign_styles(arms, next(iter(arms))), horizon, height=height)


@lru_cache(maxsize=256)
def empty_chart(measure: str, horizon: int, size: float, names: tuple[str, ...]) -> str:
    """Return a chart without its numbers, as JSON: its specification, the name of its data and its unit of time.

    Parameters
    ----------
    measure : str
    horizon : int
    size : float
        A number as large as the largest shown: the axis is written for it.
    names : tuple of str
        Of the arms.
    """
    arms = {name: np.full((3, horizon + 1), size) for name in names}
    figure = curve_figure_for_page(measure, arms)
    found = vega_specification(figure)
    (data,) = found["datasets"]
    return json.dumps(
        {
            "measure": measure,
            "title": figure.title,
            "data": data,
            "unit": time_axis(horizon)[0],
            "specification": {**found, "datasets": {data: []}},
        }
    )


def chart_without_numbers(measure: str, arms: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Return a chart without its numbers, with a mark by which the page knows whether it has drawn it before."""
    known = [float(np.nanmax(np.abs(values))) for values in arms.values() if not np.isnan(values).all()]
    largest = max(known, default=0.0)
    # Two sizes are enough: axes are written differently from a thousand on, and shares may exceed one.
    percent = MEASURES[measure].is_percent
    size = (1.0 if largest <= 1.0 else 2.0) if percent else (999.0 if largest < 1000.0 else 1000.0)
    horizon = next(iter(arms.values())).shape[1] - 1
    found: dict[str, Any] = json.loads(empty_chart(measure, horizon, size, tuple(arms)))
    return {"mark": f"{measure}-{horizon}-{size:g}-{'-'.join(arms)}", **found}


def to_json_numbers(values: NDArray[np.float64]) -> list[Any]:
    """Return numbers for JSON: rounded, and null where there is none."""
    rounded = np.round(values, CURVE_DIGITS)
    return [None if np.isnan(one) else one for one in rounded.tolist()]
