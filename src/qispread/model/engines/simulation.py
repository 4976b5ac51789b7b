"""Many replicates of a scenario, on either engine, and what they measured."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from qispread.common.cpu_cores import available_cores
from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import index_of
from qispread.inputs.former_data import read_measure
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, read_scenario
from qispread.model.engines.kernel import run_months
from qispread.model.engines.measure_kernel import measure_month
from qispread.model.measures import MEASURE_NAMES, MEASURE_REGISTRY
from qispread.model.world.run_inputs import (
    PreparedScenario,
    RunInputs,
    SimulationState,
    initialise_run,
    prepare_scenario,
)
from qispread.model.world.state_arrays import EVENT_RATE, GIVEN_ROW_COUNT

if TYPE_CHECKING:
    import pandas as pd

Engine = Literal["kernel", "mesa"]
ProgressCallback = Callable[[int, int], None]
"""Called with the replicates done and the replicates in all."""

OVERALL_COLUMNS = [place for place, measure in enumerate(MEASURE_REGISTRY) if measure.overall]
"""The measures that always have a meaning."""

RUN_ERRORS = (ArithmeticError, ValueError, MemoryError)
"""What may end one replicate and not the others."""

TaskResult = TypeVar("TaskResult")

TASKS_PER_WORKER = 32


@keep_former_members
@dataclass
class ReplicateRun:
    """One replicate.

    Attributes
    ----------
    replicate : int
    measures : array of (horizon + 1, interventions + 1, measures)
    initial_organisations : array of (11, n)
        The organisations as they were drawn.
    final_state : SimulationState or None
        None where it failed.
    error : str
        Why it failed.
    events : list of dict, or None
        What happened and why, if it was kept.
    observed : list of arrays of (2, n)
        Harmful events expected and observed, by month, if events were kept.
    """

    replicate: int
    measures: NDArray[np.float64]
    initial_organisations: NDArray[np.float64]
    final_state: SimulationState | None
    error: str = ""
    events: list[dict[str, Any]] | None = None
    observed: list[NDArray[np.float64]] = field(default_factory=list)


@keep_former_members
@dataclass(repr=False)
class Runs:
    """The replicates of one scenario.

    Attributes
    ----------
    scenario : Scenario
    measures : array of (replicates, horizon + 1, interventions + 1, measures) float64
        From month 0; the last row of interventions pools them; NaN where a measure has no meaning.
    runs : list of ReplicateRun
    """

    scenario: Scenario
    runs: list[ReplicateRun] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Runs({self.scenario.name}: {len(self.runs)} worlds, {self.scenario.horizon} months)"

    @property
    def measures(self) -> NDArray[np.float64]:
        """The measures of all replicates as one array."""
        return np.array([run.measures for run in self.runs])

    @property
    def interventions(self) -> tuple[str, ...]:
        """The interventions in the order of the rows, the pooled one last."""
        return (*self.scenario.interventions, POOLED)

    @property
    def failed_runs(self) -> list[ReplicateRun]:
        """The replicates that failed."""
        return [run for run in self.runs if run.error]

    def final_values(self, measure: str, intervention: str = POOLED) -> NDArray[np.float64]:
        """Return a measure at the end of each replicate that did not fail, as an array.

        Raises
        ------
        InputError
            For a measure or an intervention that there is not.
        """
        done = np.array([not run.error for run in self.runs])
        values: NDArray[np.float64] = self.values_by_replicate(measure, intervention)[done]
        return values

    def values_by_replicate(self, measure: str, intervention: str = POOLED) -> NDArray[np.float64]:
        """Return a measure at the end of every replicate, as `final_values` does, but NaN where one failed."""
        place = index_of(intervention, self.interventions, "intervention")
        column = index_of(read_measure(measure), MEASURE_NAMES, "measure")
        return np.array([np.nan if run.error else run.measures[-1, place, column] for run in self.runs])

    @property
    def months(self) -> "pd.DataFrame":
        """The table of months: a row for each replicate, month and intervention."""
        from qispread.model.engines.run_tables import build_months_table

        table: pd.DataFrame = build_months_table(self).to_pandas()
        return table

    @property
    def organisations(self) -> "pd.DataFrame":
        """The table of organisations at the end: a row for each replicate, organisation and intervention."""
        from qispread.model.engines.run_tables import build_organisations_table

        table: pd.DataFrame = build_organisations_table(self).to_pandas()
        return table


def allocate_measures(scenario: Scenario) -> NDArray[np.float64]:
    """Return the array of one replicate's measures, still without meaning."""
    return np.full((scenario.horizon + 1, len(scenario.interventions) + 1, len(MEASURE_NAMES)), np.nan)


def measure_month_zero(state: SimulationState, measures: NDArray[np.float64]) -> None:
    """Write the measures of month 0."""
    order = np.argsort(state.organisations[EVENT_RATE])
    measure_month(state.organisations, state.practices, state.histories, order, measures)


def run_kernel(plan: RunInputs, state: SimulationState, horizon: int, measures: NDArray[np.float64]) -> SimulationState:
    """Run all months of a plan on `export_state` itself and return it; `measures` is (horizon + 1, i + 1, measures)."""
    measure_month_zero(state, measures[0])
    run_months(plan, state, 1, horizon, measures[1:])
    return state


def completed_run(
    replicate: int, start: NDArray[np.float64], state: SimulationState, out: NDArray[np.float64]
) -> ReplicateRun:
    """Return a run that has lived its months, failed if it holds what is no number."""
    finite = all(
        np.isfinite(array).all() for array in (state.organisations, state.practices, out[:, -1, OVERALL_COLUMNS])
    )
    problem = "" if finite else "the state is no longer finite: parameters are extreme"
    return ReplicateRun(replicate, out, start.copy(), state, problem)


def failed_run(blueprint: PreparedScenario, replicate: int, error: Exception) -> ReplicateRun:
    """Return a run that an exception has ended."""
    missing = np.full((GIVEN_ROW_COUNT, blueprint.static_world.organisation_count), np.nan)
    return ReplicateRun(
        replicate, allocate_measures(blueprint.scenario), missing, None, f"{type(error).__name__}: {error}"
    )


def run_replicate(
    blueprint: PreparedScenario, replicate: int, engine: Engine = "kernel", *, keep_events: bool = False
) -> ReplicateRun:
    """Run one replicate; an exception or a result that is not finite becomes its `error`."""
    out = allocate_measures(blueprint.scenario)
    events, observed = None, []
    try:
        world = blueprint.world(replicate)
        if engine == "kernel" and not keep_events:
            state = run_kernel(*initialise_run(blueprint, world), blueprint.scenario.horizon, out)
        else:
            from qispread.model.engines.mesa_model import SpreadModel

            model = SpreadModel(blueprint.scenario, replicate=replicate, keep_events=keep_events)
            model.run_model()
            out[:], state = np.array(model.measures), model.export_state()
            events, observed = model.events, model.observed
    except RUN_ERRORS as error:
        return failed_run(blueprint, replicate, error)
    run = completed_run(replicate, world.organisations, state, out)
    run.events, run.observed = events, observed
    return run


@cache
def compile_model() -> None:
    """Compile or load the model in a thread, once in a process: who interrupts that waits no longer."""
    # Numba may lose an interrupt that comes while it compiles, and then fail for another reason.
    run_replicates(Scenario(horizon=1), range(1))


def split_replicates(replicates: range, workers: int) -> Iterator[range]:
    """Yield the replicates in even pieces, several a worker."""
    size = max(1, len(replicates) // (workers * TASKS_PER_WORKER))
    for first in range(0, len(replicates), size):
        yield replicates[first : first + size]


@argument_checks.validate_arguments(
    scenario=check_scenario,
    replicates=argument_checks.optional_check(argument_checks.integer_check(1)),
    engine=argument_checks.engine,
    workers=argument_checks.optional_check(argument_checks.integer_check(1)),
    executor=argument_checks.optional_check(argument_checks.instance_check(Executor, "an executor of threads")),
    keep_events=argument_checks.check_flag,
    progress=argument_checks.optional_check(argument_checks.check_callable),
)
def simulate(
    scenario: ScenarioLike,
    replicates: int | None = None,
    *,
    engine: Engine = "kernel",
    workers: int | None = None,
    executor: Executor | None = None,
    keep_events: bool = False,
    progress: ProgressCallback | None = None,
) -> Runs:
    """Run a scenario in many worlds.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, the path of its file, or "prompt", which comes with the package.
    replicates : int, optional
        How many worlds; the scenario's own number unless given.
    engine : {"kernel", "mesa"}
        Both give the same bytes; "mesa" takes some hundred times as long.
    workers : int, optional
        Threads; one for each core unless given. The result does not depend on it.
    executor : concurrent.futures.Executor, optional
        Of threads, in place of our own.
    keep_events : bool
        Whether to keep what happened and why; uses the Mesa engine.
    progress : callable, optional
        Called with the replicates done and in all.

    Returns
    -------
    Runs

    Raises
    ------
    InputError
        For arguments that cannot be, all at once, and faults of the file.
    """
    scenario = read_scenario(scenario)
    if replicates is not None and replicates != scenario.replicates:
        scenario = scenario.replace(replicates=replicates)
    everyone = range(scenario.replicates)
    return Runs(
        scenario,
        run_replicates(
            scenario,
            everyone,
            engine=engine,
            workers=workers,
            executor=executor,
            keep_events=keep_events,
            progress=progress,
        ),
    )


def run_replicates(
    scenario: Scenario,
    replicates: range,
    *,
    engine: Engine = "kernel",
    workers: int | None = None,
    executor: Executor | None = None,
    keep_events: bool = False,
    progress: ProgressCallback | None = None,
) -> list[ReplicateRun]:
    """Run some replicates of a scenario, in order; the rest is as for `simulate`."""
    blueprint = prepare_scenario(scenario)

    def some(part: range) -> list[ReplicateRun]:
        return [run_replicate(blueprint, replicate, engine, keep_events=keep_events) for replicate in part]

    found = map_in_threads(some, replicates, workers=workers, executor=executor, progress=progress)
    return sorted(found, key=lambda run: run.replicate)


def map_in_threads(
    task: Callable[[range], list[TaskResult]],
    replicates: range,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: ProgressCallback | None = None,
) -> list[TaskResult]:
    """Return what a task makes of all replicates, in any order; it is given some of them at a time."""
    workers = workers or available_cores()
    found: list[TaskResult] = []
    own = ThreadPoolExecutor(workers)
    futures = [(executor or own).submit(task, part) for part in split_replicates(replicates, workers)]
    try:
        for future in as_completed(futures):
            found.extend(future.result())
            if progress is not None:
                progress(len(found), len(replicates))
    except BaseException:
        # Who stops it need not wait for what threads are doing, which may be compiling or a long run.
        for future in futures:
            future.cancel()
        raise
    finally:
        own.shutdown(wait=False)
    return found
