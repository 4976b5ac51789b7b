"""From a scenario and a seed to the arrays that both engines start from."""

from qispread.rules.shipped import record_constants
from qispread.world import layout, levers

# Modules that compile nothing themselves, and whose constants compiled code reads.
for _module in (layout, levers):
    record_constants(_module.__name__)
