"""Measured facts against the model, with one set of parameters for all: `python -m experiments.facts --write`."""
