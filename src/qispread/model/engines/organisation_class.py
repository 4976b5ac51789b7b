"""Users' own classes of organisations: which are valid, which engine runs them, and what identifies their code."""

import sys
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from qispread.inputs.argument_checks import shorten
from qispread.inputs.errors import Fault, InputError
from qispread.model.rules.code_content import VERSIONED_PACKAGES, ContentWalker

if TYPE_CHECKING:
    from qispread.model.engines.agents import Organisation

Engine = Literal["kernel", "mesa"]
OrganisationClass = type["Organisation"]
ORGANISATION_CLASS = "organisation_class"
"""The name of the argument, and of its entry in an identity."""
NEEDED = "Organisation or a subclass of it: class Patient(qispread.Organisation)"
IGNORED_MEMBERS = frozenset(
    {
        "__annotate_func__",
        "__annotations__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__module__",
        "__qualname__",
        "__static_attributes__",
        "__weakref__",
    }
)
"""Members of a class that change no behaviour."""
BASE_PACKAGES = ("qispread", "mesa", "builtins")
"""Packages whose classes are no users' own."""


def check_organisation_class(value: Any) -> str:
    """Check that a value is `Organisation` or a subclass."""
    if not isinstance(value, type):
        return NEEDED
    from qispread.model.engines.agents import Organisation

    return "" if issubclass(value, Organisation) else NEEDED


def select_engine(engine: Engine | None, organisation_class: OrganisationClass | None) -> Engine:
    """Return the engine that is asked for; by default the kernel, or Mesa for a class of organisations.

    Raises
    ------
    InputError
        For a class on the kernel, or anything else than a class of organisations.
    """
    if organisation_class is None:
        return engine or "kernel"
    if needed := check_organisation_class(organisation_class):
        raise InputError([Fault(ORGANISATION_CLASS, f"got {shorten(organisation_class)}; needed: {needed}")])
    if engine == "kernel":
        problem = f"{organisation_class.__name__} needs the Mesa engine, and got engine='kernel'"
        raise InputError([Fault(ORGANISATION_CLASS, f"{problem}; leave engine out, or give engine='mesa'")])
    return "mesa"


def own_classes(organisation_class: type) -> Iterator[type]:
    """Yield a class and its bases, without those of qispread and those that `Organisation` has, too."""
    from qispread.model.engines.agents import Organisation

    for base in organisation_class.__mro__:
        # Versions of Mesa differ in what a Mesa agent is derived from.
        if base not in Organisation.__mro__ and base.__module__.partition(".")[0] not in BASE_PACKAGES:
            yield base


def identify_class(organisation_class: OrganisationClass | None) -> str:
    """Return the name and the content hash of a class of organisations; an empty text for `Organisation` or None.

    The hash covers the methods of the class and of its bases, what they call in the same package, and the values that
    they read; not comments, docstrings and the formatting. It depends on the version of Python.
    """
    if organisation_class is None or not any(own_classes(organisation_class)):
        return ""
    walker = ClassWalker(organisation_class)
    for base in own_classes(organisation_class):
        walker.visit(base)
    return f"{class_name(organisation_class)} {walker.content()}"


def class_name(organisation_class: type) -> str:
    """Return the module and the qualified name of a class."""
    return f"{organisation_class.__module__}.{organisation_class.__qualname__}"


def identity_entry(identity: str) -> dict[str, str]:
    """Return the entry of a class in the identity of results: none for `Organisation`, as for the kernel."""
    return {ORGANISATION_CLASS: identity} if identity else {}


def require_same_class(recorded: str, organisation_class: OrganisationClass | None, file: str) -> None:
    """Raise InputError for another class than that of the results that are to be repeated.

    Parameters
    ----------
    recorded : str
        The identity in the manifest of the results, or an empty text.
    organisation_class : type or None
        The class to repeat them with.
    file : str
        Their folder or manifest.

    Raises
    ------
    InputError
        With both classes, and what is needed.
    """
    current = identify_class(organisation_class)
    if current == recorded:
        return
    if not recorded:
        problem = f"got {current}, and the runs were made without a class; leave it out"
    elif not current:
        problem = f"the runs were made with {recorded}; needed: this class, in Python"
    else:
        problem = f"got {current}, and the runs were made with {recorded}; needed: this class"
    raise InputError([Fault(ORGANISATION_CLASS, problem, file)])


def require_importable(organisation_class: OrganisationClass) -> None:
    """Raise InputError for a class that other processes cannot import.

    Raises
    ------
    InputError
        For a class of a script, a notebook or a function, and one that its module no longer has under its name.
    """
    module, name = organisation_class.__module__, organisation_class.__qualname__
    if module == "__main__":
        problem = "is defined in a script or a notebook"
    elif "<locals>" in name:
        problem = "is defined inside a function"
    elif member_of_module(module, name) is not organisation_class:
        problem = f"is not what the module {module} has under this name"
    else:
        return
    remedy = "put it into a module of its own, or run in this process: workers=1"
    fault = f"{organisation_class.__name__} {problem}, which worker processes cannot import; {remedy}"
    raise InputError([Fault(ORGANISATION_CLASS, fault)])


def member_of_module(module: str, name: str) -> Any:
    """Return what a loaded module has under a qualified name, or None."""
    return reduce(lambda part, inner: getattr(part, inner, None), name.split("."), cast("Any", sys.modules.get(module)))


class ClassReference(NamedTuple):
    """A class of organisations as it is named to workers, with the identity that it must have there."""

    module: str
    name: str
    identity: str

    def load(self) -> OrganisationClass:
        """Return the class, imported where it is not of this process.

        Raises
        ------
        ImportError
            Where there is no such class, or one with other content.
        """
        if self.identity in _CLASSES_OF_PROCESS:
            return _CLASSES_OF_PROCESS[self.identity]
        label = f"{self.module}.{self.name}"
        try:
            loaded: Any = reduce(getattr, self.name.split("."), cast("Any", import_module(self.module)))
        except Exception as error:  # a module of the user may raise anything when it is imported
            raise ImportError(f"no class {label} ({type(error).__name__}: {error})") from error
        if identify_class(loaded) != self.identity:
            raise ImportError(f"another class {label}: {identify_class(loaded)} (here {self.identity})")
        return cast("OrganisationClass", loaded)


def describe_difference(reference: tuple[str, str, str] | None) -> str:
    """Return why this process lacks the class of a reference, or an empty text; an error need not be pickled."""
    try:
        load_reference(reference)
    except ImportError as error:
        return str(error)
    return ""


def load_reference(reference: tuple[str, str, str] | None) -> OrganisationClass | None:
    """Return the class that `refer_to_class` named, or None; raises as `ClassReference.load`."""
    return None if reference is None else ClassReference(*reference).load()


_CLASSES_OF_PROCESS: dict[str, OrganisationClass] = {}
"""The classes that this process has referred to, by identity: those of scripts and functions cannot be imported."""


def refer_to_class(organisation_class: OrganisationClass | None) -> tuple[str, str, str] | None:
    """Return the fields of a `ClassReference`, or None without a class."""
    if organisation_class is None:
        return None
    identity = identify_class(organisation_class)
    _CLASSES_OF_PROCESS[identity] = organisation_class
    return organisation_class.__module__, organisation_class.__qualname__, identity


class ClassWalker(ContentWalker):
    """Walks over a class of organisations, its own functions, and what they read.

    Unlike compiled code, Python code may read anything: objects without a stable content count by their class, and
    the code of other packages by name.
    """

    def __init__(self, organisation_class: type) -> None:
        super().__init__()
        self.packages = {base.__module__.partition(".")[0] for base in own_classes(organisation_class)}
        self._containers: set[int] = set()
        self._classes: dict[int, int] = {}

    def _visit_named(self, value: Any) -> None:
        package = str(getattr(value, "__module__", None) or type(value).__module__).partition(".")[0]
        name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        if isinstance(value, property | classmethod | staticmethod | list | dict | set | frozenset):
            self._visit_parts(value)
        elif name is not None and package not in self.packages and package not in VERSIONED_PACKAGES:
            self.lines.append(f"name {value.__module__ if hasattr(value, '__module__') else ''}.{name}")
        elif name is None and package in VERSIONED_PACKAGES:
            self._refuse(value)  # its text may hold its address
        else:
            super()._visit_named(value)

    def _visit_parts(self, value: Any) -> None:
        """Visit the functions of a member of a class, or the values of a container."""
        if id(value) in self._containers:
            return
        self._containers.add(id(value))
        self.lines.append(f"parts of {type(value).__name__}")
        if isinstance(value, property):
            self.visit((value.fget, value.fset, value.fdel))
        elif isinstance(value, classmethod | staticmethod):
            self.visit(value.__func__)
        elif isinstance(value, dict):
            self.visit(tuple(value.items()))
        else:
            self.visit(tuple(value) if isinstance(value, list) else tuple(sorted(value, key=repr)))

    def _visit_class(self, value: Any) -> None:
        if id(value) in self._classes:
            self.lines.append(f"class {self._classes[id(value)]} again")
            return
        self._classes[id(value)] = len(self._classes)
        if value.__module__.partition(".")[0] not in self.packages:
            self.lines.append(f"class {class_name(value)}")
            return
        self.lines.append(f"class {value.__qualname__} of {[base.__qualname__ for base in value.__bases__]}")
        for name, member in vars(value).items():
            if name not in IGNORED_MEMBERS:
                self.lines.append(f"member {name}")
                self.visit(member)

    def _refuse(self, value: object) -> None:
        self.lines.append(f"object of {class_name(type(value))}")
