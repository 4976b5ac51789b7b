"""The compiled engine: the same months as the Mesa agents live, as loops over arrays.

A month, in order: policies, leaders, taking stock, hearing, deciding, improving, reviewing, home-grown improvement,
harm; then everyone publishes what peers can see next month. All act on what was visible at the end of last month, so
the order in which organisations are visited cannot matter.
"""

import numpy as np
from numpy.typing import NDArray

from qispread.engines.measuring import measure_month
from qispread.rules import (
    capacity,
    copying,
    deciding,
    draws,
    hearing,
    home_grown,
    improving,
    leaders,
    outcome,
    reviewing,
)
from qispread.rules.compiling import kernel, stage
from qispread.rules.compiling import rule as inlined
from qispread.rules.draws import uniform
from qispread.world import layout as at
from qispread.world import levers as by
from qispread.world.build import Plan, State

Array = NDArray[np.float64]


@inlined
def settle_climate(organisations: Array, i: int) -> None:
    """Work out the climate of one organisation anew: the dearest step of a month, taken only after a change."""
    organisations[at.CLIMATE, i] = capacity.climate(
        organisations[at.LEADERSHIP, i], organisations[at.ALIGNMENT, i], organisations[at.CULTURE, i]
    )


@stage
def apply_policies(plan: Plan, state: State, epoch: int) -> None:
    """Let what policies build up or wear down move by a month."""
    organisations, practices, histories = state.organisations, state.practices, state.histories
    levers = plan.organisation_levers[epoch]
    for i in range(organisations.shape[1]):
        turnover = organisations[at.TURNOVER, i]
        organisations[at.CAPABILITY, i] = capacity.trained(
            organisations[at.CAPABILITY, i], levers[by.CAPABILITY_GROWTH, i], turnover
        )
        organisations[at.LEADERSHIP, i] = capacity.grown(
            organisations[at.LEADERSHIP, i], levers[by.LEADERSHIP_GROWTH, i]
        )
        organisations[at.ALIGNMENT, i] = capacity.grown(organisations[at.ALIGNMENT, i], levers[by.ALIGNMENT_GROWTH, i])
        organisations[at.CULTURE, i] = capacity.resented(organisations[at.CULTURE, i], levers[by.RESENTMENT, i])
        settle_climate(organisations, i)
        for k in range(practices.shape[0]):
            if histories[k, at.STAGE, i] == at.IMPLEMENTING or histories[k, at.STAGE, i] == at.EMBEDDED:
                share = plan.practice_levers[epoch, k, by.REFRESH, i]
                practices[k, at.FIDELITY, i] = improving.moved_towards(practices[k, at.FIDELITY, i], 1.0, share)


@inlined
def lapse(practices: Array, histories: NDArray[np.int64], i: int) -> None:
    """End one practice; nothing of it remains but the memory of how often."""
    histories[at.STAGE, i] = at.LAPSED
    histories[at.LAPSES, i] += 1
    practices[at.FIDELITY, i] = 0.0
    practices[at.EMBEDDING, i] = 0.0
    practices[at.FIT, i] = 0.0
    practices[at.RESULT, i] = 0.0


@stage
def change_leaders(plan: Plan, state: State, epoch: int, month: int) -> None:
    """Let leaders leave; successors drop some of what is still being implemented."""
    organisations, histories, parameters = state.organisations, state.histories, plan.parameters.leaders
    none, pool = plan.streams[-1], plan.leadership_at_start
    usual = leaders.chance_leader_leaves(parameters.leader_exit)
    for i in range(organisations.shape[1]):
        factor = plan.organisation_levers[epoch, by.LEADER_EXIT, i]
        chance = usual if factor == 1.0 else leaders.chance_leader_leaves(parameters.leader_exit * factor)
        if uniform(none[i], month, draws.LEADER_LEAVES) >= chance:
            continue
        drawn = pool[int(uniform(none[i], month, draws.SUCCESSOR) * pool.size)]
        organisations[at.LEADERSHIP, i] = leaders.successor_leadership(
            organisations[at.LEADERSHIP, i], drawn, parameters.continuity
        )
        settle_climate(organisations, i)
        for k in range(histories.shape[0]):
            if (
                histories[k, at.STAGE, i] == at.IMPLEMENTING
                and uniform(plan.streams[k, i], month, draws.DROPPED) < parameters.new_broom
            ):
                lapse(state.practices[k], histories[k], i)


@stage
def take_stock(plan: Plan, organisations: Array, epoch: int) -> None:
    """Work out the time, measurement and vigilance of the month, and pay for policies."""
    unled_time = plan.parameters.capacity.unled_time
    levers = plan.organisation_levers[epoch]
    leadership, measured = organisations[at.LEADERSHIP], organisations[at.WATCHED]
    for i in range(organisations.shape[1]):
        organisations[at.AVAILABLE, i] = capacity.available_time(
            organisations[at.SLACK, i], levers[by.PROTECTED_TIME, i], leadership[i], unled_time
        )
        measured[i] = min(1.0, organisations[at.MEASUREMENT, i] + levers[by.FEEDBACK, i])
        organisations[at.VIGILANCE, i] = capacity.vigilance(measured[i], leadership[i])
        organisations[at.COST, i] += levers[by.COST_A_MONTH, i]


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
            if practising[plan.others[tie]] > 0.0:
                silent *= hearing.chance_peer_silent(contact, plan.weights[tie], one.observability)
        if uniform(plan.streams[k, i], month, draws.HEARS) < hearing.chance_hears(parameters.broadcast, silent):
            stages[i] = at.AWARE


@inlined
def load_of(plan: Plan, histories: NDArray[np.int64], i: int) -> float:
    """Return the staff time that the practices of one organisation ask, in full teams."""
    load = 0.0
    for k in range(histories.shape[0]):
        stage_now = histories[k, at.STAGE, i]
        if stage_now == at.IMPLEMENTING or stage_now == at.EMBEDDED:
            one = plan.interventions[k]
            load += capacity.workload(one.effort, one.upkeep, stage_now == at.EMBEDDED)
    return load


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
        if visible[at.VISIBLE_PRACTISING, peer] > 0.0:
            practising += weight
            attraction = deciding.attraction(weight, visible[at.VISIBLE_RESULT, peer], plan.alike[tie])
            if attraction > best:
                best, best_peer = attraction, peer
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
    system_practising(plan, visible[at.VISIBLE_PRACTISING], members, users)
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
        system_push = levers[by.STANDARD, i] * (users[plan.system[i]] / fellows) if fellows > 0.0 else 0.0
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


@stage
def share_time(plan: Plan, state: State) -> None:
    """Divide the time of each organisation among what it uses."""
    organisations = state.organisations
    for i in range(organisations.shape[1]):
        load, available = load_of(plan, state.histories, i), organisations[at.AVAILABLE, i]
        organisations[at.DOSE, i] = capacity.dose(available, load)
        organisations[at.STAFF_TIME, i] += min(available, load)


@stage
def improve(plan: Plan, state: State, epoch: int, month: int, k: int) -> None:
    """Let users run a PDSA cycle, or drift; let them embed."""
    organisations, practices, stages = state.organisations, state.practices[k], state.histories[k, at.STAGE]
    one, parameters = plan.interventions[k], plan.parameters.improving
    streams, levers = plan.streams[k], plan.practice_levers[epoch, k]
    for i in range(stages.size):
        if stages[i] != at.IMPLEMENTING and stages[i] != at.EMBEDDED:
            continue
        given_dose, fidelity = organisations[at.DOSE, i], practices[at.FIDELITY, i]
        capability, latitude = organisations[at.CAPABILITY, i], levers[by.LATITUDE, i]
        real = improving.chance_real_cycle(
            capability,
            levers[by.SUPPORT, i],
            organisations[at.WATCHED, i],
            given_dose,
            parameters.support_skill,
            parameters.blind_cycles,
        )
        if uniform(streams[i], month, draws.REAL_CYCLE) < real:
            step = parameters.tuning_step * latitude
            for row in range(2):
                practices[at.TUNING_1 + row, i] = improving.moved_towards(
                    practices[at.TUNING_1 + row, i], organisations[at.SETTING_1 + row, i], step
                )
            practices[at.FIT, i] = fit_of(organisations, practices, i, one.breadth)
            fidelity = improving.moved_towards(fidelity, 1.0, parameters.repair)
            organisations[at.CAPABILITY, i] = improving.moved_towards(capability, 1.0, parameters.learning)
        elif uniform(streams[i], month, draws.REACTIVE_CHANGE) < improving.chance_reactive_change(
            given_dose, levers[by.STANDARD, i], latitude, parameters.reactive, parameters.standard_guard
        ):
            fidelity = improving.eroded_fidelity(fidelity, parameters.erosion, one.complexity)
        embedding = practices[at.EMBEDDING, i]
        fidelity = improving.decayed_fidelity(
            fidelity, parameters.decay, organisations[at.VIGILANCE, i], embedding, parameters.embedding_holds
        )
        embedding = improving.embedded_further(
            embedding, parameters.embed, organisations[at.CLIMATE, i], given_dose, organisations[at.TURNOVER, i]
        )
        responded = outcome.response(fidelity, one.half, one.steepness)
        result = outcome.practice_result(responded, practices[at.FIT, i], one.social, embedding)
        practices[at.FIDELITY, i] = fidelity
        practices[at.EMBEDDING, i] = embedding
        practices[at.RESULT, i] = result
        practices[at.BEST, i] = max(practices[at.BEST, i], result)
        stages[i] = at.EMBEDDED if embedding > parameters.embedded_above else at.IMPLEMENTING


@stage
def review(plan: Plan, state: State, month: int, k: int) -> None:
    """Let users look back on the anniversary of their start, and go on or give up."""
    organisations, practices, histories = state.organisations, state.practices[k], state.histories[k]
    parameters = plan.parameters.reviewing
    today = month % parameters.interval
    for i in range(organisations.shape[1]):
        if histories[at.ANNIVERSARY, i] != today or histories[at.SINCE, i] == month:
            continue
        if histories[at.STAGE, i] != at.IMPLEMENTING and histories[at.STAGE, i] != at.EMBEDDED:
            continue
        stream = plan.streams[k, i]
        seen = reviewing.seen_result(
            practices[at.RESULT, i],
            parameters.noise,
            organisations[at.WATCHED, i],
            draws.normal(stream, month, draws.SEEN_FIRST),
        )
        shortfall = practices[at.GOAL, i] - seen
        culture = organisations[at.CULTURE, i]
        if shortfall <= 0.0:
            organisations[at.CULTURE, i] = improving.moved_towards(culture, 1.0, parameters.encouragement)
            settle_climate(organisations, i)
            continue
        organisations[at.CULTURE, i] = reviewing.disappointed(culture, parameters.cynicism)
        settle_climate(organisations, i)
        chance = reviewing.chance_gives_up(
            shortfall, parameters.giving_up, parameters.forbearance, organisations[at.LEADERSHIP, i]
        )
        if uniform(stream, month, draws.GIVES_UP) < chance:
            lapse(practices, histories, i)


@stage
def grow_at_home(plan: Plan, state: State) -> None:
    """Let time that is left over go to local improvement."""
    organisations, parameters = state.organisations, plan.parameters.home_grown
    for i in range(organisations.shape[1]):
        spare = max(0.0, organisations[at.AVAILABLE, i] - load_of(plan, state.histories, i))
        organisations[at.LOCAL_GAIN, i] = home_grown.local_gain_after(
            organisations[at.LOCAL_GAIN, i],
            organisations[at.CAPABILITY, i],
            organisations[at.WATCHED, i],
            spare,
            organisations[at.VIGILANCE, i],
            parameters.gain,
            parameters.loss,
        )


@stage
def harm(plan: Plan, state: State, month: int) -> None:
    """Work out the harm of the month, and what was averted and by what."""
    organisations, practices = state.organisations, state.practices
    factor = outcome.trend(plan.parameters.outcome.secular, month)
    for i in range(organisations.shape[1]):
        exposure = organisations[at.EXPOSURE, i]
        anyway = organisations[at.BASELINE, i] * factor
        left = anyway * (1.0 - organisations[at.LOCAL_GAIN, i])
        for k in range(practices.shape[0]):
            left = outcome.remaining(left, plan.interventions[k].benefit, practices[k, at.RESULT, i])
        for k in range(practices.shape[0]):
            result = practices[k, at.RESULT, i]
            if result > 0.0:
                practices[k, at.PREVENTED, i] += (
                    outcome.prevented(left, plan.interventions[k].benefit, result) * exposure
                )
        organisations[at.HARM, i] = left
        organisations[at.HARM_AVERTED, i] += (anyway - left) * exposure


@stage
def publish(state: State) -> None:
    """Show peers what they can see next month."""
    for k in range(state.practices.shape[0]):
        practices, histories, visible = state.practices[k], state.histories[k], state.visible[k]
        for i in range(practices.shape[1]):
            used = histories[at.STAGE, i] == at.IMPLEMENTING or histories[at.STAGE, i] == at.EMBEDDED
            visible[at.VISIBLE_PRACTISING, i] = 1.0 if used else 0.0
            visible[at.VISIBLE_RESULT, i] = practices[at.RESULT, i]
            visible[at.VISIBLE_FIDELITY, i] = practices[at.FIDELITY, i]
            visible[at.VISIBLE_TUNING_1, i] = practices[at.TUNING_1, i]
            visible[at.VISIBLE_TUNING_2, i] = practices[at.TUNING_2, i]
            visible[at.VISIBLE_GENERATION, i] = histories[at.GENERATION, i]


@kernel
def run_months(plan: Plan, state: State, first: int, last: int, out: Array) -> None:
    """Run months `first` to `last`, both included, on `state` itself.

    Parameters
    ----------
    plan : Plan
    state : State
        As it was at the end of month `first` - 1.
    out : array of (last - first + 1, i + 1, measures)
        Filled with the measures of each month.
    """
    order = np.argsort(state.organisations[at.HARM])
    for month in range(first, last + 1):
        epoch = plan.of_month[month]
        if plan.acts[epoch]:
            apply_policies(plan, state, epoch)
        change_leaders(plan, state, epoch, month)
        take_stock(plan, state.organisations, epoch)
        for k in range(state.practices.shape[0]):
            if month >= plan.interventions[k].launch:
                hear(plan, state, epoch, month, k)
        for k in range(state.practices.shape[0]):
            if month >= plan.interventions[k].launch:
                decide(plan, state, epoch, month, k)
        share_time(plan, state)
        for k in range(state.practices.shape[0]):
            improve(plan, state, epoch, month, k)
        for k in range(state.practices.shape[0]):
            review(plan, state, month, k)
        grow_at_home(plan, state)
        harm(plan, state, month)
        publish(state)
        measure_month(state.organisations, state.practices, state.histories, order, out[month - first])
