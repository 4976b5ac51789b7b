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
"""The restriction of a parameter in a box: a range of numbers, or a set of labels."""
Box = Mapping[str, BoxLimit]
"""The restrictions of a box by parameter; the empty box holds all points."""


@dataclass(frozen=True, eq=False)
class CaseData:
    """Points and which of them are cases.

    Attributes
    ----------
    columns : dict of str to array
        Values by parameter: numbers, or labels as text.
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
        inside = np.ones(self.is_case.size, dtype=bool)
        for name, limit in box.items():
            inside &= satisfies(self.columns[name], limit)
        return inside


@dataclass(frozen=True, eq=False)
class PeelStep:
    """A box on the trajectory from all points to a dense region.

    Attributes
    ----------
    kind : {"whole", "peel", "paste", "pruned"}
        Step that led to it from the previous box.
    box : Box
    point_count, case_count : int
        Points and cases inside.
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
    """Options of the search for boxes.

    Attributes
    ----------
    alpha : float
        Share of the points of a box that a step removes from one side, or adds to it.
    mass : float
        Smallest share of all points that a box holds.
    paste : bool
        Whether the last box is enlarged again where that increases its density.
    """

    alpha: float = 0.05
    mass: float = 0.05
    paste: bool = True


def satisfies(column: NDArray[Any], limit: BoxLimit) -> Flags:
    """Return which values are within a limit."""
    if isinstance(limit, NumberRange):
        return np.asarray((column >= limit.low) & (column <= limit.high))
    return np.asarray(np.logical_or.reduce([column == label for label in sorted(limit)]))


def search_boxes(data: CaseData, options: PrimOptions) -> list[PeelStep]:
    """Return boxes from all points to the densest, each one step from the previous.

    Equation: of all steps that remove a share alpha from one side of a range, or one label, the step with the largest
    gain in density per point removed is taken; of equal steps, the one that restricts fewest parameters.
    """
    steps = [make_step(data, "whole", {})]
    min_points = options.mass * data.is_case.size
    phases = [("peel", peel_candidates)]
    if options.paste:
        phases.append(("paste", paste_candidates))
    for kind, candidates in phases:
        while True:
            box = best_candidate(data, steps[-1], candidates(data, steps[-1].box, options.alpha), min_points)
            if box is None:
                break
            steps.append(make_step(data, kind, box))
    return steps


def make_step(data: CaseData, kind: str, box: Box) -> PeelStep:
    """Return a box with the number of points and cases inside."""
    inside = data.inside(box)
    return PeelStep(kind, box, int(np.count_nonzero(inside)), int(np.count_nonzero(data.is_case & inside)))


def best_candidate(
    data: CaseData, current: PeelStep, candidates: Iterator[tuple[Box, Flags]], min_points: float
) -> Box | None:
    """Return the candidate with the largest gain in density per point removed or added; None where none gains."""
    best, score = None, (0.0, 0)
    for box, inside in candidates:
        points = int(np.count_nonzero(inside))
        if points == current.point_count or points < max(min_points, 1):
            continue
        density = np.count_nonzero(data.is_case & inside) / points
        gain = (density - current.density) / abs(points - current.point_count)
        if gain > 0.0 and (gain, -len(box)) > score:
            best, score = box, (gain, -len(box))
    return best


def peel_candidates(data: CaseData, box: Box, alpha: float) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that are smaller by one step, with the points inside."""
    inside = data.inside(box)
    for name, column in data.columns.items():
        limit = box.get(name)
        if name in data.labels:
            yield from peel_label_candidates(data, box, inside, name)
            continue
        ordered, current = np.sort(column[inside]), limit if isinstance(limit, NumberRange) else NumberRange()
        high, low = cut_point(ordered, 1.0 - alpha), cut_point(ordered, alpha)
        if high is not None:
            yield {**box, name: NumberRange(current.low, high)}, inside & (column <= high)
        if low is not None:
            yield {**box, name: NumberRange(low, current.high)}, inside & (column >= low)


def peel_label_candidates(data: CaseData, box: Box, inside: Flags, name: str) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes with one label less, with the points inside."""
    current = box.get(name, data.labels[name])
    if isinstance(current, frozenset) and len(current) > 1:
        for label in sorted(current):
            yield {**box, name: current - {label}}, inside & (data.columns[name] != label)


def paste_candidates(data: CaseData, box: Box, alpha: float) -> Iterator[tuple[Box, Flags]]:
    """Yield boxes that are larger by one step, with the points inside."""
    for name in data.columns:
        limit = box.get(name)
        if limit is None:
            continue
        relaxed = {other: other_limit for other, other_limit in box.items() if other != name}
        open_box = data.inside(relaxed)
        for wide in wider_limit_candidates(data, name, limit, open_box, alpha):
            if wide in (NumberRange(), data.labels.get(name)):
                yield relaxed, open_box
            else:
                yield {**box, name: wide}, open_box & satisfies(data.columns[name], wide)


def wider_limit_candidates(
    data: CaseData, name: str, limit: BoxLimit, open_box: Flags, alpha: float
) -> Iterator[BoxLimit]:
    """Yield limits of a parameter that are wider by one step; `open_box` holds the points without a limit on it."""
    if isinstance(limit, frozenset):
        yield from (limit | {label} for label in sorted(data.labels[name] - limit))
        return
    column = data.columns[name]
    lower, upper = open_box & (column < limit.low), open_box & (column > limit.high)
    if lower.any():
        low = cut_point(np.sort(column[lower]), 1.0 - alpha)
        yield NumberRange(-np.inf if low is None else low, limit.high)
    if upper.any():
        high = cut_point(np.sort(column[upper]), alpha)
        yield NumberRange(limit.low, np.inf if high is None else high)


def cut_point(ordered: NDArray[Any], share: float) -> float | None:
    """Return the value at which a share of ordered numbers is cut off; None where all are equal.

    The value is midway between two numbers that differ.

    For shares below a half the smaller numbers are cut off, else the larger; equal numbers stay together.
    """
    position = (ordered.size - 1) * share
    if share < 0.5:
        low = ordered[int(np.floor(position))]
        next_index = int(np.searchsorted(ordered, low, side="right"))
        return None if next_index == ordered.size else float((low + ordered[next_index]) / 2.0)
    high = ordered[int(np.ceil(position))]
    index = int(np.searchsorted(ordered, high, side="left"))
    return None if index == 0 else float((ordered[index - 1] + high) / 2.0)
