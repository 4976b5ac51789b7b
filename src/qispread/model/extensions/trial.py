"""Trials of functions of the user's own when they are declared: compiled, called on small worlds, and compared."""

import inspect
import math
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qispread.inputs.errors import did_you_mean
from qispread.inputs.extensions.extension import Extension
from qispread.model.engines.composition import compile_own, plain_function
from qispread.model.engines.own_functions import fields_read
from qispread.model.engines.world_view import FIELDS, view_class, world_view
from qispread.model.extensions.function_names import chance_problems, foreign_problems
from qispread.model.extensions.own_network import Places, read_edges
from qispread.model.rules.forms import shipped_rule
from qispread.model.rules.rule_effects import is_share
from qispread.model.world import state_arrays as rows
from qispread.model.world.lever_slots import PRACTICE_SLOTS
from qispread.model.world.run_inputs import SimulationState

TRIED_ORGANISATIONS, TRIED_INTERVENTIONS, TRIED_MONTH = 7, 2, 13
TRIED_PLACES = 40
TRIED_ARGUMENTS = 64
NUMBER = (bool, int, float, np.bool_, np.number)


def tried_states() -> Iterator[tuple[str, SimulationState, int]]:
    """Yield states of small worlds, with what is special about each and the month: the start, and two later ones."""
    rng = np.random.default_rng(1)
    for label, month, stages in (
        ("at the start", 0, (rows.UNAWARE,)),
        ("in which everybody uses everything", TRIED_MONTH, (rows.IMPLEMENTING, rows.EMBEDDED)),
        ("of mixed use", TRIED_MONTH, tuple(rows.Stage)),
    ):
        state = SimulationState(
            organisations=rng.uniform(size=(len(rows.ORGANISATION_ROWS), TRIED_ORGANISATIONS)),
            practices=rng.uniform(size=(TRIED_INTERVENTIONS, len(rows.PRACTICE_ROWS), TRIED_ORGANISATIONS)),
            histories=rng.integers(0, 3, size=(TRIED_INTERVENTIONS, len(rows.HISTORY_ROWS), TRIED_ORGANISATIONS)),
            visible=np.zeros((TRIED_INTERVENTIONS, len(rows.VISIBLE_ROWS), TRIED_ORGANISATIONS)),
        )
        state.organisations[[rows.SIZE, rows.BASELINE, rows.EVENT_RATE]] *= [[5000.0], [300.0], [300.0]]
        state.histories[:, rows.STAGE] = rng.choice([int(stage) for stage in stages], state.histories[:, 0].shape)
        if month == 0:
            state.practices[:] = 0.0
            state.histories[:, [rows.LAST_ADOPTED, rows.FIRST_ADOPTED]] = rows.NEVER
        for array in state:
            array.flags.writeable = False  # a function that writes is refused by the compiler
        yield label, state, month


def tried_views(function: Any) -> Iterator[tuple[str, Any]]:
    """Yield small worlds as a function of the user's own sees them, with what is special about each."""
    fields = fields_read(function)
    kind = view_class(fields)
    for label, state, month in tried_states():
        view = world_view(state, month)
        for name in fields:
            value = getattr(view, name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        yield label, kind(*(getattr(view, name) for name in fields))


def compiler_message(error: Exception) -> str:
    """Return the message of the compiler that matters, with the line of the user's file."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    unknown = re.search(r"Unknown attribute '(\w+)' of type", text)
    if unknown is not None:
        return f"reads world.{unknown[1]}, which is no field" + did_you_mean(unknown[1], FIELDS)
    if "Cannot modify readonly array" in text or re.search(r"setitem\(.*readonly", text):
        return "writes into an array that it is given; needed: a function that only reads"
    lines = [line.strip() for line in text.splitlines()]
    reasons = [line for line in lines if line and not line.startswith(("Failed in", "-", "<source", "File "))]
    raised_at = re.search(r" Raised from .* \((\d+)\)", text)
    lines_of_file = [raised_at[1]] if raised_at else re.findall(r'File "[^"]+", line (\d+)', text)
    at = f" (line {lines_of_file[-1]})" if lines_of_file else ""
    reason = (
        re.sub(" Raised from .*", "", (reasons or [text])[0])
        or f"{type(error).__name__} in Numba, as a mask of two dimensions gives"
    )
    return f"does not compile: {reason}{at}; a loop over numbers always does"


def is_of_compiler(error: Exception) -> bool:
    """Return whether an exception is from the compiler, and not from a function that it has compiled.

    Not all of its errors have one base class, and some are of its own mistakes, such as an assertion that fails.
    """
    if type(error).__module__.startswith("numba."):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and "numba" in Path(frames[-1].filename).parts


def call_problems(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """Return the result of a call, or the problem with it."""
    try:
        return call(), []
    except Exception as error:  # noqa: BLE001 - whatever the user's function raises
        if is_of_compiler(error):
            return None, [compiler_message(error)]
        return None, [f"raised {type(error).__name__}: {error}"]


def equal_results(first: Any, second: Any) -> bool:
    """Return whether two results are equal; NaN equals NaN."""
    return bool(np.array_equal(np.asarray(first, dtype=float), np.asarray(second, dtype=float), equal_nan=True))


def nearly_equal(first: Any, second: Any) -> bool:
    """Return whether the result of compiled code is that of Python but for rounding."""
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=1e-9, atol=1e-12, equal_nan=True))


def tried_result(compiled_function: Any, function: Any, arguments: tuple[Any, ...]) -> tuple[Any, list[str]]:
    """Return the result of a function, or why it is not to be trusted."""
    result, problems = call_problems(lambda: compiled_function(*arguments))
    if problems:
        return None, problems
    again, _ = call_problems(lambda: compiled_function(*arguments))
    try:
        if not equal_results(result, again):
            return None, [f"gave {result!r} and then {again!r} for the same arguments"]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore", RuntimeWarning)  # of NaN, which the compiled function gives in silence
            in_python, problems = call_problems(lambda: function(*arguments))
        if not problems and not nearly_equal(result, in_python):
            return None, [f"gave {result!r} compiled and {in_python!r} in Python"]
    except (TypeError, ValueError):
        return None, [f"returned {type(result).__name__}; needed: numbers"]
    return result, []


def measure_value_problem(extension: Extension, value: Any, label: str) -> str:
    """Return what is wrong with a value of an own measure, or an empty string."""
    declaration = extension.declaration
    if not isinstance(value, NUMBER):
        return f"returned {type(value).__name__}; needed: a number"
    number = float(value)
    if math.isnan(number) and declaration.may_be_undefined:
        return ""
    if not math.isfinite(number):
        hint = "; may_be_undefined=True allows nan" if math.isnan(number) else ""
        return f"returned {number:g} for a world {label}; needed: a finite number{hint}"
    limits = declaration.limits
    if limits is not None and not limits[0] <= number <= limits[1]:
        hint = f"; its unit is {declaration.unit}, and unit= names another" if limits == (0.0, 1.0) else ""
        return f"returned {number:g} for a world {label}; needed: a number from {limits[0]:g} to {limits[1]:g}{hint}"
    return ""


def compile_for_trial(function: Any) -> tuple[Any, list[str]]:
    """Return a function compiled with bounds checked, and what is wrong with it before it is called."""
    compiled_function, problems = call_problems(lambda: compile_own(function, boundscheck=True))
    return compiled_function, [*chance_problems(function), *foreign_problems(function), *problems]


def try_measure(extension: Extension) -> list[str]:
    """Return what is wrong with an own measure, tried on small worlds."""
    function = extension.function
    compiled_function, problems = compile_for_trial(function)
    for label, view in tried_views(function):
        if problems:
            break
        value, problems = tried_result(compiled_function, function, (view,))
        if not problems and (problem := measure_value_problem(extension, value, label)):
            problems = [problem]
    return problems


def try_policy(extension: Extension) -> list[str]:
    """Return what is wrong with an own policy, tried on small worlds; records the shape of its result."""
    function, slot = extension.function, extension.details["moves"]
    fields = extension.declaration.model_fields
    parameters = tuple(float(fields[name].default) for name in extension.details["parameters"])
    compiled_function, problems = compile_for_trial(function)
    for label, view in tried_views(function):
        if problems:
            break
        values, problems = tried_result(compiled_function, function, (view, *parameters))
        if not problems:
            problems = policy_value_problems(values, slot, label)
            extension.details["by_intervention"] = np.ndim(values) == 2
    return problems


def policy_value_problems(values: Any, slot: str, label: str) -> list[str]:
    """Return what is wrong with the values of an own policy."""
    shapes: dict[tuple[int, ...], str] = {(TRIED_ORGANISATIONS,): "a number for each organisation"}
    if slot in PRACTICE_SLOTS:
        shapes[TRIED_INTERVENTIONS, TRIED_ORGANISATIONS] = "or for each intervention and organisation"
    if not isinstance(values, np.ndarray) or values.shape not in shapes:
        got = f"an array of shape {values.shape}" if isinstance(values, np.ndarray) else type(values).__name__
        wanted = f"{TRIED_ORGANISATIONS} organisations and {TRIED_INTERVENTIONS} interventions"
        return [f"returned {got} for {wanted}; needed: {' '.join(shapes.values())}"]
    if not np.isfinite(values.astype(float)).all():
        return [f"returned a value that is not finite for a world {label}"]
    return []


def tried_arguments(function: Any) -> Iterator[tuple[Any, ...]]:
    """Yield arguments of a rule: numbers in [0, 1], with the ends."""
    rng = np.random.default_rng(1)
    parameters = list(inspect.signature(plain_function(function)).parameters.values())
    for index in range(TRIED_ARGUMENTS):
        drawn = rng.uniform(0.01, 0.99, len(parameters)) if index % 4 else rng.choice([0.01, 1.0], len(parameters))
        yield tuple(_argument(one, float(number)) for one, number in zip(parameters, drawn, strict=True))


def _argument(parameter: inspect.Parameter, number: float) -> Any:
    kind = getattr(parameter.annotation, "__origin__", parameter.annotation)
    if kind is int:
        return round(120 * number)
    return number > 0.5 if kind is bool else number


NEUTRAL: dict[str, Callable[[dict[str, float]], tuple[dict[str, float], float, str]]] = {
    "hearing.chance_peer_silent": lambda values: ({**values, "contact": 0.0}, 1.0, "1 without contact"),
    "outcome.remaining_rate": lambda values: ({**values, "result": 0.0}, values["rate"], "the rate without a result"),
    "outcome.prevented_rate": lambda values: ({**values, "result": 0.0}, 0.0, "0 without a result"),
}
"""Rules that the kernel also applies where an agent does not, with the arguments and the value that they then have.

Loops over all organisations without branches are faster (decision 20).
"""


def neutral_problem(extension: Extension, arguments: tuple[Any, ...]) -> str:
    """Return a problem if a form has an effect where the shipped one has none; else an empty string."""
    path = extension.details["rule"]
    if path not in NEUTRAL:
        return ""
    names = extension.details["arguments"]
    changed, expected, words = NEUTRAL[path](dict(zip(names, arguments, strict=True)))
    value, _ = call_problems(lambda: extension.function(*(changed[name] for name in names)))
    return "" if value == expected else f"returned {value}; needed: {words}, because the kernel applies it to all"


def try_rule(extension: Extension) -> list[str]:
    """Return what is wrong with an own form of a rule, tried beside the shipped form."""
    function, shipped = extension.function, shipped_rule(extension.details["rule"])
    compiled_function, problems = compile_for_trial(function)
    for arguments in tried_arguments(shipped):
        if problems:
            break
        value, problems = tried_result(compiled_function, function, arguments)
        if problems:
            break
        shown = ", ".join(f"{number:.3g}" for number in arguments)
        if not isinstance(value, NUMBER):
            problems = [f"returned {type(value).__name__}; needed: a number"]
        elif not math.isfinite(value):
            problems = [f"returned {value:g} for ({shown}); needed: a finite number"]
        elif is_share(shipped) and 0.0 <= shipped(*arguments) <= 1.0 and not 0.0 <= value <= 1.0:
            problems = [f"returned {value:g} for ({shown}); needed: a number from 0 to 1, as the shipped form gives"]
        elif problem := neutral_problem(extension, arguments):
            problems = [problem]
    return problems


def tried_places() -> Places:
    """Return the organisations on which networks are tried."""
    rng, number = np.random.default_rng(1), TRIED_PLACES
    context: dict[str, NDArray[np.float64]] = {
        name: rng.uniform(size=number) for name in rows.ORGANISATION_ROWS[: rows.GIVEN_ROW_COUNT]
    }
    ids = tuple(f"o{index}" for index in range(number))
    return Places(number, ids, np.arange(number) % 8, np.arange(number) % 4, context)


def try_network(extension: Extension) -> list[str]:
    """Return what is wrong with an own network: drawn twice from the same generator, it must be the same."""
    fields = extension.declaration.model_fields
    values = {name: fields[name].default for name in extension.details["parameters"]}

    def draw() -> Any:
        return read_edges(extension.function(tried_places(), np.random.default_rng(1), **values), TRIED_PLACES, 1.0)

    first, problems = call_problems(draw)
    again, later_problems = call_problems(draw)
    problems = problems or later_problems or foreign_problems(extension.function)
    if problems:
        return problems
    if not all(np.array_equal(a, b) for a, b in zip(first, again, strict=True)):
        return ["drew other ties from the same generator; needed: every random number from the generator it is given"]
    return []
