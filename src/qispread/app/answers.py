"""What the page is told of a setting: curves with bands, a headline in words, the table of differences."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import numpy as np

from qispread.app.charts import PARTS, chart_without_numbers, numbers
from qispread.app.desk import Urgency
from qispread.app.ensemble import Ensemble, Ensembles, compared, stages
from qispread.app.setting import WHAT_IF, Setting
from qispread.comparison import BASE, Comparison
from qispread.comparison.paired import HEADLINE
from qispread.comparison.statistics import mean_of_known
from qispread.figures.curves import curve_of, curve_words
from qispread.measures import MEASURES
from qispread.presentation.formatting import format_duration, format_value
from qispread.presentation.labels import (
    CAUTION,
    DIFFERENCE_HEADINGS,
    DIFFERENCES,
    OVER_TIME,
    SEEDING,
    changes_pilot_site,
)
from qispread.presentation.sentences import difference_from_row, difference_sentence
from qispread.presentation.tables import difference_rows

DRAWN = (*OVER_TIME, "harm")
"""The curves of the page, the first three on the first screen."""
SUBJECT = "the what-if"


async def answers(setting: Setting, ensembles: Ensembles) -> AsyncIterator[dict[str, Any]]:
    """Yield what a setting comes to: first from a part of the worlds where they are many, then from all."""
    desk = ensembles.desk
    ticket = desk.ticket()
    for count, kind in stages(setting.base.replicates):
        base, what_if = await ensembles.both(setting.base, setting.what_if, count, Urgency(kind, ticket))
        yield await desk.work(partial(told, base, what_if, count))


def told(base: Ensemble, what_if: Ensemble, count: int) -> dict[str, Any]:
    """Return the answer of the first worlds."""
    same, asked = base is what_if, base.scenario.replicates
    comparison = compared(base, what_if, count, WHAT_IF)
    curves = [one_curve(name, base, what_if, count) for name in DRAWN]
    if count == asked:
        base.settle()
        what_if.settle()
    failed = sorted({run.replicate for runs in comparison.runs.values() for run in runs.failed})
    return {
        "worlds": count,
        "asked": asked,
        "same": same,
        "months": base.scenario.horizon,
        "failed": len(failed),
        "headline": headline(comparison, base.scenario.horizon, same=same),
        "curves": curves,
        "table": {
            "headings": DIFFERENCE_HEADINGS,
            "rows": [] if same else [one.cells for one in difference_rows(comparison, WHAT_IF)],
            "ends": ends(comparison),
            "caution": caution(comparison),
        },
    }


def caution(comparison: Comparison) -> str:
    """Return how to read the table of differences."""
    seeded = changes_pilot_site(runs.scenario for runs in comparison.runs.values())
    return f"{CAUTION} {SEEDING}" if seeded else CAUTION


def one_curve(measure: str, base: Ensemble, what_if: Ensemble, count: int) -> dict[str, Any]:
    """Return the numbers of one curve, and the chart to draw them in."""
    arms = {BASE: base.bands(count)[measure], WHAT_IF: what_if.bands(count)[measure]}
    values = {name: dict(zip(PARTS, map(numbers, bands), strict=True)) for name, bands in arms.items()}
    shown = [BASE] if base is what_if else list(arms)
    ends = {name: dict(zip(PARTS, arms[name][:, -1], strict=True)) for name in shown}
    said = curve_words(ends, curve_of(measure), base.scenario.horizon)
    return {**chart_without_numbers(measure, arms), "alt": said, "arms": {name: values[name] for name in shown}}


def ends(comparison: Comparison) -> list[dict[str, str]]:
    """Return the means at the end in the base, written as the table of differences writes them."""
    found = []
    for measure in map(MEASURES.__getitem__, DIFFERENCES):
        mean = mean_of_known(comparison.runs[BASE].by_world(measure.name))
        found.append({"measure": measure.name, "label": measure.label, "value": format_value(mean, measure.form)})
    return found


def headline(comparison: Comparison, months: int, *, same: bool) -> list[str]:
    """Return the answer in sentences: what use and effect come to, and what difference the what-if makes."""
    means = {name: comparison.difference(WHAT_IF, name) for name in OVER_TIME}
    use, intact, effect = (in_words(one, same=same) for one in means.values())
    first = f"After {format_duration(months)} {use} of organisations use it"
    if not np.isnan(means["fidelity"]["arm_mean"]):
        first = f"{first}, with {intact} of its core intact and {effect} of its effect"
    if same:
        return [f"{first}."]
    row = {"arm": SUBJECT, "measure": HEADLINE, **comparison.difference(WHAT_IF, HEADLINE)}
    return [f"{first}.", difference_sentence(difference_from_row(row), months)]


def in_words(one: dict[str, float], *, same: bool) -> str:
    """Return a share in the what-if, with that in the base where they may differ."""
    base, what_if = format_value(one["base"], "percent"), format_value(one["arm_mean"], "percent")
    return what_if if same else f"{what_if} (baseline {base})"
