"""What a difference costs: incremental cost and effect over worlds, dominance, acceptability.

Uncertainty is that between worlds of the model with the parameters given, not that of the parameters.
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
"""What money buys: harmful events averted, organisations that reach 80 % of the origin's effect."""


def build_replicate_table(comparison: Comparison, team_month: float = 0.0) -> pd.DataFrame:
    """Return cost and effect of each arm in each world that did not fail in any arm.

    Parameters
    ----------
    comparison : Comparison
    team_month : float
        Price of a team-month of staff time, in the currency of the policies' costs; 0 leaves it unpriced.

    Returns
    -------
    DataFrame
        Columns: ``arm``, ``replicate``, ``cost`` of policies, ``staff_time`` (team-months), ``total_cost``,
        ``events_averted`` (events), ``replicated_practices`` (organisations that use it and reach 80 % of the origin's effect, those
        that started it left out; all interventions together), ``value`` (of the comparison's own measure).
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
    """Return how many practices reach 80 % of the origin's effect in each world of an arm."""
    runs = comparison.runs[arm]
    found = np.zeros(comparison.replicate_count)
    for intervention in runs.scenario.interventions:
        share = runs.values_by_replicate("current_use", intervention) * np.nan_to_num(
            runs.values_by_replicate("replicated", intervention)
        )
        place = list(runs.scenario.interventions).index(intervention)
        followers = [
            np.nan
            if run.final_state is None
            else comparison.organisation_count - run.final_state.histories[place, -1].sum()
            for run in runs.runs
        ]
        # A share of them is a whole number but for rounding.
        found += np.rint(share * np.array(followers))
    return found


def values_by_arm(replicates: pd.DataFrame, column: str) -> dict[str, NDArray[np.float64]]:
    """Return one column of the table of worlds as an array for each arm."""
    return {str(arm): part[column].to_numpy() for arm, part in replicates.groupby("arm", sort=False)}


def fieller_interval(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the ratio of two paired means with its 95 % interval by Fieller's theorem (fieller1954).

    With means a and b, their variances and covariance over n, and Student's t: the ratios r for which
    (a - r b)^2 <= t^2 (v_aa - 2 r v_ab + r^2 v_bb). Bounds are NaN where no bounded interval exists, since b is not
    told from 0; the ratio is NaN where b is 0.
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
    """Return cost and effect of each arm, the differences from the base, and what one unit of effect costs.

    A ratio is given only where the arm costs more and does more good, with its interval by Fieller's theorem;
    ``dominance`` reports which arms are dominated.
    """
    columns = {
        name: values_by_arm(replicates, name)
        for name in ("cost", "staff_time", "total_cost", "events_averted", "replicated_practices")
    }
    standings = find_dominance(
        {arm: float(values.mean()) for arm, values in columns["total_cost"].items()},
        {arm: float(values.mean()) for arm, values in columns["events_averted"].items()},
    )
    rows = []
    for arm in columns["cost"]:
        row: dict[str, Any] = {"arm": arm} | {name: float(values[arm].mean()) for name, values in columns.items()}
        dearer = columns["total_cost"][arm] - columns["total_cost"][BASELINE_ARM]
        row |= difference_interval("cost", dearer)
        for label, name in EFFECT_COLUMNS.items():
            more = columns[name][arm] - columns[name][BASELINE_ARM]
            row |= difference_interval(label, more)
            row |= cost_per_effect_columns("event_averted" if label == "averted" else label, dearer, more)
        rows.append({**row, "dominance": standings[arm]})
    return pd.DataFrame(rows, columns=table_columns("cost_effectiveness"))


def difference_interval(label: str, differences: NDArray[np.float64]) -> dict[str, float]:
    """Return a mean difference with its interval, as columns named after a label."""
    mean, half = mean_and_half_width(differences)
    return {f"{label}_difference": mean, f"{label}_low": mean - half, f"{label}_high": mean + half}


def cost_per_effect_columns(
    label: str, extra_cost: NDArray[np.float64], extra_effect: NDArray[np.float64]
) -> dict[str, float]:
    """Return what one unit of effect costs, as columns named after a label; NaN unless dearer and better."""
    trade = extra_cost.mean() > 0.0 and extra_effect.mean() > 0.0
    ratio, low, high = fieller_interval(extra_cost, extra_effect) if trade else (np.nan, np.nan, np.nan)
    return {f"cost_per_{label}": ratio, f"cost_per_{label}_low": low, f"cost_per_{label}_high": high}


def find_dominance(cost: dict[str, float], effect: dict[str, float]) -> dict[str, str]:
    """Return for each arm whether it is on the frontier of mean cost and effect, or what dominates it.

    An arm is dominated by one that does no less good for no more money, and one of the two better; and by a mix of two
    where part of one and part of the other do as much for less (extended dominance: vanhout1994).
    """
    found: dict[str, str] = {}
    points = {arm: (cost[arm], effect[arm]) for arm in cost}
    for arm, point in points.items():
        better = [other for other, rival in points.items() if dominates(rival, point)]
        if better:
            found[arm] = f"dominated by {min(better, key=lambda other: (-effect[other], cost[other]))}"
    rest = sorted((arm for arm in points if arm not in found), key=lambda arm: points[arm])
    frontier = efficiency_frontier(rest, points)
    for arm in rest:
        if arm in frontier:
            found[arm] = ON_FRONTIER
            continue
        below = [other for other in frontier if points[other] < points[arm]]
        above = [other for other in frontier if points[other] > points[arm]]
        found[arm] = f"dominated by a mix of {below[-1]} and {above[0]}"
    return found


def efficiency_frontier(arms: list[str], points: dict[str, tuple[float, float]]) -> list[str]:
    """Return those of some arms, in ascending order of cost, that no mix of two others dominates."""
    frontier: list[tuple[float, float]] = []
    for point in sorted({points[arm] for arm in arms}):
        while len(frontier) > 1 and is_extendedly_dominated(frontier[-2], frontier[-1], point):
            frontier.pop()
        frontier.append(point)
    return [arm for arm in arms if points[arm] in frontier]


def dominates(point: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether a point (cost, effect) does no less good for no more money, and one of the two better."""
    return point[0] <= other[0] and point[1] >= other[1] and point != other


def is_extendedly_dominated(low: tuple[float, float], middle: tuple[float, float], high: tuple[float, float]) -> bool:
    """Return whether the line between two points (cost, effect) passes above a third between them."""
    if high[0] <= low[0]:
        return False
    part = (middle[0] - low[0]) / (high[0] - low[0])
    return low[1] + part * (high[1] - low[1]) > middle[1] + 1e-12 * abs(middle[1])


def max_cost_per_event(replicates: pd.DataFrame) -> float:
    """Return the largest cost of an event averted on the frontier, or of all arms where none there has one."""
    table = cost_effectiveness(replicates)
    if table.empty:
        return np.nan
    first = table.loc[table["dominance"] == ON_FRONTIER, "cost_per_event_averted"].dropna()
    prices = table["cost_per_event_averted"].dropna() if first.empty else first
    return np.nan if prices.empty else float(prices.max())


def acceptability(replicates: pd.DataFrame) -> pd.DataFrame:
    """Return for each willingness to pay for an event averted the share of worlds in which each arm is worth most.

    Net benefit of an arm in a world is willingness x events averted - total cost (vanhout1994). Willingness goes from 0
    to three times what an event averted costs in the dearest arm that is not dominated. Arms with the same largest net
    benefit share the world.

    Returns
    -------
    DataFrame
        Columns: ``arm``, ``willingness_to_pay``, ``probability``, ``best_expected`` (whether its mean net benefit is the largest).
        Empty where no arm costs more and does more good.
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
        first = int(np.argmax(benefit.mean(axis=1)))
        rows += [(name, willingness, share[place], place == first) for place, name in enumerate(names)]
    return pd.DataFrame(rows, columns=columns)
