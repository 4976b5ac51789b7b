"""The ties of own networks: what their functions are given, and what they may return."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.extensions.extension import Extension
from qispread.model.rules.random_draws import Word64, hash_name, substream
from qispread.model.world.state_arrays import GIVEN_ROW_COUNT, ORGANISATION_ROWS
from qispread.model.world.static_world import Edges, StaticWorld


class Places(NamedTuple):
    """The organisations between which an own network draws ties.

    Attributes
    ----------
    number : int
        Number n of organisations, which are nodes 0 to n - 1.
    ids : tuple of str
    partnership, region : array of (n,) int64
        Index of the partnership and of the region of each.
    context : mapping of str to array of (n,) float64
        Leadership, size, setting_1 and the other values at the start.
    """

    number: int
    ids: tuple[str, ...]
    partnership: NDArray[np.int64]
    region: NDArray[np.int64]
    context: Mapping[str, NDArray[np.float64]]


def network_builder(extension: Extension) -> Callable[[Any, StaticWorld, NDArray[np.float64], Word64], Edges]:
    """Return the function that draws the ties of a replicate by a function of the user's own."""
    key = np.uint64(hash_name(f"network:{extension.name}"))

    def build(network: Any, static_world: StaticWorld, organisations: NDArray[np.float64], stream: Word64) -> Edges:
        rng = np.random.Generator(np.random.Philox(key=int(substream(stream, key))))
        names = ORGANISATION_ROWS[:GIVEN_ROW_COUNT]
        places = Places(
            static_world.organisation_count,
            static_world.ids,
            static_world.partnership,
            static_world.region,
            dict(zip(names, organisations, strict=True)),
        )
        values = {name: getattr(network, name) for name in extension.details["parameters"]}
        try:
            return read_edges(extension.function(places, rng, **values), places.number, network.tie_weight)
        except Exception as error:
            raise ValueError(f"{extension.label} failed: {type(error).__name__}: {error}") from error

    return build


def read_edges(drawn: Any, number: int, tie_weight: float) -> Edges:
    """Return ties as a network function gave them; a repeated pair has its largest weight.

    Raises
    ------
    ValueError
        For nodes that are not from 0 to n - 1, ties of a node to itself, and weights outside (0, 1].
    """
    first, second, weight = tie_columns(drawn, tie_weight)
    ends = np.array([first, second])
    if ends.size and not np.issubdtype(ends.dtype, np.integer):
        raise ValueError(f"got the node {ends.flat[0]!r}; needed: whole numbers from 0 to {number - 1}")
    if ends.size and not (ends.min() >= 0 and ends.max() < number):
        raise ValueError(f"got the nodes {ends.min()} to {ends.max()}; needed: from 0 to {number - 1}")
    if (ends[0] == ends[1]).any():
        raise ValueError("ties an organisation to itself")
    weights = np.asarray(weight, dtype=np.float64)
    if not ((weights > 0.0) & (weights <= 1.0)).all():
        raise ValueError("got a weight outside (0, 1]")
    low, high = ends.min(axis=0).astype(np.int64), ends.max(axis=0).astype(np.int64)
    order = np.lexsort((weights, high, low))
    low, high, weights = low[order], high[order], weights[order]
    last = np.ones(low.size, dtype=np.bool_)
    last[:-1] = (np.diff(low) != 0) | (np.diff(high) != 0)
    return low[last], high[last], weights[last]


def tie_columns(drawn: Any, tie_weight: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return both ends and the weight of each tie that a network function gave."""
    if hasattr(drawn, "edges"):
        rows = [(a, b, data.get("weight", tie_weight)) for a, b, data in drawn.edges(data=True)]
        given = [np.array([row[column] for row in rows]) for column in range(3)]
    elif isinstance(drawn, tuple):
        given = [np.asarray(column) for column in drawn]
    else:
        given = list(np.asarray(drawn).reshape(-1, 2).T)
    if given[0].size == 0:
        given = [np.empty(0, dtype=np.int64)] * 2
    weight = given[2] if len(given) > 2 else np.full(given[0].size, tie_weight)
    return given[0], given[1], weight
