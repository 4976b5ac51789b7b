"""The section `rules` of a scenario: the form of each rule, `shipped` unless it is set.

`rules: {capacity.climate: additive}` and `rules: {capacity: {climate: additive}}` are the same. Data leave out what is
shipped, so that a scenario without other forms is written, and hashed, as before there were any (decision 91).
"""

from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import ConfigDict, ValidationInfo, field_validator, model_serializer, model_validator

from qispread.inputs.errors import did_you_mean
from qispread.inputs.parameter import ConfigSection
from qispread.inputs.rule_forms import RULE_FORMS, SHIPPED, RuleForm
from qispread.inputs.yaml_reader import SourceLocations

SECTION = "rules"
"""The section of a scenario that chooses forms."""

DataOf = Callable[[Any], dict[str, Any]]


class ModuleForms(ConfigSection):
    """The forms of the rules of one module."""

    # The word of every default is valid, and checking all of them took as long as the rest of a scenario.
    model_config = ConfigDict(validate_default=False)
    module: ClassVar[str] = ""

    @field_validator("*")
    @classmethod
    def _is_known(cls, word: str, info: ValidationInfo) -> str:
        words = RULE_FORMS[f"{cls.module}.{info.field_name}"]
        if word not in words:
            nearest = did_you_mean(word, words, listing=False)
            raise ValueError(f"needed: {'one of ' if len(words) > 1 else ''}{', '.join(words)}{nearest}")
        return word

    @model_serializer(mode="wrap")
    def _without_shipped(self, data_of: DataOf) -> dict[str, Any]:
        return {name: word for name, word in data_of(self).items() if word != SHIPPED}


class LeaderForms(ModuleForms):
    """Forms of the rules of `leaders`."""

    module: ClassVar[str] = "leaders"
    chance_leader_leaves: str = SHIPPED
    successor_leadership: str = SHIPPED


class CapacityForms(ModuleForms):
    """Forms of the rules of `capacity`."""

    module: ClassVar[str] = "capacity"
    climate: str = SHIPPED
    available_time: str = SHIPPED
    workload: str = SHIPPED
    dose: str = SHIPPED
    vigilance: str = SHIPPED
    trained_capability: str = SHIPPED
    grown_factor: str = SHIPPED
    resented_culture: str = SHIPPED


class HearingForms(ModuleForms):
    """Forms of the rules of `hearing`."""

    module: ClassVar[str] = "hearing"
    chance_peer_silent: str = SHIPPED
    chance_hears: str = SHIPPED


class DecidingForms(ModuleForms):
    """Forms of the rules of `deciding`."""

    module: ClassVar[str] = "deciding"
    similarity: str = SHIPPED
    overload: str = SHIPPED
    logistic: str = SHIPPED
    inclination: str = SHIPPED
    chance_adopts: str = SHIPPED
    attraction: str = SHIPPED
    expected_goal: str = SHIPPED


class CopyingForms(ModuleForms):
    """Forms of the rules of `copying`."""

    module: ClassVar[str] = "copying"
    copy_loss: str = SHIPPED
    copied_fidelity: str = SHIPPED


class ImprovingForms(ModuleForms):
    """Forms of the rules of `improving`."""

    module: ClassVar[str] = "improving"
    chance_real_cycle: str = SHIPPED
    chance_reactive_change: str = SHIPPED
    moved_towards: str = SHIPPED
    eroded_fidelity: str = SHIPPED
    decayed_fidelity: str = SHIPPED
    embedded_further: str = SHIPPED


class ReviewingForms(ModuleForms):
    """Forms of the rules of `reviewing`."""

    module: ClassVar[str] = "reviewing"
    observed_result: str = SHIPPED
    chance_discontinues: str = SHIPPED
    disappointed_culture: str = SHIPPED


class LocalImprovementForms(ModuleForms):
    """Forms of the rules of `local_improvement`."""

    module: ClassVar[str] = "local_improvement"
    local_improvement_after: str = SHIPPED


class OutcomeForms(ModuleForms):
    """Forms of the rules of `outcome`."""

    module: ClassVar[str] = "outcome"
    response_constant: str = SHIPPED
    response_to_fidelity: str = SHIPPED
    appropriateness: str = SHIPPED
    practice_result: str = SHIPPED
    squared_distance: str = SHIPPED
    secular_trend: str = SHIPPED
    remaining_rate: str = SHIPPED
    monthly_exposure: str = SHIPPED
    prevented_rate: str = SHIPPED


class RuleChoices(ConfigSection):
    """The form of each rule; `qispread describe rules` lists the rules that have several."""

    leaders: LeaderForms = LeaderForms()
    capacity: CapacityForms = CapacityForms()
    hearing: HearingForms = HearingForms()
    deciding: DecidingForms = DecidingForms()
    copying: CopyingForms = CopyingForms()
    improving: ImprovingForms = ImprovingForms()
    reviewing: ReviewingForms = ReviewingForms()
    local_improvement: LocalImprovementForms = LocalImprovementForms()
    outcome: OutcomeForms = OutcomeForms()

    @model_validator(mode="before")
    @classmethod
    def _read_dotted(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        for rule in duplicate_rules(data):
            raise ValueError(f"needed: '{rule}' once, as a dotted key or below its module")
        return split_dotted(data)

    @model_serializer(mode="wrap")
    def _without_empty(self, data_of: DataOf) -> dict[str, Any]:
        return {module: words for module, words in data_of(self).items() if words}

    def changed(self) -> dict[str, RuleForm]:
        """Return the forms other than the shipped ones, by the path of the rule."""
        return {
            f"{module}.{name}": RULE_FORMS[f"{module}.{name}"][word]
            for module, section in self.__dict__.items()
            for name, word in section.__dict__.items()
            if word != SHIPPED  # first, since every run asks
        }


def is_dotted(key: Any) -> bool:
    """Return whether a key is the path of a rule, such as "capacity.climate"."""
    return isinstance(key, str) and "." in key


def split_dotted(rules: dict[Any, Any], locations: SourceLocations | None = None) -> dict[Any, Any]:
    """Return the data of the section with dotted keys as nested ones; a key that is given both ways is left.

    The locations of values, if given, are moved too.
    """
    nested = {key: dict(part) if isinstance(part, dict) else part for key, part in rules.items() if not is_dotted(key)}
    for key, word in rules.items():
        if not is_dotted(key):
            continue
        module, _, name = key.partition(".")
        inside = nested.setdefault(module, {})
        if not isinstance(inside, dict):
            continue  # what is below the module is a fault of its own
        if name in inside:
            nested[key] = word
            continue
        inside[name] = word
        if locations is not None and (SECTION, key) in locations:
            locations[SECTION, module, name] = locations[SECTION, key]
            locations.setdefault((SECTION, module), locations[SECTION, key])
    return nested


def duplicate_rules(rules: dict[Any, Any]) -> list[str]:
    """Return the rules that the data of the section give as a dotted key and below their module too."""
    return [key for key in split_dotted(rules) if is_dotted(key)]


def split_dotted_rules(data: dict[str, Any], locations: SourceLocations) -> dict[str, Any]:
    """Return the data of a file in which the section `rules`, if there is one, has no dotted keys."""
    rules = data.get(SECTION)
    return {**data, SECTION: split_dotted(rules, locations)} if isinstance(rules, dict) else data
