"""The patient rule induction method: boxes of parameters in which cases are dense (friedman1999)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class NumberRange:
    """Numbers from low to high, both included; a side without limit is infinite."""

    low: float = -np.inf
    high: float = np.inf


BoxLimit = NumberRange | frozenset[str]
"""What a box asks of a parameter: a range of numbers, or one of some labels."""
Box = Mapping[str, BoxLimit]
"""The parameters that a box restricts; the box that is empty holds everything."""


@dataclass(frozen=True, eq=False)
class CaseData:
    """Points and which of them are cases.

    Attributes
    ----------
    columns : dict of str to array
        By parameter: numbers, or labels as text.
    is_case : array of bool
    """

    columns: Mapping[str, NDArray[Any]]
    is_case: Flags

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
        found = np.ones(self.is_case.size, dtype=bool)
        for name, limit in box.items():
            found &= satisfies(self.columns[name], limit)
        return found


@dataclass(frozen=True, eq=False)
class PeelStep:
    """A box on the way from everything to a dense corner.

    Attributes
    ----------
    kind : {"whole", "peel", "paste", "pruned"}
        How it came from the one before.
    box : Box
    point_count, case_count : int
        That it holds.
    """

    kind: str
    box: Box
    point_count: int
    case_count: int

    @property
    def density(self) -> float:
        """Share of the points inside that are cases."""
        return self.case_count / self.point_count


@dataclass(frozen=True)
class PrimOptions:
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


def satisfies(column: NDArray[Any], limit: BoxLimit) -> Flags:
    """Return which values a limit allows."""
    if isinstance(limit, NumberRange):
        return np.asarray((column >= limit.low) & (column <= limit.high))
    return np.asarray(np.logical_or.reduce([column == label for label in sorted(limit)]))


def search_boxes(data: CaseData, options: PrimOptions) -> list[PeelStep]:
    """Return boxes from everything to the densest, each a step from the one before.

    Equation: of all steps that take a share alpha from one side of a range, or one label, the one with the largest
    gain of density for each point lost is taken; of equal ones that which restricts fewest parameters.
    """
    steps = [make_step(data, "whole", {})]
    least_points = options.mass * data.is_case.size
    for kind, candidates in (("peel", peel_candidates), ("paste", paste_candidates))[: 1 + options.paste]:
        while True:
            box = best_candidate(data, steps[-1], candidates(data, steps[-1].box, options.alpha), least_points)
            if box is None:
                break
            steps.append(make_step(data, kind, box))
    return steps


def make_step(data: CaseData, kind: str, box: Box) -> PeelStep:
    """Return a box with what it holds."""
    inside = data.inside(box)
    return PeelStep(kind, box, int(np.count_nonzero(inside)), int(np.count_nonzero(data.is_case & inside)))


def best_candidate(
    data: CaseData, current: PeelStep, candidates: Iterator[tuple[Box, Flags]], least_points: float
) -> Box | None:
    """Return the candidate with the largest gain of density for each point lost or won, or None where none gains."""
    found, score = None, (0.0, 0)
    for box, held in candidates:
        points = int(np.count_nonzero(held))
        if points == current.point_count or points < max(least_points, 1):
            continue
        density = np.count_nonzero(data.is_case & held) / points
        gain = (density - current.density) / abs(points - current.point_count)
        if gain > 0.0 and (gain, -len(box)) > score:
            found, score = box, (gain, -len(box))
    return found


def peel_candidates(data: CaseData, box: Box, alpha: float) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that are smaller by one step, with the points that they hold."""
    inside = data.inside(box)
    for name, column in data.columns.items():
        limit = box.get(name)
        if name in data.labels:
            yield from peel_label_candidates(data, box, inside, name)
            continue
        ordered, now = np.sort(column[inside]), limit if isinstance(limit, NumberRange) else NumberRange()
        high, low = cut_point(ordered, 1.0 - alpha), cut_point(ordered, alpha)
        if high is not None:
            yield {**box, name: NumberRange(now.low, high)}, inside & (column <= high)
        if low is not None:
            yield {**box, name: NumberRange(low, now.high)}, inside & (column >= low)


def peel_label_candidates(data: CaseData, box: Box, inside: Flags, name: str) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that lack one label more."""
    now = box.get(name, data.labels[name])
    if isinstance(now, frozenset) and len(now) > 1:
        for label in sorted(now):
            yield {**box, name: now - {label}}, inside & (data.columns[name] != label)


def paste_candidates(data: CaseData, box: Box, alpha: float) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that are larger by one step, with the points that they hold."""
    for name in data.columns:
        limit = box.get(name)
        if limit is None:
            continue
        rest = {other: one for other, one in box.items() if other != name}
        open_box = data.inside(rest)
        for wide in wider_limit_candidates(data, name, limit, open_box, alpha):
            if wide in (NumberRange(), data.labels.get(name)):
                yield rest, open_box
            else:
                yield {**box, name: wide}, open_box & satisfies(data.columns[name], wide)


def wider_limit_candidates(
    data: CaseData, name: str, limit: BoxLimit, open_box: Flags, alpha: float
) -> Iterator[BoxLimit]:
    """Yield limits of a parameter that allow one step more; `open_box` is what is held without a limit on it."""
    if isinstance(limit, frozenset):
        yield from (limit | {label} for label in sorted(data.labels[name] - limit))
        return
    column = data.columns[name]
    below, above = open_box & (column < limit.low), open_box & (column > limit.high)
    if below.any():
        low = cut_point(np.sort(column[below]), 1.0 - alpha)
        yield NumberRange(-np.inf if low is None else low, limit.high)
    if above.any():
        high = cut_point(np.sort(column[above]), alpha)
        yield NumberRange(limit.low, np.inf if high is None else high)


def cut_point(ordered: NDArray[Any], share: float) -> float | None:
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
