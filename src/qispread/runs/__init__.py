"""Running many: comparisons, sweeps, calibration, and the fit of an observed diffusion."""
