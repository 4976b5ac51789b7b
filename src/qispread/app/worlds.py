"""One world for the map: where everybody stands, who is tied to whom, and every month of what they do."""

from base64 import b64encode
from threading import Lock
from typing import Any

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from qispread.analysis.places import closest, positions
from qispread.config.faults import Fault, InputError, place_of_name
from qispread.config.scenario import Scenario
from qispread.engines.trace import Trace, trace
from qispread.world.draw import World
from qispread.world.layout import EMBEDDED, IMPLEMENTING, NEVER, SIZE, SOURCES

MOST_BYTES, MOST_LAYOUTS = 256 * 2**20, 128
"""Memory for worlds lived through that are kept, and how many layouts are."""
STEPS = 250
"""Steps of fidelity, so that it fits a byte."""
NOT_IN_USE = 255


def checked_replicate(value: Any, scenario: Scenario) -> int:
    """Return the number of a world.

    Raises
    ------
    InputError
        For anything but a whole number below that of the worlds.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < scenario.replicates:
        needed = f"a whole number from 0 to {scenario.replicates - 1}"
        raise InputError([Fault("replicate", f"got {str(value)[:40]}; needed: {needed}")])
    return value


def checked_intervention(value: Any, scenario: Scenario) -> str:
    """Return the name of an intervention; the first where none is given."""
    names = tuple(scenario.interventions)
    if value is None:
        return names[0]
    return names[place_of_name(str(value), names, "intervention")]


def bytes_of(found: Trace) -> int:
    """Return the memory that a world lived through takes."""
    return int(found.organisations.nbytes + found.practices.nbytes + found.histories.nbytes)


@cached(
    LRUCache(maxsize=MOST_BYTES, getsizeof=bytes_of),
    key=lambda scenario, replicate: (scenario.fingerprint(), replicate),
    lock=Lock(),
)
def traced(scenario: Scenario, replicate: int) -> Trace:
    """Return one world lived through, with the harm that is observed in it."""
    return trace(scenario, replicate, observe=True)


@cached(
    LRUCache(maxsize=MOST_LAYOUTS),
    key=lambda mark, world: (mark, world.seed, world.replicate),
    lock=Lock(),
)
def laid_out(_mark: str, world: World) -> dict[str, Any]:
    """Return where everybody stands, the same in both arms and in every month; worlds of other marks are others."""
    places, frame = positions(world), world.frame
    return {
        "ids": frame.ids,
        "names": frame.names,
        "partnerships": [frame.system_names[system] for system in frame.system],
        "size": np.round(world.organisations[SIZE]).tolist(),
        "x": np.round(places[0], 4).tolist(),
        "y": np.round(places[1], 4).tolist(),
        "closest": round(closest(places), 5),
    }


def world_of(scenario: Scenario, replicate: int, intervention: str) -> dict[str, Any]:
    """Return one world of one arm for the map; it is kept for whoever asks for a story in it."""
    return world_told(traced(scenario, replicate), scenario, intervention)


def world_told(found: Trace, scenario: Scenario, intervention: str) -> dict[str, Any]:
    """Return a world that was lived through, for the map.

    Returns
    -------
    dict
        ``places``; ``ties`` in force, each stretch of months with its own; ``stage`` and ``fidelity`` of every month
        and organisation, a byte each; ``beginnings``: who began when, from whom, how many copies from the origin.
    """
    return {
        "places": laid_out(scenario.world_fingerprint(), found.world),
        "months": scenario.horizon,
        "ties": ties_of(found),
        "stage": packed(found.values("stage", intervention)),
        "fidelity": packed(fidelity_bytes(found, intervention)),
        "origins": np.flatnonzero(found.values("origin", intervention)[0]).tolist(),
        "beginnings": beginnings(found, intervention),
        "sources": {str(code): words for code, words in SOURCES.items() if words},
    }


def packed(values: NDArray[Any]) -> str:
    """Return small whole numbers as bytes in letters, month by month."""
    return b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode()


def fidelity_bytes(found: Trace, intervention: str) -> NDArray[np.int64]:
    """Return the fidelity of those who use it in steps, and a mark for the others."""
    steps = np.round(found.values("fidelity", intervention) * STEPS).astype(np.int64)
    return np.where(in_use(found, intervention), steps, NOT_IN_USE)


def in_use(found: Trace, intervention: str) -> NDArray[np.bool_]:
    """Return who uses it in each month."""
    return np.isin(found.values("stage", intervention), (IMPLEMENTING, EMBEDDED))


def ties_of(found: Trace) -> list[dict[str, Any]]:
    """Return the ties of each stretch of months in which they stay the same."""
    stretches: list[dict[str, Any]] = []
    starts = [0, *(np.flatnonzero(np.diff(found.plan.of_month)) + 1).tolist()]
    for month in starts:
        first, second, _ = found.ties(month)
        pairs = np.array([first, second]).T.ravel().tolist()
        if not stretches or stretches[-1]["pairs"] != pairs:
            stretches.append({"from": month, "pairs": pairs})
    return stretches


def beginnings(found: Trace, intervention: str) -> list[list[int]]:
    """Return every beginning in order of time: month, organisation, from whom, copies from the origin."""
    since = found.values("since", intervention)
    began = (since[1:] != since[:-1]) & (since[1:] != NEVER)
    month, who = np.nonzero(began)
    columns = (found.values(name, intervention)[1:][began] for name in ("copied_from", "generation"))
    rows: list[list[int]] = np.array([month + 1, who, *columns]).T.tolist()
    return rows
