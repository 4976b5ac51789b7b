"""Improving, reviewing and adverse events as loops over arrays; the compiled counterpart of `agents.Organisation`."""

import numpy as np
from numpy.typing import NDArray

from qispread.model.engines.stages_context import discontinue
from qispread.model.rules import local_improvement, outcome, steps
from qispread.model.rules.jit import stage
from qispread.model.world import lever_slots as slots
from qispread.model.world import state_arrays as rows
from qispread.model.world.run_inputs import RunInputs, SimulationState, update_climate

FloatArray = NDArray[np.float64]


@stage
def improve(plan: RunInputs, state: SimulationState, epoch: int, month: int, k: int) -> None:
    """Update practices in use: a PDSA cycle or drift, and embedding."""
    organisations, practices, stages = state.organisations, state.practices[k], state.histories[k, rows.STAGE]
    record, parameters = plan.interventions[k], plan.parameters.improving
    streams, levers = plan.streams[k], plan.practice_levers[epoch, k]
    intervention = (record.complexity, record.breadth, record.half, record.steepness, record.social)
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
    forms = (plan.parameters.forms.decayed_fidelity, plan.parameters.forms.response_to_fidelity)
    for i in range(stages.size):
        if stages[i] != rows.IMPLEMENTING and stages[i] != rows.EMBEDDED:
            continue
        _, embedded, fidelity, tuning_1, tuning_2, embedding, appropriateness, result, capability = steps.improve(
            streams[i],
            month,
            (
                organisations[rows.CAPABILITY, i],
                organisations[rows.EFFECTIVE_MEASUREMENT, i],
                organisations[rows.VIGILANCE, i],
                organisations[rows.DOSE, i],
                organisations[rows.CLIMATE, i],
                organisations[rows.TURNOVER, i],
                organisations[rows.SETTING_1, i],
                organisations[rows.SETTING_2, i],
            ),
            (levers[slots.SUPPORT, i], levers[slots.STANDARD, i], levers[slots.LATITUDE, i]),
            (
                practices[rows.FIDELITY, i],
                practices[rows.TUNING_1, i],
                practices[rows.TUNING_2, i],
                practices[rows.EMBEDDING, i],
                practices[rows.APPROPRIATENESS, i],
            ),
            intervention,
            numbers,
            forms,
        )
        organisations[rows.CAPABILITY, i] = capability
        practices[rows.FIDELITY, i] = fidelity
        practices[rows.TUNING_1, i] = tuning_1
        practices[rows.TUNING_2, i] = tuning_2
        practices[rows.EMBEDDING, i] = embedding
        practices[rows.APPROPRIATENESS, i] = appropriateness
        practices[rows.RESULT, i] = result
        practices[rows.BEST_RESULT, i] = max(practices[rows.BEST_RESULT, i], result)
        stages[i] = rows.EMBEDDED if embedded else rows.IMPLEMENTING


@stage
def review(plan: RunInputs, state: SimulationState, month: int, k: int) -> None:
    """Review practices at their interval, and continue or discontinue them."""
    organisations, practices, histories = state.organisations, state.practices[k], state.histories[k]
    parameters = plan.parameters.reviewing
    phase = month % parameters.interval
    numbers = (
        parameters.noise,
        parameters.discontinuing,
        parameters.forbearance,
        parameters.cynicism,
        parameters.encouragement,
    )
    for i in range(organisations.shape[1]):
        if histories[rows.REVIEW_PHASE, i] != phase or histories[rows.LAST_ADOPTED, i] == month:
            continue
        if histories[rows.STAGE, i] != rows.IMPLEMENTING and histories[rows.STAGE, i] != rows.EMBEDDED:
            continue
        outcome_code, _, organisations[rows.CULTURE, i] = steps.review(
            plan.streams[k, i],
            month,
            practices[rows.RESULT, i],
            practices[rows.GOAL, i],
            organisations[rows.EFFECTIVE_MEASUREMENT, i],
            organisations[rows.CULTURE, i],
            organisations[rows.LEADERSHIP, i],
            numbers,
        )
        update_climate(organisations, i, plan.parameters.forms.climate)
        if outcome_code == steps.DISCONTINUED:
            discontinue(practices, histories, i)


@stage
def improve_locally(plan: RunInputs, state: SimulationState) -> None:
    """Use spare time for other local improvement."""
    organisations, parameters = state.organisations, plan.parameters.local_improvement
    for i in range(organisations.shape[1]):
        organisations[rows.LOCAL_IMPROVEMENT, i] = local_improvement.local_improvement_after(
            organisations[rows.LOCAL_IMPROVEMENT, i],
            organisations[rows.CAPABILITY, i],
            organisations[rows.EFFECTIVE_MEASUREMENT, i],
            organisations[rows.SPARE_TIME, i],
            organisations[rows.VIGILANCE, i],
            parameters.gain,
            parameters.loss,
        )


@stage
def update_events(plan: RunInputs, state: SimulationState, month: int) -> None:
    """Compute the event rates of the month and the events averted; loops without branches are fast (decision 20)."""
    organisations, practices = state.organisations, state.practices
    factor = outcome.secular_trend(plan.parameters.outcome.secular, month)
    event_rate, exposure = organisations[rows.EVENT_RATE], organisations[rows.EXPOSURE]
    averted, baseline = organisations[rows.EVENTS_AVERTED], organisations[rows.BASELINE]
    local_improvement = organisations[rows.LOCAL_IMPROVEMENT]
    for i in range(event_rate.size):
        event_rate[i] = baseline[i] * factor * (1.0 - local_improvement[i])
    for k in range(practices.shape[0]):
        benefit, result = plan.interventions[k].benefit, practices[k, rows.RESULT]
        for i in range(event_rate.size):
            event_rate[i] = outcome.remaining_rate(event_rate[i], benefit, result[i])
    for k in range(practices.shape[0]):
        benefit, result, prevented = (
            plan.interventions[k].benefit,
            practices[k, rows.RESULT],
            practices[k, rows.EVENTS_PREVENTED],
        )
        for i in range(event_rate.size):
            prevented[i] += outcome.prevented_rate(event_rate[i], benefit, result[i]) * exposure[i]
    for i in range(event_rate.size):
        averted[i] += (baseline[i] * factor - event_rate[i]) * exposure[i]


@stage
def publish_state(state: SimulationState) -> None:
    """Publish what peers can see next month."""
    for k in range(state.practices.shape[0]):
        practices, histories, visible = state.practices[k], state.histories[k], state.visible[k]
        for i in range(practices.shape[1]):
            in_use = histories[rows.STAGE, i] == rows.IMPLEMENTING or histories[rows.STAGE, i] == rows.EMBEDDED
            visible[rows.VISIBLE_PRACTISING, i] = 1.0 if in_use else 0.0
            visible[rows.VISIBLE_RESULT, i] = practices[rows.RESULT, i]
            visible[rows.VISIBLE_FIDELITY, i] = practices[rows.FIDELITY, i]
            visible[rows.VISIBLE_TUNING_1, i] = practices[rows.TUNING_1, i]
            visible[rows.VISIBLE_TUNING_2, i] = practices[rows.TUNING_2, i]
            visible[rows.VISIBLE_GENERATION, i] = histories[rows.GENERATION, i]
