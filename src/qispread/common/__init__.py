"""Utilities for every package: processor cores, formatting, and the code as shipped."""
