"""Fit both studies: `python -m experiments.diffusion`.

It writes results/published/diffusion.csv, the figures and docs/diffusion.md; `--check` runs nothing and reports whether
that page shows the stored table; `--page` renews it; `--smoke` runs everything small and saves nothing. The data are
in the folder that `--data` or the environment variable QISPREAD_DATA names, or in shared/data/diffusion beside the
checkout.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.diffusion.diffusion_page import PAGE, render_page
from experiments.diffusion.run_studies import PUBLISHED, analyse_studies, write_table
from experiments.diffusion.studies import VARIABLE, data_folder, missing_files
from experiments.freshness import record_made
from qispread.outputs.figures.render import FigureRenderer, write_rendered_figures

BAD_INPUT = 2


def check_page() -> int:
    """Report whether the page shows the stored table, and return the exit code."""
    stale = PAGE.read_text(encoding="utf-8") != render_page()
    print("docs/diffusion.md is stale; run python -m experiments.diffusion --page" if stale else "nothing is stale")
    return int(stale)


def run_studies(folder: Path, *, smoke: bool) -> int:
    """Fit both studies, and save the results unless it is a smoke run."""
    absent = missing_files(folder)
    if absent:
        for path in absent:
            print(f"{path}: no such file; give --data FOLDER, or set {VARIABLE}", file=sys.stderr)
        return BAD_INPUT
    table, figures = analyse_studies(folder, smoke=smoke)
    with FigureRenderer() as studio:
        studio.submit(figures)
        drawings = studio.collect()
    shown = table[table["kind"].isin(["verdict", "comparison", "shuffled"])]
    print(shown.dropna(axis=1, how="all").to_string(index=False, float_format="{:.4g}".format))
    if not smoke:
        write_table(table)
        write_rendered_figures(drawings, PUBLISHED)
        PAGE.write_text(render_page(), encoding="utf-8")
        record_made("experiments.diffusion")
    return 0


def main(typed: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.diffusion", description=__doc__)
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--page", action="store_true", help="renew the page from the stored table")
    ways.add_argument("--check", action="store_true", help="report whether the page shows the stored table")
    ways.add_argument("--smoke", action="store_true", help="everything small, nothing saved")
    parser.add_argument("--data", type=Path, help="folder of the four tables")
    asked = parser.parse_args(typed)
    if asked.check:
        return check_page()
    if asked.page:
        PAGE.write_text(render_page(), encoding="utf-8")
        return 0
    return run_studies(asked.data or data_folder(), smoke=asked.smoke)


if __name__ == "__main__":
    sys.exit(main())
