"""The whole story of one replicate, month by month, for maps and run charts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.config.faults import Fault, InputError, nearest
from qispread.config.scenario import Scenario
from qispread.engines.kernel import run_months
from qispread.engines.run import MISHAPS, empty_measures, finished, measure_start
from qispread.world.build import Blueprint, Plan, State, blueprint_of, start_run
from qispread.world.draw import World
from qispread.world.frame import Pairs
from qispread.world.layout import EXPOSURE, HARM, HISTORY_ROWS, ORGANISATION_ROWS, PRACTICE_ROWS
from qispread.world.observed import observed_events


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """One replicate as it was at the end of each month that is kept; n organisations.

    Attributes
    ----------
    scenario : Scenario
    replicate : int
    world : World
    plan : Plan
        What stayed the same in the run.
    months : tuple of int
        The months kept, ascending; 0 is the state before the first.
    organisations : array of (months, rows, n) float64
    practices : array of (months, interventions, rows, n) float64
    histories : array of (months, interventions, rows, n) int64
        Rows as in `world.layout`.
    end : State
        At the horizon, kept or not.
    measures : array of (horizon + 1, interventions + 1, measures) float64
        Of every month, as of a run.
    expected : array of (horizon, n) float64, or None
        Harmful events expected in every month from 1, if they were asked for.
    observed : array of (horizon, n) int64, or None
        Harmful events observed: a Poisson draw around what is expected.
    """

    scenario: Scenario
    replicate: int
    world: World
    plan: Plan
    months: tuple[int, ...]
    organisations: NDArray[np.float64]
    practices: NDArray[np.float64]
    histories: NDArray[np.int64]
    end: State
    measures: NDArray[np.float64]
    expected: NDArray[np.float64] | None = None
    observed: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        return f"Trace({self.scenario.name}: world {self.replicate}, {len(self.months)} months kept)"

    def values(self, name: str, intervention: str | None = None) -> NDArray[Any]:
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
            faults.append(Fault("name", f"no quantity of {owner} is called '{name}'{nearest(name, names)}"))
        if intervention is not None and intervention not in interventions:
            problem = f"no intervention is called '{intervention}'{nearest(intervention, interventions)}"
            faults.append(Fault("intervention", problem))
        if faults:
            raise InputError(faults)
        if intervention is None:
            return self.organisations[:, names.index(name)]
        place = interventions.index(intervention)
        if name in PRACTICE_ROWS:
            return self.practices[:, place, PRACTICE_ROWS.index(name)]
        return self.histories[:, place, HISTORY_ROWS.index(name)]

    def ties(self, month: int) -> Pairs:
        """Return the ties in force in a month, kept or not, with those of learning networks, each tie once.

        Returns
        -------
        Pairs
            Arrays of first and second organisation and of weight, first < second, ascending.

        Raises
        ------
        InputError
            For a month outside 0 to the horizon.
        """
        faults = month_faults([month], self.scenario.horizon)
        if faults:
            raise InputError(faults)
        starts = self.plan.starts[self.plan.of_month[month]]
        first = np.repeat(np.arange(self.world.frame.number), np.diff(starts))
        these = slice(starts[0], starts[-1])
        second, weight = self.plan.others[these], self.plan.weights[these]
        once = first < second
        return first[once], second[once], weight[once]


def month_faults(months: Iterable[int], horizon: int) -> list[Fault]:
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
    faults = month_faults(asked, scenario.horizon)
    if replicate < 0:
        faults.append(Fault("replicate", f"got {replicate}; needed: 0 or more"))
    if faults:
        raise InputError(faults)
    kept = tuple(sorted({int(month) for month in asked}))
    try:
        return traced(blueprint_of(scenario), replicate, kept, observe=observe)
    except InputError:
        raise
    except MISHAPS as error:
        raise InputError([Fault("scenario", f"world {replicate} failed: {type(error).__name__}: {error}")]) from error


def traced(blueprint: Blueprint, replicate: int, months: tuple[int, ...], *, observe: bool) -> Trace:
    """Return the trace of one replicate; `months` ascending, each once.

    Raises
    ------
    InputError
        Where the run ends with what is no number.
    """
    scenario, world, out = blueprint.scenario, blueprint.world(replicate), empty_measures(blueprint.scenario)
    plan, state = start_run(blueprint, world)
    measure_start(state, out[0])
    kept, expected = [state.copy()] if 0 in months else [], []
    ends = range(1, scenario.horizon + 1) if observe else sorted({*months, scenario.horizon} - {0})
    for month in lived_in(plan, state, ends, out):
        if month in months:
            kept.append(state.copy())
        if observe:
            expected.append(state.organisations[HARM] * state.organisations[EXPOSURE])
    problem = finished(replicate, world.organisations, state, out).error
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
        expected=np.array(expected) if observe else None,
        observed=observed_in(plan, expected) if observe else None,
    )


def lived_in(plan: Plan, state: State, ends: Iterable[int], out: NDArray[np.float64]) -> Iterator[int]:
    """Run on `state` itself up to each of some months, ascending from 1, and yield each when it is over."""
    first = 1
    for month in ends:
        run_months(plan, state, first, month, out[first : month + 1])
        first = month + 1
        yield month


def observed_in(plan: Plan, expected: list[NDArray[np.float64]]) -> NDArray[np.int64]:
    """Return the events observed in every month from 1, (horizon, n), from those expected."""
    return np.array([observed_events(plan.streams[-1], row, month) for month, row in enumerate(expected, start=1)])
