"""Former names of modules, classes, methods and keywords: they work, with a DeprecationWarning (`former_names`)."""

import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import wraps
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from inspect import signature
from types import CodeType, FrameType, ModuleType
from typing import Any, TypeVar, cast

from qispread.common.former_names import MEMBERS, REMOVED_IN, former_modules

PACKAGE = "qispread"
INNER_PACKAGES = (PACKAGE, "pydantic", "importlib", "_frozen_importlib")
"""Packages that a warning is not about: this one, and what calls it."""
Class = TypeVar("Class", bound=type)
Value = TypeVar("Value")


def warn_former(old: str, new: str) -> None:
    """Warn of a former name, both names as they are written: about the line outside the package that used it."""
    message = f"{old} is now {new}; the old name goes in qispread {REMOVED_IN}"
    warnings.warn(message, DeprecationWarning, stacklevel=_stack_level())


def _stack_level() -> int:
    """Return how many frames up, as `warnings.warn` counts them, the code is that is neither ours nor pydantic's."""
    level = 0
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None:
        file, module = frame.f_code.co_filename, str(frame.f_globals.get("__name__", ""))
        # Frames of the import system are not counted.
        level += not ("importlib" in file and "_bootstrap" in file)
        if module.partition(".")[0] not in INNER_PACKAGES:
            return level
        frame = frame.f_back
    return level


def rename_keywords(function: str, keywords: dict[str, Any], renamed: Mapping[str, str]) -> None:
    """Replace former keywords of a call by those of now, with a warning for each.

    Raises
    ------
    TypeError
        Where a keyword is given under both names.
    """
    for old in [name for name in renamed if name in keywords]:
        new = renamed[old]
        if new in keywords:
            raise TypeError(f"{function}() got '{new}' and '{old}', which is its former name; leave out '{old}'")
        warn_former(f"{function}({old}=...)", f"{function}({new}=...)")
        keywords[new] = keywords.pop(old)


class FormerMember:
    """A former name of an attribute or a method of a class.

    Where a subclass defines the former name itself, a call that arrives here came through `super()`, and is passed on
    to what that subclass overrides.
    """

    def __init__(self, owner: type, old: str, new: str) -> None:
        self.owner, self.old, self.new = owner, old, new

    def __get__(self, instance: Any, kind: type | None = None) -> Any:
        self._warn(kind or type(instance))
        if instance is None:
            return getattr(kind, self.new)
        classes = type(instance).__mro__
        below = classes[: classes.index(self.owner)] if self.owner in classes else ()
        overriding = [one for one in below if self.old in vars(one)]
        return getattr(super(overriding[-1], instance) if overriding else instance, self.new)

    def __set__(self, instance: Any, value: Any) -> None:
        self._warn(type(instance))
        setattr(instance, self.new, value)

    def _warn(self, kind: type) -> None:
        warn_former(f"{kind.__name__}.{self.old}", f"{kind.__name__}.{self.new}")


def bind_former_overrides(kind: type, renamed: Mapping[str, str]) -> None:
    """Make the methods that a subclass defines under former names override those of now, with a warning for each.

    Raises
    ------
    TypeError
        Where it defines both.
    """
    base = super(kind, kind)
    for old, new in renamed.items():
        if old not in vars(kind) or not hasattr(base, new):
            continue
        if new in vars(kind):
            raise TypeError(f"{kind.__name__} defines '{new}' and '{old}', which is its former name; leave out '{old}'")
        warn_former(f"{kind.__name__}.{old}", f"{kind.__name__}.{new}")
        setattr(kind, new, vars(kind)[old])


def keep_former_members(kind: Class) -> Class:
    """Give a class its former members (`former_names.MEMBERS`): attributes, methods, overrides and keywords."""
    renamed = MEMBERS[kind.__name__]
    for old, new in renamed.items():
        setattr(kind, old, FormerMember(kind, old, new))
    _keep_former_keywords(kind, renamed)
    _keep_former_overrides(kind, renamed)
    return kind


def _keep_former_keywords(kind: type, renamed: Mapping[str, str]) -> None:
    initialise = vars(kind).get("__init__")
    if initialise is None or not set(renamed.values()) & set(signature(initialise).parameters):
        return

    @wraps(initialise)
    def renaming(self: Any, *given: Any, **named: Any) -> None:
        if renamed.keys() & named.keys():
            rename_keywords(kind.__name__, named, renamed)
        initialise(self, *given, **named)

    setattr(kind, "__init__", renaming)  # noqa: B010 - mypy refuses the assignment


def _keep_former_overrides(kind: type, renamed: Mapping[str, str]) -> None:
    def initialise_subclass(subclass: type, /, **named: Any) -> None:
        next_class: Any = super(cast("Any", kind), subclass)
        next_class.__init_subclass__(**named)
        bind_former_overrides(subclass, renamed)

    setattr(kind, "__init_subclass__", classmethod(initialise_subclass))  # noqa: B010


class FormerKeys(dict[str, Value]):
    """A dictionary that gives what has another key now under its former key too, with a warning.

    Parameters
    ----------
    items : mapping
    renamed : mapping of str to str
        Former keys and those of now.
    refused : mapping of str to str
        Former keys that are refused, and why.
    """

    def __init__(
        self, items: Mapping[str, Value], renamed: Mapping[str, str], refused: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(items)
        self.renamed, self.refused = dict(renamed), dict(refused or {})

    def __missing__(self, key: str) -> Value:
        new = self.renamed.get(key)
        if new is None or new not in self:
            raise KeyError(f"{key}: {self.refused[key]}" if key in self.refused else key)
        warn_former(f'"{key}"', f'"{new}"')
        return self[new]

    def __reduce__(self) -> tuple[type["FormerKeys[Value]"], tuple[Any, ...]]:
        return type(self), (dict(self), self.renamed, self.refused)


class FormerModuleLoader(Loader):
    """Gives, under a former name, the very module that has another name now."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:  # noqa: ARG002
        """Return the module, imported under its name of now."""
        module = import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own specification back, which the import of the former name has replaced."""
        module.__spec__ = self.spec

    def get_code(self, _: str) -> CodeType | None:
        """Return the code, so that `python -m` runs the module under its former name."""
        spec = find_spec(self.name)
        loader: Any = spec.loader if spec else None
        code: CodeType | None = loader.get_code(self.name) if loader else None
        return code


class FormerModuleFinder(MetaPathFinder):
    """Finds modules by their former names; it comes first, since a package of now has modules of other names."""

    def __init__(self) -> None:
        self.modules = {f"{PACKAGE}.{old}": f"{PACKAGE}.{new}" for old, new in former_modules().items()}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return the specification of a module by its former name; None for all other names."""
        new = self.modules.get(fullname)
        real = find_spec(new) if new is not None else None
        if new is None or real is None:
            return None
        warn_former(fullname, new)
        found = ModuleSpec(fullname, FormerModuleLoader(new), origin=real.origin)
        found.submodule_search_locations = real.submodule_search_locations
        found.has_location = real.has_location
        return found


def find_former_modules() -> None:
    """Make modules importable by their former names, once."""
    if not any(isinstance(finder, FormerModuleFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, FormerModuleFinder())
