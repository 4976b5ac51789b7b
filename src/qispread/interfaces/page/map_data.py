"""One run for the map: layout, ties, and the stage and fidelity of every organisation in every month."""

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
"""Memory for cached traces, and number of cached layouts."""
FIDELITY_STEPS = 250
"""Steps of fidelity, so that it fits into a byte."""
NOT_IN_USE = 255


def validate_replicate(value: Any, scenario: Scenario) -> int:
    """Validate the number of a replicate.

    Raises
    ------
    InputError
        For anything but an integer from 0 to the number of replicates minus 1.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < scenario.replicates:
        needed = f"an integer from 0 to {scenario.replicates - 1}"
        raise InputError([Fault("replicate", f"got {str(value)[:40]}; needed: {needed}")])
    return value


def validate_intervention(value: Any, scenario: Scenario) -> str:
    """Validate the name of an intervention; return the first if none is given."""
    names = tuple(scenario.interventions)
    if value is None:
        return names[0]
    return names[index_of(str(value), names, "intervention")]


def trace_bytes(trace: Trace) -> int:
    """Return the memory of a trace in bytes."""
    return int(trace.organisations.nbytes + trace.practices.nbytes + trace.histories.nbytes)


@cached(
    LRUCache(maxsize=MAX_TRACE_BYTES, getsizeof=trace_bytes),
    key=lambda scenario, replicate: (scenario.fingerprint(), replicate),
    lock=Lock(),
)
def cached_trace(scenario: Scenario, replicate: int) -> Trace:
    """Return the trace of one replicate, with its observed adverse events, from the cache if possible."""
    return trace(scenario, replicate, observe=True)


@cached(
    LRUCache(maxsize=MAX_LAYOUTS),
    key=lambda fingerprint, world: (fingerprint, world.seed, world.replicate),
    lock=Lock(),
)
def cached_layout(_fingerprint: str, world: World) -> dict[str, Any]:
    """Return ids, names, sizes and positions of the organisations, the same in both arms and in all months."""
    positions, frame = map_positions(world), world.static_world
    return {
        "ids": frame.ids,
        "names": frame.names,
        "partnerships": [frame.partnership_names[system] for system in frame.partnership],
        "size": np.round(world.organisations[SIZE]).tolist(),
        "x": np.round(positions[0], 4).tolist(),
        "y": np.round(positions[1], 4).tolist(),
        "min_distance": round(min_distance(positions), 5),
    }


def build_map_data(scenario: Scenario, replicate: int, intervention: str) -> dict[str, Any]:
    """Return one run of one arm for the map; its trace stays cached for organisation histories."""
    return map_message(cached_trace(scenario, replicate), scenario, intervention)


def map_message(trace: Trace, scenario: Scenario, intervention: str) -> dict[str, Any]:
    """Return a trace as the JSON of the map.

    Returns
    -------
    dict
        ``layout``; ``ties`` by period; ``stage`` and ``fidelity`` by month and organisation, one byte each;
        ``adoptions``: month, organisation, source, number of copies from the pilot site.
    """
    return {
        "layout": cached_layout(scenario.world_fingerprint(), trace.world),
        "months": scenario.horizon,
        "ties": ties_by_period(trace),
        "stage": encode_bytes(trace.quantity("stage", intervention)),
        "fidelity": encode_bytes(encode_fidelity(trace, intervention)),
        "origins": np.flatnonzero(trace.quantity("origin", intervention)[0]).tolist(),
        "adoptions": adoption_events(trace, intervention),
        "sources": {str(code): label for code, label in COPY_SOURCES.items() if label},
    }


def encode_bytes(values: NDArray[Any]) -> str:
    """Return small integers as base64-encoded bytes, month by month."""
    return b64encode(np.ascontiguousarray(values, dtype=np.uint8).tobytes()).decode()


def encode_fidelity(trace: Trace, intervention: str) -> NDArray[np.int64]:
    """Return fidelity in `FIDELITY_STEPS` steps for current users, and `NOT_IN_USE` for others."""
    steps = np.round(trace.quantity("fidelity", intervention) * FIDELITY_STEPS).astype(np.int64)
    return np.where(users_by_month(trace, intervention), steps, NOT_IN_USE)


def users_by_month(trace: Trace, intervention: str) -> NDArray[np.bool_]:
    """Return which organisations use the intervention in each month, (months, organisations)."""
    return np.isin(trace.quantity("stage", intervention), (IMPLEMENTING, EMBEDDED))


def ties_by_period(trace: Trace) -> list[dict[str, Any]]:
    """Return the ties of each period in which they do not change."""
    periods: list[dict[str, Any]] = []
    starts = [0, *(np.flatnonzero(np.diff(trace.plan.epoch_of_month)) + 1).tolist()]
    for month in starts:
        first, second, _ = trace.ties_in_month(month)
        pairs = np.array([first, second]).T.ravel().tolist()
        if not periods or periods[-1]["pairs"] != pairs:
            periods.append({"from": month, "pairs": pairs})
    return periods


def adoption_events(trace: Trace, intervention: str) -> list[list[int]]:
    """Return every adoption in order of time: month, organisation, source, number of copies from the pilot site."""
    since = trace.quantity("last_adopted", intervention)
    adopted = (since[1:] != since[:-1]) & (since[1:] != NEVER)
    month, organisation = np.nonzero(adopted)
    columns = (trace.quantity(name, intervention)[1:][adopted] for name in ("copied_from", "generation"))
    rows: list[list[int]] = np.array([month + 1, organisation, *columns]).T.tolist()
    return rows
