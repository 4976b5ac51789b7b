"""Conditions in plain words: what a parameter is beside its path, and whether the defaults meet a condition."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from experiments.claim_test import ClaimTest, baseline_scenario, policy_strength
from qispread.inputs.factors import iterate_parameters

THRESHOLD = re.compile(r"(\S+) (above|at most) (\S+) \(plausible: ([^)]*)\)")
"""A threshold as the table of claims has it."""


@dataclass(frozen=True)
class ParameterText:
    """A parameter as it is told: its value by default, and what it is."""

    default: float
    words: str


def short_meaning(meaning: str) -> str:
    """Return what a parameter is, from its description: without remarks and examples, begun with a small letter."""
    found = re.split(r"[;(]", meaning)[0].strip().rstrip(".")
    name, _, explained = found.partition(": ")
    # An explanation in words is plainer than the name of a statistic; one in numbers is an example.
    found = explained if explained and not re.search(r"\d", explained) else name
    return found[0].lower() + found[1:]


def condition_parameters(experiment: ClaimTest) -> Mapping[str, ParameterText]:
    """Return every parameter that a condition of an experiment may name, by path."""
    found = {
        path: ParameterText(value, short_meaning(field.description or path))
        for path, value, field in iterate_parameters(baseline_scenario(experiment.horizon))
    }
    for name in experiment.strengths:
        lever, strength = (part.replace("_", " ") for part in name.split("."))
        found[name] = ParameterText(policy_strength(name)[0], f"strength of the policy {lever}, {strength}")
    return found


def explain_condition(condition: str, known: Mapping[str, ParameterText]) -> str:
    """Return a condition with each parameter in plain words before its path, and its value by default."""

    def threshold(found: re.Match[str]) -> str:
        path, side, bound, plausible = found.groups()
        one = known[path]
        return f"{one.words} (`{path}`) {side} {bound} (plausible: {plausible}; by default {one.default:g})"

    return THRESHOLD.sub(threshold, condition)


def summarise_condition(condition: str, known: Mapping[str, ParameterText]) -> str:
    """Return a condition for a table: the thresholds, in how many models it holds there, and what the defaults do."""
    thresholds = [
        f"{known[path].words} (`{path}`) {side} {bound}" for path, side, bound, _ in THRESHOLD.findall(condition)
    ]
    what, _, _ = condition.partition(" of models with ")
    return f"{' and '.join(thresholds)}: there {what} of models; the defaults {describe_defaults(condition, known)}"


def describe_defaults(condition: str, known: Mapping[str, ParameterText]) -> str:
    """Return whether the defaults meet a condition, in words; nothing where it names no parameter."""
    met = [
        (known[path].default > float(bound)) == (side == "above")
        for path, side, bound, _ in THRESHOLD.findall(condition)
    ]
    return ("meet it" if all(met) else "do not meet it") if met else ""
