"""One world for the map: where everybody stands, who is tied to whom, and every month of what they do."""

from base64 import b64encode
from threading import Lock
from typing import Any

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from qispread.inputs.errors import Fault, InputError, index_of
from qispread.inputs.scenario import Scenario
from qispread.model.engines.trace import Trace, trace
from qispread.model.world.draw_world import World
from qispread.model.world.state_arrays import COPY_SOURCES, EMBEDDED, IMPLEMENTING, NEVER, SIZE
from qispread.outputs.figures.map_layout import map_positions, min_distance

MAX_TRACE_BYTES, MAX_LAYOUTS = 256 * 2**20, 128
"""Memory for worlds lived through that are kept, and how many layouts are."""
FIDELITY_STEPS = 250
"""Steps of fidelity, so that it fits a byte."""
NOT_IN_USE = 255


def validate_replicate(value: Any, scenario: Scenario) -> int:
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


def validate_intervention(value: Any, scenario: Scenario) -> str:
    """Return the name of an intervention; the first where none is given."""
    names = tuple(scenario.interventions)
    if value is None:
        return names[0]
    return names[index_of(str(value), names, "intervention")]


def trace_bytes(trace: Trace) -> int:
    """Return the memory that a world lived through takes."""
    return int(trace.organisations.nbytes + trace.practices.nbytes + trace.histories.nbytes)


@cached(
    LRUCache(maxsize=MAX_TRACE_BYTES, getsizeof=trace_bytes),
    key=lambda scenario, replicate: (scenario.fingerprint(), replicate),
    lock=Lock(),
)
def cached_trace(scenario: Scenario, replicate: int) -> Trace:
    """Return one world lived through, with the harm that is observed in it."""
    return trace(scenario, replicate, observe=True)


@cached(
    LRUCache(maxsize=MAX_LAYOUTS),
    key=lambda mark, world: (mark, world.seed, world.replicate),
    lock=Lock(),
)
def cached_layout(_mark: str, world: World) -> dict[str, Any]:
    """Return where everybody stands, the same in both arms and in every month; worlds of other marks are others."""
    places, frame = map_positions(world), world.static_world
    return {
        "ids": frame.ids,
        "names": frame.names,
        "partnerships": [frame.partnership_names[system] for system in frame.partnership],
        "size": np.round(world.organisations[SIZE]).tolist(),
        "x": np.round(places[0], 4).tolist(),
        "y": np.round(places[1], 4).tolist(),
        "closest": round(min_distance(places), 5),
    }


def build_map_data(scenario: Scenario, replicate: int, intervention: str) -> dict[str, Any]:
    """Return one world of one arm for the map; it is kept for whoever asks for a story in it."""
    return map_message(cached_trace(scenario, replicate), scenario, intervention)


def map_message(trace: Trace, scenario: Scenario, intervention: str) -> dict[str, Any]:
    """Return a world that was lived through, for the map.

    Returns
    -------
    dict
        ``places``; ``ties`` in force, each stretch of months with its own; ``stage`` and ``fidelity`` of every month
        and organisation, a byte each; ``beginnings``: who began when, from whom, how many copies from the origin.
    """
    return {
        "places": cached_layout(scenario.world_fingerprint(), trace.world),
        "months": scenario.horizon,
        "ties": ties_by_period(trace),
        "stage": encode_bytes(trace.quantity("stage", intervention)),
        "fidelity": encode_bytes(encode_fidelity(trace, intervention)),
        "origins": np.flatnonzero(trace.quantity("origin", intervention)[0]).tolist(),
        "beginnings": adoption_events(trace, intervention),
        "sources": {str(code): words for code, words in COPY_SOURCES.items() if words},
    }


def encode_bytes(values: NDArray[Any]) -> str:
    """Return small whole numbers as bytes in letters, month by month."""
    return b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode()


def encode_fidelity(trace: Trace, intervention: str) -> NDArray[np.int64]:
    """Return the fidelity of those who use it in steps, and a mark for the others."""
    steps = np.round(trace.quantity("fidelity", intervention) * FIDELITY_STEPS).astype(np.int64)
    return np.where(users_by_month(trace, intervention), steps, NOT_IN_USE)


def users_by_month(trace: Trace, intervention: str) -> NDArray[np.bool_]:
    """Return who uses it in each month."""
    return np.isin(trace.quantity("stage", intervention), (IMPLEMENTING, EMBEDDED))


def ties_by_period(trace: Trace) -> list[dict[str, Any]]:
    """Return the ties of each stretch of months in which they stay the same."""
    stretches: list[dict[str, Any]] = []
    starts = [0, *(np.flatnonzero(np.diff(trace.plan.epoch_of_month)) + 1).tolist()]
    for month in starts:
        first, second, _ = trace.ties_in_month(month)
        pairs = np.array([first, second]).T.ravel().tolist()
        if not stretches or stretches[-1]["pairs"] != pairs:
            stretches.append({"from": month, "pairs": pairs})
    return stretches


def adoption_events(trace: Trace, intervention: str) -> list[list[int]]:
    """Return every beginning in order of time: month, organisation, from whom, copies from the origin."""
    since = trace.quantity("last_adopted", intervention)
    began = (since[1:] != since[:-1]) & (since[1:] != NEVER)
    month, who = np.nonzero(began)
    columns = (trace.quantity(name, intervention)[1:][began] for name in ("copied_from", "generation"))
    rows: list[list[int]] = np.array([month + 1, who, *columns]).T.tolist()
    return rows
