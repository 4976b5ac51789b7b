"""Conditions in plain words: the meaning of a parameter beside its path, and whether the defaults meet a condition."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from experiments.claim_test import ClaimTest, baseline_scenario, policy_strength
from qispread.inputs.factors import iterate_parameters

THRESHOLD = re.compile(r"(\S+) (above|at most) (\S+) \(plausible: ([^)]*)\)")
"""A threshold as it is in the table of claims."""


@dataclass(frozen=True)
class ParameterText:
    """The default value and the meaning of a parameter."""

    default: float
    meaning: str


def short_meaning(meaning: str) -> str:
    """Return the meaning of a parameter without remarks and examples, with a small first letter."""
    sentence = re.split(r"[;(]", meaning)[0].strip().rstrip(".")
    name, _, explanation = sentence.partition(": ")
    # An explanation in words is plainer than the name of a statistic; one in numbers is an example.
    short = explanation if explanation and not re.search(r"\d", explanation) else name
    return short[0].lower() + short[1:]


def condition_parameters(experiment: ClaimTest) -> Mapping[str, ParameterText]:
    """Return every parameter that a condition of an experiment may name, by path."""
    parameters = {
        path: ParameterText(value, short_meaning(field.description or path))
        for path, value, field in iterate_parameters(baseline_scenario(experiment.horizon))
    }
    for name in experiment.strengths:
        lever, strength = (part.replace("_", " ") for part in name.split("."))
        parameters[name] = ParameterText(policy_strength(name)[0], f"strength of the policy {lever}, {strength}")
    return parameters


def explain_condition(condition: str, known: Mapping[str, ParameterText]) -> str:
    """Return a condition with each parameter in plain words before its path, and its value by default."""

    def explain_threshold(match: re.Match[str]) -> str:
        path, side, bound, plausible = match.groups()
        parameter = known[path]
        return f"{parameter.meaning} (`{path}`) {side} {bound} (plausible: {plausible}; default {parameter.default:g})"

    return THRESHOLD.sub(explain_threshold, condition)


def summarise_condition(condition: str, known: Mapping[str, ParameterText]) -> str:
    """Return a condition for a table: the thresholds, the share of models, and whether the defaults meet it."""
    thresholds = [
        f"{known[path].meaning} (`{path}`) {side} {bound}" for path, side, bound, _ in THRESHOLD.findall(condition)
    ]
    what, _, _ = condition.partition(" of models with ")
    return f"{' and '.join(thresholds)}: there {what} of models; the defaults {describe_defaults(condition, known)}"


def describe_defaults(condition: str, known: Mapping[str, ParameterText]) -> str:
    """Return whether the defaults meet a condition, as text; empty if it names no parameter."""
    met = [
        (known[path].default > float(bound)) == (side == "above")
        for path, side, bound, _ in THRESHOLD.findall(condition)
    ]
    if not met:
        return ""
    return "meet it" if all(met) else "do not meet it"
