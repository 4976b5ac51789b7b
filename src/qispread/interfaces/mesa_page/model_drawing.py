"""Drawings for Mesa's page: the network as SVG written directly, for speed, and curves as in reports."""

from collections.abc import Iterator
from functools import cache
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.model.measures import MEASURES, Measure, measure_names, scenario_measures
from qispread.model.world.state_arrays import COPY_SOURCES, STAGES
from qispread.outputs.figures.curve_figures import CurveSpec, curve_chart
from qispread.outputs.figures.figure import HEIGHT, Figure, figure_file_name, vega_specification
from qispread.outputs.figures.map_figures import MAX_DRAWN_TIES, TIE_COLOUR, map_legend_figure
from qispread.outputs.figures.map_layout import min_distance
from qispread.outputs.figures.palette import FIDELITY_COLOURS, INK, SOFT_INK, STAGE_COLOURS, assign_styles
from qispread.outputs.figures.render import to_inline_svg
from qispread.outputs.figures.vega_renderer import minify_svg
from qispread.outputs.text.labels import CURVE_MEASURES, select_own

if TYPE_CHECKING:
    from qispread.interfaces.mesa_page.adjustable_model import AdjustableModel
    from qispread.model.engines.agents import Organisation
    from qispread.model.engines.mesa_model import SpreadModel
    from qispread.model.engines.practice import Practice

MAP_PIXELS, MAX_POINT_RADIUS = 500, 7.0
"""Side of the map and largest radius of a point, in pixels."""
ORIGIN_RING_RATIO = 1.9
"""Radius of the ring around the pilot site, relative to its point."""
FOLLOWED_MEASURES = {name: MEASURES[name].label for name in CURVE_MEASURES}
"""Shipped measures shown over time, with their labels."""
COLOUR_MODES = ("fidelity", "stage")


def network_svg(model: "AdjustableModel", intervention: str, colouring: str) -> str:
    """Return the map of the current month: ties, organisations coloured by fidelity or stage, pilot sites ringed."""
    nearest = min_distance(model.positions)
    radius = MAX_POINT_RADIUS if np.isnan(nearest) else min(MAX_POINT_RADIUS, 0.45 * MAP_PIXELS * nearest)
    points = "".join(
        point_svg(organisation, model, intervention, colouring, radius) for organisation in model.organisations
    )
    return (
        f'<svg role="img" aria-label="{escape(describe_month(model, intervention))}" '
        f'viewBox="0 0 {MAP_PIXELS} {MAP_PIXELS}" '
        f'style="max-width: {MAP_PIXELS}px; width: 100%; background: white">'
        f'<path d="{"".join(tie_lines(model))}" stroke="{TIE_COLOUR}" stroke-width="0.7" fill="none"/>{points}</svg>'
    )


def screen_position(model: "AdjustableModel", index: int) -> tuple[float, float]:
    """Return the position of an organisation in pixels from the top left."""
    x, y = model.positions[:, index]
    return float(x) * MAP_PIXELS, (1.0 - float(y)) * MAP_PIXELS


def tie_lines(model: "AdjustableModel") -> Iterator[str]:
    """Yield a line for each tie in force; none if there are too many to be legible."""
    pairs = [(organisation.index, tie.peer.index) for organisation in model.organisations for tie in organisation.ties]
    if len(pairs) <= 2 * MAX_DRAWN_TIES:
        for pair in pairs:
            if pair[0] < pair[1]:
                (x, y), (to_x, to_y) = (screen_position(model, index) for index in pair)
                yield f"M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}"


def point_svg(
    organisation: "Organisation", model: "AdjustableModel", intervention: str, colouring: str, radius: float
) -> str:
    """Return one organisation as a circle with a tooltip."""
    practice, (x, y) = organisation.practices[intervention], screen_position(model, organisation.index)
    circle = f'<circle cx="{x:.1f}" cy="{y:.1f}"'
    ring = (
        f'{circle} r="{ORIGIN_RING_RATIO * radius:.1f}" fill="none" stroke="{INK}" stroke-width="1.6"/>'
        if practice.origin
        else ""
    )
    return (
        f'{ring}{circle} r="{radius:.1f}" fill="{point_colour(practice, colouring)}" '
        f'stroke="{SOFT_INK}" stroke-width="0.7">'
        f"<title>{escape(organisation_tooltip(organisation, practice, model.world.static_world.ids))}</title></circle>"
    )


def point_colour(practice: "Practice", colouring: str) -> str:
    """Return the colour of a point by stage, or by fidelity with white for organisations that do not use it."""
    if colouring == "stage":
        return STAGE_COLOURS[STAGES[practice.stage]]
    return FIDELITY_COLOURS[round(practice.fidelity * (len(FIDELITY_COLOURS) - 1))] if practice.in_use else "white"


def organisation_tooltip(organisation: "Organisation", practice: "Practice", ids: tuple[str, ...]) -> str:
    """Return the tooltip of an organisation."""
    text = f"{organisation.name or organisation.id}: {STAGES[practice.stage]}"
    if not practice.in_use:
        return text
    source = practice.copied_from
    source_name = ids[source] if source >= 0 else COPY_SOURCES[source]
    return f"{text}, fidelity {practice.fidelity:.0%}, effect {practice.result:.0%}, copied from {source_name}"


@cache
def colour_key(colouring: str) -> str:
    """Return the legend of the map's colours as HTML."""
    if colouring == "fidelity":
        return render_svg(map_legend_figure())
    entries = (
        f'<span style="margin-right: 1em; white-space: nowrap"><svg width="14" height="14"><circle cx="7" cy="7" r="6" '
        f'fill="{colour}" stroke="{SOFT_INK}"/></svg> {stage}</span>'
        for stage, colour in STAGE_COLOURS.items()
    )
    return f"<p>{''.join(entries)}</p>"


def followed_measures(model: "SpreadModel") -> list[Measure]:
    """Return the measures shown over time: shares, those of the user's own last."""
    measures = {measure.name: measure for measure in scenario_measures(model.settings)}
    own = [name for name in select_own(measures) if measures[name].is_percent]
    return [measures[name] for name in (*FOLLOWED_MEASURES, *own)]


def build_curves_table(model: "SpreadModel", intervention: str) -> pd.DataFrame:
    """Return the table of measures by month up to now, in the form of `curve_chart`."""
    row = list(model.settings.interventions).index(intervention)
    values: NDArray[np.float64] = np.array(model.measures)
    tables = []
    for measure in followed_measures(model):
        column = measure_names(model.settings).index(measure.name)
        curve = values[:, -1 if measure.overall else row, column].round(6)
        columns = {"arm": measure.label, "month": np.arange(len(curve)), "median": curve, "p5": curve, "p95": curve}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def curves_figure(model: "SpreadModel", intervention: str) -> Figure:
    """Return the figure of the curves up to the current month."""
    table, horizon = build_curves_table(model, intervention), model.settings.horizon
    title = f"{intervention}, month {model.month}"
    curve = CurveSpec("share", title, "Share", "percent")
    chart = curve_chart(
        table, curve, assign_styles([measure.label for measure in followed_measures(model)]), horizon, HEIGHT
    )
    return Figure(figure_file_name("curves", intervention), title, describe_month(model, intervention), table, chart)


def describe_month(model: "SpreadModel", intervention: str) -> str:
    """Return the sentence on current use, fidelity and effect in the current month."""
    shares = {name: model.measure(name, intervention) for name in FOLLOWED_MEASURES}
    text = f"{shares['current_use']:.0%} of the other organisations use it"
    if shares["current_use"] > 0.0:
        text += f", with {shares['fidelity']:.0%} fidelity and {shares['effect']:.0%} of the full effect"
    return f"Month {model.month} of {model.settings.horizon}: {text}."


def render_svg(figure: Figure) -> str:
    """Render a figure as SVG on the server; in the browser Solara would load Vega from the internet."""
    import vl_convert

    return to_inline_svg(minify_svg(str(vl_convert.vegalite_to_svg(vega_specification(figure))), figure.name), figure)
