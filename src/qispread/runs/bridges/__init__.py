"""Bridges to other libraries: a scenario as a function of numbers, and as a model of the EMA Workbench."""
