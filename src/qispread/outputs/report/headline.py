"""The first screen: the question, the answer with its uncertainty, and one chart."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qispread.common.formatting import (
    format_count,
    format_difference,
    format_duration,
    format_runs,
    format_value,
    join_words,
)
from qispread.model.measures import MEASURES
from qispread.outputs.figures.curve_figures import curve_figure, curve_spec
from qispread.outputs.figures.figure import Figure
from qispread.outputs.report.report_data import ReportData, bands_note, define_measure
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
"""Arms beside the best whose effects the answer describes."""
HEADLINE_CHART_HEIGHT = 290
USERS_CAUTION = "This measure is of users only, and also rises when fewer unready organisations begin."
MODEL_CAUTION = (
    "These are runs of a model, not predictions. No published data measure how much is lost in copying: it is an "
    "untested assumption. Intervals describe the simulated runs (simulation error) and do not include uncertainty "
    "about the assumptions."
)


@dataclass(frozen=True)
class ReportHeadline:
    """The first screen.

    Attributes
    ----------
    question, sentence : str
    details : sequence of str
        Further parts of the answer, a sentence each.
    chart : Figure
    facts : str
        What was simulated.
    """

    question: str
    sentence: str
    details: Sequence[str]
    chart: Figure
    facts: str


def build_headline(view: ReportData) -> ReportHeadline:
    """Return the first screen of a report."""
    compared = bool(view.results.comparison)
    sentence, *details = compared_sentences(view) if compared else run_sentences(view)
    measure = view.results.measure
    chart = curve_figure(
        view.curve(measure), curve_spec(measure), view.styles, view.results.horizon, height=HEADLINE_CHART_HEIGHT
    )
    note = f"{define_measure(measure)} {bands_note(view)}"
    return ReportHeadline(format_question(view), sentence, details, replace(chart, note=note), simulation_facts(view))


def format_question(view: ReportData) -> str:
    """Return the question of the report."""
    arms, factors = view.results.other_arms, [str(name) for name in view.results.comparison.get("factors", [])]
    if factors:
        return f"What would {join_words(factors)} change, alone and together?"
    if arms and len(arms) <= MAX_NAMED_ARMS:
        return f"What would {join_words(arms, 'or')} change?"
    if arms:
        return f"What would {format_count(len(arms))} options change?"
    description = str(view.results.base_arm.manifest["scenario"].get("description", "")).strip()
    return description or f"What happens in {view.results.base_arm.name}?"


def simulation_facts(view: ReportData) -> str:
    """Return what was simulated, in a line."""
    results = view.results
    scenario = results.base_arm.manifest["scenario"]
    facts = [f"{view.organisation_count} organisations"] if view.organisation_count else []
    facts += [format_duration(results.horizon), format_runs(results.replicate_count)]
    failed = sum(int(arm.failed.sum()) for arm in results.arms.values())
    if failed:
        facts.append(f"of which {failed} failed in an option and are excluded from it")
    half_width = results.comparison.get("precision")
    if half_width:
        facts.append(f"for an interval of {precision_phrase(results.measure, float(half_width))}")
    text = f"{scenario['name']}: {', '.join(facts)}."
    description = str(scenario.get("description", "")).strip()
    return f"{text} {description}" if results.comparison and description else text


def compared_sentences(view: ReportData) -> list[str]:
    """Return the answer of a comparison: the best arm, the other arms, cautions and robustness."""
    months = view.results.horizon
    differences = view.differences(view.results.measure)
    ranked = [differences[name] for name in view.ranked_arms]
    described, omitted = ranked[1 : MAX_DESCRIBED_ARMS + 1], ranked[MAX_DESCRIBED_ARMS + 1 :]
    sentences = [best_arm_sentence(ranked, months), *(difference_sentence(item, months) for item in described)]
    if omitted:
        sentences.append(f"Other options are in the tables below: {join_words([item.arm for item in omitted])}.")
    return [
        *sentences,
        *order_sentence(view, ranked),
        *user_mean_caution(view),
        *robustness_sentence(view),
    ]


def best_arm_sentence(ranked: Sequence[DifferenceStatement], months: int) -> str:
    """Return what the arm that ranks first changes, or that no arm clearly beats the baseline."""
    best = ranked[0]
    if len(ranked) < 2:
        return difference_sentence(best, months)
    if all(item.verdict in {"unclear", "none", "worse", "unknown"} for item in ranked):
        return f"No option clearly beats the baseline. {difference_sentence(best, months)}"
    lead = f"Of the {format_count(len(ranked))} options, {best.arm} would do most: it"
    return difference_sentence(best, months, lead)


def order_sentence(view: ReportData, ranked: Sequence[DifferenceStatement]) -> list[str]:
    """Return how the best arm differs from the next, and how the best two single policies differ."""
    if len(ranked) < 2 or ranked[0].verdict not in ("better", "more"):
        return []
    single = [item.arm for item in ranked if item.arm in view.results.comparison.get("factors", [])]
    pairs = [(ranked[0].arm, ranked[1].arm)]
    if len(single) > 1:
        pairs.append((single[0], single[1]))
    return [text for first, second in dict.fromkeys(pairs) for text in pair_sentence(view, first, second)]


def pair_sentence(view: ReportData, first: str, second: str) -> list[str]:
    """Return how an arm differs from one that ranks after it."""
    row = view.pairwise_difference(first, second, view.results.measure)
    if row is None:
        return []
    difference = difference_from_row(row)
    if difference.low <= 0.0 <= difference.high:
        return [f"The difference between {first} and {second} is unclear ({interval_phrase(difference)})."]
    share = format_value(difference.better, "percent")
    effect = effect_phrase(difference, view.results.horizon)
    return [f"Compared with {second}, {first} {effect} ({interval_phrase(difference)}; better in {share} of runs)."]


def user_mean_caution(view: ReportData) -> list[str]:
    """Return a warning where the measure is of users only: such a mean rises when fewer unready organisations begin."""
    measure = view.results.measure
    if not MEASURES[measure].among_users:
        return []
    differences = view.differences("current_use")
    changes = join_words(
        [
            f"{name} {format_difference(differences[name].value, 'percent')}"
            for name in view.ranked_arms[:MAX_NAMED_ARMS]
        ]
    )
    return [f"{USERS_CAUTION} Change in current use, in percentage points: {changes}."]


def robustness_sentence(view: ReportData) -> list[str]:
    """Return in how many plausible models the ranking holds, where that was asked."""
    comparison = view.results.comparison
    models, ranking = int(comparison.get("models") or 0), [str(name) for name in comparison.get("ranking", [])]
    if not models or not ranking:
        return []
    ranking_share, best_share = (
        format_value(float(comparison.get(name, np.nan)), "percent") for name in ("ranking_holds", "best_holds")
    )
    names = ["the baseline" if name == BASELINE_ARM else name for name in ranking]
    if len(names) > MAX_NAMED_ARMS:
        names = [*names[:MAX_NAMED_ARMS], f"and {format_count(len(names) - MAX_NAMED_ARMS)} more"]
    sentence = (
        f"Across {models} plausible models, which differ in their uncertain assumptions, {names[0]} ranked first in "
        f"{best_share}; the full ranking ({', '.join(names)}) held in {ranking_share}."
    )
    return [sentence]


def run_sentences(view: ReportData) -> list[str]:
    """Return the answer of one run: current use, effect, adverse event rate and events averted."""
    ends = {
        name: final_band(view, name)
        for name in ("current_use", "replication_ratio", "replicated", "event_rate", "events_averted")
    }
    if ends["current_use"][0] == 0.0 and ends["current_use"][2] == 0.0:
        return [
            f"After {format_duration(view.results.horizon)} only the pilot site uses the intervention, in every run."
        ]
    use = format_band(ends["current_use"], "percent")
    sentence = f"After {format_duration(view.results.horizon)}, {use} of organisations use the intervention"
    ratio = ends["replication_ratio"]
    if not np.isnan(ratio[0]):
        sentence += f", with an average effect of {format_band(ratio, 'percent')} of the pilot site's"
    return [
        f"{sentence}.",
        f"Of the users, {format_band(ends['replicated'], 'percent')} reach 80% of the pilot site's effect.",
        f"Adverse event rate at the end: {format_band(ends['event_rate'], 'number')} per 10,000.",
        f"Adverse events averted, including other local improvement: {format_band(ends['events_averted'], 'number')}.",
    ]


def final_band(view: ReportData, measure: str) -> tuple[float, float, float]:
    """Return the median, 5th and 95th percentile over runs of a measure at the end."""
    table = view.curve(measure)
    last = table[table["month"] == view.results.horizon].iloc[0]
    return float(last["median"]), float(last["p5"]), float(last["p95"])


def format_band(values: tuple[float, float, float], number_format: str) -> str:
    """Return a median with its bounds."""
    middle, low, high = (format_value(value, number_format) for value in values)
    return middle if low == high else f"{middle} ({low} to {high} in 9 of 10 runs)"
