"""The parameters of the page, from their declarations: meaning, unit, range, source, evidence."""

from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from qispread.inputs.cross_checks import organisation_ids
from qispread.inputs.factors import iterate_parameters
from qispread.inputs.field_errors import declared_bounds, discriminator
from qispread.inputs.interventions import ORIGIN_RULES
from qispread.inputs.network_kinds import AnyNetwork
from qispread.inputs.parameter import ConfigSection, declaration_of, section_classes
from qispread.inputs.parameter_descriptions import describe_field, section_title
from qispread.inputs.policies import AnyPolicy, Policy, PolicyTarget
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.page_state import DRAWABLE_NETWORKS, WORLD_PATHS
from qispread.interfaces.page.sliders import build_slider
from qispread.outputs.text.references import CITATION_KEY, load_references

GROUP_TITLES = {
    "interventions": "The intervention that spreads",
    "copying": "What a copy loses",
    "deciding": "Deciding to adopt",
    "hearing": "Hearing about it",
    "improving": "Learning, drift and habit",
    "reviewing": "Annual review",
    "leaders": "Turnover of leaders",
    "capacity": "Staff time",
    "local_improvement": "Other local improvement",
    "outcome": "Adverse events and background trend",
    "organisations.context": "Organisations: people, skills and time",
    "organisations": "Organisations: number and variation",
    "network": "Network ties",
    "policies": "Policies already in the baseline",
    "": "Simulation",
}
"""Title of each group by the prefix of its paths, in the order of the page."""
DERIVED_COUNTS = ("organisations.number", "organisations.partnerships", "organisations.regions")
"""Counts that a table of organisations determines."""
HIDDEN_FIELDS = {"lever", "start", "end", "target", "interventions", "cost"}
WINDOW_FIELDS = ("start", "end", "cost")


def list_parameters(scenario: Scenario) -> dict[str, Any]:
    """Return the parameters of a scenario in groups, the available policies, targets and networks, as JSON."""
    return {
        "name": scenario.name,
        "description": scenario.description,
        "fingerprint": scenario.fingerprint(),
        "horizon": scenario.horizon,
        "replicates": scenario.replicates,
        "organisations": len(organisation_ids(scenario)),
        "interventions": list(scenario.interventions),
        "policies": list(scenario.policies),
        "groups": [group for prefix, title in GROUP_TITLES.items() if (group := build_group(scenario, prefix, title))],
        "levers": [describe_lever(section) for section in section_classes(AnyPolicy) if discriminator(section)],
        "targets": [{"name": name, "meaning": field.description} for name, field in PolicyTarget.model_fields.items()],
        "origins": list(ORIGIN_RULES),
        "networks": list_networks(scenario),
    }


def group_prefix(path: str) -> str:
    """Return the longest group prefix of a path."""
    return max((prefix for prefix in GROUP_TITLES if prefix and path.startswith(f"{prefix}.")), key=len, default="")


def build_group(scenario: Scenario, prefix: str, title: str) -> dict[str, Any] | None:
    """Return a group with its parameters, or None if it has none."""
    has_table = bool(scenario.organisations.rows)
    parameters = [
        describe_number(scenario, path, value, field)
        for path, value, field in iterate_parameters(scenario)
        if group_prefix(path) == prefix and not (has_table and path in DERIVED_COUNTS)
    ]
    return {"name": prefix or "run", "title": title, "parameters": parameters} if parameters else None


def split_owner(scenario: Scenario, path: str) -> tuple[str, str]:
    """Return the intervention or policy that a parameter belongs to, or "", and the rest of its path.

    Their names may contain dots.
    """
    for part in ("interventions", "policies"):
        for name in getattr(scenario, part):
            if path.startswith(f"{part}.{name}."):
                return name, path.removeprefix(f"{part}.{name}.")
    return "", path.split(".", maxsplit=1)[-1]


def parameter_label(rest: str) -> str:
    """Return the label of a parameter from its path within its section."""
    label = " ".join(rest.split(".")).removeprefix("context ").replace("_", " ")
    return label[0].upper() + label[1:]


def describe_number(scenario: Scenario, path: str, value: float, field: FieldInfo) -> dict[str, Any]:
    """Return one parameter with its value and its declaration."""
    owner, rest = split_owner(scenario, path)
    shared = path.split(".", maxsplit=1)[0] in (*WORLD_PATHS, "policies")
    return {
        "path": path,
        "value": value,
        "owner": owner,
        "shared": shared,
        "slider": build_slider(field, value),
        **describe_declaration(rest, field),
    }


def describe_declaration(path: str, field: FieldInfo) -> dict[str, Any]:
    """Return the declaration of a parameter as text."""
    description, extra = describe_field(path, field), declaration_of(field) or {}
    if description is None:
        raise TypeError(f"{path} is not a parameter")
    return {
        "label": parameter_label(path),
        "meaning": description.meaning,
        "unit": "" if description.unit == "-" else description.unit,
        "allowed": description.allowed_range,
        "bounds": {name: bound for name, bound in declared_bounds(field).items() if name in ("ge", "le")},
        "plausible": description.plausible_range,
        "integer": field.annotation is int or "int" in str(field.annotation),
        "evidence": description.evidence,
        "role": description.role,
        "sources": list_sources(str(extra["source"])),
    }


def list_sources(text: str) -> list[str]:
    """Return the full references of a value's sources."""
    references = load_references()
    return [references[key] for key in CITATION_KEY.findall(text) if key in references]


def describe_lever(section: type[ConfigSection]) -> dict[str, Any]:
    """Return one available policy: its strengths, and the fields that all policies share."""
    lever = discriminator(section) or ""
    fields = section.model_fields.items()
    return {
        "lever": lever,
        "title": lever.replace("_", " ").capitalize(),
        "meaning": section_title(section).split(" (", maxsplit=1)[0].rstrip(".") + ".",
        "strengths": list(iterate_strengths(fields)),
        "origin": "origin" in section.model_fields,
        "shared": [{"name": name, **describe_declaration(name, Policy.model_fields[name])} for name in WINDOW_FIELDS],
    }


def iterate_strengths(fields: Any) -> Iterator[dict[str, Any]]:
    """Yield the parameters specific to a policy."""
    for name, field in fields:
        if name not in HIDDEN_FIELDS and isinstance(field.default, int | float):
            slider = build_slider(field, field.default)
            yield {"name": name, "value": field.default, "slider": slider, **describe_declaration(name, field)}


def list_networks(scenario: Scenario) -> dict[str, Any]:
    """Return the kinds of network that the page can generate, and that of the scenario."""
    meanings = {discriminator(section): section_title(section) for section in section_classes(AnyNetwork)}
    kinds = [{"kind": kind, "meaning": meanings[kind]} for kind in DRAWABLE_NETWORKS]
    return {"kind": scenario.network.kind, "kinds": kinds}
