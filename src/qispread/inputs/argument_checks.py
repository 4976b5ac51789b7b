"""Validation of the arguments of public functions: every invalid argument is reported at once."""

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from qispread.common.deprecation import rename_keywords
from qispread.common.former_names import PARAMETERS
from qispread.inputs.errors import Fault, InputError, did_you_mean
from qispread.inputs.former_data import read_measure

Check = Callable[[Any], str]
"""Returns what is needed in place of a value; an empty text where the value is valid."""
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
MAX_SHOWN = 60
MAX_NAME_BYTES = 255
MAX_COUNT = 1_000_000_000
"""More runs, workers or months than any computer can hold."""
MAX_SEED = 2**63 - 1
"""The largest seed of a scenario."""
MEASURE = "measure"
"""The argument, of any function, that names a measure."""
ENGINES = ("kernel", "mesa")


def validate_arguments(**checks: Check) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Return a decorator that validates arguments by name and reports every invalid one at once.

    An unknown or missing argument raises TypeError, as usual in Python. Former names of arguments and of measures are
    accepted with a warning (decision 83).
    """

    def decorated(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        signature = inspect.signature(function)
        renamed = PARAMETERS.get(function.__qualname__, {})

        @wraps(function)
        def checked(*positional: Parameters.args, **named: Parameters.kwargs) -> Result:
            if renamed.keys() & named.keys():
                rename_keywords(function.__qualname__, named, renamed)
            try:
                bound = signature.bind(*positional, **named)
            except TypeError:
                return function(*positional, **named)
            check_arguments(bound.arguments, **checks)
            if MEASURE in bound.arguments:
                bound.arguments[MEASURE] = read_measure(bound.arguments[MEASURE])
                return function(*bound.args, **bound.kwargs)
            return function(*positional, **named)

        return checked

    return decorated


def check_arguments(arguments: Mapping[str, Any], /, **checks: Check) -> None:
    """Validate named arguments.

    Raises
    ------
    InputError
        With every invalid argument.
    """
    faults = [
        Fault(name, f"got {shorten(arguments[name])}; needed: {needed}")
        for name, check in checks.items()
        if name in arguments and (needed := check(arguments[name]))
    ]
    if faults:
        raise InputError(faults)


def shorten(value: Any) -> str:
    """Return a short description of a value for an error message: the value itself, or its type."""
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"the text '{value[:MAX_SHOWN]}'"
    if isinstance(value, bool | Real | Path):
        return str(value)
    value_type = type(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    package = "" if value_type.__module__ == "builtins" else f"{value_type.__module__.split('.')[0]}."
    name = f"{package}{value_type.__name__}"
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"


def optional_check(check: Check) -> Check:
    """Return a check that also accepts None."""
    return lambda value: "" if value is None else check(value)


def is_integer(value: Any) -> bool:
    """Return whether a value is a whole number and not a bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def integer_check(low: int | None = None, high: int = MAX_COUNT) -> Check:
    """Return a check for whole numbers up to `high`, and from `low` if given."""
    needed = "a whole number" if low is None else f"a whole number of at least {low}"

    def check(value: Any) -> str:
        if not is_integer(value) or (low is not None and value < low):
            return needed
        return "" if abs(value) <= high else f"{needed} and at most {high:,}"

    return check


def check_number(value: Any) -> str:
    """Check that a value is a number; the caller decides whether it may be infinite or NaN."""
    return "" if not isinstance(value, bool) and isinstance(value, Real) else "a number"


def check_flag(value: Any) -> str:
    """Check that a value is true or false."""
    return "" if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool") else "True or False"


def check_text(value: Any) -> str:
    """Check that a value is text."""
    return "" if isinstance(value, str) else "text"


def check_path(value: Any) -> str:
    """Check that a value is the path of a file or folder."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        return "the path of a file or folder"
    try:
        # `os.fsencode`, because `str.encode` rejects file names that are not UTF-8.
        longest = max((len(os.fsencode(part)) for part in Path(text).parts), default=0)
    except UnicodeEncodeError:
        return "the path of a file or folder"
    return "" if longest <= MAX_NAME_BYTES else f"a path without names of more than {MAX_NAME_BYTES} bytes"


def is_list(value: Any) -> bool:
    """Return whether a value can be iterated more than once: a list, tuple, range, array or index."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping | Iterator)


def check_paths(value: Any) -> str:
    """Check that a value is a list of paths."""
    valid = is_list(value) and not any(check_path(path) for path in value)
    return "" if valid else "a list of paths"


def check_texts(value: Any) -> str:
    """Check that a value is a list of texts."""
    valid = is_list(value) and not any(check_text(text) for text in value)
    return "" if valid else "a list of texts"


def check_integers(value: Any) -> str:
    """Check that a value holds whole numbers."""
    valid = is_list(value) and all(map(is_integer, value))
    return "" if valid else "a list of whole numbers"


def check_mapping(value: Any) -> str:
    """Check that a value is a mapping of names."""
    valid = isinstance(value, Mapping) and not any(check_text(name) for name in value)
    return "" if valid else "a mapping of names to values"


def check_callable(value: Any) -> str:
    """Check that a value can be called."""
    return "" if callable(value) else "a function"


def choice_check(*names: str) -> Check:
    """Return a check for one of several names, which suggests the nearest."""

    def check(value: Any) -> str:
        if isinstance(value, str) and value in names:
            return ""
        hint = did_you_mean(value, names, listing=False) if isinstance(value, str) else ""
        return f"{' or '.join(names)}{hint}"

    return check


engine = choice_check(*ENGINES)


def instance_check(kinds: type | tuple[type, ...], needed: str) -> Check:
    """Return a check for instances of the given classes."""
    return lambda value: "" if isinstance(value, kinds) else needed


def described_check(kinds: type | tuple[type, ...], needed: str) -> Check:
    """Return a check for an instance, the path of its file, or a mapping with the content of that file."""

    def check(value: Any) -> str:
        if isinstance(value, str | os.PathLike):
            return check_path(value)
        return "" if isinstance(value, kinds) or not check_mapping(value) else needed

    return check
