"""Tables of a comparison in text, as the terminal and the page show them: titles, headings and cells."""

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
)
from qispread.runs.comparison.paired_comparison import Comparison
from qispread.runs.comparison.robustness import Robustness

NO_DIFFERENCE = "none"
IN_EVERY_RUN = "in every run"
"""In place of the interval of a difference that is the same in all runs."""


@dataclass(frozen=True)
class TextTable:
    """A table in text.

    Attributes
    ----------
    title : str
    headings : sequence of str
        The first column holds words, the others numbers.
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
        How many times as many independent runs would have been needed.
    """

    measure: str
    cells: Sequence[str]
    pairing_gain: float


def difference_rows(comparison: Comparison, arm: str) -> list[DifferenceRow]:
    """Return what an arm changes, a row a measure; shares in percentage points, sums for every 100 organisations."""
    rows = []
    for measure in DIFFERENCE_MEASURES:
        one = comparison.difference(arm, measure)
        form, scale = MEASURES[measure].form, scale_per_100(measure, comparison.organisation_count)
        means = (format_value(scale * one[name], form) for name in ("baseline", "arm_mean"))
        cells = (marked_label(measure), *means, *difference_cells(one, measure, scale))
        rows.append(DifferenceRow(measure, cells, one["pairing_gain"]))
    return rows


def difference_cells(row: Mapping[Any, Any], measure: str, scale: float = 1.0) -> tuple[str, str, str]:
    """Return difference, interval and share of runs that are better, in text.

    Parameters
    ----------
    row : mapping
        ``difference``, ``low``, ``high`` and ``better``.
    measure : str
        Whose form decides how they are written.
    scale : float
        By which numbers are multiplied, as `scale_per_100` gives it.
    """
    value, low, high, better = (float(row[name]) for name in ("difference", "low", "high", "share_better"))
    if value == 0.0 and not low < 0.0:
        return (NO_DIFFERENCE, "", "")
    form = MEASURES[measure].form
    interval = format_interval(scale * low, scale * high, form)
    return (
        format_difference(scale * value, form),
        IN_EVERY_RUN if is_same_in_every_run(low, high) else interval,
        format_value(better, "percent"),
    )


def is_same_in_every_run(low: float, high: float) -> bool:
    """Return whether an interval has no width, save for rounding."""
    return abs(high - low) <= 1e-12 * max(abs(low), abs(high))


def between_table(comparison: Comparison) -> TextTable:
    """Return how every two arms differ in the comparison's measure."""
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
        The table of that name.
    measure : str
    organisations : int
        Of each run.
    """
    form, scale = MEASURES[measure].form, scale_per_100(measure, organisations)
    rows = []
    for row in factorial[factorial["measure"] == measure].to_dict("records"):
        low, effect, high = (scale * float(row[name]) for name in ("low", "effect", "high"))
        term = f"{row['kind']}: {row['term']}"
        rows.append((term, format_difference(effect, form), format_interval(low, high, form)))
    title = f"Effects on {marked_label(measure)}, of every combination"
    return TextTable(title, ("", "Effect", INTERVAL_HEADING), rows)


def cost_table(costs: pd.DataFrame, organisations: int) -> TextTable:
    """Return what an event averted costs in each arm, and which arms are dominated; `costs` is "cost_effectiveness"."""
    rows = []
    for row in costs.to_dict("records"):
        price, low, high = (float(row[f"cost_per_event_averted{end}"]) for end in ("", "_low", "_high"))
        bounds = [format_value(end, "money") for end in (low, high)]
        more = format_short(100.0 / organisations * float(row["cost_difference"]), "+")
        interval = MISSING_MARK if MISSING_MARK in bounds else " to ".join(bounds)
        rows.append((str(row["arm"]), more, format_value(price, "money"), interval, str(row["dominance"])))
    return TextTable(
        "Cost", ("", f"More than baseline{PER_100}", "Cost per event averted", INTERVAL_HEADING, "Standing"), rows
    )


def robustness_table(robustness: Robustness, organisations: int) -> TextTable:
    """Return how the ranking of the arms fares in plausible models."""
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
    return TextTable(title, ("", "Best in", "Above baseline in", "Mean regret", "Worst regret"), rows)


def format_regret(value: float, form: str) -> str:
    """Return a regret in text: a difference without a sign, shares in percentage points."""
    return MISSING_MARK if pd.isna(value) else format_difference(value, form).removeprefix("+")


def robustness_sentences(robustness: Robustness) -> list[str]:
    """Return in how many plausible models the ranking holds, and which parameters decide it."""
    ranking, best = (
        format_value(share, "percent") for share in (robustness.ranking_stability, robustness.best_stability)
    )
    text = f"The full ranking holds in {ranking} of them, and the best option stays the best in {best}."
    if not robustness.best_unchanged.all():
        flip = robustness.main_driver
        text += (
            f" {flip} decides most which option is best." if flip else " No parameter clearly decides which is best."
        )
    decisive = [
        f"What decides between {arm} and {against} is {parameter}."
        for arm, against, parameter in robustness.order_changes
    ]
    return [text, *decisive]
