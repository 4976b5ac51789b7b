"""Measures of the user's own."""

import inspect
from collections.abc import Callable
from typing import Any, Literal

from qispread.common.former_names import MEASURES as FORMER_MEASURES
from qispread.common.former_names import REFUSED_MEASURES
from qispread.inputs import argument_checks
from qispread.inputs.errors import InputError
from qispread.inputs.extensions.extension import Extension
from qispread.inputs.extensions.plugins import OwnFunction, declare_by
from qispread.inputs.scenario import Scenario
from qispread.model.extensions.own_parameters import Interval, check_own_name, declaration_fault, is_interval
from qispread.model.extensions.trial import try_measure
from qispread.model.measures import MEASURES, Direction, Measure

OwnForm = Literal["percent", "index", "rate", "mean"]
FORMS_OF_UNITS: dict[str, OwnForm] = {"share": "percent", "index": "index", "per 10,000": "rate"}
DIRECTIONS = ("more", "less", "neither")
KEY_COLUMNS = ("all", "run_id", "point", "replicate", "month", "intervention", "measure", "arm", "status", "error")
"""Names that stand for something else in tables of results, or where measures are listed."""


def check_limits(value: Any) -> str:
    """Check that a value is a pair of numbers, the lower first."""
    return "" if is_interval(value) else "(low, high)"


def measure_name_problem(name: str) -> str:
    """Return why a name cannot be that of a measure, which is a column of every table; empty if it can."""
    if name in (*KEY_COLUMNS, *Scenario.model_fields):
        return f"'{name}' is a column or a part of every scenario; needed: another name"
    if name in FORMER_MEASURES or name in REFUSED_MEASURES:
        return f"'{name}' is the former name of a measure; needed: another name"
    return ""


@argument_checks.validate_arguments(
    name=check_own_name,
    unit=argument_checks.check_text,
    better=argument_checks.choice_check(*DIRECTIONS),
    label=argument_checks.check_text,
    phrase=argument_checks.check_text,
    meaning=argument_checks.check_text,
    limits=argument_checks.optional_check(check_limits),
    may_be_undefined=argument_checks.check_flag,
)
def measure(
    name: str,
    *,
    unit: str = "share",
    better: Direction = "neither",
    label: str = "",
    phrase: str = "",
    meaning: str = "",
    limits: Interval | None = None,
    may_be_undefined: bool = False,
) -> Callable[[OwnFunction], OwnFunction]:
    """Declare a measure of one world and month: a function of arrays that returns a number.

    The function is compiled and runs in both engines. It is given a world with the fields of
    `qispread.model.engines.world_view.FIELDS`, arrays of (n,) for organisations and of (i, n) for practices, which it
    must not change.

    Parameters
    ----------
    name : str
        Name of its column.
    unit : str
        "share" for values from 0 to 1, which are written in percent; "index", "per 10,000", or any other.
    better : {"more", "less", "neither"}
        The desirable direction.
    label, phrase, meaning : str, optional
        Heading, name within a sentence, and a sentence; by default from the name and the docstring.
    limits : pair of float, optional
        The smallest and the largest possible value; a run with another value fails. Default for shares: 0 and 1.
    may_be_undefined : bool
        Whether NaN means that there is nothing to measure; else a run with NaN fails.

    Raises
    ------
    InputError
        For invalid declarations, and functions that do not compile, fail, or return anything but a number.
    """

    def build(function: OwnFunction) -> Extension:
        arguments = ", ".join(inspect.signature(function).parameters)
        if "," in arguments or not arguments:
            raise InputError([declaration_fault(function, f"takes ({arguments}); needed: (world)")])
        if problem := measure_name_problem(name):
            raise InputError([declaration_fault(function, problem)])
        title = label or name.replace("_", " ").capitalize()
        first_line = (function.__doc__ or "").strip().partition("\n")[0]
        declaration = Measure(
            name=name,
            label=title,
            phrase=phrase or name.replace("_", " "),
            meaning=meaning or first_line or f"{title} (a measure of the user's own).",
            unit=unit,
            form=FORMS_OF_UNITS.get(unit, "mean"),
            better=better,
            axis=title if unit == "share" else f"{title} ({unit})",
            overall=True,
            limits=limits or ((0.0, 1.0) if unit in ("share", "index") else None),
            may_be_undefined=may_be_undefined,
        )
        return Extension("measure", name, function, declaration, MEASURES, name, try_measure)

    return declare_by(build)
