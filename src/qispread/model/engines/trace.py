"""The whole story of one replicate, month by month, for maps and run charts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.scenario import Scenario
from qispread.model.engines.kernel import run_months
from qispread.model.engines.simulation import RUN_ERRORS, allocate_measures, completed_run, measure_month_zero
from qispread.model.world.draw_world import World
from qispread.model.world.observed_events import draw_observed_events
from qispread.model.world.run_inputs import (
    PreparedScenario,
    RunInputs,
    SimulationState,
    initialise_run,
    prepare_scenario,
)
from qispread.model.world.state_arrays import EVENT_RATE, EXPOSURE, HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS
from qispread.model.world.static_world import Edges


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """One replicate as it was at the end of each month that is kept; n organisations.

    Attributes
    ----------
    scenario : Scenario
    replicate : int
    world : World
    plan : RunInputs
        What stayed the same in the run.
    months : tuple of int
        The months kept, ascending; 0 is the state before the first.
    organisations : array of (months, rows, n) float64
    practices : array of (months, interventions, rows, n) float64
    histories : array of (months, interventions, rows, n) int64
        Rows as in `world.state_arrays`.
    end : SimulationState
        At the horizon, kept or not.
    measures : array of (horizon + 1, interventions + 1, measures) float64
        Of every month, as of a run.
    expected_events : array of (horizon, n) float64, or None
        Harmful events expected in every month from 1, if they were asked for.
    observed_events : array of (horizon, n) int64, or None
        Harmful events observed: a Poisson draw around what is expected.
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
        return f"Trace({self.scenario.name}: world {self.replicate}, {len(self.months)} months kept)"

    def quantity(self, name: str, intervention: str | None = None) -> NDArray[Any]:
        """Return a quantity of every organisation in the months kept, as an array of (months, n).

        Parameters
        ----------
        name : str
            With an intervention a name of `layout.PRACTICE_ROWS` or `HISTORY_ROWS`, else of `ORGANISATION_ROWS`.
        intervention : str, optional

        Raises
        ------
        InputError
            For a quantity or an intervention that there is not.
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
        place = interventions.index(intervention)
        if name in PRACTICE_ROWS:
            return self.practices[:, place, PRACTICE_ROWS.index(name)]
        return self.histories[:, place, HISTORY_ROWS.index(name)]

    def ties_in_month(self, month: int) -> Edges:
        """Return the ties in force in a month, kept or not, with those of learning networks, each tie once.

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
        starts = self.plan.indptr[self.plan.epoch_of_month[month]]
        first = np.repeat(np.arange(self.world.static_world.organisation_count), np.diff(starts))
        these = slice(starts[0], starts[-1])
        second, weight = self.plan.indices[these], self.plan.weights[these]
        once = first < second
        return first[once], second[once], weight[once]


def check_months(months: Iterable[int], horizon: int) -> list[Fault]:
    """Return a fault for each month that is no whole number from 0 to the horizon, and one where there is none."""
    needed = f"needed: a whole number from 0 to the horizon, {horizon}"
    asked = list(months)
    wrong = [month for month in asked if not (isinstance(month, int | np.integer) and 0 <= month <= horizon)]
    if not asked:
        return [Fault("months", f"got none; {needed}")]
    return [Fault("months", f"got {month}; {needed}") for month in wrong]


def trace(
    scenario: Scenario, replicate: int = 0, months: Sequence[int] | None = None, *, observe: bool = False
) -> Trace:
    """Run one replicate on the kernel and keep what it was at the end of each month.

    Parameters
    ----------
    scenario : Scenario
    replicate : int
        Which world, from 0.
    months : sequence of int, optional
        The months to keep, from 0, the state before the first; all of them unless given. A month takes about
        190 + 140 * interventions bytes an organisation.
    observe : bool
        Whether to keep the harmful events expected and observed in every month.

    Returns
    -------
    Trace
        Its measures and its end have the bytes of the same replicate of `simulate`.

    Raises
    ------
    InputError
        For months that there are not, for a replicate below 0, and where the parameters are so extreme that the run
        fails.
    """
    asked = range(scenario.horizon + 1) if months is None else months
    faults = check_months(asked, scenario.horizon)
    if replicate < 0:
        faults.append(Fault("replicate", f"got {replicate}; needed: 0 or more"))
    if faults:
        raise InputError(faults)
    kept = tuple(sorted({int(month) for month in asked}))
    try:
        return trace_replicate(prepare_scenario(scenario), replicate, kept, observe=observe)
    except InputError:
        raise
    except RUN_ERRORS as error:
        raise InputError([Fault("scenario", f"world {replicate} failed: {type(error).__name__}: {error}")]) from error


def trace_replicate(blueprint: PreparedScenario, replicate: int, months: tuple[int, ...], *, observe: bool) -> Trace:
    """Return the trace of one replicate; `months` ascending, each once.

    Raises
    ------
    InputError
        Where the run ends with what is no number.
    """
    scenario, world, out = blueprint.scenario, blueprint.world(replicate), allocate_measures(blueprint.scenario)
    plan, state = initialise_run(blueprint, world)
    measure_month_zero(state, out[0])
    kept, expected = [state.copy()] if 0 in months else [], []
    ends = range(1, scenario.horizon + 1) if observe else sorted({*months, scenario.horizon} - {0})
    for month in run_to_months(plan, state, ends, out):
        if month in months:
            kept.append(state.copy())
        if observe:
            expected.append(state.organisations[EVENT_RATE] * state.organisations[EXPOSURE])
    problem = completed_run(replicate, world.organisations, state, out).error
    if problem:
        raise InputError([Fault("scenario", f"world {replicate} failed: {problem}")])
    return Trace(
        scenario=scenario,
        replicate=replicate,
        world=world,
        plan=plan,
        months=months,
        organisations=np.array([one.organisations for one in kept]),
        practices=np.array([one.practices for one in kept]),
        histories=np.array([one.histories for one in kept]),
        end=state,
        measures=out,
        expected_events=np.array(expected) if observe else None,
        observed_events=draw_observed(plan, expected) if observe else None,
    )


def run_to_months(
    plan: RunInputs, state: SimulationState, ends: Iterable[int], out: NDArray[np.float64]
) -> Iterator[int]:
    """Run on `state` itself up to each of some months, ascending from 1, and yield each when it is over."""
    first = 1
    for month in ends:
        run_months(plan, state, first, month, out[first : month + 1])
        first = month + 1
        yield month


def draw_observed(plan: RunInputs, expected: list[NDArray[np.float64]]) -> NDArray[np.int64]:
    """Return the events observed in every month from 1, (horizon, n), from those expected."""
    return np.array([draw_observed_events(plan.streams[-1], row, month) for month, row in enumerate(expected, start=1)])
