"""The static world: names, partnerships, given values and given ties, the same in every replicate."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from qispread.inputs.cross_checks import organisation_ids, partnership_labels
from qispread.inputs.network_kinds import GivenTiesNetwork
from qispread.inputs.scenario import Scenario
from qispread.model.rules.code_content import UnknownContentError, content_hash
from qispread.model.rules.random_draws import hash_name
from qispread.model.world.draw_organisations import OrganisationDistributions, build_distributions
from qispread.model.world.state_arrays import GIVEN_ROW_COUNT, ORGANISATION_ROWS

MAX_CACHED_WORLDS = 64

Edges = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Ties as (first, second, weight), first < second, in ascending order."""


@dataclass(frozen=True, eq=False)
class StaticWorld:
    """The fixed part of a world.

    Attributes
    ----------
    ids : tuple of str
        Ids of the n organisations.
    keys : array of n uint64
        Hashes of the ids, for draws.
    partnership, region : array of n int64
        Index of the partnership and region of each organisation.
    partnership_names : tuple of str
        Names of the partnerships.
    given_values : array of (11, n) float64
        Values in the table, in the order of `state_arrays.ORGANISATION_ROWS`; NaN where a value is drawn.
    given_ties : Edges or None
        Ties given in the scenario.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    keys: NDArray[np.uint64]
    partnership: NDArray[np.int64]
    region: NDArray[np.int64]
    partnership_names: tuple[str, ...]
    given_values: NDArray[np.float64]
    given_ties: Edges | None
    distribution: OrganisationDistributions
    network: Any

    @property
    def organisation_count(self) -> int:
        """Number of organisations."""
        return len(self.ids)


def index_labels(labels: tuple[str, ...]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the index of each label among the distinct labels in order of appearance, and the distinct labels."""
    distinct = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    return np.array([distinct[label] for label in labels], dtype=np.int64), tuple(distinct)


def assign_regions(scenario: Scenario, partnership: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the region of each organisation: as given, or with partnerships assigned to regions in turn."""
    rows = scenario.organisations.rows
    if rows:
        return tuple(row.region or "" for row in rows)
    return tuple(str(int(partnership_index) % scenario.organisations.region_count) for partnership_index in partnership)


def read_given_values(scenario: Scenario) -> NDArray[np.float64]:
    """Return the values in the table of organisations, NaN elsewhere."""
    rows = scenario.organisations.rows
    if not rows:
        return np.full((GIVEN_ROW_COUNT, scenario.organisations.number), np.nan)
    cells = [[getattr(row, name) for row in rows] for name in ORGANISATION_ROWS[:GIVEN_ROW_COUNT]]
    return np.array(cells, dtype=np.float64)


def sort_edges(first: list[int], second: list[int], weight: list[float] | float) -> Edges:
    """Return ties with the smaller index first, in ascending order."""
    a, b = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    w = np.broadcast_to(np.asarray(weight, dtype=np.float64), a.shape)
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((high, low))
    return low[order], high[order], w[order].copy()


def given_edges(scenario: Scenario, ids: tuple[str, ...]) -> Edges | None:
    """Return the ties given in the scenario, or None."""
    if not isinstance(scenario.network, GivenTiesNetwork):
        return None
    index = {name: index for index, name in enumerate(ids)}
    ties = scenario.network.ties
    weights: dict[tuple[int, int], float] = {}
    for tie in ties:
        first, second = sorted((index[tie.first], index[tie.second]))
        weights[first, second] = max(tie.weight, weights.get((first, second), 0.0))
    return sort_edges([a for a, _ in weights], [b for _, b in weights], list(weights.values()))


def _world_key(scenario: Scenario) -> tuple[Any, ...]:
    """Return what identifies a static world: two versions of an own network are two classes, which may read globals."""
    function = getattr(scenario.network, "own_function", None)
    content: Any = None
    if function is not None:
        try:
            content = content_hash(function)
        except UnknownContentError:
            content = object()  # equal to nothing: the function may draw other ties each time
    return scenario.world_fingerprint(), type(scenario.network), content


@cached(LRUCache(maxsize=MAX_CACHED_WORLDS), key=_world_key, lock=Lock())
def build_static_world(scenario: Scenario) -> StaticWorld:
    """Return the static world of a scenario, cached by its organisations and network."""
    ids = organisation_ids(scenario)
    partnership, partnership_names = index_labels(partnership_labels(scenario))
    region, _ = index_labels(assign_regions(scenario, partnership))
    return StaticWorld(
        ids=ids,
        names=tuple(row.name or row.id for row in scenario.organisations.rows) or ids,
        keys=np.array([hash_name(name) for name in ids], dtype=np.uint64),
        partnership=partnership,
        region=region,
        partnership_names=partnership_names,
        given_values=read_given_values(scenario),
        given_ties=given_edges(scenario, ids),
        distribution=build_distributions(scenario.organisations),
        network=scenario.network,
    )
