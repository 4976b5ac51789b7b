"""The decision budget: a hundred units to spend on policies over five years, and what a plan averts in ten."""

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
"""Cost a month for each organisation that a unit a year stands for: 20 units are a year of coaching everywhere."""
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
"""Units a year of each policy at its declared strength: the costs of configs/policies, which are no real prices."""
CODE_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits of a code, without those that are mistaken for one another when they are read out."""
CHECK_MODULUS = 31
MAX_PLANS = 40
BUDGET_MEASURE = "events_averted"


class BudgetPlan(NamedTuple):
    """The years in which each policy is in force: a whole number for each, whose bits are years, the first lowest."""

    years: tuple[int, ...]

    @property
    def units_spent(self) -> int:
        """Units that it costs."""
        return sum(price * mask.bit_count() for price, mask in zip(PRICES.values(), self.years, strict=True))

    @property
    def code(self) -> str:
        """What a team reads out: a digit for each policy, and one that shows a slip."""
        return "".join(CODE_DIGITS[mask] for mask in self.years) + CODE_DIGITS[check_digit(self.years)]

    def scenario(self, base: Scenario) -> Scenario:
        """Return PROMPT in England with the policies of the plan."""
        added = {}
        for (lever, price), mask in zip(PRICES.items(), self.years, strict=True):
            for first, last in year_ranges(mask):
                window = {"start": MONTHS_PER_YEAR * first + 1, "end": MONTHS_PER_YEAR * (last + 1)}
                added[f"{lever}-year-{first + 1}"] = {"lever": lever, "cost": CURRENCY_PER_UNIT * price, **window}
        return base.replace(policies={**base.policies, **added}) if added else base


EMPTY_PLAN = BudgetPlan((0,) * len(PRICES))


def check_digit(years: Sequence[int]) -> int:
    """Return the digit that shows when one digit is wrong or two neighbours are exchanged.

    Equation: sum of (place + 1) digit, modulo 31.
    """
    return int(np.dot(years, np.arange(1, len(years) + 1))) % CHECK_MODULUS


def year_ranges(mask: int) -> list[tuple[int, int]]:
    """Return first and last year of each stretch without a break, counted from 0."""
    years = [year for year in range(BUDGET_YEARS) if mask >> year & 1]
    found: list[tuple[int, int]] = []
    for year in years:
        if found and found[-1][1] == year - 1:
            found[-1] = (found[-1][0], year)
        else:
            found.append((year, year))
    return found


def parse_plan_code(code: Any) -> BudgetPlan:
    """Return the plan of a code.

    Raises
    ------
    InputError
        For a code that is not whole, has a slip, or spends more than there is.
    """
    text = (
        str(code)[:40].upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    )
    if len(text) != len(PRICES) + 1 or set(text) - set(CODE_DIGITS):
        raise InputError([Fault("code", f"got '{str(code)[:40]}'; needed: {len(PRICES) + 1} letters and digits")])
    *years, last = (CODE_DIGITS.index(one) for one in text)
    plan = BudgetPlan(tuple(years))
    if check_digit(years) != last:
        raise InputError([Fault("code", f"'{text}' has a slip in it; compare it letter by letter")])
    if plan.units_spent > BUDGET_UNITS:
        raise InputError([Fault("code", f"'{text}' spends {plan.units_spent} units; there are {BUDGET_UNITS}")])
    return plan


def events_averted_by_replicate(ensemble: Ensemble) -> NDArray[np.float64]:
    """Return the harmful events averted in ten years, in every world."""
    return ensemble.runs(ensemble.scenario.replicates).values_by_replicate(BUDGET_MEASURE)


def evaluate_plan(plan: BudgetPlan, ensemble: Ensemble, baseline: Ensemble) -> dict[str, Any]:
    """Return what a plan averts beyond doing nothing, as a mean over worlds with its 95 % interval."""
    apart = events_averted_by_replicate(ensemble) - events_averted_by_replicate(baseline)
    middle, half = mean_and_half_width(apart[~np.isnan(apart)])
    last = {
        name: ensemble.runs(ensemble.scenario.replicates).values_by_replicate(name)
        for name in ("current_use", "effect")
    }
    means = {name: round(float(np.nanmean(values)), 4) for name, values in last.items()}
    half = 0.0 if np.isnan(half) else half
    return {"code": plan.code, "spent": plan.units_spent, "averted": round(middle), "half": round(half), **means}


def parse_plan_codes(codes: Any) -> list[BudgetPlan]:
    """Return the plans of some codes.

    Raises
    ------
    InputError
        For anything but a short list of codes.
    """
    if not isinstance(codes, list) or len(codes) > MAX_PLANS:
        raise InputError([Fault("plans", f"needed: a list of at most {MAX_PLANS} codes")])
    return [parse_plan_code(code) for code in codes]


async def evaluate_plans(plans: Sequence[BudgetPlan], ensembles: EnsembleCache) -> AsyncIterator[dict[str, Any]]:
    """Yield how many plans are run, and then what each averts, beside the best that a search found."""
    desk, base = ensembles.desk, default_scenario()
    found = []
    for done, plan in enumerate(plans):
        yield {"doing": "Running the worlds", "done": done, "of": len(plans)}
        scenario = await desk.run(partial(plan.scenario, base))
        both = await ensembles.get_both(base, scenario, base.replicates, Priority(PRIORITY_REST, desk.next_ticket()))
        for one in both:
            await desk.run(one.discard_months)
        found.append(await desk.run(partial(evaluate_plan, plan, both[1], both[0])))
    yield {"plans": found, "best": load_best_plan()}


@lru_cache(maxsize=1)
def load_best_plan() -> dict[str, Any]:
    """Return the best plan that a search found, with how it was found."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("best_plan.json").read_text(encoding="utf-8"))
    return found
