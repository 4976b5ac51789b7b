"""Content hashes of functions: bytecode, constants, and everything read and called, recursively."""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum
from inspect import CO_GENERATOR, CO_VARARGS, CO_VARKEYWORDS
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

VERSIONED_PACKAGES = frozenset({"llvmlite", "numba", "numpy", "scipy", *sys.stdlib_module_names})
"""Packages whose functions are identified by name: their versions are part of the cache folder's name."""

IGNORED_OPTIONS = frozenset(
    {"cache", "forceinline", "inline", "nogil", "nopython", "no_cfunc_wrapper", "no_cpython_wrapper"}
)
"""Compiler options that cannot change a number."""

OPTIONS = {"error_model": "numpy"}
"""Compiler options of this package that can change a number."""


SHAPE_FLAGS = CO_VARARGS | CO_VARKEYWORDS | CO_GENERATOR
"""The flags of a code object that change its behaviour; another flag records whether it has a docstring."""


class UnknownContentError(TypeError):
    """A function reads an object without a stable content."""


def content_hash(function: Any) -> str:
    """Return the content hash of a function.

    It excludes comments, docstrings and line numbers, and depends on the version of Python.

    Parameters
    ----------
    function : function or compiled function

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    UnknownContentError
        If the function reads an object other than a number, text, tuple, array, function, enumeration or module.
    """
    walker = ContentWalker()
    walker.visit_function(function)
    return walker.content()


class ContentWalker:
    """Walks over functions and everything that they read.

    Attributes
    ----------
    lines : list of str
        The content visited, in a deterministic order.
    functions : list
        The compiled functions visited, each after those that it calls.
    reads : dict
        The namespace and the name, by the identity of the namespace and the name.
    values : dict
        The value of each of these names when it was read.
    unknown : list of str
        Descriptions of objects without a stable content.
    mutable : bool
        Whether any content can change while every name keeps its value: an array, a closure, defaults.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.functions: list[Any] = []
        self.reads: dict[tuple[int, str], tuple[Mapping[str, Any], str]] = {}
        self.values: dict[tuple[int, str], Any] = {}
        self.unknown: list[str] = []
        self.mutable = False
        self._seen: dict[int, int] = {}

    def content(self) -> str:
        """Return a hash of everything visited, or raise `UnknownContentError`."""
        if self.unknown:
            raise UnknownContentError(self.unknown[0])
        return hashlib.blake2b("\n".join(self.lines).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def visit_function(self, function: Any) -> None:
        """Visit a function, compiled or not."""
        plain = getattr(function, "py_func", function)
        if not isinstance(plain, FunctionType):
            self._refuse(function)
            return
        if id(plain) in self._seen:
            self.lines.append(f"function {self._seen[id(plain)]} again")
            return
        self._seen[id(plain)] = len(self._seen)
        self.lines.append(f"function {sorted(_options(function).items())!r}")
        code = plain.__code__
        self._visit_code(code, plain.__doc__)
        self.visit((plain.__defaults__, tuple(sorted((plain.__kwdefaults__ or {}).items()))))
        self.mutable |= bool(plain.__closure__ or plain.__defaults__ or plain.__kwdefaults__)
        for name, cell in zip(code.co_freevars, plain.__closure__ or (), strict=True):
            self.lines.append(f"closure {name}")
            with suppress(ValueError):  # an empty cell: its value is not yet defined
                self.visit(cell.cell_contents)
        names, modules = sorted(set(_names(code))), {id(plain.__globals__)}
        for name in names:
            self._visit_name(plain.__globals__, name, names, modules)
        if function is not plain:
            self.functions.append(function)

    def visit(self, value: object) -> None:
        """Visit a value that a function reads."""
        if isinstance(value, Enum):
            self.lines.append(f"member {type(value).__qualname__}.{value.name}")
            self.visit(value.value)
        elif value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic):
            self.lines.append(f"{type(value).__name__} {value!r}")
        elif isinstance(value, tuple):
            self.lines.append(f"{type(value).__name__} of {len(value)} {getattr(value, '_fields', ())}")
            for entry in value:
                self.visit(entry)
        elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
            self.mutable = True
            digest = hashlib.blake2b(np.ascontiguousarray(value).tobytes()).hexdigest()
            self.lines.append(f"array {value.dtype.descr!r} {value.shape} {digest}")
        else:
            self._visit_named(value)

    def _visit_named(self, value: Any) -> None:
        module = getattr(value, "__module__", None) or type(value).__module__
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        versioned = module.partition(".")[0] in VERSIONED_PACKAGES
        if hasattr(value, "py_func") or (isinstance(value, FunctionType) and not versioned):
            self.visit_function(value)
        elif isinstance(value, ModuleType):
            self.lines.append(f"module {value.__name__}")
        elif name is not None and versioned:
            self.lines.append(f"name {module}.{name}")
        elif versioned:
            self.lines.append(f"object {value!r}")
        elif isinstance(value, type):
            self._visit_class(value)
        else:
            self._refuse(value)

    def _visit_class(self, value: Any) -> None:
        if issubclass(value, Enum):
            self.lines.append(f"enumeration {value.__qualname__} of {len(value.__members__)}")
            for member_name, member in value.__members__.items():  # with aliases
                self.lines.append(f"name {member_name}")
                self.visit(member)
        elif issubclass(value, tuple) and hasattr(value, "_fields"):
            self.lines.append(f"tuple {value.__qualname__} {value._fields}")
            self.visit(tuple(sorted(value._field_defaults.items())))
        else:
            self._refuse(value)

    def _refuse(self, value: object) -> None:
        self.unknown.append(f"{value!r} is neither number, text, tuple, array, function, enumeration nor module")

    def _visit_name(self, space: Mapping[str, Any], name: str, names: list[str], modules: set[int]) -> None:
        if name not in space:
            return  # an attribute, or a builtin
        value = space[name]
        self.lines.append(f"name {name}")
        self.reads[id(space), name] = (space, name)
        self.values.setdefault((id(space), name), value)
        self.visit(value)
        if not isinstance(value, ModuleType) or id(vars(value)) in modules:
            return
        if value.__name__.partition(".")[0] not in VERSIONED_PACKAGES:
            modules.add(id(vars(value)))
            for inner in names:
                self._visit_name(vars(value), inner, names, modules)

    def _visit_code(self, code: CodeType, documentation: str | None) -> None:
        self.lines.append(f"code {code.co_code.hex()} {code.co_exceptiontable.hex()} {code.co_names}")
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.lines.append(f"arguments {arguments} {code.co_posonlyargcount} {code.co_flags & SHAPE_FLAGS}")
        for index, constant in enumerate(code.co_consts):
            if isinstance(constant, CodeType):
                self._visit_code(constant, None)
            elif index == 0 and constant is not None and constant == documentation:
                self.lines.append("NoneType None")
            elif isinstance(constant, frozenset):
                self.visit(tuple(sorted(constant, key=repr)))
            elif constant is not Ellipsis:
                self.visit(constant)


def _options(function: Any) -> dict[str, str]:
    options = getattr(function, "targetoptions", OPTIONS)
    return {name: repr(value) for name, value in options.items() if value and name not in IGNORED_OPTIONS}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
