"""Sweeps: many points of a design, each in many worlds, kept so that nothing is lost."""
