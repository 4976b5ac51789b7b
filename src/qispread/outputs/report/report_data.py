"""Data for all sections: results, the arms that charts show, and values by arm and month."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.formatting import lower_first
from qispread.inputs.cross_checks import POOLED, organisation_ids
from qispread.model.measures import MEASURES
from qispread.outputs.figures.curve_figures import MAX_BANDS
from qispread.outputs.figures.figure import to_records
from qispread.outputs.figures.palette import ArmStyle, assign_styles
from qispread.outputs.report.blocks import BulletList
from qispread.outputs.report.read_results import DIFFERENCES_TABLE, ResultsFolder
from qispread.outputs.text.labels import select_own
from qispread.outputs.text.sentences import DifferenceStatement, difference_from_row
from qispread.runs.comparison import BASELINE_ARM
from qispread.runs.comparison.paired_statistics import monthly_means
from qispread.runs.summary import percentile_of_sorted

MAX_SHOWN_ARMS = 7
"""Arms other than the baseline that charts and long tables show; those that rank first, where there are more."""
SHOWN_MONTH_SHARES = (0.1, 0.3, 0.5, 1.0)
"""Shares of the horizon at which maps and bars are drawn."""


@dataclass(frozen=True, eq=False)
class ReportData:
    """Results, as the sections of a report need them."""

    results: ResultsFolder

    @cached_property
    def ranked_arms(self) -> list[str]:
        """The arms other than the baseline, ranked by the mean difference in the headline measure."""
        if not self.results.comparison:
            return []
        sign = -1.0 if MEASURES[self.results.measure].better == "less" else 1.0
        differences = self.differences(self.results.measure)
        merit = {name: sign * difference.value for name, difference in differences.items()}
        return sorted(self.results.other_arms, key=lambda name: -np.nan_to_num(merit.get(name, np.nan), nan=-np.inf))

    @property
    def best_arm(self) -> str:
        """The best arm other than the baseline; for a single scenario, its name."""
        return next(iter([*self.ranked_arms, self.results.base_arm.name]))

    @cached_property
    def shown_arms(self) -> list[str]:
        """The arms that charts show, the baseline first."""
        selected = set(self.ranked_arms[:MAX_SHOWN_ARMS])
        return [self.results.base_arm.name, *(name for name in self.results.other_arms if name in selected)]

    @cached_property
    def styles(self) -> dict[str, ArmStyle]:
        """The style of each arm that is shown."""
        return assign_styles(self.shown_arms, BASELINE_ARM)

    @property
    def arm_styles(self) -> dict[str, ArmStyle]:
        """The styles of the arms other than the baseline."""
        return {name: style for name, style in self.styles.items() if name != BASELINE_ARM}

    @property
    def omitted_arm_count(self) -> int:
        """Number of arms that charts do not show."""
        return max(0, len(self.results.other_arms) - MAX_SHOWN_ARMS)

    @cached_property
    def own_measures(self) -> tuple[str, ...]:
        """The measures of the user's own in the results, in the order of their columns."""
        differences = self.results.tables.get(DIFFERENCES_TABLE)
        return select_own((self.results.base_arm.summary if differences is None else differences)["measure"])

    @property
    def months_shown(self) -> list[int]:
        """Months at which maps and bars are drawn, the last included."""
        return sorted({max(1, round(share * self.results.horizon)) for share in SHOWN_MONTH_SHARES})

    @cached_property
    def organisation_count(self) -> int | None:
        """Number of organisations, where the scenario can be read."""
        scenario = self.results.base_arm.scenario
        return len(organisation_ids(scenario)) if scenario is not None else None

    def table(self, name: str) -> pd.DataFrame | None:
        """Return a table of the comparison, or None where there is none or it is empty."""
        table = self.results.tables.get(name)
        return table if table is not None and len(table) else None

    def curve(self, measure: str) -> pd.DataFrame:
        """Return median and percentiles over runs of a measure by arm and month, for the arms shown."""
        pieces = []
        for name in self.shown_arms:
            summary = self.results.arms[name].summary
            pieces.append(summary[summary["measure"] == measure].drop(columns="measure").assign(arm=name))
        columns = ["arm", "month", "replicates", "median", "p5", "p95"]
        return pd.concat(pieces, ignore_index=True)[columns]

    def differences(self, measure: str) -> dict[str, DifferenceStatement]:
        """Return the differences in a measure of all interventions together, by arm."""
        table = self.results.tables[DIFFERENCES_TABLE]
        rows = table[(table["intervention"] == POOLED) & (table["measure"] == measure)]
        return {str(row["arm"]): difference_from_row(row) for row in to_records(rows)}

    def row(self, arm: str, measure: str) -> dict[str, Any]:
        """Return the row of the differences of one arm and measure."""
        table = self.results.tables[DIFFERENCES_TABLE]
        chosen = table[(table["intervention"] == POOLED) & (table["measure"] == measure) & (table["arm"] == arm)]
        return dict(chosen.iloc[0]) if len(chosen) else {}

    def pairwise_difference(self, first: str, second: str, measure: str) -> dict[str, Any] | None:
        """Return the row of `arm_differences` of one arm against another, reversed where necessary."""
        table = self.table("arm_differences")
        if table is None:
            return None
        pair = table["arm"].isin([first, second]) & table["against"].isin([first, second])
        rows = to_records(table[pair & (table["measure"] == measure)])
        if not rows or np.isnan(float(rows[0]["low"])):
            return None
        row = rows[0]
        if row["arm"] == first:
            return row
        reversed_signs = {name: -float(row[name]) for name in ("difference", "per_100_organisations")}
        ends = {
            "low": -float(row["high"]),
            "high": -float(row["low"]),
            "share_better": 1.0 - float(row["share_better"]),
        }
        return {**row, "arm": first, "against": second, **reversed_signs, **ends}

    @property
    def gap_medians(self) -> str:
        """Which averages over runs `fidelity_gap` has."""
        return "means" if self.results.comparison else "medians"

    @cached_property
    def fidelity_gap(self) -> pd.DataFrame:
        """Current use, and the share that uses the intervention and replicates the pilot site's effect.

        Means over runs in a comparison, as in its tables; medians over runs of a single scenario, as in its headline.
        """
        pieces, middle = [], monthly_means if self.results.comparison else replicate_median
        for name in self.shown_arms:
            values = self.results.arms[name].replicate_values(["current_use", "replicated"])
            uses, replicates = values["current_use"], values["replicated"]
            reached = np.where(uses == 0.0, 0.0, uses * replicates)
            columns = {"current_use": middle(uses), "reached": middle(reached)}
            pieces.append(pd.DataFrame({"arm": name, "month": np.arange(uses.shape[1]), **columns}))
        return pd.concat(pieces, ignore_index=True)


def measure_definitions(measures: Iterable[str]) -> BulletList:
    """Return a list of the definitions of measures, in small print."""
    return BulletList([define_measure(name) for name in measures], small=True)


def define_measure(name: str) -> str:
    """Return the label of a measure with the first sentence of its meaning."""
    first_sentence = MEASURES[name].meaning.partition(". ")[0].rstrip(".")
    return f"{MEASURES[name].label}: {lower_first(first_sentence)}."


def bands_note(view: ReportData) -> str:
    """Return the note on how to read curves with bands."""
    if view.results.replicate_count < 2:
        return "Of the one run simulated."
    text = "Lines are medians over runs; bands hold nine of ten."
    if len(view.styles) > MAX_BANDS:
        text += " With so many options only the baseline has its band; the CSV files have all."
    if view.omitted_arm_count:
        text += f" Charts show the {len(view.styles) - 1} options that rank first."
    return text


def replicate_median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median over runs, the rows, of the known values in each month; NaN where there are none."""
    ordered = np.sort(values, axis=0)
    return percentile_of_sorted(ordered, np.count_nonzero(~np.isnan(ordered), axis=0), 0.5)
