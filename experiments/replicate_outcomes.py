"""What one world lives through in one arm, and the quantities that are read from it."""

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
"""Share of the most that is ever reached at which it counts as reached, as for a replicated result."""
HALF = 0.5
"""Share of organisations at which adoption is half-way."""
CYCLE = 24
"""Months of a burst of support and of the pause that follows."""


@dataclass(frozen=True)
class ReplicateOutcome:
    """One world in one arm.

    Attributes
    ----------
    measures : array of (months + 1, interventions + 1, measures)
    expected : float
        Harmful events of all months if harm followed its trend alone.
    numbers : mapping of str to float
        What an arm reads for itself.
    """

    measures: Array
    expected: float = np.nan
    numbers: Mapping[str, float] = field(default_factory=dict)

    def series(self, measure: str) -> Array:
        """Return a measure by month."""
        row = POOLED if MEASURES[measure].overall else FIRST
        return self.measures[:, row, MEASURE_NAMES.index(measure)]

    def population_mean(self, measure: str) -> Array:
        """Return, by month, a mean over users as a mean over all who did not start, where others count as 0."""
        return np.nan_to_num(self.series("current_use") * self.series(measure), nan=0.0)


class OutcomeArm(Protocol):
    """What can be lived in a world."""

    def simulate(self, replicate: int) -> ReplicateOutcome:
        """Return the life of one replicate."""


def expected_events(scenario: qs.Scenario, organisations: Array) -> float:
    """Return the harmful events of all months under the trend alone.

    Equation: sum over organisations of baseline * exposure * sum over months of exp(-secular * month / 12).
    """
    months = [secular_trend(scenario.outcome.secular, month) for month in range(1, scenario.horizon + 1)]
    return float(np.sum(organisations[BASELINE] * monthly_exposure(organisations[SIZE])) * np.sum(months))


@dataclass(frozen=True)
class ScenarioArm:
    """A scenario as it is."""

    scenario: qs.Scenario

    @cached_property
    def prepared(self) -> PreparedScenario:
        """What all its worlds share."""
        return prepare_scenario(self.scenario)

    def simulate(self, replicate: int) -> ReplicateOutcome:
        """Return the life of one replicate."""
        run = run_replicate(self.prepared, replicate)
        if run.error:
            return ReplicateOutcome(allocate_measures(self.scenario))
        return ReplicateOutcome(run.measures, expected_events(self.scenario, run.initial_organisations))


CARRIED = [LEADERSHIP, ALIGNMENT, CULTURE, CAPABILITY]
"""What a history leaves behind."""


@dataclass(frozen=True)
class ArmAfterHistory:
    """A scenario in places that bear the marks of what they went through before.

    The history is run first, in the same places with the same ties. Leadership, alignment, culture and capability as it
    leaves them are those with which the scenario begins; nothing else of the history goes on.
    """

    history: qs.Scenario
    scenario: qs.Scenario

    @cached_property
    def prepared_pair(self) -> tuple[PreparedScenario, PreparedScenario]:
        """What all worlds share, before and after."""
        return prepare_scenario(self.history), prepare_scenario(self.scenario)

    def simulate(self, replicate: int) -> ReplicateOutcome:
        """Return the life of one replicate after its history."""
        before, after = self.prepared_pair
        world = before.world(replicate)
        past = run_kernel(*initialise_run(before, world), self.history.horizon, allocate_measures(self.history))
        places = world.organisations.copy()
        places[CARRIED] = past.organisations[CARRIED]
        # A stream of its own, or the leaders who left in the first year of the history would leave in the same months.
        later = replace(world, organisations=places, stream=np.uint64(substream(world.stream, np.uint64(1))))
        out = allocate_measures(self.scenario)
        run_kernel(*initialise_run(after, later), self.scenario.horizon, out)
        left = {"culture_left": float(places[CULTURE].mean()), "capability_left": float(places[CAPABILITY].mean())}
        return ReplicateOutcome(out, expected_events(self.scenario, places), left)


@dataclass(frozen=True)
class MeasuredQuantity:
    """Something measured in a world.

    Attributes
    ----------
    meaning : str
    unit : str
        "share" is told in percentage points.
    value : callable
        From a life to a number, NaN where it has no meaning.
    series : callable, optional
        From a life to its values by month.
    """

    meaning: str
    unit: str
    value: Callable[[ReplicateOutcome], float]
    series: Callable[[ReplicateOutcome], Array] | None = None


def saturation_month(series: Array) -> float:
    """Return the first month at which nearly all of the largest value is reached; NaN where nothing ever is."""
    most = series.max()
    return float(np.argmax(series >= NEARLY_ALL * most)) if most > 0.0 else np.nan


def effect_lag(life: ReplicateOutcome) -> float:
    """Return by how many months results trail adoption."""
    adoption = np.nan_to_num(life.series("current_use"), nan=0.0)
    return saturation_month(life.population_mean("effect")) - saturation_month(adoption)


def cohort_effect_lag(life: ReplicateOutcome) -> float:
    """Return by how many months the results of those who begin together trail their beginning."""
    return saturation_month(np.nan_to_num(life.series("origin_effect"), nan=0.0))


def half_adoption_month(life: ReplicateOutcome) -> float:
    """Return the first month in which half of those that did not start it use it; NaN where it never comes to that."""
    reached = np.nan_to_num(life.series("current_use"), nan=0.0) >= HALF
    return float(np.argmax(reached)) if reached.any() else np.nan


def cumulative_share_averted(life: ReplicateOutcome) -> Array:
    """Return, by month, the events averted since the start as a share of those of the whole time."""
    return life.measures[:, POOLED, MEASURE_NAMES.index("events_averted")] / life.expected


def _arm_quantity(name: str) -> MeasuredQuantity:
    """Return the quantity that an arm reads for itself."""
    meanings = {
        "moved": "Half the mean squared change of an organisation's result when this alone is drawn anew.",
        "variance": "Variance of an organisation's result when everything is drawn anew.",
        "culture_left": "Mean culture that the history leaves.",
        "capability_left": "Mean capability that the history leaves.",
    }
    return MeasuredQuantity(meanings[name], "share", lambda life: life.numbers[name])


DERIVED = {
    "population_effect": MeasuredQuantity(
        "Mean result over all organisations that did not start it, of the largest possible benefit, at the end; those "
        "who do not use it count as 0.",
        "share",
        lambda life: float(life.population_mean("effect")[-1]),
        lambda life: life.population_mean("effect"),
    ),
    "late_effect": MeasuredQuantity(
        "Population effect, mean of the last two years, in which bursts and pauses weigh the same.",
        "share",
        lambda life: float(life.population_mean("effect")[-CYCLE:].mean()),
        lambda life: life.population_mean("effect"),
    ),
    "averted": MeasuredQuantity(
        "Harmful events averted, of all that the trend alone would have brought.",
        "share",
        lambda life: float(cumulative_share_averted(life)[-1]),
        cumulative_share_averted,
    ),
    "lag": MeasuredQuantity(
        "Months from the first month with 80 % of the largest adoption to the first with 80 % of the largest "
        "population effect.",
        "months",
        effect_lag,
    ),
    "halfway": MeasuredQuantity(
        "Months until half of the organisations that did not start it use it; none where it never comes to that.",
        "months",
        half_adoption_month,
    ),
    "ripening": MeasuredQuantity(
        "Months until those who began at the launch have 80 % of the best result that they ever have, on average.",
        "months",
        cohort_effect_lag,
    ),
    **{name: _arm_quantity(name) for name in ("moved", "variance", "culture_left", "capability_left")},
}


def measure_quantity(name: str) -> MeasuredQuantity:
    """Return a measure of the package as a quantity: its value at the end."""
    one = MEASURES[name]
    return MeasuredQuantity(
        one.meaning, one.unit, lambda life: float(life.series(name)[-1]), lambda life: life.series(name)
    )


def find_quantity(name: str) -> MeasuredQuantity:
    """Return a quantity by name: one of ours, or a measure of the package."""
    return DERIVED[name] if name in DERIVED else measure_quantity(name)
