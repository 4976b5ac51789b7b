"""Many replicates of a scenario, on either engine, and what they measured."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from qispread.config import arguments
from qispread.config.cross import POOLED
from qispread.config.faults import place_of_name
from qispread.config.scenario import Scenario
from qispread.config.scenario_argument import ScenarioLike, read_scenario, scenario_like
from qispread.cores import available_cores
from qispread.engines.kernel import run_months
from qispread.engines.measuring import measure_month
from qispread.measures import NAMES, REGISTRY
from qispread.world.build import Blueprint, Plan, State, blueprint_of, start_run
from qispread.world.layout import GIVEN_ROWS, HARM

if TYPE_CHECKING:
    import pandas as pd

Engine = Literal["kernel", "mesa"]
Progress = Callable[[int, int], None]
"""Called with the replicates done and the replicates in all."""

OVERALL = [place for place, measure in enumerate(REGISTRY) if measure.overall]
"""The measures that always have a meaning."""

MISHAPS = (ArithmeticError, ValueError, MemoryError)
"""What may end one replicate and not the others."""

Done = TypeVar("Done")

TASKS_A_WORKER = 32


@dataclass
class Run:
    """One replicate.

    Attributes
    ----------
    replicate : int
    measures : array of (horizon + 1, interventions + 1, measures)
    start : array of (11, n)
        The organisations as they were drawn.
    end : State or None
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
    start: NDArray[np.float64]
    end: State | None
    error: str = ""
    events: list[dict[str, Any]] | None = None
    observed: list[NDArray[np.float64]] = field(default_factory=list)


@dataclass(repr=False)
class Runs:
    """The replicates of one scenario.

    Attributes
    ----------
    scenario : Scenario
    measures : array of (replicates, horizon + 1, interventions + 1, measures) float64
        From month 0; the last row of interventions pools them; NaN where a measure has no meaning.
    runs : list of Run
    """

    scenario: Scenario
    runs: list[Run] = field(default_factory=list)

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
    def failed(self) -> list[Run]:
        """The replicates that failed."""
        return [run for run in self.runs if run.error]

    def last(self, measure: str, intervention: str = POOLED) -> NDArray[np.float64]:
        """Return a measure at the end of each replicate that did not fail, as an array.

        Raises
        ------
        InputError
            For a measure or an intervention that there is not.
        """
        done = np.array([not run.error for run in self.runs])
        values: NDArray[np.float64] = self.by_world(measure, intervention)[done]
        return values

    def by_world(self, measure: str, intervention: str = POOLED) -> NDArray[np.float64]:
        """Return a measure at the end of every replicate, as `last` does, but NaN where one failed."""
        place = place_of_name(intervention, self.interventions, "intervention")
        column = place_of_name(measure, NAMES, "measure")
        return np.array([np.nan if run.error else run.measures[-1, place, column] for run in self.runs])

    @property
    def months(self) -> "pd.DataFrame":
        """The table of months: a row for each replicate, month and intervention."""
        from qispread.engines.tables import months_table

        table: pd.DataFrame = months_table(self).to_pandas()
        return table

    @property
    def organisations(self) -> "pd.DataFrame":
        """The table of organisations at the end: a row for each replicate, organisation and intervention."""
        from qispread.engines.tables import organisations_table

        table: pd.DataFrame = organisations_table(self).to_pandas()
        return table


def empty_measures(scenario: Scenario) -> NDArray[np.float64]:
    """Return the array of one replicate's measures, still without meaning."""
    return np.full((scenario.horizon + 1, len(scenario.interventions) + 1, len(NAMES)), np.nan)


def measure_start(state: State, out: NDArray[np.float64]) -> None:
    """Write the measures of month 0."""
    order = np.argsort(state.organisations[HARM])
    measure_month(state.organisations, state.practices, state.histories, order, out)


def run_kernel(plan: Plan, state: State, horizon: int, out: NDArray[np.float64]) -> State:
    """Run all months of a plan on `state` itself and return it; `out` is (horizon + 1, i + 1, measures)."""
    measure_start(state, out[0])
    run_months(plan, state, 1, horizon, out[1:])
    return state


def finished(replicate: int, start: NDArray[np.float64], state: State, out: NDArray[np.float64]) -> Run:
    """Return a run that has lived its months, failed if it holds what is no number."""
    finite = all(np.isfinite(array).all() for array in (state.organisations, state.practices, out[:, -1, OVERALL]))
    problem = "" if finite else "the state is no longer finite: parameters are extreme"
    return Run(replicate, out, start.copy(), state, problem)


def broken(blueprint: Blueprint, replicate: int, error: Exception) -> Run:
    """Return a run that an exception has ended."""
    missing = np.full((GIVEN_ROWS, blueprint.frame.number), np.nan)
    return Run(replicate, empty_measures(blueprint.scenario), missing, None, f"{type(error).__name__}: {error}")


def run_one(blueprint: Blueprint, replicate: int, engine: Engine = "kernel", *, keep_events: bool = False) -> Run:
    """Run one replicate; an exception or a result that is not finite becomes its `error`."""
    out = empty_measures(blueprint.scenario)
    events, observed = None, []
    try:
        world = blueprint.world(replicate)
        if engine == "kernel" and not keep_events:
            state = run_kernel(*start_run(blueprint, world), blueprint.scenario.horizon, out)
        else:
            from qispread.engines.model import SpreadModel

            model = SpreadModel(blueprint.scenario, replicate=replicate, keep_events=keep_events)
            model.run_model()
            out[:], state = np.array(model.measures), model.state()
            events, observed = model.events, model.observed
    except MISHAPS as error:
        return broken(blueprint, replicate, error)
    run = finished(replicate, world.organisations, state, out)
    run.events, run.observed = events, observed
    return run


@cache
def compile_model() -> None:
    """Compile or load the model in a thread, once in a process: who interrupts that waits no longer."""
    # Numba may lose an interrupt that comes while it compiles, and then fail for another reason.
    run_replicates(Scenario(horizon=1), range(1))


def chunks(replicates: range, workers: int) -> Iterator[range]:
    """Yield the replicates in even pieces, several a worker."""
    size = max(1, len(replicates) // (workers * TASKS_A_WORKER))
    for first in range(0, len(replicates), size):
        yield replicates[first : first + size]


@arguments.checks(
    scenario=scenario_like,
    replicates=arguments.optional(arguments.whole(1)),
    engine=arguments.engine,
    workers=arguments.optional(arguments.whole(1)),
    executor=arguments.optional(arguments.instance(Executor, "an executor of threads")),
    keep_events=arguments.flag,
    progress=arguments.optional(arguments.called),
)
def simulate(
    scenario: ScenarioLike,
    replicates: int | None = None,
    *,
    engine: Engine = "kernel",
    workers: int | None = None,
    executor: Executor | None = None,
    keep_events: bool = False,
    progress: Progress | None = None,
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
    progress: Progress | None = None,
) -> list[Run]:
    """Run some replicates of a scenario, in order; the rest is as for `simulate`."""
    blueprint = blueprint_of(scenario)

    def some(part: range) -> list[Run]:
        return [run_one(blueprint, replicate, engine, keep_events=keep_events) for replicate in part]

    found = in_threads(some, replicates, workers=workers, executor=executor, progress=progress)
    return sorted(found, key=lambda run: run.replicate)


def in_threads(
    task: Callable[[range], list[Done]],
    replicates: range,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> list[Done]:
    """Return what a task makes of all replicates, in any order; it is given some of them at a time."""
    workers = workers or available_cores()
    found: list[Done] = []
    own = ThreadPoolExecutor(workers)
    futures = [(executor or own).submit(task, part) for part in chunks(replicates, workers)]
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
