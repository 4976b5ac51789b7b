"""What the page knows of the lessons before anybody has guessed: no answers."""

from typing import Any

from qispread.app.starting import default_scenario
from qispread.app.teaching.budget import PRICES, UNITS, YEARS
from qispread.app.teaching.lesson import Lesson, lesson_scenario, lessons
from qispread.config.describe import title_of
from qispread.config.factors import value_at
from qispread.config.parameter import sections_within
from qispread.config.policies import AnyPolicy
from qispread.config.validate import tag_of
from qispread.measures import MEASURES
from qispread.presentation.references import KEY, references


def lessons_told() -> list[dict[str, Any]]:
    """Return every lesson without what its runs would tell."""
    return [lesson_told(number, one) for number, one in enumerate(lessons(), start=1)]


def lesson_told(number: int, lesson: Lesson) -> dict[str, Any]:
    """Return one lesson without what its runs would tell."""
    one = lesson.one_thing
    slider = one.slider
    known = references()
    return {
        "name": lesson.name,
        "number": number,
        "title": lesson.title,
        "minutes": {**lesson.minutes.model_dump(), "whole": lesson.minutes.whole},
        "story": list(lesson.story),
        "sources": [known[key] for key in KEY.findall(lesson.sources) if key in known],
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
            "start": start_of(lesson),
        },
        "measure": {"meaning": MEASURES[one.measure].meaning, "form": MEASURES[one.measure].form},
        "discuss": list(lesson.discuss),
        "left_out": lesson.left_out,
        "setting": setting_of(lesson),
        "budget": budget_told() if lesson.budget else None,
    }


def start_of(lesson: Lesson) -> int:
    """Return at which of its values the slider begins: the one that the arm has."""
    slider = lesson.one_thing.slider
    path, factor = next(iter(slider.paths.items()))
    now = value_at(lesson_scenario(lesson.name, slider.arm), path) / factor
    return min(range(len(slider.stops)), key=lambda place: abs(slider.stops[place] - now))


def setting_of(lesson: Lesson) -> dict[str, Any] | None:
    """Return a setting with which the page goes on from a lesson; None where the page cannot have it."""
    base, arm = lesson.arm(lesson.against), lesson.arm(lesson.one_thing.slider.arm)
    plain = all(isinstance(value, int | float) for value in (*base.change.values(), *arm.change.values()))
    if not plain:
        return None
    alone = {path: value for path, value in arm.change.items() if base.change.get(path) != value}
    return {"both": base.change, "alone": alone, "policies": arm.policies}


def budget_told() -> dict[str, Any]:
    """Return what a plan can be made of."""
    levers = {tag_of(one): title_of(one) for one in sections_within(AnyPolicy)}
    policies = [
        {
            "lever": lever,
            "title": lever.replace("_", " ").capitalize(),
            "meaning": levers[lever].split(" (", maxsplit=1)[0].rstrip(".") + ".",
            "price": price,
        }
        for lever, price in PRICES.items()
    ]
    return {"units": UNITS, "years": YEARS, "policies": policies, "months": default_scenario().horizon}
