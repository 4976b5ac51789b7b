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

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
NUMBER, MONTHS = 215, 120
POLICIES = ("coaching", "learning_network", "standard", "board_programme", "training", "refresher")
NETWORKS = ("systems", "random", "small_world", "scale_free", "complete", "ring", "hub_and_spoke")
ORIGINS = ("most_ready", "hub", "broker")
SIZES, SPREADING = (50, 215, 1000, 5000), (1, 3)
KERNEL, BUSY, YARDSTICK, OWN = "kernel", "kernel, six policies", "idiomatic Mesa model", "our Mesa engine"

Contender = Callable[[int], float]
"""Called with the number of the round, returns what it measured."""


@dataclass(frozen=True)
class Effort:
    """How much to measure: rounds, worlds a round, worlds of the whole batch, seconds of building a round."""

    rounds: int
    worlds: int
    batch: int
    building: float


FULL, QUICK = Effort(7, 20, 400, 0.02), Effort(2, 5, 100, 0.001)


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
        bounds = {"at most": self.at_most, "at least": self.at_least}
        return "".join(f"{word} {bound:g} {self.unit}".rstrip() for word, bound in bounds.items() if bound) or "none"

    @property
    def met(self) -> str:
        """Whether the median meets the target."""
        if not self.values or self.target == "none":
            return "-"
        reached = median(self.values)
        return "yes" if (self.at_least or reached) <= reached <= (self.at_most or reached) else "**no**"


def figure(value: float) -> str:
    """Return a number with three figures, or with all of those before the point."""
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
            print(f"\r\033[Kround {turn} of {rounds}: {name}", end="", file=sys.stderr, flush=True)
            measured = contenders[name](turn)
            if turn:
                found[name].append(measured)
    print("\r\033[K", end="", file=sys.stderr)
    return found


def scenario_of(number: int = NUMBER, spreading: int = 1, **fields: Any) -> Scenario:
    """Return the default scenario at another size, in partnerships of five as in the yardstick."""
    origin = fields.pop("origin", "most_ready")
    return Scenario().replace(
        {"organisations.number": number, "organisations.systems": round(number / 5)},
        horizon=MONTHS,
        interventions={f"programme_{place + 1}": {"origin": origin} for place in range(spreading)},
        **fields,
    )


def busy_scenario(**fields: Any) -> Scenario:
    """Return the default scenario with several policies in force from the first month to the last."""
    return scenario_of(policies={lever: {"lever": lever} for lever in POLICIES}, **fields)


def build(blueprint: Blueprint, worlds: range) -> list[tuple[Plan, State]]:
    """Return what the kernel starts from in each of some worlds, built anew."""
    draw_world.cache_clear()
    return [start_run(blueprint, blueprint.world(replicate)) for replicate in worlds]


def live(blueprint: Blueprint, starts: list[tuple[Plan, State]]) -> float:
    """Return how many seconds the kernel takes for all months of some worlds, measures included."""
    out = empty_measures(blueprint.scenario)
    return seconds(lambda: [run_kernel(plan, state, MONTHS, out) for plan, state in starts])


def kernel_contender(scenario: Scenario, worlds: int) -> Contender:
    """Return a contender: nanoseconds that the kernel takes an organisation-month."""
    blueprint = blueprint_of(scenario)

    def measure(turn: int) -> float:
        starts = build(blueprint, range(turn * worlds, (turn + 1) * worlds))
        return 1e9 * live(blueprint, starts) / (blueprint.frame.number * MONTHS * worlds)

    return measure


def mesa_contender(made: Callable[[int], Any]) -> Contender:
    """Return a contender: nanoseconds that a Mesa model takes an organisation-month; to make it does not count."""
    return lambda turn: 1e9 * seconds(made(turn).run_model) / (NUMBER * MONTHS)


def yardstick(turn: int) -> IdiomaticModel:
    """Return the idiomatic model at the size of the others."""
    return IdiomaticModel(NUMBER, months=MONTHS, rng=turn)


def building_contender(scenario: Scenario, at_least: float) -> Contender:
    """Return a contender: time to build worlds, over the time of the months that they are built for."""
    blueprint = blueprint_of(scenario)

    def measure(turn: int) -> float:
        building, living, world = 0.0, 0.0, 1000 * turn
        while building < at_least:
            starts: list[tuple[Plan, State]] = []
            building += seconds(lambda: starts.extend(build(blueprint, range(world, world + 1))))  # noqa: B023 - called here
            living += live(blueprint, starts)
            world += 1
        return building / living

    return measure


def batch_contender(replicates: int, workers: int) -> Contender:
    """Return a contender: seconds that `simulate` takes for a batch, worlds and all."""

    def measure(_turn: int) -> float:
        draw_world.cache_clear()
        return seconds(lambda: simulate(scenario_of(), replicates, workers=workers))

    return measure


def command_contender(*command: str) -> Contender:
    """Return a contender: seconds from the start of a command to its end."""

    def measure(_turn: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            words = [word.format(out=Path(folder) / "out") for word in command]
            return seconds(lambda: subprocess.run(words, check=True, capture_output=True, cwd=ROOT))  # noqa: S603 - our own

    return measure


def measure_engines(effort: Effort) -> dict[str, list[float]]:
    """Measure kernel, yardstick and our Mesa engine, in nanoseconds an organisation-month."""
    contenders = {
        KERNEL: kernel_contender(scenario_of(), effort.worlds),
        YARDSTICK: mesa_contender(yardstick),
        BUSY: kernel_contender(busy_scenario(), effort.worlds),
        OWN: mesa_contender(lambda turn: SpreadModel(scenario_of(), replicate=turn)),
    }
    return interleave(contenders, effort.rounds)


def engine_results(times: dict[str, list[float]]) -> list[Result]:
    """Return the engines held against their targets."""
    return [
        Result("Kernel, one organisation-month", times[KERNEL], "ns", at_most=60),
        Result("Kernel with six policies, one organisation-month", times[BUSY], "ns", at_most=60),
        Result("Kernel, speed against the idiomatic Mesa model", ratios(times[YARDSTICK], times[KERNEL]), at_least=40),
        Result("Kernel, speed against our Mesa engine", ratios(times[OWN], times[KERNEL])),
        Result("Our Mesa engine, speed against the idiomatic model", ratios(times[YARDSTICK], times[OWN])),
    ]


def measure_building(effort: Effort) -> dict[tuple[str, str], list[float]]:
    """Measure building against living, for each kind of network and rule of origin, and with policies."""
    cells = {(kind, rule): scenario_of(network={"kind": kind}, origin=rule) for kind in NETWORKS for rule in ORIGINS}
    cells |= {("systems, six policies", rule): busy_scenario(origin=rule) for rule in ORIGINS}
    contenders = {cell: building_contender(scenario, effort.building) for cell, scenario in cells.items()}
    return interleave(contenders, effort.rounds)


def measure_threads(effort: Effort) -> Result:
    """Measure two threads against one."""
    times = interleave({workers: batch_contender(effort.batch, workers) for workers in (1, 2)}, effort.rounds)
    return Result(f"Two threads, speed against one, {effort.batch} replicates", ratios(times[1], times[2]), at_least=1.8)


def commands() -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return the commands to time, each with its target in seconds, as far as the command line is there."""
    if importlib.util.find_spec("qispread.cli") is None:
        return {"`import qispread` (no command yet)": (0.3, (sys.executable, "-c", "import qispread"))}
    command = str(Path(sys.executable).with_name("qispread"))
    main_job = (command, "run", "configs/prompt.yaml", "--out", "{out}")
    return {"`qispread --help`": (0.3, (command, "--help")), "`qispread run configs/prompt.yaml`": (3.0, main_job)}


def measure_commands(effort: Effort) -> list[Result]:
    """Measure the command line; the round to warm up compiles what is not compiled yet."""
    results = []
    for name, (target, words) in commands().items():
        try:
            values = interleave({name: command_contender(*words)}, effort.rounds)[name]
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"\n{name}: {getattr(error, 'stderr', None) or error}", file=sys.stderr)
            values = []
        results.append(Result(name, values, "s", at_most=target))
    return results


def measure_scaling(effort: Effort) -> dict[tuple[int, int], list[float]]:
    """Measure the kernel at several sizes, with one and with several interventions."""
    cells = [(number, spreading) for number in SIZES for spreading in SPREADING]
    worlds = {number: max(1, effort.worlds * NUMBER // number) for number in SIZES}
    contenders = {cell: kernel_contender(scenario_of(*cell), worlds[cell[0]]) for cell in cells}
    return interleave(contenders, effort.rounds)


def adoption(worlds: int) -> tuple[float, float]:
    """Return the mean share that uses the programme at the end: in the kernel's worlds, in the yardstick's."""
    models = [yardstick(seed) for seed in range(worlds)]
    for model in models:
        model.run_model()
    return simulate(scenario_of(), worlds).last("adoption").mean(), mean(m.measures["programme_adoption"] for m in models)
