"""The observed people and ties as a world in which all rules are off but hearing and deciding, lived on the kernel."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.scenario import Scenario
from qispread.model.engines.kernel import run_months
from qispread.model.engines.simulation import allocate_measures, map_in_threads
from qispread.model.world.run_inputs import (
    PreparedScenario,
    RunInputs,
    SimulationState,
    initialise_run,
    prepare_scenario,
)
from qispread.model.world.state_arrays import FIRST_ADOPTED
from qispread.runs.diffusion_fit.contagion_models import ContagionModel
from qispread.runs.diffusion_fit.contagion_posterior import ContagionPosterior
from qispread.runs.diffusion_fit.observed_diffusion import (
    NEVER_ADOPTED,
    FloatArray,
    IntArray,
    ObservedDiffusion,
    TieGraph,
    build_tie_graph,
)

CERTAIN_LOG_ODDS = 50.0
"""Log-odds that are certain: 1 / (1 + exp(-50)) is 1 in floating point."""
MECHANISMS_OFF: dict[str, Any] = {
    "leaders": {"leader_exit": 0.0},
    "hearing": {"broadcast": 1.0, "contact": 0.0},
    "deciding": {
        "reluctance": -CERTAIN_LOG_ODDS,
        "peers": 0.0,
        "advantage": 0.0,
        "climate": 0.0,
        "standard": 0.0,
        "overload": 0.0,
    },
    "copying": {"copy_loss": 0.0},
    "improving": {"repair": 0.0, "learning": 0.0, "reactive": 0.0, "decay": 0.0, "embed": 0.0},
    "reviewing": {"discontinuing": 0.0, "noise": 0.0, "cynicism": 0.0, "encouragement": 0.0, "readopting": 0.0},
    "local_improvement": {"gain": 0.0},
    "outcome": {"secular": 0.0},
}
"""Everybody hears and begins at once and goes on for ever: what a model of diffusion turns on again is its own."""
MAX_FULLY_MIXED = 4000
"""People up to whom a network of everybody with everybody is built."""
OUTSIDER_ID = "outside"


@dataclass(frozen=True)
class DiffusionRules:
    """The numbers of hearing and deciding in one period."""

    broadcast: float
    contact: float
    reluctance: float
    peers: float


WAITING_RULES = DiffusionRules(0.0, 0.0, CERTAIN_LOG_ODDS, 0.0)
"""Nobody hears and nobody begins, but those with whom it starts."""


def diffusion_scenario(observed: ObservedDiffusion) -> Scenario:
    """Return the scenario: a month of it is a period; people are the organisations, communities the partnerships.

    Those who adopted in the first period are its origin. Where there are none, somebody without ties is added, with
    whom it starts and from whom nobody hears.
    """
    seeds = [one for one, when in zip(observed.ids, observed.adopted, strict=True) if observed.seeded and when == 1]
    rows = [
        {"id": one, "partnership": observed.communities[place] or None}
        for one, place in zip(observed.ids, observed.community, strict=True)
    ]
    if not seeds:
        seeds = [unused_id(observed.ids)]
        rows.append({"id": seeds[0], "partnership": None})
    owners, ties = observed.ties.owners, observed.ties
    once = owners < ties.indices
    named = zip(owners[once].tolist(), ties.indices[once].tolist(), ties.weights[once].tolist(), strict=True)
    pairs = [{"first": observed.ids[a], "second": observed.ids[b], "weight": weight} for a, b, weight in named]
    one = {"observability": 1.0, "effort": 0.0, "social": 0.0, "origin": {"organisations": seeds}}
    return build_scenario(
        {
            **MECHANISMS_OFF,
            "name": "observed",
            "horizon": observed.periods,
            "organisations": {"rows": rows},
            "network": {"kind": "ties", "ties": pairs},
            "interventions": {"adopted": one},
        }
    )


def unused_id(ids: tuple[str, ...]) -> str:
    """Return an id that nobody has."""
    name = OUTSIDER_ID
    while name in ids:
        name += "_"
    return name


def model_rules(model: ContagionModel, push: float, strength: float) -> DiffusionRules:
    """Return the numbers of hearing and deciding that make a model in one period."""
    if model.contagion == "share":
        with np.errstate(divide="ignore"):
            reluctance = float(np.clip(np.log1p(-push) - np.log(push), -CERTAIN_LOG_ODDS, CERTAIN_LOG_ODDS))
        return DiffusionRules(1.0, 0.0, reluctance, strength)
    contact = strength if model.contagion == "ties" else 1.0 if model.contagion in {"everybody", "community"} else 0.0
    return DiffusionRules(push, contact, -CERTAIN_LOG_ODDS, 0.0)


def with_rules(plan: RunInputs, rules: DiffusionRules) -> RunInputs:
    """Return a plan with other numbers of hearing and deciding."""
    parameters = plan.parameters.copy()
    parameters["hearing"]["broadcast"], parameters["hearing"]["contact"] = rules.broadcast, rules.contact
    parameters["deciding"]["reluctance"], parameters["deciding"]["peers"] = rules.reluctance, rules.peers
    return plan._replace(parameters=parameters)


def complete_group_ties(groups: IntArray) -> TieGraph:
    """Return ties between all who share a group; the weight of each is 1 / the others in the group."""
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    pairs = [np.array(np.triu_indices(one.size, 1)) for one in members]
    first = np.concatenate([one[pair[0]] for one, pair in zip(members, pairs, strict=True)])
    second = np.concatenate([one[pair[1]] for one, pair in zip(members, pairs, strict=True)])
    sizes = np.bincount(groups)[groups[first]]
    return build_tie_graph(first, second, 1.0 / (sizes - 1.0), groups.size)


@dataclass(frozen=True, eq=False)
class DiffusionSimulator:
    """The world of an observed diffusion, in which models are simulated."""

    observed: ObservedDiffusion
    prepared: PreparedScenario
    group_ties: dict[str, TieGraph]

    def simulate_adoption(self, model: ContagionModel, strength: float, pushes: FloatArray, replicate: int) -> IntArray:
        """Return when each person adopts in one world, `NEVER_ADOPTED` for those who do not."""
        observed = self.observed
        plan, state = self.initialise(model, strength, replicate)
        out = allocate_measures(self.prepared.scenario)
        for period in range(1, observed.periods + 1):
            place = min(period - observed.first_explained, pushes.size - 1)
            rules = model_rules(model, float(pushes[place]), strength) if place >= 0 else WAITING_RULES
            run_months(with_rules(plan, rules), state, period, period, out[period : period + 1])
        first = state.histories[0, FIRST_ADOPTED, : observed.person_count]
        return np.where(first > 0, first, NEVER_ADOPTED)

    def initialise(self, model: ContagionModel, strength: float, replicate: int) -> tuple[RunInputs, SimulationState]:
        """Return the plan and the state at the start, with ties between all where a model has them."""
        plan, state = initialise_run(self.prepared, self.prepared.world(replicate))
        if model.contagion not in self.group_ties:
            return plan, state
        ties = self.group_ties[model.contagion]
        starts = np.concatenate((ties.indptr, np.full(plan.indptr.shape[1] - ties.indptr.size, ties.indptr[-1])))
        with np.errstate(divide="ignore"):
            weights = -np.expm1(ties.weights * np.log1p(-strength))
        alike = np.ones(ties.indices.size)
        return plan._replace(indptr=starts[None], indices=ties.indices, weights=weights, similarity=alike), state


def create_simulator(observed: ObservedDiffusion) -> DiffusionSimulator:
    """Return the world of an observed diffusion."""
    mixed: dict[str, TieGraph] = {}
    if observed.person_count <= MAX_FULLY_MIXED:
        everybody = np.zeros(observed.person_count, dtype=np.int64)
        mixed["everybody"] = complete_group_ties(everybody)
        if len(observed.communities) > 1:  # one community is everybody, and no model asks for it
            mixed["community"] = complete_group_ties(observed.community)
    return DiffusionSimulator(observed, prepare_scenario(diffusion_scenario(observed)), mixed)


def can_simulate(simulator: DiffusionSimulator, model: ContagionModel) -> bool:
    """Return whether a model can be simulated: mixing of very many would need too many ties."""
    return model.contagion not in {"everybody", "community"} or model.contagion in simulator.group_ties


def simulate_ensemble(
    simulator: DiffusionSimulator,
    posterior: ContagionPosterior,
    replicates: int,
    *,
    seed: int = 0,
    workers: int | None = None,
) -> IntArray:
    """Return, as (worlds, people), when each adopts: each world with parameters of its own from the posterior.

    The result does not depend on how many threads work.
    """
    rng = np.random.default_rng(seed)
    drawn = [posterior.draw(rng) for _ in range(replicates)]

    def some(part: range) -> list[tuple[int, IntArray]]:
        return [(world, simulator.simulate_adoption(posterior.model, *drawn[world], world)) for world in part]

    found = map_in_threads(some, range(replicates), workers=workers)
    return np.array([adopted for _, adopted in sorted(found, key=itemgetter(0))])
