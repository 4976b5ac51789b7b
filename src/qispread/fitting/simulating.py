"""The observed people and ties as a world in which all rules are off but hearing and deciding, lived on the kernel."""

from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np

from qispread.config.load import scenario_from
from qispread.config.scenario import Scenario
from qispread.engines.kernel import run_months
from qispread.engines.run import empty_measures, in_threads
from qispread.fitting.models import Model
from qispread.fitting.people import NEVER, Numbers, Observed, Ties, Whole, ties_between
from qispread.fitting.posterior import Posterior
from qispread.world.build import Blueprint, Plan, State, blueprint_of, start_run
from qispread.world.layout import FIRST

SURE = 50.0
"""Log-odds that are certain: 1 / (1 + exp(-50)) is 1 in floating point."""
QUIET: dict[str, Any] = {
    "leaders": {"leader_exit": 0.0},
    "hearing": {"broadcast": 1.0, "contact": 0.0},
    "deciding": {"reluctance": -SURE, "peers": 0.0, "advantage": 0.0, "climate": 0.0, "standard": 0.0, "overload": 0.0},
    "copying": {"copy_loss": 0.0},
    "improving": {"repair": 0.0, "learning": 0.0, "reactive": 0.0, "decay": 0.0, "embed": 0.0},
    "reviewing": {"giving_up": 0.0, "noise": 0.0, "cynicism": 0.0, "encouragement": 0.0, "returning": 0.0},
    "home_grown": {"gain": 0.0},
    "outcome": {"secular": 0.0},
}
"""Everybody hears and begins at once and goes on for ever: what a model of diffusion turns on again is its own."""
MOST_MIXED = 4000
"""People up to whom a network of everybody with everybody is built."""
OUTSIDE = "outside"


@dataclass(frozen=True)
class Rules:
    """The numbers of hearing and deciding in one period."""

    broadcast: float
    contact: float
    reluctance: float
    peers: float


WAITING = Rules(0.0, 0.0, SURE, 0.0)
"""Nobody hears and nobody begins, but those with whom it starts."""


def scenario_of(observed: Observed) -> Scenario:
    """Return the scenario: a month of it is a period; people are the organisations, communities the partnerships.

    Those who adopted in the first period are its origin. Where there are none, somebody without ties is added, with
    whom it starts and from whom nobody hears.
    """
    seeds = [one for one, when in zip(observed.ids, observed.adopted, strict=True) if observed.seeded and when == 1]
    rows = [
        {"id": one, "system": observed.communities[place] or None}
        for one, place in zip(observed.ids, observed.community, strict=True)
    ]
    if not seeds:
        seeds = [stranger(observed.ids)]
        rows.append({"id": seeds[0], "system": None})
    owners, ties = observed.ties.owners, observed.ties
    once = owners < ties.others
    named = zip(owners[once].tolist(), ties.others[once].tolist(), ties.weights[once].tolist(), strict=True)
    pairs = [{"first": observed.ids[a], "second": observed.ids[b], "weight": weight} for a, b, weight in named]
    one = {"observability": 1.0, "effort": 0.0, "social": 0.0, "origin": {"organisations": seeds}}
    return scenario_from(
        {
            **QUIET,
            "name": "observed",
            "horizon": observed.periods,
            "organisations": {"rows": rows},
            "network": {"kind": "ties", "ties": pairs},
            "interventions": {"adopted": one},
        }
    )


def stranger(ids: tuple[str, ...]) -> str:
    """Return an id that nobody has."""
    name = OUTSIDE
    while name in ids:
        name += "_"
    return name


def rules_of(model: Model, push: float, strength: float) -> Rules:
    """Return the numbers of hearing and deciding that make a model in one period."""
    if model.contagion == "share":
        with np.errstate(divide="ignore"):
            reluctance = float(np.clip(np.log1p(-push) - np.log(push), -SURE, SURE))
        return Rules(1.0, 0.0, reluctance, strength)
    contact = strength if model.contagion == "ties" else 1.0 if model.contagion in {"everybody", "community"} else 0.0
    return Rules(push, contact, -SURE, 0.0)


def with_rules(plan: Plan, rules: Rules) -> Plan:
    """Return a plan with other numbers of hearing and deciding."""
    parameters = plan.parameters.copy()
    parameters["hearing"]["broadcast"], parameters["hearing"]["contact"] = rules.broadcast, rules.contact
    parameters["deciding"]["reluctance"], parameters["deciding"]["peers"] = rules.reluctance, rules.peers
    return plan._replace(parameters=parameters)


def mixed_ties(groups: Whole) -> Ties:
    """Return ties between all who share a group; the weight of each is 1 / the others in the group."""
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    pairs = [np.array(np.triu_indices(one.size, 1)) for one in members]
    first = np.concatenate([one[pair[0]] for one, pair in zip(members, pairs, strict=True)])
    second = np.concatenate([one[pair[1]] for one, pair in zip(members, pairs, strict=True)])
    sizes = np.bincount(groups)[groups[first]]
    return ties_between(first, second, 1.0 / (sizes - 1.0), groups.size)


@dataclass(frozen=True, eq=False)
class Theatre:
    """The world of an observed diffusion, in which models are simulated."""

    observed: Observed
    blueprint: Blueprint
    mixed: dict[str, Ties]

    def lived(self, model: Model, strength: float, pushes: Numbers, world: int) -> Whole:
        """Return when each person adopts in one world, `NEVER` for those who do not."""
        observed = self.observed
        plan, state = self.prepared(model, strength, world)
        out = empty_measures(self.blueprint.scenario)
        for period in range(1, observed.periods + 1):
            place = min(period - observed.first_explained, pushes.size - 1)
            rules = rules_of(model, float(pushes[place]), strength) if place >= 0 else WAITING
            run_months(with_rules(plan, rules), state, period, period, out[period : period + 1])
        first = state.histories[0, FIRST, : observed.number]
        return np.where(first > 0, first, NEVER)

    def prepared(self, model: Model, strength: float, world: int) -> tuple[Plan, State]:
        """Return the plan and the state at the start, with ties between all where a model has them."""
        plan, state = start_run(self.blueprint, self.blueprint.world(world))
        if model.contagion not in self.mixed:
            return plan, state
        ties = self.mixed[model.contagion]
        starts = np.concatenate((ties.starts, np.full(plan.starts.shape[1] - ties.starts.size, ties.starts[-1])))
        with np.errstate(divide="ignore"):
            weights = -np.expm1(ties.weights * np.log1p(-strength))
        alike = np.ones(ties.others.size)
        return plan._replace(starts=starts[None], others=ties.others, weights=weights, alike=alike), state


def theatre_of(observed: Observed) -> Theatre:
    """Return the world of an observed diffusion."""
    mixed: dict[str, Ties] = {}
    if observed.number <= MOST_MIXED:
        everybody = np.zeros(observed.number, dtype=np.int64)
        mixed["everybody"] = mixed_ties(everybody)
        if len(observed.communities) > 1:  # one community is everybody, and no model asks for it
            mixed["community"] = mixed_ties(observed.community)
    return Theatre(observed, blueprint_of(scenario_of(observed)), mixed)


def can_simulate(theatre: Theatre, model: Model) -> bool:
    """Return whether a model can be simulated: mixing of very many would need too many ties."""
    return model.contagion not in {"everybody", "community"} or model.contagion in theatre.mixed


def ensemble(
    theatre: Theatre, posterior: Posterior, worlds: int, *, seed: int = 0, workers: int | None = None
) -> Whole:
    """Return, as (worlds, people), when each adopts: each world with parameters of its own from the posterior.

    The result does not depend on how many threads work.
    """
    rng = np.random.default_rng(seed)
    drawn = [posterior.draw(rng) for _ in range(worlds)]

    def some(part: range) -> list[tuple[int, Whole]]:
        return [(world, theatre.lived(posterior.model, *drawn[world], world)) for world in part]

    found = in_threads(some, range(worlds), workers=workers)
    return np.array([adopted for _, adopted in sorted(found, key=itemgetter(0))])
