"""The default scenario of the page."""

from qispread.inputs.shipped_scenarios import default_scenario

__all__ = ["default_scenario"]
