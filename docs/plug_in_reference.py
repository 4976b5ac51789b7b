"""The page on what functions of a plug-in are given and what they may return: fields, rules and slots."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any

from markdown_tables import docstring_summary, format_code, markdown_table

from qispread.inputs.rule_forms import RULE_NAMES
from qispread.model.engines.world_view import FIELDS
from qispread.model.extensions.declare_policy import MOVABLE_SLOTS
from qispread.model.extensions.declare_rule import BEFORE_A_RUN
from qispread.model.rules.rule_effects import is_share
from qispread.model.world import state_arrays
from qispread.model.world.lever_slots import ORGANISATION_SLOTS

COPY_SOURCES = ", ".join(
    f"{code} {source or 'nobody yet'}" for code, source in sorted(state_arrays.COPY_SOURCES.items(), reverse=True)
)
IN_WORDS = {
    "month": "Month of the run: 0 at the start, 1 after the first month.",
    "events_prevented": "Adverse events averted by this practice, all else the same [events]",
    "stage": ", ".join(f"{number} {stage}" for number, stage in enumerate(state_arrays.STAGES)) + ".",
    "copied_from": "Index of the organisation that it copied last; " + COPY_SOURCES + ".",
    "in_use": "Whether it is in use: implementing or embedded.",
}
"""What fields mean that have another name, or another form, in the state of the model."""

INTRODUCTION = """\
# Reference for plug-ins

Written by `python docs/generate.py`; do not edit.

What functions of a plug-in are given and may return, for [measures](how-to/measure_something_of_your_own.md),
[forms of rules](how-to/replace_a_rule.md) and [policies](how-to/add_a_policy_of_your_own.md) of your own."""

OF_FIELDS = """\
## Fields of a world

`world` has these fields, for n organisations and i interventions. A practice is the use of one intervention by one
organisation: `world.fidelity[k, j]` is that of organisation j with intervention k. No function may write into them."""

OF_RULES = """\
## Rules

A form of a rule has the arguments of the shipped one, with the same names in the same order. Where the shipped rule
gives a share, its forms return a number from 0 to 1. Equations and sources are in [the model](model.md#7-submodels).

The kernel also calls three rules where nothing happens, and their forms must then change nothing: with a contact of 0
`hearing.chance_peer_silent` is 1; with a result of 0 `outcome.remaining_rate` is the rate, and `outcome.prevented_rate`
is 0. Otherwise the engines part, and `qispread check` reports where."""

OF_SLOTS = """\
## Slots that a policy can move

`moves` names one of these slots, whose effects are in
[the model](model.md#72-policies-apply_policies-and-the-levers-of-all-other-steps). A slot of each organisation
takes an array of (n,); one of each practice takes (n,) or (i, n)."""


def field_rows(meanings: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield name, shape, type and meaning of each field of a world."""
    for name, text in FIELDS.items():
        shape, _, kind = text.partition(":")[0].rpartition(" ")
        yield format_code(name), shape or "one number", kind, IN_WORDS.get(name) or meanings[name]


def replaceable_rules() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield path and function of each rule that a plug-in can have a form of."""
    for module, names in RULE_NAMES.items():
        for name in names:
            if f"{module}.{name}" not in BEFORE_A_RUN:
                yield f"{module}.{name}", getattr(import_module(f"qispread.model.rules.{module}"), name)


def rule_rows() -> Iterator[tuple[str, ...]]:
    """Yield path, arguments, result and meaning of each rule that a plug-in can have a form of."""
    for path, rule in replaceable_rules():
        arguments = ", ".join(inspect.signature(getattr(rule, "py_func", rule)).parameters)
        result = "share" if is_share(rule) else "number"
        yield format_code(path), format_code(arguments), result, docstring_summary(rule.__doc__)


def slot_rows() -> Iterator[tuple[str, ...]]:
    """Yield name, owner, value without policies and combination of each slot that an own policy can move."""
    for name, slot in MOVABLE_SLOTS.items():
        owner = "organisation" if name in ORGANISATION_SLOTS else "practice"
        yield format_code(name), owner, f"{slot.neutral:g}", slot.combine.__name__.strip("_").replace("_", " ")


def render_plug_in_reference(meanings: Mapping[str, str]) -> str:
    """Return the page.

    Parameters
    ----------
    meanings : mapping of str to str
        What each state variable of organisations and practices means.
    """
    parts = (
        INTRODUCTION,
        OF_FIELDS,
        markdown_table(("field", "shape", "type", "meaning"), field_rows(meanings)),
        OF_RULES,
        markdown_table(("rule", "arguments", "returns", "meaning"), rule_rows()),
        OF_SLOTS,
        markdown_table(("slot", "of each", "with no policy", "several policies"), slot_rows()),
    )
    return "\n\n".join(parts) + "\n"
