"""The measures of a month, computed from the state arrays by a function that both engines call."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qispread.model.measures import BOOSTED_THRESHOLD, MEASURE_NAMES, MEASURE_REGISTRY, REPLICATED_THRESHOLD
from qispread.model.rules.jit import kernel, rule, stage
from qispread.model.world.state_arrays import (
    APPROPRIATENESS,
    BEST_RESULT,
    CAPABILITY,
    COST,
    CULTURE,
    EMBEDDED,
    EMBEDDING,
    EVENT_RATE,
    EVENTS_AVERTED,
    EVENTS_PREVENTED,
    FIDELITY,
    FIRST_ADOPTED,
    GENERATION,
    IMPLEMENTING,
    LEADERSHIP,
    LOCAL_IMPROVEMENT,
    ORIGIN,
    RESULT,
    SIZE,
    STAFF_TIME,
    STAGE,
    TIMES_DISCONTINUED,
    UNAWARE,
)


class IndexRegister:
    """Assigns each measure's index by name, once, to ensure that every measure is computed.

    Parameters
    ----------
    names : sequence of str
        Names in the order of the columns.
    """

    def __init__(self, names: Sequence[str] = MEASURE_NAMES) -> None:
        self._names = names
        self._remaining = list(names)

    def take(self, name: str) -> int:
        """Return the index of a measure.

        Raises
        ------
        ValueError
            For a name that is not declared or has already been taken.
        """
        if name not in self._names:
            raise ValueError(f"measure '{name}' is computed, and not declared in qispread/model/measures.py")
        if name not in self._remaining:
            raise ValueError(f"measure '{name}' is computed twice")
        self._remaining.remove(name)
        return self._names.index(name)

    def require_complete(self) -> None:
        """Require that every measure has been taken.

        Raises
        ------
        ValueError
        """
        if self._remaining:
            raise ValueError(f"declared in qispread/model/measures.py and not computed: {', '.join(self._remaining)}")


_INDEX = IndexRegister()
AWARENESS = _INDEX.take("awareness")
EVER_ADOPTED_SHARE = _INDEX.take("ever_adopted")
CURRENT_USE_SHARE = _INDEX.take("current_use")
SUSTAINMENT = _INDEX.take("sustainment")
DISCONTINUED_SHARE = _INDEX.take("discontinued")
MEAN_FIDELITY = _INDEX.take("fidelity")
MEAN_APPROPRIATENESS = _INDEX.take("appropriateness")
MEAN_EMBEDDING = _INDEX.take("embedding")
EFFECT = _INDEX.take("effect")
ORIGIN_EFFECT = _INDEX.take("origin_effect")
REPLICATION_RATIO = _INDEX.take("replication_ratio")
REPLICATED_SHARE = _INDEX.take("replicated")
TRANSFORMED_SHARE = _INDEX.take("transformed")
BOOSTED_SHARE = _INDEX.take("boosted")
LITTLE_SHARE = _INDEX.take("limited")
MEAN_GENERATION = _INDEX.take("generation")
TOTAL_EVENTS_AVERTED = _INDEX.take("events_averted")
MEAN_EVENT_RATE = _INDEX.take("event_rate")
EVENT_RATE_RANGE = _INDEX.take("event_rate_range")
EVENT_RATE_GINI = _INDEX.take("event_rate_gini")
TOTAL_STAFF_TIME = _INDEX.take("staff_time")
TOTAL_COST = _INDEX.take("cost")
MEAN_LOCAL_IMPROVEMENT = _INDEX.take("local_improvement")
MEAN_LEADERSHIP = _INDEX.take("leadership")
MEAN_CULTURE = _INDEX.take("culture")
MEAN_CAPABILITY = _INDEX.take("capability")
_INDEX.require_complete()
OVERALL = tuple(index for index, measure in enumerate(MEASURE_REGISTRY) if measure.overall)
"""Indices of the overall measures, which rows of single interventions lack."""

(
    FOLLOWER_COUNT,
    AWARE_COUNT,
    EVER_ADOPTED_COUNT,
    USER_COUNT,
    DISCONTINUED_COUNT,
    REPLICATED_COUNT,
    BOOSTED_COUNT,
    SUM_FIDELITY,
    SUM_APPROPRIATENESS,
    SUM_EMBEDDING,
    SUM_RESULT,
    SUM_GENERATION,
    SUM_PREVENTED,
    SUM_ORIGIN,
    LAUNCHED,
    ADOPTERS_BESIDE_ORIGIN,
    USERS_BESIDE_ORIGIN,
    RESULT_BESIDE_ORIGIN,
) = range(18)
TALLY_COUNT = RESULT_BESIDE_ORIGIN + 1

ORGANISATION_READ = (
    SIZE,
    EVENT_RATE,
    EVENTS_AVERTED,
    STAFF_TIME,
    COST,
    LOCAL_IMPROVEMENT,
    LEADERSHIP,
    CULTURE,
    CAPABILITY,
)
PRACTICE_READ = (BEST_RESULT, EVENTS_PREVENTED, FIDELITY, APPROPRIATENESS, EMBEDDING, RESULT)
HISTORY_READ = (STAGE, FIRST_ADOPTED, TIMES_DISCONTINUED, ORIGIN, GENERATION)
"""The rows of state that measures are computed from."""


@rule
def safe_ratio(part: float, total: float) -> float:
    """Return part / total, NaN if the total is 0."""
    return part / total if total > 0.0 else math.nan


@stage
def mean_origin_effect(practices: NDArray[np.float64], histories: NDArray[np.int64]) -> float:
    """Return the mean of the best effects so far at the pilot sites, 0 if none remains."""
    total, origin_count = 0.0, 0
    for i in range(histories.shape[1]):
        if histories[ORIGIN, i]:
            total += practices[BEST_RESULT, i]
            origin_count += 1
    return total / max(1, origin_count)


@stage
def count_stages(histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Count the other organisations by stage, without branches for speed (decision 20)."""
    stages, first, times_discontinued, origin = (
        histories[STAGE],
        histories[FIRST_ADOPTED],
        histories[TIMES_DISCONTINUED],
        histories[ORIGIN],
    )
    followers = aware = ever = users = discontinued = copies = 0
    for i in range(stages.size):
        follows = 1 - origin[i]
        using = follows if stages[i] == IMPLEMENTING or stages[i] == EMBEDDED else 0
        followers += follows
        aware += follows if stages[i] != UNAWARE else 0
        ever += follows if first[i] >= 0 else 0
        discontinued += follows if times_discontinued[i] > 0 else 0
        users += using
        copies += using * histories[GENERATION, i]
    sums[FOLLOWER_COUNT], sums[AWARE_COUNT], sums[EVER_ADOPTED_COUNT] = followers, aware, ever
    sums[USER_COUNT], sums[DISCONTINUED_COUNT], sums[SUM_GENERATION] = users, discontinued, copies


@stage
def sum_practices(practices: NDArray[np.float64], histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Sum the state of practices over users; practices not in use are 0."""
    origin, reference = histories[ORIGIN], sums[SUM_ORIGIN]
    results = practices[RESULT]
    replicated, boosted = REPLICATED_THRESHOLD * reference, BOOSTED_THRESHOLD * reference
    fidelity = appropriateness = embedding = result = prevented = 0.0
    replicated_count = boosted_count = 0
    for i in range(origin.size):
        follows = 1.0 - origin[i]
        prevented += practices[EVENTS_PREVENTED, i]
        fidelity += follows * practices[FIDELITY, i]
        appropriateness += follows * practices[APPROPRIATENESS, i]
        embedding += follows * practices[EMBEDDING, i]
        result += follows * results[i]
    for i in range(origin.size):
        stage_now = histories[STAGE, i]
        using = 1 - origin[i] if stage_now == IMPLEMENTING or stage_now == EMBEDDED else 0  # noqa: SIM109
        replicated_count += using if results[i] >= replicated else 0
        boosted_count += using if results[i] >= boosted else 0
    sums[SUM_PREVENTED], sums[SUM_FIDELITY], sums[SUM_APPROPRIATENESS] = prevented, fidelity, appropriateness
    sums[SUM_EMBEDDING], sums[SUM_RESULT] = embedding, result
    sums[REPLICATED_COUNT] = replicated_count * sums[LAUNCHED]
    sums[BOOSTED_COUNT] = (boosted_count - replicated_count) * sums[LAUNCHED]


@stage
def accumulate(practices: NDArray[np.float64], histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Count and sum one intervention over all organisations but its pilot sites, into `sums` (decision 6)."""
    sums[SUM_ORIGIN] = mean_origin_effect(practices, histories)
    sums[LAUNCHED] = 1.0 if sums[SUM_ORIGIN] > 0.0 else 0.0
    count_stages(histories, sums)
    sum_practices(practices, histories, sums)
    # If all pilot sites have been removed, as agents can be, there is nothing to compare with.
    has_origin = 1.0 if sums[FOLLOWER_COUNT] < histories.shape[1] else 0.0
    sums[ADOPTERS_BESIDE_ORIGIN], sums[USERS_BESIDE_ORIGIN] = (
        has_origin * sums[EVER_ADOPTED_COUNT],
        has_origin * sums[USER_COUNT],
    )
    sums[RESULT_BESIDE_ORIGIN] = has_origin * sums[SUM_RESULT]


@stage
def write_practice_measures(sums: NDArray[np.float64], row: NDArray[np.float64]) -> None:
    """Write the measures of practices from counts and sums."""
    ever, users = sums[EVER_ADOPTED_COUNT], sums[USER_COUNT]
    row[AWARENESS] = safe_ratio(sums[AWARE_COUNT], sums[FOLLOWER_COUNT])
    row[EVER_ADOPTED_SHARE] = safe_ratio(ever, sums[FOLLOWER_COUNT])
    row[CURRENT_USE_SHARE] = safe_ratio(users, sums[FOLLOWER_COUNT])
    row[SUSTAINMENT] = safe_ratio(users, ever)
    row[DISCONTINUED_SHARE] = safe_ratio(sums[DISCONTINUED_COUNT], ever)
    row[MEAN_FIDELITY] = safe_ratio(sums[SUM_FIDELITY], users)
    row[MEAN_APPROPRIATENESS] = safe_ratio(sums[SUM_APPROPRIATENESS], users)
    row[MEAN_EMBEDDING] = safe_ratio(sums[SUM_EMBEDDING], users)
    row[EFFECT] = safe_ratio(sums[SUM_RESULT], users)
    row[ORIGIN_EFFECT] = safe_ratio(sums[SUM_ORIGIN], sums[LAUNCHED])
    # A pilot site without any effect allows no comparison.
    comparable = 1.0 if sums[LAUNCHED] > 0.0 else 0.0
    ever, users = sums[ADOPTERS_BESIDE_ORIGIN], sums[USERS_BESIDE_ORIGIN]
    row[REPLICATION_RATIO] = safe_ratio(safe_ratio(sums[RESULT_BESIDE_ORIGIN], users), row[ORIGIN_EFFECT])
    row[REPLICATED_SHARE] = safe_ratio(sums[REPLICATED_COUNT], users * comparable)
    row[TRANSFORMED_SHARE] = safe_ratio(sums[REPLICATED_COUNT], ever * comparable)
    row[BOOSTED_SHARE] = safe_ratio(sums[BOOSTED_COUNT], ever * comparable)
    row[LITTLE_SHARE] = safe_ratio(ever - sums[REPLICATED_COUNT] - sums[BOOSTED_COUNT], ever * comparable)
    row[MEAN_GENERATION] = safe_ratio(sums[SUM_GENERATION], sums[USER_COUNT])
    row[TOTAL_EVENTS_AVERTED] = sums[SUM_PREVENTED]


@stage
def insertion_sort(order: NDArray[np.int64], values: NDArray[np.float64], ascending: NDArray[np.float64]) -> None:
    """Update `order` and fill `ascending` = values[order]; fast, because little changes in a month."""
    last = -math.inf
    for position in range(order.size):
        moved = order[position]
        value = values[moved]
        if value >= last:
            ascending[position] = last = value
            continue
        previous = position - 1
        while previous >= 0 and ascending[previous] > value:
            ascending[previous + 1] = ascending[previous]
            order[previous + 1] = order[previous]
            previous -= 1
        ascending[previous + 1] = value
        order[previous + 1] = moved


@stage
def percentile(ascending: NDArray[np.float64], probability: float) -> float:
    """Return a percentile of sorted values by linear interpolation."""
    position = probability * (ascending.size - 1)
    lower = min(int(position), ascending.size - 2)
    return float(ascending[lower] + (position - lower) * (ascending[lower + 1] - ascending[lower]))


@stage
def gini_coefficient(ascending: NDArray[np.float64]) -> float:
    """Return the Gini coefficient of sorted values: sum (2 k - n - 1) x_(k) / (n sum x), k from 1."""
    count = ascending.size
    weighted, total = 0.0, 0.0
    for index in range(count):
        weighted += (2 * index + 1 - count) * ascending[index]
        total += ascending[index]
    return safe_ratio(weighted, count * total)


@stage
def write_overall_measures(
    organisations: NDArray[np.float64], order: NDArray[np.int64], row: NDArray[np.float64]
) -> None:
    """Write the overall measures."""
    event_rate, size, count = organisations[EVENT_RATE], organisations[SIZE], organisations.shape[1]
    weighted = weights = averted = time = cost = gain = leadership = culture = capability = 0.0
    for i in range(count):
        weighted += size[i] * event_rate[i]
        weights += size[i]
        averted += organisations[EVENTS_AVERTED, i]
        time += organisations[STAFF_TIME, i]
        cost += organisations[COST, i]
        gain += organisations[LOCAL_IMPROVEMENT, i]
        leadership += organisations[LEADERSHIP, i]
        culture += organisations[CULTURE, i]
        capability += organisations[CAPABILITY, i]
    ascending = np.empty(count)
    insertion_sort(order, event_rate, ascending)
    row[TOTAL_EVENTS_AVERTED] = averted
    row[MEAN_EVENT_RATE] = weighted / weights
    row[EVENT_RATE_RANGE] = percentile(ascending, 0.9) - percentile(ascending, 0.1)
    row[EVENT_RATE_GINI] = gini_coefficient(ascending)
    row[TOTAL_STAFF_TIME] = time
    row[TOTAL_COST] = cost
    row[MEAN_LOCAL_IMPROVEMENT] = gain / count
    row[MEAN_LEADERSHIP] = leadership / count
    row[MEAN_CULTURE] = culture / count
    row[MEAN_CAPABILITY] = capability / count


@kernel
def measure_month(
    organisations: NDArray[np.float64],
    practices: NDArray[np.float64],
    histories: NDArray[np.int64],
    order: NDArray[np.int64],
    measures: NDArray[np.float64],
) -> None:
    """Write the measures of a month.

    Parameters
    ----------
    organisations, practices, histories
        State, as in `state_arrays`.
    order : array of n int64
        The organisations by event rate in an earlier month; updated.
    measures : array of (i + 1, measures)
        One row for each intervention and a pooled row; NaN where a measure is undefined.
    """
    intervention_count = practices.shape[0]
    pooled, sums = np.zeros(TALLY_COUNT), np.empty(TALLY_COUNT)
    for k in range(intervention_count):
        accumulate(practices[k], histories[k], sums)
        for entry in range(TALLY_COUNT):
            pooled[entry] += sums[entry]
        write_practice_measures(sums, measures[k])
        for index in OVERALL:
            measures[k, index] = math.nan
    write_practice_measures(pooled, measures[intervention_count])
    write_overall_measures(organisations, order, measures[intervention_count])
