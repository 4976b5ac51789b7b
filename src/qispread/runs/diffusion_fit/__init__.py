"""Diffusion that was observed: who adopted when and who is tied to whom, read, explained and simulated."""
