"""Known limits of the model against their exact values: `python -m experiments.validation --write`."""
