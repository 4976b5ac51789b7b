"""Improving, reviewing and what follows for harm, as loops over arrays; the compiled twin of `Organisation`."""

import numpy as np
from numpy.typing import NDArray

from qispread.engines.stages_adopting import fit_of
from qispread.engines.stages_context import lapse
from qispread.rules import draws, home_grown, improving, outcome, reviewing
from qispread.rules.compiling import stage
from qispread.rules.draws import uniform
from qispread.world import layout as at
from qispread.world import levers as by
from qispread.world.build import Plan, State, settle_climate

Array = NDArray[np.float64]


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
        else:
            hasty = improving.chance_reactive_change(
                given_dose, levers[by.STANDARD, i], latitude, parameters.reactive, parameters.standard_guard
            )
            changes = uniform(streams[i], month, draws.REACTIVE_CHANGE) < hasty
            fidelity = improving.eroded_fidelity(fidelity, parameters.erosion * changes, one.complexity)
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
        organisations[at.LOCAL_GAIN, i] = home_grown.local_gain_after(
            organisations[at.LOCAL_GAIN, i],
            organisations[at.CAPABILITY, i],
            organisations[at.WATCHED, i],
            organisations[at.SPARE, i],
            organisations[at.VIGILANCE, i],
            parameters.gain,
            parameters.loss,
        )


@stage
def harm(plan: Plan, state: State, month: int) -> None:
    """Work out the harm of the month, and what was averted and by what; loops without branches, which are quick."""
    organisations, practices = state.organisations, state.practices
    factor = outcome.trend(plan.parameters.outcome.secular, month)
    left, exposure = organisations[at.HARM], organisations[at.EXPOSURE]
    averted, baseline = organisations[at.HARM_AVERTED], organisations[at.BASELINE]
    local_gain = organisations[at.LOCAL_GAIN]
    for i in range(left.size):
        left[i] = baseline[i] * factor * (1.0 - local_gain[i])
    for k in range(practices.shape[0]):
        benefit, result = plan.interventions[k].benefit, practices[k, at.RESULT]
        for i in range(left.size):
            left[i] = outcome.remaining(left[i], benefit, result[i])
    for k in range(practices.shape[0]):
        benefit, result, prevented = plan.interventions[k].benefit, practices[k, at.RESULT], practices[k, at.PREVENTED]
        for i in range(left.size):
            prevented[i] += outcome.prevented(left[i], benefit, result[i]) * exposure[i]
    for i in range(left.size):
        averted[i] += (baseline[i] * factor - left[i]) * exposure[i]


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
