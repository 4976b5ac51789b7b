"""What a lesson is made of, and the six that there are: read from lessons.yaml and checked."""

from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from qispread.inputs.errors import Fault, InputError, index_of
from qispread.inputs.parameter import ConfigSection
from qispread.inputs.scenario import Scenario
from qispread.inputs.yaml_reader import read_yaml
from qispread.interfaces.page.default_scenario import default_scenario
from qispread.model.measures import MEASURE_NAMES

TextList = tuple[str, ...]
SHARE_GUESS, CHOICE_GUESS = "share", "choice"


class LessonSection(ConfigSection):
    """A section of a lesson, whose lists are read as tuples."""

    @model_validator(mode="before")
    @classmethod
    def _lists_to_tuples(cls, data: Any) -> Any:
        return to_tuples(data)


def to_tuples(value: Any) -> Any:
    """Return plain data with each list as the tuple that a frozen section holds."""
    if isinstance(value, dict):
        return {key: to_tuples(one) for key, one in value.items()}
    return tuple(to_tuples(one) for one in value) if isinstance(value, list | tuple) else value


class LessonArm(LessonSection):
    """One future: PROMPT in England with some numbers changed and some policies.

    Attributes
    ----------
    name : str
        As charts and texts call it.
    change : dict
        Values by path.
    policies : dict
        The fields of policies, by lever.
    """

    name: str
    change: dict[str, Any] = Field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def scenario(self, base: Scenario) -> Scenario:
        """Return the scenario of this arm."""
        changed = base.replace(self.change) if self.change else base
        for lever, fields in self.policies.items():
            changed = changed.with_policy(lever, **fields)
        return changed


class AnswerOption(LessonSection):
    """One answer among several.

    `when` says in which case it is the model's: see `qispread.interfaces.page.teaching.templating`.
    """

    text: str
    when: str


class GuessQuestion(LessonSection):
    """A question that the class answers before it sees anything: a share of one arm, or one of some options."""

    question: str
    kind: Literal["share", "choice"]
    arm: str = ""
    measure: str = ""
    options: tuple[AnswerOption, ...] = ()

    @model_validator(mode="after")
    def _validate_kind(self) -> Self:
        if (self.kind == SHARE_GUESS and not (self.arm and self.measure)) or (
            self.kind == CHOICE_GUESS and len(self.options) < 2
        ):
            raise ValueError("a share needs arm and measure; a choice needs at least two options")
        return self


class LessonSlider(LessonSection):
    """A number of one arm that the class moves at the end.

    Attributes
    ----------
    paths : dict of str to float
        The numbers of the scenario that it moves, each with what it is at 1.
    stops : tuple of float
        Where it can stand, in order.
    """

    arm: str
    paths: dict[str, float]
    label: str
    unit: str = ""
    stops: tuple[float, ...]

    def values_at(self, value: float) -> dict[str, float]:
        """Return the numbers by path at a place of the slider: whole ones where they count."""
        found = {path: factor * value for path, factor in self.paths.items()}
        return {path: int(number) if path.endswith("at_most") else number for path, number in found.items()}


class InterventionChoice(LessonSection):
    """What single thing changes it: some changes, one of which the class picks before it sees what each does.

    Attributes
    ----------
    against : str
        The arm that they change; the first of the lesson unless given.
    """

    question: str
    measure: str
    against: str = ""
    arms: tuple[LessonArm, ...]
    said: TextList
    slider: LessonSlider
    curves: TextList


class LessonMinutes(LessonSection):
    """How long each step takes in a class."""

    predict: int = Field(ge=1)
    see: int = Field(ge=1)
    change: int = Field(ge=1)
    discuss: int = Field(ge=1)

    @property
    def total(self) -> int:
        """Minutes of the lesson."""
        return self.predict + self.see + self.change + self.discuss


class Lesson(LessonSection):
    """One lesson.

    Attributes
    ----------
    name : str
        In addresses.
    story : tuple of str
        Paragraphs.
    arms : tuple of LessonArm
        What the class sees, the first in grey.
    curves, spread : tuple of str, str
        Measures shown over time, and the one whose worlds are shown at the end.
    said : tuple of str
        What is seen, in sentences with numbers to be filled in.
    checks : tuple of str
        What must hold in the runs for the sentences to be true.
    left_out : str
        What the model knows nothing of.
    """

    name: str
    title: str
    minutes: LessonMinutes
    sources: str
    story: TextList
    arms: tuple[LessonArm, ...]
    guesses: tuple[GuessQuestion, ...]
    curves: TextList
    spread: str
    said: TextList
    one_thing: InterventionChoice
    discuss: TextList
    left_out: str
    checks: TextList
    budget: bool = False

    @model_validator(mode="after")
    def _validate_names(self) -> Self:
        own = [arm.name for arm in self.arms]
        every = {*own, *(arm.name for arm in self.one_thing.arms)}
        asked = {guess.arm for guess in self.guesses if guess.kind == SHARE_GUESS}
        measures = {*self.curves, *self.one_thing.curves, self.spread, self.one_thing.measure}
        measures |= {guess.measure for guess in self.guesses if guess.measure}
        wrong = [*sorted(asked - set(own)), *sorted(measures - set(MEASURE_NAMES))]
        wrong += sorted({self.one_thing.slider.arm} - every)
        wrong += sorted({self.comparison_arm} - set(own))
        if wrong or len(every) < len(own) + len(self.one_thing.arms):
            raise ValueError(f"names an arm twice, or what there is not: {', '.join(wrong)}")
        return self

    @property
    def comparison_arm(self) -> str:
        """The arm that single changes are compared with."""
        return self.one_thing.against or self.arms[0].name

    def arm(self, name: str) -> LessonArm:
        """Return an arm by its name."""
        every = {one.name: one for one in (*self.arms, *self.one_thing.arms)}
        return every[name]


@lru_cache(maxsize=1)
def load_lessons() -> tuple[Lesson, ...]:
    """Return the lessons in their order.

    Raises
    ------
    InputError
        Where the file is not what it must be.
    """
    data, _ = read_yaml(files(__package__).joinpath("lessons.yaml"), "lessons.yaml")
    try:
        return tuple(Lesson.model_validate({"name": name, **one}) for name, one in data.items())
    except ValidationError as error:
        faults = [Fault(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise InputError(faults) from None


def find_lesson(name: Any) -> Lesson:
    """Return a lesson by its name.

    Raises
    ------
    InputError
        Where there is none of that name.
    """
    names = [one.name for one in load_lessons()]
    return load_lessons()[index_of(str(name)[:60], names, "lesson")]


@lru_cache(maxsize=256)
def lesson_scenario(lesson: str, arm: str, value: float | None = None) -> Scenario:
    """Return the scenario of an arm of a lesson, with the number of its slider where one is given.

    Lessons are of PROMPT in England whatever scenario the page opened with: their sentences are true of it alone.
    """
    one = find_lesson(lesson)
    scenario = one.arm(arm).scenario(default_scenario())
    if value is None:
        return scenario
    return scenario.replace(one.one_thing.slider.values_at(value))
