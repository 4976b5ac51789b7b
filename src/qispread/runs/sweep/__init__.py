"""Sweeps: many points of a design, each with many replicates, stored so that no run is lost."""
