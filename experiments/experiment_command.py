"""The commands: one experiment, or all; `--smoke` is small and quick, and writes to a temporary folder."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from experiments.claim_figures import arm_curves, build_claim_figure
from experiments.claim_test import FULL, MIN_MODELS, ROOT, SMOKE, ClaimTest, RunSize
from experiments.claims_table import (
    CAPTIONS,
    CLAIMS,
    build_claims_table,
    is_claims_table,
    merge_captions,
    merge_claims,
    read_claims,
    round_table,
    write_table,
)
from experiments.freshness import record_made
from experiments.results_page import write_page
from experiments.run_experiment import run_experiment
from experiments.verdict import judge_part
from qispread.common.cpu_cores import available_cores
from qispread.outputs.figures.figure import Figure, vega_specification
from qispread.outputs.figures.vega_renderer import VegaRenderer
from qispread.outputs.results.results_folder import MANIFEST

MIN_MODELS_FOR_PROCESSES = 64
"""Plausible models above which starting processes saves time."""
PUBLISHED = ROOT / "results/published"


def parse_positive(typed: str) -> int:
    """Parse a whole number above 0."""
    if not typed.isdecimal() or int(typed) < 1:
        raise argparse.ArgumentTypeError(f"got '{typed}'; needed: a whole number, at least 1")
    return int(typed)


def parse_folder(typed: str) -> Path:
    """Parse a folder, which is not a file."""
    path = Path(typed)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"'{typed}' is a file; needed: a folder")
    return path


def parse_arguments(given: Sequence[str] | None, about: str) -> argparse.Namespace:
    """Parse the arguments."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--smoke", action="store_true", help="a few replicates and models, in seconds, to check that it runs"
    )
    parser.add_argument(
        "--out", type=parse_folder, help="output folder (default: results/published, with --smoke a temporary folder)"
    )
    parser.add_argument("--workers", type=parse_positive, help="processes and threads (default: one for each core)")
    asked = parser.parse_args(given)
    problem = folder_problem(asked.out, smoke=asked.smoke) if asked.out else ""
    if problem:
        parser.error(f"argument --out: '{asked.out}' {problem}")
    return asked


def folder_problem(folder: Path, *, smoke: bool) -> str:
    """Return why a folder cannot be written to: it has other files, or claims of another size; empty text if it can.

    Pictures and tables of a single experiment are accepted even without a table of claims: a run may have been stopped.
    """
    from experiments import EXPERIMENT_NAMES

    others = sorted(path.name for path in folder.glob("*") if not path.name.startswith((".", *EXPERIMENT_NAMES)))
    has_claims = is_claims_table(folder / CLAIMS)
    if others and (MANIFEST in others or not has_claims):
        foreign = MANIFEST if MANIFEST in others else others[0]
        return f"holds {foreign}, which is not of these experiments; needed: an empty folder, or one they wrote to"
    if has_claims and (read_claims(folder / CLAIMS)["models"].max() < MIN_MODELS) != smoke:
        stored, current = ("a full run", "a trial") if smoke else ("a trial", "a full run")
        return f"holds the claims of {stored}, and this is {current}; needed: another folder"
    return ""


def choose_output_folder(options: argparse.Namespace) -> Path:
    """Return the folder to write to: a smoke run never overwrites published results."""
    folder: Path = options.out or (Path(tempfile.mkdtemp(prefix="experiments-")) if options.smoke else PUBLISHED)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def process_pool(size: RunSize, workers: int | None) -> AbstractContextManager[Executor | None]:
    """Return processes for the plausible models, or none for a small run."""
    if size.models < MIN_MODELS_FOR_PROCESSES or workers == 1:
        return nullcontext()
    return ProcessPoolExecutor(workers or available_cores(), mp_context=get_context("spawn"))


def write_figure(figure: Figure, folder: Path) -> None:
    """Write a figure as SVG and PNG."""
    converter = VegaRenderer()
    try:
        svg, png = converter.render(vega_specification(figure), figure.name)
    finally:
        converter.close()
    (folder / f"{figure.name}.svg").write_text(svg, encoding="utf-8")
    (folder / f"{figure.name}.png").write_bytes(png)


def run(
    experiment: ClaimTest, size: RunSize, folder: Path, workers: int | None, executor: Executor | None = None
) -> pd.DataFrame:
    """Run one experiment, write its table and figure, and return the table of all claims in the folder."""
    findings = run_experiment(experiment, size, workers, executor)
    verdicts = [judge_part(evidence) for evidence in findings.evidence]
    picture = experiment.picture(size, workers) if experiment.picture else arm_curves(findings)
    write_figure(build_claim_figure(findings, picture, [verdict.word for verdict in verdicts]), folder)
    write_table(round_table(findings.arms), folder / f"{experiment.name}.csv")
    if experiment.picture:
        write_table(round_table(picture.table), folder / f"{experiment.name}_picture.csv")
    claims = merge_claims(folder, experiment, build_claims_table(findings, verdicts))
    write_table(claims, folder / CLAIMS)
    write_table(merge_captions(folder, experiment, picture.caption), folder / CAPTIONS)
    if size == FULL:
        record_made(f"experiments.{experiment.name}", folder)
    return claims


def run_experiments(experiments: Sequence[ClaimTest], options: argparse.Namespace) -> None:
    """Run experiments one after the other, print their verdicts and write the page."""
    size, folder = (SMOKE if options.smoke else FULL), choose_output_folder(options)
    try:
        run_and_report(experiments, size, folder, options.workers)
    except KeyboardInterrupt:
        sys.exit(f"Stopped; finished results are in {folder}.")
    if size.models < MIN_MODELS:
        print(f"A trial run: {size.models} plausible models are too few for any verdict.")
    print(f"written to {folder}")


def run_and_report(experiments: Sequence[ClaimTest], size: RunSize, folder: Path, workers: int | None) -> None:
    """Run experiments; print and save the results of each as soon as it is finished."""
    from experiments import load_all_experiments

    with process_pool(size, workers) as executor:
        for experiment in experiments:
            claims = run(experiment, size, folder, workers, executor)
            for row in claims[claims["claim"] == experiment.number].itertuples():
                numbers = f"{row.difference:+.3f}, sign in {row.share_holds:.0%}"
                print(f"{row.claim:>2}  {row.part:<26} {row.verdict:<28} {numbers}", flush=True)
            write_page(folder, claims, {claim.number: claim for claim in load_all_experiments()}, size)


def main(experiment: ClaimTest, given: Sequence[str] | None = None) -> None:
    """Run one experiment from the command line."""
    run_experiments([experiment], parse_arguments(given, experiment.claim))
