"""Comparisons: the runs of several arms with common random numbers, and their differences."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.deprecation import FormerKeys, keep_former_members, warn_former
from qispread.common.former_names import BASELINE_ARM as FORMER_BASELINE_ARM
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import index_of
from qispread.inputs.former_data import read_measure
from qispread.model.engines.simulation import Runs
from qispread.model.measures import Measure
from qispread.runs.comparison.arms import BASELINE_ARM
from qispread.runs.comparison.paired_statistics import mean_and_half_width, pairing_gain, share_better
from qispread.runs.comparison.precision import PrecisionTarget

DEFAULT_MEASURE = "events_averted"
"""The measure of a comparison unless another is named (decision 23)."""


@keep_former_members
@dataclass(frozen=True, repr=False)
class Comparison:
    """Runs of several arms with common random numbers.

    Attributes
    ----------
    runs : dict of str to Runs
        Runs by arm; the first, "baseline", is what the others are compared with.
    measure : str
        The measure that arms are compared by.
    precision : PrecisionTarget or None
        The requested precision, if replicates were run until it was reached.
    branch_at : int or None
        The month at which arms branched from the baseline.
    factors : tuple of str
        The arms that are combined in a factorial comparison.
    """

    runs: dict[str, Runs]
    measure: str = DEFAULT_MEASURE
    precision: PrecisionTarget | None = None
    branch_at: int | None = None
    factors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "runs", FormerKeys(self.runs, dict([FORMER_BASELINE_ARM])))

    def __repr__(self) -> str:
        base = self.runs[BASELINE_ARM]
        return f"Comparison({', '.join(self.runs)}: {self.replicate_count} replicates, {base.scenario.horizon} months)"

    @property
    def replicate_count(self) -> int:
        """Number of replicates of each arm."""
        return len(self.runs[BASELINE_ARM].runs)

    @property
    def organisation_class(self) -> str:
        """Name and content hash of the user's own class of organisations; empty without one."""
        return self.runs[BASELINE_ARM].organisation_class

    @property
    def organisation_count(self) -> int:
        """Number of organisations."""
        return int(self.runs[BASELINE_ARM].runs[0].initial_organisations.shape[1])

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms other than the baseline."""
        return tuple(name for name in self.runs if name != BASELINE_ARM)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that the baseline and every arm have, in the order of the baseline's columns."""
        others = [set(self.runs[arm].measure_names) for arm in self.arms]
        declared = self.runs[BASELINE_ARM].declarations
        return tuple(measure for measure in declared if all(measure.name in names for names in others))

    def declared_measure(self, name: str) -> Measure:
        """Return the declaration of a measure.

        Raises
        ------
        InputError
            If the baseline or an arm lacks it.
        """
        measures = {measure.name: measure for measure in self.measures}
        index_of(name, tuple(measures), "measure")
        return measures[name]

    def paired_values(
        self, arm: str, measure: str, intervention: str = POOLED, *, against: str = BASELINE_ARM
    ) -> NDArray[np.float64]:
        """Return a measure at the end in the baseline (row 0) and an arm (row 1), for replicates with both.

        Raises
        ------
        InputError
            For an unknown arm, measure or intervention.
        """
        measure, arm, against = read_measure(measure), read_arm(arm, self.runs), read_arm(against, self.runs)
        index_of(arm, tuple(self.runs), "arm")
        by_arm = [self.runs[name].values_by_replicate(measure, intervention) for name in (against, arm)]
        values = np.array(by_arm)
        return values[:, ~np.isnan(values).any(axis=0)]

    def has_no_effect(self, arm: str) -> bool:
        """Return whether an arm is identical to the baseline in every measure but cost."""
        names = [measure.name for measure in self.measures if measure.name != "cost"]
        runs = (self.runs[BASELINE_ARM], self.runs[arm])
        first, second = (one.measures[..., [one.measure_names.index(name) for name in names]] for one in runs)
        return bool(first.tobytes() == second.tobytes())

    @property
    def differences(self) -> pd.DataFrame:
        """The table of differences at the end: a row for each arm, intervention and measure.

        Columns: ``baseline`` and ``arm_mean`` (means over replicates), ``difference`` (mean of the paired differences)
        with its 95% interval ``low`` to ``high``, ``share_better`` (share of replicates in which the arm is better; NaN
        for measures without a desirable direction), ``per_100_organisations`` (the difference per 100 organisations,
        for sums over organisations), ``pairing_gain`` (variance of the difference between independent replicates
        divided by that of the paired difference) and ``replicates``.
        """
        rows = [
            {
                "arm": arm,
                "intervention": intervention,
                "measure": measure.name,
                **self.difference(arm, measure.name, intervention),
            }
            for arm in self.arms
            for intervention in self.runs[BASELINE_ARM].interventions
            for measure in self.measures
            if intervention == POOLED or not measure.overall
        ]
        return pd.DataFrame(rows)

    @property
    def arm_differences(self) -> pd.DataFrame:
        """The table of differences between every two arms, without the baseline; columns as in docs/tables.md."""
        columns = ("difference", "low", "high", "share_better", "per_100_organisations", "replicates")
        rows = []
        for other, arm in combinations(self.arms, 2):
            for measure in self.measures:
                difference = self.difference_between(other, arm, measure.name)
                row = {"arm": arm, "against": other, "measure": measure.name}
                rows.append(row | {name: difference[name] for name in columns})
        return pd.DataFrame(rows, columns=["arm", "against", "measure", *columns])

    def difference(self, arm: str, measure: str, intervention: str = POOLED) -> dict[str, float]:
        """Return one row of `differences` as numbers by name."""
        return self.difference_between(BASELINE_ARM, arm, measure, intervention)

    def difference_between(self, first: str, second: str, measure: str, intervention: str = POOLED) -> dict[str, float]:
        """Return the difference between two arms, in the form of `difference`."""
        measure = read_measure(measure)
        base, other = self.paired_values(second, measure, intervention, against=first)
        differences, declared = other - base, self.declared_measure(measure)
        mean, half_width = mean_and_half_width(differences)
        return {
            "baseline": float(base.mean()) if base.size else np.nan,
            "arm_mean": float(other.mean()) if other.size else np.nan,
            "difference": mean,
            "low": mean - half_width,
            "high": mean + half_width,
            "share_better": share_better(differences, declared.better),
            "per_100_organisations": 100.0 * mean / self.organisation_count if declared.is_sum else np.nan,
            "pairing_gain": pairing_gain(base, other),
            "replicates": int(differences.size),
        }


def read_arm(name: str, arms: Collection[str]) -> str:
    """Return the name of an arm; that of the baseline in version 0.1 as it is now, with a DeprecationWarning."""
    old, new = FORMER_BASELINE_ARM
    if not isinstance(name, str) or name != old or name in arms:
        return name
    warn_former(f"the arm '{old}'", f"'{new}'")
    return new
