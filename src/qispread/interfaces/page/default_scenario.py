"""The scenario that the page opens with where none is given."""

from qispread.inputs.shipped_scenarios import default_scenario

__all__ = ["default_scenario"]
