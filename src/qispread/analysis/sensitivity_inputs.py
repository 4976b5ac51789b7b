"""Data for a sensitivity analysis: the months of a measure of a sweep, with notes of what is left out."""

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
"""Seed of resampling, so that the same sweep gives identical results; SALib reads 0 as no seed."""


MAX_LISTED_MONTHS = 4
"""Largest number of months that are listed one by one."""


@dataclass(frozen=True, eq=False)
class MonthSelection:
    """Values of a measure in one month, at the points that are used.

    Attributes
    ----------
    month : int
    selected_points : array of (all points,) bool
        Which points are used.
    point_means : array of (points,) float64
        Mean of each point over its replicates.
    variance_components : VarianceComponents or None
        Components of the variance of single runs, where they can be estimated.
    """

    month: int
    selected_points: NDArray[np.bool_]
    point_means: FloatArray
    variance_components: VarianceComponents | None

    def build_rows(self, names: Sequence[str], columns: dict[str, Any]) -> pd.DataFrame:
        """Return the rows of this month, one for each parameter."""
        return pd.DataFrame({"month": self.month, "parameter": list(names)} | columns)


@dataclass(frozen=True)
class MissingSummary:
    """Counts of missing points and runs in one month.

    Attributes
    ----------
    month : int
    pending_blocks, empty_blocks, blocks : int
        Blocks left out because a point has no run yet, blocks left out because no replicate has the measure at a
        point, and all blocks.
    missing_runs, runs : int
        Runs of the points that are used: those without the measure, and all.
    """

    month: int
    pending_blocks: int
    empty_blocks: int
    blocks: int
    missing_runs: int
    runs: int


@dataclass(eq=False)
class SensitivityInput:
    """A measure of a sweep, prepared for a sensitivity analysis.

    Attributes
    ----------
    sweep : Sweep
    measure, intervention : str
    requested_months : sequence of int or None
        Months to analyse; None for those that the sweep has.
    block_size : int
        Number of consecutive points that can only be analysed together.
    unit_name : str
        Name of such a block.
    min_units : int
        Smallest number of blocks that is needed.
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
        attempted = self.sweep.attempted()
        values_by_month = measure_by_month(self.sweep, self.measure, self.intervention, self.requested_months)
        for month, values in values_by_month.items():
            levels = additive_point_means(values)
            selected = complete_blocks(levels, self.block_size)
            problem = self.find_problem(levels, selected, attempted)
            if problem:
                refused.setdefault(problem, []).append(month)
                continue
            self.missing.append(self.summarise_missing(month, values, selected, attempted))
            yield MonthSelection(month, selected, levels[selected], self.split_variance(month, values[selected]))
        if sum(map(len, refused.values())) == len(values_by_month):
            raise InputError([Fault(format_months(months), problem) for problem, months in refused.items()])
        self.note_missing()
        self.notes += [
            f"{format_months(months)} {'is' if len(months) == 1 else 'are'} left out: {problem}"
            for problem, months in refused.items()
        ]

    def find_problem(self, levels: FloatArray, selected: NDArray[np.bool_], attempted: NDArray[np.bool_]) -> str:
        """Return why a month cannot be analysed; empty where it can."""
        complete, total = int(selected.sum()) // self.block_size, levels.size // self.block_size
        if complete < self.min_units:
            pending = np.count_nonzero(~attempted)
            pending_note = f"; {pending:,} of {attempted.size:,} runs are pending" if pending else ""
            available = f"'{self.measure}' is available for {complete} of {total} {self.unit_name}"
            return f"{available}; needed: at least {self.min_units}{pending_note}"
        if is_too_large(levels[selected]):
            return f"'{self.measure}' is too large to be analysed, up to {np.abs(levels[selected]).max():.2g}"
        if is_nearly_constant(levels[selected]):
            constant = f"'{self.measure}' is the same at all points, {levels[selected][0]:g}"
            return f"{constant}: it does not depend on the varied parameters"
        return ""

    def summarise_missing(
        self, month: int, values: FloatArray, selected: NDArray[np.bool_], attempted: NDArray[np.bool_]
    ) -> MissingSummary:
        """Return the counts of what a month lacks, in the points left out and in the runs of those that are used."""
        pending = ~attempted.any(axis=1).reshape(-1, self.block_size).all(axis=1)
        omitted = ~selected.reshape(-1, self.block_size)[:, 0]
        missing = attempted[selected] & np.isnan(values[selected])
        empty_blocks, pending_blocks = int((omitted & ~pending).sum()), int((omitted & pending).sum())
        runs = int(attempted[selected].sum())
        return MissingSummary(month, pending_blocks, empty_blocks, pending.size, int(missing.sum()), runs)

    def note_missing(self) -> None:
        """Add notes on what is left out, once for all months: where they differ, for the month that lacks most."""
        pending, empty, missing = (
            max(self.missing, key=lambda summary: getattr(summary, name))
            for name in ("pending_blocks", "empty_blocks", "missing_runs")
        )
        point = "a point of each" if self.block_size > 1 else "them"
        if pending.pending_blocks:
            subject = f"{pending.pending_blocks} of {pending.blocks} {self.unit_name}"
            self.notes.append(f"{subject} are left out: no run of {point} is complete")
        if empty.empty_blocks:
            prefix = self.worst_month_prefix("empty_blocks", empty)
            subject = f"{prefix}{empty.empty_blocks} of {empty.blocks} {self.unit_name}"
            self.notes.append(f"{subject} are left out: no replicate has '{self.measure}' at {point}")
        if missing.missing_runs:
            prefix = self.worst_month_prefix("missing_runs", missing)
            subject = f"{prefix}{missing.missing_runs} of {missing.runs} completed runs"
            adjusted = "the means of points are adjusted for the missing replicates"
            self.notes.append(f"{subject} have no '{self.measure}'; {adjusted}")

    def worst_month_prefix(self, name: str, worst: MissingSummary) -> str:
        """Return the beginning of a note: the month that lacks most, where months differ."""
        if len(self.missing) == 1:
            return f"month {worst.month}: "
        all_equal = len({getattr(summary, name) for summary in self.missing}) == 1
        return "" if all_equal else f"up to (month {worst.month}) "

    def split_variance(self, month: int, values: FloatArray) -> VarianceComponents | None:
        """Return the components of the variance of single runs, and add them to the table of noise."""
        components = split_variance(values)
        if components is not None:
            row = {"month": month, "points": values.shape[0], "replicates": values.shape[1]}
            self.noise.append(row | {name: getattr(components, name) for name in VARIANCE_COLUMNS if name not in row})
        return components

    def build_result(
        self, method: str, indices: Sequence[pd.DataFrame], pairs: Sequence[pd.DataFrame] = ()
    ) -> SensitivityResult:
        """Return the tables of all months."""
        if not self.noise:
            self.notes.append(
                "one replicate per point cannot separate noise from effects; noise adds to total order indices"
            )
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
    """Return months as text: a few by number, more by their count and range."""
    if len(months) == 1:
        return f"month {months[0]}"
    if len(months) <= MAX_LISTED_MONTHS:
        return f"months {', '.join(map(str, months))}"
    return f"{len(months)} months from {months[0]} to {months[-1]}"


def complete_blocks(levels: FloatArray, block_size: int) -> NDArray[np.bool_]:
    """Return which points are in blocks without missing points."""
    complete = ~np.isnan(levels).reshape(-1, block_size).any(axis=1)
    return np.repeat(complete, block_size)


def interval_columns(name: str, value: Any, half: Any) -> dict[str, FloatArray]:
    """Return a column and the columns of its interval."""
    value, half = np.asarray(value, dtype=np.float64), np.asarray(half, dtype=np.float64)
    return {name: value, f"{name}_low": value - half, f"{name}_high": value + half}


def salib_problem(names: Sequence[str]) -> dict[str, Any]:
    """Return a problem for SALib in the unit cube; a new one for each call, since SALib changes it."""
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def load_analysis(method: str) -> Callable[..., Any]:
    """Return the function of SALib for a method of analysis.

    Raises
    ------
    InputError
        Where SALib is not installed.
    """
    analyze: Callable[..., Any] = load_salib(f"analyze.{method}", "sensitivity").analyze
    return analyze
