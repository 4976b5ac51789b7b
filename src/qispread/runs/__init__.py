"""Many runs: comparisons, sweeps, calibration, and the fit of an observed diffusion."""
