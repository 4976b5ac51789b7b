"""Simulation of contagion models on the kernel: only hearing and deciding are active among the observed people."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from qispread.inputs.load_scenario import build_scenario
from qispread.inputs.scenario import Scenario
from qispread.model.engines.kernel import run_months
from qispread.model.engines.simulation import allocate_measures
from qispread.model.engines.thread_map import map_in_threads
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
"""Log-odds of certainty: 1 / (1 + exp(-50)) is 1 in floating point."""
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
"""Everybody hears and adopts at once and never discontinues; each contagion model switches its own rules on."""
MAX_FULLY_MIXED = 4000
"""The most people for whom a complete network is built."""
OUTSIDER_ID = "outside"


@dataclass(frozen=True)
class DiffusionRules:
    """The parameters of hearing and deciding in one period (decision 53)."""

    broadcast: float
    contact: float
    reluctance: float
    peers: float


WAITING_RULES = DiffusionRules(0.0, 0.0, CERTAIN_LOG_ODDS, 0.0)
"""Nobody hears or adopts except the seeds."""


def diffusion_scenario(observed: ObservedDiffusion) -> Scenario:
    """Return the scenario, in which months are periods, people are organisations and communities are partnerships.

    Adopters of the first period are the origin. Without any, a person without ties is added as the origin, from whom
    nobody hears.
    """
    adoptions = zip(observed.ids, observed.adopted, strict=True)
    seeds = [person for person, period in adoptions if observed.seeded and period == 1]
    rows = [
        {"id": person, "partnership": observed.communities[community] or None}
        for person, community in zip(observed.ids, observed.community, strict=True)
    ]
    if not seeds:
        seeds = [unused_id(observed.ids)]
        rows.append({"id": seeds[0], "partnership": None})
    owners, ties = observed.ties.owners, observed.ties
    is_first = owners < ties.indices
    ties_by_index = zip(
        owners[is_first].tolist(), ties.indices[is_first].tolist(), ties.weights[is_first].tolist(), strict=True
    )
    pairs = [{"first": observed.ids[a], "second": observed.ids[b], "weight": weight} for a, b, weight in ties_by_index]
    intervention = {"observability": 1.0, "effort": 0.0, "social": 0.0, "origin": {"organisations": seeds}}
    return build_scenario(
        {
            **MECHANISMS_OFF,
            "name": "observed",
            "horizon": observed.periods,
            "organisations": {"rows": rows},
            "network": {"kind": "ties", "ties": pairs},
            "interventions": {"adopted": intervention},
        }
    )


def unused_id(ids: tuple[str, ...]) -> str:
    """Return an id that no person has."""
    name = OUTSIDER_ID
    while name in ids:
        name += "_"
    return name


def model_rules(model: ContagionModel, push: float, strength: float) -> DiffusionRules:
    """Return the parameters of hearing and deciding for a model in one period."""
    if model.contagion == "share":
        with np.errstate(divide="ignore"):
            reluctance = float(np.clip(np.log1p(-push) - np.log(push), -CERTAIN_LOG_ODDS, CERTAIN_LOG_ODDS))
        return DiffusionRules(1.0, 0.0, reluctance, strength)
    # Ties between everybody, or within communities, already have the strength in their weights.
    contact = {"ties": strength, "everybody": 1.0, "community": 1.0}.get(model.contagion, 0.0)
    return DiffusionRules(push, contact, -CERTAIN_LOG_ODDS, 0.0)


def with_rules(plan: RunInputs, rules: DiffusionRules) -> RunInputs:
    """Return run inputs with other parameters of hearing and deciding."""
    parameters = plan.parameters.copy()
    parameters["hearing"]["broadcast"], parameters["hearing"]["contact"] = rules.broadcast, rules.contact
    parameters["deciding"]["reluctance"], parameters["deciding"]["peers"] = rules.reluctance, rules.peers
    return plan._replace(parameters=parameters)


def complete_group_ties(groups: IntArray) -> TieGraph:
    """Return ties between all members of each group, with weights 1 / (group size - 1)."""
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    pairs = [np.array(np.triu_indices(indices.size, 1)) for indices in members]
    first = np.concatenate([indices[pair[0]] for indices, pair in zip(members, pairs, strict=True)])
    second = np.concatenate([indices[pair[1]] for indices, pair in zip(members, pairs, strict=True)])
    sizes = np.bincount(groups)[groups[first]]
    return build_tie_graph(first, second, 1.0 / (sizes - 1.0), groups.size)


@dataclass(frozen=True, eq=False)
class DiffusionSimulator:
    """The simulator of contagion models among the people of an observed diffusion."""

    observed: ObservedDiffusion
    prepared: PreparedScenario
    group_ties: dict[str, TieGraph]

    def simulate_adoption(self, model: ContagionModel, strength: float, pushes: FloatArray, replicate: int) -> IntArray:
        """Return the adoption period of each person in one replicate, `NEVER_ADOPTED` for those who do not adopt."""
        observed = self.observed
        plan, state = self.initialise(model, strength, replicate)
        measures = allocate_measures(self.prepared.scenario)
        for period in range(1, observed.periods + 1):
            index = min(period - observed.first_explained, pushes.size - 1)
            rules = model_rules(model, float(pushes[index]), strength) if index >= 0 else WAITING_RULES
            run_months(with_rules(plan, rules), state, period, period, measures[period : period + 1])
        first = state.histories[0, FIRST_ADOPTED, : observed.person_count]
        return np.where(first > 0, first, NEVER_ADOPTED)

    def initialise(self, model: ContagionModel, strength: float, replicate: int) -> tuple[RunInputs, SimulationState]:
        """Return the run inputs and the initial state, with ties within groups if the model has them."""
        plan, state = initialise_run(self.prepared, self.prepared.world(replicate))
        if model.contagion not in self.group_ties:
            return plan, state
        ties = self.group_ties[model.contagion]
        indptr = np.concatenate((ties.indptr, np.full(plan.indptr.shape[1] - ties.indptr.size, ties.indptr[-1])))
        with np.errstate(divide="ignore"):
            weights = -np.expm1(ties.weights * np.log1p(-strength))
        similarities = np.ones(ties.indices.size)
        return plan._replace(indptr=indptr[None], indices=ties.indices, weights=weights, similarity=similarities), state


def create_simulator(observed: ObservedDiffusion) -> DiffusionSimulator:
    """Return the simulator of an observed diffusion."""
    group_ties: dict[str, TieGraph] = {}
    if observed.person_count <= MAX_FULLY_MIXED:
        one_group = np.zeros(observed.person_count, dtype=np.int64)
        group_ties["everybody"] = complete_group_ties(one_group)
        if len(observed.communities) > 1:  # a single community is everybody, and no model needs it
            group_ties["community"] = complete_group_ties(observed.community)
    return DiffusionSimulator(observed, prepare_scenario(diffusion_scenario(observed)), group_ties)


def can_simulate(simulator: DiffusionSimulator, model: ContagionModel) -> bool:
    """Return whether a model can be simulated: mixing of many people would need too many ties."""
    return model.contagion not in {"everybody", "community"} or model.contagion in simulator.group_ties


def simulate_ensemble(
    simulator: DiffusionSimulator,
    posterior: ContagionPosterior,
    replicates: int,
    *,
    seed: int = 0,
    workers: int | None = None,
) -> IntArray:
    """Return adoption periods, an array of (replicates, people), each replicate with its own draw from the posterior.

    The result does not depend on the number of threads.
    """
    rng = np.random.default_rng(seed)
    parameters = [posterior.draw(rng) for _ in range(replicates)]

    def run_some(chunk: range) -> list[tuple[int, IntArray]]:
        return [
            (replicate, simulator.simulate_adoption(posterior.model, *parameters[replicate], replicate))
            for replicate in chunk
        ]

    adoptions = map_in_threads(run_some, range(replicates), workers=workers)
    return np.array([adopted for _, adopted in sorted(adoptions, key=itemgetter(0))])
