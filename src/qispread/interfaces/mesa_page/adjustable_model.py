"""A `SpreadModel` that can be made anew with other numbers, and what may be changed: from the one declaration."""

from collections.abc import Iterator
from typing import Any

from qispread.inputs.errors import InputError
from qispread.inputs.factors import UNCERTAIN_ROLES, iterate_parameters
from qispread.inputs.field_errors import discriminator
from qispread.inputs.parameter import declaration_of, section_classes
from qispread.inputs.policies import AnyPolicy
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import MECHANISMS
from qispread.interfaces.page.request_limits import check_size
from qispread.interfaces.page.sliders import build_slider
from qispread.model.engines.agents import Organisation
from qispread.model.engines.mesa_model import SpreadModel
from qispread.outputs.figures.map_layout import map_positions

PLACE_SECTIONS = ("organisations", "network")
ADJUSTABLE_ROLES = (*UNCERTAIN_ROLES, "lever")
GROUP_ORDER = (
    "interventions",
    "policies",
    "copying",
    *(name for name in MECHANISMS if name != "copying"),
    *PLACE_SECTIONS,
)
NO_POLICY_LABEL = "nothing more"
"""What is done where no policy is tried."""
SLIDER_DECIMALS = 12
"""Decimals that a slider's number keeps: what a browser adds to it is rounded away."""


class AdjustableModel(SpreadModel):
    """A scenario in one world with some of its numbers changed, as SolaraViz makes and makes again.

    Parameters
    ----------
    base : Scenario
        From which everything else is taken.
    policy : str
        The lever of one more policy, in force from the first month with its declared strength; or `NO_POLICY_LABEL`.
    world : int
        Which world, from 0.
    organisation_class : type
        As for `SpreadModel`.
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

    def __init__(
        self,
        base: Scenario,
        *,
        policy: str = NO_POLICY_LABEL,
        world: int = 0,
        organisation_class: type[Organisation] = Organisation,
        **kwargs: Any,
    ) -> None:
        # Mesa 3.5 hands a scenario of its own kind to every model that takes keywords.
        kwargs.pop("scenario", None)
        scenario, refused = base, ""
        try:
            scenario = apply_adjustments(base, policy, kwargs)
        except InputError as error:
            # SolaraViz would show nothing.
            refused = str(error)
        super().__init__(scenario, replicate=world, organisation_class=organisation_class)
        self.base, self.refused, self.places = base, refused, map_positions(self.world)

    @property
    def scenario(self) -> Any:
        """Nothing: SolaraViz of Mesa 3.5 refuses a scenario that is not Mesa's own, and needs none; see `settings`."""
        return None

    @scenario.setter
    def scenario(self, given: Any) -> None:
        # Mesa 3.5 gives every model a scenario of its own kind, which holds nothing but the seed of its generators.
        pass

    def step(self) -> None:
        """Live one month; after the last, nothing: SolaraViz takes several steps at once and does not look."""
        if self.month < self.settings.horizon:
            super().step()


def apply_adjustments(base: Scenario, lever: str, numbers: dict[str, float]) -> Scenario:
    """Return a scenario with other numbers and one more policy, under a name that is free.

    Raises
    ------
    InputError
        For numbers that cannot stand together.
    """
    known = dict(iterate_values(base))
    rounded = {path: round(value, SLIDER_DECIMALS) for path, value in numbers.items()}
    changes = {path: value for path, value in rounded.items() if value != known.get(path)}
    scenario = base.replace(changes) if changes else base
    if lever == NO_POLICY_LABEL:
        return scenario
    name = lever
    while name in scenario.policies:
        name += " too"
    return scenario.with_policy(lever, name)


def iterate_values(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """Yield path and value of every number of a scenario."""
    for path, value, _ in iterate_parameters(scenario):
        yield path, value


def describe_changes(model: AdjustableModel) -> str:
    """Return in words what a model has that its base has not."""
    before = dict(iterate_values(model.base))
    words = [name for name in model.settings.policies if name not in model.base.policies]
    words += [
        f"{slider_label(path)} {value:g} in place of {before[path]:g}"
        for path, value in iterate_values(model.settings)
        if path in before and value != before[path]
    ]
    return "; ".join(words) or "nothing"


def policy_levers() -> list[str]:
    """Return the levers of the policies that can be tried."""
    return [discriminator(section) or "" for section in section_classes(AnyPolicy) if discriminator(section)]


def build_model_parameters(scenario: Scenario) -> dict[str, Any]:
    """Return what SolaraViz asks for: the world, one more policy, and a slider for each number with a plausible range.

    Raises
    ------
    InputError
        For a scenario that is too large to be shown.
    """
    from mesa.visualization import Slider

    check_size(scenario.replace(replicates=1))
    worlds = Slider("Which world", value=0, min=0, max=max(1, scenario.replicates - 1), step=1, dtype=int)
    policy = {
        "type": "Select",
        "label": "What is done",
        "value": NO_POLICY_LABEL,
        "values": [NO_POLICY_LABEL, *policy_levers()],
    }
    found: dict[str, Any] = {"base": scenario, "world": worlds, "policy": policy}
    for path, value, field in sorted(iterate_parameters(scenario), key=lambda one: group_order(one[0])):
        extra = declaration_of(field) or {}
        ends = build_slider(field, value) if extra["plausible"] and extra["role"] in ADJUSTABLE_ROLES else None
        if ends is not None:
            kind = int if isinstance(value, int) else float
            low, high, step = (kind(ends[name]) for name in ("low", "high", "step"))
            found[path] = Slider(slider_label(path), value=value, min=low, max=high, step=step, dtype=kind)
    return found


def group_order(path: str) -> int:
    """Return where the sliders of a part of the scenario stand: what spreads first, what places there are last."""
    part = path.split(".", maxsplit=1)[0]
    return GROUP_ORDER.index(part) if part in GROUP_ORDER else len(GROUP_ORDER)


def slider_label(path: str) -> str:
    """Return what a slider is called, from the path of its number."""
    return ": ".join(part.replace("_", " ") for part in path.rsplit(".", maxsplit=2)[-2:])
