"""The lessons: their schema, and loading and validating lessons.yaml."""

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
SHARE_QUESTION, CHOICE_QUESTION = "share", "choice"


class LessonSection(ConfigSection):
    """A section of a lesson; its lists are read as tuples."""

    @model_validator(mode="before")
    @classmethod
    def _lists_to_tuples(cls, data: Any) -> Any:
        return to_tuples(data)


def to_tuples(value: Any) -> Any:
    """Return plain data with all lists converted to tuples, for frozen sections."""
    if isinstance(value, dict):
        return {key: to_tuples(item) for key, item in value.items()}
    return tuple(to_tuples(item) for item in value) if isinstance(value, list | tuple) else value


class LessonArm(LessonSection):
    """One arm: PROMPT in England with changed parameters and added policies.

    Attributes
    ----------
    name : str
        Its name in charts and texts.
    change : dict
        Changed values by path.
    policies : dict
        Fields of the added policies, by lever.
    """

    name: str
    change: dict[str, Any] = Field(default_factory=dict)
    policies: dict[str, dict[str, Any]] = Field(default_factory=dict)

    def scenario(self, baseline: Scenario) -> Scenario:
        """Return the scenario of this arm."""
        changed = baseline.replace(self.change) if self.change else baseline
        for lever, fields in self.policies.items():
            changed = changed.with_policy(lever, **fields)
        return changed


class AnswerOption(LessonSection):
    """One answer of a multiple-choice question.

    It is the model's answer if `holds_if` is true: see `qispread.interfaces.page.teaching.templating`.
    """

    text: str
    holds_if: str


class LessonQuestion(LessonSection):
    """A question for prediction: a share of one arm on a slider, or multiple choice."""

    question: str
    kind: Literal["share", "choice"]
    arm: str = ""
    measure: str = ""
    options: tuple[AnswerOption, ...] = ()

    @model_validator(mode="after")
    def _validate_kind(self) -> Self:
        if (self.kind == SHARE_QUESTION and not (self.arm and self.measure)) or (
            self.kind == CHOICE_QUESTION and len(self.options) < 2
        ):
            raise ValueError("a share needs arm and measure; a choice needs at least two options")
        return self


class LessonSlider(LessonSection):
    """A slider over parameters of one arm.

    Attributes
    ----------
    paths : dict of str to float
        Parameters by path, each with its value at slider value 1.
    values : tuple of float
        Values of the slider, in order.
    """

    arm: str
    paths: dict[str, float]
    label: str
    unit: str = ""
    values: tuple[float, ...]

    def values_at(self, value: float) -> dict[str, float]:
        """Return the parameters by path at a slider value; counts as integers."""
        numbers = {path: factor * value for path, factor in self.paths.items()}
        return {path: int(number) if path.endswith("at_most") else number for path, number in numbers.items()}


class InterventionChoice(LessonSection):
    """Changes of which the class chooses one before it sees the effect of each.

    Attributes
    ----------
    compared_with : str
        The arm that the changes are compared with; the first of the lesson unless given.
    """

    question: str
    measure: str
    compared_with: str = ""
    arms: tuple[LessonArm, ...]
    statements: TextList
    slider: LessonSlider
    curves: TextList


class LessonMinutes(LessonSection):
    """Minutes of each step of a lesson."""

    predict: int = Field(ge=1)
    see: int = Field(ge=1)
    change: int = Field(ge=1)
    discuss: int = Field(ge=1)

    @property
    def total(self) -> int:
        """Minutes of the whole lesson."""
        return self.predict + self.see + self.change + self.discuss


class Lesson(LessonSection):
    """One lesson.

    Attributes
    ----------
    name : str
        Its name in URLs.
    story : tuple of str
        Paragraphs.
    arms : tuple of LessonArm
        Arms that are shown, the first in grey.
    curves, distribution : tuple of str, str
        Measures shown over time, and the one whose distribution over runs is shown at the end.
    statements : tuple of str
        Sentences on the results, with placeholders for numbers.
    checks : tuple of str
        Conditions under which the sentences are true.
    omissions : str
        What the model leaves out.
    """

    name: str
    title: str
    minutes: LessonMinutes
    sources: str
    story: TextList
    arms: tuple[LessonArm, ...]
    questions: tuple[LessonQuestion, ...]
    curves: TextList
    distribution: str
    statements: TextList
    choice: InterventionChoice
    discuss: TextList
    omissions: str
    checks: TextList
    budget: bool = False

    @model_validator(mode="after")
    def _validate_names(self) -> Self:
        arms = [arm.name for arm in self.arms]
        all_arms = {*arms, *(arm.name for arm in self.choice.arms)}
        question_arms = {question.arm for question in self.questions if question.kind == SHARE_QUESTION}
        measures = {*self.curves, *self.choice.curves, self.distribution, self.choice.measure}
        measures |= {question.measure for question in self.questions if question.measure}
        unknown = [*sorted(question_arms - set(arms)), *sorted(measures - set(MEASURE_NAMES))]
        unknown += sorted({self.choice.slider.arm} - all_arms)
        unknown += sorted({self.comparison_arm} - set(arms))
        if unknown or len(all_arms) < len(arms) + len(self.choice.arms):
            raise ValueError(f"unknown arms or measures, or an arm named twice: {', '.join(unknown)}")
        return self

    @property
    def comparison_arm(self) -> str:
        """The arm that single changes are compared with."""
        return self.choice.compared_with or self.arms[0].name

    def arm(self, name: str) -> LessonArm:
        """Return an arm by its name."""
        return {arm.name: arm for arm in (*self.arms, *self.choice.arms)}[name]


@lru_cache(maxsize=1)
def load_lessons() -> tuple[Lesson, ...]:
    """Load the lessons in their order.

    Raises
    ------
    InputError
        If the file is invalid.
    """
    data, _ = read_yaml(files(__package__).joinpath("lessons.yaml"), "lessons.yaml")
    try:
        return tuple(Lesson.model_validate({"name": name, **fields}) for name, fields in data.items())
    except ValidationError as error:
        faults = [Fault(".".join(map(str, detail["loc"])), detail["msg"]) for detail in error.errors()]
        raise InputError(faults) from None


def find_lesson(name: Any) -> Lesson:
    """Return a lesson by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    names = [lesson.name for lesson in load_lessons()]
    return load_lessons()[index_of(str(name)[:60], names, "lesson")]


@lru_cache(maxsize=256)
def lesson_scenario(lesson: str, arm: str, value: float | None = None) -> Scenario:
    """Return the scenario of an arm of a lesson, at a slider value if one is given.

    Lessons always use PROMPT in England, whatever scenario the page opened with: their sentences are true only of it.
    """
    declared = find_lesson(lesson)
    scenario = declared.arm(arm).scenario(default_scenario())
    if value is None:
        return scenario
    return scenario.replace(declared.choice.slider.values_at(value))
