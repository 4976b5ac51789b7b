"""For whom: what each context gains, and what happens to inequality."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.analysis.columns import columns_of
from qispread.comparison.arms import BASE
from qispread.comparison.paired import Comparison
from qispread.comparison.statistics import mean_and_half_width
from qispread.engines.run import Run
from qispread.measures import NAMES
from qispread.world.build import State, blueprint_of
from qispread.world.draw import World
from qispread.world.interventions import readiness, tie_weights
from qispread.world.layout import (
    BASELINE,
    CAPABILITY,
    EMBEDDED,
    HARM,
    IMPLEMENTING,
    ORIGIN,
    RESULT,
    SETTING_1,
    SETTING_2,
    SIZE,
    STAGE,
)

Values = NDArray[np.float64]


def unlikeness(world: World) -> Values:
    """Return how far the setting of each organisation is from the mean setting."""
    settings = world.organisations[SETTING_1 : SETTING_2 + 1]
    return np.asarray(np.hypot(*(settings - settings.mean(axis=1, keepdims=True))))


THIRDS = ("lowest third", "middle third", "highest third")
GROUPINGS: dict[str, tuple[Callable[[World], Values], tuple[str, str, str]]] = {
    "readiness": (readiness, ("least ready third", "middle third", "readiest third")),
    "capability": (lambda world: world.organisations[CAPABILITY], THIRDS),
    "size": (lambda world: world.organisations[SIZE], ("smallest third", "middle third", "largest third")),
    "setting": (unlikeness, ("most like the rest", "middle third", "least like the rest")),
    "ties": (tie_weights, ("fewest ties", "middle third", "most ties")),
}
"""What organisations are grouped by at the start, and what the thirds are called, the lowest first."""


def harm_reduction(run: Run) -> Values:
    """Return how much of the harm at the start is gone at the end, as a share; NaN where there was none."""
    harm, baseline = end_of(run).organisations[HARM], run.start[BASELINE]
    return np.asarray(1.0 - np.divide(harm, baseline, out=np.full(harm.size, np.nan), where=baseline > 0.0))


def in_use(run: Run) -> Values:
    """Return the share of the interventions that each organisation uses at the end."""
    stage = end_of(run).histories[:, STAGE]
    return np.asarray(np.mean((stage == IMPLEMENTING) | (stage == EMBEDDED), axis=0))


def mean_result(run: Run) -> Values:
    """Return the mean result of each organisation at the end, 0 for what it does not use."""
    return np.asarray(end_of(run).practices[:, RESULT].mean(axis=0))


GAINS: dict[str, Callable[[Run], Values]] = {
    "harm_reduction": harm_reduction,
    "adoption": in_use,
    "result": mean_result,
}


def end_of(run: Run) -> State:
    """Return the state at the end of a run that did not fail."""
    if run.end is None:
        raise ValueError(f"replicate {run.replicate} failed")
    return run.end


def whole_worlds(comparison: Comparison) -> list[int]:
    """Return the replicates that failed in no arm."""
    return [
        place for place in range(comparison.worlds) if not any(r.runs[place].error for r in comparison.runs.values())
    ]


def thirds_of(scores: Values) -> NDArray[np.int64]:
    """Return 0, 1 or 2 for the lowest, middle and highest third; ties go by the order of the organisations."""
    ranks = np.empty(scores.size, np.int64)
    ranks[np.argsort(scores, kind="stable")] = np.arange(scores.size)
    return 3 * ranks // scores.size


def followers(comparison: Comparison, replicates: list[int]) -> NDArray[np.bool_]:
    """Return which organisations started nothing in any arm, a row a world."""
    started = [
        [end_of(runs.runs[place]).histories[:, ORIGIN].any(axis=0) for place in replicates]
        for runs in comparison.runs.values()
    ]
    return np.asarray(~np.any(started, axis=0))


def means_by_third(values: Values, thirds: NDArray[np.int64], counted: NDArray[np.bool_]) -> Values:
    """Return the mean of each third (rows) in each world (columns); NaN where none of it counts."""
    found = np.full((3, values.shape[0]), np.nan)
    for third in range(3):
        inside = (thirds == third) & counted & ~np.isnan(values)
        number = inside.sum(axis=1)
        total = np.where(inside, values, 0.0).sum(axis=1)
        np.divide(total, number, out=found[third], where=number > 0)
    return found


def for_whom(comparison: Comparison) -> pd.DataFrame:
    """Return what each third of the organisations gains, by context at the start.

    Those that started an intervention are left out. Columns: ``arm``, ``grouping``, ``group``, ``measure``
    (harm_reduction: share of the harm at the start that is gone; adoption: in use; result: of the largest benefit),
    ``base``, ``arm_mean``, ``difference`` with its paired 95 % interval ``low`` to ``high``, and ``worlds``.
    """
    return pd.DataFrame(list(_gains(comparison)), columns=columns_of("for_whom"))


def _gains(comparison: Comparison) -> Iterator[dict[str, object]]:
    replicates = whole_worlds(comparison)
    if not replicates:
        return
    blueprint = blueprint_of(comparison.runs[BASE].scenario)
    worlds = [blueprint.world(comparison.runs[BASE].runs[place].replicate) for place in replicates]
    thirds = {name: np.array([thirds_of(score(world)) for world in worlds]) for name, (score, _) in GROUPINGS.items()}
    counted = followers(comparison, replicates)
    values = {
        (arm, measure): np.array([gain(runs.runs[place]) for place in replicates])
        for arm, runs in comparison.runs.items()
        for measure, gain in GAINS.items()
    }
    means = {
        (arm, measure, name): means_by_third(found, thirds[name], counted)
        for (arm, measure), found in values.items()
        for name in GROUPINGS
    }
    for arm in comparison.arms:
        for name, (_, groups) in GROUPINGS.items():
            for measure in GAINS:
                before, after = means[BASE, measure, name], means[arm, measure, name]
                for third, group in enumerate(groups):
                    row = {"arm": arm, "grouping": name, "group": group, "measure": measure}
                    yield {**row, **paired(before[third], after[third])}


def paired(base: Values, other: Values) -> dict[str, float]:
    """Return both means, the mean paired difference with its interval, and the worlds that have both."""
    both = ~np.isnan(base) & ~np.isnan(other)
    base, other = base[both], other[both]
    mean, half = mean_and_half_width(other - base)
    return {
        "base": float(base.mean()) if base.size else np.nan,
        "arm_mean": float(other.mean()) if base.size else np.nan,
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
        "worlds": int(base.size),
    }


UNEQUAL = ("harm_range", "harm_gini")


def inequality(comparison: Comparison) -> pd.DataFrame:
    """Return inequality of harm between organisations before and after, in each arm.

    Columns: ``arm``, ``measure`` (harm_range: 90th less 10th percentile, per 10,000; harm_gini), ``start``, ``end``
    (means over worlds), ``difference`` of the end from the base's end with its paired 95 % interval.
    """
    rows = []
    replicates = whole_worlds(comparison)
    for measure in UNEQUAL if replicates else ():
        place = NAMES.index(measure)
        ends = {
            arm: np.array([runs.runs[world].measures[-1, -1, place] for world in replicates])
            for arm, runs in comparison.runs.items()
        }
        for arm, runs in comparison.runs.items():
            start = np.array([runs.runs[world].measures[0, -1, place] for world in replicates])
            found = paired(ends[BASE], ends[arm])
            row = {"arm": arm, "measure": measure, "start": float(start.mean()), "end": found["arm_mean"]}
            rows.append(row | {name: found[name] for name in ("difference", "low", "high")})
    return pd.DataFrame(rows, columns=columns_of("inequality"))
