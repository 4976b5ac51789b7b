"""Scenario discovery: conditions under which a policy fails or succeeds (bryant2010)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.analysis.box_pruning import chance_probability, prune_box, quasi_p_values, suggest_box
from qispread.analysis.case_thresholds import check_cases, parse_threshold
from qispread.analysis.prim import CaseData, NumberRange, PeelStep, PrimOptions, search_boxes
from qispread.analysis.variance_components import additive_point_means
from qispread.common.deprecation import keep_former_members
from qispread.inputs import argument_checks
from qispread.inputs.cross_checks import POOLED
from qispread.inputs.errors import Fault, InputError, index_of
from qispread.runs.comparison.arms import BASELINE_ARM
from qispread.runs.sweep.sweep_outcomes import MAX_CATEGORIES, SweepReader, check_swept, measure_by_month

ARM_COLUMN_PREFIX = "value."
"""Prefix of the columns of arms in the table of models of a comparison."""
TRAJECTORY_COLUMNS = {
    "box": "Number of the box, 0 for all points.",
    "kind": "whole, peel (made smaller), paste (made larger again) or pruned (weak restrictions removed).",
    "coverage": "Share of all cases that are inside.",
    "density": "Share of the points inside that are cases.",
    "mass": "Share of all points that are inside.",
    "points": "Number of points inside.",
    "cases": "Number of cases inside.",
    "restricted": "Number of restricted parameters.",
    "suggested": "Whether it is the suggested box.",
}
LIMIT_COLUMNS = {
    "box": "Number of the box.",
    "parameter": "Path of the parameter.",
    "low": "Lowest value inside; blank for labels.",
    "high": "Highest value inside; blank for labels.",
    "labels": "Values inside, for parameters without a scale.",
    "whole_low": "Lowest value of all points.",
    "whole_high": "Highest value of all points.",
    "p_low": "Quasi-p-value of the lower limit; blank where there is none.",
    "p_high": "Quasi-p-value of the upper limit.",
    "p_labels": "Quasi-p-value of the restriction to these values.",
}


@keep_former_members
@dataclass(frozen=True)
class BoxSearchOptions:
    """Options of the search for boxes and of the suggested box.

    Attributes
    ----------
    prim_options : PrimOptions
    coverage : float or None
        The suggested box is the last that holds at least this share of the cases; None for the one with the largest
        harmonic mean of coverage and density.
    permutations : int
        Permutations of the cases to estimate what chance would find; 0 for none.
    """

    prim_options: PrimOptions = field(default_factory=PrimOptions)
    coverage: float | None = None
    permutations: int = 99

    def __post_init__(self) -> None:
        """Refuse invalid numbers."""
        numbers = {"alpha": self.prim_options.alpha, "mass": self.prim_options.mass, "coverage": self.coverage}
        faults = [
            Fault(name, f"got {value}; needed: a number above 0 and below {limit:g}")
            for (name, value), limit in zip(numbers.items(), (0.5, 1.0, 1.0), strict=True)
            if value is not None and not 0.0 < value < limit
        ]
        if self.permutations < 0:
            faults.append(Fault("shuffles", f"got {self.permutations}; needed: at least 0"))
        if faults:
            raise InputError(faults)


@keep_former_members
@dataclass(frozen=True, eq=False)
class Discovery:
    """Boxes with a high density of cases.

    Attributes
    ----------
    question : str
        Definition of a case, such as "effect below 0.2 in month 120".
    unit : {"points", "models"}
        What cases are a subset of.
    cases : CaseData
    steps : list of PeelStep
    suggested_index : int
        Number of the suggested box.
    chance_probability : float or None
        Probability of a box at least as good by chance alone; None where it was not requested.
    notes : tuple of str
    """

    question: str
    unit: Literal["points", "models"]
    cases: CaseData
    steps: Sequence[PeelStep]
    suggested_index: int
    chance_probability: float | None
    notes: tuple[str, ...] = ()

    @property
    def trajectory(self) -> pd.DataFrame:
        """The table of boxes, a row each; columns as in `TRAJECTORY_COLUMNS`."""
        steps = self.steps
        all_points = steps[0]
        columns = {
            "box": range(len(steps)),
            "kind": [step.kind for step in steps],
            "coverage": [step.case_count / all_points.case_count for step in steps],
            "density": [step.density for step in steps],
            "mass": [step.point_count / all_points.point_count for step in steps],
            "points": [step.point_count for step in steps],
            "cases": [step.case_count for step in steps],
            "restricted": [len(step.box) for step in steps],
            "suggested": [index == self.suggested_index for index in range(len(steps))],
        }
        return pd.DataFrame(columns)

    @property
    def limits(self) -> pd.DataFrame:
        """The limits of all boxes, a row for each box and restricted parameter; columns as in `LIMIT_COLUMNS`."""
        rows = [row for index in range(len(self.steps)) for row in self.box_limits(index)]
        return pd.DataFrame(rows, columns=list(LIMIT_COLUMNS))

    def box_limits(self, box: int) -> list[dict[str, Any]]:
        """Return the rows of one box in the table of limits."""
        check_box_index(box, len(self.steps))
        step, rows = self.steps[box], []
        p_values = quasi_p_values(self.cases, step)
        for name, limit in step.box.items():
            column = self.cases.columns[name]
            row: dict[str, Any] = {"box": box, "parameter": name, "labels": ""}
            if isinstance(limit, NumberRange):
                row |= display_limits(column, limit)
            else:
                row["labels"] = ", ".join(sorted(limit))
            row |= {f"p_{side}": p_values.get((name, side), np.nan) for side in ("low", "high", "labels")}
            rows.append(row)
        return rows


def check_box_index(box: int, count: int) -> None:
    """Refuse the number of a box that does not exist.

    Raises
    ------
    InputError
    """
    if 0 <= box < count:
        return
    needed = f"a box from 0 to {count - 1}" if count > 1 else "0, the only box"
    raise InputError([Fault("--box", f"got {box}; needed: {needed}")])


def display_limits(column: NDArray[Any], limit: NumberRange) -> dict[str, float]:
    """Return the ends of a range as tables show them: for few values or integers, the outermost values inside."""
    inside = column[(column >= limit.low) & (column <= limit.high)]
    full_range = {"whole_low": float(column.min()), "whole_high": float(column.max())}
    if np.issubdtype(column.dtype, np.integer) or np.unique(column).size <= MAX_CATEGORIES:
        return {"low": float(inside.min()), "high": float(inside.max()), **full_range}
    low, high = max(limit.low, full_range["whole_low"]), min(limit.high, full_range["whole_high"])
    return {"low": low, "high": high, **full_range}


@argument_checks.validate_arguments(
    sweep=check_swept,
    measure=argument_checks.check_text,
    below=argument_checks.optional_check(argument_checks.check_number),
    above=argument_checks.optional_check(argument_checks.check_number),
    replicate_share=argument_checks.optional_check(argument_checks.check_number),
    intervention=argument_checks.check_text,
    month=argument_checks.optional_check(argument_checks.integer_check()),
    options=argument_checks.optional_check(argument_checks.instance_check(BoxSearchOptions, "a BoxSearchOptions")),
)
def discover(
    sweep: SweepReader,
    measure: str,
    *,
    below: float | None = None,
    above: float | None = None,
    replicate_share: float | None = None,
    intervention: str = POOLED,
    month: int | None = None,
    options: BoxSearchOptions | None = None,
) -> Discovery:
    """Return boxes of the factors of a sweep in which a measure is below or above a threshold.

    Parameters
    ----------
    sweep : Sweep
        With any design that covers the ranges; points without the measure in all replicates are left out.
    measure, intervention : str
    below, above : float, optional
        The threshold, one of the two.
    replicate_share : float, optional
        A point is a case where at least this share of its replicates is; by default, where its mean is.
    month : int, optional
        The end by default.
    options : BoxSearchOptions, optional

    Raises
    ------
    InputError
        For a measure, intervention or month that was not recorded, and a threshold that all points or none meet.
    """
    threshold = parse_threshold(below, above, replicate_share)
    months = (sweep.experiment.scenario.horizon if month is None else month,)
    (month, values), *_ = measure_by_month(sweep, measure, intervention, months).items()
    levels = additive_point_means(values)
    known = ~np.isnan(levels)
    question = f"{measure} {threshold} in month {month}"
    question += "" if replicate_share is None else f" in at least {replicate_share:.0%} of the replicates"
    question += "" if intervention == POOLED else f", of {intervention}"
    cases = threshold.classify(levels, values)[known]
    check_cases(cases, measure, levels[known], question)
    attempted = sweep.attempted().any(axis=1)
    omitted = {
        "they have no run yet": int(np.count_nonzero(~attempted)),
        f"no replicate has '{measure}'": int(np.count_nonzero(attempted & ~known)),
    }
    notes = tuple(
        f"{count} of {known.size} points are left out: {reason}" for reason, count in omitted.items() if count
    )
    table = sweep.points.reset_index(drop=True)[known]
    return build_discovery(table, cases, question, "points", options or BoxSearchOptions(), notes)


def discover_models(
    models: pd.DataFrame, arm: str, measure: str, better: str, options: BoxSearchOptions | None = None
) -> Discovery:
    """Return boxes of the plausible models of a comparison in which an arm is not better than the baseline.

    Parameters
    ----------
    models : DataFrame
        `models` of a comparison: parameters by path, and ``value.ARM``, the mean of the measure in each arm.
    arm, measure : str
    better : {"more", "less"}
        Which direction of the measure is good.

    Raises
    ------
    InputError
        For an unknown arm, and where the arm is better in every model or in none.
    """
    arms = [str(name).removeprefix(ARM_COLUMN_PREFIX) for name in models if str(name).startswith(ARM_COLUMN_PREFIX)]
    index_of(arm, [name for name in arms if name != BASELINE_ARM], "arm")
    gain = (models[ARM_COLUMN_PREFIX + arm] - models[ARM_COLUMN_PREFIX + BASELINE_ARM]).to_numpy(np.float64) * (
        1.0 if better == "more" else -1.0
    )
    question = f"{arm} is not better than the baseline in {measure}"
    check_cases(gain <= 0.0, f"gain in {measure}", gain, question)
    table = models[[name for name in models if not str(name).startswith(ARM_COLUMN_PREFIX)]]
    return build_discovery(table, gain <= 0.0, question, "models", options or BoxSearchOptions())


def build_discovery(
    table: pd.DataFrame,
    cases: NDArray[np.bool_],
    question: str,
    unit: Literal["points", "models"],
    options: BoxSearchOptions,
    notes: tuple[str, ...] = (),
) -> Discovery:
    """Return the boxes of a table of parameters, the suggested one without restrictions that are not significant."""
    columns = {
        str(name): np.asarray(table[name] if pd.api.types.is_numeric_dtype(table[name]) else table[name].astype(str))
        for name in table
    }
    data = CaseData(columns, cases)
    steps = search_boxes(data, options.prim_options)
    index = suggest_box(steps, options.coverage)
    pruned = prune_box(data, steps[index])
    if pruned is not steps[index]:
        steps.append(pruned)
        index = len(steps) - 1
    by_chance = (
        chance_probability(data, options.prim_options, options.permutations, options.coverage)
        if options.permutations
        else None
    )
    return Discovery(question, unit, data, steps, index, by_chance, notes)
