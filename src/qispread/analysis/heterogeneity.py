"""Heterogeneity of effects: gains by context, and inequality."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.analysis.comparison_schema import table_columns
from qispread.model.engines.simulation import ReplicateRun
from qispread.model.measures import MEASURE_NAMES
from qispread.model.world.draw_world import World
from qispread.model.world.origins import readiness, weighted_degree
from qispread.model.world.run_inputs import SimulationState, prepare_scenario
from qispread.model.world.state_arrays import (
    BASELINE,
    CAPABILITY,
    EMBEDDED,
    EVENT_RATE,
    IMPLEMENTING,
    ORIGIN,
    RESULT,
    SETTING_1,
    SETTING_2,
    SIZE,
    STAGE,
)
from qispread.runs.comparison.arms import BASELINE_ARM
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.paired_statistics import mean_and_half_width

FloatArray = NDArray[np.float64]


def distance_from_mean_setting(world: World) -> FloatArray:
    """Return how far the setting of each organisation is from the mean setting."""
    settings = world.organisations[SETTING_1 : SETTING_2 + 1]
    return np.asarray(np.hypot(*(settings - settings.mean(axis=1, keepdims=True))))


THIRD_LABELS = ("lowest third", "middle third", "highest third")
GROUPINGS: dict[str, tuple[Callable[[World], FloatArray], tuple[str, str, str]]] = {
    "readiness": (readiness, ("least ready third", "middle third", "readiest third")),
    "capability": (lambda world: world.organisations[CAPABILITY], THIRD_LABELS),
    "size": (lambda world: world.organisations[SIZE], ("smallest third", "middle third", "largest third")),
    "setting": (distance_from_mean_setting, ("most like the rest", "middle third", "least like the rest")),
    "ties": (weighted_degree, ("fewest ties", "middle third", "most ties")),
}
"""Grouping factors at the start, and the labels of the thirds, the lowest first."""


def event_rate_reduction(run: ReplicateRun) -> FloatArray:
    """Return the reduction of the adverse event rate as a share of the rate at the start; NaN where that is 0."""
    rate, baseline = final_state_of(run).organisations[EVENT_RATE], run.initial_organisations[BASELINE]
    return np.asarray(1.0 - np.divide(rate, baseline, out=np.full(rate.size, np.nan), where=baseline > 0.0))


def share_in_use(run: ReplicateRun) -> FloatArray:
    """Return the share of the interventions that each organisation uses at the end."""
    stage = final_state_of(run).histories[:, STAGE]
    return np.asarray(np.mean((stage == IMPLEMENTING) | (stage == EMBEDDED), axis=0))


def mean_practice_result(run: ReplicateRun) -> FloatArray:
    """Return the mean result of each organisation at the end, 0 for interventions that it does not use."""
    return np.asarray(final_state_of(run).practices[:, RESULT].mean(axis=0))


GAIN_MEASURES: dict[str, Callable[[ReplicateRun], FloatArray]] = {
    "event_rate_reduction": event_rate_reduction,
    "current_use": share_in_use,
    "result": mean_practice_result,
}


def final_state_of(run: ReplicateRun) -> SimulationState:
    """Return the state at the end of a run that did not fail."""
    if run.final_state is None:
        raise ValueError(f"replicate {run.replicate} failed")
    return run.final_state


def complete_replicates(comparison: Comparison) -> list[int]:
    """Return the replicates that failed in no arm."""
    return [
        index
        for index in range(comparison.replicate_count)
        if not any(runs.runs[index].error for runs in comparison.runs.values())
    ]


def assign_thirds(scores: FloatArray) -> NDArray[np.int64]:
    """Return 0, 1 or 2 for the lowest, middle and highest third; ties are broken by the order of the organisations."""
    ranks = np.empty(scores.size, np.int64)
    ranks[np.argsort(scores, kind="stable")] = np.arange(scores.size)
    return 3 * ranks // scores.size


def find_followers(comparison: Comparison, replicates: list[int]) -> NDArray[np.bool_]:
    """Return which organisations are pilot sites in no arm, a row for each replicate."""
    started = [
        [final_state_of(runs.runs[index]).histories[:, ORIGIN].any(axis=0) for index in replicates]
        for runs in comparison.runs.values()
    ]
    return np.asarray(~np.any(started, axis=0))


def third_means(values: FloatArray, thirds: NDArray[np.int64], included: NDArray[np.bool_]) -> FloatArray:
    """Return the mean of each third (rows) in each replicate (columns); NaN where none is included."""
    means = np.full((3, values.shape[0]), np.nan)
    for third in range(3):
        inside = (thirds == third) & included & ~np.isnan(values)
        count = inside.sum(axis=1)
        total = np.where(inside, values, 0.0).sum(axis=1)
        np.divide(total, count, out=means[third], where=count > 0)
    return means


def subgroup_gains(comparison: Comparison) -> pd.DataFrame:
    """Return the gains of each third of the organisations, by context at the start.

    Pilot sites are left out. Columns: ``arm``, ``grouping``, ``group``, ``measure`` (event_rate_reduction: as a share
    of the rate at the start; current_use: share in use; result: as a share of the full effect), ``baseline``,
    ``arm_mean``, ``difference`` with its paired 95% interval ``low`` to ``high``, and ``replicates``.
    """
    return pd.DataFrame(list(_iterate_gains(comparison)), columns=table_columns("subgroup_gains"))


def _iterate_gains(comparison: Comparison) -> Iterator[dict[str, object]]:
    replicates = complete_replicates(comparison)
    if not replicates:
        return
    prepared = prepare_scenario(comparison.runs[BASELINE_ARM].scenario)
    worlds = [prepared.world(comparison.runs[BASELINE_ARM].runs[index].replicate) for index in replicates]
    thirds = {
        name: np.array([assign_thirds(score(world)) for world in worlds]) for name, (score, _) in GROUPINGS.items()
    }
    counted = find_followers(comparison, replicates)
    values = {
        (arm, measure): np.array([gain(runs.runs[index]) for index in replicates])
        for arm, runs in comparison.runs.items()
        for measure, gain in GAIN_MEASURES.items()
    }
    means = {
        (arm, measure, name): third_means(gains, thirds[name], counted)
        for (arm, measure), gains in values.items()
        for name in GROUPINGS
    }
    for arm in comparison.arms:
        for name, (_, groups) in GROUPINGS.items():
            for measure in GAIN_MEASURES:
                baseline_means, arm_means = means[BASELINE_ARM, measure, name], means[arm, measure, name]
                for third, group in enumerate(groups):
                    row = {"arm": arm, "grouping": name, "group": group, "measure": measure}
                    yield {**row, **paired_summary(baseline_means[third], arm_means[third])}


def paired_summary(baseline: FloatArray, other: FloatArray) -> dict[str, float]:
    """Return both means, the mean paired difference with its interval, and the number of replicates with both."""
    both = ~np.isnan(baseline) & ~np.isnan(other)
    baseline, other = baseline[both], other[both]
    mean, half = mean_and_half_width(other - baseline)
    return {
        "baseline": float(baseline.mean()) if baseline.size else np.nan,
        "arm_mean": float(other.mean()) if baseline.size else np.nan,
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
        "replicates": int(baseline.size),
    }


INEQUALITY_MEASURES = ("event_rate_range", "event_rate_gini")


def inequality_table(comparison: Comparison) -> pd.DataFrame:
    """Return inequality of adverse event rates between organisations at the start and at the end, in each arm.

    Columns: ``arm``, ``measure`` (event_rate_range: 90th less 10th percentile, per 10,000; event_rate_gini),
    ``start``, ``end`` (means over replicates), ``difference`` from the baseline at the end with its paired 95%
    interval.
    """
    rows = []
    replicates = complete_replicates(comparison)
    for measure in INEQUALITY_MEASURES if replicates else ():
        index = MEASURE_NAMES.index(measure)
        ends = {
            arm: np.array([runs.runs[replicate].measures[-1, -1, index] for replicate in replicates])
            for arm, runs in comparison.runs.items()
        }
        for arm, runs in comparison.runs.items():
            start = np.array([runs.runs[replicate].measures[0, -1, index] for replicate in replicates])
            summary = paired_summary(ends[BASELINE_ARM], ends[arm])
            row = {"arm": arm, "measure": measure, "start": float(start.mean()), "end": summary["arm_mean"]}
            rows.append(row | {name: summary[name] for name in ("difference", "low", "high")})
    return pd.DataFrame(rows, columns=table_columns("inequality"))
