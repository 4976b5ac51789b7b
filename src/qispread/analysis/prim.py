"""The patient rule induction method: boxes of parameters in which cases are dense (friedman1999)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included; a side without limit is infinite."""

    low: float = -np.inf
    high: float = np.inf


Limit = Range | frozenset[str]
"""What a box asks of a parameter: a range of numbers, or one of some labels."""
Box = Mapping[str, Limit]
"""The parameters that a box restricts; the box that is empty holds everything."""


@dataclass(frozen=True, eq=False)
class Cases:
    """Points and which of them are cases.

    Attributes
    ----------
    columns : dict of str to array
        By parameter: numbers, or labels as text.
    cases : array of bool
    """

    columns: Mapping[str, NDArray[Any]]
    cases: Flags

    @cached_property
    def labels(self) -> dict[str, frozenset[str]]:
        """All labels of each parameter that has no numbers."""
        return {
            name: frozenset(column.tolist())
            for name, column in self.columns.items()
            if not np.issubdtype(column.dtype, np.number)
        }

    def inside(self, box: Box) -> Flags:
        """Return which points a box holds."""
        found = np.ones(self.cases.size, dtype=bool)
        for name, limit in box.items():
            found &= meets(self.columns[name], limit)
        return found


@dataclass(frozen=True, eq=False)
class Step:
    """A box on the way from everything to a dense corner.

    Attributes
    ----------
    kind : {"whole", "peel", "paste", "pruned"}
        How it came from the one before.
    box : Box
    points, cases : int
        That it holds.
    """

    kind: str
    box: Box
    points: int
    cases: int

    @property
    def density(self) -> float:
        """Share of the points inside that are cases."""
        return self.cases / self.points


@dataclass(frozen=True)
class Patience:
    """How boxes are searched.

    Attributes
    ----------
    alpha : float
        Share of a box's points that a step takes from one side, or gives to it.
    mass : float
        Share of all points that a box holds at least.
    paste : bool
        Whether the last box is widened again where that makes it denser.
    """

    alpha: float = 0.05
    mass: float = 0.05
    paste: bool = True


def meets(column: NDArray[Any], limit: Limit) -> Flags:
    """Return which values a limit allows."""
    if isinstance(limit, Range):
        return np.asarray((column >= limit.low) & (column <= limit.high))
    return np.asarray(np.logical_or.reduce([column == label for label in sorted(limit)]))


def trajectory(data: Cases, patience: Patience) -> list[Step]:
    """Return boxes from everything to the densest, each a step from the one before.

    Equation: of all steps that take a share alpha from one side of a range, or one label, the one with the largest
    gain of density for each point lost is taken; of equal ones that which restricts fewest parameters.
    """
    steps = [step_to(data, "whole", {})]
    least_points = patience.mass * data.cases.size
    for kind, candidates in (("peel", narrower), ("paste", wider))[: 1 + patience.paste]:
        while True:
            box = best(data, steps[-1], candidates(data, steps[-1].box, patience.alpha), least_points)
            if box is None:
                break
            steps.append(step_to(data, kind, box))
    return steps


def step_to(data: Cases, kind: str, box: Box) -> Step:
    """Return a box with what it holds."""
    inside = data.inside(box)
    return Step(kind, box, int(np.count_nonzero(inside)), int(np.count_nonzero(data.cases & inside)))


def best(data: Cases, now: Step, candidates: Iterator[tuple[Box, Flags]], least_points: float) -> Box | None:
    """Return the candidate with the largest gain of density for each point lost or won, or None where none gains."""
    found, score = None, (0.0, 0)
    for box, held in candidates:
        points = int(np.count_nonzero(held))
        if points == now.points or points < max(least_points, 1):
            continue
        density = np.count_nonzero(data.cases & held) / points
        gain = (density - now.density) / abs(points - now.points)
        if gain > 0.0 and (gain, -len(box)) > score:
            found, score = box, (gain, -len(box))
    return found


def narrower(data: Cases, box: Box, alpha: float) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that are smaller by one step, with the points that they hold."""
    inside = data.inside(box)
    for name, column in data.columns.items():
        limit = box.get(name)
        if name in data.labels:
            yield from without_one_label(data, box, inside, name)
            continue
        ordered, now = np.sort(column[inside]), limit if isinstance(limit, Range) else Range()
        high, low = edge(ordered, 1.0 - alpha), edge(ordered, alpha)
        if high is not None:
            yield {**box, name: Range(now.low, high)}, inside & (column <= high)
        if low is not None:
            yield {**box, name: Range(low, now.high)}, inside & (column >= low)


def without_one_label(data: Cases, box: Box, inside: Flags, name: str) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that lack one label more."""
    now = box.get(name, data.labels[name])
    if isinstance(now, frozenset) and len(now) > 1:
        for label in sorted(now):
            yield {**box, name: now - {label}}, inside & (data.columns[name] != label)


def wider(data: Cases, box: Box, alpha: float) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that are larger by one step, with the points that they hold."""
    for name in data.columns:
        limit = box.get(name)
        if limit is None:
            continue
        rest = {other: one for other, one in box.items() if other != name}
        open_box = data.inside(rest)
        for wide in wider_limits(data, name, limit, open_box, alpha):
            if wide in (Range(), data.labels.get(name)):
                yield rest, open_box
            else:
                yield {**box, name: wide}, open_box & meets(data.columns[name], wide)


def wider_limits(data: Cases, name: str, limit: Limit, open_box: Flags, alpha: float) -> Iterator[Limit]:
    """Yield limits of a parameter that allow one step more; `open_box` is what is held without a limit on it."""
    if isinstance(limit, frozenset):
        yield from (limit | {label} for label in sorted(data.labels[name] - limit))
        return
    column = data.columns[name]
    below, above = open_box & (column < limit.low), open_box & (column > limit.high)
    if below.any():
        low = edge(np.sort(column[below]), 1.0 - alpha)
        yield Range(-np.inf if low is None else low, limit.high)
    if above.any():
        high = edge(np.sort(column[above]), alpha)
        yield Range(limit.low, np.inf if high is None else high)


def edge(ordered: NDArray[Any], share: float) -> float | None:
    """Return where a share of ordered numbers is cut off: midway between two that differ, or None where none do.

    Below a half the numbers under the edge go and above it those over it; equal numbers go together.
    """
    place = (ordered.size - 1) * share
    if share < 0.5:
        low = ordered[int(np.floor(place))]
        after = int(np.searchsorted(ordered, low, side="right"))
        return None if after == ordered.size else float((low + ordered[after]) / 2.0)
    high = ordered[int(np.ceil(place))]
    before = int(np.searchsorted(ordered, high, side="left"))
    return None if before == 0 else float((ordered[before - 1] + high) / 2.0)
