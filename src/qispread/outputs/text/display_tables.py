"""Tables of a comparison as text, for the terminal and the page: titles, headings and cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from qispread.common.formatting import (
    MISSING_MARK,
    format_difference,
    format_interval,
    format_short,
    format_value,
)
from qispread.model.measures import MEASURES
from qispread.outputs.text.labels import (
    BETTER_IN_HEADING,
    DIFFERENCE_MEASURES,
    INTERVAL_HEADING,
    PER_100,
    marked_label,
    scale_per_100,
    select_own,
)
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.robustness import Robustness

NO_DIFFERENCE = "none"
IN_EVERY_RUN = "in every run"
"""Replaces the interval of a difference that is the same in all runs."""
COST_TITLE, DOMINANCE_HEADING = "Cost-effectiveness", "Dominance"
COST_HEADINGS = ("", f"Added cost{PER_100}", "Cost per event averted", INTERVAL_HEADING, DOMINANCE_HEADING)
NO_MAIN_DRIVER = "No single parameter clearly decides which option is best."
ROBUSTNESS_HEADINGS = ("", "Best in", "Better than baseline in", "Mean regret", "Worst regret")


@dataclass(frozen=True)
class TextTable:
    """A table as text.

    Attributes
    ----------
    title : str
    headings : sequence of str
        The first column is text, the others are numbers.
    rows : sequence of sequences of str
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class DifferenceRow:
    """One measure of an arm against the baseline.

    Attributes
    ----------
    measure : str
    cells : sequence of str
        Under `labels.DIFFERENCE_HEADINGS`.
    pairing_gain : float
        Factor by which common random numbers cut the number of runs needed.
    """

    measure: str
    cells: Sequence[str]
    pairing_gain: float


def difference_rows(comparison: Comparison, arm: str) -> list[DifferenceRow]:
    """Return the differences of an arm, a row for each measure, the user's own last; sums are per 100 organisations."""
    rows = []
    for measure in (*DIFFERENCE_MEASURES, *select_own(one.name for one in comparison.measures)):
        row = comparison.difference(arm, measure)
        number_format, scale = MEASURES[measure].form, scale_per_100(measure, comparison.organisation_count)
        means = (format_value(scale * row[name], number_format) for name in ("baseline", "arm_mean"))
        cells = (marked_label(measure), *means, *difference_cells(row, measure, scale))
        rows.append(DifferenceRow(measure, cells, row["pairing_gain"]))
    return rows


def difference_cells(row: Mapping[Any, Any], measure: str, scale: float = 1.0) -> tuple[str, str, str]:
    """Return difference, interval and share of runs in which the arm is better, as text.

    Parameters
    ----------
    row : mapping
        ``difference``, ``low``, ``high`` and ``share_better``.
    measure : str
        Its declaration has the number format.
    scale : float
        Factor of the numbers, from `scale_per_100`.
    """
    value, low, high, better = (float(row[name]) for name in ("difference", "low", "high", "share_better"))
    if value == 0.0 and not low < 0.0:
        return (NO_DIFFERENCE, "", "")
    number_format = MEASURES[measure].form
    interval = format_interval(scale * low, scale * high, number_format)
    return (
        format_difference(scale * value, number_format),
        IN_EVERY_RUN if is_same_in_every_run(low, high) else interval,
        format_value(better, "percent"),
    )


def is_same_in_every_run(low: float, high: float) -> bool:
    """Return whether an interval has no width except for rounding."""
    return abs(high - low) <= 1e-12 * max(abs(low), abs(high))


def between_table(comparison: Comparison) -> TextTable:
    """Return the differences between any two arms in the measure of the comparison."""
    measure, table = comparison.measure, comparison.arm_differences
    scale = scale_per_100(measure, comparison.organisation_count)
    rows = [
        (f"{row['arm']} against {row['against']}", *difference_cells(row, measure, scale))
        for row in table[table["measure"] == measure].to_dict("records")
    ]
    title = f"Options against each other: {marked_label(measure)}"
    return TextTable(title, ("", "Difference", INTERVAL_HEADING, BETTER_IN_HEADING), rows)


def factorial_table(factorial: pd.DataFrame, measure: str, organisations: int) -> TextTable:
    """Return main effects and interactions on a measure.

    Parameters
    ----------
    factorial : DataFrame
        The table `factorial` of a comparison.
    measure : str
    organisations : int
        Number of organisations.
    """
    number_format, scale = MEASURES[measure].form, scale_per_100(measure, organisations)
    rows = []
    for row in factorial[factorial["measure"] == measure].to_dict("records"):
        low, effect, high = (scale * float(row[name]) for name in ("low", "effect", "high"))
        term = f"{row['kind']}: {row['term']}"
        rows.append((term, format_difference(effect, number_format), format_interval(low, high, number_format)))
    title = f"Main effects and interactions: {marked_label(measure)}"
    return TextTable(title, ("", "Effect", INTERVAL_HEADING), rows)


def cost_table(costs: pd.DataFrame, organisations: int) -> TextTable:
    """Return cost per event averted and dominance of each arm; `costs` is the table `cost_effectiveness`."""
    rows = []
    for row in costs.to_dict("records"):
        ratio, low, high = (float(row[f"cost_per_event_averted{suffix}"]) for suffix in ("", "_low", "_high"))
        bounds = [format_value(bound, "money") for bound in (low, high)]
        added_cost = format_short(100.0 / organisations * float(row["cost_difference"]), "+")
        interval = MISSING_MARK if MISSING_MARK in bounds else " to ".join(bounds)
        rows.append((str(row["arm"]), added_cost, format_value(ratio, "money"), interval, str(row["dominance"])))
    return TextTable(COST_TITLE, COST_HEADINGS, rows)


def robustness_table(robustness: Robustness, organisations: int) -> TextTable:
    """Return the performance of the arms in plausible models."""
    measure = MEASURES[robustness.measure]
    scale = scale_per_100(measure.name, organisations)
    rows = [
        (
            str(row["arm"]),
            *(format_value(float(row[name]), "percent") for name in ("share_best", "share_above_baseline")),
            *(format_regret(scale * float(row[name]), measure.form) for name in ("regret_mean", "regret_worst")),
        )
        for row in robustness.arms.to_dict("records")
    ]
    title = f"{len(robustness.means)} plausible models, by {marked_label(measure.name)}"
    return TextTable(title, ROBUSTNESS_HEADINGS, rows)


def format_regret(value: float, number_format: str) -> str:
    """Return a regret as text: a difference without a sign, shares in percentage points."""
    return MISSING_MARK if pd.isna(value) else format_difference(value, number_format).removeprefix("+")


def robustness_sentences(robustness: Robustness) -> list[str]:
    """Return in how many plausible models the best arm and the ranking hold, and which parameters decide."""
    ranking, best = (
        format_value(share, "percent") for share in (robustness.ranking_stability, robustness.best_stability)
    )
    sentences = [f"The option that ranks first is the best in {best} of them; the full ranking holds in {ranking}."]
    if not robustness.best_unchanged.all():
        driver = robustness.main_driver
        sentences[0] += f" {driver} decides most which option is best." if driver else f" {NO_MAIN_DRIVER}"
    sentences += [
        f"The order of {arm} and {against} depends most on {parameter}."
        for arm, against, parameter in robustness.order_changes
    ]
    return sentences
