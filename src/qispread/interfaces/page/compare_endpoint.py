"""What the page is told of a setting: curves with bands, a headline in words, the table of differences."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import numpy as np

from qispread.common.formatting import format_duration, format_value
from qispread.interfaces.page.ensembles import Ensemble, EnsembleCache, answer_stages, build_comparison
from qispread.interfaces.page.live_charts import BAND_PARTS, chart_without_numbers, to_json_numbers
from qispread.interfaces.page.page_state import WHAT_IF, PageState
from qispread.interfaces.page.work_queue import Priority
from qispread.model.measures import MEASURES
from qispread.outputs.figures.curve_figures import curve_spec, describe_curves
from qispread.outputs.text.display_tables import difference_rows
from qispread.outputs.text.labels import (
    CURVE_MEASURES,
    DIFFERENCE_HEADINGS,
    DIFFERENCE_MEASURES,
    DIFFERENCES_NOTE,
    SEEDING_CAUTION,
    changes_pilot_site,
)
from qispread.outputs.text.sentences import difference_from_row, difference_sentence
from qispread.runs.comparison import BASELINE_ARM, Comparison
from qispread.runs.comparison.paired_comparison import DEFAULT_MEASURE
from qispread.runs.comparison.paired_statistics import finite_mean

DRAWN_MEASURES = (*CURVE_MEASURES, "event_rate")
"""The curves of the page, the first three on the first screen."""
WHAT_IF_SUBJECT = "the what-if"


async def stream_comparison(setting: PageState, ensembles: EnsembleCache) -> AsyncIterator[dict[str, Any]]:
    """Yield what a setting comes to: first from a part of the worlds where they are many, then from all."""
    desk = ensembles.desk
    ticket = desk.next_ticket()
    for count, kind in answer_stages(setting.base.replicates):
        base, what_if = await ensembles.get_both(setting.base, setting.what_if, count, Priority(kind, ticket))
        yield await desk.run(partial(comparison_message, base, what_if, count))


def comparison_message(base: Ensemble, what_if: Ensemble, count: int) -> dict[str, Any]:
    """Return the answer of the first worlds."""
    same, asked = base is what_if, base.scenario.replicates
    comparison = build_comparison(base, what_if, count, WHAT_IF)
    curves = [curve_message(name, base, what_if, count) for name in DRAWN_MEASURES]
    if count == asked:
        base.discard_months()
        what_if.discard_months()
    failed = sorted({run.replicate for runs in comparison.runs.values() for run in runs.failed_runs})
    return {
        "worlds": count,
        "asked": asked,
        "same": same,
        "months": base.scenario.horizon,
        "failed": len(failed),
        "headline": headline_sentences(comparison, base.scenario.horizon, same=same),
        "curves": curves,
        "table": {
            "headings": DIFFERENCE_HEADINGS,
            "rows": [] if same else [one.cells for one in difference_rows(comparison, WHAT_IF)],
            "ends": final_base_values(comparison),
            "caution": comparison_caution(comparison),
        },
    }


def comparison_caution(comparison: Comparison) -> str:
    """Return how to read the table of differences."""
    seeded = changes_pilot_site(runs.scenario for runs in comparison.runs.values())
    return f"{DIFFERENCES_NOTE} {SEEDING_CAUTION}" if seeded else DIFFERENCES_NOTE


def curve_message(measure: str, base: Ensemble, what_if: Ensemble, count: int) -> dict[str, Any]:
    """Return the numbers of one curve, and the chart to draw them in."""
    arms = {BASELINE_ARM: base.bands(count)[measure], WHAT_IF: what_if.bands(count)[measure]}
    values = {name: dict(zip(BAND_PARTS, map(to_json_numbers, bands), strict=True)) for name, bands in arms.items()}
    shown = [BASELINE_ARM] if base is what_if else list(arms)
    ends = {name: dict(zip(BAND_PARTS, arms[name][:, -1], strict=True)) for name in shown}
    said = describe_curves(ends, curve_spec(measure), base.scenario.horizon)
    return {**chart_without_numbers(measure, arms), "alt": said, "arms": {name: values[name] for name in shown}}


def final_base_values(comparison: Comparison) -> list[dict[str, str]]:
    """Return the means at the end in the base, written as the table of differences writes them."""
    found = []
    for measure in map(MEASURES.__getitem__, DIFFERENCE_MEASURES):
        mean = finite_mean(comparison.runs[BASELINE_ARM].values_by_replicate(measure.name))
        found.append({"measure": measure.name, "label": measure.label, "value": format_value(mean, measure.form)})
    return found


def headline_sentences(comparison: Comparison, months: int, *, same: bool) -> list[str]:
    """Return the answer in sentences: what use and effect come to, and what difference the what-if makes."""
    means = {name: comparison.difference(WHAT_IF, name) for name in CURVE_MEASURES}
    use, intact, effect = (describe_share(one, same=same) for one in means.values())
    first = f"After {format_duration(months)} {use} of organisations use it"
    if not np.isnan(means["fidelity"]["arm_mean"]):
        first = f"{first}, with {intact} of its core intact and {effect} of its effect"
    if same:
        return [f"{first}."]
    row = {"arm": WHAT_IF_SUBJECT, "measure": DEFAULT_MEASURE, **comparison.difference(WHAT_IF, DEFAULT_MEASURE)}
    return [f"{first}.", difference_sentence(difference_from_row(row), months)]


def describe_share(values: dict[str, float], *, same: bool) -> str:
    """Return a share in the what-if, with that in the base where they may differ."""
    base, what_if = format_value(values["baseline"], "percent"), format_value(values["arm_mean"], "percent")
    return what_if if same else f"{what_if} (baseline {base})"
