"""One world looked at closely: maps of the network, and what a few organisations would see."""

from dataclasses import dataclass, replace

import numpy as np

from qispread.analysis.run_charts import EventRateSeries, build_event_rate_series, select_organisations
from qispread.model.engines.trace import Trace, trace
from qispread.model.measures import MEASURES
from qispread.model.world.state_arrays import EMBEDDED, IMPLEMENTING
from qispread.outputs.figures.figure import Figure
from qispread.outputs.figures.map_figures import (
    MAX_DRAWN_TIES,
    build_map_table,
    map_figure,
    map_legend_figure,
    tie_path,
)
from qispread.outputs.figures.map_layout import map_positions
from qispread.outputs.figures.run_chart_figures import run_chart_figure
from qispread.outputs.report.blocks import FigureGrid, Paragraph, ReportBlock, ReportSection
from qispread.outputs.report.report_data import ReportData

MAX_MAPPED = 2500
"""Organisations above which maps are left out: points could no longer be told apart."""
CROWDED_MAP = 600
"""Organisations above which maps show two months in place of four."""
AXIS_HEADROOM = 1.08


@dataclass(frozen=True, eq=False)
class ExampleTraces:
    """One world, run again in the base and in the best arm.

    Attributes
    ----------
    replicate : int
    intervention : str
        The one that is shown: the first.
    arms : dict of str to Trace
    """

    replicate: int
    intervention: str
    arms: dict[str, Trace]

    @property
    def primary_trace(self) -> Trace:
        """Of the best arm, or of the run."""
        return list(self.arms.values())[-1]


def load_example_traces(view: ReportData) -> ExampleTraces | None:
    """Return the traces of the world that is shown; None where another program made the results."""
    results = view.results
    names = list(dict.fromkeys([results.base_arm.name, view.best_arm]))
    scenarios = {name: results.arms[name].scenario for name in names}
    if results.version_differences or any(scenario is None for scenario in scenarios.values()):
        return None
    replicate = select_example_replicate(view)
    if replicate is None:
        return None
    months = view.months_shown
    found = {
        name: trace(scenario, replicate, months, observe=True)
        for name, scenario in scenarios.items()
        if scenario is not None
    }
    return ExampleTraces(replicate, next(iter(next(iter(found.values())).scenario.interventions)), found)


def select_example_replicate(view: ReportData) -> int | None:
    """Return the world nearest the median in the headline measure, or in its difference; of equals the first."""
    results, measure = view.results, view.results.measure
    values = results.base_arm.replicate_values([measure])[measure][:, -1]
    if view.best_arm != results.base_arm.name:
        values = results.arms[view.best_arm].replicate_values([measure])[measure][:, -1] - values
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return None
    away = np.abs(values[known] - np.median(values[known]))
    return int(results.base_arm.replicates[known[np.argmin(away)]])


def describe_selection_rule(view: ReportData, traces: ExampleTraces) -> str:
    """Return by which rule the world was chosen."""
    measure = MEASURES[view.results.measure].phrase
    what = f"the difference {view.best_arm} makes in {measure}" if view.results.comparison else measure
    return (
        f"World {traces.replicate} of {view.results.replicate_count}, counted from 0: the one in which "
        f"{what} is nearest the "
        "median over worlds (of equals the first)."
    )


def maps_section(view: ReportData, traces: ExampleTraces) -> ReportSection:
    """Return the section of maps, or why there are none."""
    number, heading = traces.primary_trace.world.static_world.organisation_count, "One world, on the map"
    if number > MAX_MAPPED:
        why = f"A map of {number:,} organisations could not be read, and is left out. "
        return ReportSection("maps", heading, [Paragraph(f"{why}{describe_selection_rule(view, traces)}")])
    places = map_positions(traces.primary_trace.world)
    months = view.months_shown if number <= CROWDED_MAP else view.months_shown[-2:]
    grids = [
        FigureGrid([arm_map(view, traces, name, places, month) for month in months], "maps") for name in traces.arms
    ]
    blocks: list[ReportBlock] = [
        Paragraph(describe_selection_rule(view, traces)),
        FigureGrid([map_legend_figure()]),
        *grids,
    ]
    several = len(traces.primary_trace.scenario.interventions) > 1
    only = f" The intervention shown is {traces.intervention}, the first." if several else ""
    note = (
        "Organisations stand in the same places in every map: partnerships as clusters, near those they have ties "
        "with. Of several arms the best is shown."
        f"{only}"
    )
    return ReportSection("maps", heading, [*blocks, Paragraph(note, "note")])


def arm_map(view: ReportData, traces: ExampleTraces, arm: str, positions: np.ndarray, month: int) -> Figure:
    """Return the map of one arm in one month."""
    told = traces.arms[arm]
    at = told.months.index(month)
    stage = told.quantity("stage", traces.intervention)[at]
    uses = np.isin(stage, (IMPLEMENTING, EMBEDDED))
    fidelity = told.quantity("fidelity", traces.intervention)[at]
    origin = told.quantity("origin", traces.intervention)[at] == 1
    first, second, _ = told.ties_in_month(month)
    keep = len(first) <= MAX_DRAWN_TIES
    table = build_map_table(positions, told.world.static_world.ids, fidelity, uses, origin)
    ties = tie_path(positions, first if keep else first[:0], second if keep else second[:0])
    place = list(traces.arms).index(arm)
    return map_figure(table, ties, arm, view.styles[arm].label if arm in view.styles else arm, place, month)


def run_charts_section(view: ReportData, traces: ExampleTraces) -> ReportSection:
    """Return the section of run charts."""
    blocks: list[ReportBlock] = [
        Paragraph(
            "What boards would see of their own harm in the same world: harmful events observed, drawn around what is "
            "expected, around the median. A long run on one side of the median, or few crossings of it, is more than "
            "chance would bring (the rules of Anhøj and Olesen 2014). The organisations were picked by a rule that "
            "does not look at the charts."
        )
    ]
    chosen = select_organisations(traces.primary_trace, traces.intervention)
    names = dict(
        zip(traces.primary_trace.world.static_world.ids, traces.primary_trace.world.static_world.names, strict=True)
    )
    seen = [
        OrganisationExample(
            place + 1,
            names[one],
            why,
            {arm: build_event_rate_series(run, one, traces.intervention) for arm, run in traces.arms.items()},
        )
        for place, (one, why) in enumerate(chosen.items())
    ]
    if len(traces.arms) > 1:
        for one in seen:
            blocks += [
                Paragraph(f"{one.name}: {one.reason}", "heading"),
                FigureGrid(run_chart_figures(view, one), "pairs"),
            ]
    else:
        blocks.append(FigureGrid([figure for one in seen for figure in run_chart_figures(view, one)]))
    return ReportSection("run-charts", "What a few organisations would see", blocks)


@dataclass(frozen=True)
class OrganisationExample:
    """What one organisation would see.

    Attributes
    ----------
    index : int
        Among those shown, from 1.
    name, reason : str
        Of the organisation, and why it was chosen.
    arms : dict of str to EventRateSeries
    """

    index: int
    name: str
    reason: str
    arms: dict[str, EventRateSeries]


def run_chart_figures(view: ReportData, example: OrganisationExample) -> list[Figure]:
    """Return the run charts of one organisation on the same axes: base beside arm, or the run under its name."""
    tops = [max(one.table["rate"].to_pylist(), default=0.0) for one in example.arms.values()]
    top, alone = max(AXIS_HEADROOM * max(tops), 1.0), len(example.arms) == 1
    figures = [
        run_chart_figure(one, example.name, view.styles[arm], example.index, view.results.horizon, top, alone=alone)
        for arm, one in example.arms.items()
    ]
    why = f"{example.reason[0].upper()}{example.reason[1:]}. "
    return [replace(figure, note=f"{why}{figure.note}") for figure in figures] if alone else figures


def example_sections(view: ReportData) -> list[ReportSection]:
    """Return the sections that need one world run again; a section with the reason where it cannot be."""
    traces = load_example_traces(view)
    if traces is None:
        return [ReportSection("maps", "One world, looked at closely", [Paragraph(describe_missing_trace(view))])]
    return [maps_section(view, traces), run_charts_section(view, traces)]


def describe_missing_trace(view: ReportData) -> str:
    """Return why there are no maps and run charts."""
    if view.results.version_differences:
        return (
            "Maps and run charts are left out: they are drawn from a world that is run again, and the program that "
            f"runs now differs from the one that made these results ({'; '.join(view.results.version_differences)})."
        )
    return "Maps and run charts are left out: no world was run to its end."
