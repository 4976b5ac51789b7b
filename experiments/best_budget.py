"""The best plan for the decision budget of the lessons that a search finds: `python -m experiments.best_budget`.

Decided before it was run. Plans are ten policies, each in force or not in each of five years, at the costs of
`qispread.interfaces.page.teaching.budget`, of at most a hundred units. The search is hill climbing from random plans.
Plans that differ in one policy and year, or that exchange one policy and year for another, are examined in random
order, and climbing continues as long as one of them averts more adverse events in the replicates of the search. These
have another seed than the replicates of the class, so that the best plan is not the one that chance favours there. The
plans that averted the most are compared in many more replicates; from the best of them climbing continues in more
replicates than before, and the final plan is run in the replicates of the class.
"""

import json
from pathlib import Path
from random import Random

import numpy as np

import qispread as qs
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.interfaces.page.teaching.budget import BUDGET_MEASURE, BUDGET_UNITS, BUDGET_YEARS, PRICES, BudgetPlan
from qispread.model.engines.thread_map import map_in_threads
from qispread.runs.comparison.paired_statistics import mean_and_half_width

SEED, WORLDS, MORE_WORLDS, FINAL_WORLDS, STARTS, BATCH = 2027, 16, 64, 400, 12, 24
KEPT_PLANS = 12
STORED_PLAN = Path(__file__).parents[1] / "src/qispread/interfaces/page/teaching/best_plan.json"
"""The file that the page reads."""


def events_averted(plan: BudgetPlan, seed: int, worlds: int) -> np.ndarray:
    """Return the events averted in each replicate."""
    base = default_scenario().replace(seed=seed, replicates=worlds)
    return qs.simulate(plan.scenario(base), workers=1).final_values(BUDGET_MEASURE)


def mean_events_averted(plans: list[BudgetPlan], seed: int, worlds: int) -> dict[BudgetPlan, float]:
    """Return the mean of the events averted by each plan."""

    def evaluate(part: range) -> list[tuple[int, float]]:
        return [(index, float(events_averted(plans[index], seed, worlds).mean())) for index in part]

    means = dict(map_in_threads(evaluate, range(len(plans))))
    return {plan: means[index] for index, plan in enumerate(plans)}


def toggle_policies(plan: BudgetPlan, *cells: tuple[int, int]) -> BudgetPlan:
    """Return a plan with some policies switched over in some years."""
    years = list(plan.years)
    for policy, year in cells:
        years[policy] ^= 1 << year
    return BudgetPlan(tuple(years))


def neighbouring_plans(plan: BudgetPlan) -> list[BudgetPlan]:
    """Return the affordable plans that differ in one cell, or exchange one cell for another."""
    cells = [(policy, year) for policy in range(len(PRICES)) for year in range(BUDGET_YEARS)]
    bought = [cell for cell in cells if plan.years[cell[0]] >> cell[1] & 1]
    free = [cell for cell in cells if cell not in bought]
    toggled = [toggle_policies(plan, cell) for cell in cells]
    exchanged = [toggle_policies(plan, old, new) for old in bought for new in free]
    return [neighbour for neighbour in (*toggled, *exchanged) if neighbour.units_spent <= BUDGET_UNITS]


def draw_plan(chance: Random) -> BudgetPlan:
    """Return a plan drawn at random that spends as much as it can."""
    plan = BudgetPlan((0,) * len(PRICES))
    cells = [(policy, year) for policy in range(len(PRICES)) for year in range(BUDGET_YEARS)]
    chance.shuffle(cells)
    for cell in cells:
        plan = toggle_policies(plan, cell) if toggle_policies(plan, cell).units_spent <= BUDGET_UNITS else plan
    return plan


def hill_climb(plan: BudgetPlan, known: dict[BudgetPlan, float], chance: Random, worlds: int) -> BudgetPlan:
    """Return a plan from which no step averts more; steps are evaluated in batches, in random order."""
    known |= {} if plan in known else mean_events_averted([plan], SEED, worlds)
    while True:
        steps = neighbouring_plans(plan)
        chance.shuffle(steps)
        for first in range(0, len(steps), BATCH):
            batch = steps[first : first + BATCH]
            known |= mean_events_averted([step for step in batch if step not in known], SEED, worlds)
            best = max(batch, key=lambda step: known[step])
            if known[best] > known[plan]:
                plan = best
                break
        else:
            return plan


def main() -> None:
    """Search, and write the best plan."""
    chance, known, ends = Random(SEED), {}, []  # noqa: S311 - a search, no secret
    for start in range(STARTS):
        ends.append(hill_climb(draw_plan(chance), known, chance, WORLDS))
        print(
            f"{start + 1} of {STARTS}: {ends[-1].code} {known[ends[-1]]:,.0f}; {len(known):,} plans tried", flush=True
        )
    leading = sorted(known, key=lambda plan: -known[plan])[:KEPT_PLANS]
    again = mean_events_averted(list(dict.fromkeys([*leading, *ends])), SEED, FINAL_WORLDS)
    further: dict[BudgetPlan, float] = {}
    best = hill_climb(max(again, key=lambda plan: again[plan]), further, chance, MORE_WORLDS)
    base = default_scenario()
    apart = events_averted(best, base.seed, base.replicates) - events_averted(
        BudgetPlan((0,) * len(PRICES)), base.seed, base.replicates
    )
    middle, half = mean_and_half_width(apart)
    how = {
        "method": "climbing from plans drawn at random, to a better plan that differs in one policy and year or in two",
        "starts": STARTS,
        "plans tried": len(known | further),
        "worlds of the search": WORLDS,
        "worlds in which the leading plans were compared": FINAL_WORLDS,
        "worlds of the last climb": MORE_WORLDS,
        "seed of the search": SEED,
        "command": "python -m experiments.best_budget",
    }
    found = {"code": best.code, "spent": best.units_spent, "averted": round(middle), "half": round(half), "how": how}
    STORED_PLAN.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
