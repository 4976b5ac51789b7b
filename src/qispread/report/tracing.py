"""One world looked at closely: maps of the network, and what a few organisations would see."""

from dataclasses import dataclass, replace

import numpy as np

from qispread.analysis.places import positions
from qispread.analysis.run_charts import Rates, chosen_organisations, rates
from qispread.engines.trace import Trace, trace
from qispread.figures.figure import Figure
from qispread.figures.maps import MOST_TIES, legend_figure, map_figure, places_table, tie_path
from qispread.figures.run_charts import run_figure
from qispread.measures import MEASURES
from qispread.report.blocks import Block, Grid, Section, Words
from qispread.report.view import View
from qispread.world.layout import EMBEDDED, IMPLEMENTING

MOST_MAPPED = 2500
"""Organisations above which maps are left out: points could no longer be told apart."""
CROWDED = 600
"""Organisations above which maps show two months in place of four."""
ROOM_ABOVE = 1.08


@dataclass(frozen=True, eq=False)
class Traces:
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
    def last(self) -> Trace:
        """Of the best arm, or of the run."""
        return list(self.arms.values())[-1]


def traces_of(view: View) -> Traces | None:
    """Return the traces of the world that is shown; None where another program made the results."""
    results = view.results
    names = list(dict.fromkeys([results.first.name, view.best]))
    scenarios = {name: results.arms[name].scenario for name in names}
    if results.differs or any(scenario is None for scenario in scenarios.values()):
        return None
    replicate = world_shown(view)
    if replicate is None:
        return None
    months = view.months_shown
    found = {
        name: trace(scenario, replicate, months, observe=True)
        for name, scenario in scenarios.items()
        if scenario is not None
    }
    return Traces(replicate, next(iter(next(iter(found.values())).scenario.interventions)), found)


def world_shown(view: View) -> int | None:
    """Return the world nearest the median in the headline measure, or in its difference; of equals the first."""
    results, measure = view.results, view.results.measure
    values = results.first.by_world([measure])[measure][:, -1]
    if view.best != results.first.name:
        values = results.arms[view.best].by_world([measure])[measure][:, -1] - values
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return None
    away = np.abs(values[known] - np.median(values[known]))
    return int(results.first.replicates[known[np.argmin(away)]])


def rule_words(view: View, traces: Traces) -> str:
    """Return by which rule the world was chosen."""
    measure = MEASURES[view.results.measure].phrase
    what = f"the difference {view.best} makes in {measure}" if view.results.comparison else measure
    return (
        f"World {traces.replicate} of {view.results.worlds}, counted from 0: the one in which {what} is nearest the "
        "median over worlds (of equals the first)."
    )


def maps_section(view: View, traces: Traces) -> Section:
    """Return the section of maps, or why there are none."""
    number, heading = traces.last.world.frame.number, "One world, on the map"
    if number > MOST_MAPPED:
        why = f"A map of {number:,} organisations could not be read, and is left out. "
        return Section("maps", heading, [Words(f"{why}{rule_words(view, traces)}")])
    places = positions(traces.last.world)
    months = view.months_shown if number <= CROWDED else view.months_shown[-2:]
    grids = [Grid([one_map(view, traces, name, places, month) for month in months], "maps") for name in traces.arms]
    blocks: list[Block] = [Words(rule_words(view, traces)), Grid([legend_figure()]), *grids]
    several = len(traces.last.scenario.interventions) > 1
    only = f" The intervention shown is {traces.intervention}, the first." if several else ""
    note = (
        "Organisations stand in the same places in every map: partnerships as clusters, near those they have ties "
        "with. Of several arms the best is shown."
        f"{only}"
    )
    return Section("maps", heading, [*blocks, Words(note, "note")])


def one_map(view: View, traces: Traces, arm: str, places: np.ndarray, month: int) -> Figure:
    """Return the map of one arm in one month."""
    told = traces.arms[arm]
    at = told.months.index(month)
    stage = told.values("stage", traces.intervention)[at]
    uses = np.isin(stage, (IMPLEMENTING, EMBEDDED))
    fidelity = told.values("fidelity", traces.intervention)[at]
    origin = told.values("origin", traces.intervention)[at] == 1
    first, second, _ = told.ties(month)
    keep = len(first) <= MOST_TIES
    table = places_table(places, told.world.frame.ids, fidelity, uses, origin)
    ties = tie_path(places, first if keep else first[:0], second if keep else second[:0])
    place = list(traces.arms).index(arm)
    return map_figure(table, ties, arm, view.styles[arm].label if arm in view.styles else arm, place, month)


def charts_section(view: View, traces: Traces) -> Section:
    """Return the section of run charts."""
    blocks: list[Block] = [
        Words(
            "What boards would see of their own harm in the same world: harmful events observed, drawn around what is "
            "expected, around the median. A long run on one side of the median, or few crossings of it, is more than "
            "chance would bring (the rules of Anhøj and Olesen 2014). The organisations were picked by a rule that "
            "does not look at the charts."
        )
    ]
    chosen = chosen_organisations(traces.last, traces.intervention)
    names = dict(zip(traces.last.world.frame.ids, traces.last.world.frame.names, strict=True))
    seen = [
        Seen(
            place + 1, names[one], why, {arm: rates(run, one, traces.intervention) for arm, run in traces.arms.items()}
        )
        for place, (one, why) in enumerate(chosen.items())
    ]
    if len(traces.arms) > 1:
        for one in seen:
            blocks += [Words(f"{one.name}: {one.why}", "heading"), Grid(run_figures(view, one), "pairs")]
    else:
        blocks.append(Grid([figure for one in seen for figure in run_figures(view, one)]))
    return Section("run-charts", "What a few organisations would see", blocks)


@dataclass(frozen=True)
class Seen:
    """What one organisation would see.

    Attributes
    ----------
    place : int
        Among those shown, from 1.
    name, why : str
        Of the organisation, and why it was chosen.
    arms : dict of str to Rates
    """

    place: int
    name: str
    why: str
    arms: dict[str, Rates]


def run_figures(view: View, seen: Seen) -> list[Figure]:
    """Return the run charts of one organisation on the same axes: base beside arm, or the run under its name."""
    tops = [max(one.table["rate"].to_pylist(), default=0.0) for one in seen.arms.values()]
    top, alone = max(ROOM_ABOVE * max(tops), 1.0), len(seen.arms) == 1
    figures = [
        run_figure(one, seen.name, view.styles[arm], seen.place, view.results.horizon, top, alone=alone)
        for arm, one in seen.arms.items()
    ]
    why = f"{seen.why[0].upper()}{seen.why[1:]}. "
    return [replace(figure, note=f"{why}{figure.note}") for figure in figures] if alone else figures


def traced_sections(view: View) -> list[Section]:
    """Return the sections that need one world run again; a section with the reason where it cannot be."""
    traces = traces_of(view)
    if traces is None:
        return [Section("maps", "One world, looked at closely", [Words(why_not(view))])]
    return [maps_section(view, traces), charts_section(view, traces)]


def why_not(view: View) -> str:
    """Return why there are no maps and run charts."""
    if view.results.differs:
        return (
            "Maps and run charts are left out: they are drawn from a world that is run again, and the program that "
            f"runs now differs from the one that made these results ({'; '.join(view.results.differs)})."
        )
    return "Maps and run charts are left out: no world was run to its end."
