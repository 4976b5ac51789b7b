"""Analyses of results: cost-effectiveness, heterogeneity, sensitivity, scenario discovery, run charts."""
