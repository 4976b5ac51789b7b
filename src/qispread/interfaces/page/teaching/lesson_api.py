"""The lessons as JSON for the page, without the results."""

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
    """Return all lessons without their results."""
    return [describe_lesson(number, lesson) for number, lesson in enumerate(load_lessons(), start=1)]


def describe_lesson(number: int, lesson: Lesson) -> dict[str, Any]:
    """Return one lesson without its results."""
    choice = lesson.choice
    slider = choice.slider
    references = load_references()
    return {
        "name": lesson.name,
        "number": number,
        "title": lesson.title,
        "minutes": {**lesson.minutes.model_dump(), "total": lesson.minutes.total},
        "story": list(lesson.story),
        "sources": [references[key] for key in CITATION_KEY.findall(lesson.sources) if key in references],
        "questions": [
            {"question": entry.question, "kind": entry.kind, "options": [option.text for option in entry.options]}
            for entry in lesson.questions
        ],
        "choice": {"question": choice.question, "options": [arm.name for arm in choice.arms]},
        "slider": {
            "arm": slider.arm,
            "label": slider.label,
            "unit": slider.unit,
            "values": list(slider.values),
            "start": slider_start(lesson),
        },
        "measure": {"meaning": MEASURES[choice.measure].meaning, "form": MEASURES[choice.measure].form},
        "discuss": list(lesson.discuss),
        "omissions": lesson.omissions,
        "setting": lesson_state(lesson),
        "budget": describe_budget() if lesson.budget else None,
    }


def slider_start(lesson: Lesson) -> int:
    """Return the index of the slider value that the arm has."""
    slider = lesson.choice.slider
    path, factor = next(iter(slider.paths.items()))
    current = number_at_path(lesson_scenario(lesson.name, slider.arm), path) / factor
    return min(range(len(slider.values)), key=lambda index: abs(slider.values[index] - current))


def lesson_state(lesson: Lesson) -> dict[str, Any] | None:
    """Return the page state that continues from a lesson; None if the page cannot represent it."""
    baseline, arm = lesson.arm(lesson.comparison_arm), lesson.arm(lesson.choice.slider.arm)
    representable = all(isinstance(value, int | float) for value in (*baseline.change.values(), *arm.change.values()))
    if not representable:
        return None
    alone = {path: value for path, value in arm.change.items() if baseline.change.get(path) != value}
    return {"both": baseline.change, "alone": alone, "policies": arm.policies}


def describe_budget() -> dict[str, Any]:
    """Return the units, years, policies and prices of the budget game."""
    titles = {discriminator(section): section_title(section) for section in section_classes(AnyPolicy)}
    policies = [
        {
            "lever": lever,
            "title": lever.replace("_", " ").capitalize(),
            "meaning": titles[lever].split(" (", maxsplit=1)[0].rstrip(".") + ".",
            "price": price,
        }
        for lever, price in PRICES.items()
    ]
    return {"units": BUDGET_UNITS, "years": BUDGET_YEARS, "policies": policies, "months": default_scenario().horizon}
