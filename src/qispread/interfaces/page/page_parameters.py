"""Everything that the page can change, from its one declaration: meaning, unit, range, source, how well known."""

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
    "interventions": "What spreads",
    "copying": "What a copy loses",
    "deciding": "What makes a place begin",
    "hearing": "How word gets round",
    "improving": "Learning, drift and habit",
    "reviewing": "Looking back once a year",
    "leaders": "Leaders who come and go",
    "capacity": "Time that leaders make",
    "local_improvement": "Improvement made at home",
    "outcome": "What happens anyway",
    "organisations.context": "The places: people, skills and time",
    "organisations": "The places: how many, and how they differ",
    "network": "Who learns from whom",
    "policies": "What is done already, in both",
    "": "How it is simulated",
}
"""Title of each group, by the beginning of the paths in it, in the order of the page."""
DERIVED_COUNTS = ("organisations.number", "organisations.partnerships", "organisations.regions")
"""What a table of organisations counts for itself."""
HIDDEN_FIELDS = {"lever", "start", "end", "target", "interventions", "cost"}
WINDOW_FIELDS = ("start", "end", "cost")


def list_parameters(scenario: Scenario) -> dict[str, Any]:
    """Return the numbers of a scenario in groups, the policies that can be tried, and what else can be chosen."""
    return {
        "name": scenario.name,
        "description": scenario.description,
        "mark": scenario.fingerprint(),
        "horizon": scenario.horizon,
        "worlds": scenario.replicates,
        "organisations": len(organisation_ids(scenario)),
        "interventions": list(scenario.interventions),
        "policies": list(scenario.policies),
        "groups": [group for prefix, title in GROUP_TITLES.items() if (group := build_group(scenario, prefix, title))],
        "levers": [describe_lever(section) for section in section_classes(AnyPolicy) if discriminator(section)],
        "targets": [{"name": name, "meaning": one.description} for name, one in PolicyTarget.model_fields.items()],
        "origins": list(ORIGIN_RULES),
        "networks": list_networks(scenario),
    }


def group_prefix(path: str) -> str:
    """Return the group of a path: that of the longest beginning."""
    return max((one for one in GROUP_TITLES if one and path.startswith(f"{one}.")), key=len, default="")


def build_group(scenario: Scenario, prefix: str, title: str) -> dict[str, Any] | None:
    """Return a group with its numbers, or None where there are none."""
    given = scenario.organisations.rows
    found = [
        describe_number(scenario, path, value, field)
        for path, value, field in iterate_parameters(scenario)
        if group_prefix(path) == prefix and not (given and path in DERIVED_COUNTS)
    ]
    return {"name": prefix or "run", "title": title, "numbers": found} if found else None


def split_owner(scenario: Scenario, path: str) -> tuple[str, str]:
    """Return the intervention or policy that a number belongs to, or nothing, and the rest of its path.

    Their names may have points themselves.
    """
    for part in ("interventions", "policies"):
        for name in getattr(scenario, part):
            if path.startswith(f"{part}.{name}."):
                return name, path.removeprefix(f"{part}.{name}.")
    return "", path.split(".", maxsplit=1)[-1]


def parameter_label(rest: str) -> str:
    """Return what a number is called, from its path within its part."""
    whole = " ".join(rest.split(".")).removeprefix("context ").replace("_", " ")
    return whole[0].upper() + whole[1:]


def describe_number(scenario: Scenario, path: str, value: float, field: FieldInfo) -> dict[str, Any]:
    """Return one number with all that its declaration says of it."""
    own, rest = split_owner(scenario, path)
    both = path.split(".", maxsplit=1)[0] in (*WORLD_PATHS, "policies")
    return {
        "path": path,
        "value": value,
        "of": own,
        "both": both,
        "slider": build_slider(field, value),
        **describe_declaration(rest, field),
    }


def describe_declaration(path: str, field: FieldInfo) -> dict[str, Any]:
    """Return what a declaration says of a number, in words."""
    one, extra = describe_field(path, field), declaration_of(field) or {}
    if one is None:
        raise TypeError(f"{path} is no parameter")
    return {
        "label": parameter_label(path),
        "meaning": one.meaning,
        "unit": "" if one.unit == "-" else one.unit,
        "allowed": one.allowed_range,
        "bounds": {name: bound for name, bound in declared_bounds(field).items() if name in ("ge", "le")},
        "plausible": one.plausible_range,
        "whole": field.annotation is int or "int" in str(field.annotation),
        "known": one.evidence,
        "role": one.role,
        "sources": list_sources(str(extra["source"])),
    }


def list_sources(text: str) -> list[str]:
    """Return the sources of a value as a reader can look them up."""
    known = load_references()
    return [known[key] for key in CITATION_KEY.findall(text) if key in known]


def describe_lever(section: type[ConfigSection]) -> dict[str, Any]:
    """Return one policy that can be tried: its strengths, and the fields that all policies share."""
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
    """Yield the numbers that are a policy's own."""
    for name, field in fields:
        if name not in HIDDEN_FIELDS and isinstance(field.default, int | float):
            slider = build_slider(field, field.default)
            yield {"name": name, "value": field.default, "slider": slider, **describe_declaration(name, field)}


def list_networks(scenario: Scenario) -> dict[str, Any]:
    """Return the kinds of network that the page can draw, and the one that the scenario has."""
    meanings = {discriminator(one): section_title(one) for one in section_classes(AnyNetwork)}
    kinds = [{"kind": kind, "meaning": meanings[kind]} for kind in DRAWABLE_NETWORKS]
    return {"kind": scenario.network.kind, "kinds": kinds}
