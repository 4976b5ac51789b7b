"""Checks of a plug-in on whole runs: both engines give the same, and what each function costs."""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from qispread.inputs.extensions.extension import Extension
from qispread.inputs.extensions.plugins import LOADED
from qispread.inputs.scenario import Scenario
from qispread.model.engines.composed_model import composed_model
from qispread.model.engines.composition import compile_own
from qispread.model.engines.simulation import ReplicateRun, allocate_measures, run_replicate
from qispread.model.extensions.trial import tried_arguments, tried_views
from qispread.model.measures import measure_names
from qispread.model.rules.forms import shipped_rule
from qispread.model.rules.jit import INTERPRETED
from qispread.model.world.run_inputs import prepare_scenario

TIMED_RUNS = 40
ALLOCATION = "NRT_MemInfo_alloc"
"""The call in compiled code that allocates an array."""


@dataclass(frozen=True)
class ExtensionCheck:
    """What whole runs say of one function of a plug-in.

    Attributes
    ----------
    extension : Extension
    replicates : int
        The number of replicates in which both engines were compared.
    problem : str
        Where the engines differ, or why a run failed; empty if there is none.
    seconds : float
        Time until the first run, mostly of the compiler.
    cost : float
        Time of a run as a multiple of that without it.
    allocates : bool
        Whether it makes arrays, so that it runs natively only.
    """

    extension: Extension
    replicates: int
    problem: str
    seconds: float
    cost: float
    allocates: bool

    def __str__(self) -> str:
        if self.problem:
            return f"{self.extension.label}: {self.problem}"
        found = f"{self.extension.label}: both engines agree in {self.replicates} worlds"
        found += f"; ready in {self.seconds:.1f} s; a run takes {self.cost:.2f} of the time without it"
        return found + ("; makes arrays: runs natively only, not in a browser or on a GPU" if self.allocates else "")


def tried_scenario() -> Scenario:
    """Return the small scenario on which functions are tried: 40 organisations, two interventions, 36 months."""
    small = {"organisations.number": 40, "organisations.partnerships": 10, "horizon": 36, "plugins": []}
    two = {"first": {}, "second": {"launch": 6}}
    return Scenario().replace(small, interventions=two)


def scenario_with(extension: Extension, base: Scenario) -> Scenario:
    """Return a scenario that uses one function of a loaded plug-in."""
    plugin = next(plugin for plugin in LOADED.values() if extension in plugin.extensions)
    changes: dict[str, Any] = {"plugins": [{"name": plugin.name, "sha256": plugin.sha256}]}
    if extension.kind == "rule":
        changes[f"rules.{extension.details['rule']}"] = extension.key
    elif extension.kind == "network":
        changes["network"] = {"kind": extension.key}
    elif extension.kind == "policy":
        changes[f"policies.{extension.key}"] = {"lever": extension.key}
    return base.replace(changes)


def check_extension(extension: Extension, base: Scenario, replicates: int) -> ExtensionCheck:
    """Return what runs with one function of a loaded plug-in show.

    Parameters
    ----------
    extension : Extension
    base : Scenario
        The scenario that it is added to, as from `tried_scenario`.
    replicates : int
        The number of replicates that both engines run.
    """
    scenario = scenario_with(extension, base)
    start = time.perf_counter()
    prepared = prepare_scenario(scenario)
    first = run_replicate(prepared, 0)
    seconds = time.perf_counter() - start
    problem = f"a run failed: {first.error}" if first.error else ""
    for replicate in range(0 if problem else replicates):
        problem = engine_difference(
            scenario, run_replicate(prepared, replicate), run_replicate(prepared, replicate, "mesa")
        )
        if problem:
            break
    cost = float("nan") if problem else relative_cost(extension)
    return ExtensionCheck(extension, replicates, problem, seconds, cost, allocates(extension))


def engine_difference(scenario: Scenario, kernel: ReplicateRun, mesa: ReplicateRun) -> str:
    """Return where the runs of both engines part: world, month and measure; empty if they are the same."""
    world = f"world {kernel.replicate}"
    if kernel.error or mesa.error:
        return f"{world} failed: {kernel.error or mesa.error}"
    parted = np.argwhere(kernel.measures.view(np.uint64) != mesa.measures.view(np.uint64))
    if len(parted):
        month, row, column = parted[0]
        values = f"kernel {kernel.measures[month, row, column]:.17g}, mesa {mesa.measures[month, row, column]:.17g}"
        return f"{world}: the engines differ in month {month}, {measure_names(scenario)[column]}: {values}"
    states = zip(kernel.final_state or (), mesa.final_state or (), strict=True)
    if any(not np.array_equal(first, second, equal_nan=True) for first, second in states):
        return f"{world}: the engines differ in the state at the end"
    return ""


def relative_cost(extension: Extension) -> float:
    """Return the time of a run of the default scenario with a function as a multiple of that without it.

    Both are run in turn. Rules, networks and policies are compared with runs that have the measures of their plug-in.
    """
    base = Scenario().replace(plugins=[])
    scenario = scenario_with(extension, base)
    if extension.kind != "measure":
        base = base.replace(plugins=scenario.plugins)
    times: list[list[float]] = [[], []]
    for _ in range(TIMED_RUNS):
        for one, elapsed in zip((scenario, base), times, strict=True):
            model, prepared, measures = composed_model(one), prepare_scenario(one), allocate_measures(one)
            plan, state = model.initialise_run(prepared, prepared.world(0))
            start = time.perf_counter()
            model.run_months(plan, state, 1, one.horizon, measures[1:])
            elapsed.append(time.perf_counter() - start)
    return median(times[0][1:]) / median(times[1][1:])


def allocates(extension: Extension) -> bool:
    """Return whether a compiled function makes arrays."""
    if INTERPRETED or extension.kind == "network":
        return False
    if extension.kind == "rule":
        arguments = next(tried_arguments(shipped_rule(extension.details["rule"])))
    else:
        fields = extension.declaration.model_fields if extension.kind == "policy" else {}
        parameters = (float(fields[name].default) for name in extension.details.get("parameters", ()))
        arguments = (next(tried_views(extension.function))[1], *parameters)
    function = compile_own(extension.function)
    function(*arguments)
    return any(ALLOCATION in text for text in function.inspect_llvm().values())
