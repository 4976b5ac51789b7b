"""The tables of a sensitivity analysis: what their columns mean, declared once."""

from dataclasses import dataclass

import pandas as pd

from qispread.common.deprecation import keep_former_members

RANKING_COLUMN = {"sobol": "total", "morris": "mu_star", "first_order": "first"}
"""The column by which parameters are ranked, by method."""
KEY_COLUMNS = {"month": "Month.", "parameter": "Path of the parameter."}
LOWER_END, UPPER_END = "Lower end of its 95 % interval, by bootstrap.", "Upper end of it."
FIRST_ORDER_MEANING = "Share of the variance between points that the parameter makes by itself."
INDEX_COLUMNS: dict[str, dict[str, str]] = {
    "sobol": {
        **KEY_COLUMNS,
        "first": FIRST_ORDER_MEANING,
        "first_low": LOWER_END,
        "first_high": UPPER_END,
        "total": "Share of it in which the parameter takes part, alone or with others; noise adds to it.",
        "total_low": LOWER_END,
        "total_high": UPPER_END,
        "first_without_noise": "The first with the noise of the points taken off; absent with one world a point.",
        "total_without_noise": "The total likewise; somewhat too small where noise is alike at neighbouring points.",
        "blocks": "Blocks of points that were used.",
    },
    "morris": {
        **KEY_COLUMNS,
        "mu": "Mean elementary effect: the change of the measure for a step, as if over the whole range.",
        "mu_star": "Mean size of the elementary effects.",
        "mu_star_low": LOWER_END,
        "mu_star_high": UPPER_END,
        "sigma": "Their standard deviation: large beside mu_star where it is not linear or depends on the others.",
        "trajectories": "Walks that were used.",
    },
    "first_order": {
        **KEY_COLUMNS,
        "first": FIRST_ORDER_MEANING,
        "first_low": "Lower end of its 95 % interval, by bootstrap; of rbd_fast rather too wide.",
        "first_high": UPPER_END,
        "estimator": "rbd_fast for many values, classes for few.",
        "points": "Points that were used.",
    },
}
PAIR_COLUMNS = {
    **KEY_COLUMNS,
    "other": "Path of another parameter.",
    "second": "Share of the variance between points that the two make together, beyond what each makes by itself.",
    "low": LOWER_END,
    "high": UPPER_END,
}
VARIANCE_COLUMNS = {
    "month": "Month.",
    "points": "Points that were used.",
    "replicates": "Worlds of each point.",
    "variance": "Variance of single runs, in the square of the unit.",
    "parameters": "Share of it between points, the same in every world.",
    "between_replicates": "Share of it between worlds, the same at every point.",
    "both": "What is left: what parameters do in one world and not in another, and chance.",
    "noise_of_points": "Share of the variance between the points' levels that is noise.",
}


@keep_former_members
@dataclass(frozen=True, eq=False)
class SensitivityResult:
    """What a measure depends on.

    Attributes
    ----------
    method : {"sobol", "morris", "first_order"}
    measure, intervention : str
    indices : DataFrame
        A row a month and parameter; columns as `INDEX_COLUMNS` has them by method.
    pairs : DataFrame
        Second order indices, columns as `PAIR_COLUMNS` has them; empty where the design has none.
    noise : DataFrame
        A row a month, columns as `VARIANCE_COLUMNS` has them; empty with one world a point, which cannot separate noise
        from effect.
    notes : tuple of str
        What was left out, and what must be known to read the tables.
    """

    method: str
    measure: str
    intervention: str
    indices: pd.DataFrame
    pairs: pd.DataFrame
    noise: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def ranking_column(self) -> str:
        """The column by which parameters are ranked."""
        return RANKING_COLUMN[self.method]

    @property
    def final_indices(self) -> pd.DataFrame:
        """The indices of the last month, the most telling parameter first."""
        latest = self.indices[self.indices["month"] == self.indices["month"].max()]
        ranked: pd.DataFrame = latest.sort_values(
            self.ranking_column, ascending=False, kind="stable", ignore_index=True
        )
        return ranked
