"""Measure how fast qispread is, and write it down.

`python benchmarks/run.py` prints the page, `--write` keeps it as docs/benchmarks.md, `--quick` takes a fast look.
Contenders take turns within each round and a ratio is taken round by round, so that a busy machine harms all alike.
"""

import argparse
import importlib.metadata
import math
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Any

from idiomatic_mesa import IdiomaticModel

from qispread import Scenario, SpreadModel, simulate
from qispread.common.cpu_cores import available_cores
from qispread.model.engines.simulation import allocate_measures, run_kernel
from qispread.model.world.draw_world import draw_world
from qispread.model.world.run_inputs import (
    PreparedScenario,
    RunInputs,
    SimulationState,
    initialise_run,
    prepare_scenario,
)

ROOT = Path(__file__).resolve().parent.parent
NUMBER, MONTHS = 215, 120
LEVERS = ("coaching", "learning_network", "standard", "board_programme", "training", "refresher")
POLICIES = {lever: {"lever": lever} for lever in LEVERS}
NETWORKS = ("partnerships", "random", "small_world", "scale_free", "complete", "ring", "hub_and_spoke")
ORIGINS = ("most_ready", "hub", "broker")
SIZES, SPREADING = (50, 215, 1000, 5000), (1, 3)
KERNEL, BUSY, YARDSTICK, OWN = "Kernel", "Kernel, six policies", "Idiomatic Mesa model", "Our Mesa engine"

Contender = Callable[[int], float]
"""Called with the number of the round, returns what it measured."""


@dataclass(frozen=True)
class BenchmarkSize:
    """How much to measure: rounds, worlds a round, worlds of the whole batch, seconds of building a round."""

    rounds: int = 7
    worlds: int = 20
    batch: int = 400
    building: float = 0.02


@dataclass(frozen=True)
class BenchmarkResult:
    """What was measured in each round, and the target that the median is held against."""

    what: str
    values: list[float]
    unit: str = ""
    target: tuple[str, float] | None = None

    @property
    def format_value(self) -> str:
        """The median, and the range over rounds."""
        if not self.values:
            return "not measured"
        middle, low, high = (format_figures(summary(self.values)) for summary in (median, min, max))
        return f"{middle} ({low} to {high}){self.unit}"

    @property
    def markdown_row(self) -> list[str]:
        """The line of a table: what, value, target, met or not."""
        if not self.target or not self.values:
            return [self.what, self.format_value, "", ""]
        (sense, bound), reached = self.target, median(self.values)
        met = reached <= bound if sense == "at most" else reached >= bound
        return [self.what, self.format_value, f"{sense} {bound:g}{self.unit}", "yes" if met else "**no**"]


def format_figures(value: float) -> str:
    """Return a number with three figures, or with all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def time_call(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return how long this process takes for something, whatever else the machine does."""
    start = time.process_time()
    work()
    return time.process_time() - start


def ratios(above: list[float], below: list[float]) -> list[float]:
    """Return the ratio of two contenders in each round."""
    return [a / b for a, b in zip(above, below, strict=True)]


def run_interleaved(contenders: dict[Any, Contender], rounds: int) -> dict[Any, list[float]]:
    """Return what each contender measured in each round, after one round to warm up; who comes first changes."""
    names, found = list(contenders), {name: [] for name in contenders}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            print(f"round {turn} of {rounds}: {name}", file=sys.stderr)
            found[name].append(contenders[name](turn))
    return {name: values[1:] for name, values in found.items()}


def scenario_of(number: int = NUMBER, spreading: int = 1, origin: str = "most_ready", **fields: Any) -> Scenario:
    """Return the default scenario at another size, in partnerships of five as in the yardstick."""
    interventions = {f"programme_{place + 1}": {"origin": origin} for place in range(spreading)}
    sizes = {"organisations.number": number, "organisations.partnerships": round(number / 5)}
    return Scenario().replace(sizes, horizon=MONTHS, interventions=interventions, **fields)


def build_worlds(blueprint: PreparedScenario, worlds: range) -> list[tuple[RunInputs, SimulationState]]:
    """Return what the kernel starts from in each of some worlds, built anew."""
    draw_world.cache_clear()
    return [initialise_run(blueprint, blueprint.world(replicate)) for replicate in worlds]


def time_kernel(blueprint: PreparedScenario, starts: list[tuple[RunInputs, SimulationState]]) -> float:
    """Return how many seconds the kernel takes for all months of some worlds, measures included."""
    out = allocate_measures(blueprint.scenario)
    return cpu_seconds(lambda: [run_kernel(plan, state, MONTHS, out) for plan, state in starts])


def kernel_ns(scenario: Scenario, worlds: int, turn: int) -> float:
    """Return the nanoseconds that the kernel takes an organisation-month, over several worlds."""
    blueprint = prepare_scenario(scenario)
    starts = build_worlds(blueprint, range(turn * worlds, (turn + 1) * worlds))
    return 1e9 * time_kernel(blueprint, starts) / (blueprint.static_world.organisation_count * MONTHS * worlds)


def mesa_ns(make: Callable[[int], Any], turn: int) -> float:
    """Return the nanoseconds that a Mesa model takes an organisation-month; its making does not count."""
    return 1e9 * cpu_seconds(make(turn).run_model) / (NUMBER * MONTHS)


def building_ratio(scenario: Scenario, at_least: float, turn: int) -> float:
    """Return the time to build worlds, for so many seconds, over the time of the months that they are built for."""
    blueprint, world, building, living = prepare_scenario(scenario), 1000 * turn, 0.0, 0.0
    while building < at_least:
        begin = time.process_time()
        starts = build_worlds(blueprint, range(world, world + 1))
        building += time.process_time() - begin
        living += time_kernel(blueprint, starts)
        world += 1
    return building / living


def command_seconds(words: tuple[str, ...], _turn: int) -> float:
    """Return how long a command takes from its start to its end."""
    with tempfile.TemporaryDirectory() as folder:
        told = [word.format(out=Path(folder) / "out") for word in words]
        return time_call(lambda: subprocess.run(told, check=True, capture_output=True, cwd=ROOT))  # noqa: S603 - our own


def measure_engines(effort: BenchmarkSize) -> list[BenchmarkResult]:
    """Measure kernel, yardstick and our Mesa engine: nanoseconds an organisation-month, and their ratios."""
    contenders = {
        KERNEL: partial(kernel_ns, scenario_of(), effort.worlds),
        YARDSTICK: partial(mesa_ns, lambda turn: IdiomaticModel(NUMBER, months=MONTHS, rng=turn)),
        BUSY: partial(kernel_ns, scenario_of(policies=POLICIES), effort.worlds),
        OWN: partial(mesa_ns, lambda turn: SpreadModel(scenario_of(), replicate=turn)),
    }
    times = run_interleaved(contenders, effort.rounds)
    targets = {KERNEL: ("at most", 60.0), BUSY: ("at most", 60.0)}
    alone = [
        BenchmarkResult(f"{name}, one organisation-month", times[name], " ns", targets.get(name)) for name in contenders
    ]
    pairs = {(KERNEL, YARDSTICK): ("at least", 40.0), (KERNEL, OWN): None}
    speeds = [
        BenchmarkResult(
            f"{fast}: speed, {slow[0].lower() + slow[1:]} = 1", ratios(times[slow], times[fast]), "", target
        )
        for (fast, slow), target in pairs.items()
    ]
    own = f"{OWN}: time, {YARDSTICK[0].lower() + YARDSTICK[1:]} = 1"
    return [*alone, *speeds, BenchmarkResult(own, ratios(times[OWN], times[YARDSTICK]), "", ("at most", 2.5))]


def user_counts(worlds: int) -> str:
    """Return how many use the intervention at the end, in the kernel and in the yardstick."""
    models = [IdiomaticModel(NUMBER, months=MONTHS, rng=seed) for seed in range(worlds)]
    for model in models:
        model.run_model()
    theirs = mean(model.measures["programme_current_use"] for model in models)
    ours = simulate(scenario_of(), worlds).final_values("current_use").mean()
    return f"{ours:.0%} of the organisations use the intervention in the kernel, {theirs:.0%} in the yardstick"


def batch_seconds(replicates: int, workers: int, _turn: int) -> float:
    """Return how long `simulate` takes for a batch, worlds and all."""
    draw_world.cache_clear()
    scenario = scenario_of()
    return time_call(lambda: simulate(scenario, replicates, workers=workers))


def measure_threads(effort: BenchmarkSize) -> BenchmarkResult:
    """Measure two threads against one."""
    times = run_interleaved({count: partial(batch_seconds, effort.batch, count) for count in (1, 2)}, effort.rounds)
    what = f"Two threads: speed, one thread = 1, {effort.batch} replicates"
    return BenchmarkResult(what, ratios(times[1], times[2]), "", ("at least", 1.8))


def measure_command(name: str, at_most: float, words: tuple[str, ...], effort: BenchmarkSize) -> BenchmarkResult:
    """Measure one command of qispread; the round to warm up compiles what is not compiled yet."""
    command, values = str(Path(sys.executable).with_name("qispread")), []
    try:
        values = run_interleaved({name: partial(command_seconds, (command, *words))}, effort.rounds)[name]
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"{name}: {getattr(error, 'stderr', None) or error}", file=sys.stderr)
    return BenchmarkResult(name, values, " s", ("at most", at_most))


def measure_commands(effort: BenchmarkSize) -> list[BenchmarkResult]:
    """Measure the command line."""
    main_job = ("run", "configs/prompt.yaml", "--out", "{out}")
    jobs = {"`qispread --help`": (0.3, ("--help",)), "`qispread run configs/prompt.yaml`": (3.0, main_job)}
    return [measure_command(name, target, words, effort) for name, (target, words) in jobs.items()]


def building_table(effort: BenchmarkSize) -> str:
    """Measure building against living, for each kind of network and rule of origin, and with policies."""
    worlds = {(kind, rule): scenario_of(network={"kind": kind}, origin=rule) for kind in NETWORKS for rule in ORIGINS}
    worlds |= {("partnerships, six policies", rule): scenario_of(policies=POLICIES, origin=rule) for rule in ORIGINS}
    contenders = {key: partial(building_ratio, scenario, effort.building) for key, scenario in worlds.items()}
    return markdown_grid("Network", run_interleaved(contenders, effort.rounds), at_most=1.0)


def scaling_table(effort: BenchmarkSize) -> str:
    """Measure the kernel at several sizes, with one and with several interventions."""
    worlds = {size: max(1, effort.worlds * NUMBER // size) for size in SIZES}
    cells = {(size, spreading): scenario_of(size, spreading) for size in SIZES for spreading in SPREADING}
    contenders = {key: partial(kernel_ns, scenario, worlds[key[0]]) for key, scenario in cells.items()}
    return markdown_grid("Organisations", run_interleaved(contenders, effort.rounds))


def markdown_grid(corner: str, found: dict[tuple[Any, Any], list[float]], at_most: float = math.inf) -> str:
    """Return a table of what was found by row and column, with a mark on what misses a target."""
    rows, columns = (list(dict.fromkeys(keys)) for keys in zip(*found, strict=True))
    cells = {key: BenchmarkResult("", values).format_value for key, values in found.items()}
    for key, values in found.items():
        if median(values) > at_most:
            cells[key] += " **no**"
    lines = [[str(row), *(cells[row, column] for column in columns)] for row in rows]
    return markdown_table([corner, *map(str, columns)], lines)


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])


def describe_machine() -> str:
    """Return what this runs on, in words."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    models = [line.split(": ")[1] for line in lines if line.startswith("model name")] or [platform.processor()]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("qispread", "Numba", "NumPy", "Mesa")]
    return f"{models[0]}, {available_cores()} cores; Python {platform.python_version()}, {', '.join(versions)}"


def render_benchmarks(effort: BenchmarkSize) -> str:
    """Measure everything and return the page."""
    # They take their tools from this file, so they cannot be imported before those are there.
    from page import benchmark_section as page_section
    from what_if import benchmark_section

    from sweep import benchmark_section as sweep_section

    results = [*measure_engines(effort), measure_threads(effort), *measure_commands(effort)]
    return f"""# Benchmarks

Made by `python benchmarks/run.py --write`; do not edit. Measured on {datetime.now(UTC):%d %B %Y}.

Machine: {describe_machine()}.

All in one process, in {effort.rounds} rounds after one to warm up. The contenders take turns within each round, and
a ratio is taken within a round. Figures are medians, with the lowest and the highest of the rounds. Unless noted
otherwise: {NUMBER} organisations, one intervention, {MONTHS} months, one core, every rule on, every measure of every
month included. Six policies, in force for all organisations in all months: {", ".join(LEVERS[:3])},
{", ".join(LEVERS[3:])}.

{markdown_table(["What", "Median (range)", "Target", "Met"], [result.markdown_row for result in results])}

The yardstick is `benchmarks/idiomatic_mesa.py`: the same rules in plain Python, as a good Mesa user writes them. Both
have about as much to do: at the end {user_counts(2 * effort.worlds)}.

{benchmark_section(effort, ("--report",))}
{sweep_section(effort)}
{page_section(effort)}
## Time to draw a world, relative to the months simulated in it

{building_table(effort)}

By kind of network and rule of origin: context, ties and pilot sites of one replicate. Target: at most 1; misses are
marked.

## Nanoseconds of the kernel an organisation-month, by organisations and interventions

{scaling_table(effort)}
"""


def main() -> None:
    """Print the page, or write it as well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--quick", action="store_true", help="a fast look, with fewer rounds and worlds")
    given = parser.parse_args()
    text = render_benchmarks(BenchmarkSize(2, 4, 80, 0.001) if given.quick else BenchmarkSize())
    if given.write:
        (ROOT / "docs" / "benchmarks.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
