"""Cost-effectiveness: incremental cost and effect over replicates, dominance, acceptability.

Intervals are simulation error for the given parameters; they do not include parametric uncertainty.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from qispread.analysis.comparison_schema import table_columns
from qispread.runs.comparison.arms import BASELINE_ARM
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.paired_statistics import CONFIDENCE_LEVEL, mean_and_half_width

WILLINGNESS_STEPS = 41
ON_FRONTIER = "on the frontier"
EFFECT_COLUMNS = {"averted": "events_averted", "replicated_practices": "replicated_practices"}
"""Effects that cost is related to: adverse events averted, organisations at 80% of the pilot site's effect."""


def build_replicate_table(comparison: Comparison, team_month: float = 0.0) -> pd.DataFrame:
    """Return cost and effect of each arm in each replicate that failed in no arm.

    Parameters
    ----------
    comparison : Comparison
    team_month : float
        Price of a team-month of staff time, in the currency of the policies' costs; 0 leaves it unpriced.

    Returns
    -------
    DataFrame
        Columns: ``arm``, ``replicate``, ``cost`` of policies, ``staff_time`` (team-months), ``total_cost``,
        ``events_averted`` (events), ``replicated_practices`` (organisations other than pilot
        sites that use an intervention and reach 80% of the pilot site's effect; all interventions together),
        ``value`` (of the measure of the comparison).
    """
    done = ~np.any([[bool(run.error) for run in runs.runs] for runs in comparison.runs.values()], axis=0)
    pieces = []
    for arm, runs in comparison.runs.items():
        cost, staff_time = runs.values_by_replicate("cost"), runs.values_by_replicate("staff_time")
        piece = {
            "arm": arm,
            "replicate": np.arange(done.size),
            "cost": cost,
            "staff_time": staff_time,
            "total_cost": cost + team_month * staff_time,
            "events_averted": runs.values_by_replicate("events_averted"),
            "replicated_practices": count_replicated(comparison, arm),
            "value": runs.values_by_replicate(comparison.measure),
        }
        pieces.append(pd.DataFrame(piece)[done])
    table: pd.DataFrame = pd.concat(pieces, ignore_index=True)
    return table


def count_replicated(comparison: Comparison, arm: str) -> NDArray[np.float64]:
    """Return the number of practices at 80% of the pilot site's effect in each replicate of an arm."""
    runs = comparison.runs[arm]
    counts = np.zeros(comparison.replicate_count)
    for index, intervention in enumerate(runs.scenario.interventions):
        share = runs.values_by_replicate("current_use", intervention) * np.nan_to_num(
            runs.values_by_replicate("replicated", intervention)
        )
        followers = [
            np.nan
            if run.final_state is None
            else comparison.organisation_count - run.final_state.histories[index, -1].sum()
            for run in runs.runs
        ]
        # The product is an integer except for rounding.
        counts += np.rint(share * np.array(followers))
    return counts


def values_by_arm(replicates: pd.DataFrame, column: str) -> dict[str, NDArray[np.float64]]:
    """Return one column of the table of replicates as an array for each arm."""
    return {str(arm): part[column].to_numpy() for arm, part in replicates.groupby("arm", sort=False)}


def fieller_interval(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the ratio of two paired means with its 95% interval by Fieller's theorem (fieller1954).

    With means a and b, their variances and covariance over n, and Student's t: the ratios r for which
    (a - r b)^2 <= t^2 (v_aa - 2 r v_ab + r^2 v_bb). Bounds are NaN where no bounded interval exists, since b does
    not differ clearly from 0; the ratio is NaN where b is 0.
    """
    a, b = float(numerator.mean()), float(denominator.mean())
    ratio = a / b if b != 0.0 else np.nan
    if numerator.size < 2 or b == 0.0:
        return ratio, np.nan, np.nan
    t = float(stdtrit(numerator.size - 1, 0.5 + CONFIDENCE_LEVEL / 2.0))
    (v_aa, v_ab), (_, v_bb) = t * t * np.cov(numerator, denominator) / numerator.size
    curve = b * b - v_bb
    if curve <= 0.0:
        return ratio, np.nan, np.nan
    middle = a * b - v_ab
    root = float(np.sqrt(max(middle * middle - curve * (a * a - v_aa), 0.0)))
    return ratio, (middle - root) / curve, (middle + root) / curve


def cost_effectiveness(replicates: pd.DataFrame) -> pd.DataFrame:
    """Return cost and effect of each arm, the differences from the baseline, and the cost per unit of effect.

    A ratio is given only where the arm costs more and achieves more, with its interval by Fieller's theorem;
    ``dominance`` reports which arms are dominated.
    """
    columns = {
        name: values_by_arm(replicates, name)
        for name in ("cost", "staff_time", "total_cost", "events_averted", "replicated_practices")
    }
    dominance = find_dominance(
        {arm: float(values.mean()) for arm, values in columns["total_cost"].items()},
        {arm: float(values.mean()) for arm, values in columns["events_averted"].items()},
    )
    rows = []
    for arm in columns["cost"]:
        row: dict[str, Any] = {"arm": arm} | {name: float(values[arm].mean()) for name, values in columns.items()}
        extra_cost = columns["total_cost"][arm] - columns["total_cost"][BASELINE_ARM]
        row |= difference_interval("cost", extra_cost)
        for label, name in EFFECT_COLUMNS.items():
            extra_effect = columns[name][arm] - columns[name][BASELINE_ARM]
            row |= difference_interval(label, extra_effect)
            row |= cost_per_effect_columns("event_averted" if label == "averted" else label, extra_cost, extra_effect)
        rows.append({**row, "dominance": dominance[arm]})
    return pd.DataFrame(rows, columns=table_columns("cost_effectiveness"))


def difference_interval(label: str, differences: NDArray[np.float64]) -> dict[str, float]:
    """Return a mean difference with its interval, as columns named after a label."""
    mean, half = mean_and_half_width(differences)
    return {f"{label}_difference": mean, f"{label}_low": mean - half, f"{label}_high": mean + half}


def cost_per_effect_columns(
    label: str, extra_cost: NDArray[np.float64], extra_effect: NDArray[np.float64]
) -> dict[str, float]:
    """Return the cost per unit of effect, as columns named after a label; NaN unless both are larger."""
    is_trade_off = extra_cost.mean() > 0.0 and extra_effect.mean() > 0.0
    ratio, low, high = fieller_interval(extra_cost, extra_effect) if is_trade_off else (np.nan, np.nan, np.nan)
    return {f"cost_per_{label}": ratio, f"cost_per_{label}_low": low, f"cost_per_{label}_high": high}


def find_dominance(cost: dict[str, float], effect: dict[str, float]) -> dict[str, str]:
    """Return for each arm whether it is on the efficiency frontier of mean cost and effect, or which arms dominate it.

    An arm is dominated by an arm with at least its effect at no higher cost, one of the two strictly; and by a mix of
    two arms that has at least its effect at a lower cost (extended dominance: vanhout1994).
    """
    dominance: dict[str, str] = {}
    points = {arm: (cost[arm], effect[arm]) for arm in cost}
    for arm, point in points.items():
        better = [other for other, rival in points.items() if dominates(rival, point)]
        if better:
            dominance[arm] = f"dominated by {min(better, key=lambda other: (-effect[other], cost[other]))}"
    undominated = sorted((arm for arm in points if arm not in dominance), key=lambda arm: points[arm])
    frontier = efficiency_frontier(undominated, points)
    for arm in undominated:
        if arm in frontier:
            dominance[arm] = ON_FRONTIER
            continue
        cheaper = [other for other in frontier if points[other] < points[arm]]
        dearer = [other for other in frontier if points[other] > points[arm]]
        dominance[arm] = f"dominated by a mix of {cheaper[-1]} and {dearer[0]}"
    return dominance


def efficiency_frontier(arms: list[str], points: dict[str, tuple[float, float]]) -> list[str]:
    """Return the arms, in ascending order of cost, that no mix of two others dominates."""
    frontier: list[tuple[float, float]] = []
    for point in sorted({points[arm] for arm in arms}):
        while len(frontier) > 1 and is_extendedly_dominated(frontier[-2], frontier[-1], point):
            frontier.pop()
        frontier.append(point)
    return [arm for arm in arms if points[arm] in frontier]


def dominates(point: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether a point (cost, effect) has at least the effect at no higher cost, one of the two strictly."""
    return point[0] <= other[0] and point[1] >= other[1] and point != other


def is_extendedly_dominated(low: tuple[float, float], middle: tuple[float, float], high: tuple[float, float]) -> bool:
    """Return whether the line between two points (cost, effect) passes above a third between them."""
    if high[0] <= low[0]:
        return False
    part = (middle[0] - low[0]) / (high[0] - low[0])
    return low[1] + part * (high[1] - low[1]) > middle[1] + 1e-12 * abs(middle[1])


def max_cost_per_event(replicates: pd.DataFrame) -> float:
    """Return the largest cost per event averted on the frontier, or of all arms where none on the frontier has one."""
    table = cost_effectiveness(replicates)
    if table.empty:
        return np.nan
    on_frontier = table.loc[table["dominance"] == ON_FRONTIER, "cost_per_event_averted"].dropna()
    prices = table["cost_per_event_averted"].dropna() if on_frontier.empty else on_frontier
    return np.nan if prices.empty else float(prices.max())


def acceptability(replicates: pd.DataFrame) -> pd.DataFrame:
    """Return for each willingness to pay the share of replicates in which each arm has the largest net benefit.

    Net benefit of an arm in a replicate is willingness to pay x events averted - total cost (vanhout1994). Willingness
    to pay ranges from 0 to three times the largest cost per event averted of an arm that is not dominated. Arms with
    the same largest net benefit share the replicate.

    Returns
    -------
    DataFrame
        Columns: ``arm``, ``willingness_to_pay``, ``probability``, ``best_expected`` (whether its mean net
        benefit is the largest). Empty where no arm costs more and achieves more.
    """
    costs, effects = values_by_arm(replicates, "total_cost"), values_by_arm(replicates, "events_averted")
    names = list(costs)
    columns = table_columns("acceptability")
    dearest = max_cost_per_event(replicates)
    if np.isnan(dearest):
        return pd.DataFrame(columns=columns)
    cost, effect = np.array(list(costs.values())), np.array(list(effects.values()))
    rows = []
    for willingness in np.linspace(0.0, 3.0 * dearest, WILLINGNESS_STEPS):
        benefit = willingness * effect - cost
        best = benefit == benefit.max(axis=0)
        share = (best / best.sum(axis=0)).mean(axis=1)
        best_expected = int(np.argmax(benefit.mean(axis=1)))
        rows += [(name, willingness, share[index], index == best_expected) for index, name in enumerate(names)]
    return pd.DataFrame(rows, columns=columns)
