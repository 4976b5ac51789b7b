"""Compare the model with the facts: `python -m experiments.facts --write`.

`--write` saves tables, pictures and the calibrated scenario and renews docs/validation.md; `--screen` reports which
parameters the facts depend on; `--smoke` runs everything small and saves nothing.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from experiments.facts.file_names import CONFIG, CONFIGS, PUBLISHED
from experiments.facts.run_facts import FULL, SMOKE, FactsResult, facts_calibration, run_facts
from experiments.facts.screening import screen_parameters
from experiments.freshness import record_made
from experiments.validation.run_validation import write_table
from experiments.validation.validation_page import PAGE, render_page
from qispread.outputs.figures.render import FigureRenderer, write_rendered_figures
from qispread.runs.calibration.calibration_runs import CalibrationRunOptions


def write_results(found: FactsResult) -> None:
    """Write tables, pictures, the calibrated scenario and the page."""
    for name, table in found.tables.items():
        write_table(table, PUBLISHED / f"{name}.csv")
    with FigureRenderer() as studio:
        studio.submit(found.figures)
        write_rendered_figures(studio.collect(), PUBLISHED)
    (CONFIGS / CONFIG).write_text(found.config, encoding="utf-8")
    PAGE.write_text(render_page(), encoding="utf-8")
    record_made("experiments.facts")


def main(typed: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m experiments.facts", description=__doc__)
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument(
        "--write", action="store_true", help="save tables, pictures, the calibrated scenario and the page"
    )
    ways.add_argument("--screen", action="store_true", help="only report which parameters the facts depend on")
    ways.add_argument("--smoke", action="store_true", help="a few runs of everything, nothing saved")
    parser.add_argument("--workers", type=int, help="threads (default: one for each core)")
    parser.add_argument("--folder", type=Path, help="folder of the runs, to resume them (default: temporary)")
    asked = parser.parse_args(typed)
    with tempfile.TemporaryDirectory() as passing:
        folder, size = asked.folder or Path(passing), SMOKE if asked.smoke else FULL
        if asked.screen:
            doing = CalibrationRunOptions(folder, {"workers": asked.workers}, print)
            print(
                screen_parameters(facts_calibration(size), doing).to_string(index=False, float_format="{:.3f}".format)
            )
            return 0
        found = run_facts(size, folder, asked.workers)
    for name in ("facts", "facts_parameters"):
        print(found.tables[name].to_string(index=False, float_format="{:.3g}".format))
    if asked.write:
        write_results(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
