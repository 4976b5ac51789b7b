"""The trace of one replicate, month by month, for maps and run charts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.scenario import Scenario
from qispread.model.engines.composed_model import SHIPPED_MODEL, ComposedModel, composed_model
from qispread.model.engines.simulation import allocate_measures, completed_run
from qispread.model.world.draw_world import World
from qispread.model.world.observed_events import draw_observed_events
from qispread.model.world.run_inputs import (
    PreparedScenario,
    RunInputs,
    SimulationState,
    prepare_scenario,
)
from qispread.model.world.state_arrays import EVENT_RATE, EXPOSURE, HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS
from qispread.model.world.static_world import Edges


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """One replicate at the end of each selected month; n organisations.

    Attributes
    ----------
    scenario : Scenario
    replicate : int
    world : World
    plan : RunInputs
        The constants of the run.
    months : tuple of int
        The selected months, ascending; 0 is the state before the first.
    organisations : array of (months, rows, n) float64
    practices : array of (months, interventions, rows, n) float64
    histories : array of (months, interventions, rows, n) int64
        Rows as in `world.state_arrays`.
    end : SimulationState
        State at the horizon.
    measures : array of (horizon + 1, interventions + 1, measures) float64
        Measures of every month.
    expected_events : array of (horizon, n) float64, or None
        Adverse events expected in every month from 1, if requested.
    observed_events : array of (horizon, n) int64, or None
        Adverse events observed: a Poisson draw around the expected number.
    """

    scenario: Scenario
    replicate: int
    world: World
    plan: RunInputs
    months: tuple[int, ...]
    organisations: NDArray[np.float64]
    practices: NDArray[np.float64]
    histories: NDArray[np.int64]
    end: SimulationState
    measures: NDArray[np.float64]
    expected_events: NDArray[np.float64] | None = None
    observed_events: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        return f"Trace({self.scenario.name}: replicate {self.replicate}, {len(self.months)} months)"

    def quantity(self, name: str, intervention: str | None = None) -> NDArray[Any]:
        """Return a quantity of every organisation in the selected months, as an array of (months, n).

        Parameters
        ----------
        name : str
            With an intervention, a name in `state_arrays.PRACTICE_ROWS` or `HISTORY_ROWS`, else in `ORGANISATION_ROWS`.
        intervention : str, optional

        Raises
        ------
        InputError
            For an unknown quantity or intervention.
        """
        names = ORGANISATION_ROWS if intervention is None else (*PRACTICE_ROWS, *HISTORY_ROWS)
        interventions = tuple(self.scenario.interventions)
        faults = []
        if name not in names:
            owner = "an organisation" if intervention is None else "a practice"
            faults.append(Fault("name", f"no quantity of {owner} is called '{name}'{did_you_mean(name, names)}"))
        if intervention is not None and intervention not in interventions:
            problem = f"no intervention is called '{intervention}'{did_you_mean(intervention, interventions)}"
            faults.append(Fault("intervention", problem))
        if faults:
            raise InputError(faults)
        if intervention is None:
            return self.organisations[:, names.index(name)]
        index = interventions.index(intervention)
        if name in PRACTICE_ROWS:
            return self.practices[:, index, PRACTICE_ROWS.index(name)]
        return self.histories[:, index, HISTORY_ROWS.index(name)]

    def ties_in_month(self, month: int) -> Edges:
        """Return the ties in force in any month, including those of learning networks, each tie once.

        Returns
        -------
        Edges
            Arrays of first and second organisation and of weight, first < second, ascending.

        Raises
        ------
        InputError
            For a month outside 0 to the horizon.
        """
        faults = check_months([month], self.scenario.horizon)
        if faults:
            raise InputError(faults)
        indptr = self.plan.indptr[self.plan.epoch_of_month[month]]
        first = np.repeat(np.arange(self.world.static_world.organisation_count), np.diff(indptr))
        span = slice(indptr[0], indptr[-1])
        second, weight = self.plan.indices[span], self.plan.weights[span]
        is_first = first < second
        return first[is_first], second[is_first], weight[is_first]


def check_months(months: Iterable[int], horizon: int) -> list[Fault]:
    """Return a fault for each month that is not a whole number from 0 to the horizon, or one for no months."""
    needed = f"needed: a whole number from 0 to the horizon, {horizon}"
    requested = list(months)
    invalid = [month for month in requested if not (isinstance(month, int | np.integer) and 0 <= month <= horizon)]
    if not requested:
        return [Fault("months", f"got none; {needed}")]
    return [Fault("months", f"got {month}; {needed}") for month in invalid]


def trace(
    scenario: Scenario, replicate: int = 0, months: Sequence[int] | None = None, *, observe: bool = False
) -> Trace:
    """Run one replicate on the kernel and keep its state at the end of each month.

    Parameters
    ----------
    scenario : Scenario
    replicate : int
        Index of the replicate, from 0.
    months : sequence of int, optional
        The months to keep, from 0 (the state before the first); default: all. A month takes about
        190 + 140 * interventions bytes for each organisation.
    observe : bool
        Whether to keep the adverse events expected and observed in every month.

    Returns
    -------
    Trace
        Its measures and end are identical to those of the same replicate of `simulate`.

    Raises
    ------
    InputError
        For invalid months, for a replicate below 0, and if the run fails because parameters are too extreme.
    """
    requested = range(scenario.horizon + 1) if months is None else months
    faults = check_months(requested, scenario.horizon)
    if replicate < 0:
        faults.append(Fault("replicate", f"got {replicate}; needed: 0 or more"))
    if faults:
        raise InputError(faults)
    selected = tuple(sorted({int(month) for month in requested}))
    try:
        return trace_replicate(prepare_scenario(scenario), replicate, selected, observe=observe)
    except InputError:
        raise
    except composed_model(scenario).run_errors as error:
        problem = composed_model(scenario).describe_error(error)
        raise InputError([Fault("scenario", f"replicate {replicate} failed: {problem}")]) from error


def trace_replicate(prepared: PreparedScenario, replicate: int, months: tuple[int, ...], *, observe: bool) -> Trace:
    """Return the trace of one replicate; `months` are ascending and distinct.

    Raises
    ------
    InputError
        If the run ends with values that are not finite.
    """
    scenario, world, measures = prepared.scenario, prepared.world(replicate), allocate_measures(prepared.scenario)
    model = composed_model(scenario)
    plan, state = model.initialise_run(prepared, world)
    model.measure_month_zero(state, measures[0])
    states, expected = [state.copy()] if 0 in months else [], []
    ends = range(1, scenario.horizon + 1) if observe else sorted({*months, scenario.horizon} - {0})
    for month in run_to_months(plan, state, ends, measures, model):
        if month in months:
            states.append(state.copy())
        if observe:
            expected.append(state.organisations[EVENT_RATE] * state.organisations[EXPOSURE])
    problem = completed_run(scenario, world, state, measures).error
    if problem:
        raise InputError([Fault("scenario", f"replicate {replicate} failed: {problem}")])
    return Trace(
        scenario=scenario,
        replicate=replicate,
        world=world,
        plan=plan,
        months=months,
        organisations=np.array([state.organisations for state in states]),
        practices=np.array([state.practices for state in states]),
        histories=np.array([state.histories for state in states]),
        end=state,
        measures=measures,
        expected_events=np.array(expected) if observe else None,
        observed_events=draw_observed(plan, expected) if observe else None,
    )


def run_to_months(
    plan: RunInputs,
    state: SimulationState,
    ends: Iterable[int],
    measures: NDArray[np.float64],
    model: ComposedModel = SHIPPED_MODEL,
) -> Iterator[int]:
    """Run up to each of some months, ascending from 1, update `state` in place, and yield each month."""
    first = 1
    for month in ends:
        model.run_months(plan, state, first, month, measures[first : month + 1])
        first = month + 1
        yield month


def draw_observed(plan: RunInputs, expected: list[NDArray[np.float64]]) -> NDArray[np.int64]:
    """Return the adverse events observed in every month from 1, (horizon, n), from those expected."""
    return np.array([draw_observed_events(plan.streams[-1], row, month) for month, row in enumerate(expected, start=1)])
