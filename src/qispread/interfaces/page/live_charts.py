"""Chart specifications for the page: the figures of the report, sent without their data."""

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
"""Height of a curve in pixels: three fit on the first screen, each with its unit in its title."""
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
    """Return the report's figure of a measure over time in some arms, the first in grey."""
    horizon = next(iter(arms.values())).shape[1] - 1
    curve = curve_spec(measure)
    if height == CURVE_HEIGHT:
        curve = replace(curve, title=f"{curve.title}: {lower_first(curve.unit)}", unit="")
    return curve_figure(build_curve_table(arms), curve, assign_styles(arms, next(iter(arms))), horizon, height=height)


@lru_cache(maxsize=256)
def empty_chart(measure: str, horizon: int, size: float, names: tuple[str, ...]) -> str:
    """Return a chart without its data as JSON: specification, name of the data set and unit of time.

    Parameters
    ----------
    measure : str
    horizon : int
    size : float
        Largest value, which the axis must fit.
    names : tuple of str
        Names of the arms.
    """
    arms = {name: np.full((3, horizon + 1), size) for name in names}
    figure = curve_figure_for_page(measure, arms)
    specification = vega_specification(figure)
    (data,) = specification["datasets"]
    return json.dumps(
        {
            "measure": measure,
            "title": figure.title,
            "data": data,
            "unit": time_axis(horizon)[0],
            "specification": {**specification, "datasets": {data: []}},
        }
    )


def chart_without_numbers(measure: str, arms: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """Return a chart without its data, with an id by which the page reuses a chart that it has drawn."""
    known = [float(np.nanmax(np.abs(values))) for values in arms.values() if not np.isnan(values).all()]
    largest = max(known, default=0.0)
    size = axis_size(largest, percent=MEASURES[measure].is_percent)
    horizon = next(iter(arms.values())).shape[1] - 1
    chart: dict[str, Any] = json.loads(empty_chart(measure, horizon, size, tuple(arms)))
    return {"chart_id": f"{measure}-{horizon}-{size:g}-{'-'.join(arms)}", **chart}


def axis_size(largest: float, *, percent: bool) -> float:
    """Return the size that an axis is made for: shares may exceed 1, and labels change format at 1,000."""
    if percent:
        return 1.0 if largest <= 1.0 else 2.0
    return 999.0 if largest < 1000.0 else 1000.0


def to_json_numbers(values: NDArray[np.float64]) -> list[Any]:
    """Return numbers for JSON: rounded, with None for NaN."""
    rounded = np.round(values, CURVE_DIGITS)
    return [None if np.isnan(value) else value for value in rounded.tolist()]
