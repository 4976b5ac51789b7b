"""The stages of a month for context: policies, leaders, capacity and time as loops over arrays."""

import numpy as np
from numpy.typing import NDArray

from qispread.model.rules import capacity, improving, leaders, random_draws, steps
from qispread.model.rules.jit import inlined, kernel, stage
from qispread.model.rules.random_draws import uniform
from qispread.model.world import lever_slots as slots
from qispread.model.world import state_arrays as rows
from qispread.model.world.run_inputs import RunInputs, SimulationState, update_climate

FloatArray = NDArray[np.float64]


@inlined
def discontinue(practices: FloatArray, histories: NDArray[np.int64], i: int) -> None:
    """Discontinue one practice; only its history remains."""
    histories[rows.STAGE, i] = rows.DISCONTINUED
    histories[rows.TIMES_DISCONTINUED, i] += 1
    practices[rows.FIDELITY, i] = 0.0
    practices[rows.EMBEDDING, i] = 0.0
    practices[rows.APPROPRIATENESS, i] = 0.0
    practices[rows.RESULT, i] = 0.0


@stage
def apply_policies(plan: RunInputs, state: SimulationState, epoch: int) -> None:
    """Apply the gradual effects of policies for a month."""
    organisations, practices, histories = state.organisations, state.practices, state.histories
    levers = plan.organisation_levers[epoch]
    for i in range(organisations.shape[1]):
        turnover = organisations[rows.TURNOVER, i]
        organisations[rows.CAPABILITY, i] = capacity.trained_capability(
            organisations[rows.CAPABILITY, i], levers[slots.CAPABILITY_GROWTH, i], turnover
        )
        organisations[rows.LEADERSHIP, i] = capacity.grown_factor(
            organisations[rows.LEADERSHIP, i], levers[slots.LEADERSHIP_GROWTH, i]
        )
        organisations[rows.ALIGNMENT, i] = capacity.grown_factor(
            organisations[rows.ALIGNMENT, i], levers[slots.ALIGNMENT_GROWTH, i]
        )
        organisations[rows.CULTURE, i] = capacity.resented_culture(
            organisations[rows.CULTURE, i], levers[slots.RESENTMENT, i]
        )
    for i in range(organisations.shape[1]):
        update_climate(organisations, i, plan.parameters.forms.climate)
    for k in range(practices.shape[0]):
        fidelity, refresh = practices[k, rows.FIDELITY], plan.practice_levers[epoch, k, slots.REFRESH]
        stages = histories[k, rows.STAGE]
        for i in range(fidelity.size):
            if stages[i] == rows.IMPLEMENTING or stages[i] == rows.EMBEDDED:
                fidelity[i] = improving.moved_towards(fidelity[i], 1.0, refresh[i])


@stage
def replace_leader(plan: RunInputs, state: SimulationState, month: int, i: int) -> None:
    """Replace a leader; the successor may drop practices still being implemented."""
    organisations, histories, parameters = state.organisations, state.histories, plan.parameters.leaders
    stream, pool = plan.streams[-1, i], plan.leadership_at_start
    candidate = pool[int(uniform(stream, month, random_draws.SUCCESSOR) * pool.size)]
    organisations[rows.LEADERSHIP, i] = leaders.successor_leadership(
        organisations[rows.LEADERSHIP, i], candidate, parameters.continuity
    )
    update_climate(organisations, i, plan.parameters.forms.climate)
    for k in range(histories.shape[0]):
        if (
            histories[k, rows.STAGE, i] == rows.IMPLEMENTING
            and uniform(plan.streams[k, i], month, random_draws.DROPPED) < parameters.new_broom
        ):
            discontinue(state.practices[k], histories[k], i)


@stage
def change_leaders(plan: RunInputs, state: SimulationState, epoch: int, month: int) -> None:
    """Draw which leaders leave, and replace them."""
    streams, factors = plan.streams[-1], plan.organisation_levers[epoch, slots.LEADER_EXIT]
    leader_exit = plan.parameters.leaders.leader_exit
    factor, chance = 1.0, leaders.chance_leader_leaves(leader_exit)
    for i in range(streams.size):
        if factors[i] != factor:
            factor = factors[i]
            chance = leaders.chance_leader_leaves(leader_exit * factor)
        if uniform(streams[i], month, random_draws.LEADER_LEAVES) < chance:
            replace_leader(plan, state, month, i)


@kernel
def leaders_leaving(streams: NDArray[np.uint64], month: int, rates: FloatArray) -> NDArray[np.bool_]:
    """Return which leaders leave this month, from their annual rates."""
    leaving = np.empty(streams.size, np.bool_)
    for i in range(streams.size):
        leaving[i] = uniform(streams[i], month, random_draws.LEADER_LEAVES) < leaders.chance_leader_leaves(rates[i])
    return leaving


@stage
def update_capacity(plan: RunInputs, organisations: FloatArray, epoch: int) -> None:
    """Compute the time, measurement and vigilance of the month, and add the cost of policies."""
    unled_time = plan.parameters.capacity.unled_time
    levers = plan.organisation_levers[epoch]
    for i in range(organisations.shape[1]):
        (
            organisations[rows.AVAILABLE_TIME, i],
            organisations[rows.EFFECTIVE_MEASUREMENT, i],
            organisations[rows.VIGILANCE, i],
        ) = steps.update_capacity(
            organisations[rows.SLACK, i],
            levers[slots.PROTECTED_TIME, i],
            organisations[rows.LEADERSHIP, i],
            unled_time,
            organisations[rows.MEASUREMENT, i],
            levers[slots.FEEDBACK, i],
        )
        organisations[rows.COST, i] += levers[slots.COST_PER_MONTH, i]


@inlined
def organisation_workload(plan: RunInputs, histories: NDArray[np.int64], i: int) -> float:
    """Return the staff time that the practices of one organisation need, in full teams."""
    load = 0.0
    for k in range(histories.shape[0]):
        stage_now = histories[k, rows.STAGE, i]
        if stage_now == rows.IMPLEMENTING or stage_now == rows.EMBEDDED:
            intervention = plan.interventions[k]
            load += capacity.workload(intervention.effort, intervention.upkeep, stage_now == rows.EMBEDDED)
    return load


@stage
def share_time(plan: RunInputs, state: SimulationState) -> None:
    """Divide the available time of each organisation among its practices in use."""
    organisations = state.organisations
    for i in range(organisations.shape[1]):
        organisations[rows.DOSE, i], organisations[rows.SPARE_TIME, i], time_used = steps.share_time(
            organisations[rows.AVAILABLE_TIME, i], organisation_workload(plan, state.histories, i)
        )
        organisations[rows.STAFF_TIME, i] += time_used
