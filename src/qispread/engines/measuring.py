"""The measures of a month, computed from the arrays of state by the one function that both engines call."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qispread.measures import BOOSTED, NAMES, REGISTRY, REPLICATED
from qispread.rules.compiling import kernel, rule, stage
from qispread.world.layout import (
    BEST,
    CAPABILITY,
    COST,
    CULTURE,
    EMBEDDED,
    EMBEDDING,
    FIDELITY,
    FIRST,
    FIT,
    GENERATION,
    HARM,
    HARM_AVERTED,
    IMPLEMENTING,
    LAPSES,
    LEADERSHIP,
    LOCAL_GAIN,
    ORIGIN,
    PREVENTED,
    RESULT,
    SIZE,
    STAFF_TIME,
    STAGE,
    UNAWARE,
)


class IndexRegister:
    """Gives each measure's index by its name, once; what writes the measures thereby shows that it writes them all.

    Parameters
    ----------
    names : sequence of str
        In the order of the columns.
    """

    def __init__(self, names: Sequence[str] = NAMES) -> None:
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
            raise ValueError(f"measure '{name}' is computed, and not declared in qispread/measures.py")
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
            raise ValueError(f"declared in qispread/measures.py and not computed: {', '.join(self._remaining)}")


_INDEX = IndexRegister()
AWARENESS = _INDEX.take("awareness")
REACH = _INDEX.take("reach")
ADOPTION = _INDEX.take("adoption")
SUSTAINMENT = _INDEX.take("sustainment")
LAPSES_SHARE = _INDEX.take("lapses")
MEAN_FIDELITY = _INDEX.take("fidelity")
APPROPRIATENESS = _INDEX.take("appropriateness")
MEAN_EMBEDDING = _INDEX.take("embedding")
EFFECT = _INDEX.take("effect")
ORIGIN_EFFECT = _INDEX.take("origin_effect")
REPLICATION_RATIO = _INDEX.take("replication_ratio")
REPLICATED_SHARE = _INDEX.take("replicated")
TRANSFORMED = _INDEX.take("transformed")
BOOSTED_SHARE = _INDEX.take("boosted")
LITTLE = _INDEX.take("little")
MEAN_GENERATION = _INDEX.take("generation")
AVERTED = _INDEX.take("harm_averted")
MEAN_HARM = _INDEX.take("harm")
HARM_RANGE = _INDEX.take("harm_range")
HARM_GINI = _INDEX.take("harm_gini")
TIME_GIVEN = _INDEX.take("staff_time")
SPENT = _INDEX.take("cost")
MEAN_LOCAL_GAIN = _INDEX.take("local_gain")
MEAN_LEADERSHIP = _INDEX.take("leadership")
MEAN_CULTURE = _INDEX.take("culture")
MEAN_CAPABILITY = _INDEX.take("capability")
_INDEX.require_complete()
OVERALL = tuple(index for index, measure in enumerate(REGISTRY) if measure.overall)
"""Indices of the measures that belong to the whole, which the rows of single interventions lack."""

(
    FOLLOWERS,
    AWARE_NOW,
    EVER_BEGAN,
    USERS,
    EVER_LAPSED,
    AT_ORIGIN_LEVEL,
    HALFWAY,
    SUM_FIDELITY,
    SUM_FIT,
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
TALLIES = RESULT_BESIDE_ORIGIN + 1

ORGANISATION_READ = (
    SIZE,
    HARM,
    HARM_AVERTED,
    STAFF_TIME,
    COST,
    LOCAL_GAIN,
    LEADERSHIP,
    CULTURE,
    CAPABILITY,
)
PRACTICE_READ = (BEST, PREVENTED, FIDELITY, FIT, EMBEDDING, RESULT)
HISTORY_READ = (STAGE, FIRST, LAPSES, ORIGIN, GENERATION)
"""The rows of state that measures are made of."""


@rule
def share(part: float, whole: float) -> float:
    """Return part / whole, NaN where there is no whole."""
    return part / whole if whole > 0.0 else math.nan


@stage
def origin_effect(practices: NDArray[np.float64], histories: NDArray[np.int64]) -> float:
    """Return the mean of the best results so far of those who started an intervention, 0 where none of them is left."""
    total, count = 0.0, 0
    for i in range(histories.shape[1]):
        if histories[ORIGIN, i]:
            total += practices[BEST, i]
            count += 1
    return total / max(1, count)


@stage
def count_stages(histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Count those who follow, have heard, have begun, use it and have lapsed; without branches, so that it is quick."""
    stages, first, lapsed, origin = histories[STAGE], histories[FIRST], histories[LAPSES], histories[ORIGIN]
    followers = aware = ever = users = lapsers = copies = 0
    for i in range(stages.size):
        follows = 1 - origin[i]
        using = follows if stages[i] == IMPLEMENTING or stages[i] == EMBEDDED else 0
        followers += follows
        aware += follows if stages[i] != UNAWARE else 0
        ever += follows if first[i] >= 0 else 0
        lapsers += follows if lapsed[i] > 0 else 0
        users += using
        copies += using * histories[GENERATION, i]
    sums[FOLLOWERS], sums[AWARE_NOW], sums[EVER_BEGAN] = followers, aware, ever
    sums[USERS], sums[EVER_LAPSED], sums[SUM_GENERATION] = users, lapsers, copies


@stage
def sum_practices(practices: NDArray[np.float64], histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Sum what users have; what nobody uses is 0."""
    origin, reference = histories[ORIGIN], sums[SUM_ORIGIN]
    results = practices[RESULT]
    replicated, boosted = REPLICATED * reference, BOOSTED * reference
    fidelity = fit = embedding = result = prevented = 0.0
    at_level = halfway = 0
    for i in range(origin.size):
        follows = 1.0 - origin[i]
        prevented += practices[PREVENTED, i]
        fidelity += follows * practices[FIDELITY, i]
        fit += follows * practices[FIT, i]
        embedding += follows * practices[EMBEDDING, i]
        result += follows * results[i]
    for i in range(origin.size):
        stage_now = histories[STAGE, i]
        using = 1 - origin[i] if stage_now == IMPLEMENTING or stage_now == EMBEDDED else 0  # noqa: SIM109
        at_level += using if results[i] >= replicated else 0
        halfway += using if results[i] >= boosted else 0
    sums[SUM_PREVENTED], sums[SUM_FIDELITY], sums[SUM_FIT] = prevented, fidelity, fit
    sums[SUM_EMBEDDING], sums[SUM_RESULT] = embedding, result
    sums[AT_ORIGIN_LEVEL] = at_level * sums[LAUNCHED]
    sums[HALFWAY] = (halfway - at_level) * sums[LAUNCHED]


@stage
def tally(practices: NDArray[np.float64], histories: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    """Count and sum one intervention over the organisations that did not start it, into `sums`."""
    sums[SUM_ORIGIN] = origin_effect(practices, histories)
    sums[LAUNCHED] = 1.0 if sums[SUM_ORIGIN] > 0.0 else 0.0
    count_stages(histories, sums)
    sum_practices(practices, histories, sums)
    # Where all that started it have closed, as agents can, there is nothing left to compare its followers with.
    has_origin = 1.0 if sums[FOLLOWERS] < histories.shape[1] else 0.0
    sums[BEGAN_BESIDE_ORIGIN], sums[USERS_BESIDE_ORIGIN] = has_origin * sums[EVER_BEGAN], has_origin * sums[USERS]
    sums[RESULT_BESIDE_ORIGIN] = has_origin * sums[SUM_RESULT]


@stage
def practice_measures(sums: NDArray[np.float64], row: NDArray[np.float64]) -> None:
    """Write the measures of practice from counts and sums."""
    ever, users = sums[EVER_BEGAN], sums[USERS]
    row[AWARENESS] = share(sums[AWARE_NOW], sums[FOLLOWERS])
    row[REACH] = share(ever, sums[FOLLOWERS])
    row[ADOPTION] = share(users, sums[FOLLOWERS])
    row[SUSTAINMENT] = share(users, ever)
    row[LAPSES_SHARE] = share(sums[EVER_LAPSED], ever)
    row[MEAN_FIDELITY] = share(sums[SUM_FIDELITY], users)
    row[APPROPRIATENESS] = share(sums[SUM_FIT], users)
    row[MEAN_EMBEDDING] = share(sums[SUM_EMBEDDING], users)
    row[EFFECT] = share(sums[SUM_RESULT], users)
    row[ORIGIN_EFFECT] = share(sums[SUM_ORIGIN], sums[LAUNCHED])
    # Against an origin without any effect nothing can be said.
    comparable = 1.0 if sums[LAUNCHED] > 0.0 else 0.0
    ever, users = sums[BEGAN_BESIDE_ORIGIN], sums[USERS_BESIDE_ORIGIN]
    row[REPLICATION_RATIO] = share(share(sums[RESULT_BESIDE_ORIGIN], users), row[ORIGIN_EFFECT])
    row[REPLICATED_SHARE] = share(sums[AT_ORIGIN_LEVEL], users * comparable)
    row[TRANSFORMED] = share(sums[AT_ORIGIN_LEVEL], ever * comparable)
    row[BOOSTED_SHARE] = share(sums[HALFWAY], ever * comparable)
    row[LITTLE] = share(ever - sums[AT_ORIGIN_LEVEL] - sums[HALFWAY], ever * comparable)
    row[MEAN_GENERATION] = share(sums[SUM_GENERATION], sums[USERS])
    row[AVERTED] = sums[SUM_PREVENTED]


@stage
def sort_further(order: NDArray[np.int64], values: NDArray[np.float64], ascending: NDArray[np.float64]) -> None:
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
def gini(ascending: NDArray[np.float64]) -> float:
    """Return the Gini coefficient of sorted values: sum (2 k - n - 1) x_(k) / (n sum x), k from 1."""
    number = ascending.size
    weighted, total = 0.0, 0.0
    for place in range(number):
        weighted += (2 * place + 1 - number) * ascending[place]
        total += ascending[place]
    return share(weighted, number * total)


@stage
def overall_measures(organisations: NDArray[np.float64], order: NDArray[np.int64], row: NDArray[np.float64]) -> None:
    """Write the measures that belong to the whole."""
    harm, size, number = organisations[HARM], organisations[SIZE], organisations.shape[1]
    weighted = weights = averted = time = cost = gain = leadership = culture = capability = 0.0
    for i in range(number):
        weighted += size[i] * harm[i]
        weights += size[i]
        averted += organisations[HARM_AVERTED, i]
        time += organisations[STAFF_TIME, i]
        cost += organisations[COST, i]
        gain += organisations[LOCAL_GAIN, i]
        leadership += organisations[LEADERSHIP, i]
        culture += organisations[CULTURE, i]
        capability += organisations[CAPABILITY, i]
    ascending = np.empty(number)
    sort_further(order, harm, ascending)
    row[AVERTED] = averted
    row[MEAN_HARM] = weighted / weights
    row[HARM_RANGE] = percentile(ascending, 0.9) - percentile(ascending, 0.1)
    row[HARM_GINI] = gini(ascending)
    row[TIME_GIVEN] = time
    row[SPENT] = cost
    row[MEAN_LOCAL_GAIN] = gain / number
    row[MEAN_LEADERSHIP] = leadership / number
    row[MEAN_CULTURE] = culture / number
    row[MEAN_CAPABILITY] = capability / number


@kernel
def measure_month(
    organisations: NDArray[np.float64],
    practices: NDArray[np.float64],
    histories: NDArray[np.int64],
    order: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Write the measures of a month.

    Parameters
    ----------
    organisations, practices, histories
        State, as in `layout`.
    order : array of n int64
        The organisations by harm, as far as known; brought up to date.
    out : array of (i + 1, measures)
        A row an intervention, and one that pools them; NaN where a measure has no meaning.
    """
    spreading = practices.shape[0]
    pooled, sums = np.zeros(TALLIES), np.empty(TALLIES)
    for k in range(spreading):
        tally(practices[k], histories[k], sums)
        for entry in range(TALLIES):
            pooled[entry] += sums[entry]
        practice_measures(sums, out[k])
        for index in OVERALL:
            out[k, index] = math.nan
    practice_measures(pooled, out[spreading])
    overall_measures(organisations, order, out[spreading])
