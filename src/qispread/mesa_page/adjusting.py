"""A `SpreadModel` that can be made anew with other numbers, and what may be changed: from the one declaration."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from qispread.analysis.places import positions
from qispread.config.cross import organisation_ids
from qispread.config.factors import UNCERTAIN, numbers_of, plausible_factors
from qispread.config.faults import Fault, InputError
from qispread.config.interventions import Intervention
from qispread.config.parameter import sections_within
from qispread.config.policies import AnyPolicy
from qispread.config.scenario import MECHANISMS, Scenario
from qispread.config.validate import tag_of
from qispread.engines.model import SpreadModel

PLACES = ("organisations", "network")
ADJUSTABLE = (*UNCERTAIN, "lever")
ORDER = ("interventions", "policies", "copying", *(name for name in MECHANISMS if name != "copying"), *PLACES)
NOTHING = "nothing more"
"""What is done where no policy is tried."""
MOST_ORGANISATIONS = 2_500
NOTCHES = 20
"""Steps of a slider, at least."""
DIGITS = 12
"""Decimals that a slider's number keeps: what a browser adds to it is rounded away."""


class AdjustableModel(SpreadModel):
    """A scenario in one world with some of its numbers changed, as SolaraViz makes and makes again.

    Parameters
    ----------
    base : Scenario
        From which everything else is taken.
    policy : str
        The lever of one more policy, in force from the first month with its declared strength; or `NOTHING`.
    world : int
        Which world, from 0.
    **kwargs : float
        Numbers by path, such as ``{"copying.copy_loss": 0.3}``. The name is the one that SolaraViz looks for.

    Attributes
    ----------
    base : Scenario
        As given.
    refused : str
        What is wrong with the changes, if anything is: then the base itself is shown.
    places : array of (2, n)
        Where each organisation stands on the map.
    """

    def __init__(self, base: Scenario, *, policy: str = NOTHING, world: int = 0, **kwargs: Any) -> None:
        # Mesa 3.5 hands a scenario of its own kind to every model that takes keywords.
        kwargs.pop("scenario", None)
        scenario, refused = base, ""
        try:
            scenario = adjusted(base, policy, kwargs)
        except InputError as error:
            # SolaraViz would show nothing.
            refused = str(error)
        super().__init__(scenario, replicate=world)
        self.base, self.refused, self.places = base, refused, positions(self.world)

    def step(self) -> None:
        """Live one month; after the last, nothing: SolaraViz takes several steps at once and does not look."""
        if self.month < self.settings.horizon:
            super().step()


def adjusted(base: Scenario, lever: str, numbers: dict[str, float]) -> Scenario:
    """Return a scenario with other numbers and one more policy, under a name that is free.

    Raises
    ------
    InputError
        For numbers that cannot stand together.
    """
    known = dict(values_of(base))
    rounded = {path: round(value, DIGITS) for path, value in numbers.items()}
    changes = {path: value for path, value in rounded.items() if value != known.get(path)}
    scenario = base.replace(changes) if changes else base
    if lever == NOTHING:
        return scenario
    name = lever
    while name in scenario.policies:
        name += " too"
    return scenario.with_policy(lever, name)


def values_of(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """Yield path and value of every number of a scenario."""
    for path, value, _ in numbers_of(scenario):
        yield path, value


def changes_of(model: AdjustableModel) -> str:
    """Return in words what a model has that its base has not."""
    before = dict(values_of(model.base))
    words = [name for name in model.settings.policies if name not in model.base.policies]
    words += [
        f"{label_of(path)} {value:g} in place of {before[path]:g}"
        for path, value in values_of(model.settings)
        if path in before and value != before[path]
    ]
    return "; ".join(words) or "nothing"


def levers() -> list[str]:
    """Return the levers of the policies that can be tried."""
    return [tag_of(section) or "" for section in sections_within(AnyPolicy) if tag_of(section)]


def default_scenario() -> Scenario:
    """Return PROMPT in the 152 English maternity units: the defaults, under the name that configs/prompt.yaml has."""
    return Scenario(name="prompt", interventions={"prompt": Intervention()})


def model_parameters(scenario: Scenario) -> dict[str, Any]:
    """Return what SolaraViz asks for: the world, one more policy, and a slider for each number with a plausible range.

    A number that the scenario has put outside its plausible range is left as it is: that is a choice.

    Raises
    ------
    InputError
        For more organisations than can be told apart on a map.
    """
    from mesa.visualization import Slider

    number = len(organisation_ids(scenario))
    if number > MOST_ORGANISATIONS:
        problem = f"got {number:,}; Mesa's page shows at most {MOST_ORGANISATIONS:,}: use `qispread run` or `compare`"
        raise InputError([Fault("organisations.number", problem)])
    worlds = Slider("Which world", value=0, min=0, max=max(1, scenario.replicates - 1), step=1, dtype=int)
    policy = {"type": "Select", "label": "What is done", "value": NOTHING, "values": [NOTHING, *levers()]}
    found: dict[str, Any] = {"base": scenario, "world": worlds, "policy": policy}
    values = dict(values_of(scenario))
    for factor in sorted(plausible_factors(scenario, ADJUSTABLE), key=lambda one: place_of_group(one.path)):
        value = values[factor.path]
        found[factor.path] = Slider(
            label_of(factor.path),
            value=value,
            min=factor.low,
            max=factor.high,
            step=1 if factor.integer else step_of(factor.low, factor.high, value),
            dtype=int if factor.integer else float,
        )
    return found


def place_of_group(path: str) -> int:
    """Return where the sliders of a part of the scenario stand: what spreads first, what places there are last."""
    return ORDER.index(path.split(".", maxsplit=1)[0])


def label_of(path: str) -> str:
    """Return what a slider is called, from the path of its number."""
    return ": ".join(part.replace("_", " ") for part in path.rsplit(".", maxsplit=2)[-2:])


def step_of(low: float, high: float, value: float) -> float:
    """Return a decimal step of at most a twentieth of a range that reaches both its ends and the value exactly."""
    numbers = [Decimal(repr(float(one))) for one in (low, high, value)]
    places = max(-int(number.normalize().as_tuple().exponent) for number in numbers)
    step = Decimal(1).scaleb(-max(0, places))
    while step * NOTCHES > numbers[1] - numbers[0]:
        step /= 10
    return float(step)
