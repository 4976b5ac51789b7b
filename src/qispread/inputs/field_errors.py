"""Errors of pydantic in the user's own terms: where in the declarations a value is, and what is needed there."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from qispread.inputs.errors import Fault, did_you_mean
from qispread.inputs.own_sections import own_alternatives
from qispread.inputs.yaml_reader import KeyPath, SourceLocation, SourceLocations

PLAIN_PROBLEM = "plain_problem"
"""The type of an error whose text says everything, without the value that was got."""

TYPE_NAMES = {
    float: "a number",
    int: "a whole number",
    str: "text",
    bool: "true or false",
    tuple: "a list",
    dict: "a mapping",
}


def declared_bounds(field: FieldInfo) -> dict[str, float]:
    """Return the declared bounds of a field, as {"ge": ..., "lt": ...}."""
    names = ("ge", "gt", "le", "lt")
    return {name: getattr(item, name) for item in field.metadata for name in names if hasattr(item, name)}


def format_range(field: FieldInfo) -> str:
    """Return the allowed range of a field in interval notation, or an empty string without bounds."""
    bounds = declared_bounds(field)
    if not bounds:
        return ""
    left, right = "(-inf", "inf)"
    if "ge" in bounds:
        left = f"[{bounds['ge']:g}"
    elif "gt" in bounds:
        left = f"({bounds['gt']:g}"
    if "le" in bounds:
        right = f"{bounds['le']:g}]"
    elif "lt" in bounds:
        right = f"{bounds['lt']:g})"
    return f"{left}, {right}"


@dataclass(frozen=True)
class SchemaLocation:
    """The declaration at a location that pydantic reports.

    Attributes
    ----------
    path : tuple
        The path that the user wrote, without the union tags that pydantic adds.
    allowed_types : list
        The types allowed there.
    field : FieldInfo or None
        The declaration there, if it is a field.
    union_members : sequence of section classes
        Sections whose fields are allowed beside it.
    """

    path: KeyPath
    allowed_types: list[Any]
    field: FieldInfo | None
    union_members: Sequence[type[BaseModel]]


def discriminator(section: type[BaseModel]) -> str | None:
    """Return the value of `kind` or `lever` that identifies a section in a union, or None."""
    for name in ("kind", "lever"):
        field = section.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is Literal:
            return str(field.default)
    return None


def allowed_types(annotation: Any) -> list[Any]:
    """Return the types that an annotation allows, without None and annotations."""
    if get_origin(annotation) is Annotated:
        return allowed_types(get_args(annotation)[0])
    if get_origin(annotation) in (Literal, tuple, dict) or isinstance(annotation, type):
        return [] if annotation is NoneType else [annotation]
    return [option for part in get_args(annotation) for option in allowed_types(part)]


def section_types(options: list[Any]) -> list[type[BaseModel]]:
    """Return the section classes among some types, with those of plug-ins where a union accepts them."""
    sections = [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]
    return [*sections, *own_alternatives(sections)]


def element_types(options: list[Any]) -> list[Any]:
    """Return the types allowed inside a mapping or a list."""
    for option in options:
        if get_origin(option) is dict:
            return allowed_types(get_args(option)[1])
        if get_origin(option) is tuple:
            return allowed_types(get_args(option)[0])
    return []


def locate(location: KeyPath, root: type[BaseModel]) -> SchemaLocation:
    """Return the declaration at a location that pydantic reports, within a section."""
    path: list[str | int] = []
    options: list[Any] = [root]
    field: FieldInfo | None = None
    siblings: list[type[BaseModel]] = []
    for part in location:
        sections = section_types(options)
        tagged = [section for section in sections if discriminator(section) == part]
        if len(sections) > 1 and tagged:
            options = list(tagged)
            continue
        path.append(part)
        siblings = sections
        field = next((section.model_fields[part] for section in sections if part in section.model_fields), None)
        options = allowed_types(field.annotation) if field is not None else element_types(options)
    return SchemaLocation(tuple(path), options, field, siblings)


def expected_type(options: list[Any], field: FieldInfo | None) -> str:
    """Return a description of the allowed types, such as "a number in [0, 1]"."""
    if section_types(options):
        return "a mapping"
    for option in options:
        if get_origin(option) is Literal:
            return "one of " + ", ".join(map(str, get_args(option)))
    type_name = next(
        (
            TYPE_NAMES[get_origin(option) or option]
            for option in options
            if (get_origin(option) or option) in TYPE_NAMES
        ),
        "",
    )
    interval = format_range(field) if field is not None else ""
    return f"{type_name} in {interval}" if type_name and interval else type_name


def format_value(value: Any) -> str:
    """Return a value as a user would write it, cut to 60 characters."""
    text = "nothing" if value is None else str(value)
    if isinstance(value, str):
        text = f"the text '{value}'"
    return text if len(text) <= 60 else text[:57] + "..."


def error_text(error: ErrorDetails, location: SchemaLocation) -> str:
    """Return a pydantic error in plain words."""
    got, kind = error.get("input"), error["type"]
    if kind == "extra_forbidden":
        valid = {name for section in location.union_members for name in section.model_fields}
        return "unknown name" + did_you_mean(str(location.path[-1]), valid)
    if kind == "missing":
        return f"is missing; needed: {expected_type(location.allowed_types, location.field) or 'a value'}"
    if kind.startswith("union_tag"):
        tags = [tag for section in section_types(location.allowed_types) if (tag := discriminator(section))]
        name = error["ctx"]["discriminator"].strip("'")
        tag_value = got.get(name) if isinstance(got, dict) else None
        problem = f"its {name} is missing" if tag_value is None else f"unknown {name} '{tag_value}'"
        return problem + did_you_mean(tag_value if isinstance(tag_value, str) else "", tags)
    if kind == PLAIN_PROBLEM:
        return str(error["ctx"]["problem"])
    if kind == "value_error":
        return f"got {format_value(got)}; {error['ctx']['error']}"
    hint = ""
    if kind == "literal_error" and isinstance(got, str):
        hint = did_you_mean(
            got, [word for option in location.allowed_types for word in get_args(option)], listing=False
        )
    needed = expected_type(location.allowed_types, location.field) or "something else"
    return f"got {format_value(got)}; needed: {needed}{hint}"


def source_location(path: KeyPath, locations: SourceLocations) -> SourceLocation:
    """Return the source location of a path, or of its nearest parent that has one."""
    while path and path not in locations:
        path = path[:-1]
    return locations.get(path, SourceLocation("", 0))


def fault_at_path(path: KeyPath, problem: str, locations: SourceLocations) -> Fault:
    """Return a fault at a path of the scenario, with its file and line."""
    location = source_location(path, locations)
    return Fault(location.label or ".".join(map(str, path)), problem, location.file, location.line)


def faults_of_error(error: ValidationError, root: type[BaseModel], locations: SourceLocations) -> list[Fault]:
    """Return the faults behind an error of pydantic, each with its file and line."""
    declared = [(detail, locate(tuple(detail["loc"]), root)) for detail in error.errors()]
    return [fault_at_path(location.path, error_text(detail, location), locations) for detail, location in declared]
