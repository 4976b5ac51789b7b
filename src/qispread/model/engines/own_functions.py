"""Functions of the user's own in the shape in which the kernel calls them: measures, policies and rules."""

import inspect
import math
from collections.abc import Sequence
from types import CodeType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.extensions.extension import Extension
from qispread.model.engines.composition import OWN_MODULE, compile_own, plain_function, read_names
from qispread.model.engines.world_view import FIELDS, view_class, view_expression
from qispread.model.measures import MEASURE_NAMES
from qispread.model.rules.jit import compiled, inlined, stage
from qispread.model.world import lever_slots as slots
from qispread.model.world.run_inputs import RunInputs

FloatArray = NDArray[np.float64]


class OwnPolicy(NamedTuple):
    """A policy of the user's own in a scenario.

    Attributes
    ----------
    extension : Extension
    slot : str
        The slot that it moves.
    """

    extension: Extension
    slot: str


@inlined
def combined_lever(way: int, current: float, value: float) -> float:
    """Return a lever after one more policy; `way` is one of `lever_slots.COMBINATIONS`."""
    combined = value
    if way == slots.ADDED:
        combined = current + value
    elif way == slots.ADDED_UP_TO_ONE:
        combined = min(1.0, current + value)
    elif way == slots.ADDED_MONTHLY_RATES:
        combined = min(12.0, current + value)
    elif way == slots.MULTIPLIED:
        combined = current * value
    elif way == slots.LARGEST_TAKEN:
        combined = max(current, value)
    elif way == slots.SMALLEST_TAKEN:
        combined = min(current, value)
    return combined


@stage
def combine_levers(way: int, levers: FloatArray, values: Any, targets: FloatArray) -> bool:
    """Combine the values of an own policy into the levers of its targets; return whether all are finite."""
    finite = True
    for i in range(levers.size):
        if targets[i] > 0.0:
            value = float(values[i])
            finite &= math.isfinite(value)
            levers[i] = combined_lever(way, levers[i], value)
    return finite


@inlined
def any_in_force(plan: RunInputs, month: int) -> bool:
    """Return whether an own policy is in force in a month."""
    for index in range(plan.own_windows.shape[0]):
        if plan.own_windows[index, 0] <= month <= plan.own_windows[index, 1]:
            return True
    return False


@stage
def start_own_epoch(plan: RunInputs, epoch: int, live: int) -> bool:
    """Copy an epoch to the last one, which own policies change each month; return whether it was copied whole."""
    if plan.own_epoch[0] == epoch:
        return False
    plan.organisation_levers[live] = plan.organisation_levers[epoch]
    plan.practice_levers[live] = plan.practice_levers[epoch]
    plan.indptr[live] = plan.indptr[epoch]
    plan.own_epoch[0] = epoch
    return True


def fields_read(function: Any) -> tuple[str, ...]:
    """Return the fields of a world that a function reads, or functions of its file that it calls."""
    visited: set[int] = set()
    names: set[str] = set()

    def visit(code: CodeType, space: dict[str, Any]) -> None:
        if id(code) in visited:
            return
        visited.add(id(code))
        for name in read_names(code):
            names.add(name)
            called = plain_function(space.get(name)) if callable(space.get(name)) else None
            if getattr(called, "__globals__", None) is space:
                visit(called.__code__, space)  # type: ignore[union-attr]

    plain = plain_function(function)
    visit(plain.__code__, plain.__globals__)
    return tuple(name for name in FIELDS if name in names) or (next(iter(FIELDS)),)


def written_function(name: str, lines: Sequence[str], space: dict[str, Any]) -> Any:
    """Return a compiled function of some lines of code, with the names that it reads."""
    text = "\n".join(lines)
    namespace = {**space, "__name__": OWN_MODULE}
    exec(compile(text, f"<{name}>", "exec"), namespace)  # noqa: S102 - our own lines
    return compiled(namespace[name], cached=False, inner=True)


def measuring_function(measures: Sequence[Extension]) -> Any:
    """Return the function in place of `extension_points.measure_own`."""
    space: dict[str, Any] = {}
    lines = ["def measure_own(state, month, row):"]
    for index, extension in enumerate(measures):
        fields = fields_read(extension.function)
        space |= {f"own_{index}": compile_own(extension.function, inner=True), f"View{index}": view_class(fields)}
        call = f"own_{index}({view_expression(fields, f'View{index}')})"
        lines.append(f"    row[{len(MEASURE_NAMES) + index}] = float({call})")
    return written_function("measure_own", lines, space)


def policy_function(policies: Sequence[OwnPolicy]) -> Any:
    """Return the function in place of `extension_points.apply_own_policies`."""
    space: dict[str, Any] = {
        "any_in_force": any_in_force,
        "start_own_epoch": start_own_epoch,
        "combine_levers": combine_levers,
    }
    grows = any(slot_index(policy.slot) in GROWTH for policy in policies)
    lines = [
        "def apply_own_policies(plan, state, epoch, month):",
        "    if not any_in_force(plan, month):",
        "        return epoch",
        "    live = plan.has_growth.size - 1",
        "    if not start_own_epoch(plan, epoch, live):",
        *[f"        {lever_text(slot, 'live')} = {lever_text(slot, 'epoch')}" for slot in moved_slots(policies)],
        f"    plan.has_growth[live] = plan.has_growth[epoch] or {grows}",
    ]
    for index, policy in enumerate(policies):
        fields = fields_read(policy.extension.function)
        space |= {
            f"own_{index}": compile_own(policy.extension.function, inner=True),
            f"View{index}": view_class(fields),
        }
        lines += policy_lines(index, policy, view_expression(fields, f"View{index}"))
    return written_function("apply_own_policies", [*lines, "    return live"], space)


GROWTH = {
    ("organisation", slots.CAPABILITY_GROWTH),
    ("organisation", slots.LEADERSHIP_GROWTH),
    ("organisation", slots.ALIGNMENT_GROWTH),
    ("organisation", slots.RESENTMENT),
    ("practice", slots.REFRESH),
}
"""Slots whose effects are applied once a month."""


def slot_index(slot: str) -> tuple[str, int]:
    """Return whose slot it is, and its row."""
    if slot in slots.PRACTICE_SLOTS:
        return "practice", list(slots.PRACTICE_SLOTS).index(slot)
    return "organisation", list(slots.ORGANISATION_SLOTS).index(slot)


def moved_slots(policies: Sequence[OwnPolicy]) -> list[str]:
    """Return the slots that policies move, each once."""
    return list(dict.fromkeys(policy.slot for policy in policies))


def lever_text(slot: str, epoch: str) -> str:
    """Return the text of the levers of a slot in an epoch."""
    owner, row = slot_index(slot)
    return (
        f"plan.practice_levers[{epoch}, :, {row}]"
        if owner == "practice"
        else f"plan.organisation_levers[{epoch}, {row}]"
    )


def policy_lines(index: int, policy: OwnPolicy, view: str) -> list[str]:
    """Return the lines that apply one own policy."""
    extension = policy.extension
    owner, row = slot_index(policy.slot)
    declared = {**slots.ORGANISATION_SLOTS, **slots.PRACTICE_SLOTS}[policy.slot]
    way = slots.COMBINATIONS.index(declared.combine)
    parameters = "".join(f", plan.own_parameters[{index}, {j}]" for j in range(len(extension.details["parameters"])))
    wrong_size = f"{extension.label} returned another number of values than there are organisations"
    not_finite = f"{extension.label} returned a value that is not finite"
    values = f"values{index}"
    lines = [
        f"    if plan.own_windows[{index}, 0] <= month <= plan.own_windows[{index}, 1]:",
        f"        {values} = own_{index}({view}{parameters})",
        f"        if {values}.shape[-1] != state.organisations.shape[1]:",
        f"            raise ValueError({wrong_size!r})",
    ]
    if owner == "organisation":
        calls = [(f"plan.organisation_levers[live, {row}]", values, f"plan.own_targets[{index}, 0]")]
        return lines + _combining_lines(way, calls, not_finite, "        ")
    each = f"{values}[k]" if extension.details["by_intervention"] else values
    calls = [(f"plan.practice_levers[live, k, {row}]", each, f"plan.own_targets[{index}, k]")]
    loop = "        for k in range(state.practices.shape[0]):"
    return [*lines, loop, *_combining_lines(way, calls, not_finite, "            ")]


def _combining_lines(way: int, calls: Sequence[tuple[str, str, str]], problem: str, indent: str) -> list[str]:
    return [
        line
        for levers, values, targets in calls
        for line in (
            f"{indent}if not combine_levers({way}, {levers}, {values}, {targets}):",
            f"{indent}    raise ValueError({problem!r})",
        )
    ]


def rule_function(extension: Extension, replaced: Any) -> Any:
    """Return the function in place of a rule, or of the function that chooses among its shipped forms.

    Parameters
    ----------
    extension : Extension
    replaced : compiled function
        The function whose place it takes; one that chooses among forms has further arguments.
    """
    arguments = ", ".join(extension.details["arguments"])
    given = ", ".join(inspect.signature(plain_function(replaced)).parameters)
    lines = [f"def own_rule({given}):", f"    return float(own({arguments}))"]
    namespace: dict[str, Any] = {"own": compile_own(extension.function, forceinline=True), "__name__": OWN_MODULE}
    exec(compile("\n".join(lines), "<own_rule>", "exec"), namespace)  # noqa: S102 - our own lines
    return compiled(namespace["own_rule"], cached=False, forceinline=True)
