"""Calibration: from targets and runs to a posterior and a scenario with its medians."""
