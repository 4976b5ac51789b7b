"""Hearing, deciding and copying as loops over arrays; the compiled twin of `Adopter`."""

import numpy as np
from numpy.typing import NDArray

from qispread.engines.stages_context import load_of
from qispread.rules import copying, deciding, draws, hearing, outcome
from qispread.rules.compiling import inlined, stage
from qispread.rules.draws import uniform
from qispread.world import layout as at
from qispread.world import levers as by
from qispread.world.build import Plan, State

Array = NDArray[np.float64]


@stage
def hear(plan: Plan, state: State, epoch: int, month: int, k: int) -> None:
    """Let word reach the unaware, and let those who gave up think again."""
    parameters, one = plan.parameters.hearing, plan.interventions[k]
    stages, practising = state.histories[k, at.STAGE], state.visible[k, at.VISIBLE_PRACTISING]
    starts, returning = plan.starts[epoch], plan.parameters.reviewing.returning
    for i in range(stages.size):
        if stages[i] == at.LAPSED and uniform(plan.streams[k, i], month, draws.RETURNS) < returning:
            stages[i] = at.AWARE
        if stages[i] != at.UNAWARE:
            continue
        contact = parameters.contact * plan.organisation_levers[epoch, by.CONTACT, i]
        silent = 1.0
        for tie in range(starts[i], starts[i + 1]):
            seen = practising[plan.others[tie]]
            silent *= hearing.chance_peer_silent(contact * seen, plan.weights[tie], one.observability)
        if uniform(plan.streams[k, i], month, draws.HEARS) < hearing.chance_hears(parameters.broadcast, silent):
            stages[i] = at.AWARE


@inlined
def implementing_at(histories: NDArray[np.int64], i: int) -> int:
    """Return how many practices one organisation is implementing."""
    count = 0
    for k in range(histories.shape[0]):
        if histories[k, at.STAGE, i] == at.IMPLEMENTING:
            count += 1
    return count


@stage
def system_practising(plan: Plan, practising: Array, members: Array, users: Array) -> None:
    """Count, for each partnership, its members and those seen practising."""
    members[:] = 0.0
    users[:] = 0.0
    for i in range(practising.size):
        members[plan.system[i]] += 1.0
        users[plan.system[i]] += practising[i]


@inlined
def look_at_peers(plan: Plan, visible: Array, epoch: int, i: int) -> tuple[float, int]:
    """Return the share of tie weight that practises, and the peer most worth copying (-1 for none)."""
    total, practising, best, best_peer = 0.0, 0.0, -1.0, -1
    for tie in range(plan.starts[epoch, i], plan.starts[epoch, i + 1]):
        peer, weight = plan.others[tie], plan.weights[tie]
        total += weight
        practises = visible[at.VISIBLE_PRACTISING, peer]
        practising += weight * practises
        attraction = deciding.attraction(weight, visible[at.VISIBLE_RESULT, peer], plan.alike[tie])
        better = (practises > 0.0) & (attraction > best)
        best, best_peer = (attraction if better else best), (peer if better else best_peer)
    return (practising / total if total > 0.0 else 0.0), best_peer


@inlined
def fit_of(organisations: Array, practices: Array, i: int, breadth: float) -> float:
    """Return how well the version in use fits the place; it changes only when the version does."""
    distance = outcome.squared_distance(
        practices[at.TUNING_1, i],
        practices[at.TUNING_2, i],
        organisations[at.SETTING_1, i],
        organisations[at.SETTING_2, i],
    )
    return outcome.fit(distance, breadth)


@stage
def decide(plan: Plan, state: State, epoch: int, month: int, k: int) -> None:
    """Let the aware begin, and the origin at the launch."""
    stages, visible = state.histories[k, at.STAGE], state.visible[k]
    one, weights, organisations = plan.interventions[k], plan.parameters.deciding, state.organisations
    levers = plan.practice_levers[epoch, k]
    members, users = np.empty(plan.system_setting.shape[1]), np.empty(plan.system_setting.shape[1])
    practising = visible[at.VISIBLE_PRACTISING]
    system_practising(plan, practising, members, users)
    for i in range(stages.size):
        if month == one.launch and state.histories[k, at.ORIGIN, i]:
            begin_as_origin(plan, state, epoch, month, k, i)
        if stages[i] != at.AWARE:
            continue
        if implementing_at(state.histories, i) >= plan.organisation_levers[epoch, by.AT_MOST, i]:
            continue
        peers, best_peer = look_at_peers(plan, visible, epoch, i)
        advantage = visible[at.VISIBLE_RESULT, best_peer] if best_peer >= 0 else weights.claimed_result
        fellows = members[plan.system[i]] - 1.0
        system_push = (
            levers[by.STANDARD, i] * ((users[plan.system[i]] - practising[i]) / fellows) if fellows > 0.0 else 0.0
        )
        inclined = deciding.inclination(
            peers,
            advantage,
            organisations[at.CLIMATE, i] - 0.5,
            system_push,
            weights.peers,
            weights.advantage,
            weights.climate,
            weights.standard,
        )
        excess = deciding.overload(load_of(plan, state.histories, i), one.effort, organisations[at.AVAILABLE, i])
        chance = deciding.chance_begins(weights.reluctance, inclined, levers[by.PUSH, i], weights.overload, excess)
        if uniform(plan.streams[k, i], month, draws.BEGINS) < chance:
            copy(plan, state, epoch, month, k, i, best_peer)
            state.practices[k, at.GOAL, i] = deciding.expected_goal(
                levers[by.AMBITION, i], advantage, weights.claimed_result
            )


@inlined
def begin(plan: Plan, state: State, month: int, k: int, i: int, source: int, generation: int) -> None:
    """Note that a practice begins."""
    histories = state.histories[k]
    histories[at.STAGE, i] = at.IMPLEMENTING
    histories[at.SINCE, i] = month
    histories[at.ANNIVERSARY, i] = month % plan.parameters.reviewing.interval
    if histories[at.FIRST, i] < 0:
        histories[at.FIRST, i] = month
    histories[at.COPIED_FROM, i] = source
    histories[at.GENERATION, i] = generation
    state.practices[k, at.EMBEDDING, i] = 0.0


@inlined
def begin_as_origin(plan: Plan, state: State, epoch: int, month: int, k: int, i: int) -> None:
    """Start an intervention where it was made: whole, and fitted to the place."""
    practices, claimed = state.practices[k], plan.parameters.deciding.claimed_result
    begin(plan, state, month, k, i, at.OWN_INVENTION, 0)
    practices[at.FIDELITY, i] = 1.0
    practices[at.TUNING_1, i] = state.organisations[at.SETTING_1, i]
    practices[at.TUNING_2, i] = state.organisations[at.SETTING_2, i]
    practices[at.FIT, i] = 1.0
    ambition = plan.practice_levers[epoch, k, by.AMBITION, i]
    practices[at.GOAL, i] = deciding.expected_goal(ambition, 0.0, claimed)


@inlined
def copy(plan: Plan, state: State, epoch: int, month: int, k: int, i: int, best_peer: int) -> None:
    """Begin by copying: the partnership's standard, else the best visible peer, else the literature."""
    one, parameters, practices = plan.interventions[k], plan.parameters.copying, state.practices[k]
    levers, visible = plan.practice_levers[epoch, k], state.visible[k]
    support = levers[by.SUPPORT, i]
    if uniform(plan.streams[k, i], month, draws.COPIES_STANDARD) < levers[by.STANDARD, i]:
        codification = max(one.codification, parameters.standard_codification)
        begin(plan, state, month, k, i, at.AGREED_STANDARD, 1)
        practices[at.FIDELITY, i] = 1.0 - copying.copy_loss(parameters.copy_loss, one.complexity, codification, support)
        practices[at.TUNING_1, i] = plan.system_setting[0, plan.system[i]]
        practices[at.TUNING_2, i] = plan.system_setting[1, plan.system[i]]
    elif best_peer >= 0:
        lost = copying.copy_loss(parameters.copy_loss, one.complexity, one.codification, support)
        begin(plan, state, month, k, i, best_peer, int(visible[at.VISIBLE_GENERATION, best_peer]) + 1)
        practices[at.FIDELITY, i] = copying.copied_fidelity(
            visible[at.VISIBLE_FIDELITY, best_peer], parameters.lineage, lost
        )
        practices[at.TUNING_1, i] = visible[at.VISIBLE_TUNING_1, best_peer]
        practices[at.TUNING_2, i] = visible[at.VISIBLE_TUNING_2, best_peer]
    else:
        begin(plan, state, month, k, i, at.LITERATURE, 1)
        practices[at.FIDELITY, i] = 1.0 - copying.copy_loss(parameters.copy_loss, one.complexity, one.codification, 0.0)
        practices[at.TUNING_1, i] = plan.origin_setting[k, 0]
        practices[at.TUNING_2, i] = plan.origin_setting[k, 1]
    practices[at.FIT, i] = fit_of(state.organisations, practices, i, one.breadth)
