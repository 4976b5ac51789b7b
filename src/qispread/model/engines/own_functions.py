"""Functions of the user's own in the shape in which the kernel calls them: measures, policies and rules."""

import inspect
import math
from collections.abc import Sequence
from types import CodeType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.extensions.extension import Extension
from qispread.model.engines.composition import OWN_MODULE, compile_own, plain_function, read_names, short_content
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


COMBINED_TEXT = {
    slots.ADDED: "current + value",
    slots.ADDED_UP_TO_ONE: "min(1.0, current + value)",
    slots.ADDED_MONTHLY_RATES: "min(12.0, current + value)",
    slots.MULTIPLIED: "current * value",
    slots.LATEST_TAKEN: "value",
    slots.LARGEST_TAKEN: "max(current, value)",
    slots.SMALLEST_TAKEN: "min(current, value)",
}
"""What each of `lever_slots.COMBINATIONS` does, in compiled code."""


def combining_function(way: int) -> Any:
    """Return a compiled function that combines values with the levers of targets, and returns whether all are finite.

    Parameters
    ----------
    way : int
        One of `lever_slots.COMBINATIONS`.
    """
    lines = [
        "def combine_levers(levers, before, values, targets):",
        "    finite = True",
        "    for i in range(levers.size):",
        "        current, value = before[i], 1.0 * values[i]",
        "        finite &= math.isfinite(value)",
        f"        levers[i] = {COMBINED_TEXT[way]} if targets[i] > 0.0 else current",
        "    return finite",
    ]
    return written_function("combine_levers", lines, {"math": math}, forceinline=True)


@inlined
def copy_levers(levers: FloatArray, before: FloatArray) -> None:
    """Copy the levers of a slot; a loop, since assigning slices took a tenth of the time of a policy."""
    for i in range(levers.size):
        levers[i] = before[i]


@inlined
def any_in_force(plan: RunInputs, month: int) -> bool:
    """Return whether an own policy is in force in a month."""
    for index in range(plan.own_windows.shape[0]):
        if plan.own_windows[index, 0] <= month <= plan.own_windows[index, 1]:
            return True
    return False


@stage
def start_own_epoch(plan: RunInputs, epoch: int, live: int, grows: bool) -> None:
    """Copy an epoch to the last one, which own policies change each month; `grows` is whether they move growth."""
    plan.organisation_levers[live] = plan.organisation_levers[epoch]
    plan.practice_levers[live] = plan.practice_levers[epoch]
    plan.indptr[live] = plan.indptr[epoch]
    plan.has_growth[live] = plan.has_growth[epoch] or grows
    plan.own_epoch[0] = epoch


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


def written_function(name: str, lines: Sequence[str], space: dict[str, Any], **options: Any) -> Any:
    """Return a compiled function of some lines of code, with the names that it reads.

    Parameters
    ----------
    name : str
        Its name in `lines`; its full name has a hash of its content, too, after which machine code is named.
    lines : sequence of str
    space : dict
    **options
        Further options of `jit.compiled`.
    """
    text = "\n".join(lines)
    namespace = {**space, "__name__": OWN_MODULE}
    exec(compile(text, f"<{name}>", "exec"), namespace)  # noqa: S102 - our own lines
    function = namespace[name]
    function.__qualname__ = f"{name}_{short_content(function)}"
    return compiled(function, cached=False, **{"inner": True, **options})


def measuring_function(measures: Sequence[Extension]) -> Any:
    """Return the function in place of `extension_points.measure_own`."""
    space: dict[str, Any] = {}
    lines = ["def measure_own(state, month, row):"]
    for index, extension in enumerate(measures):
        fields = fields_read(extension.function)
        space |= {f"own_{index}": compile_own(extension.function, inner=True), f"View{index}": view_class(fields)}
        call = f"own_{index}({view_expression(fields, f'View{index}')})"
        lines.append(f"    row[{len(MEASURE_NAMES) + index}] = 1.0 * {call}")
    return written_function("measure_own", lines, space)


def policy_function(policies: Sequence[OwnPolicy]) -> Any:
    """Return the function in place of `extension_points.apply_own_policies`."""
    space: dict[str, Any] = {
        "any_in_force": any_in_force,
        "start_own_epoch": start_own_epoch,
        "copy_levers": copy_levers,
    }
    grows = any(slot_index(policy.slot) in GROWTH for policy in policies)
    lines = [
        "def apply_own_policies(plan, state, epoch, month):",
        "    if not any_in_force(plan, month):",
        "        return epoch",
        "    live = plan.has_growth.size - 1",
        "    if plan.own_epoch[0] != epoch:",
        f"        start_own_epoch(plan, epoch, live, {grows})",
    ]
    moved: set[str] = set()
    for index, policy in enumerate(policies):
        fields = fields_read(policy.extension.function)
        space |= {
            f"own_{index}": compile_own(policy.extension.function, inner=True),
            f"View{index}": view_class(fields),
        }
        space[f"combine_{index}"] = combining_function(combination_index(policy.slot))
        lines += policy_lines(index, policy, view_expression(fields, f"View{index}"), policy.slot not in moved)
        moved.add(policy.slot)
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


def combination_index(slot: str) -> int:
    """Return how several policies combine in a slot, as one of `lever_slots.COMBINATIONS`."""
    return slots.COMBINATIONS.index({**slots.ORGANISATION_SLOTS, **slots.PRACTICE_SLOTS}[slot].combine)


def policy_lines(index: int, policy: OwnPolicy, view: str, first_on_slot: bool) -> list[str]:
    """Return the lines that apply one own policy.

    Parameters
    ----------
    index : int
    policy : OwnPolicy
    view : str
        Text of the world that it sees.
    first_on_slot : bool
        Whether no own policy before it moves the same slot, so that the levers before it are those of the epoch.
    """
    extension = policy.extension
    owner, row = slot_index(policy.slot)
    parameters = "".join(f", plan.own_parameters[{index}, {j}]" for j in range(len(extension.details["parameters"])))
    by_intervention = extension.details["by_intervention"]
    place = f"k, {row}" if owner == "practice" else f"{row}"
    array = f"plan.{owner}_levers"
    levers = f"{array}[live, {place}]"
    before = f"{array}[epoch, {place}]" if first_on_slot else levers
    wrong_shape = f"values{index}.shape[-1] != state.organisations.shape[1]"
    if by_intervention:
        wrong_shape += f" or values{index}.shape[0] != state.practices.shape[0]"
    values = f"values{index}[k]" if by_intervention else f"values{index}"
    targets = f"plan.own_targets[{index}, k]"
    loop = f"for k in range({'state.practices.shape[0]' if owner == 'practice' else 1}):"
    lines = [
        f"    if plan.own_windows[{index}, 0] <= month <= plan.own_windows[{index}, 1]:",
        f"        values{index} = own_{index}({view}{parameters})",
        f"        if {wrong_shape}:",
        f"            raise ValueError({extension.label + ' returned values for another number of organisations'!r})",
        f"        {loop}",
        f"            if not combine_{index}({levers}, {before}, {values}, {targets}):",
        f"                raise ValueError({extension.label + ' returned a value that is not finite'!r})",
    ]
    if first_on_slot:
        lines += ["    else:", f"        {loop}", f"            copy_levers({levers}, {before})"]
    return lines


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
    lines = [f"def own_rule({given}):", f"    return 1.0 * own({arguments})"]
    own = compile_own(extension.function, forceinline=True)
    return written_function("own_rule", lines, {"own": own}, inner=False, forceinline=True)
