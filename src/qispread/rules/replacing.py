"""Rules and constants replaced from outside, `capacity.climate = mine`: both engines take them, or say why not.

Numba freezes what a function reads when it compiles it, and a rule that was imported by name is bound in several
modules. So before a run what is bound is compared with what was shipped: a replaced rule is compiled, bound wherever
the shipped one was imported, and what was compiled with another one is compiled again (decision 69).
"""

import ast
import inspect
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import is_, itemgetter
from pathlib import Path
from types import FunctionType
from typing import Any

from qispread.rules.code_cache import CodeCache
from qispread.rules.compiling import compiled
from qispread.rules.content import UnknownContentError, Walk, content_hash
from qispread.rules.shipped import BINDINGS, FUNCTIONS, Binding, is_ours

_LOCK = threading.RLock()
_MISSING: Any = object()


class _Bound:
    """What was bound when it was last looked at.

    Attributes
    ----------
    values : dict
        The value of each shipped name, where it is no longer the shipped one.
    watched : list
        A namespace, what gets names from it, and their values, for all that compiled code reads.
    functions : int
        How many functions had been shipped.
    old : list
        Compiled code that was given up: another thread may still run it.
    """

    def __init__(self) -> None:
        self.values: dict[Binding, Any] = {}
        self.watched: list[tuple[Mapping[str, Any], Callable[[Mapping[str, Any]], Any], tuple[Any, ...]]] = []
        self.functions = 0
        self.old: list[Any] = []

    def watch(self, reads: Iterable[tuple[Mapping[str, Any], str]]) -> None:
        """Take in what is bound now."""
        spaces: dict[int, tuple[Mapping[str, Any], list[str]]] = {}
        for space, name in reads:
            spaces.setdefault(id(space), (space, []))[1].append(name)
        self.watched = []
        for space, given in spaces.values():
            names = (*dict.fromkeys(given), given[0])  # two names at least, of which a getter makes a tuple
            self.watched.append((space, itemgetter(*names), tuple(space[name] for name in names)))
        self.functions = len(FUNCTIONS)

    def holds(self) -> bool:
        """Return whether all is bound as it was."""
        try:
            same = all(all(map(is_, get(space), values)) for space, get, values in self.watched)
        except KeyError:
            return False
        return same and self.functions == len(FUNCTIONS)


_BOUND = _Bound()


def apply_replacements() -> None:
    """Let compiled code call the rules, and hold the constants, that are bound now.

    Called before every run; it takes some 15 microseconds where nothing has changed.

    Raises
    ------
    TypeError
        Where what was put in place of a compiled function is no function, or takes other arguments.
    """
    if _BOUND.holds():
        return
    with _LOCK:
        for binding in _changed():
            _take_over(binding)
        walk = _walk_over_all()
        _compile_again(walk)
        homes = ((vars(sys.modules[module]), name) for module, name in BINDINGS)
        _BOUND.watch([*walk.reads.values(), *homes])


def replaced_rules() -> tuple[str, ...]:
    """Return which shipped rules and constants have been replaced from outside in this process.

    Returns
    -------
    tuple of str
        "MODULE.NAME=HASH" for functions, with a hash of what the function does, and "MODULE.NAME=VALUE" for
        constants, sorted; empty where all is as shipped.
    """
    changed = {binding: now for binding, shipped in BINDINGS.items() if _differs(now := _value(binding), shipped)}
    if not changed:
        return ()
    imported = _imported_names()

    def follows(binding: Binding, now: Any) -> bool:
        """Return whether a name was imported and has the value of its origin, or the one that it was given with it."""
        if binding not in imported:
            return False
        return now is _BOUND.values.get(binding, _MISSING) or not _differs(now, _value(imported[binding]))

    own = {binding: now for binding, now in changed.items() if not follows(binding, now)}
    return tuple(sorted(f"{module}.{name}={_digest(now)}" for (module, name), now in own.items()))


def _value(binding: Binding) -> Any:
    module, name = binding
    return vars(sys.modules[module]).get(name, _MISSING) if module in sys.modules else _MISSING


def _differs(now: Any, shipped: Any) -> bool:
    if now is shipped:
        return False
    comparable = isinstance(shipped, bool | int | float | complex | str | tuple)
    return not (comparable and type(now) is type(shipped) and repr(now) == repr(shipped))


def _digest(value: Any) -> str:
    if not callable(value):
        return "missing" if value is _MISSING else repr(value)
    try:
        return content_hash(value)[:16]
    except (UnknownContentError, AttributeError):
        return f"unknown-{type(value).__name__}"


def _changed() -> list[Binding]:
    """Return the shipped names whose value is another than when it was last looked at."""
    seen = {**BINDINGS, **_BOUND.values}
    return [binding for binding, value in seen.items() if _differs(_value(binding), value)]


def _take_over(binding: Binding) -> None:
    """Compile what was put in place of a function where it is plain, and bind it in the modules that import it."""
    before = _BOUND.values.get(binding, BINDINGS[binding])
    given = _value(binding)
    if given is _MISSING:
        needed = "a function, plain or compiled by numba.njit" if binding in FUNCTIONS else "a constant"
        raise TypeError(f"{'.'.join(binding)} was removed; needed: {needed}")
    now = _usable(binding, given) if binding in FUNCTIONS else given
    module, name = binding
    if now is not given:
        setattr(sys.modules[module], name, now)
    for (importer, alias), home in _imported_names().items():
        held = _value((importer, alias))
        if home == binding and (not _differs(held, before) or held is given):
            setattr(sys.modules[importer], alias, now)
            _BOUND.values[importer, alias] = now
    _BOUND.values[binding] = now


def _usable(binding: Binding, given: Any) -> Any:
    """Return a replacement in a form that compiled code can call."""
    where, shipped = ".".join(binding), FUNCTIONS[binding]
    plain = getattr(given, "py_func", given)
    if not isinstance(plain, FunctionType):
        raise TypeError(f"{where} was replaced by {given!r}; needed: a function, plain or compiled by numba.njit")
    needed, got = (list(inspect.signature(one).parameters) for one in (getattr(shipped, "py_func", shipped), plain))
    if len(got) != len(needed):
        counts = f"{len(got)} arguments ({', '.join(got)}); needed: {len(needed)} ({', '.join(needed)})"
        raise TypeError(f"{where} was replaced by a function of {counts}")
    if given is not plain:
        return given
    options = getattr(shipped, "targetoptions", {})
    inner, inline = (bool(options.get(name, False)) for name in ("no_cpython_wrapper", "forceinline"))
    return compiled(given, kept=False, inner=inner, forceinline=inline)


def _walk_over_all() -> Walk:
    walk = Walk()
    for binding, shipped in FUNCTIONS.items():
        for function in (shipped, _value(binding)):
            try:
                walk.visit_function(function)
            except UnknownContentError:
                continue  # it is watched as far as it was read, and kept on no disk
    return walk


def _compile_again(walk: Walk) -> None:
    """Compile again what was compiled with something that is bound no more, after all that it calls."""
    for function in walk.functions:
        kept = getattr(function, "_cache", None)
        if not isinstance(kept, CodeCache) or not kept.compiled_from:
            continue
        content = kept.content()
        if content is None or set(kept.compiled_from.values()) != {content}:
            _BOUND.old.extend(function.overloads.values())
            function.recompile()


@cache
def _imports_of(module: str) -> tuple[tuple[str, Binding], ...]:
    """Return the names that a module of this package imports from others of it, with where they come from."""
    path = getattr(sys.modules[module], "__file__", None)
    if path is None:
        return ()
    tree = ast.parse(Path(path).read_bytes())
    return tuple(
        (alias.asname or alias.name, (node.module, alias.name))
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level and is_ours(node.module)
        for alias in node.names
    )


def _imported_names() -> dict[Binding, Binding]:
    """Return, for every name that a loaded module of this package has imported by name, where it was defined."""
    modules = [module for module in list(sys.modules) if is_ours(module)]
    direct = {
        (module, alias): home
        for module in modules
        for alias, home in _imports_of(module)
        if alias in vars(sys.modules[module]) and home != (module, alias)  # a package imports its own modules
    }
    return {binding: _origin(home, direct) for binding, home in direct.items()}


def _origin(home: Binding, direct: Mapping[Binding, Binding]) -> Binding:
    passed = {home}
    while home in direct and direct[home] not in passed:
        home = direct[home]
        passed.add(home)
    return home
