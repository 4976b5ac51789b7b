"""What a difference costs: incremental cost and effect over worlds, dominance, acceptability.

Uncertainty is that between worlds of the model with the parameters given, not that of the parameters.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from qispread.analysis.columns import columns_of
from qispread.comparison.arms import BASE
from qispread.comparison.paired import Comparison
from qispread.comparison.statistics import CONFIDENCE, mean_and_half_width

WILLINGNESS_STEPS = 41
FRONTIER = "on the frontier"
EFFECTS = {"averted": "harm_averted", "at_80": "at_80"}
"""What money buys: harmful events averted, organisations that reach 80 % of the origin's effect."""


def worlds_table(comparison: Comparison, team_month: float = 0.0) -> pd.DataFrame:
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
        ``harm_averted`` (events), ``at_80`` (organisations that use it and reach 80 % of the origin's effect, those
        that started it left out; all interventions together), ``value`` (of the comparison's own measure).
    """
    done = ~np.any([[bool(run.error) for run in runs.runs] for runs in comparison.runs.values()], axis=0)
    pieces = []
    for arm, runs in comparison.runs.items():
        cost, staff_time = runs.by_world("cost"), runs.by_world("staff_time")
        piece = {
            "arm": arm,
            "replicate": np.arange(done.size),
            "cost": cost,
            "staff_time": staff_time,
            "total_cost": cost + team_month * staff_time,
            "harm_averted": runs.by_world("harm_averted"),
            "at_80": reaching(comparison, arm),
            "value": runs.by_world(comparison.measure),
        }
        pieces.append(pd.DataFrame(piece)[done])
    table: pd.DataFrame = pd.concat(pieces, ignore_index=True)
    return table


def reaching(comparison: Comparison, arm: str) -> NDArray[np.float64]:
    """Return how many practices reach 80 % of the origin's effect in each world of an arm."""
    runs = comparison.runs[arm]
    found = np.zeros(comparison.worlds)
    for intervention in runs.scenario.interventions:
        share = runs.by_world("adoption", intervention) * np.nan_to_num(runs.by_world("replicated", intervention))
        place = list(runs.scenario.interventions).index(intervention)
        followers = [
            np.nan if run.end is None else comparison.number - run.end.histories[place, -1].sum() for run in runs.runs
        ]
        # A share of them is a whole number but for rounding.
        found += np.rint(share * np.array(followers))
    return found


def by_arm(worlds: pd.DataFrame, column: str) -> dict[str, NDArray[np.float64]]:
    """Return one column of the table of worlds as an array for each arm."""
    return {str(arm): part[column].to_numpy() for arm, part in worlds.groupby("arm", sort=False)}


def fieller(above: NDArray[np.float64], below: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the ratio of two paired means with its 95 % interval by Fieller's theorem (fieller1954).

    With means a and b, their variances and covariance over n, and Student's t: the ratios r for which
    (a - r b)^2 <= t^2 (v_aa - 2 r v_ab + r^2 v_bb). Bounds are NaN where no bounded interval exists, since b is not
    told from 0; the ratio is NaN where b is 0.
    """
    a, b = float(above.mean()), float(below.mean())
    ratio = a / b if b != 0.0 else np.nan
    if above.size < 2 or b == 0.0:
        return ratio, np.nan, np.nan
    t = float(stdtrit(above.size - 1, 0.5 + CONFIDENCE / 2.0))
    (v_aa, v_ab), (_, v_bb) = t * t * np.cov(above, below) / above.size
    curve = b * b - v_bb
    if curve <= 0.0:
        return ratio, np.nan, np.nan
    middle = a * b - v_ab
    root = float(np.sqrt(max(middle * middle - curve * (a * a - v_aa), 0.0)))
    return ratio, (middle - root) / curve, (middle + root) / curve


def cost_effectiveness(worlds: pd.DataFrame) -> pd.DataFrame:
    """Return cost and effect of each arm, the differences from the base, and what one unit of effect costs.

    A ratio is given only where the arm costs more and does more good, with its interval by Fieller's theorem;
    ``standing`` tells which arms are dominated.
    """
    columns = {name: by_arm(worlds, name) for name in ("cost", "staff_time", "total_cost", "harm_averted", "at_80")}
    standings = standings_of(
        {arm: float(values.mean()) for arm, values in columns["total_cost"].items()},
        {arm: float(values.mean()) for arm, values in columns["harm_averted"].items()},
    )
    rows = []
    for arm in columns["cost"]:
        row: dict[str, Any] = {"arm": arm} | {name: float(values[arm].mean()) for name, values in columns.items()}
        dearer = columns["total_cost"][arm] - columns["total_cost"][BASE]
        row |= interval_of("cost", dearer)
        for label, name in EFFECTS.items():
            more = columns[name][arm] - columns[name][BASE]
            row |= interval_of(label, more)
            row |= price_of("event" if label == "averted" else label, dearer, more)
        rows.append({**row, "standing": standings[arm]})
    return pd.DataFrame(rows, columns=columns_of("cost_effectiveness"))


def interval_of(label: str, apart: NDArray[np.float64]) -> dict[str, float]:
    """Return a mean difference with its interval, as columns named after a label."""
    mean, half = mean_and_half_width(apart)
    return {f"{label}_difference": mean, f"{label}_low": mean - half, f"{label}_high": mean + half}


def price_of(label: str, dearer: NDArray[np.float64], more: NDArray[np.float64]) -> dict[str, float]:
    """Return what one unit of effect costs, as columns named after a label; NaN unless dearer and better."""
    trade = dearer.mean() > 0.0 and more.mean() > 0.0
    ratio, low, high = fieller(dearer, more) if trade else (np.nan, np.nan, np.nan)
    return {f"cost_per_{label}": ratio, f"cost_per_{label}_low": low, f"cost_per_{label}_high": high}


def standings_of(cost: dict[str, float], effect: dict[str, float]) -> dict[str, str]:
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
    frontier = hull_of(rest, points)
    for arm in rest:
        if arm in frontier:
            found[arm] = FRONTIER
            continue
        below = [other for other in frontier if points[other] < points[arm]]
        above = [other for other in frontier if points[other] > points[arm]]
        found[arm] = f"dominated by a mix of {below[-1]} and {above[0]}"
    return found


def hull_of(arms: list[str], points: dict[str, tuple[float, float]]) -> list[str]:
    """Return those of some arms, in ascending order of cost, that no mix of two others dominates."""
    frontier: list[tuple[float, float]] = []
    for point in sorted({points[arm] for arm in arms}):
        while len(frontier) > 1 and mixes_better(frontier[-2], frontier[-1], point):
            frontier.pop()
        frontier.append(point)
    return [arm for arm in arms if points[arm] in frontier]


def dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether a point (cost, effect) does no less good for no more money, and one of the two better."""
    return one[0] <= other[0] and one[1] >= other[1] and one != other


def mixes_better(low: tuple[float, float], middle: tuple[float, float], high: tuple[float, float]) -> bool:
    """Return whether the line between two points (cost, effect) passes above a third between them."""
    if high[0] <= low[0]:
        return False
    part = (middle[0] - low[0]) / (high[0] - low[0])
    return low[1] + part * (high[1] - low[1]) > middle[1] + 1e-12 * abs(middle[1])


def dearest_trade(worlds: pd.DataFrame) -> float:
    """Return the largest cost of an event averted on the frontier, or of all arms where none there has one."""
    table = cost_effectiveness(worlds)
    if table.empty:
        return np.nan
    first = table.loc[table["standing"] == FRONTIER, "cost_per_event"].dropna()
    prices = table["cost_per_event"].dropna() if first.empty else first
    return np.nan if prices.empty else float(prices.max())


def acceptability(worlds: pd.DataFrame) -> pd.DataFrame:
    """Return for each willingness to pay for an event averted the share of worlds in which each arm is worth most.

    Net benefit of an arm in a world is willingness x events averted - total cost (vanhout1994). Willingness goes from 0
    to three times what an event averted costs in the dearest arm that is not dominated. Arms with the same largest net
    benefit share the world.

    Returns
    -------
    DataFrame
        Columns: ``arm``, ``willingness``, ``probability``, ``expected`` (whether its mean net benefit is the largest).
        Empty where no arm costs more and does more good.
    """
    costs, effects = by_arm(worlds, "total_cost"), by_arm(worlds, "harm_averted")
    names = list(costs)
    columns = columns_of("acceptability")
    dearest = dearest_trade(worlds)
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
