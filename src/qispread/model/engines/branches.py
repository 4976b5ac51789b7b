"""Several futures of one past: a base is run up to a month once, and arms part from that very state."""

from collections.abc import Mapping

from qispread.inputs.scenario import Scenario
from qispread.model.engines.kernel import run_months
from qispread.model.engines.simulation import (
    RUN_ERRORS,
    ProgressCallback,
    ReplicateRun,
    allocate_measures,
    completed_run,
    failed_run,
    map_in_threads,
    measure_month_zero,
)
from qispread.model.world.run_inputs import PreparedScenario, initialise_run, prepare_scenario


def run_branches(
    base: PreparedScenario, arms: Mapping[str, PreparedScenario], replicate: int, month: int
) -> dict[str, ReplicateRun]:
    """Run one replicate of a base up to the month before `month`, and each future from there.

    Parameters
    ----------
    base : PreparedScenario
        Of the base.
    arms : mapping of str to PreparedScenario
        Of the arms, which must not differ from the base before `month`.
    replicate : int
    month : int
        The first month in which they may differ, from 2.
    """
    horizon, shared = base.scenario.horizon, allocate_measures(base.scenario)
    try:
        world = base.world(replicate)
        plan, state = initialise_run(base, world)
        measure_month_zero(state, shared[0])
        run_months(plan, state, 1, month - 1, shared[1:month])
        runs = {}
        for name, future in arms.items():
            own_plan, _ = initialise_run(future, world)
            own_state, out = state.copy(), shared.copy()
            run_months(own_plan, own_state, month, horizon, out[month:])
            runs[name] = completed_run(replicate, world.organisations, own_state, out)
    except RUN_ERRORS as error:
        return {name: failed_run(future, replicate, error) for name, future in arms.items()}
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
    """Run a base up to a month once in each of some worlds, and all futures from there, on the kernel.

    Returns
    -------
    dict of str to list of Run
        By future, in order of replicates: the same bytes as each run whole.
    """
    past = prepare_scenario(base)
    blueprints = {name: prepare_scenario(future) for name, future in arms.items()}

    def some(part: range) -> list[dict[str, ReplicateRun]]:
        return [run_branches(past, blueprints, replicate, month) for replicate in part]

    found = map_in_threads(some, replicates, workers=workers, progress=progress)
    return {name: sorted((runs[name] for runs in found), key=lambda run: run.replicate) for name in arms}
