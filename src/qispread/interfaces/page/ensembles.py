"""The worlds of one scenario, as many as were asked for so far: what visitors share."""

import asyncio
from functools import partial
from math import ceil
from threading import RLock

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.work_queue import PRIORITY_FIRST, PRIORITY_REST, Priority, WorkQueue
from qispread.model.engines.simulation import ReplicateRun, Runs, run_replicate
from qispread.model.measures import MEASURE_NAMES
from qispread.model.world.run_inputs import PreparedScenario, prepare_scenario
from qispread.model.world.state_arrays import GIVEN_ROW_COUNT
from qispread.outputs.text.labels import CURVE_MEASURES
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.summary import PERCENTILE_BAND, percentile_of_sorted

MONTHLY_MEASURES = (*CURVE_MEASURES, "event_rate", "replicated", "events_averted", "discontinued", "replication_ratio")
"""Measures of which every month is kept; of all others the last."""
MONTHLY_COLUMNS = [MEASURE_NAMES.index(name) for name in MONTHLY_MEASURES]
FIRST_BATCH = 50
"""Worlds of the first answer; a scenario of fewer than twice as many is answered at once."""
MAX_REPLICATES_PER_TASK = 25
"""Worlds run without a break: about a fortieth of a second."""
MAX_ENSEMBLES = 256

Bands = dict[str, NDArray[np.float64]]
"""By measure: median, 5th and 95th percentile over worlds, (3, horizon + 1)."""


MonthArray = NDArray[np.float64]
"""What is shown of one world, all interventions together: (horizon + 1, shown)."""


class Ensemble:
    """The worlds of one scenario.

    Attributes
    ----------
    scenario : Scenario
    ends : list of ReplicateRun
        The worlds of the lowest numbers, in order, with the measures of their last month alone.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.ends: list[ReplicateRun] = []
        self._months: list[MonthArray] = []
        self._blueprint: PreparedScenario | None = None
        self._growing = asyncio.Lock()
        self._banding = RLock()
        self._bands: dict[int, Bands] = {}

    async def ensure_replicates(self, count: int, queue: WorkQueue, priority: Priority) -> None:
        """Run worlds until there are `count` of them; visitors who wait for the same worlds wait together."""
        if len(self.ends) >= count:
            return
        async with self._growing:
            missing = range(len(self.ends), count)
            if not missing:
                return
            if self._blueprint is None:
                self._blueprint = await queue.run(partial(prepare_scenario, self.scenario), priority)
            size = min(MAX_REPLICATES_PER_TASK, ceil(len(missing) / queue.places))
            parts = [missing[first : first + size] for first in range(0, len(missing), size)]
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(queue.run(partial(run_replicates_reduced, self._blueprint, part), priority))
                    for part in parts
                ]
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
                found = compute_bands([months for end, months in worlds if not end.error], self.scenario.horizon)
                self._bands[count] = found
            return found

    def discard_months(self) -> None:
        """Let go of the months of single worlds once all curves are made of them."""
        with self._banding:
            for count, _ in answer_stages(self.scenario.replicates):
                self.bands(count)
            self._months.clear()


def run_replicates_reduced(blueprint: PreparedScenario, replicates: range) -> list[tuple[MonthArray, ReplicateRun]]:
    """Run some worlds and keep of each what the page needs."""
    return [
        reduce_run(run_replicate(blueprint, replicate), blueprint.static_world.organisation_count)
        for replicate in replicates
    ]


def reduce_run(run: ReplicateRun, organisation_count: int) -> tuple[MonthArray, ReplicateRun]:
    """Return what is kept of one world of `organisation_count` organisations."""
    months = np.ascontiguousarray(run.measures[:, -1, MONTHLY_COLUMNS])
    # A comparison asks the start for the number of organisations alone.
    start = np.broadcast_to(np.nan, (GIVEN_ROW_COUNT, organisation_count))
    return months, ReplicateRun(run.replicate, run.measures[-1:].copy(), start, None, run.error)


def compute_bands(replicates: list[MonthArray], horizon: int) -> Bands:
    """Return median, 5th and 95th percentile over worlds by month; NaN where no world has the measure."""
    if not replicates:
        return {name: np.full((3, horizon + 1), np.nan) for name in MONTHLY_MEASURES}
    values = np.sort(np.array(replicates), axis=0)
    known = np.count_nonzero(~np.isnan(values), axis=0)
    parts = np.array([percentile_of_sorted(values, known, part) for part in (0.5, *PERCENTILE_BAND)])
    return {name: parts[:, :, place] for place, name in enumerate(MONTHLY_MEASURES)}


class EnsembleCache:
    """The ensembles asked for last, by all that can change a result."""

    def __init__(self, desk: WorkQueue) -> None:
        self.desk = desk
        self._kept: LRUCache[str, Ensemble] = LRUCache(MAX_ENSEMBLES)

    def get(self, scenario: Scenario) -> Ensemble:
        """Return the ensemble of a scenario, the same for all who ask."""
        mark = scenario.fingerprint()
        found = self._kept.get(mark)
        if found is None:
            found = Ensemble(scenario)
            self._kept[mark] = found
        return found

    async def get_both(
        self, base: Scenario, what_if: Scenario, count: int, priority: Priority
    ) -> tuple[Ensemble, Ensemble]:
        """Return the ensembles of two arms, with at least so many worlds each."""
        found = self.get(base), self.get(what_if)
        async with asyncio.TaskGroup() as group:
            for one in dict.fromkeys(found):
                group.create_task(one.ensure_replicates(count, self.desk, priority))
        return found


def answer_stages(replicates: int) -> list[tuple[int, int]]:
    """Return after how many worlds answers are given, each with its urgency."""
    return (
        [(replicates, PRIORITY_FIRST)]
        if replicates < 2 * FIRST_BATCH
        else [(FIRST_BATCH, PRIORITY_FIRST), (replicates, PRIORITY_REST)]
    )


def build_comparison(base: Ensemble, what_if: Ensemble, count: int, name: str) -> Comparison:
    """Return the comparison of two arms in their first worlds."""
    return Comparison({"baseline": base.runs(count), name: what_if.runs(count)})
