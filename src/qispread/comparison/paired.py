"""A comparison: the runs of several arms in the same worlds, and the differences between them."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.comparison.arms import BASE
from qispread.comparison.precision import Precision
from qispread.comparison.statistics import mean_and_half_width, pairing_gain, share_better
from qispread.config.cross import POOLED
from qispread.config.faults import place_of_name
from qispread.engines.run import Runs
from qispread.measures import MEASURES, REGISTRY

HEADLINE = "harm_averted"
"""What an answer is about unless another measure is named."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Runs of several arms in the same worlds.

    Attributes
    ----------
    runs : dict of str to Runs
        By arm; the first, "base", is what the others are compared with.
    measure : str
        What the answer is about.
    precision : Precision or None
        What was asked, where worlds were run until it was reached.
    branch_at : int or None
        The month at which arms parted from the base.
    factors : tuple of str
        The arms of which every combination is an arm, in a factorial comparison.
    """

    runs: dict[str, Runs]
    measure: str = HEADLINE
    precision: Precision | None = None
    branch_at: int | None = None
    factors: tuple[str, ...] = ()

    def __repr__(self) -> str:
        base = self.runs[BASE]
        return f"Comparison({', '.join(self.runs)}: {self.worlds} worlds, {base.scenario.horizon} months)"

    @property
    def worlds(self) -> int:
        """Worlds of each arm."""
        return len(self.runs[BASE].runs)

    @property
    def number(self) -> int:
        """Organisations of each world."""
        return int(self.runs[BASE].runs[0].start.shape[1])

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms beside the base."""
        return tuple(name for name in self.runs if name != BASE)

    def pairs(self, arm: str, measure: str, intervention: str = POOLED, *, against: str = BASE) -> NDArray[np.float64]:
        """Return a measure at the end in the base (row 0) and in an arm (row 1), for each world that has it in both.

        Raises
        ------
        InputError
            For an arm, a measure or an intervention that there is not.
        """
        place_of_name(arm, tuple(self.runs), "arm")
        both = [self.runs[name].by_world(measure, intervention) for name in (against, arm)]
        values = np.array(both)
        return values[:, ~np.isnan(values).any(axis=0)]

    def changes_nothing(self, arm: str) -> bool:
        """Return whether an arm gives the same bytes as the base in every measure but its cost."""
        free = [place for place, measure in enumerate(REGISTRY) if measure.name != "cost"]
        first, second = (self.runs[name].measures[..., free] for name in (BASE, arm))
        return first.tobytes() == second.tobytes()

    @property
    def differences(self) -> pd.DataFrame:
        """The table of differences at the end: a row for each arm, intervention and measure.

        Columns: ``base`` and ``arm_mean`` (means over worlds), ``difference`` (mean of the paired differences) with
        its 95 % interval ``low`` to ``high``, ``better`` (share of worlds in which the arm is better; NaN where no
        direction is), ``for_100`` (the difference for every 100 organisations, for sums over organisations),
        ``pairing`` (variance of the difference between independent worlds over that of the paired one) and ``worlds``.
        """
        rows = [
            {
                "arm": arm,
                "intervention": intervention,
                "measure": measure.name,
                **self.difference(arm, measure.name, intervention),
            }
            for arm in self.arms
            for intervention in self.runs[BASE].interventions
            for measure in REGISTRY
            if intervention == POOLED or not measure.overall
        ]
        return pd.DataFrame(rows)

    @property
    def between(self) -> pd.DataFrame:
        """The table of differences between every two arms, the base left out; columns as in docs/tables.md."""
        kept = ("difference", "low", "high", "better", "for_100", "worlds")
        rows = []
        for other, arm in combinations(self.arms, 2):
            for measure in REGISTRY:
                found = self.apart(other, arm, measure.name)
                row = {"arm": arm, "against": other, "measure": measure.name}
                rows.append(row | {name: found[name] for name in kept})
        return pd.DataFrame(rows, columns=["arm", "against", "measure", *kept])

    def difference(self, arm: str, measure: str, intervention: str = POOLED) -> dict[str, float]:
        """Return one row of `differences` as numbers by name."""
        return self.apart(BASE, arm, measure, intervention)

    def apart(self, first: str, second: str, measure: str, intervention: str = POOLED) -> dict[str, float]:
        """Return how one arm differs from another, as `difference` does from the base."""
        base, other = self.pairs(second, measure, intervention, against=first)
        apart = other - base
        mean, half = mean_and_half_width(apart)
        return {
            "base": float(base.mean()) if base.size else np.nan,
            "arm_mean": float(other.mean()) if other.size else np.nan,
            "difference": mean,
            "low": mean - half,
            "high": mean + half,
            "better": share_better(apart, MEASURES[measure].better),
            "for_100": 100.0 * mean / self.number if MEASURES[measure].is_sum else np.nan,
            "pairing": pairing_gain(base, other),
            "worlds": int(apart.size),
        }
