"""A `SpreadModel` with adjustable parameters for SolaraViz, and the controls for them."""

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

POPULATION_SECTIONS = ("organisations", "network")
ADJUSTABLE_ROLES = (*UNCERTAIN_ROLES, "lever")
GROUP_ORDER = (
    "interventions",
    "policies",
    "copying",
    *(name for name in MECHANISMS if name != "copying"),
    *POPULATION_SECTIONS,
)
NO_POLICY_LABEL = "no new policy"
"""Option of the policy control that adds none."""
SLIDER_DECIMALS = 12
"""Decimals to which slider values are rounded, against floating-point noise from the browser."""


class AdjustableModel(SpreadModel):
    """One replicate of a scenario with changed parameters, as SolaraViz creates it on each reset.

    Parameters
    ----------
    base : Scenario
        Scenario that the changes apply to.
    policy : str
        Lever of an added policy, in force from the first month with its declared strength; or `NO_POLICY_LABEL`.
    world : int
        Replicate, from 0.
    organisation_class : type
        As for `SpreadModel`.
    **kwargs : float
        Parameters by path, such as ``{"copying.copy_loss": 0.3}``. SolaraViz requires the name ``kwargs``.

    Attributes
    ----------
    base : Scenario
        Scenario without the changes.
    error : str
        Faults of the changes, if any: then the unchanged scenario is shown.
    positions : array of (2, n)
        Position of each organisation on the map.
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
        # Mesa 3.5 passes its own kind of scenario to every model that accepts keywords.
        kwargs.pop("scenario", None)
        scenario, error_text = base, ""
        try:
            scenario = apply_adjustments(base, policy, kwargs)
        except InputError as error:
            # SolaraViz would show nothing at all.
            error_text = str(error)
        super().__init__(scenario, replicate=world, organisation_class=organisation_class)
        self.base, self.error, self.positions = base, error_text, map_positions(self.world)

    @property
    def scenario(self) -> Any:
        """Always None: SolaraViz of Mesa 3.5 accepts only Mesa's own scenarios and needs none; see `settings`."""
        return None

    @scenario.setter
    def scenario(self, value: Any) -> None:
        # Mesa 3.5 sets a scenario of its own kind, which contains only the seed of its generators.
        pass

    def step(self) -> None:
        """Simulate one month; do nothing after the last, since SolaraViz may take several steps at once."""
        if self.month < self.settings.horizon:
            super().step()


def apply_adjustments(base: Scenario, lever: str, numbers: dict[str, float]) -> Scenario:
    """Return a scenario with changed parameters and an added policy under an unused name.

    Raises
    ------
    InputError
        For parameters that are not valid together.
    """
    current = dict(iterate_values(base))
    rounded = {path: round(value, SLIDER_DECIMALS) for path, value in numbers.items()}
    changes = {path: value for path, value in rounded.items() if value != current.get(path)}
    scenario = base.replace(changes) if changes else base
    if lever == NO_POLICY_LABEL:
        return scenario
    name = lever
    while name in scenario.policies:
        name += " (added)"
    return scenario.with_policy(lever, name)


def iterate_values(scenario: Scenario) -> Iterator[tuple[str, float]]:
    """Yield path and value of every parameter of a scenario."""
    for path, value, _ in iterate_parameters(scenario):
        yield path, value


def describe_changes(model: AdjustableModel) -> str:
    """Return the changes of a model as text."""
    previous = dict(iterate_values(model.base))
    changes = [name for name in model.settings.policies if name not in model.base.policies]
    changes += [
        f"{slider_label(path)} {value:g} instead of {previous[path]:g}"
        for path, value in iterate_values(model.settings)
        if path in previous and value != previous[path]
    ]
    return "; ".join(changes) or "nothing"


def policy_levers() -> list[str]:
    """Return the levers of the available policies."""
    return [discriminator(section) or "" for section in section_classes(AnyPolicy) if discriminator(section)]


def build_model_parameters(scenario: Scenario) -> dict[str, Any]:
    """Return the controls for SolaraViz: replicate, added policy, and a slider for each uncertain parameter.

    Raises
    ------
    InputError
        For a scenario that is too large for the page.
    """
    from mesa.visualization import Slider

    check_size(scenario.replace(replicates=1))
    replicate = Slider("Run", value=0, min=0, max=max(1, scenario.replicates - 1), step=1, dtype=int)
    policy = {
        "type": "Select",
        "label": "Added policy",
        "value": NO_POLICY_LABEL,
        "values": [NO_POLICY_LABEL, *policy_levers()],
    }
    controls: dict[str, Any] = {"base": scenario, "world": replicate, "policy": policy}
    for path, value, field in sorted(iterate_parameters(scenario), key=lambda parameter: group_order(parameter[0])):
        extra = declaration_of(field) or {}
        ends = build_slider(field, value) if extra["plausible"] and extra["role"] in ADJUSTABLE_ROLES else None
        if ends is not None:
            kind = int if isinstance(value, int) else float
            low, high, step = (kind(ends[name]) for name in ("low", "high", "step"))
            controls[path] = Slider(slider_label(path), value=value, min=low, max=high, step=step, dtype=kind)
    return controls


def group_order(path: str) -> int:
    """Return the sort key of a path's section: interventions first, organisations and network last."""
    part = path.split(".", maxsplit=1)[0]
    return GROUP_ORDER.index(part) if part in GROUP_ORDER else len(GROUP_ORDER)


def slider_label(path: str) -> str:
    """Return the label of a slider from the path of its parameter."""
    return ": ".join(part.replace("_", " ") for part in path.rsplit(".", maxsplit=2)[-2:])
