"""The scenario that the page opens with where none is given."""

from qispread.config.shipped import default_scenario

__all__ = ["default_scenario"]
