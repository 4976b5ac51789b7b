"""Everything that the page can change, from its one declaration: meaning, unit, range, source, how well known."""

from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from qispread.app.setting import KINDS, OF_WORLDS
from qispread.app.sliders import slider_of
from qispread.config.cross import organisation_ids
from qispread.config.describe import described, title_of
from qispread.config.factors import numbers_of
from qispread.config.interventions import ORIGIN_RULES
from qispread.config.networks import AnyNetwork
from qispread.config.parameter import Section, bounds_of, declared, sections_within
from qispread.config.policies import AnyPolicy, Policy, Target
from qispread.config.scenario import Scenario
from qispread.config.validate import tag_of
from qispread.presentation.references import KEY, references

GROUPS = {
    "interventions": "What spreads",
    "copying": "What a copy loses",
    "deciding": "What makes a place begin",
    "hearing": "How word gets round",
    "improving": "Learning, drift and habit",
    "reviewing": "Looking back once a year",
    "leaders": "Leaders who come and go",
    "capacity": "Time that leaders make",
    "home_grown": "Improvement made at home",
    "outcome": "What happens anyway",
    "organisations.context": "The places: people, skills and time",
    "organisations": "The places: how many, and how they differ",
    "network": "Who learns from whom",
    "policies": "What is done already, in both",
    "": "How it is simulated",
}
"""Title of each group, by the beginning of the paths in it, in the order of the page."""
COUNTED = ("organisations.number", "organisations.systems", "organisations.regions")
"""What a table of organisations counts for itself."""
NOT_ASKED = {"lever", "start", "end", "target", "interventions", "cost"}
WINDOW = ("start", "end", "cost")


def parameters_of(scenario: Scenario) -> dict[str, Any]:
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
        "groups": [group for prefix, title in GROUPS.items() if (group := group_of(scenario, prefix, title))],
        "levers": [lever_of(section) for section in sections_within(AnyPolicy) if tag_of(section)],
        "targets": [{"name": name, "meaning": one.description} for name, one in Target.model_fields.items()],
        "origins": list(ORIGIN_RULES),
        "networks": networks(scenario),
    }


def prefix_of(path: str) -> str:
    """Return the group of a path: that of the longest beginning."""
    return max((one for one in GROUPS if one and path.startswith(f"{one}.")), key=len, default="")


def group_of(scenario: Scenario, prefix: str, title: str) -> dict[str, Any] | None:
    """Return a group with its numbers, or None where there are none."""
    given = scenario.organisations.rows
    found = [
        number_of(scenario, path, value, field)
        for path, value, field in numbers_of(scenario)
        if prefix_of(path) == prefix and not (given and path in COUNTED)
    ]
    return {"name": prefix or "run", "title": title, "numbers": found} if found else None


def owner_of(scenario: Scenario, path: str) -> tuple[str, str]:
    """Return the intervention or policy that a number belongs to, or nothing, and the rest of its path.

    Their names may have points themselves.
    """
    for part in ("interventions", "policies"):
        for name in getattr(scenario, part):
            if path.startswith(f"{part}.{name}."):
                return name, path.removeprefix(f"{part}.{name}.")
    return "", path.split(".", maxsplit=1)[-1]


def words_of(rest: str) -> str:
    """Return what a number is called, from its path within its part."""
    whole = " ".join(rest.split(".")).removeprefix("context ").replace("_", " ")
    return whole[0].upper() + whole[1:]


def number_of(scenario: Scenario, path: str, value: float, field: FieldInfo) -> dict[str, Any]:
    """Return one number with all that its declaration says of it."""
    own, rest = owner_of(scenario, path)
    both = path.split(".", maxsplit=1)[0] in (*OF_WORLDS, "policies")
    return {
        "path": path,
        "value": value,
        "of": own,
        "both": both,
        "slider": slider_of(field, value),
        **told(rest, field),
    }


def told(path: str, field: FieldInfo) -> dict[str, Any]:
    """Return what a declaration says of a number, in words."""
    one, extra = described(path, field), declared(field) or {}
    if one is None:
        raise TypeError(f"{path} is no parameter")
    return {
        "label": words_of(path),
        "meaning": one.meaning,
        "unit": "" if one.unit == "-" else one.unit,
        "allowed": one.allowed,
        "bounds": {name: bound for name, bound in bounds_of(field).items() if name in ("ge", "le")},
        "plausible": one.plausible,
        "whole": field.annotation is int or "int" in str(field.annotation),
        "known": one.known,
        "role": one.role,
        "sources": sources(str(extra["source"])),
    }


def sources(text: str) -> list[str]:
    """Return the sources of a value as a reader can look them up."""
    known = references()
    return [known[key] for key in KEY.findall(text) if key in known]


def lever_of(section: type[Section]) -> dict[str, Any]:
    """Return one policy that can be tried: its strengths, and the fields that all policies share."""
    lever = tag_of(section) or ""
    fields = section.model_fields.items()
    return {
        "lever": lever,
        "title": lever.replace("_", " ").capitalize(),
        "meaning": title_of(section).split(" (", maxsplit=1)[0].rstrip(".") + ".",
        "strengths": list(strengths(fields)),
        "origin": "origin" in section.model_fields,
        "shared": [{"name": name, **told(name, Policy.model_fields[name])} for name in WINDOW],
    }


def strengths(fields: Any) -> Iterator[dict[str, Any]]:
    """Yield the numbers that are a policy's own."""
    for name, field in fields:
        if name not in NOT_ASKED and isinstance(field.default, int | float):
            slider = slider_of(field, field.default)
            yield {"name": name, "value": field.default, "slider": slider, **told(name, field)}


def networks(scenario: Scenario) -> dict[str, Any]:
    """Return the kinds of network that the page can draw, and the one that the scenario has."""
    meanings = {tag_of(one): title_of(one) for one in sections_within(AnyNetwork)}
    kinds = [{"kind": kind, "meaning": meanings[kind]} for kind in KINDS]
    return {"kind": scenario.network.kind, "kinds": kinds}
