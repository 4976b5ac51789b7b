"""All claims: `python -m experiments [--smoke] [--out DIR]`."""

from experiments import load_all_experiments
from experiments.experiment_command import parse_arguments, run_experiments

if __name__ == "__main__":
    run_experiments(load_all_experiments(), parse_arguments(None, "Run all experiments."))
