"""Run all limits: `python -m experiments.validation --write`.

`--write` keeps tables and pictures in results/published and renews docs/validation.md; `--check` runs nothing and says
whether that page shows the stored tables; `--smoke` runs everything in a few worlds and keeps nothing.
"""

import argparse
import sys
from collections.abc import Sequence

import pandas as pd

from experiments.freshness import record_made
from experiments.validation import cascades, growth
from experiments.validation.growth import steps_to_the_curves
from experiments.validation.page import PAGE, page
from experiments.validation.pictures import growth_figure, window_figure
from experiments.validation.running import STEPS, TABLE, found, tally, worlds_for, write_table
from qispread.figures.drawing import Studio, write_drawings


def check() -> int:
    """Say whether the page shows the stored tables, and return the exit code."""
    stale = PAGE.read_text(encoding="utf-8") != page()
    print("docs/validation.md is stale; run python -m experiments.validation --page" if stale else "nothing is stale")
    return int(stale)


def run(*, smoke: bool, write: bool) -> int:
    """Run all limits, print what was found, and keep it if that is wanted."""
    table = found(smoke=smoke)
    figures = [
        window_figure(worlds_for(cascades.LIMITS[0], smoke=smoke)),
        growth_figure(worlds_for(growth.LIMITS[0], smoke=smoke)),
    ]
    with Studio() as studio:
        studio.take(figures)
        drawings = studio.drawings()
    shown = table[["limit", "quantity", "reference", "ours", "standard_error", "z", "verdict"]]
    print(shown.to_string(index=False, float_format="{:.4g}".format), tally(table), sep="\n\n")
    if write:
        write_table(table, TABLE)
        write_table(pd.DataFrame(steps_to_the_curves()), STEPS)
        write_drawings(drawings, TABLE.parent)
        PAGE.write_text(page(), encoding="utf-8")
        record_made("experiments.validation")
    return 0


def main(typed: Sequence[str] | None = None) -> int:
    """Do what the arguments ask, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.validation", description=__doc__)
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--write", action="store_true", help="keep tables, pictures and the page")
    ways.add_argument("--page", action="store_true", help="renew the page from the stored tables")
    ways.add_argument("--check", action="store_true", help="say whether the page shows the stored tables")
    ways.add_argument("--smoke", action="store_true", help="a few worlds of everything, nothing kept")
    asked = parser.parse_args(typed)
    if asked.check:
        return check()
    if asked.page:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    return run(smoke=asked.smoke, write=asked.write)


if __name__ == "__main__":
    sys.exit(main())
