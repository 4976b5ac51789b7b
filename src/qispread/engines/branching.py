"""Several futures of one past: a base is run up to a month once, and arms part from that very state."""

from collections.abc import Mapping

from qispread.config.scenario import Scenario
from qispread.engines.kernel import run_months
from qispread.engines.run import (
    MISHAPS,
    Progress,
    Run,
    broken,
    empty_measures,
    finished,
    in_threads,
    measure_start,
)
from qispread.world.build import Blueprint, blueprint_of, start_run


def run_futures(past: Blueprint, futures: Mapping[str, Blueprint], replicate: int, month: int) -> dict[str, Run]:
    """Run one replicate of a base up to the month before `month`, and each future from there.

    Parameters
    ----------
    past : Blueprint
        Of the base.
    futures : mapping of str to Blueprint
        Of the arms, which must not differ from the base before `month`.
    replicate : int
    month : int
        The first month in which they may differ, from 2.
    """
    horizon, shared = past.scenario.horizon, empty_measures(past.scenario)
    try:
        world = past.world(replicate)
        plan, state = start_run(past, world)
        measure_start(state, shared[0])
        run_months(plan, state, 1, month - 1, shared[1:month])
        runs = {}
        for name, future in futures.items():
            own_plan, _ = start_run(future, world)
            own_state, out = state.copy(), shared.copy()
            run_months(own_plan, own_state, month, horizon, out[month:])
            runs[name] = finished(replicate, world.organisations, own_state, out)
    except MISHAPS as error:
        return {name: broken(future, replicate, error) for name, future in futures.items()}
    return runs


def simulate_futures(
    base: Scenario,
    futures: Mapping[str, Scenario],
    month: int,
    replicates: range,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> dict[str, list[Run]]:
    """Run a base up to a month once in each of some worlds, and all futures from there, on the kernel.

    Returns
    -------
    dict of str to list of Run
        By future, in order of replicates: the same bytes as each run whole.
    """
    past = blueprint_of(base)
    blueprints = {name: blueprint_of(future) for name, future in futures.items()}

    def some(part: range) -> list[dict[str, Run]]:
        return [run_futures(past, blueprints, replicate, month) for replicate in part]

    found = in_threads(some, replicates, workers=workers, progress=progress)
    return {name: sorted((runs[name] for runs in found), key=lambda run: run.replicate) for name in futures}
