"""Hearing, deciding and copying as loops over arrays; the compiled twin of `agents.Organisation`."""

import numpy as np
from numpy.typing import NDArray

from qispread.engines.stages_context import load_of
from qispread.rules import deciding, draws, hearing, steps
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


@stage
def decide(plan: Plan, state: State, epoch: int, month: int, k: int) -> None:
    """Let the aware begin, and the origin at the launch."""
    stages, visible = state.histories[k, at.STAGE], state.visible[k]
    one, weights, organisations = plan.interventions[k], plan.parameters.deciding, state.organisations
    levers = plan.practice_levers[epoch, k]
    numbers = (
        weights.reluctance,
        weights.peers,
        weights.advantage,
        weights.climate,
        weights.standard,
        weights.overload,
        weights.claimed_result,
    )
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
        begins, goal = steps.decide(
            plan.streams[k, i],
            month,
            peers,
            advantage,
            organisations[at.CLIMATE, i],
            system_push,
            load_of(plan, state.histories, i),
            organisations[at.AVAILABLE, i],
            levers[by.PUSH, i],
            levers[by.AMBITION, i],
            one.effort,
            numbers,
        )
        if begins:
            copy(plan, state, epoch, month, k, i, best_peer)
            state.practices[k, at.GOAL, i] = goal


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
    one, parameters, organisations = plan.interventions[k], plan.parameters.copying, state.organisations
    practices, visible, levers = state.practices[k], state.visible[k], plan.practice_levers[epoch, k]
    peer = max(best_peer, 0)  # without a peer nothing of what is seen here is used
    whose, fidelity, tuning_1, tuning_2, fit = steps.copy(
        plan.streams[k, i],
        month,
        levers[by.STANDARD, i],
        levers[by.SUPPORT, i],
        best_peer >= 0,
        (
            visible[at.VISIBLE_FIDELITY, peer],
            visible[at.VISIBLE_TUNING_1, peer],
            visible[at.VISIBLE_TUNING_2, peer],
        ),
        (plan.system_setting[0, plan.system[i]], plan.system_setting[1, plan.system[i]]),
        (plan.origin_setting[k, 0], plan.origin_setting[k, 1]),
        (organisations[at.SETTING_1, i], organisations[at.SETTING_2, i]),
        (one.complexity, one.codification, one.breadth),
        (parameters.copy_loss, parameters.lineage, parameters.standard_codification),
    )
    if whose == steps.FROM_PEER:
        begin(plan, state, month, k, i, best_peer, int(visible[at.VISIBLE_GENERATION, best_peer]) + 1)
    else:
        begin(plan, state, month, k, i, at.AGREED_STANDARD if whose == steps.FROM_STANDARD else at.LITERATURE, 1)
    practices[at.FIDELITY, i] = fidelity
    practices[at.TUNING_1, i] = tuning_1
    practices[at.TUNING_2, i] = tuning_2
    practices[at.FIT, i] = fit
