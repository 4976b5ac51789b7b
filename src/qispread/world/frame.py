"""What of a world is the same in every replicate: names, partnerships, given values, given ties."""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

from qispread.config.cross import organisation_ids, system_labels
from qispread.config.networks import Ties
from qispread.config.scenario import Scenario
from qispread.rules.draws import key_of
from qispread.world.layout import GIVEN_ROWS, ORGANISATION_ROWS
from qispread.world.organisations import Distribution, distribution_of

MOST_FRAMES = 64

Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Ties as (first, second, weight), first < second, in ascending order."""


@dataclass(frozen=True, eq=False)
class Frame:
    """The fixed part of a world.

    Attributes
    ----------
    ids : tuple of str
        Of the n organisations.
    keys : array of n uint64
        Of the ids, for draws.
    system, region : array of n int64
        Index of the partnership and region of each.
    system_names : tuple of str
        Of the partnerships.
    given : array of (11, n) float64
        What the table gives, in the order of `layout.ORGANISATION_ROWS`; NaN where it is to be drawn.
    given_ties : Pairs or None
        Where the scenario gives the ties themselves.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    keys: NDArray[np.uint64]
    system: NDArray[np.int64]
    region: NDArray[np.int64]
    system_names: tuple[str, ...]
    given: NDArray[np.float64]
    given_ties: Pairs | None
    distribution: Distribution
    network: Any

    @property
    def number(self) -> int:
        """How many organisations there are."""
        return len(self.ids)


def indices(labels: tuple[str, ...]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the index of each label among the distinct ones in order of first appearance, and these."""
    distinct = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    return np.array([distinct[label] for label in labels], dtype=np.int64), tuple(distinct)


def region_labels(scenario: Scenario, system: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the region of each organisation: as given, or partnerships dealt out in turn."""
    rows = scenario.organisations.rows
    if rows:
        return tuple(row.region or "" for row in rows)
    return tuple(str(int(s) % scenario.organisations.region_count) for s in system)


def given_values(scenario: Scenario) -> NDArray[np.float64]:
    """Return what the table of organisations gives, NaN elsewhere."""
    rows = scenario.organisations.rows
    if not rows:
        return np.full((GIVEN_ROWS, scenario.organisations.number), np.nan)
    cells = [[getattr(row, name) for row in rows] for name in ORGANISATION_ROWS[:GIVEN_ROWS]]
    return np.array(cells, dtype=np.float64)


def sorted_pairs(first: list[int], second: list[int], weight: list[float] | float) -> Pairs:
    """Return ties with the smaller index first, in ascending order."""
    a, b = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    w = np.broadcast_to(np.asarray(weight, dtype=np.float64), a.shape)
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((high, low))
    return low[order], high[order], w[order].copy()


def ties_given(scenario: Scenario, ids: tuple[str, ...]) -> Pairs | None:
    """Return the ties that the scenario itself gives, or None."""
    if not isinstance(scenario.network, Ties):
        return None
    place = {name: index for index, name in enumerate(ids)}
    ties = scenario.network.ties
    weights: dict[tuple[int, int], float] = {}
    for tie in ties:
        first, second = sorted((place[tie.first], place[tie.second]))
        weights[first, second] = max(tie.weight, weights.get((first, second), 0.0))
    return sorted_pairs([a for a, _ in weights], [b for _, b in weights], list(weights.values()))


@cached(LRUCache(maxsize=MOST_FRAMES), key=lambda scenario: scenario.world_fingerprint(), lock=Lock())
def frame_of(scenario: Scenario) -> Frame:
    """Return the frame of a scenario, the same object for scenarios that share their places and ties."""
    ids = organisation_ids(scenario)
    system, system_names = indices(system_labels(scenario))
    region, _ = indices(region_labels(scenario, system))
    return Frame(
        ids=ids,
        names=tuple(row.name or row.id for row in scenario.organisations.rows) or ids,
        keys=np.array([key_of(name) for name in ids], dtype=np.uint64),
        system=system,
        region=region,
        system_names=system_names,
        given=given_values(scenario),
        given_ties=ties_given(scenario, ids),
        distribution=distribution_of(scenario.organisations),
        network=scenario.network,
    )
