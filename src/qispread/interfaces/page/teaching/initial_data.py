"""The data with which the page starts."""

from typing import Any

from qispread import __version__
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.page_parameters import list_parameters
from qispread.interfaces.page.teaching.lesson_api import describe_lessons
from qispread.outputs.figures.palette import FIDELITY_COLOURS, STAGE_COLOURS


def initial_page_data(scenario: Scenario) -> dict[str, Any]:
    """Return the initial data of the page: version, colours of the map, parameters and lessons."""
    colours = {"fidelity": FIDELITY_COLOURS, "stage": STAGE_COLOURS}
    parameters = list_parameters(scenario)
    return {"version": __version__, "colours": colours, "parameters": parameters, "lessons": describe_lessons()}
