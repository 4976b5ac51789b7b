"""The decision budget: a hundred units to spend on policies over five years, and what a plan averts in ten."""

import json
from collections.abc import AsyncIterator, Sequence
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.app.desk import REST, Urgency
from qispread.app.ensemble import Ensemble, Ensembles
from qispread.app.starting import default_scenario
from qispread.comparison.statistics import mean_and_half_width
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario

UNITS, YEARS, A_YEAR = 100, 5, 12
CURRENCY_A_UNIT = 100.0
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
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits of a code, without those that are mistaken for one another when they are read out."""
CHECKING = 31
MOST_PLANS = 40
MEASURE = "harm_averted"


class Plan(NamedTuple):
    """The years in which each policy is in force: a whole number for each, whose bits are years, the first lowest."""

    years: tuple[int, ...]

    @property
    def spent(self) -> int:
        """Units that it costs."""
        return sum(price * mask.bit_count() for price, mask in zip(PRICES.values(), self.years, strict=True))

    @property
    def code(self) -> str:
        """What a team reads out: a digit for each policy, and one that shows a slip."""
        return "".join(LETTERS[mask] for mask in self.years) + LETTERS[check_digit(self.years)]

    def scenario(self, base: Scenario) -> Scenario:
        """Return PROMPT in England with the policies of the plan."""
        added = {}
        for (lever, price), mask in zip(PRICES.items(), self.years, strict=True):
            for first, last in stretches(mask):
                window = {"start": A_YEAR * first + 1, "end": A_YEAR * (last + 1)}
                added[f"{lever}-year-{first + 1}"] = {"lever": lever, "cost": CURRENCY_A_UNIT * price, **window}
        return base.replace(policies={**base.policies, **added}) if added else base


NOTHING = Plan((0,) * len(PRICES))


def check_digit(years: Sequence[int]) -> int:
    """Return the digit that shows when one digit is wrong or two neighbours are exchanged.

    Equation: sum of (place + 1) digit, modulo 31.
    """
    return int(np.dot(years, np.arange(1, len(years) + 1))) % CHECKING


def stretches(mask: int) -> list[tuple[int, int]]:
    """Return first and last year of each stretch without a break, counted from 0."""
    years = [year for year in range(YEARS) if mask >> year & 1]
    found: list[tuple[int, int]] = []
    for year in years:
        if found and found[-1][1] == year - 1:
            found[-1] = (found[-1][0], year)
        else:
            found.append((year, year))
    return found


def plan_of(code: Any) -> Plan:
    """Return the plan of a code.

    Raises
    ------
    InputError
        For a code that is not whole, has a slip, or spends more than there is.
    """
    text = (
        str(code)[:40].upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    )
    if len(text) != len(PRICES) + 1 or set(text) - set(LETTERS):
        raise InputError([Fault("code", f"got '{str(code)[:40]}'; needed: {len(PRICES) + 1} letters and digits")])
    *years, last = (LETTERS.index(one) for one in text)
    plan = Plan(tuple(years))
    if check_digit(years) != last:
        raise InputError([Fault("code", f"'{text}' has a slip in it; compare it letter by letter")])
    if plan.spent > UNITS:
        raise InputError([Fault("code", f"'{text}' spends {plan.spent} units; there are {UNITS}")])
    return plan


def averted(ensemble: Ensemble) -> NDArray[np.float64]:
    """Return the harmful events averted in ten years, in every world."""
    return ensemble.runs(ensemble.scenario.replicates).by_world(MEASURE)


def outcome(plan: Plan, ensemble: Ensemble, nothing: Ensemble) -> dict[str, Any]:
    """Return what a plan averts beyond doing nothing, as a mean over worlds with its 95 % interval."""
    apart = averted(ensemble) - averted(nothing)
    middle, half = mean_and_half_width(apart[~np.isnan(apart)])
    last = {name: ensemble.runs(ensemble.scenario.replicates).by_world(name) for name in ("adoption", "effect")}
    means = {name: round(float(np.nanmean(values)), 4) for name, values in last.items()}
    half = 0.0 if np.isnan(half) else half
    return {"code": plan.code, "spent": plan.spent, "averted": round(middle), "half": round(half), **means}


def plans_of(codes: Any) -> list[Plan]:
    """Return the plans of some codes.

    Raises
    ------
    InputError
        For anything but a short list of codes.
    """
    if not isinstance(codes, list) or len(codes) > MOST_PLANS:
        raise InputError([Fault("plans", f"needed: a list of at most {MOST_PLANS} codes")])
    return [plan_of(code) for code in codes]


async def outcomes(plans: Sequence[Plan], ensembles: Ensembles) -> AsyncIterator[dict[str, Any]]:
    """Yield how many plans are run, and then what each averts, beside the best that a search found."""
    desk, base = ensembles.desk, default_scenario()
    found = []
    for done, plan in enumerate(plans):
        yield {"doing": "Running the worlds", "done": done, "of": len(plans)}
        scenario = await desk.work(partial(plan.scenario, base))
        both = await ensembles.both(base, scenario, base.replicates, Urgency(REST, desk.ticket()))
        for one in both:
            await desk.work(one.settle)
        found.append(await desk.work(partial(outcome, plan, both[1], both[0])))
    yield {"plans": found, "best": best_found()}


@lru_cache(maxsize=1)
def best_found() -> dict[str, Any]:
    """Return the best plan that a search found, with how it was found."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("best_plan.json").read_text(encoding="utf-8"))
    return found
