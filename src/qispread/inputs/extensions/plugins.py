"""The plug-ins of this process: which are loaded, and which a scenario uses.

A plug-in is a file or an installed package that its user has named. A scenario only names plug-ins; it never loads one
(decision 94).
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import PurePath
from types import FunctionType
from typing import Any, TypeVar

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.extensions.extension import Extension, ExtensionKind

OwnFunction = TypeVar("OwnFunction", bound=Callable[..., Any])

SESSION_NAME = "this session"
"""Where functions are declared that are in no plug-in: a script or a notebook."""


@dataclass(eq=False)
class Plugin:
    """A file or an installed package with functions of the user's own.

    Attributes
    ----------
    name : str
        Name of the file without folders, or of the entry point.
    sha256 : str
        SHA-256 of its text; of all its files, for a package.
    text : str or None
        Its text; None for an installed package.
    extensions : list of Extension
        What it declares, in order.
    faults : list of Fault
        Its invalid declarations.
    """

    name: str
    sha256: str
    text: str | None = None
    extensions: list[Extension] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        """Its name and hash."""
        return self.name, self.sha256

    @property
    def short_hash(self) -> str:
        """The first digits of its hash, for messages."""
        return self.sha256[:12]


SESSION = Plugin(SESSION_NAME, "")
"""What this session declares outside of plug-ins; every scenario uses it."""

LOADED: dict[str, Plugin] = {}
"""The loaded plug-ins by name: of a file that was edited and read again, the version read last."""

KNOWN: dict[tuple[str, str], Plugin] = {}
"""Every version of a plug-in that this process has run, by name and SHA-256."""

_LOADING: ContextVar[Plugin | None] = ContextVar("loading", default=None)
_USED_BY_DEFAULT: list[str] = []
_LOCK = threading.RLock()


@contextmanager
def declaring(plugin: Plugin) -> Iterator[None]:
    """Let functions that are declared in this context belong to a plug-in."""
    token = _LOADING.set(plugin)
    try:
        yield
    finally:
        _LOADING.reset(token)


def declare_by(build: Callable[[OwnFunction], Extension]) -> Callable[[OwnFunction], OwnFunction]:
    """Return a decorator that declares what `build` makes of a function, and leaves the function as it is.

    Faults of a plug-in are reported together, when all of it has run; those of a session at once.
    """

    def decorate(function: OwnFunction) -> OwnFunction:
        if not isinstance(function, FunctionType):
            raise InputError([Fault("function", f"got {type(function).__name__}; needed: what def writes")])
        plugin = _LOADING.get()
        if plugin is None:
            declare_in_session(build(function))
            return function
        try:
            plugin.extensions.append(build(function))
        except InputError as error:
            plugin.faults.extend(error.faults)
        return function

    return decorate


def declare_in_session(extension: Extension) -> None:
    """Try a function of this session and make it known.

    Raises
    ------
    InputError
        If its name is taken, or the function does not work.
    """
    problems = [extension.fault(problem) for problem in extension.trial(extension)]
    with _LOCK:
        previous = [one for one in SESSION.extensions if (one.kind, one.name) == (extension.kind, extension.name)]
        problems += name_faults([extension], previous)
        if problems:
            raise InputError(problems)
        for one in previous:
            SESSION.extensions.remove(one)
        SESSION.extensions.append(extension)
        extension.registry[extension.key] = extension.declaration


def name_faults(extensions: Sequence[Extension], replaced: Sequence[Extension]) -> list[Fault]:
    """Return a fault for each name that is taken: by the package, by another plug-in, or twice in one."""
    faults = []
    free = {(id(one.registry), one.key) for one in replaced}
    seen: dict[tuple[int, str], Extension] = {}
    for extension in extensions:
        place = (id(extension.registry), extension.key)
        if place in seen:
            faults.append(extension.fault(f"is declared twice; first in line {seen[place].line}"))
        elif place not in free and extension.key in extension.registry:
            holder = find_owner(extension.registry, extension.key) or "qispread"
            faults.append(extension.fault(f"{holder} has one of this name; needed: another"))
        seen.setdefault(place, extension)
    return faults


def find_owner(registry: Mapping[str, Any], key: str) -> str | None:
    """Return the name of the plug-in that has a name in a registry; None for this package."""
    for plugin in (SESSION, *LOADED.values()):
        if any(one.registry is registry and one.key == key for one in plugin.extensions):
            return plugin.name
    return None


def install(plugin: Plugin) -> Plugin:
    """Try the functions of a plug-in and make them known, in place of those of another version of it.

    Scenarios made with the other version can then not be run; they are read again, or that version is.

    Raises
    ------
    InputError
        With every function that does not work, and every name that is taken.
    """
    with _LOCK:
        plugin = KNOWN.get(plugin.key, plugin)
        current = LOADED.get(plugin.name)
        if current is plugin:
            return plugin
        previous = [*(current.extensions if current else ()), *_imported_before(plugin)]
        faults = [*plugin.faults, *name_faults(plugin.extensions, previous)]
        if plugin.key not in KNOWN:
            faults += [one.fault(problem) for one in plugin.extensions for problem in one.trial(one)]
        if faults:
            raise InputError(faults)
        for one in previous:
            if one.registry.get(one.key) is one.declaration:
                del one.registry[one.key]
            if one in SESSION.extensions:
                SESSION.extensions.remove(one)
        for one in plugin.extensions:
            one.registry[one.key] = one.declaration
        LOADED[plugin.name] = KNOWN[plugin.key] = plugin
        return plugin


def _imported_before(plugin: Plugin) -> list[Extension]:
    """Return the session's extensions that a plug-in declared when it was imported without being named."""
    declared = {(one.kind, one.name): one.function for one in plugin.extensions}
    return [
        one
        for one in SESSION.extensions
        if (own := declared.get((one.kind, one.name))) is not None
        and (own.__module__ == one.function.__module__ or own.__code__ == one.function.__code__)
    ]


def find_plugin(name: str, sha256: str | None) -> Plugin:
    """Return a loaded plug-in by its name, and its hash if one is given.

    Raises
    ------
    ValueError
        If it is not loaded, or another version of it: the code of a plug-in runs only if its user names it.
    """
    plugin = LOADED.get(name)
    if plugin is not None and sha256 in (None, plugin.sha256):
        return plugin
    if plugin is not None:
        was = str(sha256)[:12]
        raise ValueError(
            f"{name} has changed: it was {was} (SHA-256), and the one that is loaded is {plugin.short_hash}"
        )
    if PurePath(name).name != name:
        raise ValueError(f"got '{name}'; needed: the name of a file without folders; --plugin says where it is")
    if not name.endswith(".py"):
        raise ValueError(f"no installed package offers a plug-in called '{name}', or it is not loaded here")
    known = f" (SHA-256 {sha256[:12]})" if sha256 else ""
    asked = f"name it yourself: --plugin {name}, or read_plugin('{name}')"
    raise ValueError(f"{name} holds code{known} and is not run unless you {asked}")


def is_loaded(name: str) -> bool:
    """Return whether a plug-in is loaded."""
    return name in LOADED


def use_by_default(names: Sequence[str]) -> None:
    """Let every scenario that this process reads from now on use some loaded plug-ins, as `--plugin` asks."""
    _USED_BY_DEFAULT[:] = names


def used_by_default() -> tuple[str, ...]:
    """Return the names of plug-ins that every scenario uses."""
    return tuple(_USED_BY_DEFAULT)


def scenario_plugins(scenario: Any) -> list[Plugin]:
    """Return the plug-ins of a scenario, in its order, and this session's functions last.

    Raises
    ------
    InputError
        If a plug-in has been read again, with another content, since the scenario was made.
    """
    plugins = []
    for reference in scenario.plugins:
        try:
            plugins.append(find_plugin(reference.name, reference.sha256))
        except ValueError as error:
            raise InputError([Fault("plugins", f"{error}; read the scenario again")]) from None
    return [*plugins, SESSION] if SESSION.extensions else plugins


def scenario_extensions(scenario: Any, kind: ExtensionKind) -> list[Extension]:
    """Return the extensions of one kind that a scenario uses."""
    return [one for plugin in scenario_plugins(scenario) for one in plugin.extensions if one.kind == kind]


def forget(condition: Callable[[Plugin], bool] = lambda _: True) -> None:
    """Forget plug-ins and what the session declared; scenarios that name them can then not be run."""
    with _LOCK:
        for plugin in [plugin for plugin in (*LOADED.values(), SESSION) if condition(plugin)]:
            for extension in plugin.extensions:
                if extension.registry.get(extension.key) is extension.declaration:
                    del extension.registry[extension.key]
            LOADED.pop(plugin.name, None)
            KNOWN.pop(plugin.key, None)
            if plugin is SESSION:
                plugin.extensions.clear()
        use_by_default([])
