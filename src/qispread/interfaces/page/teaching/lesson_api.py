"""What the page knows of the lessons before anybody has guessed: no answers."""

from typing import Any

from qispread.inputs.factors import number_at_path
from qispread.inputs.field_errors import discriminator
from qispread.inputs.parameter import section_classes
from qispread.inputs.parameter_descriptions import section_title
from qispread.inputs.policies import AnyPolicy
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.interfaces.page.teaching.budget import BUDGET_UNITS, BUDGET_YEARS, PRICES
from qispread.interfaces.page.teaching.lesson import Lesson, lesson_scenario, load_lessons
from qispread.model.measures import MEASURES
from qispread.outputs.text.references import CITATION_KEY, load_references


def describe_lessons() -> list[dict[str, Any]]:
    """Return every lesson without what its runs would tell."""
    return [describe_lesson(number, one) for number, one in enumerate(load_lessons(), start=1)]


def describe_lesson(number: int, lesson: Lesson) -> dict[str, Any]:
    """Return one lesson without what its runs would tell."""
    one = lesson.one_thing
    slider = one.slider
    known = load_references()
    return {
        "name": lesson.name,
        "number": number,
        "title": lesson.title,
        "minutes": {**lesson.minutes.model_dump(), "whole": lesson.minutes.total},
        "story": list(lesson.story),
        "sources": [known[key] for key in CITATION_KEY.findall(lesson.sources) if key in known],
        "guesses": [
            {"question": guess.question, "kind": guess.kind, "options": [option.text for option in guess.options]}
            for guess in lesson.guesses
        ],
        "question": one.question,
        "options": [arm.name for arm in one.arms],
        "slider": {
            "arm": slider.arm,
            "label": slider.label,
            "unit": slider.unit,
            "stops": list(slider.stops),
            "start": slider_start(lesson),
        },
        "measure": {"meaning": MEASURES[one.measure].meaning, "form": MEASURES[one.measure].form},
        "discuss": list(lesson.discuss),
        "left_out": lesson.left_out,
        "setting": lesson_state(lesson),
        "budget": describe_budget() if lesson.budget else None,
    }


def slider_start(lesson: Lesson) -> int:
    """Return at which of its values the slider begins: the one that the arm has."""
    slider = lesson.one_thing.slider
    path, factor = next(iter(slider.paths.items()))
    now = number_at_path(lesson_scenario(lesson.name, slider.arm), path) / factor
    return min(range(len(slider.stops)), key=lambda place: abs(slider.stops[place] - now))


def lesson_state(lesson: Lesson) -> dict[str, Any] | None:
    """Return a setting with which the page goes on from a lesson; None where the page cannot have it."""
    base, arm = lesson.arm(lesson.comparison_arm), lesson.arm(lesson.one_thing.slider.arm)
    plain = all(isinstance(value, int | float) for value in (*base.change.values(), *arm.change.values()))
    if not plain:
        return None
    alone = {path: value for path, value in arm.change.items() if base.change.get(path) != value}
    return {"both": base.change, "alone": alone, "policies": arm.policies}


def describe_budget() -> dict[str, Any]:
    """Return what a plan can be made of."""
    levers = {discriminator(one): section_title(one) for one in section_classes(AnyPolicy)}
    policies = [
        {
            "lever": lever,
            "title": lever.replace("_", " ").capitalize(),
            "meaning": levers[lever].split(" (", maxsplit=1)[0].rstrip(".") + ".",
            "price": price,
        }
        for lever, price in PRICES.items()
    ]
    return {"units": BUDGET_UNITS, "years": BUDGET_YEARS, "policies": policies, "months": default_scenario().horizon}
