"""The commands: one experiment, or all; `--smoke` is small and quick and writes nothing that is kept."""

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
"""Plausible models from which processes are worth their start."""
PUBLISHED = ROOT / "results/published"


def parse_positive(typed: str) -> int:
    """Return a whole number above 0 that was typed."""
    if not typed.isdecimal() or int(typed) < 1:
        raise argparse.ArgumentTypeError(f"got '{typed}'; needed: a whole number, at least 1")
    return int(typed)


def parse_folder(typed: str) -> Path:
    """Return a folder that was typed, which is not a file."""
    path = Path(typed)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"'{typed}' is a file; needed: a folder")
    return path


def parse_arguments(given: Sequence[str] | None, about: str) -> argparse.Namespace:
    """Return what was typed."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--smoke", action="store_true", help="a few worlds and models, in seconds, to see that it runs")
    parser.add_argument("--out", type=parse_folder, help="folder to write to; results/published unless --smoke")
    parser.add_argument("--workers", type=parse_positive, help="processes and threads; one for each core unless given")
    asked = parser.parse_args(given)
    problem = folder_problem(asked.out, smoke=asked.smoke) if asked.out else ""
    if problem:
        parser.error(f"argument --out: '{asked.out}' {problem}")
    return asked


def folder_problem(place: Path, *, smoke: bool) -> str:
    """Return why a folder cannot be written to: since it holds what is not ours, or claims of another size; or nothing.

    Pictures and tables of a single experiment are ours even without a table of claims: a run may have been stopped.
    """
    from experiments import EXPERIMENT_NAMES

    held = sorted(path.name for path in place.glob("*") if not path.name.startswith((".", *EXPERIMENT_NAMES)))
    ours = is_claims_table(place / CLAIMS)
    foreign = [MANIFEST] if MANIFEST in held else [] if ours else held
    if foreign:
        return f"holds {foreign[0]}, which is not of these experiments; needed: an empty folder, or one they wrote to"
    if ours and (read_claims(place / CLAIMS)["models"].max() < MIN_MODELS) != smoke:
        kept, now = ("whole", "a trial") if smoke else ("of a trial", "whole")
        return f"holds claims that are {kept}, and this run is {now}; needed: another folder"
    return ""


def choose_output_folder(options: argparse.Namespace) -> Path:
    """Return the folder to write to: what is kept is never overwritten by a smoke run."""
    folder: Path = options.out or (Path(tempfile.mkdtemp(prefix="experiments-")) if options.smoke else PUBLISHED)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def process_pool(size: RunSize, workers: int | None) -> AbstractContextManager[Executor | None]:
    """Return processes for the plausible models, or none where there is too little to do."""
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
    verdicts = [judge_part(one) for one in findings.evidence]
    picture = experiment.picture(size, workers) if experiment.picture else arm_curves(findings)
    write_figure(build_claim_figure(findings, picture, [one.word for one in verdicts]), folder)
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
    """Run experiments one after the other, tell their verdicts and write the page."""
    size, place = (SMOKE if options.smoke else FULL), choose_output_folder(options)
    try:
        run_and_report(experiments, size, place, options.workers)
    except KeyboardInterrupt:
        sys.exit(f"Stopped; what was finished is in {place}.")
    if size.models < MIN_MODELS:
        print(f"A trial run: {size.models} plausible models are too few for any verdict.")
    print(f"written to {place}")


def run_and_report(experiments: Sequence[ClaimTest], size: RunSize, place: Path, workers: int | None) -> None:
    """Run experiments, and tell and keep what each finds as soon as it is found."""
    from experiments import load_all_experiments

    with process_pool(size, workers) as executor:
        for experiment in experiments:
            claims = run(experiment, size, place, workers, executor)
            for row in claims[claims["claim"] == experiment.number].itertuples():
                told = f"{row.difference:+.3f}, sign in {row.share_holds:.0%}"
                print(f"{row.claim:>2}  {row.part:<26} {row.verdict:<28} {told}", flush=True)
            write_page(place, claims, {one.number: one for one in load_all_experiments()}, size)


def main(experiment: ClaimTest, given: Sequence[str] | None = None) -> None:
    """Run one experiment from the command line."""
    run_experiments([experiment], parse_arguments(given, experiment.claim))
