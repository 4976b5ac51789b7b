"""The best plan for the decision budget of the lessons that a search finds: `python -m experiments.best_budget`.

Decided before it was run. Plans are ten policies, each in force or not in each of five years, at the costs of
`qispread.app.teaching.budget`, of at most a hundred units. Climbing starts from plans drawn at random. Plans that
differ in one policy and year, or in two of which one is given up for the other, are looked at in random order, and
climbing goes on as long as one of them averts more harm in the worlds of the search. These have another seed than the
worlds of the class, so that the best is not the one that chance favours there. The plans that averted the most are
compared in many more worlds; from the best of them climbing goes on in more worlds than before, and where it ends is
run in the worlds of the class.
"""

import json
from pathlib import Path
from random import Random

import numpy as np

import qispread as qs
from qispread.app.starting import default_scenario
from qispread.app.teaching.budget import MEASURE, PRICES, UNITS, YEARS, Plan
from qispread.comparison.statistics import mean_and_half_width
from qispread.engines.run import in_threads

SEED, WORLDS, MORE_WORLDS, FINAL_WORLDS, STARTS, BATCH = 2027, 16, 64, 400, 12, 24
KEPT = 12
STORED = Path(__file__).parents[1] / "src/qispread/app/teaching/best_plan.json"
"""Where the page reads it."""


def value(plan: Plan, seed: int, worlds: int) -> np.ndarray:
    """Return the events averted in each world."""
    base = default_scenario().replace(seed=seed, replicates=worlds)
    return qs.simulate(plan.scenario(base), workers=1).last(MEASURE)


def means(plans: list[Plan], seed: int, worlds: int) -> dict[Plan, float]:
    """Return the mean of the events averted by each plan."""

    def some(part: range) -> list[tuple[int, float]]:
        return [(place, float(value(plans[place], seed, worlds).mean())) for place in part]

    found = dict(in_threads(some, range(len(plans))))
    return {plan: found[place] for place, plan in enumerate(plans)}


def turned(plan: Plan, *cells: tuple[int, int]) -> Plan:
    """Return a plan with some policies switched over in some years."""
    years = list(plan.years)
    for policy, year in cells:
        years[policy] ^= 1 << year
    return Plan(tuple(years))


def around(plan: Plan) -> list[Plan]:
    """Return the plans that can be paid for and differ in one cell, or in one given up for another."""
    cells = [(policy, year) for policy in range(len(PRICES)) for year in range(YEARS)]
    held = [cell for cell in cells if plan.years[cell[0]] >> cell[1] & 1]
    free = [cell for cell in cells if cell not in held]
    found = [turned(plan, cell) for cell in cells] + [turned(plan, one, other) for one in held for other in free]
    return [one for one in found if one.spent <= UNITS]


def drawn(chance: Random) -> Plan:
    """Return a plan drawn at random that spends as much as it can."""
    plan = Plan((0,) * len(PRICES))
    cells = [(policy, year) for policy in range(len(PRICES)) for year in range(YEARS)]
    chance.shuffle(cells)
    for cell in cells:
        plan = turned(plan, cell) if turned(plan, cell).spent <= UNITS else plan
    return plan


def climbed(plan: Plan, known: dict[Plan, float], chance: Random, worlds: int) -> Plan:
    """Return a plan from which no step averts more; steps are looked at some at a time, in random order."""
    known |= {} if plan in known else means([plan], SEED, worlds)
    while True:
        steps = around(plan)
        chance.shuffle(steps)
        for first in range(0, len(steps), BATCH):
            some = steps[first : first + BATCH]
            known |= means([one for one in some if one not in known], SEED, worlds)
            best = max(some, key=lambda one: known[one])
            if known[best] > known[plan]:
                plan = best
                break
        else:
            return plan


def main() -> None:
    """Search, and write what was found."""
    chance, known, ends = Random(SEED), {}, []  # noqa: S311 - a search, no secret
    for start in range(STARTS):
        ends.append(climbed(drawn(chance), known, chance, WORLDS))
        print(
            f"{start + 1} of {STARTS}: {ends[-1].code} {known[ends[-1]]:,.0f}; {len(known):,} plans tried", flush=True
        )
    leading = sorted(known, key=lambda one: -known[one])[:KEPT]
    again = means(list(dict.fromkeys([*leading, *ends])), SEED, FINAL_WORLDS)
    further: dict[Plan, float] = {}
    best = climbed(max(again, key=lambda one: again[one]), further, chance, MORE_WORLDS)
    base = default_scenario()
    apart = value(best, base.seed, base.replicates) - value(Plan((0,) * len(PRICES)), base.seed, base.replicates)
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
    found = {"code": best.code, "spent": best.spent, "averted": round(middle), "half": round(half), "how": how}
    STORED.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
