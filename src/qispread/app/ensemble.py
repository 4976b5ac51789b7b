"""The worlds of one scenario, as many as were asked for so far: what visitors share."""

import asyncio
from functools import partial
from math import ceil
from threading import RLock

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from qispread.analysis.summary import INTERVAL, percentile_of_sorted
from qispread.app.desk import FIRST, REST, Desk, Urgency
from qispread.comparison.paired import Comparison
from qispread.config.scenario import Scenario
from qispread.engines.run import Run, Runs, run_one
from qispread.measures import NAMES
from qispread.presentation.labels import OVER_TIME
from qispread.world.build import Blueprint, blueprint_of
from qispread.world.layout import GIVEN_ROWS

SHOWN = (*OVER_TIME, "harm", "replicated", "harm_averted", "lapses", "replication_ratio")
"""Measures of which every month is kept; of all others the last."""
COLUMNS = [NAMES.index(name) for name in SHOWN]
FIRST_WORLDS = 50
"""Worlds of the first answer; a scenario of fewer than twice as many is answered at once."""
MOST_A_TASK = 25
"""Worlds run without a break: about a fortieth of a second."""
MOST_ENSEMBLES = 256

Bands = dict[str, NDArray[np.float64]]
"""By measure: median, 5th and 95th percentile over worlds, (3, horizon + 1)."""


Months = NDArray[np.float64]
"""What is shown of one world, all interventions together: (horizon + 1, shown)."""


class Ensemble:
    """The worlds of one scenario.

    Attributes
    ----------
    scenario : Scenario
    ends : list of Run
        The worlds of the lowest numbers, in order, with the measures of their last month alone.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.ends: list[Run] = []
        self._months: list[Months] = []
        self._blueprint: Blueprint | None = None
        self._growing = asyncio.Lock()
        self._banding = RLock()
        self._bands: dict[int, Bands] = {}

    async def reach(self, count: int, desk: Desk, urgency: Urgency) -> None:
        """Run worlds until there are `count` of them; visitors who wait for the same worlds wait together."""
        if len(self.ends) >= count:
            return
        async with self._growing:
            missing = range(len(self.ends), count)
            if not missing:
                return
            if self._blueprint is None:
                self._blueprint = await desk.work(partial(blueprint_of, self.scenario), urgency)
            size = min(MOST_A_TASK, ceil(len(missing) / desk.places))
            parts = [missing[first : first + size] for first in range(0, len(missing), size)]
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(desk.work(partial(lived, self._blueprint, part), urgency)) for part in parts]
            for task in tasks:
                for months, end in task.result():
                    self._months.append(months)
                    self.ends.append(end)

    def runs(self, count: int) -> Runs:
        """Return the ends of the first worlds, for a comparison."""
        return Runs(self.scenario.model_copy(update={"replicates": count}), self.ends[:count])

    def bands(self, count: int) -> Bands:
        """Return the curves of the first worlds, as many as an answer is given after."""
        with self._banding:
            found = self._bands.get(count)
            if found is None:
                worlds = zip(self.ends[:count], self._months, strict=False)
                found = bands_of([months for end, months in worlds if not end.error], self.scenario.horizon)
                self._bands[count] = found
            return found

    def settle(self) -> None:
        """Let go of the months of single worlds once all curves are made of them."""
        with self._banding:
            for count, _ in stages(self.scenario.replicates):
                self.bands(count)
            self._months.clear()


def lived(blueprint: Blueprint, replicates: range) -> list[tuple[Months, Run]]:
    """Run some worlds and keep of each what the page needs."""
    return [thinned(run_one(blueprint, replicate), blueprint.frame.number) for replicate in replicates]


def thinned(run: Run, number: int) -> tuple[Months, Run]:
    """Return what is kept of one world of `number` organisations."""
    months = np.ascontiguousarray(run.measures[:, -1, COLUMNS])
    # A comparison asks the start for the number of organisations alone.
    start = np.broadcast_to(np.nan, (GIVEN_ROWS, number))
    return months, Run(run.replicate, run.measures[-1:].copy(), start, None, run.error)


def bands_of(worlds: list[Months], horizon: int) -> Bands:
    """Return median, 5th and 95th percentile over worlds by month; NaN where no world has the measure."""
    if not worlds:
        return {name: np.full((3, horizon + 1), np.nan) for name in SHOWN}
    values = np.sort(np.array(worlds), axis=0)
    known = np.count_nonzero(~np.isnan(values), axis=0)
    parts = np.array([percentile_of_sorted(values, known, part) for part in (0.5, *INTERVAL)])
    return {name: parts[:, :, place] for place, name in enumerate(SHOWN)}


class Ensembles:
    """The ensembles asked for last, by all that can change a result."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._kept: LRUCache[str, Ensemble] = LRUCache(MOST_ENSEMBLES)

    def of(self, scenario: Scenario) -> Ensemble:
        """Return the ensemble of a scenario, the same for all who ask."""
        mark = scenario.fingerprint()
        found = self._kept.get(mark)
        if found is None:
            found = Ensemble(scenario)
            self._kept[mark] = found
        return found

    async def both(self, base: Scenario, what_if: Scenario, count: int, urgency: Urgency) -> tuple[Ensemble, Ensemble]:
        """Return the ensembles of two arms, with at least so many worlds each."""
        found = self.of(base), self.of(what_if)
        async with asyncio.TaskGroup() as group:
            for one in dict.fromkeys(found):
                group.create_task(one.reach(count, self.desk, urgency))
        return found


def stages(worlds: int) -> list[tuple[int, int]]:
    """Return after how many worlds answers are given, each with its urgency."""
    return [(worlds, FIRST)] if worlds < 2 * FIRST_WORLDS else [(FIRST_WORLDS, FIRST), (worlds, REST)]


def compared(base: Ensemble, what_if: Ensemble, count: int, name: str) -> Comparison:
    """Return the comparison of two arms in their first worlds."""
    return Comparison({"base": base.runs(count), name: what_if.runs(count)})
