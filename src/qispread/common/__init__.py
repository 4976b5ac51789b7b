"""What every package may use: processor cores, and what the package was shipped with."""
