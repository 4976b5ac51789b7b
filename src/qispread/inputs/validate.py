"""From plain data to a validated scenario, with every fault in the user's own terms."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from qispread.inputs.errors import Fault
from qispread.inputs.field_errors import error_text, fault_at_path, faults_of_error, locate
from qispread.inputs.parameter import ConfigSection
from qispread.inputs.rule_choices import SECTION, duplicate_rules
from qispread.inputs.scenario_fields import ScenarioFields
from qispread.inputs.yaml_reader import KeyPath, SourceLocations

Fields = TypeVar("Fields", bound=ScenarioFields)


def validate_section(root: type[ConfigSection], data: dict[str, Any], locations: SourceLocations) -> list[Fault]:
    """Return every fault in the data of a section."""
    try:
        root.model_validate(to_tuples(data))
    except ValidationError as error:
        return faults_of_error(error, root, locations)
    return []


def split_sections(data: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield the data in parts that can be validated separately, so that a fault in one part hides none in another.

    A part is a single field, except that a network is one part, that rules are one part if one of them is there twice,
    and that each field of a policy includes its lever.
    """
    for key, value in data.items():
        if not isinstance(value, dict) or not value or key == "network" or (key == SECTION and duplicate_rules(value)):
            yield {key: value}
        elif key in ("policies", "interventions"):
            for name, item in value.items():
                yield from ({key: {name: part}} for part in split_fields(item))
        else:
            yield from ({key: {name: item}} for name, item in value.items())


def split_fields(item: Any) -> list[Any]:
    """Return the fields of an intervention or a policy as separate mappings."""
    if not isinstance(item, dict) or not item:
        return [item]
    always = {"lever": item["lever"]} if "lever" in item else {}
    return [always | {name: value} for name, value in item.items()]


def to_tuples(value: Any) -> Any:
    """Return data with lists as tuples, which frozen sections require."""
    if isinstance(value, dict):
        return {key: to_tuples(item) for key, item in value.items()}
    return tuple(to_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def validate(
    root: type[Fields], data: dict[str, Any], locations: SourceLocations
) -> tuple[Fields, set[str], list[Fault]]:
    """Check data against the declarations.

    Returns
    -------
    ScenarioFields
        Of all valid parts, with defaults for the others.
    set of str
        The top-level names of invalid parts, and the dotted paths of the fields in them.
    list of Fault
        Every fault.
    """
    data = to_tuples(data)
    try:
        return root.model_validate(data), set(), []
    except ValidationError:
        return validate_by_sections(root, data, locations)


def validate_by_sections(
    root: type[Fields], data: dict[str, Any], locations: SourceLocations
) -> tuple[Fields, set[str], list[Fault]]:
    """Validate data with faults part by part; returns the same as `validate`."""
    valid: dict[str, Any] = {}
    invalid: set[str] = set()
    faults: list[Fault] = []
    unknown_names: list[Fault] = []
    for piece in split_sections(data):
        ((key, value),) = piece.items()
        try:
            root.model_validate(piece)
        except ValidationError as error:
            invalid.add(key)
            for detail in error.errors():
                location = locate(tuple(detail["loc"]), root)
                invalid.add(".".join(map(str, location.path[:2])))
                fault = fault_at_path(location.path, error_text(detail, location), locations)
                (unknown_names if names_a_plugin(detail, location.path) else faults).append(fault)
            continue
        valid[key] = deep_merge(valid.get(key), value)
    # A name that a plug-in declares is unknown until the plug-in is loaded, which is the fault to report.
    return root.model_validate(valid), invalid, faults if "plugins" in invalid else [*faults, *unknown_names]


def names_a_plugin(detail: Mapping[str, Any], path: KeyPath) -> bool:
    """Return whether an error is of a name that a plug-in may declare: a network, a policy or a form of a rule."""
    return str(detail["type"]).startswith("union_tag") or path[0] == SECTION


def deep_merge(first: Any, second: Any) -> Any:
    """Return two mappings merged recursively; for other types, the second value."""
    if not isinstance(first, dict) or not isinstance(second, dict):
        return second
    return {**first, **{name: deep_merge(first.get(name), value) for name, value in second.items()}}
