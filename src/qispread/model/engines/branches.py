"""Branching runs: the baseline runs once up to a month, and all arms continue from its state."""

from collections.abc import Mapping

from qispread.inputs.scenario import Scenario
from qispread.model.engines.composed_model import composed_model
from qispread.model.engines.simulation import (
    ReplicateRun,
    allocate_measures,
    completed_run,
    failed_run,
)
from qispread.model.engines.thread_map import ProgressCallback, map_in_threads
from qispread.model.world.run_inputs import PreparedScenario, prepare_scenario


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
    horizon, shared = base.scenario.horizon, allocate_measures(base.scenario)
    try:
        world = base.world(replicate)
        model = composed_model(base.scenario)
        plan, state = model.initialise_run(base, world)
        model.measure_month_zero(state, shared[0])
        model.run_months(plan, state, 1, month - 1, shared[1:month])
        runs = {}
        for name, arm in arms.items():
            model = composed_model(arm.scenario)
            arm_plan, _ = model.initialise_run(arm, world)
            arm_state, measures = state.copy(), shared.copy()
            model.run_months(arm_plan, arm_state, month, horizon, measures[month:])
            runs[name] = completed_run(arm.scenario, world, arm_state, measures)
    except composed_model(base.scenario).run_errors as error:
        return {name: failed_run(arm, replicate, error) for name, arm in arms.items()}
    return runs


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
