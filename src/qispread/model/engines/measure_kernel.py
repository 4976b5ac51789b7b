"""The measures of a month, computed from the arrays of state by the one function that both engines call."""

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
    """Gives each measure's index by its name, once; what writes the measures thereby shows that it writes them all.

    Parameters
    ----------
    names : sequence of str
        In the order of the columns.
    """

    def __init__(self, names: Sequence[str] = MEASURE_NAMES) -> None:
        self._names = names
        self._remaining = list(names)

    def take(self, name: str) -> int:
        """Return the index of a measure.

        Raises
        ------
        ValueError
            For a name that is not declared, or was taken before.
        """
        if name not in self._names:
            raise ValueError(f"measure '{name}' is computed, and not declared in qispread/model/measures.py")
        if name not in self._remaining:
            raise ValueError(f"measure '{name}' is computed twice")
        self._remaining.remove(name)
        return self._names.index(name)

    def require_complete(self) -> None:
        """Refuse measures that nobody took.

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
"""Indices of the measures that belong to the whole, which the rows of single interventions lack."""

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
    BEGAN_BESIDE_ORIGIN,
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
"""The rows of state that measures are made of."""


@rule
def safe_ratio(part: float, whole: float) -> float:
    """Return part / whole, NaN where there is no whole."""
    return part / whole if whole > 0.0 else math.nan


@stage
def mean_origin_effect(practices: NDArray[np.float64], histories: NDArray[np.int64]) -> float:
    """Return the mean of the best results so far of those who started an intervention, 0 where none of them is left."""
    total, count = 0.0, 0
    for i in range(histories.shape[1]):
        if histories[ORIGIN, i]:
            total += practices[BEST_RESULT, i]
            count += 1
    return total / max(1, count)


@stage
def count_stages(histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Count those who follow, have heard, have begun, use it and have discontinued it; without branches, so that it is quick."""
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
    """Sum what users have; what nobody uses is 0."""
    origin, reference = histories[ORIGIN], sums[SUM_ORIGIN]
    results = practices[RESULT]
    replicated, boosted = REPLICATED_THRESHOLD * reference, BOOSTED_THRESHOLD * reference
    fidelity = fit = embedding = result = prevented = 0.0
    at_level = halfway = 0
    for i in range(origin.size):
        follows = 1.0 - origin[i]
        prevented += practices[EVENTS_PREVENTED, i]
        fidelity += follows * practices[FIDELITY, i]
        fit += follows * practices[APPROPRIATENESS, i]
        embedding += follows * practices[EMBEDDING, i]
        result += follows * results[i]
    for i in range(origin.size):
        stage_now = histories[STAGE, i]
        using = 1 - origin[i] if stage_now == IMPLEMENTING or stage_now == EMBEDDED else 0  # noqa: SIM109
        at_level += using if results[i] >= replicated else 0
        halfway += using if results[i] >= boosted else 0
    sums[SUM_PREVENTED], sums[SUM_FIDELITY], sums[SUM_APPROPRIATENESS] = prevented, fidelity, fit
    sums[SUM_EMBEDDING], sums[SUM_RESULT] = embedding, result
    sums[REPLICATED_COUNT] = at_level * sums[LAUNCHED]
    sums[BOOSTED_COUNT] = (halfway - at_level) * sums[LAUNCHED]


@stage
def accumulate(practices: NDArray[np.float64], histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Count and sum one intervention over the organisations that did not start it, into `sums`."""
    sums[SUM_ORIGIN] = mean_origin_effect(practices, histories)
    sums[LAUNCHED] = 1.0 if sums[SUM_ORIGIN] > 0.0 else 0.0
    count_stages(histories, sums)
    sum_practices(practices, histories, sums)
    # Where all that started it have closed, as agents can, there is nothing left to compare its followers with.
    has_origin = 1.0 if sums[FOLLOWER_COUNT] < histories.shape[1] else 0.0
    sums[BEGAN_BESIDE_ORIGIN], sums[USERS_BESIDE_ORIGIN] = (
        has_origin * sums[EVER_ADOPTED_COUNT],
        has_origin * sums[USER_COUNT],
    )
    sums[RESULT_BESIDE_ORIGIN] = has_origin * sums[SUM_RESULT]


@stage
def write_practice_measures(sums: NDArray[np.float64], row: NDArray[np.float64]) -> None:
    """Write the measures of practice from counts and sums."""
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
    # Against an origin without any effect nothing can be said.
    comparable = 1.0 if sums[LAUNCHED] > 0.0 else 0.0
    ever, users = sums[BEGAN_BESIDE_ORIGIN], sums[USERS_BESIDE_ORIGIN]
    row[REPLICATION_RATIO] = safe_ratio(safe_ratio(sums[RESULT_BESIDE_ORIGIN], users), row[ORIGIN_EFFECT])
    row[REPLICATED_SHARE] = safe_ratio(sums[REPLICATED_COUNT], users * comparable)
    row[TRANSFORMED_SHARE] = safe_ratio(sums[REPLICATED_COUNT], ever * comparable)
    row[BOOSTED_SHARE] = safe_ratio(sums[BOOSTED_COUNT], ever * comparable)
    row[LITTLE_SHARE] = safe_ratio(ever - sums[REPLICATED_COUNT] - sums[BOOSTED_COUNT], ever * comparable)
    row[MEAN_GENERATION] = safe_ratio(sums[SUM_GENERATION], sums[USER_COUNT])
    row[TOTAL_EVENTS_AVERTED] = sums[SUM_PREVENTED]


@stage
def insertion_sort(order: NDArray[np.int64], values: NDArray[np.float64], ascending: NDArray[np.float64]) -> None:
    """Bring `order` up to date and fill `ascending` = values[order]: quick, since little changes in a month."""
    last = -math.inf
    for place in range(order.size):
        moving = order[place]
        value = values[moving]
        if value >= last:
            ascending[place] = last = value
            continue
        before = place - 1
        while before >= 0 and ascending[before] > value:
            ascending[before + 1] = ascending[before]
            order[before + 1] = order[before]
            before -= 1
        ascending[before + 1] = value
        order[before + 1] = moving


@stage
def percentile(ascending: NDArray[np.float64], part: float) -> float:
    """Return a percentile of sorted values by linear interpolation."""
    place = part * (ascending.size - 1)
    below = min(int(place), ascending.size - 2)
    return float(ascending[below] + (place - below) * (ascending[below + 1] - ascending[below]))


@stage
def gini_coefficient(ascending: NDArray[np.float64]) -> float:
    """Return the Gini coefficient of sorted values: sum (2 k - n - 1) x_(k) / (n sum x), k from 1."""
    number = ascending.size
    weighted, total = 0.0, 0.0
    for place in range(number):
        weighted += (2 * place + 1 - number) * ascending[place]
        total += ascending[place]
    return safe_ratio(weighted, number * total)


@stage
def write_overall_measures(
    organisations: NDArray[np.float64], order: NDArray[np.int64], row: NDArray[np.float64]
) -> None:
    """Write the measures that belong to the whole."""
    harm, size, number = organisations[EVENT_RATE], organisations[SIZE], organisations.shape[1]
    weighted = weights = averted = time = cost = gain = leadership = culture = capability = 0.0
    for i in range(number):
        weighted += size[i] * harm[i]
        weights += size[i]
        averted += organisations[EVENTS_AVERTED, i]
        time += organisations[STAFF_TIME, i]
        cost += organisations[COST, i]
        gain += organisations[LOCAL_IMPROVEMENT, i]
        leadership += organisations[LEADERSHIP, i]
        culture += organisations[CULTURE, i]
        capability += organisations[CAPABILITY, i]
    ascending = np.empty(number)
    insertion_sort(order, harm, ascending)
    row[TOTAL_EVENTS_AVERTED] = averted
    row[MEAN_EVENT_RATE] = weighted / weights
    row[EVENT_RATE_RANGE] = percentile(ascending, 0.9) - percentile(ascending, 0.1)
    row[EVENT_RATE_GINI] = gini_coefficient(ascending)
    row[TOTAL_STAFF_TIME] = time
    row[TOTAL_COST] = cost
    row[MEAN_LOCAL_IMPROVEMENT] = gain / number
    row[MEAN_LEADERSHIP] = leadership / number
    row[MEAN_CULTURE] = culture / number
    row[MEAN_CAPABILITY] = capability / number


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
        State, as in `layout`.
    order : array of n int64
        The organisations by harm, as far as known; brought up to date.
    measures : array of (i + 1, measures)
        A row an intervention, and one that pools them; NaN where a measure has no meaning.
    """
    spreading = practices.shape[0]
    pooled, sums = np.zeros(TALLY_COUNT), np.empty(TALLY_COUNT)
    for k in range(spreading):
        accumulate(practices[k], histories[k], sums)
        for entry in range(TALLY_COUNT):
            pooled[entry] += sums[entry]
        write_practice_measures(sums, measures[k])
        for index in OVERALL:
            measures[k, index] = math.nan
    write_practice_measures(pooled, measures[spreading])
    write_overall_measures(organisations, order, measures[spreading])
