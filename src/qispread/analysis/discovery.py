"""Scenario discovery: in which corner of the uncertainties does a policy fail? (bryant2010)."""

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
"""How columns of arms begin in the table of models of a comparison."""
TRAJECTORY_COLUMNS = {
    "box": "Number of the box, 0 for everything.",
    "kind": "whole, peel (made smaller), paste (made larger again) or pruned (rid of restrictions that tell nothing).",
    "coverage": "Share of all cases that it holds.",
    "density": "Share of what it holds that are cases.",
    "mass": "Share of all points that it holds.",
    "points": "Points that it holds.",
    "cases": "Cases that it holds.",
    "restricted": "How many parameters it restricts.",
    "suggested": "Whether it is the box to look at first.",
}
LIMIT_COLUMNS = {
    "box": "Number of the box.",
    "parameter": "Path of the parameter.",
    "low": "Lowest value inside; blank for labels.",
    "high": "Highest value inside; blank for labels.",
    "labels": "Values inside, where they have no scale.",
    "whole_low": "Lowest value of all points.",
    "whole_high": "Highest value of all points.",
    "p_low": "Quasi-p-value of the lower limit; blank where there is none.",
    "p_high": "Quasi-p-value of the upper limit.",
    "p_labels": "Quasi-p-value of the choice of values.",
}


@keep_former_members
@dataclass(frozen=True)
class BoxSearchOptions:
    """How boxes are searched, and which one is suggested.

    Attributes
    ----------
    prim_options : PrimOptions
    coverage : float or None
        The suggested box is the last that holds at least this share of the cases; None for the one with the largest
        harmonic mean of coverage and density.
    permutations : int
        Shuffles of the cases to tell what chance would find; 0 for none.
    """

    prim_options: PrimOptions = field(default_factory=PrimOptions)
    coverage: float | None = None
    permutations: int = 99

    def __post_init__(self) -> None:
        """Refuse numbers that have no meaning."""
        numbers = {"alpha": self.prim_options.alpha, "mass": self.prim_options.mass, "coverage": self.coverage}
        faults = [
            Fault(name, f"got {number}; needed: a number above 0 and below {top:g}")
            for (name, number), top in zip(numbers.items(), (0.5, 1.0, 1.0), strict=True)
            if number is not None and not 0.0 < number < top
        ]
        if self.permutations < 0:
            faults.append(Fault("shuffles", f"got {self.permutations}; needed: at least 0"))
        if faults:
            raise InputError(faults)


@keep_former_members
@dataclass(frozen=True, eq=False)
class Discovery:
    """Boxes in which cases are dense.

    Attributes
    ----------
    question : str
        What a case is, such as "effect below 0.2 in month 120".
    unit : {"points", "models"}
        What is a case or not.
    cases : CaseData
    steps : list of PeelStep
    suggested_index : int
        The number of the box to look at first.
    chance_probability : float or None
        How often chance alone finds a box as telling; None where it was not asked.
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
        """The table of boxes, a row each; columns as `TRAJECTORY_COLUMNS` has them."""
        whole = self.steps[0]
        steps = self.steps
        columns = {
            "box": range(len(steps)),
            "kind": [one.kind for one in steps],
            "coverage": [one.case_count / whole.case_count for one in steps],
            "density": [one.density for one in steps],
            "mass": [one.point_count / whole.point_count for one in steps],
            "points": [one.point_count for one in steps],
            "cases": [one.case_count for one in steps],
            "restricted": [len(one.box) for one in steps],
            "suggested": [place == self.suggested_index for place in range(len(steps))],
        }
        return pd.DataFrame(columns)

    @property
    def limits(self) -> pd.DataFrame:
        """The limits of all boxes, a row a box and parameter that it restricts; columns as `LIMIT_COLUMNS` has them."""
        rows = [row for place in range(len(self.steps)) for row in self.box_limits(place)]
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


def check_box_index(box: int, number: int) -> None:
    """Refuse a box that is not there."""
    if 0 <= box < number:
        return
    needed = f"a box from 0 to {number - 1}" if number > 1 else "0, the only box there is"
    raise InputError([Fault("--box", f"got {box}; needed: {needed}")])


def display_limits(column: NDArray[Any], limit: NumberRange) -> dict[str, float]:
    """Return the ends of a range as tables show them: of few values or whole numbers the outermost ones inside."""
    inside = column[(column >= limit.low) & (column <= limit.high)]
    whole = {"whole_low": float(column.min()), "whole_high": float(column.max())}
    if np.issubdtype(column.dtype, np.integer) or np.unique(column).size <= MAX_CATEGORIES:
        return {"low": float(inside.min()), "high": float(inside.max()), **whole}
    return {"low": max(limit.low, whole["whole_low"]), "high": min(limit.high, whole["whole_high"]), **whole}


@argument_checks.validate_arguments(
    sweep=check_swept,
    measure=argument_checks.check_text,
    below=argument_checks.optional_check(argument_checks.check_number),
    above=argument_checks.optional_check(argument_checks.check_number),
    replicate_share=argument_checks.optional_check(argument_checks.check_number),
    intervention=argument_checks.check_text,
    month=argument_checks.optional_check(argument_checks.integer_check()),
    options=argument_checks.optional_check(argument_checks.instance_check(BoxSearchOptions, "a Search")),
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
        Of any design that fills the ranges; points without the measure in any world are left out.
    measure, intervention : str
    below, above : float, optional
        The threshold, one of the two.
    replicate_share : float, optional
        A point is a case where at least this share of its worlds is; unless given, where its level over worlds is.
    month : int, optional
        The end unless given.
    options : BoxSearchOptions, optional

    Raises
    ------
    InputError
        For a measure, intervention or month that was not kept, a threshold that all points or none meet.
    """
    threshold = parse_threshold(below, above, replicate_share)
    months = (sweep.experiment.scenario.horizon if month is None else month,)
    (month, values), *_ = measure_by_month(sweep, measure, intervention, months).items()
    levels = additive_point_means(values)
    known = ~np.isnan(levels)
    question = f"{measure} {threshold} in month {month}"
    question += "" if replicate_share is None else f" in at least {replicate_share:.0%} of the worlds"
    question += "" if intervention == POOLED else f", of {intervention}"
    cases = threshold.classify(levels, values)[known]
    check_cases(cases, measure, levels[known], question)
    made = sweep.attempted().any(axis=1)
    left_out = {
        "no run of them was made yet": int(np.count_nonzero(~made)),
        f"no world has '{measure}'": int(np.count_nonzero(made & ~known)),
    }
    notes = tuple(f"{number} of {known.size} points are left out: {why}" for why, number in left_out.items() if number)
    table = sweep.points.reset_index(drop=True)[known]
    return build_discovery(table, cases, question, "points", options or BoxSearchOptions(), notes)


def discover_models(
    models: pd.DataFrame, arm: str, measure: str, better: str, options: BoxSearchOptions | None = None
) -> Discovery:
    """Return boxes of the plausible models of a comparison in which an arm is not better than the base.

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
        For an arm that there is not, and where the arm is better in every model or in none.
    """
    arms = [str(name).removeprefix(ARM_COLUMN_PREFIX) for name in models if str(name).startswith(ARM_COLUMN_PREFIX)]
    index_of(arm, [name for name in arms if name != BASELINE_ARM], "arm")
    gain = (models[ARM_COLUMN_PREFIX + arm] - models[ARM_COLUMN_PREFIX + BASELINE_ARM]).to_numpy(np.float64) * (
        1.0 if better == "more" else -1.0
    )
    question = f"{arm} is not better than the base in {measure}"
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
    """Return the boxes of a table of parameters; the suggested one is rid of restrictions that tell nothing."""
    columns = {
        str(name): np.asarray(table[name] if pd.api.types.is_numeric_dtype(table[name]) else table[name].astype(str))
        for name in table
    }
    data = CaseData(columns, cases)
    steps = search_boxes(data, options.prim_options)
    place = suggest_box(steps, options.coverage)
    simple = prune_box(data, steps[place])
    if simple is not steps[place]:
        steps.append(simple)
        place = len(steps) - 1
    by_chance = (
        chance_probability(data, options.prim_options, options.permutations, options.coverage)
        if options.permutations
        else None
    )
    return Discovery(question, unit, data, steps, place, by_chance, notes)
