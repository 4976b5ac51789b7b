"""Scenarios: their parameters, reading, validation and description."""
