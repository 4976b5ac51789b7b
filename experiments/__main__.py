"""All claims: `python -m experiments [--smoke] [--out DIR]`."""

from experiments import every
from experiments.command import arguments, run_all

if __name__ == "__main__":
    run_all(every(), arguments(None, "Run all experiments."))
