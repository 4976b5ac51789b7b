"""The story of one organisation in one world: what kind of place it is, what it observed, what happened and why."""

from collections.abc import Callable
from threading import Event, Lock
from typing import Any

import numpy as np
from cachetools import LRUCache

from qispread.analysis.run_charts import rates
from qispread.app.setting import ARMS
from qispread.app.worlds import traced
from qispread.comparison import BASE
from qispread.config.faults import place_of_name
from qispread.config.organisations import FACTORS, Context
from qispread.config.scenario import Scenario
from qispread.engines.trace import Trace
from qispread.figures.figure import specification
from qispread.figures.palette import styles_of
from qispread.figures.run_charts import run_figure
from qispread.world.layout import BASELINE, HARM, NEVER, SIZE, STAGES

MOST_EVENTS = 500_000
"""Events that are kept, of all worlds whose stories were told last."""
A_YEAR = 12
ROOM_ABOVE = 1.08

Events = list[dict[str, Any]]
Told = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""

_chronicles: LRUCache[tuple[str, int], Events] = LRUCache(MOST_EVENTS, getsizeof=len)
_reading = Lock()


class StoppedError(Exception):
    """Nobody waits for the answer any more."""


def story_of(scenario: Scenario, arm: str, replicate: int, intervention: str, organisation: Any) -> dict[str, Any]:
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
    found = traced(scenario, replicate)
    frame = found.world.frame
    i = place_of_name(str(organisation)[:200], frame.ids, "organisation")
    seen = rates(found, frame.ids[i], intervention)
    top = max(ROOM_ABOVE * max(seen.table["rate"].to_pylist(), default=0.0), 1.0)
    figure = run_figure(seen, frame.names[i], styles_of(ARMS, BASE)[arm], 1, scenario.horizon, top, alone=True)
    harm = found.world.organisations[BASELINE, i], found.end.organisations[HARM, i]
    return {
        "id": frame.ids[i],
        "name": frame.names[i],
        "partnership": frame.system_names[frame.system[i]],
        "size": round(float(found.world.organisations[SIZE, i])),
        "harm": [round(float(one), 1) for one in harm],
        "context": context_of(found, i),
        "practice": practice_of(found, intervention, i),
        "chart": {"specification": specification(figure), "alt": figure.alt},
        "said": figure.note,
    }


def context_of(found: Trace, i: int) -> list[dict[str, Any]]:
    """Return each factor of an organisation's context: its meaning, its value at the start and at the end, its rank.

    The rank is the share of organisations that had less of it at the start.
    """
    rows = []
    for place, name in enumerate(FACTORS):
        start = found.world.organisations[place]
        rows.append(
            {
                "factor": name,
                "meaning": Context.model_fields[name].description,
                "start": round(float(start[i]), 3),
                "end": round(float(found.end.organisations[place, i]), 3),
                "rank": round(float(np.mean(start < start[i])), 3),
            }
        )
    return rows


def practice_of(found: Trace, intervention: str, i: int) -> dict[str, Any]:
    """Return what an organisation does with an intervention at the end."""
    whole = ("stage", "first", "generation", "lapses", "origin")
    stage, first, generation, lapses, origin = (int(found.values(name, intervention)[-1, i]) for name in whole)
    shares = {name: round(float(found.values(name, intervention)[-1, i]), 3) for name in ("fidelity", "result", "fit")}
    return {
        "stage": STAGES[stage],
        "began": None if first == NEVER else first,
        "copies": generation,
        "lapses": lapses,
        "origin": bool(origin),
        **shares,
    }


def events_of(scenario: Scenario, replicate: int, organisation: Any, stop: Event, tell: Told) -> Events:
    """Return what happened at an organisation and why, from the Mesa engine, month by month.

    Raises
    ------
    InputError
        For an organisation that there is not.
    StoppedError
        Where `stop` was set before the run was over.
    """
    frame = traced(scenario, replicate).world.frame
    name = frame.ids[place_of_name(str(organisation)[:200], frame.ids, "organisation")]
    return [
        {key: value for key, value in event.items() if key != "organisation"}
        for event in chronicle(scenario, replicate, stop, tell)
        if event["organisation"] in {name, ""}
    ]


def chronicle(scenario: Scenario, replicate: int, stop: Event, tell: Told) -> Events:
    """Return all events of one world; those asked for last are kept."""
    mark = scenario.fingerprint(), replicate
    with _reading:
        if mark in _chronicles:
            return _chronicles[mark]
    from qispread.engines.model import SpreadModel

    model = SpreadModel(scenario, replicate=replicate, keep_events=True)
    while model.month < scenario.horizon:
        if stop.is_set():
            raise StoppedError
        if model.month % A_YEAR == 0:
            tell("Living its months again", model.month, scenario.horizon)
        model.step()
    events = model.events or []
    if len(events) <= MOST_EVENTS:
        with _reading:
            _chronicles[mark] = events
    return events
