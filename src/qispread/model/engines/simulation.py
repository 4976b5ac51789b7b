"""Simulation: replicates of a scenario on either engine, and their measures."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import index_of
from qispread.inputs.former_data import read_measure
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_argument import ScenarioLike, check_scenario, resolve_scenario
from qispread.model.engines.composed_model import SHIPPED_MODEL, ComposedModel, composed_model
from qispread.model.engines.organisation_class import (
    Engine,
    OrganisationClass,
    check_organisation_class,
    identify_class,
    select_engine,
)
from qispread.model.engines.thread_map import ProgressCallback, map_in_threads
from qispread.model.engines.worker_processes import open_processes
from qispread.model.measures import MEASURE_REGISTRY, Measure, measure_names, scenario_measures
from qispread.model.world.draw_world import World
from qispread.model.world.run_inputs import (
    PreparedScenario,
    RunInputs,
    SimulationState,
    prepare_scenario,
)
from qispread.model.world.state_arrays import GIVEN_ROW_COUNT

if TYPE_CHECKING:
    import pandas as pd

OVERALL_COLUMNS = [index for index, measure in enumerate(MEASURE_REGISTRY) if measure.overall]
"""Columns of the shipped measures that are always defined; measures of the user's own are checked separately."""


@keep_former_members
@dataclass
class ReplicateRun:
    """The run of one replicate.

    Attributes
    ----------
    replicate : int
    measures : array of (horizon + 1, interventions + 1, measures)
    initial_organisations : array of (11, n)
        The organisations at the start.
    final_state : SimulationState or None
        State at the end; None if the run failed.
    error : str
        Reason for a failure; empty otherwise.
    events : list of dict, or None
        Events with their reasons, if kept.
    observed : list of arrays of (2, n)
        Adverse events expected and observed, by month, if events were kept.
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
        From month 0; the last row of interventions pools them; NaN where a measure is undefined.
    runs : list of ReplicateRun
    declarations : tuple of Measure
        The measures in the order of columns; default: those of the scenario when the runs are gathered.
    organisation_class : str
        Name and content hash of the user's own class of organisations; empty without one.
    """

    scenario: Scenario
    runs: list[ReplicateRun] = field(default_factory=list)
    organisation_class: str = ""
    declarations: tuple[Measure, ...] = ()

    def __post_init__(self) -> None:
        self.declarations = self.declarations or scenario_measures(self.scenario)

    def __repr__(self) -> str:
        return f"Runs({self.scenario.name}: {len(self.runs)} replicates, {self.scenario.horizon} months)"

    @property
    def measures(self) -> NDArray[np.float64]:
        """The measures of all replicates as one array."""
        return np.array([run.measures for run in self.runs])

    @property
    def measure_names(self) -> tuple[str, ...]:
        """The names of the measures in the order of columns."""
        return tuple(measure.name for measure in self.declarations)

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
            For an unknown measure or intervention.
        """
        done = np.array([not run.error for run in self.runs])
        values: NDArray[np.float64] = self.values_by_replicate(measure, intervention)[done]
        return values

    def values_by_replicate(self, measure: str, intervention: str = POOLED) -> NDArray[np.float64]:
        """Return a measure at the end of every replicate, with NaN for failed ones."""
        row = index_of(intervention, self.interventions, "intervention")
        column = index_of(read_measure(measure), self.measure_names, "measure")
        return np.array([np.nan if run.error else run.measures[-1, row, column] for run in self.runs])

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
    """Return an array of NaN for the measures of one replicate."""
    return np.full((scenario.horizon + 1, len(scenario.interventions) + 1, len(measure_names(scenario))), np.nan)


def run_kernel(
    plan: RunInputs,
    state: SimulationState,
    horizon: int,
    measures: NDArray[np.float64],
    model: ComposedModel = SHIPPED_MODEL,
) -> SimulationState:
    """Run all months, update `state` in place and return it; `measures` is (horizon + 1, i + 1, measures)."""
    model.measure_month_zero(state, measures[0])
    model.run_months(plan, state, 1, horizon, measures[1:])
    return state


def completed_run(
    scenario: Scenario, world: World, state: SimulationState, measures: NDArray[np.float64]
) -> ReplicateRun:
    """Return a completed run, marked as failed if it has values that are not finite."""
    finite = all(
        np.isfinite(array).all() for array in (state.organisations, state.practices, measures[:, -1, OVERALL_COLUMNS])
    )
    problem = "" if finite else "the state is no longer finite: parameters are too extreme"
    if not problem and measures.shape[-1] > len(MEASURE_REGISTRY):
        problem = composed_model(scenario).measure_fault(measures)
    return ReplicateRun(world.replicate, measures, world.organisations.copy(), state, problem)


def failed_run(prepared: PreparedScenario, replicate: int, error: Exception) -> ReplicateRun:
    """Return a run that failed with an exception."""
    missing = np.full((GIVEN_ROW_COUNT, prepared.static_world.organisation_count), np.nan)
    problem = composed_model(prepared.scenario).describe_error(error)
    return ReplicateRun(replicate, allocate_measures(prepared.scenario), missing, None, problem)


def run_replicate(
    prepared: PreparedScenario,
    replicate: int,
    engine: Engine = "kernel",
    *,
    keep_events: bool = False,
    organisation_class: OrganisationClass | None = None,
) -> ReplicateRun:
    """Run one replicate; an exception or a result that is not finite becomes its `error`."""
    measures = allocate_measures(prepared.scenario)
    try:
        if engine == "mesa" or organisation_class is not None or keep_events:
            return run_mesa(prepared, replicate, organisation_class, keep_events=keep_events)
        world = prepared.world(replicate)
        model = composed_model(prepared.scenario)
        state = run_kernel(*model.initialise_run(prepared, world), prepared.scenario.horizon, measures, model)
    except composed_model(prepared.scenario).run_errors as error:
        return failed_run(prepared, replicate, error)
    return completed_run(prepared.scenario, world, state, measures)


def run_mesa(
    prepared: PreparedScenario,
    replicate: int,
    organisation_class: OrganisationClass | None = None,
    *,
    keep_events: bool = False,
    check: Callable[[], None] = lambda: None,
) -> ReplicateRun:
    """Run one replicate on the Mesa engine; `check` is called before each month and may raise an exception."""
    from qispread.model.engines.agents import Organisation
    from qispread.model.engines.mesa_model import SpreadModel

    model = SpreadModel(
        prepared.scenario,
        replicate=replicate,
        organisation_class=organisation_class or Organisation,
        keep_events=keep_events,
    )
    while model.month < prepared.scenario.horizon:
        check()
        model.step()
    run = completed_run(prepared.scenario, model.world, model.export_state(), np.array(model.measures))
    run.events, run.observed = model.events, model.observed
    return run


@cache
def compile_model() -> None:
    """Compile or load the model in a thread, once in each process, so that an interrupt takes effect at once."""
    # Numba may lose an interrupt during compilation, and then fail for another reason.
    run_replicates(Scenario(horizon=1), range(1))


@argument_checks.validate_arguments(
    scenario=check_scenario,
    replicates=argument_checks.optional_check(argument_checks.integer_check(1)),
    engine=argument_checks.optional_check(argument_checks.engine),
    organisation_class=argument_checks.optional_check(check_organisation_class),
    workers=argument_checks.optional_check(argument_checks.integer_check(1)),
    executor=argument_checks.optional_check(argument_checks.instance_check(Executor, "an executor of threads")),
    keep_events=argument_checks.check_flag,
    progress=argument_checks.optional_check(argument_checks.check_callable),
)
def simulate(
    scenario: ScenarioLike,
    replicates: int | None = None,
    *,
    engine: Engine | None = None,
    organisation_class: OrganisationClass | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    keep_events: bool = False,
    progress: ProgressCallback | None = None,
) -> Runs:
    """Run replicates of a scenario.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, the path of its file, or "prompt", which is shipped with the package.
    replicates : int, optional
        Number of replicates; default: that of the scenario.
    engine : {"kernel", "mesa"}, optional
        Both give identical results; "mesa" is over a hundred times slower. Default: "kernel", or "mesa" with an
        `organisation_class`.
    organisation_class : type, optional
        A subclass of `Organisation` with a behaviour of its own, which the Mesa engine runs.
    workers : int, optional
        Number of threads; default: one for each core. With an `organisation_class`: number of processes, default none.
        Results do not depend on it.
    executor : concurrent.futures.Executor, optional
        An executor of threads to use.
    keep_events : bool
        Whether to keep events with their reasons; uses the Mesa engine.
    progress : callable, optional
        Called with the numbers of completed and of all replicates.

    Returns
    -------
    Runs

    Raises
    ------
    InputError
        For invalid arguments and faults in the file, all at once.
    """
    scenario, engine = resolve_scenario(scenario), select_engine(engine, organisation_class)
    if replicates is not None and replicates != scenario.replicates:
        scenario = scenario.replace(replicates=replicates)
    with open_processes(organisation_class, None if executor else workers) as processes:
        runs = run_replicates(
            scenario,
            range(scenario.replicates),
            engine=engine,
            organisation_class=organisation_class,
            workers=workers,
            executor=executor or processes,
            keep_events=keep_events,
            progress=progress,
        )
    return Runs(scenario, runs, identify_class(organisation_class))


def run_replicates(
    scenario: Scenario,
    replicates: range,
    *,
    engine: Engine = "kernel",
    organisation_class: OrganisationClass | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    keep_events: bool = False,
    progress: ProgressCallback | None = None,
) -> list[ReplicateRun]:
    """Return the runs of some replicates of a scenario, in order; other parameters as for `simulate`."""
    options = {"engine": engine, "organisation_class": organisation_class, "keep_events": keep_events}
    task = partial(run_chunk_of_replicates, prepare_scenario(scenario), options)
    if organisation_class is not None:
        workers = workers or 1  # threads would only wait for each other
    completed = map_in_threads(task, replicates, workers=workers, executor=executor, progress=progress)
    return sorted(completed, key=lambda run: run.replicate)


def run_chunk_of_replicates(
    prepared: PreparedScenario, options: Mapping[str, Any], replicates: range
) -> list[ReplicateRun]:
    """Return the runs of some replicates, with the options of `run_replicate`; works in other processes too."""
    return [run_replicate(prepared, replicate, **options) for replicate in replicates]
