"""Measure what a sweep costs beside the runs themselves, and against Mesa's `batch_run`.

`python benchmarks/sweep.py` prints the section of docs/benchmarks.md, `--quick` takes a fast look.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import mesa
import numpy as np
from idiomatic_mesa import IdiomaticModel
from run import MONTHS, NUMBER, ROOT, BenchmarkResult, BenchmarkSize, markdown_table, ratios, run_interleaved, time_call

from qispread import read_experiment, sweep
from qispread.model.engines.simulation import run_replicate
from qispread.model.world.draw_world import draw_world
from qispread.runs.sweep.apply_point import PointApplier
from qispread.runs.sweep.designs import build_points
from qispread.runs.sweep.run_order import build_run_order

WORKERS, REPLICATES = 2, 20
MEASURES = (
    *("awareness", "ever_adopted", "current_use", "fidelity", "appropriateness", "embedding"),
    *("effect", "replication_ratio", "replicated", "discontinued", "events_averted", "event_rate"),
)
"""Kept of every month; of the end all are."""
BATCH = 60
"""Runs of Mesa's `batch_run` a round."""
EXPERIMENT = """\
name: benchmark
base: base.yaml
factors:
  copying.copy_loss: {{}}
  improving.decay: {{low: 0.01, high: 0.046}}
  deciding.peers: {{}}
  interventions.prompt.benefit: {{}}
design: {{kind: latin_hypercube, points: {points}}}
replicates: {replicates}
measures: {{final: all, monthly: [{measures}]}}
"""
KERNEL, WHOLE, RESUMED, MESA = "kernel", "whole command", "resumed", "batch_run"


def write_experiment(folder: Path, runs: int) -> Path:
    """Write an experiment of so many runs, and return its file."""
    (folder / "base.yaml").write_text(
        f"extends: {ROOT / 'configs' / 'prompt.yaml'}\norganisations: {{number: {NUMBER}}}\nhorizon: {MONTHS}\n",
        "utf-8",
    )
    text = EXPERIMENT.format(points=runs // REPLICATES, replicates=REPLICATES, measures=", ".join(MEASURES))
    (folder / "benchmark.yaml").write_text(text, encoding="utf-8")
    return folder / "benchmark.yaml"


def kernel_seconds(file: Path, _turn: int) -> float:
    """Return how long the runs of an experiment take by themselves in two threads, worlds built and nothing kept."""
    experiment = read_experiment(file)
    numbers = build_points(experiment).numbers
    order = build_run_order(experiment, len(numbers))
    changer = PointApplier(experiment.scenario, experiment.resolved_factors)
    blueprints = [changer.prepared_scenario(point) for point in numbers]
    points, replicates = order.runs_at(np.arange(order.runs))

    def some(first: int) -> None:
        for place in range(first, min(order.runs, first + 100)):
            run_replicate(blueprints[points[place]], int(replicates[place]))

    def everything() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(some, range(0, order.runs, 100)))

    draw_world.cache_clear()
    return time_call(everything)


def command_seconds(file: Path, folder: Path, _turn: int, *, anew: bool) -> float:
    """Return how long the whole command takes, from its start to its end, anew or on a finished sweep."""
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    words = [str(Path(sys.executable).with_name("qispread")), "sweep", str(file), "--out", str(folder)]
    words += ["--workers", str(WORKERS)]
    return time_call(lambda: subprocess.run(words, check=True, capture_output=True))  # noqa: S603 - our own


def sweep_seconds(file: Path, folder: Path, executor: str, turn: int) -> float:
    """Return how long a sweep takes in this process, workers started and all."""
    place = folder / f"{executor}-{turn}"
    taken = time_call(lambda: sweep(file, place, executor=executor, workers=WORKERS))
    shutil.rmtree(place)
    return taken


def batch_seconds(turn: int) -> float:
    """Return how long a run of the idiomatic model takes in Mesa's `batch_run`, the start of its processes left out."""
    options = {"number_processes": WORKERS, "iterations": 1, "display_progress": False}
    whole = {"organisations": NUMBER, "months": MONTHS, "rng": [turn * BATCH + seed for seed in range(BATCH)]}
    start = {"organisations": 10, "months": 1, "rng": list(range(WORKERS))}
    taken, start_taken = (
        time_call(partial(mesa.batch_run, IdiomaticModel, parameters, **options)) for parameters in (whole, start)
    )
    return (taken - start_taken) / BATCH


def measure_command(folder: Path, runs: int, rounds: int) -> list[BenchmarkResult]:
    """Measure the whole command against the kernel, against `batch_run`, and when nothing is left to do."""
    file, out = write_experiment(folder, runs), folder / "command"
    contenders = {
        KERNEL: partial(kernel_seconds, file),
        WHOLE: partial(command_seconds, file, out, anew=True),
        RESUMED: partial(command_seconds, file, out, anew=False),
        MESA: batch_seconds,
    }
    found: dict[str, list[float]] = run_interleaved(contenders, rounds)
    several = f"`qispread sweep`, {runs:,} runs"
    speeds = [runs * batch / whole for batch, whole in zip(found[MESA], found[WHOLE], strict=True)]
    slower = ratios(found[WHOLE], found[KERNEL])
    return [
        BenchmarkResult(f"{several}: whole command", found[WHOLE], " s"),
        BenchmarkResult(
            f"{several}: whole command, kernel = 1",
            slower,
            "",
            ("at most", 1.3),
        ),
        BenchmarkResult(f"{several}: runs a second, `batch_run` = 1", speeds, "", ("at least", 60.0)),
        BenchmarkResult(f"{several}, all done: whole command", found[RESUMED], " s", ("at most", 1.0)),
    ]


def measure_dask(folder: Path, runs: int, rounds: int) -> BenchmarkResult:
    """Measure Dask's speed against that of processes."""
    file = write_experiment(folder, runs)
    names = ("processes", "dask")
    found = run_interleaved({name: partial(sweep_seconds, file, folder, name) for name in names}, rounds)
    what = f"Dask, two workers on this machine: speed, `processes` = 1, {runs:,} runs"
    return BenchmarkResult(what, ratios(found["processes"], found["dask"]), "", ("at least", 0.85))


def benchmark_section(effort: BenchmarkSize, runs: int = 10_000) -> str:
    """Measure and return the section of the page."""
    rounds = max(2, effort.rounds // 2)
    with tempfile.TemporaryDirectory() as name:
        results = [*measure_command(Path(name), runs, rounds), measure_dask(Path(name), runs, rounds)]
    return f"""## A sweep

{runs:,} runs of {NUMBER} organisations over {MONTHS} months: {runs // REPLICATES} points of a Latin hypercube
over four parameters with {REPLICATES} replicates, with {WORKERS} workers. On disk: every measure at the end, and
{len(MEASURES)} measures of every month. The kernel's own time is of the same runs in two threads, with drawn worlds and
nothing saved. `batch_run` runs the idiomatic model in {WORKERS} processes, without their start. {rounds} rounds.

{markdown_table(["What", "Median (range)", "Target", "Met"], [result.markdown_row for result in results])}
"""


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fast look, with fewer rounds and runs")
    given = parser.parse_args()
    print(benchmark_section(BenchmarkSize(rounds=2), 2_000) if given.quick else benchmark_section(BenchmarkSize()))


if __name__ == "__main__":
    main()
