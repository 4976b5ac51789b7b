"""Branching runs: the baseline runs once up to a month, and all arms continue from its state."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.scenario import Scenario
from qispread.model.engines.composed_model import composed_model
from qispread.model.engines.simulation import (
    ReplicateRun,
    allocate_measures,
    completed_run,
    failed_run,
)
from qispread.model.engines.thread_map import ProgressCallback, map_in_threads
from qispread.model.world.run_inputs import PreparedScenario, SimulationState, prepare_scenario


def run_branches(
    base: PreparedScenario, arms: Mapping[str, PreparedScenario], replicate: int, month: int
) -> dict[str, ReplicateRun]:
    """Run one replicate of the baseline up to the month before `month`, and each arm from there.

    Parameters
    ----------
    base : PreparedScenario
        The baseline.
    arms : mapping of str to PreparedScenario
        The arms, which must not differ from the baseline before `month`.
    replicate : int
    month : int
        First month in which arms may differ, from 2.
    """
    shared = allocate_measures(base.scenario)
    try:
        world = base.world(replicate)
        model = composed_model(base.scenario)
        plan, state = model.initialise_run(base, world)
        model.measure_month_zero(state, shared[0])
        model.run_months(plan, state, 1, month - 1, shared[1:month])
    except composed_model(base.scenario).run_errors as error:
        return {name: failed_run(arm, replicate, error) for name, arm in arms.items()}
    return {name: run_branch(arm, replicate, month, state, shared) for name, arm in arms.items()}


def run_branch(
    arm: PreparedScenario, replicate: int, month: int, state: SimulationState, shared: NDArray[np.float64]
) -> ReplicateRun:
    """Run an arm from a month on, from the state and the measures of the baseline before it."""
    model = composed_model(arm.scenario)
    try:
        world = arm.world(replicate)
        arm_plan, _ = model.initialise_run(arm, world)
        arm_state, measures = state.copy(), shared.copy()
        model.run_months(arm_plan, arm_state, month, arm.scenario.horizon, measures[month:])
    except model.run_errors as error:
        return failed_run(arm, replicate, error)
    return completed_run(arm.scenario, world, arm_state, measures)


def simulate_branches(
    base: Scenario,
    arms: Mapping[str, Scenario],
    month: int,
    replicates: range,
    *,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> dict[str, list[ReplicateRun]]:
    """Run replicates of the baseline up to a month, and all arms from there, on the kernel.

    Returns
    -------
    dict of str to list of ReplicateRun
        By arm, in order of replicates: identical to complete runs of each arm.
    """
    prepared_base = prepare_scenario(base)
    prepared_arms = {name: prepare_scenario(arm) for name, arm in arms.items()}

    def run_some(chunk: range) -> list[dict[str, ReplicateRun]]:
        return [run_branches(prepared_base, prepared_arms, replicate, month) for replicate in chunk]

    branch_runs = map_in_threads(run_some, replicates, workers=workers, progress=progress)
    return {name: sorted((runs[name] for runs in branch_runs), key=lambda run: run.replicate) for name in arms}
