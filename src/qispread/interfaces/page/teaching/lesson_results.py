"""Results of a lesson: curves and distributions of its arms, sentences with numbers, the model's answers."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.formatting import apply_typography, capitalise_first, format_difference, format_value, lower_first
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.ensembles import Ensemble, EnsembleCache
from qispread.interfaces.page.live_charts import BAND_PARTS, chart_without_numbers, to_json_numbers
from qispread.interfaces.page.ndjson import Message
from qispread.interfaces.page.teaching.lesson import CHOICE_QUESTION, Lesson, LessonQuestion, lesson_scenario
from qispread.interfaces.page.teaching.templating import condition_holds, fill_template
from qispread.interfaces.page.work_queue import PRIORITY_FIRST, Priority
from qispread.model.measures import MEASURES
from qispread.outputs.figures.curve_figures import curve_spec, describe_curves
from qispread.outputs.figures.distribution_figures import distribution_figure
from qispread.outputs.figures.figure import Figure, figure_file_name, to_records, vega_specification
from qispread.outputs.figures.interval_figures import interval_chart
from qispread.outputs.figures.palette import assign_styles
from qispread.outputs.text.labels import difference_axis
from qispread.runs.comparison.paired_statistics import finite_mean, mean_and_half_width
from qispread.runs.summary import PERCENTILE_BAND

PART_SEEN, PART_CHANGED, PART_MOVED = "seen", "changed", "moved"
SLIDER_POSITION_LABEL = "With the slider"
"""Name of the slider's arm if it is compared with itself."""
LESSON_PARTS = (PART_SEEN, PART_CHANGED, PART_MOVED)
EnsemblesByArm = Mapping[str, Ensemble]


async def stream_lesson_results(
    lesson: Lesson, part: str, value: float | None, ensembles: EnsembleCache
) -> AsyncIterator[Message]:
    """Yield the progress of a step of a lesson, then its results.

    Parameters
    ----------
    part : {"seen", "changed", "moved"}
        The arms of the questions; each single change; one change with its slider at `value`.
    """
    queue = ensembles.queue
    scenarios = await queue.run(partial(part_scenarios, lesson, part, value))
    priority = Priority(PRIORITY_FIRST, queue.next_ticket())
    finished = {}
    for done, (name, scenario) in enumerate(scenarios.items()):
        yield {"activity": f"Running the simulations: {name}", "done": done, "total": len(scenarios)}
        finished[name] = ensembles.get(scenario)
        await finished[name].ensure_replicates(scenario.replicates, queue, priority)
        await queue.run(finished[name].discard_months)
    results: Callable[[], Message] = {
        PART_SEEN: partial(seen_results, lesson, finished),
        PART_CHANGED: partial(change_results, lesson, finished),
        PART_MOVED: partial(slider_results, lesson, finished, value),
    }[part]
    yield {"runs": scenario.replicates, **await queue.run(results)}


def part_scenarios(lesson: Lesson, part: str, value: float | None) -> dict[str, Scenario]:
    """Return the scenarios of one step by their name in charts, the one that others are compared with first."""
    names = {
        PART_SEEN: [arm.name for arm in lesson.arms],
        PART_CHANGED: [lesson.comparison_arm, *(arm.name for arm in lesson.choice.arms)],
        PART_MOVED: [lesson.comparison_arm],
    }[part]
    scenarios = {name: lesson_scenario(lesson.name, name) for name in names}
    if part == PART_MOVED:
        arm = lesson.choice.slider.arm
        label = SLIDER_POSITION_LABEL if arm == lesson.comparison_arm else arm
        scenarios[label] = lesson_scenario(lesson.name, arm, value)
    return scenarios


def validate_part(part: Any, value: Any, lesson: Lesson) -> tuple[str, float | None]:
    """Validate the step of a lesson, and the slider value in the step that has one.

    Raises
    ------
    InputError
        For an unknown step, or a value that the slider does not have.
    """
    if part not in LESSON_PARTS:
        raise InputError([Fault("part", f"got {str(part)[:40]}; needed: {', '.join(LESSON_PARTS)}")])
    if part != PART_MOVED:
        return part, None
    allowed = lesson.choice.slider.values  # noqa: PD011 - a tuple
    if isinstance(value, bool) or not isinstance(value, int | float) or float(value) not in allowed:
        needed = ", ".join(f"{entry:g}" for entry in allowed)
        raise InputError([Fault("value", f"got {str(value)[:40]}; needed: one of {needed}")])
    return part, float(value)


def arm_values(ensembles: EnsemblesByArm, arm: str, measure: str) -> NDArray[np.float64]:
    """Return a measure at the end in each replicate of an arm, or its median in a month (``measure@24``)."""
    ensemble, (name, _, month) = ensembles[arm], measure.partition("@")
    count = ensemble.scenario.replicates
    return ensemble.bands(count)[name][:1, int(month)] if month else ensemble.runs(count).values_by_replicate(name)


def arm_curves(ensembles: EnsemblesByArm, measures: Sequence[str]) -> list[dict[str, Any]]:
    """Return the curves of some measures in all arms."""
    curves = []
    for measure in measures:
        arms = {name: ensemble.bands(ensemble.scenario.replicates)[measure] for name, ensemble in ensembles.items()}
        values = {name: dict(zip(BAND_PARTS, map(to_json_numbers, bands), strict=True)) for name, bands in arms.items()}
        ends = {name: dict(zip(BAND_PARTS, bands[:, -1], strict=True)) for name, bands in arms.items()}
        horizon = next(iter(ensembles.values())).scenario.horizon
        alt = describe_curves(ends, curve_spec(measure), horizon)
        curves.append({**chart_without_numbers(measure, arms), "alt": alt, "arms": values})
    return curves


def figure_message(figure: Figure) -> dict[str, Any]:
    """Return a figure with its data, for the page to draw."""
    return {"title": figure.title, "specification": vega_specification(figure), "alt": figure.alt}


def seen_results(lesson: Lesson, ensembles: EnsemblesByArm) -> dict[str, Any]:
    """Return the results that the class sees after its predictions."""
    values = partial(arm_values, ensembles)
    measure = lesson.distribution
    final = {name: values(name, measure) for name in ensembles}
    title = measure_title(measure)
    styles = assign_styles(ensembles, next(iter(ensembles)))
    distribution = distribution_figure(final, measure, title, "At the end", MEASURES[measure].form, styles)
    return {
        "curves": arm_curves(ensembles, lesson.curves),
        "distribution": {"measure": measure, **figure_message(distribution)},
        "statements": [fill_template(text, values) for text in lesson.statements],
        "answers": [question_result(question, ensembles) for question in lesson.questions],
    }


def question_result(question: LessonQuestion, ensembles: EnsemblesByArm) -> dict[str, Any]:
    """Return the model's answer to a question: the option that holds, or a mean share with its 90% range over runs."""
    values = partial(arm_values, ensembles)
    if question.kind == CHOICE_QUESTION:
        holds = (condition_holds(option.holds_if, values) for option in question.options)
        return {"option": next(index for index, is_true in enumerate(holds) if is_true)}
    final = values(question.arm, question.measure)
    low, high = np.quantile(final[~np.isnan(final)], PERCENTILE_BAND)
    return {"value": finite_mean(final), "low": float(low), "high": float(high), "measure": question.measure}


def change_results(lesson: Lesson, ensembles: EnsemblesByArm) -> dict[str, Any]:
    """Return the effect of each single change, the best first, and the changes that do not clearly differ from it."""
    choice, values = lesson.choice, partial(arm_values, ensembles)
    sign = -1.0 if MEASURES[choice.measure].better == "less" else 1.0
    rows: list[dict[str, Any]] = []
    for index, arm in enumerate(choice.arms):
        differences = values(arm.name, choice.measure) - values(lesson.comparison_arm, choice.measure)
        mean, half = mean_and_half_width(differences[~np.isnan(differences)])
        rows.append({"row": arm.name, "value": mean, "low": mean - half, "high": mean + half, "index": index})
    rows.sort(key=lambda row: -sign * row["value"])
    figure = changes_figure(lesson, pd.DataFrame(rows))
    return {
        "changes": figure_message(figure),
        "best": [row["index"] for row in rows if overlaps_best(row, rows[0], sign)],
        "statements": [fill_template(text, values) for text in choice.statements],
    }


def measure_title(measure: str) -> str:
    """Return the title of a figure of a measure: its phrase, as a heading."""
    return capitalise_first(MEASURES[measure].phrase.removeprefix("the "))


def overlaps_best(row: dict[str, Any], best: dict[str, Any], sign: float) -> bool:
    """Return whether the intervals of a change and of the best one overlap."""
    return bool(row["high"] >= best["low"] if sign > 0.0 else row["low"] <= best["high"])


def changes_figure(lesson: Lesson, table: pd.DataFrame) -> Figure:
    """Return the figure of the effect of each single change on the measure of a lesson."""
    measure = lesson.choice.measure
    number_format = MEASURES[measure].form
    title = measure_title(measure)
    unit = f"Difference, {lower_first(difference_axis(measure))}"
    (style,) = assign_styles(("each change",), base="").values()
    rows = table.assign(arm=style.label)
    changes = "; ".join(f"{row['row']}: {format_change(row['value'], number_format)}" for row in to_records(table))
    return Figure(
        name=figure_file_name(lesson.name, "changes"),
        title=title,
        alt=f"{title}: difference from {lesson.comparison_arm}. {changes}.",
        table=table,
        chart=interval_chart(rows, title, unit, number_format, [style]),
    )


def format_change(value: float, number_format: str) -> str:
    """Return a difference as text, with its unit if it is a share."""
    unit = " points" if number_format == "percent" else ""
    return f"{format_difference(value, number_format)}{unit}"


def slider_results(lesson: Lesson, ensembles: EnsemblesByArm, value: float | None) -> dict[str, Any]:
    """Return the curves of one change at one value of its slider."""
    measure = lesson.choice.measure
    number_format = MEASURES[measure].form
    without, changed = (finite_mean(arm_values(ensembles, name, measure)) for name in ensembles)
    values = f"{format_value(without, number_format)} without, {format_value(changed, number_format)} with this change"
    difference = format_change(changed - without, number_format)
    return {
        "value": value,
        "curves": arm_curves(ensembles, lesson.choice.curves),
        "statement": apply_typography(f"{measure_title(measure)}: {values} ({difference})."),
    }
