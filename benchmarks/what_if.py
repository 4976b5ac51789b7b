"""Measure what a what-if costs at equal precision: Mesa's `batch_run` with independent seeds against `compare`.

`python benchmarks/what_if.py` prints the section of docs/benchmarks.md, `--quick` takes a fast look.
The question is what coaching changes. A speed is the time of a run times the runs that the answer needs, over the
same product of `compare`, for differences whose 95% intervals are equally wide.
"""

import argparse
import math
import tempfile
import time
from functools import partial
from itertools import product
from pathlib import Path

import mesa
import numpy as np
from idiomatic_mesa import IdiomaticModel
from numpy.typing import NDArray
from run import (
    MONTHS,
    NUMBER,
    ROOT,
    BenchmarkResult,
    BenchmarkSize,
    format_figures,
    markdown_table,
    measure_command,
    ratios,
    run_interleaved,
    scenario_of,
)

from qispread import Scenario, compare, read_scenario
from qispread.inputs.policies import CoachingPolicy
from qispread.model.world.draw_world import draw_world

CONFIGS = ROOT / "configs"
ARM, REPLICATES = "coaching", 500
MEASURED = {name: f"programme_{name}" for name in ("effect", "fidelity", "current_use")} | {"event_rate": "event_rate"}
"""The measures that are asked about, as `compare` and as the idiomatic model call them."""
WORKERS = (1, 2)
"""Processes of `batch_run`, threads of `compare`."""
BATCH, START, COMPARE = "`batch_run`", "start of `batch_run`", "`compare`"
WORKERS_IN_WORDS = {
    (BATCH, 1): "one process",
    (BATCH, 2): "two processes",
    (COMPARE, 1): "one thread",
    (COMPARE, 2): "two threads",
}
NORMAL_QUANTILE_975 = 1.96
"""Standard errors in half of a 95% interval."""

KeptValues = dict[str, list[NDArray[np.float64]]]
"""By measure, of each call: the values in the base (row 0) and in the arm (row 1)."""


def coaching_arms() -> tuple[Scenario, Scenario]:
    """Return the base and the base with the coaching of configs/policies."""
    base = scenario_of()
    coached = read_scenario(CONFIGS / "prompt.yaml", policies=[CONFIGS / "policies" / f"{ARM}.yaml"])
    return base, base.replace(policies=coached.policies)


def yardstick_policy(policy: CoachingPolicy) -> tuple[tuple[str, float, int, int, float], ...]:
    """Return coaching as the idiomatic model takes it: (lever, strength, first month, last month, cost)."""
    window = policy.start, policy.end or MONTHS
    return ("support", policy.support, *window, policy.cost), ("time", policy.protected_time, *window, 0.0)


def batch_seconds(parameters: dict, iterations: int, processes: int, kept: KeptValues, _turn: int) -> float:
    """Return how long `batch_run` takes for so many runs of each arm, every one with a seed of its own."""
    begin = time.perf_counter()
    options = {"number_processes": processes, "iterations": iterations, "display_progress": False}
    rows = mesa.batch_run(IdiomaticModel, parameters, **options)
    passed = time.perf_counter() - begin
    for name, column in MEASURED.items():
        arms = [[row[column] for row in rows if row["policies"] == policies] for policies in parameters["policies"]]
        kept[name].append(np.array(arms))
    # Mesa 3.3 keeps all models alive here: searching them for garbage would slow whoever comes next.
    getattr(mesa.Agent, "_ids", {}).clear()
    return passed


def compare_seconds(arms: tuple[Scenario, Scenario], worlds: int, threads: int, kept: KeptValues, turn: int) -> float:
    """Return how long `compare` takes for so many worlds, built anew; no two calls share worlds."""
    draw_world.cache_clear()
    base, coached = (arm.replace(seed=len(WORKERS) * turn + threads) for arm in arms)
    begin = time.perf_counter()
    comparison = compare(base, {ARM: coached}, worlds, workers=threads)
    passed = time.perf_counter() - begin
    for name in MEASURED:
        kept[name].append(comparison.paired_values(ARM, name))
    return passed


def measure_runs(
    effort: BenchmarkSize, batched: KeptValues, compared: KeptValues
) -> dict[tuple[str, int], list[float]]:
    """Measure the seconds for each run of `batch_run` and of `compare`, by workers; keep what the runs answer."""
    base, coached = coaching_arms()
    policies = [(), yardstick_policy(coached.policies[ARM])]
    whole = {"organisations": NUMBER, "months": MONTHS, "policies": policies}
    smallest, unread = whole | {"organisations": 10, "months": 1}, {name: [] for name in MEASURED}
    contenders = {}
    for count in WORKERS:
        contenders[BATCH, count] = partial(batch_seconds, whole, effort.worlds * count, count, batched)
        contenders[START, count] = partial(batch_seconds, smallest, 1, count, unread)
        contenders[COMPARE, count] = partial(compare_seconds, (base, coached), effort.batch, count, compared)
    times, found = run_interleaved(contenders, effort.rounds), {}
    for count in WORKERS:
        living = [all_of - start for all_of, start in zip(times[BATCH, count], times[START, count], strict=True)]
        found[BATCH, count] = [time_taken / (2 * effort.worlds * count) for time_taken in living]
        found[COMPARE, count] = [time_taken / (2 * effort.batch) for time_taken in times[COMPARE, count]]
    return found


def runs_for_a_world(batched: NDArray[np.float64], compared: NDArray[np.float64]) -> float:
    """Return how many runs of each arm `batch_run` needs for each world of `compare`, at equal precision.

    Equation: (var(base) + var(arm)) / var(arm - base), above the line in `batch_run`, below it in `compare`.
    """
    base, arm = compared
    return float(np.nanvar(batched, axis=1, ddof=1).sum() / np.var(arm - base, ddof=1))


def measure_what_if(effort: BenchmarkSize, batched: KeptValues, compared: KeptValues) -> list[BenchmarkResult]:
    """Measure the time of a run of both, and how much faster `compare` answers; keep what the runs answer."""
    found = measure_runs(effort, batched, compared)
    results = [
        BenchmarkResult(
            f"{name}, {WORKERS_IN_WORDS[name, count]}: time for each run", [1e3 * value for value in values], " ms"
        )
        for (name, count), values in found.items()
    ]
    for name, count in product(MEASURED, WORKERS):
        needed = runs_for_a_world(join_values(batched, name), join_values(compared, name))
        speeds = [needed * quicker for quicker in ratios(found[BATCH, count], found[COMPARE, count])]
        what = f"What-if on {name}, {WORKERS_IN_WORDS[COMPARE, count]}: speed, {BATCH} = 1"
        results.append(BenchmarkResult(what, speeds, "", ("at least", 500.0)))
    return results


def join_values(kept: KeptValues, name: str) -> NDArray[np.float64]:
    """Return a measure in all worlds or runs: array of (2, worlds or runs)."""
    return np.concatenate(kept[name], axis=1)


def difference_estimate(values: NDArray[np.float64], error: float) -> str:
    """Return the difference between two arms, (2, worlds or runs), with half its 95% interval."""
    base, arm = np.nanmean(values, axis=1)
    return f"{format_figures(arm - base)} ± {format_figures(NORMAL_QUANTILE_975 * error)}"


def answers_table(batched: KeptValues, compared: KeptValues) -> str:
    """Return the table of what both say that coaching changes, and of the runs that independent seeds need."""
    rows = []
    for name in MEASURED:
        alone, pairs = join_values(batched, name), join_values(compared, name)
        apart = math.sqrt(np.sum(np.nanvar(alone, axis=1, ddof=1) / np.isfinite(alone).sum(axis=1)))
        paired = math.sqrt(np.var(pairs[1] - pairs[0], ddof=1) / pairs.shape[1])
        needed = [format_figures(runs_for_a_world(source, pairs)) for source in (alone, pairs)]
        rows.append([name, difference_estimate(pairs, paired), difference_estimate(alone, apart), *needed])
    head = [
        "Measure",
        f"Difference, {COMPARE}",
        f"Difference, {BATCH}",
        "Runs for each replicate",
        f"By {COMPARE} alone",
    ]
    return markdown_table(head, rows)


def measure_compare_command(effort: BenchmarkSize, extra: tuple[str, ...] = ()) -> list[BenchmarkResult]:
    """Measure `qispread compare` of three arms from its start to its end; `extra` are more words for it."""
    policies = [word for name in (ARM, "mandate") for word in ("--policy", str(CONFIGS / "policies" / f"{name}.yaml"))]
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "larger.yaml"
        scenario.write_text(f"extends: {CONFIGS / 'prompt.yaml'}\norganisations: {{number: {NUMBER}}}\n", "utf-8")
        words = ("compare", str(scenario), *policies, "--replicates", str(REPLICATES), "--out", "{out}", *extra)
        name = " ".join(
            ["`qispread compare`, three arms,", f"{REPLICATES} replicates", *(f"`{word}`" for word in extra)]
        )
        return [measure_command(name, 10.0, words, effort)]


def benchmark_section(effort: BenchmarkSize, extra: tuple[str, ...] = ()) -> str:
    """Measure and return the section of the page."""
    batched, compared = {name: [] for name in MEASURED}, {name: [] for name in MEASURED}
    results = measure_what_if(effort, batched, compared) + measure_compare_command(effort, extra)
    runs, worlds = join_values(batched, "event_rate").shape[1], join_values(compared, "event_rate").shape[1]
    return f"""## A what-if at equal precision

What does coaching, as in `configs/policies/{ARM}.yaml`, change by the end? Compared are `mesa.batch_run` with the
idiomatic model and independent seeds, and `compare` with common random numbers in both arms; with as many
processes as threads. The time includes drawing the worlds, but not the start of processes.

{markdown_table(["What", "Median (range)", "Target", "Met"], [result.markdown_row for result in results])}

Speed is the time of a run in `batch_run` over that in `compare`, times the runs of each arm that `batch_run` needs for
each replicate of `compare` until the 95% intervals of the difference are equally wide: the variances of the two arms in
`batch_run`, added up, over the variance of the paired difference. They are from all rounds: {runs:,} runs and
{worlds:,} replicates of each arm. The last column has both variances from `compare`, as a check.
`batch_run` reports the last month but one.

{answers_table(batched, compared)}
"""


def main() -> None:
    """Print the section."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fast look, with fewer rounds and worlds")
    parser.add_argument("--extra", nargs=argparse.REMAINDER, default=[], help="last: more words for `qispread compare`")
    given = parser.parse_args()
    effort = BenchmarkSize(rounds=3, worlds=12, batch=200) if given.quick else BenchmarkSize()
    print(benchmark_section(effort, tuple(given.extra)))


if __name__ == "__main__":
    main()
