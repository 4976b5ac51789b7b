"""The initial arrays of both engines, built from a scenario and a seed."""

from qispread.common.shipped_bindings import record_constants
from qispread.model.world import lever_slots, state_arrays

# Modules that compile no function, but whose constants compiled code reads.
for _module in (state_arrays, lever_slots):
    record_constants(_module.__name__)
