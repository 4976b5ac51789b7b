"""Run all limits: `python -m experiments.validation --write`.

`--write` saves tables and pictures in results/published and renews docs/validation.md; `--check` runs nothing and
reports whether that page shows the stored tables; `--smoke` runs a few replicates of everything and saves nothing.
"""

import argparse
import sys
from collections.abc import Sequence

import pandas as pd

from experiments.freshness import record_made
from experiments.validation import cascades, hearing_growth
from experiments.validation.hearing_growth import step_size_table
from experiments.validation.pictures import growth_figure, window_figure
from experiments.validation.run_validation import (
    STEPS,
    TABLE,
    limit_replicates,
    run_all_limits,
    summarise_verdicts,
    write_table,
)
from experiments.validation.validation_page import PAGE, render_page
from qispread.outputs.figures.render import FigureRenderer, write_rendered_figures


def check_page() -> int:
    """Report whether the page shows the stored tables, and return the exit code."""
    stale = PAGE.read_text(encoding="utf-8") != render_page()
    print("docs/validation.md is stale; run python -m experiments.validation --page" if stale else "nothing is stale")
    return int(stale)


def run_limits(*, smoke: bool, write: bool) -> int:
    """Run all limits, print the findings, and save them if requested."""
    table = run_all_limits(smoke=smoke)
    figures = [
        window_figure(limit_replicates(cascades.LIMITS[0], smoke=smoke)),
        growth_figure(limit_replicates(hearing_growth.LIMITS[0], smoke=smoke)),
    ]
    with FigureRenderer() as studio:
        studio.submit(figures)
        drawings = studio.collect()
    shown = table[["limit", "quantity", "reference", "ours", "standard_error", "z", "verdict"]]
    print(shown.to_string(index=False, float_format="{:.4g}".format), summarise_verdicts(table), sep="\n\n")
    if write:
        write_table(table, TABLE)
        write_table(pd.DataFrame(step_size_table()), STEPS)
        write_rendered_figures(drawings, TABLE.parent)
        PAGE.write_text(render_page(), encoding="utf-8")
        record_made("experiments.validation")
    return 0


def main(typed: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.validation", description=__doc__)
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--write", action="store_true", help="save tables, pictures and the page")
    ways.add_argument("--page", action="store_true", help="renew the page from the stored tables")
    ways.add_argument("--check", action="store_true", help="report whether the page shows the stored tables")
    ways.add_argument("--smoke", action="store_true", help="a few replicates of everything, nothing saved")
    asked = parser.parse_args(typed)
    if asked.check:
        return check_page()
    if asked.page:
        PAGE.write_text(render_page(), encoding="utf-8")
        return 0
    return run_limits(smoke=asked.smoke, write=asked.write)


if __name__ == "__main__":
    sys.exit(main())
