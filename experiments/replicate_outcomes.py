"""The outcome of one replicate in one arm, and the quantities computed from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

import qispread as qs
from qispread.model.engines.simulation import allocate_measures, run_kernel, run_replicate
from qispread.model.measures import MEASURE_NAMES, MEASURES
from qispread.model.rules.outcome import monthly_exposure, secular_trend
from qispread.model.rules.random_draws import substream
from qispread.model.world.run_inputs import PreparedScenario, initialise_run, prepare_scenario
from qispread.model.world.state_arrays import ALIGNMENT, BASELINE, CAPABILITY, CULTURE, LEADERSHIP, SIZE

Array = NDArray[np.float64]

FIRST, POOLED = 0, -1
"""Rows of measures: the intervention that claims are about, and all together."""
NEARLY_ALL = 0.8
"""Share of the largest value at which a quantity counts as obtained, as for a replicated result."""
HALF = 0.5
"""Share of organisations at which adoption is half-way."""
CYCLE = 24
"""Months of a burst of support and of the pause that follows."""


@dataclass(frozen=True)
class ReplicateOutcome:
    """One replicate of one arm.

    Attributes
    ----------
    measures : array of (months + 1, interventions + 1, measures)
    expected : float
        Adverse events of all months if event rates followed the underlying trend alone.
    numbers : mapping of str to float
        Further values that the arm computes.
    """

    measures: Array
    expected: float = np.nan
    numbers: Mapping[str, float] = field(default_factory=dict)

    def series(self, measure: str) -> Array:
        """Return a measure by month."""
        row = POOLED if MEASURES[measure].overall else FIRST
        return self.measures[:, row, MEASURE_NAMES.index(measure)]

    def population_mean(self, measure: str) -> Array:
        """Return, by month, a mean over users as a mean over all but the pilot site, where non-users count as 0."""
        return np.nan_to_num(self.series("current_use") * self.series(measure), nan=0.0)


class OutcomeArm(Protocol):
    """What can be simulated in a replicate."""

    def simulate(self, replicate: int) -> ReplicateOutcome:
        """Return the outcome of one replicate."""


def expected_events(scenario: qs.Scenario, organisations: Array) -> float:
    """Return the adverse events of all months under the underlying trend alone.

    Equation: sum over organisations of baseline * exposure * sum over months of exp(-secular * month / 12).
    """
    months = [secular_trend(scenario.outcome.secular, month) for month in range(1, scenario.horizon + 1)]
    return float(np.sum(organisations[BASELINE] * monthly_exposure(organisations[SIZE])) * np.sum(months))


@dataclass(frozen=True)
class ScenarioArm:
    """A scenario, unchanged."""

    scenario: qs.Scenario

    @cached_property
    def prepared(self) -> PreparedScenario:
        """What all its replicates share."""
        return prepare_scenario(self.scenario)

    def simulate(self, replicate: int) -> ReplicateOutcome:
        """Return the outcome of one replicate."""
        run = run_replicate(self.prepared, replicate)
        if run.error:
            return ReplicateOutcome(allocate_measures(self.scenario))
        return ReplicateOutcome(run.measures, expected_events(self.scenario, run.initial_organisations))


CARRIED = [LEADERSHIP, ALIGNMENT, CULTURE, CAPABILITY]
"""State variables that a history changes."""


@dataclass(frozen=True)
class ArmAfterHistory:
    """A scenario in organisations with a history.

    The history is run first, in the same organisations with the same ties. The scenario begins with the leadership,
    alignment, culture and capability at its end; nothing else of the history continues.
    """

    history: qs.Scenario
    scenario: qs.Scenario

    @cached_property
    def prepared_pair(self) -> tuple[PreparedScenario, PreparedScenario]:
        """What all replicates share, before and after."""
        return prepare_scenario(self.history), prepare_scenario(self.scenario)

    def simulate(self, replicate: int) -> ReplicateOutcome:
        """Return the outcome of one replicate after its history."""
        before, after = self.prepared_pair
        world = before.world(replicate)
        past = run_kernel(*initialise_run(before, world), self.history.horizon, allocate_measures(self.history))
        places = world.organisations.copy()
        places[CARRIED] = past.organisations[CARRIED]
        # A stream of its own: otherwise leaders would leave in the same months as in the first year of the history.
        later = replace(world, organisations=places, stream=np.uint64(substream(world.stream, np.uint64(1))))
        out = allocate_measures(self.scenario)
        run_kernel(*initialise_run(after, later), self.scenario.horizon, out)
        left = {"culture_left": float(places[CULTURE].mean()), "capability_left": float(places[CAPABILITY].mean())}
        return ReplicateOutcome(out, expected_events(self.scenario, places), left)


@dataclass(frozen=True)
class MeasuredQuantity:
    """A quantity measured in a replicate.

    Attributes
    ----------
    meaning : str
    unit : str
        "share" is reported in percentage points.
    value : callable
        From an outcome to a number, NaN if it is not defined.
    series : callable, optional
        From an outcome to its values by month.
    """

    meaning: str
    unit: str
    value: Callable[[ReplicateOutcome], float]
    series: Callable[[ReplicateOutcome], Array] | None = None


def saturation_month(series: Array) -> float:
    """Return the first month at which nearly all of the largest value is reached; NaN if the largest is 0."""
    most = series.max()
    return float(np.argmax(series >= NEARLY_ALL * most)) if most > 0.0 else np.nan


def effect_lag(outcome: ReplicateOutcome) -> float:
    """Return the months by which results trail adoption."""
    adoption = np.nan_to_num(outcome.series("current_use"), nan=0.0)
    return saturation_month(outcome.population_mean("effect")) - saturation_month(adoption)


def cohort_effect_lag(outcome: ReplicateOutcome) -> float:
    """Return the months by which the results of organisations that begin together trail their start."""
    return saturation_month(np.nan_to_num(outcome.series("origin_effect"), nan=0.0))


def half_adoption_month(outcome: ReplicateOutcome) -> float:
    """Return the first month in which half of the other organisations use it; NaN if they never do."""
    reached = np.nan_to_num(outcome.series("current_use"), nan=0.0) >= HALF
    return float(np.argmax(reached)) if reached.any() else np.nan


def cumulative_share_averted(outcome: ReplicateOutcome) -> Array:
    """Return, by month, the events averted since the start as a share of those of all months under the trend alone."""
    return outcome.measures[:, POOLED, MEASURE_NAMES.index("events_averted")] / outcome.expected


def _arm_quantity(name: str) -> MeasuredQuantity:
    """Return a quantity that the arm computes itself."""
    meanings = {
        "moved": "Half the mean squared change of an organisation's result when this source alone is redrawn.",
        "variance": "Variance of an organisation's result when all sources are redrawn.",
        "culture_left": "Mean culture at the end of the history.",
        "capability_left": "Mean capability at the end of the history.",
    }
    return MeasuredQuantity(meanings[name], "share", lambda outcome: outcome.numbers[name])


DERIVED = {
    "population_effect": MeasuredQuantity(
        "Mean result over all organisations except the pilot site, as % of the full effect, at the end; organisations "
        "that do not use it count as 0.",
        "share",
        lambda outcome: float(outcome.population_mean("effect")[-1]),
        lambda outcome: outcome.population_mean("effect"),
    ),
    "late_effect": MeasuredQuantity(
        "Population effect, mean of the last two years, in which bursts and pauses have equal weight.",
        "share",
        lambda outcome: float(outcome.population_mean("effect")[-CYCLE:].mean()),
        lambda outcome: outcome.population_mean("effect"),
    ),
    "averted": MeasuredQuantity(
        "Adverse events averted, as a share of all those expected from the underlying trend alone.",
        "share",
        lambda outcome: float(cumulative_share_averted(outcome)[-1]),
        cumulative_share_averted,
    ),
    "lag": MeasuredQuantity(
        "Months from the first month with 80% of the largest current use to the first with 80% of the largest "
        "population effect.",
        "months",
        effect_lag,
    ),
    "halfway": MeasuredQuantity(
        "Months until half of the other organisations use it; missing if they never do.",
        "months",
        half_adoption_month,
    ),
    "ripening": MeasuredQuantity(
        "Months until the organisations that began at the launch have 80% of their best result, on average.",
        "months",
        cohort_effect_lag,
    ),
    **{name: _arm_quantity(name) for name in ("moved", "variance", "culture_left", "capability_left")},
}


def measure_quantity(name: str) -> MeasuredQuantity:
    """Return a measure of the package as a quantity: its value at the end."""
    measure = MEASURES[name]
    return MeasuredQuantity(
        measure.meaning,
        measure.unit,
        lambda outcome: float(outcome.series(name)[-1]),
        lambda outcome: outcome.series(name),
    )


def find_quantity(name: str) -> MeasuredQuantity:
    """Return a quantity by name: one of this module, or a measure of the package."""
    return DERIVED[name] if name in DERIVED else measure_quantity(name)
