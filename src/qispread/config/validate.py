"""From plain data to a checked scenario, with every fault said in the user's own terms."""

from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from qispread.config.faults import Fault, nearest
from qispread.config.parameter import Section, range_text, sections_within
from qispread.config.scenario import Scenario
from qispread.config.yaml_reader import Keys, Place, Places

KINDS = {
    float: "a number",
    int: "a whole number",
    str: "text",
    bool: "true or false",
    tuple: "a list",
    dict: "a mapping",
}


def tag_of(section: type[Section]) -> str | None:
    """Return the value of `kind` or `lever` by which a union tells this section from others."""
    for name in ("kind", "lever"):
        field = section.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is Literal:
            return str(field.default)
    return None


def narrowed(candidates: list[type[Section]], part: str | int) -> tuple[list[type[Section]], FieldInfo | None]:
    """Return the sections that may stand one step further down a path, and the field stepped into, if any."""
    tagged = [section for section in candidates if tag_of(section) == part]
    if tagged:
        return tagged, None
    for section in candidates:
        if part in section.model_fields:
            field = section.model_fields[str(part)]
            return list(sections_within(field.annotation)), field
    return candidates, None


def field_at(location: Keys) -> tuple[list[type[Section]], FieldInfo | None]:
    """Return the sections whose fields are valid beside the last part of a location, and the field at its end."""
    candidates: list[type[Section]] = [Scenario]
    field: FieldInfo | None = None
    siblings = candidates
    for part in location:
        siblings = candidates
        candidates, field = narrowed(candidates, part)
    return siblings, field


def without_tags(location: Keys, data: Any) -> Keys:
    """Return a location of pydantic's without the tags of unions, which the user never wrote."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        inside = (isinstance(data, dict) and part in data) or (
            isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)
        )
        if inside:
            data = data[part]
        elif index < len(location) - 1:
            continue
        path.append(part)
    return tuple(path)


def needed(field: FieldInfo | None) -> str:
    """Return what a field needs, such as "a number in [0, 1]"."""
    if field is None:
        return ""
    options = [
        get_args(part) for part in (field.annotation, *get_args(field.annotation)) if get_origin(part) is Literal
    ]
    if options:
        return "one of " + ", ".join(map(str, options[0]))
    plain = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
    kind = KINDS.get(get_origin(field.annotation) or object) or next(
        (KINDS[part] for part in plain if part in KINDS), ""
    )
    interval = range_text(field)
    return f"{kind} in {interval}" if kind and interval else kind


def shown_value(value: Any) -> str:
    """Return a value as a user would write it, cut where it is long."""
    text = f"the text '{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def said(error: ErrorDetails) -> str:
    """Return the problem behind one of pydantic's errors in plain words."""
    location, got = tuple(error["loc"]), error.get("input")
    siblings, field = field_at(location)
    if error["type"] == "extra_forbidden":
        valid = {name for section in siblings for name in section.model_fields}
        return "unknown name" + nearest(str(location[-1]), valid)
    if error["type"] == "missing":
        return f"is missing; needed: {needed(field) or 'a value'}"
    if error["type"].startswith("union_tag"):
        tags = [tag_of(section) or "" for section in narrowed([Scenario], location[0])[0] if tag_of(section)]
        given = str(error["ctx"].get("tag", ""))
        return (f"unknown kind '{given}'" if given else "its kind is missing") + nearest(given, tags)
    if error["type"] == "value_error":
        return f"got {shown_value(got)}; {error['ctx']['error']}"
    want = needed(field) or error["msg"].lower()
    hint = nearest(got, get_args(field.annotation)) if field and error["type"] == "literal_error" and got else ""
    return f"got {shown_value(got)}; needed: {want}{hint if 'did you mean' in hint else ''}"


def place_of(path: Keys, places: Places) -> Place:
    """Return where a path was given, or where the nearest part of it above was."""
    while path and path not in places:
        path = path[:-1]
    return places.get(path, Place("", 0))


def fault_at(path: Keys, problem: str, places: Places) -> Fault:
    """Return a fault at a path of the scenario, in the file and line where it was given."""
    place = place_of(path, places)
    return Fault(place.label or ".".join(map(str, path)), problem, place.file, place.line)


def pieces(data: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Yield the data in parts that can be checked alone, so that a fault in one hides none in another."""
    for key, value in data.items():
        if key in ("policies", "interventions") and isinstance(value, dict) and value:
            yield from ({key: {name: item}} for name, item in value.items())
        else:
            yield {key: value}


def validated(data: dict[str, Any], places: Places) -> tuple[Scenario, set[str], list[Fault]]:
    """Check data against the declarations.

    Returns
    -------
    Scenario
        Of all the parts that are right; defaults stand for the others.
    set of str
        The top-level names in which something is wrong.
    list of Fault
        All of them.
    """
    right: dict[str, Any] = {}
    wrong: set[str] = set()
    faults: list[Fault] = []
    for piece in pieces(data):
        ((key, value),) = piece.items()
        try:
            checked = getattr(Scenario.model_validate(piece), key, None)
        except ValidationError as error:
            wrong.add(key)
            for detail in error.errors():
                path = without_tags(tuple(detail["loc"]), data)
                faults.append(fault_at(path, said(detail), places))
            continue
        right[key] = {**right.get(key, {}), **checked} if isinstance(checked, dict) else value
    return Scenario.model_validate(right), wrong, faults
