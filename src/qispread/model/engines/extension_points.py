"""The two places in a month where functions of the user's own are called; without any, both do nothing.

`own_functions` puts the user's functions in their place, in a kernel of their own (decision 95).
"""

import numpy as np
from numpy.typing import NDArray

from qispread.model.rules.jit import kernel, stage
from qispread.model.world.run_inputs import RunInputs, SimulationState


@stage
def apply_own_policies(plan: RunInputs, state: SimulationState, epoch: int, month: int) -> int:  # noqa: ARG001
    """Write the levers of own policies, and return the epoch that holds the levers of this month."""
    return epoch


@stage
def measure_own(state: SimulationState, month: int, row: NDArray[np.float64]) -> None:
    """Write own measures of a month after the others."""


@kernel
def apply_own_policies_now(plan: RunInputs, state: SimulationState, epoch: int, month: int) -> int:
    """Call `apply_own_policies` from Python, for the Mesa engine."""
    return apply_own_policies(plan, state, epoch, month)


@kernel
def measure_own_now(state: SimulationState, month: int, row: NDArray[np.float64]) -> None:
    """Call `measure_own` from Python, for the Mesa engine and for month 0."""
    measure_own(state, month, row)
