"""The page itself: SolaraViz with the network, the curves, and what its sliders mean."""

import os
from html import escape
from typing import Any

import solara
from mesa.visualization import SolaraViz
from mesa.visualization.utils import update_counter
from pydantic.fields import FieldInfo

from qispread.app.starting import default_scenario
from qispread.config.describe import described
from qispread.config.factors import numbers_of
from qispread.config.scenario import Scenario
from qispread.engines.agents import Organisation
from qispread.mesa_page.adjusting import AdjustableModel, changes_of, label_of, model_parameters
from qispread.mesa_page.drawing import COLOURINGS, curves_figure, key, network_svg, picture, told
from qispread.mesa_page.serving import HOME, given_scenario

PLAY_INTERVAL = 50
"""Milliseconds that the page waits between months at first."""
HOW = "Sliders and what is done act when you press Reset; what they mean stands on Page 1."


def ask_nobody() -> None:
    """Stop Solara from telling others that it is used, where it serves this page."""
    from solara.server import settings

    settings.telemetry.mixpanel_enable = False
    settings.main.mode = "production"


if os.environ.get("SOLARA_APP", "").startswith(HOME):
    ask_nobody()


@solara.component
def NetworkView(model: AdjustableModel) -> None:
    """Show the organisations on the map, in the colour of what is chosen."""
    update_counter.get()
    colouring = solara.use_reactive(COLOURINGS[0])
    interventions = list(model.settings.interventions)
    intervention = solara.use_reactive(interventions[0])
    with solara.Card():
        with solara.Row():
            solara.Select("Colour", value=colouring, values=list(COLOURINGS))
            if len(interventions) > 1:
                solara.Select("Intervention", value=intervention, values=interventions)
        solara.HTML(tag="div", unsafe_innerHTML=network_svg(model, intervention.value, colouring.value))
        solara.HTML(tag="div", unsafe_innerHTML=key(colouring.value))


@solara.component
def CurvesView(model: AdjustableModel) -> None:
    """Show adoption, fidelity and effect of each intervention up to now."""
    update_counter.get()
    with solara.Card():
        for intervention in model.settings.interventions:
            solara.HTML(tag="div", unsafe_innerHTML=picture(curves_figure(model, intervention)))
            solara.Div(children=[told(model, intervention)])
        if model.refused:
            solara.Error(f"{model.refused}. The base is shown.")
        solara.Div(children=[f"Changed: {changes_of(model)}. {HOW}"], style={"margin-top": "1em"})


@solara.component
def MeaningView(model: AdjustableModel) -> None:
    """Show what every slider means, where its default comes from, and how well it is known."""
    with solara.Card("What the sliders mean"):
        solara.HTML(tag="div", unsafe_innerHTML=meaning_table(model.base))


def meaning_table(scenario: Scenario) -> str:
    """Return the declaration of every number that has a slider, as a table in HTML, in the order of the sliders."""
    fields = {path: (value, field) for path, value, field in numbers_of(scenario)}
    rows = "".join(
        f'<tr><th scope="row">{escape(label_of(path))}</th><td>{escape(meaning(path, *fields[path]))}</td></tr>'
        for path in model_parameters(scenario)
        if path in fields
    )
    return f'<table style="text-align: left">{rows}</table>'


def meaning(path: str, value: float, field: FieldInfo) -> str:
    """Return what is told of one number."""
    one = described(path, field)
    if one is None:
        raise TypeError(f"{path} is no parameter")
    unit = "" if one.unit == "-" else f", {one.unit}"
    source = "" if one.source in ("-", "assumption") else f" ({one.source})"
    ranges = f"{value:g} in the scenario{unit}; plausible {one.plausible}, allowed {one.allowed}"
    return f"{one.meaning} {ranges}; {one.known}{source}."


@solara.component
def SpreadPage(scenario: Scenario | None = None, organisation_class: type[Organisation] = Organisation) -> None:
    """Show a scenario in SolaraViz; every visitor has a model of their own.

    Parameters
    ----------
    scenario : Scenario, optional
        PROMPT in England unless given.
    organisation_class : type
        A subclass of `Organisation` with behaviour of one's own.
    """
    start, own = scenario or default_scenario(), {"organisation_class": organisation_class}
    parameters: dict[str, Any] = solara.use_memo(lambda: model_parameters(start) | own, [])
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
    """Show the scenario that `serve` was given, or PROMPT."""
    SpreadPage(given_scenario())


routes = [solara.Route("/", component=Page, label="qispread")]
