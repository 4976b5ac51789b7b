"""Variance of an organisation's result by source: replicates combined from sources that are drawn separately.

A row of the design is two complete draws, A and B, of six sources: the contexts of the organisations (the seven
factors), their settings, the network, the attributes of the intervention (each uniform over its plausible range), the
policy (none or one of the levers at its declared strength) and chance (every draw of the ten years). The same row with
one source of A replaced from B shows the effect of this source: a design by groups after saltelli2010. The output is
the result of each organisation at the end, 0 where the intervention is not in use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

import qispread as qs
from experiments.replicate_outcomes import Array, ReplicateOutcome
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.interventions import Intervention
from qispread.inputs.parameter import declaration_of
from qispread.inputs.policies import AnyPolicy
from qispread.model.engines.simulation import allocate_measures, run_kernel
from qispread.model.world.draw_world import World
from qispread.model.world.run_inputs import PreparedScenario, initialise_run, prepare_scenario
from qispread.model.world.state_arrays import LEADERSHIP, RESULT, SETTING_1, SETTING_2, TURNOVER

ATTRIBUTES = (
    "complexity",
    "codification",
    "social",
    "breadth",
    "observability",
    "effort",
    "upkeep",
    "response.midpoint",
    "response.steepness",
)
"""Attributes that distinguish interventions; `benefit` scales event rates and does not change the result."""
POLICIES = (
    "",
    "learning_network",
    "standard",
    "coaching",
    "training",
    "board_programme",
    "distributed_leadership",
    "protected_time",
    "feedback",
    "mandate",
    "goals",
    "refresher",
)
GROUPS = ("contexts", "settings", "network", "intervention", "policy", "chance")
ROWS = 4
"""Rows that count as one replicate: an attribute differs from row to row, so that single rows are noisy."""
CONTEXT_ROWS, SETTING_ROWS = slice(LEADERSHIP, TURNOVER + 1), slice(SETTING_1, SETTING_2 + 1)


def plausible_range(scenario: qs.Scenario, attribute: str) -> tuple[float, float]:
    """Return the plausible range of an attribute of the intervention."""
    section = scenario.interventions["prompt"]
    *within, name = attribute.split(".")
    for part in within:
        section = getattr(section, part)
    extra = declaration_of(type(section).model_fields[name]) or {}
    low, high = extra["plausible"]
    return float(low), float(high)


def replace_attributes(intervention: Intervention, attributes: Mapping[str, float]) -> Intervention:
    """Return an intervention with other attributes, those of its response among them."""
    own = {name: value for name, value in attributes.items() if "." not in name}
    response = {name.partition(".")[2]: value for name, value in attributes.items() if "." in name}
    return intervention.with_fields(**own, response=intervention.response.with_fields(**response))


@dataclass(frozen=True)
class VarianceDesign:
    """The rows of a design on one model, with a cache of their results."""

    scenario: qs.Scenario

    def __post_init__(self) -> None:
        """Refuse a scenario with policies."""
        if self.scenario.policies:
            raise InputError([Fault("policies", "got some; needed: none, because the design draws the policy")])

    @cached_property
    def cached_results(self) -> dict[tuple[int, str], Array]:
        """Results by row and source."""
        return {}

    @cached_property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Plausible ranges of the attributes."""
        return {name: plausible_range(self.scenario, name) for name in ATTRIBUTES}

    @cached_property
    def policies(self) -> list[dict[str, AnyPolicy]]:
        """The policies to draw from, one or none at a time."""
        return [self.scenario.with_policy(lever).policies if lever else {} for lever in POLICIES]

    def row_inputs(self, row: int, source: str) -> tuple[PreparedScenario, World]:
        """Return the prepared scenario and the world of a row: A with one source from B, or all from "A" or "B"."""
        rng = np.random.default_rng([self.scenario.seed, row])
        shares, policies = rng.random((2, len(ATTRIBUTES))), rng.integers(len(POLICIES), size=2)
        taken = {name: int(source in (name, group, "B")) for name, group in SOURCES.items()}
        attributes = {
            name: low + shares[taken[name], place] * (high - low)
            for place, (name, (low, high)) in enumerate(self.ranges.items())
        }
        # Each was validated alone; validating a whole scenario for each row would take as long as running it.
        drawn = {
            "interventions": {"prompt": replace_attributes(self.scenario.interventions["prompt"], attributes)},
            "policies": self.policies[policies[taken["policy"]]],
        }
        blueprint = prepare_scenario(self.scenario.model_copy(update=drawn))
        worlds = [blueprint.world(2 * row + place) for place in (0, 1)]
        places = worlds[0].organisations.copy()
        places[CONTEXT_ROWS] = worlds[taken["contexts"]].organisations[CONTEXT_ROWS]
        places[SETTING_ROWS] = worlds[taken["settings"]].organisations[SETTING_ROWS]
        tied = worlds[taken["network"]]
        chance = worlds[taken["chance"]]
        return blueprint, replace(chance, organisations=places, edges=tied.edges, ties=tied.ties)

    def row_results(self, row: int, source: str) -> Array:
        """Return the result of each organisation at the end of a row."""
        if (row, source) not in self.cached_results:
            blueprint, world = self.row_inputs(row, source)
            scenario = blueprint.scenario
            state = run_kernel(*initialise_run(blueprint, world), scenario.horizon, allocate_measures(scenario))
            self.cached_results[row, source] = state.practices[0, RESULT].copy()
        return self.cached_results[row, source]


SOURCES = {
    **{name: name for name in GROUPS if name != "intervention"},
    **dict.fromkeys(ATTRIBUTES, "intervention"),
}
"""The sources that are drawn separately, each with its group."""


def squared_change(first: Array, second: Array) -> float:
    """Return half the mean squared difference: the total index times the variance, in expectation (jansen1999)."""
    return float(np.mean((first - second) ** 2) / 2.0)


@dataclass(frozen=True)
class RedrawnArm:
    """The arm in which one source is redrawn; a replicate of it is a few rows of the design."""

    design: VarianceDesign
    source: str

    def simulate(self, replicate: int) -> ReplicateOutcome:
        """Return how much results change in a row, and their variance with all sources redrawn."""
        sums = []
        for row in range(ROWS * replicate, ROWS * (replicate + 1)):
            whole, other = self.design.row_results(row, "A"), self.design.row_results(row, "B")
            sums.append(
                (squared_change(whole, self.design.row_results(row, self.source)), squared_change(whole, other))
            )
        means = np.array(sums).mean(axis=0)
        return ReplicateOutcome(np.empty((0, 0, 0)), numbers={"moved": float(means[0]), "variance": float(means[1])})


@dataclass(frozen=True)
class VarianceSums:
    """Sums of a row for first-order and total indices."""

    variance: NDArray[np.float64]
    total: NDArray[np.float64]
    first: NDArray[np.float64]


def variance_sums(design: VarianceDesign, rows: range, source: str, centre: float) -> VarianceSums:
    """Return, by row, the variance and the sums of the total (jansen1999) and first-order index (saltelli2010)."""
    sums = []
    for row in rows:
        whole, other = design.row_results(row, "A") - centre, design.row_results(row, "B") - centre
        redrawn = design.row_results(row, source) - centre
        sums.append(
            (squared_change(whole, other), squared_change(whole, redrawn), float(np.mean(other * (redrawn - whole))))
        )
    return VarianceSums(*np.array(sums).T)
