"""One run in detail: maps of the network, and run charts of a few organisations."""

from dataclasses import dataclass, replace

import numpy as np

from qispread.analysis.run_charts import EventRateSeries, build_event_rate_series, select_organisations
from qispread.common.formatting import capitalise_first
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
"""Organisations above which maps are left out: points could not be distinguished."""
CROWDED_MAP = 600
"""Organisations above which maps show two months instead of four."""
AXIS_HEADROOM = 1.08
MAPS_HEADING = "Maps of one run"
RUN_CHARTS_HEADING = "Run charts of selected organisations"
EXAMPLE_HEADING = "One run in detail"
MAPS_NOTE = (
    "Organisations have the same positions in every map: the members of a partnership are together, near the "
    "partnerships that they have ties with."
)
BEST_OPTION_NOTE = "Of several options, the baseline and the one that ranks first are shown."
RUN_CHARTS_LEAD = (
    "What boards would observe in the same run: their own adverse events per 10,000, drawn at random around the "
    "expected rate, with the median. A longer run of points on one side of the median, or fewer crossings of the "
    "median, than chance would give is a signal (rules of Anhøj and Olesen 2014). The organisations were selected by a "
    "rule that does not look at the charts."
)
NO_COMPLETE_RUN = "Maps and run charts are left out: no run was completed."


@dataclass(frozen=True, eq=False)
class ExampleTraces:
    """One run, repeated in the baseline and in the best arm.

    Attributes
    ----------
    replicate : int
    intervention : str
        The intervention that is shown: the first.
    arms : dict of str to Trace
    """

    replicate: int
    intervention: str
    arms: dict[str, Trace]

    @property
    def primary_trace(self) -> Trace:
        """Trace of the best arm; of a folder of one run, its trace."""
        return list(self.arms.values())[-1]


def load_example_traces(view: ReportData) -> ExampleTraces | None:
    """Return the traces of the run that is shown; None where another version made the results or no run is complete."""
    results = view.results
    names = list(dict.fromkeys([results.base_arm.name, view.best_arm]))
    scenarios = {name: results.arms[name].scenario for name in names}
    if results.version_differences or any(scenario is None for scenario in scenarios.values()):
        return None
    replicate = select_example_replicate(view)
    if replicate is None:
        return None
    months = view.months_shown
    traces = {
        name: trace(scenario, replicate, months, observe=True)
        for name, scenario in scenarios.items()
        if scenario is not None
    }
    return ExampleTraces(replicate, next(iter(next(iter(traces.values())).scenario.interventions)), traces)


def select_example_replicate(view: ReportData) -> int | None:
    """Return the replicate nearest the median in the headline measure, or in its difference; of equals the first."""
    results, measure = view.results, view.results.measure
    values = results.base_arm.replicate_values([measure])[measure][:, -1]
    if view.best_arm != results.base_arm.name:
        values = results.arms[view.best_arm].replicate_values([measure])[measure][:, -1] - values
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return None
    distances = np.abs(values[known] - np.median(values[known]))
    return int(results.base_arm.replicates[known[np.argmin(distances)]])


def describe_selection_rule(view: ReportData, traces: ExampleTraces) -> str:
    """Return the rule by which the run was selected."""
    measure = MEASURES[view.results.measure].phrase
    quantity = f"the difference that {view.best_arm} makes to {measure}" if view.results.comparison else measure
    return (
        f"Run {traces.replicate} of {view.results.replicate_count} (numbered from 0): the run in which {quantity} is "
        "nearest the median over runs (ties: the lowest number)."
    )


def maps_section(view: ReportData, traces: ExampleTraces) -> ReportSection:
    """Return the section of maps, or why there are none."""
    count = traces.primary_trace.world.static_world.organisation_count
    if count > MAX_MAPPED:
        reason = f"Maps are left out: a map of {count:,} organisations could not be read. Run charts are of one run. "
        return ReportSection("maps", MAPS_HEADING, [Paragraph(reason + describe_selection_rule(view, traces))])
    positions = map_positions(traces.primary_trace.world)
    months = view.months_shown if count <= CROWDED_MAP else view.months_shown[-2:]
    grids = [
        FigureGrid([arm_map(view, traces, name, positions, month) for month in months], "maps") for name in traces.arms
    ]
    blocks: list[ReportBlock] = [
        Paragraph(describe_selection_rule(view, traces)),
        FigureGrid([map_legend_figure()]),
        *grids,
    ]
    several = len(traces.primary_trace.scenario.interventions) > 1
    notes = [MAPS_NOTE]
    if len(view.results.other_arms) > 1:
        notes.append(BEST_OPTION_NOTE)
    if several:
        notes.append(f"The intervention shown is {traces.intervention}, the first.")
    return ReportSection("maps", MAPS_HEADING, [*blocks, Paragraph(" ".join(notes), "note")])


def arm_map(view: ReportData, traces: ExampleTraces, arm: str, positions: np.ndarray, month: int) -> Figure:
    """Return the map of one arm in one month."""
    arm_trace = traces.arms[arm]
    index = arm_trace.months.index(month)
    stage = arm_trace.quantity("stage", traces.intervention)[index]
    uses = np.isin(stage, (IMPLEMENTING, EMBEDDED))
    fidelity = arm_trace.quantity("fidelity", traces.intervention)[index]
    origin = arm_trace.quantity("origin", traces.intervention)[index] == 1
    first, second, _ = arm_trace.ties_in_month(month)
    if len(first) > MAX_DRAWN_TIES:
        first, second = first[:0], second[:0]
    table = build_map_table(positions, arm_trace.world.static_world.ids, fidelity, uses, origin)
    ties = tie_path(positions, first, second)
    label = view.styles[arm].label if arm in view.styles else arm
    return map_figure(table, ties, arm, label, list(traces.arms).index(arm), month)


def run_charts_section(view: ReportData, traces: ExampleTraces) -> ReportSection:
    """Return the section of run charts."""
    blocks: list[ReportBlock] = [Paragraph(RUN_CHARTS_LEAD)]
    selected = select_organisations(traces.primary_trace, traces.intervention)
    names = dict(
        zip(traces.primary_trace.world.static_world.ids, traces.primary_trace.world.static_world.names, strict=True)
    )
    examples = [
        OrganisationExample(
            index,
            names[organisation],
            reason,
            {arm: build_event_rate_series(run, organisation, traces.intervention) for arm, run in traces.arms.items()},
        )
        for index, (organisation, reason) in enumerate(selected.items(), start=1)
    ]
    if len(traces.arms) > 1:
        for example in examples:
            blocks += [
                Paragraph(f"{example.name}: {example.reason}", "heading"),
                FigureGrid(run_chart_figures(view, example), "pairs"),
            ]
    else:
        blocks.append(FigureGrid([figure for example in examples for figure in run_chart_figures(view, example)]))
    return ReportSection("run-charts", RUN_CHARTS_HEADING, blocks)


@dataclass(frozen=True)
class OrganisationExample:
    """An organisation with the adverse event rates that it would observe.

    Attributes
    ----------
    index : int
        Position among those shown, from 1.
    name, reason : str
        Of the organisation, and why it was selected.
    arms : dict of str to EventRateSeries
    """

    index: int
    name: str
    reason: str
    arms: dict[str, EventRateSeries]


def run_chart_figures(view: ReportData, example: OrganisationExample) -> list[Figure]:
    """Return the run charts of one organisation on the same axes, one for each arm."""
    maxima = [max(rates.table["rate"].to_pylist(), default=0.0) for rates in example.arms.values()]
    top, alone = max(AXIS_HEADROOM * max(maxima), 1.0), len(example.arms) == 1
    figures = [
        run_chart_figure(rates, example.name, view.styles[arm], example.index, view.results.horizon, top, alone=alone)
        for arm, rates in example.arms.items()
    ]
    if not alone:
        return figures
    return [replace(figure, note=f"{capitalise_first(example.reason)}. {figure.note}") for figure in figures]


def example_sections(view: ReportData) -> list[ReportSection]:
    """Return the sections that need one run repeated; a section with the reason where it cannot be."""
    traces = load_example_traces(view)
    if traces is None:
        return [ReportSection("maps", EXAMPLE_HEADING, [Paragraph(describe_missing_trace(view))])]
    return [maps_section(view, traces), run_charts_section(view, traces)]


def describe_missing_trace(view: ReportData) -> str:
    """Return why there are no maps and run charts."""
    if view.results.version_differences:
        return (
            "Maps and run charts are left out: they need one run to be repeated, and this version of the program "
            f"differs from the one that made the results ({'; '.join(view.results.version_differences)})."
        )
    return NO_COMPLETE_RUN
