"""The Solara components of Mesa's page: SolaraViz with network, curves and the meanings of the sliders."""

import os
from html import escape
from typing import Any

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter
from pydantic.fields import FieldInfo

from qispread.inputs.factors import iterate_parameters
from qispread.inputs.parameter_descriptions import describe_field
from qispread.inputs.scenario import Scenario
from qispread.interfaces.mesa_page.adjustable_model import (
    AdjustableModel,
    build_model_parameters,
    describe_changes,
    slider_label,
)
from qispread.interfaces.mesa_page.model_drawing import (
    COLOUR_MODES,
    colour_key,
    curves_figure,
    describe_month,
    network_svg,
    render_svg,
)
from qispread.interfaces.mesa_page.solara_server import SOLARA_APP, served_scenario
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.model.engines.agents import Organisation

PLAY_INTERVAL = 50
"""Initial delay between months in milliseconds."""
USAGE_NOTE = "Changes take effect when you press Reset. Page 1 explains the sliders."


def disable_solara_telemetry() -> None:
    """Disable Solara's telemetry for this page."""
    from solara.server import settings

    settings.telemetry.mixpanel_enable = False
    settings.main.mode = "production"


if os.environ.get("SOLARA_APP", "").startswith(SOLARA_APP):
    disable_solara_telemetry()


@solara.component
def NetworkView(model: AdjustableModel) -> None:
    """Show the organisations on the map, coloured by fidelity or stage."""
    update_counter.get()
    colouring = solara.use_reactive(COLOUR_MODES[0])
    interventions = list(model.settings.interventions)
    intervention = solara.use_reactive(interventions[0])
    with solara.Card():
        with solara.Row():
            solara.Select("Colour", value=colouring, values=list(COLOUR_MODES))
            if len(interventions) > 1:
                solara.Select("Intervention", value=intervention, values=interventions)
        solara.HTML(tag="div", unsafe_innerHTML=network_svg(model, intervention.value, colouring.value))
        solara.HTML(tag="div", unsafe_innerHTML=colour_key(colouring.value))


@solara.component
def CurvesView(model: AdjustableModel) -> None:
    """Show current use, fidelity and effect of each intervention up to the current month."""
    update_counter.get()
    with solara.Card():
        for intervention in model.settings.interventions:
            solara.HTML(tag="div", unsafe_innerHTML=render_svg(curves_figure(model, intervention)))
            solara.Div(children=[describe_month(model, intervention)])
        if model.error:
            solara.Error(f"{model.error}. The unchanged scenario is shown.")
        solara.Div(children=[f"Changed: {describe_changes(model)}. {USAGE_NOTE}"], style={"margin-top": "1em"})


@solara.component
def MeaningView(model: AdjustableModel) -> None:
    """Show the meaning, source and evidence of every slider."""
    with solara.Card("What the sliders mean"):
        solara.HTML(tag="div", unsafe_innerHTML=render_meaning_table(model.base))


def render_meaning_table(scenario: Scenario) -> str:
    """Return an HTML table of the declarations of all sliders, in their order."""
    fields = {path: (value, field) for path, value, field in iterate_parameters(scenario)}
    rows = "".join(
        f'<tr><th scope="row">{escape(slider_label(path))}</th>'
        f"<td>{escape(describe_number(path, *fields[path]))}</td></tr>"
        for path in build_model_parameters(scenario)
        if path in fields
    )
    return f'<table style="text-align: left">{rows}</table>'


def describe_number(path: str, value: float, field: FieldInfo) -> str:
    """Return the description of one parameter."""
    description = describe_field(path, field)
    if description is None:
        raise TypeError(f"{path} is not a parameter")
    unit = "" if description.unit == "-" else f", {description.unit}"
    source = "" if description.source in ("-", "assumption") else f" ({description.source})"
    plausible, allowed = description.plausible_range, description.allowed_range
    ranges = f"{value:g} in the scenario{unit}; plausible {plausible}, allowed {allowed}"
    return f"{description.meaning} {ranges}; {description.evidence}{source}."


@solara.component
def SpreadPage(scenario: Scenario | None = None, organisation_class: type[Organisation] = Organisation) -> None:
    """Show a scenario in SolaraViz, with a separate model for each visitor.

    Parameters
    ----------
    scenario : Scenario, optional
        Default: PROMPT in England.
    organisation_class : type
        A subclass of `Organisation` with custom behaviour.
    """
    start, fixed = scenario or default_scenario(), {"organisation_class": organisation_class}
    parameters: dict[str, Any] = solara.use_memo(lambda: build_model_parameters(start) | fixed, [])
    model = solara.use_memo(lambda: AdjustableModel(start, organisation_class=organisation_class), [])
    SolaraViz(
        model,
        components=[(NetworkView, 0), (CurvesView, 0), (MeaningView, 1)],
        model_params=parameters,
        name=f"qispread: {start.name}",
        play_interval=PLAY_INTERVAL,
    )


@solara.component
def Page() -> None:
    """Show the scenario passed to `serve`, or PROMPT."""
    SpreadPage(served_scenario())


routes = [solara.Route("/", component=Page, label="qispread")]
