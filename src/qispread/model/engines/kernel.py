"""The compiled engine: the same months as the Mesa engine, as loops over arrays.

A month, in order: policies, leaders, capacity, hearing, deciding, improving, reviewing, other local improvement,
adverse events; then organisations publish what peers can see next month. All act on what was visible at the end of
last month, so the order of organisations does not matter.
"""

import numpy as np
from numpy.typing import NDArray

from qispread.model.engines.extension_points import apply_own_policies, measure_own
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.engines.stages_adopting import decide, hear
from qispread.model.engines.stages_context import apply_policies, change_leaders, share_time, update_capacity
from qispread.model.engines.stages_improving import improve, improve_locally, publish_state, review, update_events
from qispread.model.rules.jit import kernel
from qispread.model.world import state_arrays as rows
from qispread.model.world.run_inputs import RunInputs, SimulationState


def run_months(inputs: RunInputs, state: SimulationState, first: int, last: int, measures: NDArray[np.float64]) -> None:
    """Run months `first` to `last`, both included, and update `state` in place.

    Parameters
    ----------
    inputs : RunInputs
    state : SimulationState
        State at the end of month `first` - 1.
    measures : array of (last - first + 1, i + 1, measures)
        Filled with the measures of each month.
    """
    # Compiling Numba's own sort took a tenth of the compile time, for one call in each run (decision 68).
    run_months_in_order(inputs, state, first, last, np.argsort(state.organisations[rows.EVENT_RATE]), measures)


@kernel
def run_months_in_order(
    plan: RunInputs,
    state: SimulationState,
    first: int,
    last: int,
    order: NDArray[np.int64],
    measures: NDArray[np.float64],
) -> None:
    """Run months as `run_months` does; `order` sorts the organisations by event rate and is updated."""
    for month in range(first, last + 1):
        epoch = apply_own_policies(plan, state, plan.epoch_of_month[month], month)
        if plan.has_growth[epoch]:
            apply_policies(plan, state, epoch)
        change_leaders(plan, state, epoch, month)
        update_capacity(plan, state.organisations, epoch)
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
        improve_locally(plan, state)
        update_events(plan, state, month)
        publish_state(state)
        measure_month(state.organisations, state.practices, state.histories, order, measures[month - first])
        measure_own(state, month, measures[month - first, -1])
