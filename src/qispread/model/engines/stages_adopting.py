"""Hearing, deciding and copying as loops over arrays; the compiled counterpart of `agents.Organisation`."""

import numpy as np
from numpy.typing import NDArray

from qispread.model.engines.stages_context import organisation_workload
from qispread.model.rules import deciding, hearing, random_draws, steps
from qispread.model.rules.jit import inlined, stage
from qispread.model.rules.random_draws import uniform
from qispread.model.world import lever_slots as slots
from qispread.model.world import state_arrays as rows
from qispread.model.world.run_inputs import RunInputs, SimulationState

FloatArray = NDArray[np.float64]


@stage
def hear(plan: RunInputs, state: SimulationState, epoch: int, month: int, k: int) -> None:
    """Draw which unaware organisations hear, and which reconsider after discontinuing."""
    parameters, intervention = plan.parameters.hearing, plan.interventions[k]
    stages, practising = state.histories[k, rows.STAGE], state.visible[k, rows.VISIBLE_PRACTISING]
    indptr, readopting = plan.indptr[epoch], plan.parameters.reviewing.readopting
    for i in range(stages.size):
        if stages[i] == rows.DISCONTINUED and uniform(plan.streams[k, i], month, random_draws.READOPTS) < readopting:
            stages[i] = rows.AWARE
        if stages[i] != rows.UNAWARE:
            continue
        contact = parameters.contact * plan.organisation_levers[epoch, slots.CONTACT, i]
        silent = 1.0
        for tie in range(indptr[i], indptr[i + 1]):
            seen = practising[plan.indices[tie]]
            silent *= hearing.chance_peer_silent(contact * seen, plan.weights[tie], intervention.observability)
        if uniform(plan.streams[k, i], month, random_draws.HEARS) < hearing.chance_hears(parameters.broadcast, silent):
            stages[i] = rows.AWARE


@inlined
def count_implementing(histories: NDArray[np.int64], i: int) -> int:
    """Return the number of practices that one organisation is implementing."""
    count = 0
    for k in range(histories.shape[0]):
        if histories[k, rows.STAGE, i] == rows.IMPLEMENTING:
            count += 1
    return count


@stage
def partnership_users(plan: RunInputs, practising: FloatArray, members: FloatArray, users: FloatArray) -> None:
    """Count the members and visible users of each partnership."""
    members[:] = 0.0
    users[:] = 0.0
    for i in range(practising.size):
        members[plan.partnership[i]] += 1.0
        users[plan.partnership[i]] += practising[i]


@inlined
def peer_influence(plan: RunInputs, visible: FloatArray, epoch: int, month: int, k: int, i: int) -> tuple[float, int]:
    """Return the share of tie weight to users, and the most attractive peer to copy (-1 for none)."""
    form = plan.parameters.forms.attraction
    total, practising, best, best_peer = 0.0, 0.0, -1.0, -1
    for tie in range(plan.indptr[epoch, i], plan.indptr[epoch, i + 1]):
        peer, weight = plan.indices[tie], plan.weights[tie]
        total += weight
        is_user = visible[rows.VISIBLE_PRACTISING, peer]
        practising += weight * is_user
        attraction = deciding.attraction_in_form(
            form,
            weight,
            visible[rows.VISIBLE_RESULT, peer],
            plan.similarity[tie],
            plan.streams[k, i],  # read only where a form draws: a view of the row beforehand took 2% of a run
            month,
            plan.streams[-1, peer],
        )
        is_better = (is_user > 0.0) & (attraction > best)
        best, best_peer = (attraction if is_better else best), (peer if is_better else best_peer)
    return (practising / total if total > 0.0 else 0.0), best_peer


@stage
def decide(plan: RunInputs, state: SimulationState, epoch: int, month: int, k: int) -> None:
    """Draw which aware organisations adopt, and start the pilot sites at the launch."""
    stages, visible = state.histories[k, rows.STAGE], state.visible[k]
    intervention, weights, organisations = plan.interventions[k], plan.parameters.deciding, state.organisations
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
    forms = (plan.parameters.forms.chance_adopts,)
    members, users = np.empty(plan.partnership_setting.shape[1]), np.empty(plan.partnership_setting.shape[1])
    practising = visible[rows.VISIBLE_PRACTISING]
    partnership_users(plan, practising, members, users)
    for i in range(stages.size):
        if month == intervention.launch and state.histories[k, rows.ORIGIN, i]:
            begin_as_origin(plan, state, epoch, month, k, i)
        if stages[i] != rows.AWARE:
            continue
        if count_implementing(state.histories, i) >= plan.organisation_levers[epoch, slots.MAX_PRACTICES, i]:
            continue
        peers, best_peer = peer_influence(plan, visible, epoch, month, k, i)
        advantage = visible[rows.VISIBLE_RESULT, best_peer] if best_peer >= 0 else weights.claimed_result
        peer_count = members[plan.partnership[i]] - 1.0
        partnership_push = (
            levers[slots.STANDARD, i] * ((users[plan.partnership[i]] - practising[i]) / peer_count)
            if peer_count > 0.0
            else 0.0
        )
        adopts, goal = steps.decide(
            plan.streams[k, i],
            month,
            peers,
            advantage,
            organisations[rows.CLIMATE, i],
            partnership_push,
            organisation_workload(plan, state.histories, i),
            organisations[rows.AVAILABLE_TIME, i],
            levers[slots.PUSH, i],
            levers[slots.AMBITION, i],
            intervention.effort,
            numbers,
            forms,
        )
        if adopts:
            copy(plan, state, epoch, month, k, i, best_peer)
            state.practices[k, rows.GOAL, i] = goal


@inlined
def begin(plan: RunInputs, state: SimulationState, month: int, k: int, i: int, source: int, generation: int) -> None:
    """Record the start of a practice."""
    histories = state.histories[k]
    histories[rows.STAGE, i] = rows.IMPLEMENTING
    histories[rows.LAST_ADOPTED, i] = month
    histories[rows.REVIEW_PHASE, i] = month % plan.parameters.reviewing.interval
    if histories[rows.FIRST_ADOPTED, i] < 0:
        histories[rows.FIRST_ADOPTED, i] = month
    histories[rows.COPIED_FROM, i] = source
    histories[rows.GENERATION, i] = generation
    state.practices[k, rows.EMBEDDING, i] = 0.0


@inlined
def begin_as_origin(plan: RunInputs, state: SimulationState, epoch: int, month: int, k: int, i: int) -> None:
    """Start an intervention at its pilot site: complete, and fitted to the local setting."""
    practices, claimed = state.practices[k], plan.parameters.deciding.claimed_result
    begin(plan, state, month, k, i, rows.COPIED_FROM_SELF, 0)
    practices[rows.FIDELITY, i] = 1.0
    practices[rows.TUNING_1, i] = state.organisations[rows.SETTING_1, i]
    practices[rows.TUNING_2, i] = state.organisations[rows.SETTING_2, i]
    practices[rows.APPROPRIATENESS, i] = 1.0
    ambition = plan.practice_levers[epoch, k, slots.AMBITION, i]
    practices[rows.GOAL, i] = deciding.expected_goal(ambition, 0.0, claimed)


@inlined
def copy(plan: RunInputs, state: SimulationState, epoch: int, month: int, k: int, i: int, best_peer: int) -> None:
    """Adopt by copying the partnership's standard, else the best visible peer, else the literature."""
    intervention, parameters, organisations = plan.interventions[k], plan.parameters.copying, state.organisations
    practices, visible, levers = state.practices[k], state.visible[k], plan.practice_levers[epoch, k]
    peer = max(best_peer, 0)  # without a peer, these values are not used
    origin, fidelity, tuning_1, tuning_2, appropriateness = steps.copy(
        plan.streams[k, i],
        month,
        levers[slots.STANDARD, i],
        levers[slots.SUPPORT, i],
        best_peer >= 0,
        (
            visible[rows.VISIBLE_FIDELITY, peer],
            visible[rows.VISIBLE_TUNING_1, peer],
            visible[rows.VISIBLE_TUNING_2, peer],
        ),
        (plan.partnership_setting[0, plan.partnership[i]], plan.partnership_setting[1, plan.partnership[i]]),
        (plan.origin_setting[k, 0], plan.origin_setting[k, 1]),
        (organisations[rows.SETTING_1, i], organisations[rows.SETTING_2, i]),
        (intervention.complexity, intervention.codification, intervention.breadth),
        (parameters.copy_loss, parameters.lineage, parameters.standard_codification),
    )
    if origin == steps.FROM_PEER:
        begin(plan, state, month, k, i, best_peer, int(visible[rows.VISIBLE_GENERATION, best_peer]) + 1)
    else:
        begin(
            plan,
            state,
            month,
            k,
            i,
            rows.COPIED_FROM_STANDARD if origin == steps.FROM_STANDARD else rows.COPIED_FROM_LITERATURE,
            1,
        )
    practices[rows.FIDELITY, i] = fidelity
    practices[rows.TUNING_1, i] = tuning_1
    practices[rows.TUNING_2, i] = tuning_2
    practices[rows.APPROPRIATENESS, i] = appropriateness
