"""Improving, reviewing and what follows for harm, as loops over arrays; the compiled twin of `agents.Organisation`."""

import numpy as np
from numpy.typing import NDArray

from qispread.model.engines.stages_context import discontinue
from qispread.model.rules import local_improvement, outcome, steps
from qispread.model.rules.jit import stage
from qispread.model.world import lever_slots as by
from qispread.model.world import state_arrays as at
from qispread.model.world.run_inputs import RunInputs, SimulationState, update_climate

FloatArray = NDArray[np.float64]


@stage
def improve(plan: RunInputs, state: SimulationState, epoch: int, month: int, k: int) -> None:
    """Let users run a PDSA cycle, or drift; let them embed."""
    organisations, practices, stages = state.organisations, state.practices[k], state.histories[k, at.STAGE]
    one, parameters = plan.interventions[k], plan.parameters.improving
    streams, levers = plan.streams[k], plan.practice_levers[epoch, k]
    intervention = (one.complexity, one.breadth, one.half, one.steepness, one.social)
    numbers = (
        parameters.support_skill,
        parameters.blind_cycles,
        parameters.tuning_step,
        parameters.repair,
        parameters.learning,
        parameters.reactive,
        parameters.standard_guard,
        parameters.erosion,
        parameters.decay,
        parameters.embedding_holds,
        parameters.embed,
        parameters.embedded_above,
    )
    for i in range(stages.size):
        if stages[i] != at.IMPLEMENTING and stages[i] != at.EMBEDDED:
            continue
        _, embedded, fidelity, tuning_1, tuning_2, embedding, fit, result, capability = steps.improve(
            streams[i],
            month,
            (
                organisations[at.CAPABILITY, i],
                organisations[at.EFFECTIVE_MEASUREMENT, i],
                organisations[at.VIGILANCE, i],
                organisations[at.DOSE, i],
                organisations[at.CLIMATE, i],
                organisations[at.TURNOVER, i],
                organisations[at.SETTING_1, i],
                organisations[at.SETTING_2, i],
            ),
            (levers[by.SUPPORT, i], levers[by.STANDARD, i], levers[by.LATITUDE, i]),
            (
                practices[at.FIDELITY, i],
                practices[at.TUNING_1, i],
                practices[at.TUNING_2, i],
                practices[at.EMBEDDING, i],
                practices[at.APPROPRIATENESS, i],
            ),
            intervention,
            numbers,
        )
        organisations[at.CAPABILITY, i] = capability
        practices[at.FIDELITY, i] = fidelity
        practices[at.TUNING_1, i] = tuning_1
        practices[at.TUNING_2, i] = tuning_2
        practices[at.EMBEDDING, i] = embedding
        practices[at.APPROPRIATENESS, i] = fit
        practices[at.RESULT, i] = result
        practices[at.BEST_RESULT, i] = max(practices[at.BEST_RESULT, i], result)
        stages[i] = at.EMBEDDED if embedded else at.IMPLEMENTING


@stage
def review(plan: RunInputs, state: SimulationState, month: int, k: int) -> None:
    """Let users look back on the anniversary of their start, and go on or give up."""
    organisations, practices, histories = state.organisations, state.practices[k], state.histories[k]
    parameters = plan.parameters.reviewing
    today = month % parameters.interval
    numbers = (
        parameters.noise,
        parameters.discontinuing,
        parameters.forbearance,
        parameters.cynicism,
        parameters.encouragement,
    )
    for i in range(organisations.shape[1]):
        if histories[at.REVIEW_PHASE, i] != today or histories[at.LAST_ADOPTED, i] == month:
            continue
        if histories[at.STAGE, i] != at.IMPLEMENTING and histories[at.STAGE, i] != at.EMBEDDED:
            continue
        happened, _, organisations[at.CULTURE, i] = steps.review(
            plan.streams[k, i],
            month,
            practices[at.RESULT, i],
            practices[at.GOAL, i],
            organisations[at.EFFECTIVE_MEASUREMENT, i],
            organisations[at.CULTURE, i],
            organisations[at.LEADERSHIP, i],
            numbers,
        )
        update_climate(organisations, i)
        if happened == steps.GAVE_UP:
            discontinue(practices, histories, i)


@stage
def improve_locally(plan: RunInputs, state: SimulationState) -> None:
    """Let time that is left over go to local improvement."""
    organisations, parameters = state.organisations, plan.parameters.local_improvement
    for i in range(organisations.shape[1]):
        organisations[at.LOCAL_IMPROVEMENT, i] = local_improvement.local_improvement_after(
            organisations[at.LOCAL_IMPROVEMENT, i],
            organisations[at.CAPABILITY, i],
            organisations[at.EFFECTIVE_MEASUREMENT, i],
            organisations[at.SPARE_TIME, i],
            organisations[at.VIGILANCE, i],
            parameters.gain,
            parameters.loss,
        )


@stage
def update_events(plan: RunInputs, state: SimulationState, month: int) -> None:
    """Work out the harm of the month, and what was averted and by what; loops without branches, which are quick."""
    organisations, practices = state.organisations, state.practices
    factor = outcome.secular_trend(plan.parameters.outcome.secular, month)
    left, exposure = organisations[at.EVENT_RATE], organisations[at.EXPOSURE]
    averted, baseline = organisations[at.EVENTS_AVERTED], organisations[at.BASELINE]
    local_improvement = organisations[at.LOCAL_IMPROVEMENT]
    for i in range(left.size):
        left[i] = baseline[i] * factor * (1.0 - local_improvement[i])
    for k in range(practices.shape[0]):
        benefit, result = plan.interventions[k].benefit, practices[k, at.RESULT]
        for i in range(left.size):
            left[i] = outcome.remaining_rate(left[i], benefit, result[i])
    for k in range(practices.shape[0]):
        benefit, result, prevented = (
            plan.interventions[k].benefit,
            practices[k, at.RESULT],
            practices[k, at.EVENTS_PREVENTED],
        )
        for i in range(left.size):
            prevented[i] += outcome.prevented_rate(left[i], benefit, result[i]) * exposure[i]
    for i in range(left.size):
        averted[i] += (baseline[i] * factor - left[i]) * exposure[i]


@stage
def publish_state(state: SimulationState) -> None:
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
