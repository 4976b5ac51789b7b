"""The months of a measure of a sweep that can be analysed, with notes of what is left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.analysis.sensitivity_tables import INDEX_COLUMNS, PAIR_COLUMNS, VARIANCE_COLUMNS, SensitivityResult
from qispread.analysis.variance_components import VarianceComponents, additive_point_means, split_variance
from qispread.inputs.errors import Fault, InputError
from qispread.runs.sweep.salib_sampling import load_salib
from qispread.runs.sweep.sweep_outcomes import (
    FloatArray,
    SweepReader,
    is_nearly_constant,
    is_too_large,
    measure_by_month,
)

RESAMPLING_SEED = 1
"""Of resampling, so that the same sweep gives the same bytes; SALib takes 0 for no seed."""


MAX_LISTED_MONTHS = 4
"""Months that are told one by one."""


@dataclass(frozen=True, eq=False)
class MonthSelection:
    """A measure in a month, at the points that are used.

    Attributes
    ----------
    month : int
    selected_points : array of (all points,) bool
        Which points are used.
    point_means : array of (points,) float64
        Of each point over its worlds.
    variance_components : VarianceComponents or None
        How the variance of single runs is made up, where that can be told.
    """

    month: int
    selected_points: NDArray[np.bool_]
    point_means: FloatArray
    variance_components: VarianceComponents | None

    def build_rows(self, names: Sequence[str], columns: dict[str, Any]) -> pd.DataFrame:
        """Return the rows of this month, one a parameter."""
        return pd.DataFrame({"month": self.month, "parameter": list(names)} | columns)


@dataclass(frozen=True)
class MissingSummary:
    """What a month lacks.

    Attributes
    ----------
    month : int
    unmade, whole, all : int
        Blocks that are left out since a point has no run yet, since no world has the measure at a point, and all.
    missing, made : int
        Runs of the points that are used: made without the measure, and made.
    """

    month: int
    unmade: int
    whole: int
    all: int
    missing: int
    made: int


@dataclass(eq=False)
class SensitivityInput:
    """A look at a measure of a sweep.

    Attributes
    ----------
    sweep : Sweep
    measure, intervention : str
    requested_months : sequence of int or None
        Months.
    block_size : int
        Points that make sense together only, and stand one after another.
    unit_name : str
        What so many points are called.
    min_units : int
        How many of these are needed.
    """

    sweep: SweepReader
    measure: str
    intervention: str
    requested_months: Sequence[int] | None
    block_size: int
    unit_name: str
    min_units: int
    notes: list[str] = field(default_factory=list)
    noise: list[dict[str, Any]] = field(default_factory=list)
    missing: list[MissingSummary] = field(default_factory=list)

    def iterate_months(self) -> Iterator[MonthSelection]:
        """Yield the months that can be analysed.

        Raises
        ------
        InputError
            Where none can.
        """
        refused: dict[str, list[int]] = {}
        made = self.sweep.attempted()
        values_by_month = measure_by_month(self.sweep, self.measure, self.intervention, self.requested_months)
        for month, values in values_by_month.items():
            levels = additive_point_means(values)
            kept = complete_blocks(levels, self.block_size)
            problem = self.find_problem(levels, kept, made)
            if problem:
                refused.setdefault(problem, []).append(month)
                continue
            self.missing.append(self.summarise_missing(month, values, kept, made))
            yield MonthSelection(month, kept, levels[kept], self.split_variance(month, values[kept]))
        if sum(map(len, refused.values())) == len(values_by_month):
            raise InputError([Fault(format_months(months), problem) for problem, months in refused.items()])
        self.note_missing()
        self.notes += [
            f"{format_months(months)} {'is' if len(months) == 1 else 'are'} left out: {problem}"
            for problem, months in refused.items()
        ]

    def find_problem(self, levels: FloatArray, kept: NDArray[np.bool_], made: NDArray[np.bool_]) -> str:
        """Return why a month cannot be analysed, or nothing."""
        whole, number = int(kept.sum()) // self.block_size, levels.size // self.block_size
        if whole < self.min_units:
            waiting = "" if made.all() else f"; {np.count_nonzero(~made):,} of {made.size:,} runs not made yet"
            there = f"'{self.measure}' is there for {whole} of {number} {self.unit_name}"
            return f"{there}; needed: at least {self.min_units}{waiting}"
        if is_too_large(levels[kept]):
            return f"'{self.measure}' is too large to be analysed, up to {np.abs(levels[kept]).max():.2g}"
        if is_nearly_constant(levels[kept]):
            return f"'{self.measure}' is the same at all points, {levels[kept][0]:g}: it depends on nothing varied"
        return ""

    def summarise_missing(
        self, month: int, values: FloatArray, kept: NDArray[np.bool_], made: NDArray[np.bool_]
    ) -> MissingSummary:
        """Return what a month lacks: of the points that are left out, and of the runs of those that are used."""
        waiting = ~made.any(axis=1).reshape(-1, self.block_size).all(axis=1)
        left_out = ~kept.reshape(-1, self.block_size)[:, 0]
        missing = made[kept] & np.isnan(values[kept])
        whole, unmade = int((left_out & ~waiting).sum()), int((left_out & waiting).sum())
        return MissingSummary(month, unmade, whole, waiting.size, int(missing.sum()), int(made[kept].sum()))

    def note_missing(self) -> None:
        """Note what is left out, once for all months: where they differ, the month that lacks most."""
        unmade, whole, missing = (
            max(self.missing, key=lambda one: getattr(one, name)) for name in ("unmade", "whole", "missing")
        )
        point = "a point of each" if self.block_size > 1 else "them"
        if unmade.unmade:
            what = f"{unmade.unmade} of {unmade.all} {self.unit_name}"
            self.notes.append(f"{what} are left out whole: no run of {point} was made yet")
        if whole.whole:
            what = f"{self.worst_month_prefix('whole', whole)}{whole.whole} of {whole.all} {self.unit_name}"
            self.notes.append(f"{what} are left out whole: no world has '{self.measure}' at {point}")
        if missing.missing:
            what = (
                f"{self.worst_month_prefix('missing', missing)}{missing.missing} of {missing.made} runs that were made"
            )
            allowed = "the levels of points allow for which worlds these are"
            self.notes.append(f"{what} have no '{self.measure}'; {allowed}")

    def worst_month_prefix(self, name: str, gaps: MissingSummary) -> str:
        """Return how a note begins: with the month that lacks most, where months differ."""
        alike = len({getattr(one, name) for one in self.missing}) == 1
        return f"month {gaps.month}: " if len(self.missing) == 1 else "" if alike else f"up to (month {gaps.month}) "

    def split_variance(self, month: int, values: FloatArray) -> VarianceComponents | None:
        """Return how the variance of single runs is made up, and keep it for the table of noise."""
        found = split_variance(values)
        if found is not None:
            row = {"month": month, "points": values.shape[0], "replicates": values.shape[1]}
            self.noise.append(row | {name: getattr(found, name) for name in VARIANCE_COLUMNS if name not in row})
        return found

    def build_result(
        self, method: str, indices: Sequence[pd.DataFrame], pairs: Sequence[pd.DataFrame] = ()
    ) -> SensitivityResult:
        """Return the tables of all months."""
        if not self.noise:
            self.notes.append("noise cannot be told from effect with one world a point; it adds to total indices")
        table = pd.concat(indices, ignore_index=True)
        return SensitivityResult(
            method,
            self.measure,
            self.intervention,
            table[[name for name in INDEX_COLUMNS[method] if name in table]],
            pd.concat(pairs, ignore_index=True) if pairs else pd.DataFrame(columns=list(PAIR_COLUMNS)),
            pd.DataFrame(self.noise, columns=list(VARIANCE_COLUMNS)),
            tuple(self.notes),
        )


def format_months(months: Sequence[int]) -> str:
    """Return some months in words: a few by number, more by how many they are and the ends."""
    if len(months) == 1:
        return f"month {months[0]}"
    if len(months) <= MAX_LISTED_MONTHS:
        return f"months {', '.join(map(str, months))}"
    return f"{len(months)} months from {months[0]} to {months[-1]}"


def complete_blocks(levels: FloatArray, block_size: int) -> NDArray[np.bool_]:
    """Return which points stand in blocks of which no point is missing."""
    whole = ~np.isnan(levels).reshape(-1, block_size).any(axis=1)
    return np.repeat(whole, block_size)


def interval_columns(name: str, value: Any, half: Any) -> dict[str, FloatArray]:
    """Return a column with the ends of its interval."""
    value, half = np.asarray(value, dtype=np.float64), np.asarray(half, dtype=np.float64)
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}


def salib_problem(names: Sequence[str]) -> dict[str, Any]:
    """Return the problem as SALib wants it, in the unit cube: a new one each time, since SALib changes it."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def load_analysis(method: str) -> Callable[..., Any]:
    """Return the function of SALib that analyses by a method.

    Raises
    ------
    InputError
        Where SALib is not installed.
    """
    analyze: Callable[..., Any] = load_salib(f"analyze.{method}", "sensitivity").analyze
    return analyze
