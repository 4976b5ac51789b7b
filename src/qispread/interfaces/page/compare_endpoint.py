"""The comparison of option and baseline for the page: curves with bands, a headline, the table of differences."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import numpy as np

from qispread.common.formatting import format_duration, format_value
from qispread.interfaces.page.ensembles import Ensemble, EnsembleCache, answer_stages, build_comparison
from qispread.interfaces.page.live_charts import BAND_PARTS, chart_without_numbers, to_json_numbers
from qispread.interfaces.page.page_state import OPTION, PageState
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
    select_own,
)
from qispread.outputs.text.sentences import difference_from_row, difference_sentence
from qispread.runs.comparison import BASELINE_ARM, Comparison
from qispread.runs.comparison.paired_comparison import DEFAULT_MEASURE
from qispread.runs.comparison.paired_statistics import finite_mean

DRAWN_MEASURES = (*CURVE_MEASURES, "event_rate")
"""Measures drawn as curves, the first three on the first screen."""
OPTION_SUBJECT = "the option"


def charted_measures(baseline: Ensemble, option: Ensemble) -> tuple[str, ...]:
    """Return the measures that are drawn as curves, the user's own last."""
    return (*DRAWN_MEASURES, *select_own(name for name in baseline.measures if name in option.measures))


async def stream_comparison(state: PageState, ensembles: EnsembleCache) -> AsyncIterator[dict[str, Any]]:
    """Yield the comparison: first from some of the runs if there are many, then from all."""
    queue = ensembles.queue
    ticket = queue.next_ticket()
    for count, kind in answer_stages(state.baseline.replicates):
        baseline, option = await ensembles.get_both(state.baseline, state.option, count, Priority(kind, ticket))
        yield await queue.run(partial(comparison_message, baseline, option, count))


def comparison_message(baseline: Ensemble, option: Ensemble, count: int) -> dict[str, Any]:
    """Return the comparison from the first `count` replicates, as JSON."""
    unchanged, total = baseline is option, baseline.scenario.replicates
    comparison = build_comparison(baseline, option, count, OPTION)
    curves = [curve_message(name, baseline, option, count) for name in charted_measures(baseline, option)]
    if count == total:
        baseline.discard_months()
        option.discard_months()
    failed = sorted({run.replicate for runs in comparison.runs.values() for run in runs.failed_runs})
    return {
        "runs": count,
        "total_runs": total,
        "unchanged": unchanged,
        "months": baseline.scenario.horizon,
        "failed": len(failed),
        "headline": headline_sentences(comparison, baseline.scenario.horizon, unchanged=unchanged),
        "curves": curves,
        "table": {
            "headings": DIFFERENCE_HEADINGS,
            "rows": [] if unchanged else [row.cells for row in difference_rows(comparison, OPTION)],
            "final_values": final_baseline_values(comparison),
            "caution": comparison_caution(comparison),
        },
    }


def comparison_caution(comparison: Comparison) -> str:
    """Return the notes on the table of differences."""
    seeded = changes_pilot_site(runs.scenario for runs in comparison.runs.values())
    return f"{DIFFERENCES_NOTE} {SEEDING_CAUTION}" if seeded else DIFFERENCES_NOTE


def curve_message(measure: str, baseline: Ensemble, option: Ensemble, count: int) -> dict[str, Any]:
    """Return the values of one curve and its chart specification."""
    arms = {BASELINE_ARM: baseline.bands(count)[measure], OPTION: option.bands(count)[measure]}
    values = {name: dict(zip(BAND_PARTS, map(to_json_numbers, bands), strict=True)) for name, bands in arms.items()}
    names = [BASELINE_ARM] if baseline is option else list(arms)
    ends = {name: dict(zip(BAND_PARTS, arms[name][:, -1], strict=True)) for name in names}
    alt = describe_curves(ends, curve_spec(measure), baseline.scenario.horizon)
    return {**chart_without_numbers(measure, arms), "alt": alt, "arms": {name: values[name] for name in names}}


def final_baseline_values(comparison: Comparison) -> list[dict[str, str]]:
    """Return the means at the end of the baseline, formatted as in the table of differences."""
    values = []
    own = select_own(measure.name for measure in comparison.measures)
    for measure in map(MEASURES.__getitem__, (*DIFFERENCE_MEASURES, *own)):
        mean = finite_mean(comparison.runs[BASELINE_ARM].values_by_replicate(measure.name))
        values.append({"measure": measure.name, "label": measure.label, "value": format_value(mean, measure.form)})
    return values


def headline_sentences(comparison: Comparison, months: int, *, unchanged: bool) -> list[str]:
    """Return the headline sentences: current use, fidelity and effect at the end, and the option's effect."""
    means = {name: comparison.difference(OPTION, name) for name in CURVE_MEASURES}
    use, fidelity, effect = (describe_share(values, unchanged=unchanged) for values in means.values())
    first = f"After {format_duration(months)} {use} of the other organisations use the intervention"
    if not np.isnan(means["fidelity"]["arm_mean"]):
        first = f"{first}, with {fidelity} fidelity and {effect} of the full effect"
    if unchanged:
        return [f"{first}."]
    row = {"arm": OPTION_SUBJECT, "measure": DEFAULT_MEASURE, **comparison.difference(OPTION, DEFAULT_MEASURE)}
    return [f"{first}.", difference_sentence(difference_from_row(row), months)]


def describe_share(values: dict[str, float], *, unchanged: bool) -> str:
    """Return a share with the option, and that of the baseline if they may differ."""
    baseline, option = format_value(values["baseline"], "percent"), format_value(values["arm_mean"], "percent")
    return option if unchanged else f"{option} (baseline {baseline})"
