"""Fitting of an observed diffusion: reading adoption times and ties, fitting contagion models, simulating them."""
