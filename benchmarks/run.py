"""Measure how fast qispread is, and write it down.

`python benchmarks/run.py` prints the page, `--write` keeps it as docs/benchmarks.md, `--quick` takes a fast look.
Contenders take turns within each round and a ratio is taken round by round, so that a busy machine harms all alike.
"""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

from idiomatic_mesa import IdiomaticModel

from qispread import Scenario, SpreadModel, simulate
from qispread.engines.run import empty_measures, run_kernel
from qispread.world.build import Blueprint, Plan, State, blueprint_of, start_run
from qispread.world.draw import draw_world

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"

NUMBER, MONTHS = 215, 120
POLICIES = ("coaching", "learning_network", "standard", "board_programme", "training", "refresher")
NETWORKS = ("systems", "random", "small_world", "scale_free", "complete", "ring", "hub_and_spoke")
ORIGINS = ("most_ready", "hub", "broker")
SIZES, INTERVENTIONS = (50, 215, 1000, 5000), (1, 3)

Contender = Callable[[int], float]
"""Called with the number of the round, returns what it measured."""


@dataclass(frozen=True)
class Effort:
    """How much to measure: rounds, worlds a round, worlds of the whole batch, seconds of building a round."""

    rounds: int = 7
    worlds: int = 20
    batch: int = 400
    building: float = 0.03


@dataclass(frozen=True)
class Result:
    """What was measured in each round, and the target it is held against."""

    what: str
    values: list[float]
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def shown(self) -> str:
        """The median, and the range over rounds."""
        if not self.values:
            return "not measured"
        low, middle, high = (figure(value) for value in (min(self.values), median(self.values), max(self.values)))
        return f"{middle} {self.unit}".rstrip() + f" ({low} to {high})"

    @property
    def target(self) -> str:
        """The target in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:g} {self.unit}".rstrip()
        return f"at least {self.at_least:g} {self.unit}".rstrip() if self.at_least is not None else "none"

    @property
    def met(self) -> str:
        """Whether the median meets the target."""
        if not self.values or (self.at_most is None and self.at_least is None):
            return "-"
        reached = median(self.values)
        return "yes" if reached <= (self.at_most or reached) and reached >= (self.at_least or reached) else "**no**"


def figure(value: float) -> str:
    """Return a number with three figures, or all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratios(above: list[float], below: list[float]) -> list[float]:
    """Return the ratio of two contenders in each round."""
    return [a / b for a, b in zip(above, below, strict=True)]


def interleave(contenders: dict[Any, Contender], rounds: int) -> dict[Any, list[float]]:
    """Return what each contender measured in each round, after one round to warm up; who comes first changes."""
    names = list(contenders)
    found: dict[Any, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            measured = contenders[name](turn)
            if turn:
                found[name].append(measured)
    return found


def scenario_of(
    number: int = NUMBER,
    interventions: int = 1,
    policies: tuple[str, ...] = (),
    network: str = "systems",
    origin: str = "most_ready",
) -> Scenario:
    """Return the default scenario at another size, in partnerships of five as in the yardstick."""
    spreading = {f"programme_{place + 1}": {"origin": origin} for place in range(interventions)}
    return Scenario().replace(
        {"organisations.number": number, "organisations.systems": round(number / 5)},
        horizon=MONTHS,
        network={"kind": network},
        interventions=spreading,
        policies={lever: {"lever": lever} for lever in POLICIES if lever in policies},
    )


def started(blueprint: Blueprint, worlds: range) -> list[tuple[Plan, State]]:
    """Return what the kernel starts from in each of some worlds, built anew."""
    draw_world.cache_clear()
    return [start_run(blueprint, blueprint.world(replicate)) for replicate in worlds]


def kernel_seconds(blueprint: Blueprint, starts: list[tuple[Plan, State]]) -> float:
    """Return how long the kernel takes for all months of these worlds, measures included."""
    out = empty_measures(blueprint.scenario)
    return seconds(lambda: [run_kernel(plan, state, MONTHS, out) for plan, state in starts])


def kernel_contender(scenario: Scenario, worlds: int) -> Contender:
    """Return a contender: nanoseconds that the kernel takes an organisation-month."""
    blueprint = blueprint_of(scenario)
    lived = blueprint.frame.number * MONTHS * worlds

    def measure(turn: int) -> float:
        return 1e9 * kernel_seconds(blueprint, started(blueprint, range(turn * worlds, (turn + 1) * worlds))) / lived

    return measure


def yardstick(turn: int) -> float:
    """Return nanoseconds that the idiomatic Mesa model takes an organisation-month; its set-up does not count."""
    return 1e9 * seconds(IdiomaticModel(NUMBER, months=MONTHS, rng=turn).run) / (NUMBER * MONTHS)


def own_mesa_engine(turn: int) -> float:
    """Return nanoseconds that our Mesa engine takes an organisation-month; its set-up does not count."""
    return 1e9 * seconds(SpreadModel(scenario_of(), replicate=turn).run_model) / (NUMBER * MONTHS)


def building_contender(scenario: Scenario, at_least: float) -> Contender:
    """Return a contender: time to build worlds in the time of the months that they are built for."""
    blueprint = blueprint_of(scenario)

    def measure(turn: int) -> float:
        building = living = 0.0
        world = 1000 * turn
        while building < at_least:
            begin = time.perf_counter()
            starts = started(blueprint, range(world, world + 1))
            building += time.perf_counter() - begin
            living += kernel_seconds(blueprint, starts)
            world += 1
        return building / living

    return measure


def batch_contender(worlds: int, workers: int) -> Contender:
    """Return a contender: seconds that `simulate` takes for a batch, worlds and all."""
    scenario = scenario_of()

    def measure(turn: int) -> float:  # noqa: ARG001 - the same batch each round
        draw_world.cache_clear()
        return seconds(lambda: simulate(scenario, worlds, workers=workers))

    return measure


def command_contender(*command: str) -> Contender:
    """Return a contender: seconds from starting a command to its end."""

    def measure(turn: int) -> float:  # noqa: ARG001 - the same command each round
        with tempfile.TemporaryDirectory() as folder:
            words = [word.format(out=Path(folder) / "out") for word in command]
            # The words are our own.
            return seconds(lambda: subprocess.run(words, check=True, capture_output=True, cwd=HERE.parent))  # noqa: S603

    return measure


def measure_engines(effort: Effort) -> tuple[list[Result], dict[str, list[float]]]:
    """Measure kernel, yardstick and our Mesa engine; return what is held against targets, and the times."""
    kernel, busy, mesa, own = "kernel", "kernel, six policies", "idiomatic Mesa model", "our Mesa engine"
    times = interleave(
        {
            kernel: kernel_contender(scenario_of(), effort.worlds),
            mesa: yardstick,
            busy: kernel_contender(scenario_of(policies=POLICIES), effort.worlds),
            own: own_mesa_engine,
        },
        effort.rounds,
    )
    results = [
        Result("Kernel, an organisation-month", times[kernel], "ns", at_most=60),
        Result("Kernel with six policies, an organisation-month", times[busy], "ns", at_most=60),
        Result("Kernel against the idiomatic Mesa model", ratios(times[mesa], times[kernel]), "times", at_least=40),
        Result("Kernel against our Mesa engine", ratios(times[own], times[kernel]), "times"),
        Result("Our Mesa engine against the idiomatic model", ratios(times[mesa], times[own]), "times"),
    ]
    return results, times


def measure_building(effort: Effort) -> dict[tuple[str, str], list[float]]:
    """Measure building against months for each kind of network and rule of origin, and with policies."""
    cells = {(kind, rule): scenario_of(network=kind, origin=rule) for kind in NETWORKS for rule in ORIGINS}
    cells |= {("systems, six policies", rule): scenario_of(policies=POLICIES, origin=rule) for rule in ORIGINS}
    contenders = {cell: building_contender(scenario, effort.building) for cell, scenario in cells.items()}
    return interleave(contenders, effort.rounds)


def measure_threads(effort: Effort) -> Result:
    """Measure two threads against one."""
    times = interleave({workers: batch_contender(effort.batch, workers) for workers in (1, 2)}, effort.rounds)
    return Result(f"Two threads against one, {effort.batch} replicates", ratios(times[1], times[2]), "times", at_least=1.8)


def commands() -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return the commands to time with their targets in seconds, as far as the command line is there."""
    if importlib.util.find_spec("qispread.cli") is None:
        return {"`import qispread`: the command is not there yet": (0.3, (sys.executable, "-c", "import qispread"))}
    command = str(Path(sys.executable).with_name("qispread"))
    main_job = (command, "run", "configs/prompt.yaml", "--out", "{out}")
    return {
        "`qispread --help`": (0.3, (command, "--help")),
        "`qispread run configs/prompt.yaml`, not for the first time": (3.0, main_job),
    }


def measure_commands(effort: Effort) -> list[Result]:
    """Measure the command line; the round to warm up compiles what is not compiled yet."""
    results = []
    for name, (target, words) in commands().items():
        try:
            values = interleave({name: command_contender(*words)}, effort.rounds)[name]
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"{name} failed: {getattr(error, 'stderr', None) or error}", file=sys.stderr)
            values = []
        results.append(Result(name, values, "s", at_most=target))
    return results


def measure_scaling(effort: Effort) -> dict[tuple[int, int], list[float]]:
    """Measure the kernel at several sizes, with one and with several interventions."""
    cells = [(number, spreading) for number in SIZES for spreading in INTERVENTIONS]
    worlds = {number: max(1, effort.worlds * NUMBER // number) for number in SIZES}
    contenders = {cell: kernel_contender(scenario_of(*cell), worlds[cell[0]]) for cell in cells}
    return interleave(contenders, effort.rounds)


def adoption() -> tuple[float, float]:
    """Return the share of organisations that use the programme at the end: in the kernel, in the yardstick."""
    runs, models = simulate(scenario_of(), 40), [IdiomaticModel(NUMBER, months=MONTHS, rng=seed) for seed in range(8)]
    for model in models:
        model.run()
    return runs.last("adoption").mean(), mean(model.measures["programme_adoption"] for model in models)


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table whose first column is text and whose others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """Return what this ran on, in words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("qispread", "numba", "numpy", "mesa"))
    return (
        f"{(models or [platform.processor()])[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
        f"{platform.system()}, Python {platform.python_version()}, {versions}"
    )


PREFACE = """# Benchmarks

Made by `python benchmarks/run.py --write`; do not edit.

{day}, on {machine}.

Everything is measured in one process, in {rounds} rounds in which the contenders take turns, after one round to warm
up. A ratio is taken within each round; a figure is the median of the rounds, with the lowest and the highest. One
organisation-month is one organisation for one month; a run is {number} organisations, one intervention and {months} months unless
it is said otherwise. Every rule is on and every measure of every month is worked out. "Six policies" are
{policies}, for everyone and all the time.
"""
