"""The first screen: the question, the answer with its uncertainty, and one picture."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qispread.common.formatting import format_count, format_difference, format_duration, format_value, join_words
from qispread.model.measures import MEASURES
from qispread.outputs.figures.curve_figures import curve_figure, curve_spec
from qispread.outputs.figures.figure import Figure
from qispread.outputs.report.report_data import ReportData, bands_note
from qispread.outputs.text.sentences import (
    DifferenceStatement,
    difference_from_row,
    difference_sentence,
    effect_phrase,
    interval_phrase,
    precision_phrase,
)
from qispread.runs.comparison import BASELINE_ARM

MAX_NAMED_ARMS = 4
"""Arms that the question names; more are counted."""
MAX_DESCRIBED_ARMS = 6
"""Arms beside the best of which the answer says what they change."""
HEADLINE_CHART_HEIGHT = 290
MODEL_CAUTION = (
    "These are worlds of a model and not predictions. What a copy loses has no published data and is a hypothesis; the "
    "intervals tell how sure the model is of its own mean, not how sure anybody can be of the world."
)


@dataclass(frozen=True)
class ReportHeadline:
    """The first screen.

    Attributes
    ----------
    question, sentence : str
    details : sequence of str
        What else belongs to the answer, a sentence each.
    chart : Figure
    facts : str
        Of what it is the answer.
    """

    question: str
    sentence: str
    details: Sequence[str]
    chart: Figure
    facts: str


def build_headline(view: ReportData) -> ReportHeadline:
    """Return the first screen of a report."""
    compared = bool(view.results.comparison)
    said, *more = compared_sentences(view) if compared else run_sentences(view)
    measure = view.results.measure
    picture = curve_figure(
        view.curve(measure), curve_spec(measure), view.styles, view.results.horizon, height=HEADLINE_CHART_HEIGHT
    )
    return ReportHeadline(
        format_question(view), said, more, replace(picture, note=bands_note(view)), simulation_facts(view)
    )


def format_question(view: ReportData) -> str:
    """Return the question that was put."""
    others, factors = view.results.other_arms, [str(name) for name in view.results.comparison.get("factors", [])]
    if factors:
        return f"What would {join_words(factors)} change, alone and together?"
    if others and len(others) <= MAX_NAMED_ARMS:
        return f"What would {join_words(others, 'or')} change?"
    if others:
        return f"What would {format_count(len(others))} alternatives change?"
    described = str(view.results.base_arm.manifest["scenario"].get("description", "")).strip()
    return described or f"What happens in {view.results.base_arm.name}?"


def simulation_facts(view: ReportData) -> str:
    """Return what was simulated, in a line."""
    results = view.results
    places = f"{view.organisation_count} organisations, " if view.organisation_count else ""
    worlds = "1 world" if results.replicate_count == 1 else f"{results.replicate_count} worlds"
    failed = sum(int(arm.failed.sum()) for arm in results.arms.values())
    worlds += f", of which {failed} failed in some arm and are left out of it" if failed else ""
    asked = results.comparison.get("precision")
    worlds += f", for an interval of {precision_phrase(results.measure, float(asked))}" if asked else ""
    described = str(results.base_arm.manifest["scenario"].get("description", "")).strip()
    facts = f"{results.base_arm.manifest['scenario']['name']}: {places}{format_duration(results.horizon)}, {worlds}."
    return f"{facts} {described}" if results.comparison and described else facts


def compared_sentences(view: ReportData) -> list[str]:
    """Return the answer of a comparison, and what else belongs to it."""
    months = view.results.horizon
    found = view.differences(view.results.measure)
    ranked = [found[name] for name in view.ranked_arms]
    best = ranked[0]
    several = len(ranked) > 1
    none = all(one.verdict in {"unclear", "none", "worse", "unknown"} for one in ranked)
    lead = f"Of the {format_count(len(ranked))}, {best.arm} would do most: it" if several and not none else ""
    before = f"None of the {format_count(len(ranked))} clearly beats the baseline. " if several and none else ""
    rest, left = ranked[1 : MAX_DESCRIBED_ARMS + 1], ranked[MAX_DESCRIBED_ARMS + 1 :]
    tail = [f"Others, in the tables below: {join_words([one.arm for one in left])}."] if left else []
    more = [*(difference_sentence(one, months) for one in rest), *tail]
    return [
        before + difference_sentence(best, months, lead),
        *more,
        *order_sentence(view, ranked),
        *user_mean_caution(view),
        *robustness_sentence(view),
    ]


def order_sentence(view: ReportData, ranked: Sequence[DifferenceStatement]) -> list[str]:
    """Return how the best arm differs from the next, and of single policies that are combined the best two."""
    if len(ranked) < 2 or ranked[0].verdict not in ("better", "more"):
        return []
    single = [one.arm for one in ranked if one.arm in view.results.comparison.get("factors", [])]
    pairs = dict.fromkeys([(ranked[0].arm, ranked[1].arm), *([(single[0], single[1])] if len(single) > 1 else [])])
    return [told for first, second in pairs for told in pair_sentence(view, first, second)]


def pair_sentence(view: ReportData, first: str, second: str) -> list[str]:
    """Return how an arm differs from one that ranks after it."""
    row = view.pairwise_difference(first, second, view.results.measure)
    if row is None:
        return []
    apart = difference_from_row(row)
    if apart.low <= 0.0 <= apart.high:
        return [f"The difference between {first} and {second} is unclear ({interval_phrase(apart)})."]
    ahead = format_value(apart.better, "percent")
    effect = effect_phrase(apart, view.results.horizon)
    return [f"Against {second}, {first} {effect} ({interval_phrase(apart)}; ahead in {ahead})."]


def user_mean_caution(view: ReportData) -> list[str]:
    """Return a warning where the answer is about users alone: a mean over them rises when the unready stay away."""
    measure = view.results.measure
    if not MEASURES[measure].among_users:
        return []
    found = view.differences("current_use")
    use = join_words(
        [f"{name} {format_difference(found[name].value, 'percent')}" for name in view.ranked_arms[:MAX_NAMED_ARMS]]
    )
    warning = "This is about users alone, and rises too when fewer of the unready begin"
    return [f"{warning}. Change of the share that uses it, in percentage points: {use}."]


def robustness_sentence(view: ReportData) -> list[str]:
    """Return in how many plausible models the ranking holds, where that was asked."""
    told = view.results.comparison
    models, ranking = int(told.get("models") or 0), [str(name) for name in told.get("ranking", [])]
    if not models or not ranking:
        return []
    holds, stays = (format_value(float(told.get(name, np.nan)), "percent") for name in ("ranking_holds", "best_holds"))
    names = ["the base" if name == BASELINE_ARM else name for name in ranking]
    left = len(names) - MAX_NAMED_ARMS
    order = join_words([*names[:MAX_NAMED_ARMS], f"{format_count(left)} more"] if left > 0 else names, "then")
    first = f"Over {models} plausible models, which differ in what nobody knows, the order {order} holds in {holds}"
    return [f"{first}, and the best stays the best in {stays}."]


def run_sentences(view: ReportData) -> list[str]:
    """Return the answer of one run: what spread, with how much of its effect, and what that averted."""
    ends = {
        name: final_band(view, name)
        for name in ("current_use", "replication_ratio", "replicated", "event_rate", "events_averted")
    }
    if ends["current_use"][0] == 0.0 and ends["current_use"][2] == 0.0:
        return [f"After {format_duration(view.results.horizon)} only the pilot site uses it, in every run."]
    when = format_duration(view.results.horizon)
    first = f"After {when} {format_band(ends['current_use'], 'percent')} of organisations use it"
    ratio = ends["replication_ratio"]
    if not np.isnan(ratio[0]):
        first += f", with {format_band(ratio, 'percent')} of the effect that it has where it began"
    return [
        f"{first}.",
        f"Of those that use it, {format_band(ends['replicated'], 'percent')} reach 80 % of the origin's effect.",
        f"Harm now: {format_band(ends['event_rate'], 'number')} per 10,000.",
        f"Harmful events averted, home-grown improvement included: {format_band(ends['events_averted'], 'number')}.",
    ]


def final_band(view: ReportData, measure: str) -> tuple[float, float, float]:
    """Return median and bounds of nine in ten worlds of a measure at the end."""
    table = view.curve(measure)
    last = table[table["month"] == view.results.horizon].iloc[0]
    return float(last["median"]), float(last["p5"]), float(last["p95"])


def format_band(values: tuple[float, float, float], number_format: str) -> str:
    """Return a median with its bounds."""
    middle, low, high = (format_value(value, number_format) for value in values)
    return middle if low == high else f"{middle} ({low} to {high} in 9 of 10 worlds)"
