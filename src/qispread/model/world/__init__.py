"""From a scenario and a seed to the arrays that both engines start from."""

from qispread.common.shipped_bindings import record_constants
from qispread.model.world import lever_slots, state_arrays

# Modules that compile nothing themselves, and whose constants compiled code reads.
for _module in (state_arrays, lever_slots):
    record_constants(_module.__name__)
