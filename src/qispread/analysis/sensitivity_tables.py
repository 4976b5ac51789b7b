"""The tables of a sensitivity analysis: the meaning of their columns, declared once."""

from dataclasses import dataclass

import pandas as pd

from qispread.common.deprecation import keep_former_members

RANKING_COLUMN = {"sobol": "total", "morris": "mu_star", "first_order": "first"}
"""The column by which parameters are ranked, by method."""
KEY_COLUMNS = {"month": "Month.", "parameter": "Path of the parameter."}
LOWER_END, UPPER_END = "Lower end of its 95% interval, by bootstrap.", "Upper end of its 95% interval."
FIRST_ORDER_MEANING = "Share of the variance between points that the parameter explains alone (first order)."
INDEX_COLUMNS: dict[str, dict[str, str]] = {
    "sobol": {
        **KEY_COLUMNS,
        "first": FIRST_ORDER_MEANING,
        "first_low": LOWER_END,
        "first_high": UPPER_END,
        "total": "Share that it explains alone or with others (total order index); noise adds to it.",
        "total_low": LOWER_END,
        "total_high": UPPER_END,
        "first_without_noise": "First order index without noise; absent with one replicate per point.",
        "total_without_noise": "Total order index without noise; too small where noise is correlated between points.",
        "blocks": "Blocks of points that were used.",
    },
    "morris": {
        **KEY_COLUMNS,
        "mu": "Mean elementary effect: change of the measure per step, scaled to the whole range.",
        "mu_star": "Mean absolute elementary effect.",
        "mu_star_low": LOWER_END,
        "mu_star_high": UPPER_END,
        "sigma": "Standard deviation of the elementary effects: large where they are nonlinear or interact.",
        "trajectories": "Trajectories that were used.",
    },
    "first_order": {
        **KEY_COLUMNS,
        "first": FIRST_ORDER_MEANING,
        "first_low": "Lower end of its 95% interval, by bootstrap; too wide for rbd_fast.",
        "first_high": UPPER_END,
        "estimator": "rbd_fast for parameters of many values, classes for few.",
        "points": "Points that were used.",
    },
}
PAIR_COLUMNS = {
    **KEY_COLUMNS,
    "other": "Path of another parameter.",
    "second": "Share of the variance between points that both explain together, beyond what each explains alone.",
    "low": LOWER_END,
    "high": UPPER_END,
}
VARIANCE_COLUMNS = {
    "month": "Month.",
    "points": "Points that were used.",
    "replicates": "Replicates of each point.",
    "variance": "Variance of single runs, in the square of the unit.",
    "parameters": "Share of the variance between points, the same in every replicate.",
    "between_replicates": "Share of the variance between replicates, the same at every point.",
    "both": "Remainder: interaction of parameters and replicates, and chance.",
    "noise_of_points": "Share of the variance between the means of points that is noise.",
}


@keep_former_members
@dataclass(frozen=True, eq=False)
class SensitivityResult:
    """Result of a sensitivity analysis of one measure.

    Attributes
    ----------
    method : {"sobol", "morris", "first_order"}
    measure, intervention : str
    indices : DataFrame
        A row for each month and parameter; columns as `INDEX_COLUMNS` has them by method.
    pairs : DataFrame
        Second order indices, columns as `PAIR_COLUMNS` has them; empty where the design has none.
    noise : DataFrame
        A row for each month, columns as `VARIANCE_COLUMNS` has them; empty with one replicate per point, which cannot
        separate noise from effect.
    notes : tuple of str
        What was left out, and how to read the tables.
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
        """The indices of the last month, the largest first."""
        latest = self.indices[self.indices["month"] == self.indices["month"].max()]
        ranked: pd.DataFrame = latest.sort_values(
            self.ranking_column, ascending=False, kind="stable", ignore_index=True
        )
        return ranked
