"""What a lesson is told: curves and worlds of its arms, its sentences with their numbers, what the model answers."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.common.formatting import apply_typography, format_difference, format_value, lower_first
from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.ensembles import Ensemble, EnsembleCache
from qispread.interfaces.page.live_charts import BAND_PARTS, chart_without_numbers, to_json_numbers
from qispread.interfaces.page.ndjson import Message
from qispread.interfaces.page.teaching.lesson import CHOICE_GUESS, GuessQuestion, Lesson, lesson_scenario
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
SLIDER_POSITION_LABEL = "Where the slider stands"
"""What the arm of a slider is called that is compared with itself."""
LESSON_PARTS = (PART_SEEN, PART_CHANGED, PART_MOVED)
EnsemblesByArm = Mapping[str, Ensemble]


async def stream_lesson_results(
    lesson: Lesson, part: str, value: float | None, ensembles: EnsembleCache
) -> AsyncIterator[Message]:
    """Yield how far a step of a lesson is, and then what it comes to.

    Parameters
    ----------
    part : {"seen", "changed", "moved"}
        The arms that the class guessed about; each single change; one change with its slider at `value`.
    """
    desk = ensembles.desk
    scenarios = await desk.run(partial(part_scenarios, lesson, part, value))
    urgency = Priority(PRIORITY_FIRST, desk.next_ticket())
    living = {}
    for done, (name, scenario) in enumerate(scenarios.items()):
        yield {"doing": f"Running the worlds of: {name}", "done": done, "of": len(scenarios)}
        living[name] = ensembles.get(scenario)
        await living[name].ensure_replicates(scenario.replicates, desk, urgency)
        await desk.run(living[name].discard_months)
    told: Callable[[], Message] = {
        PART_SEEN: partial(seen_results, lesson, living),
        PART_CHANGED: partial(change_results, lesson, living),
        PART_MOVED: partial(slider_results, lesson, living, value),
    }[part]
    yield {"worlds": scenario.replicates, **await desk.run(told)}


def part_scenarios(lesson: Lesson, part: str, value: float | None) -> dict[str, Scenario]:
    """Return the scenarios of one step by what charts call them, the one that others are compared with first."""
    names = {
        PART_SEEN: [one.name for one in lesson.arms],
        PART_CHANGED: [lesson.comparison_arm, *(one.name for one in lesson.one_thing.arms)],
        PART_MOVED: [lesson.comparison_arm],
    }[part]
    found = {name: lesson_scenario(lesson.name, name) for name in names}
    if part == PART_MOVED:
        arm = lesson.one_thing.slider.arm
        found[SLIDER_POSITION_LABEL if arm == lesson.comparison_arm else arm] = lesson_scenario(lesson.name, arm, value)
    return found


def validate_part(part: Any, value: Any, lesson: Lesson) -> tuple[str, float | None]:
    """Return a step of a lesson, and the value of its slider in the step that has it.

    Raises
    ------
    InputError
        For a step that there is not, and a value that the slider cannot have.
    """
    if part not in LESSON_PARTS:
        raise InputError([Fault("part", f"got {str(part)[:40]}; needed: {', '.join(LESSON_PARTS)}")])
    if part != PART_MOVED:
        return part, None
    slider = lesson.one_thing.slider
    if isinstance(value, bool) or not isinstance(value, int | float) or float(value) not in slider.stops:
        needed = ", ".join(f"{one:g}" for one in slider.stops)
        raise InputError([Fault("value", f"got {str(value)[:40]}; needed: one of {needed}")])
    return part, float(value)


def arm_values(ensembles: EnsemblesByArm, arm: str, measure: str) -> NDArray[np.float64]:
    """Return a measure at the end in every world of an arm, or its median in a month."""
    ensemble, (name, _, month) = ensembles[arm], measure.partition("@")
    count = ensemble.scenario.replicates
    return ensemble.bands(count)[name][:1, int(month)] if month else ensemble.runs(count).values_by_replicate(name)


def arm_curves(ensembles: EnsemblesByArm, measures: Sequence[str]) -> list[dict[str, Any]]:
    """Return the curves of some measures in all arms."""
    found = []
    for measure in measures:
        arms = {name: one.bands(one.scenario.replicates)[measure] for name, one in ensembles.items()}
        values = {name: dict(zip(BAND_PARTS, map(to_json_numbers, bands), strict=True)) for name, bands in arms.items()}
        ends = {name: dict(zip(BAND_PARTS, bands[:, -1], strict=True)) for name, bands in arms.items()}
        horizon = next(iter(ensembles.values())).scenario.horizon
        said = describe_curves(ends, curve_spec(measure), horizon)
        found.append({**chart_without_numbers(measure, arms), "alt": said, "arms": values})
    return found


def figure_message(figure: Figure) -> dict[str, Any]:
    """Return a figure with its numbers, for the page to draw."""
    return {"title": figure.title, "specification": vega_specification(figure), "alt": figure.alt}


def seen_results(lesson: Lesson, ensembles: EnsemblesByArm) -> dict[str, Any]:
    """Return what the class sees after it has guessed."""
    values = partial(arm_values, ensembles)
    measure = lesson.spread
    ends = {name: values(name, measure) for name in ensembles}
    words = MEASURES[measure].meaning.rstrip(".")
    styles = assign_styles(ensembles, next(iter(ensembles)))
    spread = distribution_figure(ends, measure, words, "At the end", MEASURES[measure].form, styles)
    return {
        "curves": arm_curves(ensembles, lesson.curves),
        "spread": {"measure": measure, **figure_message(spread)},
        "said": [fill_template(text, values) for text in lesson.said],
        "answers": [guess_result(guess, ensembles) for guess in lesson.guesses],
    }


def guess_result(guess: GuessQuestion, ensembles: EnsemblesByArm) -> dict[str, Any]:
    """Return what the model says to a question: the option that holds, or a share with nine in ten worlds."""
    values = partial(arm_values, ensembles)
    if guess.kind == CHOICE_GUESS:
        return {"option": next(place for place, one in enumerate(guess.options) if condition_holds(one.when, values))}
    ends = values(guess.arm, guess.measure)
    low, high = np.quantile(ends[~np.isnan(ends)], PERCENTILE_BAND)
    return {"value": finite_mean(ends), "low": float(low), "high": float(high), "measure": guess.measure}


def change_results(lesson: Lesson, ensembles: EnsemblesByArm) -> dict[str, Any]:
    """Return what each single change does, the most telling first, and which nobody can tell from that one."""
    one, values = lesson.one_thing, partial(arm_values, ensembles)
    sign = -1.0 if MEASURES[one.measure].better == "less" else 1.0
    rows: list[dict[str, Any]] = []
    for place, arm in enumerate(one.arms):
        apart = values(arm.name, one.measure) - values(lesson.comparison_arm, one.measure)
        middle, half = mean_and_half_width(apart[~np.isnan(apart)])
        rows.append({"row": arm.name, "value": middle, "low": middle - half, "high": middle + half, "place": place})
    rows.sort(key=lambda row: -sign * row["value"])
    figure = changes_figure(lesson, pd.DataFrame(rows))
    return {
        "changes": figure_message(figure),
        "best": [row["place"] for row in rows if overlaps_best(row, rows[0], sign)],
        "said": [fill_template(text, values) for text in one.said],
    }


def overlaps_best(row: dict[str, Any], best: dict[str, Any], sign: float) -> bool:
    """Return whether the intervals of a change and of the best one overlap."""
    return bool(row["high"] >= best["low"] if sign > 0.0 else row["low"] <= best["high"])


def changes_figure(lesson: Lesson, table: pd.DataFrame) -> Figure:
    """Return the figure of what each single change does to the measure of a lesson."""
    measure = lesson.one_thing.measure
    form = MEASURES[measure].form
    words = MEASURES[measure].meaning.rstrip(".")
    unit = f"Difference, {lower_first(difference_axis(measure))}"
    (style,) = assign_styles(("each change",), base="").values()
    rows = table.assign(arm=style.label)
    told = "; ".join(f"{one['row']}: {format_change(one['value'], form)}" for one in to_records(table))
    return Figure(
        name=figure_file_name(lesson.name, "changes"),
        title=words,
        alt=f"{words}: difference from {lesson.comparison_arm}. {told}.",
        table=table,
        chart=interval_chart(rows, words, unit, form, [style]),
    )


def format_change(value: float, number_format: str) -> str:
    """Return a difference in words."""
    return format_difference(value, number_format) + (" points" if number_format == "percent" else "")


def slider_results(lesson: Lesson, ensembles: EnsemblesByArm, value: float | None) -> dict[str, Any]:
    """Return the curves of one change at one place of its slider."""
    measure = lesson.one_thing.measure
    form, meaning = MEASURES[measure].form, MEASURES[measure].meaning.rstrip(".")
    first, second = (finite_mean(arm_values(ensembles, name, measure)) for name in ensembles)
    words = f"{format_value(first, form)} without it, {format_value(second, form)} with the slider where it stands"
    return {
        "value": value,
        "curves": arm_curves(ensembles, lesson.one_thing.curves),
        "said": apply_typography(f"{meaning}: {words} ({format_change(second - first, form)})."),
    }
