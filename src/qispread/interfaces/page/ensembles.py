"""Ensembles: the replicates of each scenario, cached and shared between visitors of the page."""

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
from qispread.model.measures import MEASURE_NAMES, measure_names
from qispread.model.world.run_inputs import PreparedScenario, prepare_scenario
from qispread.model.world.state_arrays import GIVEN_ROW_COUNT
from qispread.outputs.text.labels import CURVE_MEASURES
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.summary import PERCENTILE_BAND, percentile_of_sorted

MONTHLY_MEASURES = (*CURVE_MEASURES, "event_rate", "replicated", "events_averted", "discontinued", "replication_ratio")
"""Shipped measures that are stored for every month; all others only for the last."""
FIRST_BATCH = 50
"""Replicates of the first answer; scenarios with fewer than twice as many are answered in one step."""
MAX_REPLICATES_PER_TASK = 25
"""Replicates of one task of the queue: about 25 ms."""
MAX_ENSEMBLES = 256

Bands = dict[str, NDArray[np.float64]]
"""By measure: median, 5th and 95th percentile over replicates, (3, horizon + 1)."""


def monthly_measures(scenario: Scenario) -> tuple[str, ...]:
    """Return the measures of a scenario that are stored for every month, the user's own last."""
    return (*MONTHLY_MEASURES, *measure_names(scenario)[len(MEASURE_NAMES) :])


MonthArray = NDArray[np.float64]
"""Monthly measures of one replicate, all interventions together, (horizon + 1, measures)."""


class Ensemble:
    """The replicates of one scenario.

    Attributes
    ----------
    scenario : Scenario
    ends : list of ReplicateRun
        The first replicates in order, with the measures of their last month only.
    measures : tuple of str
        The measures that are stored for every month.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.measures = monthly_measures(scenario)
        self.ends: list[ReplicateRun] = []
        self._months: list[MonthArray] = []
        self._prepared: PreparedScenario | None = None
        self._run_lock = asyncio.Lock()
        self._bands_lock = RLock()
        self._bands: dict[int, Bands] = {}

    async def ensure_replicates(self, count: int, queue: WorkQueue, priority: Priority) -> None:
        """Run replicates until there are `count`; visitors who need the same replicates share the wait."""
        if len(self.ends) >= count:
            return
        async with self._run_lock:
            missing = range(len(self.ends), count)
            if not missing:
                return
            if self._prepared is None:
                self._prepared = await queue.run(partial(prepare_scenario, self.scenario), priority)
            size = min(MAX_REPLICATES_PER_TASK, ceil(len(missing) / queue.slots))
            parts = [missing[first : first + size] for first in range(0, len(missing), size)]
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(queue.run(partial(run_replicates_reduced, self._prepared, part), priority))
                    for part in parts
                ]
            for task in tasks:
                for months, end in task.result():
                    self._months.append(months)
                    self.ends.append(end)

    def runs(self, count: int) -> Runs:
        """Return the first replicates, with their last month, for a comparison."""
        return Runs(self.scenario.model_copy(update={"replicates": count}), self.ends[:count])

    def bands(self, count: int) -> Bands:
        """Return the bands over the first `count` replicates; only the counts of `answer_stages` are available."""
        with self._bands_lock:
            bands = self._bands.get(count)
            if bands is None:
                replicates = zip(self.ends[:count], self._months, strict=False)
                complete = [months for end, months in replicates if not end.error]
                bands = compute_bands(complete, self.scenario.horizon, self.measures)
                self._bands[count] = bands
            return bands

    def discard_months(self) -> None:
        """Free the monthly measures once all bands are computed."""
        with self._bands_lock:
            for count, _ in answer_stages(self.scenario.replicates):
                self.bands(count)
            self._months.clear()


def run_replicates_reduced(blueprint: PreparedScenario, replicates: range) -> list[tuple[MonthArray, ReplicateRun]]:
    """Run some replicates, and reduce each to what the page needs."""
    names = measure_names(blueprint.scenario)
    columns = [names.index(name) for name in monthly_measures(blueprint.scenario)]
    return [
        reduce_run(run_replicate(blueprint, replicate), blueprint.static_world.organisation_count, columns)
        for replicate in replicates
    ]


def reduce_run(run: ReplicateRun, organisation_count: int, columns: list[int]) -> tuple[MonthArray, ReplicateRun]:
    """Return the measures of some columns in every month, and the last month of one replicate."""
    months = np.ascontiguousarray(run.measures[:, -1, columns])
    # A comparison reads only the number of organisations from the start.
    start = np.broadcast_to(np.nan, (GIVEN_ROW_COUNT, organisation_count))
    return months, ReplicateRun(run.replicate, run.measures[-1:].copy(), start, None, run.error)


def compute_bands(replicates: list[MonthArray], horizon: int, measures: tuple[str, ...] = MONTHLY_MEASURES) -> Bands:
    """Return median, 5th and 95th percentile over replicates by month; NaN if no replicate has the measure."""
    if not replicates:
        return {name: np.full((3, horizon + 1), np.nan) for name in measures}
    values = np.sort(np.array(replicates), axis=0)
    known = np.count_nonzero(~np.isnan(values), axis=0)
    parts = np.array([percentile_of_sorted(values, known, part) for part in (0.5, *PERCENTILE_BAND)])
    return {name: parts[:, :, index] for index, name in enumerate(measures)}


class EnsembleCache:
    """The most recently used ensembles, by scenario fingerprint."""

    def __init__(self, queue: WorkQueue) -> None:
        self.queue = queue
        self._cached: LRUCache[str, Ensemble] = LRUCache(MAX_ENSEMBLES)

    def get(self, scenario: Scenario) -> Ensemble:
        """Return the ensemble of a scenario, the same object for all visitors."""
        fingerprint = scenario.fingerprint()
        ensemble = self._cached.get(fingerprint)
        if ensemble is None:
            ensemble = Ensemble(scenario)
            self._cached[fingerprint] = ensemble
        return ensemble

    async def get_both(
        self, baseline: Scenario, option: Scenario, count: int, priority: Priority
    ) -> tuple[Ensemble, Ensemble]:
        """Return the ensembles of baseline and option, with at least `count` replicates each."""
        ensembles = self.get(baseline), self.get(option)
        async with asyncio.TaskGroup() as group:
            for ensemble in dict.fromkeys(ensembles):
                group.create_task(ensemble.ensure_replicates(count, self.queue, priority))
        return ensembles


def answer_stages(replicates: int) -> list[tuple[int, int]]:
    """Return the numbers of replicates after which an answer is sent, each with its priority."""
    if replicates < 2 * FIRST_BATCH:
        return [(replicates, PRIORITY_FIRST)]
    return [(FIRST_BATCH, PRIORITY_FIRST), (replicates, PRIORITY_REST)]


def build_comparison(baseline: Ensemble, option: Ensemble, count: int, name: str) -> Comparison:
    """Return the comparison of two ensembles in their first `count` replicates."""
    return Comparison({"baseline": baseline.runs(count), name: option.runs(count)})
