"""Descriptions of all parameters from their declarations: for the terminal, the reference page and a template."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from qispread.inputs.field_errors import allowed_types, discriminator, expected_type, format_range
from qispread.inputs.frameworks import heading_counterparts, parameter_counterparts
from qispread.inputs.interventions import Intervention
from qispread.inputs.network_kinds import AnyNetwork
from qispread.inputs.parameter import ConfigSection, declaration_of, section_classes
from qispread.inputs.policies import AnyPolicy
from qispread.inputs.rule_choices import SECTION as RULES
from qispread.inputs.rule_descriptions import rules_as_markdown, rules_as_yaml
from qispread.inputs.scenario import Scenario
from qispread.inputs.scenario_fields import MECHANISMS

INTERNAL_FIELDS = ("inputs", "notes", "rows")
"""Fields that are filled in when files are read; users do not write them."""


@dataclass(frozen=True)
class ParameterDescription:
    """The declaration of one parameter as text.

    Attributes
    ----------
    path : str
        Path in a scenario.
    default, allowed_range, plausible_range, unit, meaning, source, evidence, role : str
    """

    path: str
    default: str
    unit: str
    allowed_range: str
    plausible_range: str
    meaning: str
    source: str
    evidence: str
    role: str


def format_default(field: FieldInfo) -> str:
    """Return a default as a user would write it."""
    value = field.default
    if value is PydanticUndefined or value is ...:
        return "(required)"
    if isinstance(value, ConfigSection):
        non_defaults = value.model_dump(exclude_defaults=True)
        number = f"{non_defaults['number']} " if "number" in non_defaults else ""
        return f"{number}{non_defaults['rule']}" if "rule" in non_defaults else "everyone"
    if value is None or value in ((), {}, ""):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def describe_field(path: str, field: FieldInfo) -> ParameterDescription | None:
    """Return the description of a field, or None if it is not a parameter."""
    extra = declaration_of(field)
    if extra is None:
        return None
    plausible = extra["plausible"]
    return ParameterDescription(
        path=path,
        default=format_default(field),
        unit=str(extra["unit"]),
        allowed_range=format_range(field) or expected_type(allowed_types(field.annotation), field),
        plausible_range=f"{plausible[0]:g} to {plausible[1]:g}" if plausible else "",
        meaning=field.description or "",
        source=str(extra["source"]),
        evidence=str(extra["known"]),
        role=str(extra["role"]),
    )


def describe_section(section: type[ConfigSection], path: str) -> Iterator[ParameterDescription]:
    """Yield the description of every parameter of a section and its subsections."""
    for name, field in section.model_fields.items():
        inner_path = f"{path}.{name}" if path else name
        description = describe_field(inner_path, field) if name not in INTERNAL_FIELDS else None
        if description is not None:
            yield description
        elif isinstance(field.annotation, type) and issubclass(field.annotation, ConfigSection):
            yield from describe_section(field.annotation, inner_path)


def section_title(section: type[ConfigSection]) -> str:
    """Return the title of a section: the first line of its docstring."""
    return (section.__doc__ or "").strip().splitlines()[0]


def describe_parts() -> Iterator[tuple[str, str, list[ParameterDescription]]]:
    """Yield heading, meaning and parameters of every part of a scenario, in the order of its file."""
    top = [
        description
        for name, field in Scenario.model_fields.items()
        if name in ("name", "description", "horizon", "seed", "replicates")
        and (description := describe_field(name, field))
    ]
    yield "Scenario", section_title(Scenario), top
    organisations = Scenario.model_fields["organisations"].annotation
    for section, path in ((organisations, "organisations"), (Intervention, "interventions.NAME")):
        if isinstance(section, type) and issubclass(section, ConfigSection):
            yield path, section_title(section), list(describe_section(section, path))
    for name in MECHANISMS:
        section = Scenario.model_fields[name].annotation
        if isinstance(section, type) and issubclass(section, ConfigSection):
            yield name, section_title(section), list(describe_section(section, name))
    for union, path in ((AnyNetwork, "network"), (AnyPolicy, "policies.NAME")):
        for section in section_classes(union):
            tag = discriminator(section)
            if tag:
                key = "kind" if path == "network" else "lever"
                yield f"{path} ({key}: {tag})", section_title(section), list(describe_section(section, path))


def all_descriptions() -> Iterator[ParameterDescription]:
    """Yield the description of every parameter."""
    for _, _, descriptions in describe_parts():
        yield from descriptions


def render_markdown() -> str:
    """Return the reference page of all parameters."""
    lines = [
        "# Parameters",
        "",
        "Written by `qispread describe --markdown`; do not edit. Every parameter of a scenario: its path, default,",
        "allowed values, plausible range, meaning, the source of the default (a key in `references.bib`) and how well",
        "it is known: *measured* in a source, *derived* from figures in one, an *assumption*, a *hypothesis* (an",
        "untested assumption that results depend on) or a *choice* of yours. Its role: an *uncertainty* (uncertain",
        "assumption), a *lever* that can be pulled, the simulated *world* (organisations and network), or a setting of",
        "the *run*. A list below a table has the names in ERIC (powell2015), MUSIQ (kaplan2012) and CFIR",
        "(damschroder2022): see `glossary.md`.",
    ]
    for heading, meaning, descriptions in describe_parts():
        lines += ["", f"## {heading}", "", meaning, ""]
        if descriptions:
            lines += [
                "| parameter | default | unit | allowed | plausible | meaning | source | known | role |",
                "|---|---|---|---|---|---|---|---|---|",
            ]
            lines += [
                "| " + " | ".join(escape_markdown_cell(value) for value in asdict(description).values()) + " |"
                for description in descriptions
            ]
        lines += list(counterpart_lines(heading, descriptions))
    return "\n".join([*lines, *rules_as_markdown()]) + "\n"


def counterpart_lines(heading: str, parameters: list[ParameterDescription]) -> Iterator[str]:
    """Yield the counterparts in ERIC, MUSIQ and CFIR of a part of a scenario and of its parameters, as a list."""
    lines = [f"- {counterpart}" for counterpart in heading_counterparts(heading)]
    lines += [
        f"- `{parameter.path}`: {counterpart}"
        for parameter in parameters
        for counterpart in parameter_counterparts(parameter.path)
    ]
    if lines:
        yield from ("", *lines)


def escape_markdown_cell(text: str) -> str:
    """Return text that is safe in a cell of a Markdown table."""
    return text.replace("|", "\\|")


def render_yaml_template() -> str:
    """Return a scenario as YAML, with every default and the meaning of each parameter as a comment."""
    lines = ["# Every parameter with its default; omit those that you do not change."]
    lines += list(yaml_lines(Scenario, 0))
    return "\n".join(lines) + "\n"


def yaml_lines(section: type[ConfigSection], depth: int) -> Iterator[str]:
    """Yield the lines of one section."""
    indent = "  " * depth
    for name, field in section.model_fields.items():
        if name in INTERNAL_FIELDS:
            continue
        value: Any = field.default
        if name == RULES:
            yield from rules_as_yaml()
        elif isinstance(value, ConfigSection) and declaration_of(field) is None:
            tag = discriminator(type(value))
            yield f"{indent}{name}:"
            if tag:
                yield f"{indent}  kind: {tag}"
            yield from yaml_lines(type(value), depth + 1)
        elif name == "interventions" and isinstance(value, dict):
            yield f"{indent}interventions:  # {field.description}"
            yield f"{indent}  intervention:"
            yield from yaml_lines(Intervention, depth + 2)
        elif declaration_of(field) is not None:
            yield f"{indent}{name}: {default_as_yaml(field)}  # {field.description}"


def default_as_yaml(field: FieldInfo) -> str:
    """Return a default as YAML."""
    value = field.default
    if isinstance(value, ConfigSection):
        return str(value.model_dump(exclude_defaults=True).get("rule", "everyone"))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, tuple | list):
        return "[]"
    if isinstance(value, dict):
        return "{}"
    return f'"{value}"' if value == "" else str(value)
