"""The story of one organisation in one world: what kind of place it is, what it observed, what happened and why."""

from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import numpy as np
from cachetools import LRUCache

from qispread.analysis.run_charts import build_event_rate_series
from qispread.inputs.errors import index_of
from qispread.inputs.organisations import CONTEXT_FACTORS, ContextFactors
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.map_data import cached_trace
from qispread.interfaces.page.page_state import ARMS
from qispread.model.engines.trace import Trace
from qispread.model.world.state_arrays import BASELINE, EVENT_RATE, NEVER, SIZE, STAGES
from qispread.outputs.figures.figure import vega_specification
from qispread.outputs.figures.palette import assign_styles
from qispread.outputs.figures.run_chart_figures import run_chart_figure
from qispread.runs.comparison import BASELINE_ARM

MAX_CACHED_EVENTS = 500_000
"""Events that are kept, of all worlds whose stories were told last."""
MONTHS_PER_YEAR = 12
AXIS_HEADROOM = 1.08

EventList = list[dict[str, Any]]
ProgressReporter = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""

_event_cache: LRUCache[tuple[str, int], EventList] = LRUCache(MAX_CACHED_EVENTS, getsizeof=len)
_event_lock = Lock()


class RequestCancelledError(Exception):
    """Nobody waits for the answer any more."""


def build_story(scenario: Scenario, arm: str, replicate: int, intervention: str, organisation: Any) -> dict[str, Any]:
    """Return the story of an organisation without its events, which take longer.

    Returns
    -------
    dict
        ``name``, ``partnership``, ``size``, ``harm`` before anything and at the end; ``context`` at the start and at
        the end; ``practice`` at the end; ``chart``, the run chart of the harm it observes, with ``said``, what the
        rules say of it.

    Raises
    ------
    InputError
        For an organisation that there is not.
    """
    found = cached_trace(scenario, replicate)
    frame = found.world.static_world
    i = index_of(str(organisation)[:200], frame.ids, "organisation")
    seen = build_event_rate_series(found, frame.ids[i], intervention)
    top = max(AXIS_HEADROOM * max(seen.table["rate"].to_pylist(), default=0.0), 1.0)
    figure = run_chart_figure(
        seen, frame.names[i], assign_styles(ARMS, BASELINE_ARM)[arm], 1, scenario.horizon, top, alone=True
    )
    rates = found.world.organisations[BASELINE, i], found.end.organisations[EVENT_RATE, i]
    return {
        "id": frame.ids[i],
        "name": frame.names[i],
        "partnership": frame.partnership_names[frame.partnership[i]],
        "size": round(float(found.world.organisations[SIZE, i])),
        "event_rate": [round(float(rate), 1) for rate in rates],
        "context": describe_context(found, i),
        "practice": describe_practice(found, intervention, i),
        "chart": {"specification": vega_specification(figure), "alt": figure.alt},
        "said": figure.note,
    }


def describe_context(trace: Trace, i: int) -> list[dict[str, Any]]:
    """Return each factor of an organisation's context: its meaning, its value at the start and at the end, its rank.

    The rank is the share of organisations that had less of it at the start.
    """
    rows = []
    for place, name in enumerate(CONTEXT_FACTORS):
        start = trace.world.organisations[place]
        rows.append(
            {
                "factor": name,
                "meaning": ContextFactors.model_fields[name].description,
                "start": round(float(start[i]), 3),
                "end": round(float(trace.end.organisations[place, i]), 3),
                "rank": round(float(np.mean(start < start[i])), 3),
            }
        )
    return rows


def describe_practice(trace: Trace, intervention: str, i: int) -> dict[str, Any]:
    """Return what an organisation does with an intervention at the end."""
    whole = ("stage", "first_adopted", "generation", "times_discontinued", "origin")
    stage, first, generation, times_discontinued, origin = (
        int(trace.quantity(name, intervention)[-1, i]) for name in whole
    )
    shares = {
        name: round(float(trace.quantity(name, intervention)[-1, i]), 3)
        for name in ("fidelity", "result", "appropriateness")
    }
    return {
        "stage": STAGES[stage],
        "began": None if first == NEVER else first,
        "copies": generation,
        "times_discontinued": times_discontinued,
        "origin": bool(origin),
        **shares,
    }


def organisation_events(
    scenario: Scenario, replicate: int, organisation: Any, cancelled: Event, report_progress: ProgressReporter
) -> EventList:
    """Return what happened at an organisation and why, from the Mesa engine, month by month.

    Raises
    ------
    InputError
        For an organisation that there is not.
    RequestCancelledError
        Where `cancelled` was set before the run was over.
    """
    frame = cached_trace(scenario, replicate).world.static_world
    name = frame.ids[index_of(str(organisation)[:200], frame.ids, "organisation")]
    return [
        {key: value for key, value in event.items() if key != "organisation"}
        for event in replicate_events(scenario, replicate, cancelled, report_progress)
        if event["organisation"] in {name, ""}
    ]


def replicate_events(
    scenario: Scenario, replicate: int, cancelled: Event, report_progress: ProgressReporter
) -> EventList:
    """Return all events of one world; those asked for last are kept."""
    mark = scenario.fingerprint(), replicate
    with _event_lock:
        if mark in _event_cache:
            return _event_cache[mark]
    from qispread.model.engines.mesa_model import SpreadModel

    model = SpreadModel(scenario, replicate=replicate, keep_events=True)
    while model.month < scenario.horizon:
        if cancelled.is_set():
            raise RequestCancelledError
        if model.month % MONTHS_PER_YEAR == 0:
            report_progress("Living its months again", model.month, scenario.horizon)
        model.step()
    events = model.events or []
    if len(events) <= MAX_CACHED_EVENTS:
        with _event_lock:
            _event_cache[mark] = events
    return events
