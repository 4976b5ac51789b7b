"""The history of one organisation in one run: its context, its run chart, its events and their reasons."""

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
"""Events that are cached, over all runs."""
MONTHS_PER_YEAR = 12
AXIS_HEADROOM = 1.08

EventList = list[dict[str, Any]]
ProgressReporter = Callable[[str, int, int], None]
"""Called with the activity, the steps done and their total."""

_event_cache: LRUCache[tuple[str, int], EventList] = LRUCache(MAX_CACHED_EVENTS, getsizeof=len)
_event_lock = Lock()


class RequestCancelledError(Exception):
    """The client no longer waits for the result."""


def build_story(scenario: Scenario, arm: str, replicate: int, intervention: str, organisation: Any) -> dict[str, Any]:
    """Return the history of an organisation without its events, which take longer to compute.

    Returns
    -------
    dict
        ``name``, ``partnership``, ``size``, ``event_rate`` at the start and at the end; ``context`` at the start and
        at the end; ``practice`` at the end; ``chart``, the run chart of its observed event rate, with ``note``, the
        result of the run chart rules.

    Raises
    ------
    InputError
        For an unknown organisation.
    """
    run_trace = cached_trace(scenario, replicate)
    frame = run_trace.world.static_world
    i = index_of(str(organisation)[:200], frame.ids, "organisation")
    series = build_event_rate_series(run_trace, frame.ids[i], intervention)
    top = max(AXIS_HEADROOM * max(series.table["rate"].to_pylist(), default=0.0), 1.0)
    figure = run_chart_figure(
        series, frame.names[i], assign_styles(ARMS, BASELINE_ARM)[arm], 1, scenario.horizon, top, alone=True
    )
    rates = run_trace.world.organisations[BASELINE, i], run_trace.end.organisations[EVENT_RATE, i]
    return {
        "id": frame.ids[i],
        "name": frame.names[i],
        "partnership": frame.partnership_names[frame.partnership[i]],
        "size": round(float(run_trace.world.organisations[SIZE, i])),
        "event_rate": [round(float(rate), 1) for rate in rates],
        "context": describe_context(run_trace, i),
        "practice": describe_practice(run_trace, intervention, i),
        "chart": {"specification": vega_specification(figure), "alt": figure.alt},
        "note": figure.note,
    }


def describe_context(trace: Trace, i: int) -> list[dict[str, Any]]:
    """Return each context factor of an organisation: meaning, value at the start and at the end, and rank.

    The rank is the share of organisations with a lower value at the start.
    """
    rows = []
    for index, name in enumerate(CONTEXT_FACTORS):
        start = trace.world.organisations[index]
        rows.append(
            {
                "factor": name,
                "meaning": ContextFactors.model_fields[name].description,
                "start": round(float(start[i]), 3),
                "end": round(float(trace.end.organisations[index, i]), 3),
                "rank": round(float(np.mean(start < start[i])), 3),
            }
        )
    return rows


def describe_practice(trace: Trace, intervention: str, i: int) -> dict[str, Any]:
    """Return the state of an intervention at an organisation at the end."""
    integers = ("stage", "first_adopted", "generation", "times_discontinued", "origin")
    stage, first, generation, times_discontinued, origin = (
        int(trace.quantity(name, intervention)[-1, i]) for name in integers
    )
    shares = {
        name: round(float(trace.quantity(name, intervention)[-1, i]), 3)
        for name in ("fidelity", "result", "appropriateness")
    }
    return {
        "stage": STAGES[stage],
        "first_adopted": None if first == NEVER else first,
        "generation": generation,
        "times_discontinued": times_discontinued,
        "origin": bool(origin),
        **shares,
    }


def organisation_events(
    scenario: Scenario, replicate: int, organisation: Any, cancelled: Event, report_progress: ProgressReporter
) -> EventList:
    """Return the events of an organisation with their reasons, from the Mesa engine.

    Raises
    ------
    InputError
        For an unknown organisation.
    RequestCancelledError
        If `cancelled` is set before the run ends.
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
    """Return all events of one run, from the cache if possible."""
    key = scenario.fingerprint(), replicate
    with _event_lock:
        if key in _event_cache:
            return _event_cache[key]
    from qispread.model.engines.mesa_model import SpreadModel

    model = SpreadModel(scenario, replicate=replicate, keep_events=True)
    while model.month < scenario.horizon:
        if cancelled.is_set():
            raise RequestCancelledError
        if model.month % MONTHS_PER_YEAR == 0:
            report_progress("Rerunning the months", model.month, scenario.horizon)
        model.step()
    events = model.events or []
    if len(events) <= MAX_CACHED_EVENTS:
        with _event_lock:
            _event_cache[key] = events
    return events
