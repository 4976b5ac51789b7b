"""What a lesson is told: curves and worlds of its arms, its sentences with their numbers, what the model answers."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qispread.analysis.summary import INTERVAL
from qispread.app.charts import PARTS, chart_without_numbers, numbers
from qispread.app.desk import FIRST, Urgency
from qispread.app.ensemble import Ensemble, Ensembles
from qispread.app.streams import Message
from qispread.app.teaching.filling import filled, holds
from qispread.app.teaching.lesson import CHOICE, Guess, Lesson, lesson_scenario
from qispread.comparison.statistics import mean_and_half_width, mean_of_known
from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario
from qispread.figures.curves import curve_of, curve_words
from qispread.figures.figure import Figure, file_name, records, specification
from qispread.figures.intervals import interval_chart
from qispread.figures.palette import styles_of
from qispread.figures.worlds import worlds_figure
from qispread.measures import MEASURES
from qispread.presentation.formatting import format_difference, format_value, lower_first, typeset
from qispread.presentation.labels import difference_axis

SEEN, CHANGED, MOVED = "seen", "changed", "moved"
HERE = "Where the slider stands"
"""What the arm of a slider is called that is compared with itself."""
PARTS_OF_A_LESSON = (SEEN, CHANGED, MOVED)
Living = Mapping[str, Ensemble]


async def lesson_answers(
    lesson: Lesson, part: str, value: float | None, ensembles: Ensembles
) -> AsyncIterator[Message]:
    """Yield how far a step of a lesson is, and then what it comes to.

    Parameters
    ----------
    part : {"seen", "changed", "moved"}
        The arms that the class guessed about; each single change; one change with its slider at `value`.
    """
    desk = ensembles.desk
    scenarios = await desk.work(partial(scenarios_of, lesson, part, value))
    urgency = Urgency(FIRST, desk.ticket())
    living = {}
    for done, (name, scenario) in enumerate(scenarios.items()):
        yield {"doing": f"Running the worlds of: {name}", "done": done, "of": len(scenarios)}
        living[name] = ensembles.of(scenario)
        await living[name].reach(scenario.replicates, desk, urgency)
        await desk.work(living[name].settle)
    told: Callable[[], Message] = {
        SEEN: partial(seen, lesson, living),
        CHANGED: partial(changed, lesson, living),
        MOVED: partial(moved, lesson, living, value),
    }[part]
    yield {"worlds": scenario.replicates, **await desk.work(told)}


def scenarios_of(lesson: Lesson, part: str, value: float | None) -> dict[str, Scenario]:
    """Return the scenarios of one step by what charts call them, the one that others are compared with first."""
    names = {
        SEEN: [one.name for one in lesson.arms],
        CHANGED: [lesson.against, *(one.name for one in lesson.one_thing.arms)],
        MOVED: [lesson.against],
    }[part]
    found = {name: lesson_scenario(lesson.name, name) for name in names}
    if part == MOVED:
        arm = lesson.one_thing.slider.arm
        found[HERE if arm == lesson.against else arm] = lesson_scenario(lesson.name, arm, value)
    return found


def checked_part(part: Any, value: Any, lesson: Lesson) -> tuple[str, float | None]:
    """Return a step of a lesson, and the value of its slider in the step that has it.

    Raises
    ------
    InputError
        For a step that there is not, and a value that the slider cannot have.
    """
    if part not in PARTS_OF_A_LESSON:
        raise InputError([Fault("part", f"got {str(part)[:40]}; needed: {', '.join(PARTS_OF_A_LESSON)}")])
    if part != MOVED:
        return part, None
    slider = lesson.one_thing.slider
    if isinstance(value, bool) or not isinstance(value, int | float) or float(value) not in slider.stops:
        needed = ", ".join(f"{one:g}" for one in slider.stops)
        raise InputError([Fault("value", f"got {str(value)[:40]}; needed: one of {needed}")])
    return part, float(value)


def values_of(living: Living, arm: str, measure: str) -> NDArray[np.float64]:
    """Return a measure at the end in every world of an arm, or its median in a month."""
    ensemble, (name, _, month) = living[arm], measure.partition("@")
    count = ensemble.scenario.replicates
    return ensemble.bands(count)[name][:1, int(month)] if month else ensemble.runs(count).by_world(name)


def curves_of(living: Living, measures: Sequence[str]) -> list[dict[str, Any]]:
    """Return the curves of some measures in all arms."""
    found = []
    for measure in measures:
        arms = {name: one.bands(one.scenario.replicates)[measure] for name, one in living.items()}
        values = {name: dict(zip(PARTS, map(numbers, bands), strict=True)) for name, bands in arms.items()}
        ends = {name: dict(zip(PARTS, bands[:, -1], strict=True)) for name, bands in arms.items()}
        horizon = next(iter(living.values())).scenario.horizon
        said = curve_words(ends, curve_of(measure), horizon)
        found.append({**chart_without_numbers(measure, arms), "alt": said, "arms": values})
    return found


def drawn(figure: Figure) -> dict[str, Any]:
    """Return a figure with its numbers, for the page to draw."""
    return {"title": figure.title, "specification": specification(figure), "alt": figure.alt}


def seen(lesson: Lesson, living: Living) -> dict[str, Any]:
    """Return what the class sees after it has guessed."""
    values = partial(values_of, living)
    measure = lesson.spread
    ends = {name: values(name, measure) for name in living}
    words = MEASURES[measure].meaning.rstrip(".")
    styles = styles_of(living, next(iter(living)))
    spread = worlds_figure(ends, measure, words, "At the end", MEASURES[measure].form, styles)
    return {
        "curves": curves_of(living, lesson.curves),
        "spread": {"measure": measure, **drawn(spread)},
        "said": [filled(text, values) for text in lesson.said],
        "answers": [answer_of(guess, living) for guess in lesson.guesses],
    }


def answer_of(guess: Guess, living: Living) -> dict[str, Any]:
    """Return what the model says to a question: the option that holds, or a share with nine in ten worlds."""
    values = partial(values_of, living)
    if guess.kind == CHOICE:
        return {"option": next(place for place, one in enumerate(guess.options) if holds(one.when, values))}
    ends = values(guess.arm, guess.measure)
    low, high = np.quantile(ends[~np.isnan(ends)], INTERVAL)
    return {"value": mean_of_known(ends), "low": float(low), "high": float(high), "measure": guess.measure}


def changed(lesson: Lesson, living: Living) -> dict[str, Any]:
    """Return what each single change does, the most telling first, and which nobody can tell from that one."""
    one, values = lesson.one_thing, partial(values_of, living)
    sign = -1.0 if MEASURES[one.measure].better == "less" else 1.0
    rows: list[dict[str, Any]] = []
    for place, arm in enumerate(one.arms):
        apart = values(arm.name, one.measure) - values(lesson.against, one.measure)
        middle, half = mean_and_half_width(apart[~np.isnan(apart)])
        rows.append({"row": arm.name, "value": middle, "low": middle - half, "high": middle + half, "place": place})
    rows.sort(key=lambda row: -sign * row["value"])
    figure = changes_figure(lesson, pd.DataFrame(rows))
    return {
        "changes": drawn(figure),
        "best": [row["place"] for row in rows if not_behind(row, rows[0], sign)],
        "said": [filled(text, values) for text in one.said],
    }


def not_behind(row: dict[str, Any], best: dict[str, Any], sign: float) -> bool:
    """Return whether the intervals of a change and of the best one overlap."""
    return bool(row["high"] >= best["low"] if sign > 0.0 else row["low"] <= best["high"])


def changes_figure(lesson: Lesson, table: pd.DataFrame) -> Figure:
    """Return the figure of what each single change does to the measure of a lesson."""
    measure = lesson.one_thing.measure
    form = MEASURES[measure].form
    words = MEASURES[measure].meaning.rstrip(".")
    unit = f"Difference, {lower_first(difference_axis(measure))}"
    (style,) = styles_of(("each change",), base="").values()
    rows = table.assign(arm=style.label)
    told = "; ".join(f"{one['row']}: {told_difference(one['value'], form)}" for one in records(table))
    return Figure(
        name=file_name(lesson.name, "changes"),
        title=words,
        alt=f"{words}: difference from {lesson.against}. {told}.",
        table=table,
        chart=interval_chart(rows, words, unit, form, [style]),
    )


def told_difference(value: float, form: str) -> str:
    """Return a difference in words."""
    return format_difference(value, form) + (" points" if form == "percent" else "")


def moved(lesson: Lesson, living: Living, value: float | None) -> dict[str, Any]:
    """Return the curves of one change at one place of its slider."""
    measure = lesson.one_thing.measure
    form, meaning = MEASURES[measure].form, MEASURES[measure].meaning.rstrip(".")
    first, second = (mean_of_known(values_of(living, name, measure)) for name in living)
    words = f"{format_value(first, form)} without it, {format_value(second, form)} with the slider where it stands"
    return {
        "value": value,
        "curves": curves_of(living, lesson.one_thing.curves),
        "said": typeset(f"{meaning}: {words} ({told_difference(second - first, form)})."),
    }
