"""A comparison: the runs of several arms in the same worlds, and the differences between them."""

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
from qispread.model.measures import MEASURE_REGISTRY, MEASURES
from qispread.runs.comparison.arms import BASELINE_ARM
from qispread.runs.comparison.paired_statistics import mean_and_half_width, pairing_gain, share_better
from qispread.runs.comparison.precision import PrecisionTarget

DEFAULT_MEASURE = "events_averted"
"""What an answer is about unless another measure is named."""


@keep_former_members
@dataclass(frozen=True, repr=False)
class Comparison:
    """Runs of several arms in the same worlds.

    Attributes
    ----------
    runs : dict of str to Runs
        By arm; the first, "base", is what the others are compared with.
    measure : str
        What the answer is about.
    precision : PrecisionTarget or None
        What was asked, where worlds were run until it was reached.
    branch_at : int or None
        The month at which arms parted from the base.
    factors : tuple of str
        The arms of which every combination is an arm, in a factorial comparison.
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
        return f"Comparison({', '.join(self.runs)}: {self.replicate_count} worlds, {base.scenario.horizon} months)"

    @property
    def replicate_count(self) -> int:
        """Worlds of each arm."""
        return len(self.runs[BASELINE_ARM].runs)

    @property
    def organisation_count(self) -> int:
        """Organisations of each world."""
        return int(self.runs[BASELINE_ARM].runs[0].initial_organisations.shape[1])

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms beside the base."""
        return tuple(name for name in self.runs if name != BASELINE_ARM)

    def paired_values(
        self, arm: str, measure: str, intervention: str = POOLED, *, against: str = BASELINE_ARM
    ) -> NDArray[np.float64]:
        """Return a measure at the end in the base (row 0) and in an arm (row 1), for each world that has it in both.

        Raises
        ------
        InputError
            For an arm, a measure or an intervention that there is not.
        """
        measure, arm, against = read_measure(measure), read_arm(arm, self.runs), read_arm(against, self.runs)
        index_of(arm, tuple(self.runs), "arm")
        both = [self.runs[name].values_by_replicate(measure, intervention) for name in (against, arm)]
        values = np.array(both)
        return values[:, ~np.isnan(values).any(axis=0)]

    def has_no_effect(self, arm: str) -> bool:
        """Return whether an arm gives the same bytes as the base in every measure but its cost."""
        free = [place for place, measure in enumerate(MEASURE_REGISTRY) if measure.name != "cost"]
        first, second = (self.runs[name].measures[..., free] for name in (BASELINE_ARM, arm))
        return first.tobytes() == second.tobytes()

    @property
    def differences(self) -> pd.DataFrame:
        """The table of differences at the end: a row for each arm, intervention and measure.

        Columns: ``baseline`` and ``arm_mean`` (means over worlds), ``difference`` (mean of the paired differences) with
        its 95 % interval ``low`` to ``high``, ``share_better`` (share of worlds in which the arm is better; NaN where no
        direction is), ``per_100_organisations`` (the difference for every 100 organisations, for sums over organisations),
        ``pairing_gain`` (variance of the difference between independent worlds over that of the paired one) and ``replicates``.
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
            for measure in MEASURE_REGISTRY
            if intervention == POOLED or not measure.overall
        ]
        return pd.DataFrame(rows)

    @property
    def arm_differences(self) -> pd.DataFrame:
        """The table of differences between every two arms, the base left out; columns as in docs/tables.md."""
        kept = ("difference", "low", "high", "share_better", "per_100_organisations", "replicates")
        rows = []
        for other, arm in combinations(self.arms, 2):
            for measure in MEASURE_REGISTRY:
                found = self.difference_between(other, arm, measure.name)
                row = {"arm": arm, "against": other, "measure": measure.name}
                rows.append(row | {name: found[name] for name in kept})
        return pd.DataFrame(rows, columns=["arm", "against", "measure", *kept])

    def difference(self, arm: str, measure: str, intervention: str = POOLED) -> dict[str, float]:
        """Return one row of `differences` as numbers by name."""
        return self.difference_between(BASELINE_ARM, arm, measure, intervention)

    def difference_between(self, first: str, second: str, measure: str, intervention: str = POOLED) -> dict[str, float]:
        """Return how one arm differs from another, as `difference` does from the base."""
        measure = read_measure(measure)
        base, other = self.paired_values(second, measure, intervention, against=first)
        apart = other - base
        mean, half = mean_and_half_width(apart)
        return {
            "baseline": float(base.mean()) if base.size else np.nan,
            "arm_mean": float(other.mean()) if other.size else np.nan,
            "difference": mean,
            "low": mean - half,
            "high": mean + half,
            "share_better": share_better(apart, MEASURES[measure].better),
            "per_100_organisations": 100.0 * mean / self.organisation_count if MEASURES[measure].is_sum else np.nan,
            "pairing_gain": pairing_gain(base, other),
            "replicates": int(apart.size),
        }


def read_arm(name: str, arms: Collection[str]) -> str:
    """Return the name of an arm; that of the baseline in version 0.1 as it is now, with a DeprecationWarning."""
    old, new = FORMER_BASELINE_ARM
    if not isinstance(name, str) or name != old or name in arms:
        return name
    warn_former(f"the arm '{old}'", f"'{new}'")
    return new
