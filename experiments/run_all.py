"""Rerun everything that is published: `python -m experiments.run_all`; `--smoke` is small and saves nothing."""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

from experiments import load_all_experiments
from experiments.diffusion.__main__ import main as diffusion
from experiments.experiment_command import parse_arguments, run_experiments
from experiments.facts.__main__ import main as facts
from experiments.validation.__main__ import main as validation

SMOKE, WRITE = ["--smoke"], ["--write"]


def run_claims(*, smoke: bool) -> int:
    """Run all claims."""
    run_experiments(load_all_experiments(), parse_arguments(SMOKE if smoke else [], "Run all experiments."))
    return 0


PARTS: dict[str, Callable[[bool], int]] = {
    "experiments": lambda smoke: run_claims(smoke=smoke),
    "experiments.validation": lambda smoke: validation(SMOKE if smoke else WRITE),
    "experiments.facts": lambda smoke: facts(SMOKE if smoke else WRITE),
    "experiments.diffusion": lambda smoke: diffusion(SMOKE if smoke else []),
}
"""The parts that are published, each by the module that runs it alone."""


def main(typed: Sequence[str] | None = None) -> int:
    """Run all parts one after the other, and return the largest exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.run_all", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="everything small, nothing saved")
    asked = parser.parse_args(typed)
    worst = 0
    for name, make in PARTS.items():
        began = time.monotonic()
        worst = max(worst, make(asked.smoke))
        print(f"{name}: {(time.monotonic() - began) / 60.0:.1f} minutes", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
