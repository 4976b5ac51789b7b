"""The budget game: plans that spend 100 units on policies over five years, their codes, and their effect in ten."""

import json
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.interfaces.page.ensembles import Ensemble, EnsembleCache
from qispread.interfaces.page.work_queue import PRIORITY_REST, Priority
from qispread.runs.comparison.paired_statistics import mean_and_half_width

BUDGET_UNITS, BUDGET_YEARS, MONTHS_PER_YEAR = 100, 5, 12
CURRENCY_PER_UNIT = 100.0
"""Monthly cost per organisation of one unit per year: 20 units pay for a year of coaching everywhere."""
PRICES = {
    "coaching": 20,
    "training": 10,
    "board_programme": 8,
    "distributed_leadership": 8,
    "protected_time": 40,
    "feedback": 4,
    "learning_network": 5,
    "standard": 3,
    "mandate": 2,
    "refresher": 30,
}
"""Units per year of each policy at its declared strength: the example costs of configs/policies, not real prices."""
CODE_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits of a code, without letters that are easily confused when read aloud."""
CHECK_MODULUS = 31
MAX_PLANS = 40
BUDGET_MEASURE = "events_averted"


class BudgetPlan(NamedTuple):
    """The years in which each policy is in force, as one bit mask per policy (lowest bit: first year)."""

    years: tuple[int, ...]

    @property
    def units_spent(self) -> int:
        """Cost of the plan in units."""
        return sum(price * mask.bit_count() for price, mask in zip(PRICES.values(), self.years, strict=True))

    @property
    def code(self) -> str:
        """The plan as a code: one digit per policy and a check digit."""
        return "".join(CODE_DIGITS[mask] for mask in self.years) + CODE_DIGITS[check_digit(self.years)]

    def scenario(self, base: Scenario) -> Scenario:
        """Return PROMPT in England with the policies of the plan."""
        policies = {}
        for (lever, price), mask in zip(PRICES.items(), self.years, strict=True):
            for first, last in year_ranges(mask):
                window = {"start": MONTHS_PER_YEAR * first + 1, "end": MONTHS_PER_YEAR * (last + 1)}
                policies[f"{lever}-year-{first + 1}"] = {"lever": lever, "cost": CURRENCY_PER_UNIT * price, **window}
        return base.replace(policies={**base.policies, **policies}) if policies else base


EMPTY_PLAN = BudgetPlan((0,) * len(PRICES))


def check_digit(years: Sequence[int]) -> int:
    """Return the check digit, which detects one wrong digit or two swapped neighbours.

    Equation: sum of position times digit, modulo 31; positions count from 1.
    """
    return int(np.dot(years, np.arange(1, len(years) + 1))) % CHECK_MODULUS


def year_ranges(mask: int) -> list[tuple[int, int]]:
    """Return the first and last year of each uninterrupted period, counted from 0."""
    years = [year for year in range(BUDGET_YEARS) if mask >> year & 1]
    ranges: list[tuple[int, int]] = []
    for year in years:
        if ranges and ranges[-1][1] == year - 1:
            ranges[-1] = (ranges[-1][0], year)
        else:
            ranges.append((year, year))
    return ranges


def parse_plan_code(code: Any) -> BudgetPlan:
    """Parse the code of a plan.

    Raises
    ------
    InputError
        For a code of another length, with a typing error, or over budget.
    """
    text = (
        str(code)[:40].upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    )
    if len(text) != len(PRICES) + 1 or set(text) - set(CODE_DIGITS):
        raise InputError([Fault("code", f"got '{str(code)[:40]}'; needed: {len(PRICES) + 1} letters and digits")])
    *years, last = (CODE_DIGITS.index(digit) for digit in text)
    plan = BudgetPlan(tuple(years))
    if check_digit(years) != last:
        raise InputError([Fault("code", f"'{text}' contains a typing error; compare it letter by letter")])
    if plan.units_spent > BUDGET_UNITS:
        raise InputError([Fault("code", f"'{text}' spends {plan.units_spent} units; the budget is {BUDGET_UNITS}")])
    return plan


def events_averted_by_replicate(ensemble: Ensemble) -> NDArray[np.float64]:
    """Return the adverse events averted in ten years in each replicate, (replicates,)."""
    return ensemble.runs(ensemble.scenario.replicates).values_by_replicate(BUDGET_MEASURE)


def evaluate_plan(plan: BudgetPlan, ensemble: Ensemble, baseline: Ensemble) -> dict[str, Any]:
    """Return the adverse events that a plan averts beyond the baseline: mean over replicates and 95% half-width."""
    differences = events_averted_by_replicate(ensemble) - events_averted_by_replicate(baseline)
    mean, half = mean_and_half_width(differences[~np.isnan(differences)])
    final = {
        name: ensemble.runs(ensemble.scenario.replicates).values_by_replicate(name)
        for name in ("current_use", "effect")
    }
    means = {name: round(float(np.nanmean(values)), 4) for name, values in final.items()}
    half = 0.0 if np.isnan(half) else half
    return {"code": plan.code, "spent": plan.units_spent, "averted": round(mean), "half": round(half), **means}


def parse_plan_codes(codes: Any) -> list[BudgetPlan]:
    """Parse a list of plan codes.

    Raises
    ------
    InputError
        For anything but a short list of codes.
    """
    if not isinstance(codes, list) or len(codes) > MAX_PLANS:
        raise InputError([Fault("plans", f"needed: a list of at most {MAX_PLANS} codes")])
    return [parse_plan_code(code) for code in codes]


async def evaluate_plans(plans: Sequence[BudgetPlan], ensembles: EnsembleCache) -> AsyncIterator[dict[str, Any]]:
    """Yield progress, then the effect of each plan and the best known plan."""
    queue, base = ensembles.queue, default_scenario()
    results = []
    for done, plan in enumerate(plans):
        yield {"activity": "Running the simulations", "done": done, "total": len(plans)}
        scenario = await queue.run(partial(plan.scenario, base))
        priority = Priority(PRIORITY_REST, queue.next_ticket())
        baseline, ensemble = await ensembles.get_both(base, scenario, base.replicates, priority)
        for finished in (baseline, ensemble):
            await queue.run(finished.discard_months)
        results.append(await queue.run(partial(evaluate_plan, plan, ensemble, baseline)))
    yield {"plans": results, "best": load_best_plan()}


@lru_cache(maxsize=1)
def load_best_plan() -> dict[str, Any]:
    """Load the best known plan and the record of the search that found it."""
    plan: dict[str, Any] = json.loads(files(__package__).joinpath("best_plan.json").read_text(encoding="utf-8"))
    return plan
