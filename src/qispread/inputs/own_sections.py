"""Sections that plug-ins add to scenarios: kinds of network, and policies."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, SerializeAsAny, WrapValidator, create_model

OWN_NETWORKS: dict[str, type[BaseModel]] = {}
OWN_POLICIES: dict[str, type[BaseModel]] = {}
"""The sections that loaded plug-ins declare, by `kind` and by `lever`."""

OWN_SECTIONS = {"kind": OWN_NETWORKS, "lever": OWN_POLICIES}


def restore_section(tag: str, name: str, data: dict[str, Any]) -> Any:
    """Return a pickled section of a plug-in that is loaded."""
    return OWN_SECTIONS[tag][name].model_validate(data)


def make_section(base: type[BaseModel], tag: str, name: str, fields: Mapping[str, tuple[Any, Any]]) -> Any:
    """Return the class of a section of a plug-in.

    Parameters
    ----------
    base : type
        `GeneratedNetwork` or `Policy`.
    tag : {"kind", "lever"}
    name : str
    fields : mapping of str to (type, declaration)
    """

    def reduce(self: Any) -> tuple[Any, ...]:
        return restore_section, (tag, name, self.model_dump())

    word = "".join(part.capitalize() for part in name.split("_"))
    definition: dict[str, Any] = {tag: (Literal[name], name), **fields}
    section = create_model(f"Own{word}{base.__name__}", __base__=base, **definition)
    section.__reduce__ = reduce  # type: ignore[method-assign]
    return section


def own_section_validator(tag: str) -> Callable[[Any, Callable[[Any], Any]], Any]:
    """Return a validator that gives a section of a plug-in to the class of the plug-in, and all others on."""
    own = OWN_SECTIONS[tag]

    def validate(value: Any, validate_shipped: Callable[[Any], Any]) -> Any:
        name = value.get(tag) if isinstance(value, dict) else getattr(value, tag, None)
        section = own.get(name) if isinstance(name, str) else None
        return validate_shipped(value) if section is None else section.model_validate(value)

    return validate


def accept_own(union: Any, tag: str) -> Any:
    """Return a union of sections that also accepts those of loaded plug-ins."""
    return Annotated[SerializeAsAny[union], WrapValidator(own_section_validator(tag))]  # type: ignore[misc]


def own_alternatives(sections: Sequence[type[BaseModel]]) -> list[Any]:
    """Return the sections of plug-ins that are accepted where some sections of a union are."""
    if len(sections) < 2:
        return []
    for tag, own in OWN_SECTIONS.items():
        if all(tag in section.model_fields and is_tagged(section, tag) for section in sections):
            return list(own.values())
    return []


def is_tagged(section: type[BaseModel], tag: str) -> bool:
    """Return whether a section is identified by a word in one of its fields."""
    return len(get_args(section.model_fields[tag].annotation)) == 1
