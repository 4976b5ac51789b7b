"""Calibration: from targets to runs, a posterior and a scenario with its medians."""
