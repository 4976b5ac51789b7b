"""Every parameter, described from its declaration: for the terminal, the reference page and a template."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from qispread.config.frameworks import heading_counterparts, parameter_counterparts
from qispread.config.interventions import Intervention
from qispread.config.networks import AnyNetwork
from qispread.config.parameter import Section, declared, range_text, sections_within
from qispread.config.policies import AnyPolicy
from qispread.config.scenario import MECHANISMS, Scenario
from qispread.config.validate import needed, options_of, tag_of

HIDDEN = ("inputs", "notes", "rows")
"""What reading files fills in: nobody writes it."""


@dataclass(frozen=True)
class Description:
    """One parameter as its declaration has it.

    Attributes
    ----------
    path : str
        Where it stands in a scenario.
    default, allowed, plausible, unit, meaning, source, known, role : str
    """

    path: str
    default: str
    unit: str
    allowed: str
    plausible: str
    meaning: str
    source: str
    known: str
    role: str


def shown_default(field: FieldInfo) -> str:
    """Return a default as it would be written."""
    value = field.default
    if value is PydanticUndefined or value is ...:
        return "(required)"
    if isinstance(value, Section):
        short = value.model_dump(exclude_defaults=True)
        number = f"{short['number']} " if "number" in short else ""
        return f"{number}{short['rule']}" if "rule" in short else "everyone"
    if value is None or value in ((), {}, ""):
        return "none"
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def described(path: str, field: FieldInfo) -> Description | None:
    """Return the description of a field, or None where it is no parameter."""
    extra = declared(field)
    if extra is None:
        return None
    plausible = extra["plausible"]
    return Description(
        path=path,
        default=shown_default(field),
        unit=str(extra["unit"]),
        allowed=range_text(field) or needed(options_of(field.annotation), field),
        plausible=f"{plausible[0]:g} to {plausible[1]:g}" if plausible else "",
        meaning=field.description or "",
        source=str(extra["source"]),
        known=str(extra["known"]),
        role=str(extra["role"]),
    )


def within(section: type[Section], path: str) -> Iterator[Description]:
    """Yield the description of every parameter of a section and of the sections in it."""
    for name, field in section.model_fields.items():
        here = f"{path}.{name}" if path else name
        found = described(here, field) if name not in HIDDEN else None
        if found is not None:
            yield found
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from within(field.annotation, here)


def title_of(section: type[Section]) -> str:
    """Return what a section is about."""
    return (section.__doc__ or "").strip().splitlines()[0]


def parts() -> Iterator[tuple[str, str, list[Description]]]:
    """Yield heading, meaning and parameters of every part of a scenario, in the order of its file."""
    top = [
        found
        for name, field in Scenario.model_fields.items()
        if name in ("name", "description", "horizon", "seed", "replicates") and (found := described(name, field))
    ]
    yield "Scenario", title_of(Scenario), top
    organisations = Scenario.model_fields["organisations"].annotation
    for section, path in ((organisations, "organisations"), (Intervention, "interventions.NAME")):
        if isinstance(section, type) and issubclass(section, Section):
            yield path, title_of(section), list(within(section, path))
    for name in MECHANISMS:
        section = Scenario.model_fields[name].annotation
        if isinstance(section, type) and issubclass(section, Section):
            yield name, title_of(section), list(within(section, name))
    for union, path in ((AnyNetwork, "network"), (AnyPolicy, "policies.NAME")):
        for section in sections_within(union):
            tag = tag_of(section)
            if tag:
                key = "kind" if path == "network" else "lever"
                yield f"{path} ({key}: {tag})", title_of(section), list(within(section, path))


def descriptions() -> Iterator[Description]:
    """Yield the description of every parameter there is."""
    for _, _, found in parts():
        yield from found


def as_markdown() -> str:
    """Return the reference page of all parameters."""
    lines = [
        "# Parameters",
        "",
        "Written by `qispread describe --markdown`; do not edit. Every parameter of a scenario: where it stands, its",
        "default, what is allowed, the plausible range to sweep, what it means, where the default comes from (a key in",
        "`references.bib`) and how well it is known: *measured* in a source, *derived* from figures in one, an",
        "*assumption*, a *hypothesis* that results hinge on, or a *choice* of yours. Its role: an *uncertainty* of the",
        "world, a *lever* that somebody can pull, what *world* there is, or how the *run* is made. A list below a",
        "table has the names in ERIC (powell2015), MUSIQ (kaplan2012) and CFIR (damschroder2022): see `glossary.md`.",
    ]
    for heading, meaning, found in parts():
        lines += ["", f"## {heading}", "", meaning, ""]
        if found:
            lines += [
                "| parameter | default | unit | allowed | plausible | meaning | source | known | role |",
                "|---|---|---|---|---|---|---|---|---|",
            ]
            lines += ["| " + " | ".join(cell(value) for value in asdict(one).values()) + " |" for one in found]
        lines += list(counterpart_lines(heading, found))
    return "\n".join(lines) + "\n"


def counterpart_lines(heading: str, found: list[Description]) -> Iterator[str]:
    """Yield the counterparts in ERIC, MUSIQ and CFIR of a part of a scenario and of its parameters, as a list."""
    lines = [f"- {one}" for one in heading_counterparts(heading)]
    lines += [f"- `{each.path}`: {one}" for each in found for one in parameter_counterparts(each.path)]
    if lines:
        yield from ("", *lines)


def cell(text: str) -> str:
    """Return text that is safe in a cell of a Markdown table."""
    return text.replace("|", "\\|")


def as_yaml() -> str:
    """Return a scenario with every default and the meaning of each parameter as a comment."""
    lines = ["# Every parameter with its default; leave out what you do not change."]
    lines += list(yaml_lines(Scenario, 0))
    return "\n".join(lines) + "\n"


def yaml_lines(section: type[Section], depth: int) -> Iterator[str]:
    """Yield the lines of one section."""
    indent = "  " * depth
    for name, field in section.model_fields.items():
        if name in HIDDEN:
            continue
        value: Any = field.default
        if isinstance(value, Section) and declared(field) is None:
            tag = tag_of(type(value))
            yield f"{indent}{name}:"
            if tag:
                yield f"{indent}  kind: {tag}"
            yield from yaml_lines(type(value), depth + 1)
        elif name == "interventions" and isinstance(value, dict):
            yield f"{indent}interventions:  # {field.description}"
            yield f"{indent}  intervention:"
            yield from yaml_lines(Intervention, depth + 2)
        elif declared(field) is not None:
            yield f"{indent}{name}: {yaml_value(field)}  # {field.description}"


def yaml_value(field: FieldInfo) -> str:
    """Return a default as YAML."""
    value = field.default
    if isinstance(value, Section):
        return str(value.model_dump(exclude_defaults=True).get("rule", "everyone"))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple | list):
        return "[]"
    if isinstance(value, dict):
        return "{}"
    return f'"{value}"' if value == "" else str(value)
