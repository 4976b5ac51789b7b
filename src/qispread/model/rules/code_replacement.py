"""Rules and constants replaced from outside, `capacity.climate = mine`: both engines take them, or say why not.

Numba freezes what a function reads when it compiles it, and a rule that was imported by name is bound in several
modules. So before a run what is bound is compared with what was shipped: a replaced rule is compiled, bound wherever
the shipped one was imported, and what was compiled with another one is compiled again (decision 69).
"""

import ast
import inspect
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from operator import is_, itemgetter
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from qispread.common.shipped_bindings import BINDINGS, FUNCTIONS, Binding, is_ours
from qispread.model.rules.code_cache import CodeCache, is_current
from qispread.model.rules.code_content import ContentWalker, UnknownContentError, content_hash
from qispread.model.rules.jit import compiled

_LOCK = threading.RLock()
_MISSING: Any = object()


Watched = tuple[tuple[Mapping[str, Any], Callable[[Mapping[str, Any]], Any], tuple[Any, ...]], ...]
"""A namespace, what gets names from it, and their values, for all that compiled code reads."""


class _State(NamedTuple):
    """What was bound when it was last looked at.

    Attributes
    ----------
    watched : tuple
        What compiled code reads, with the values that it had before anything was compiled.
    functions : int
        How many functions had been shipped.
    mutable : bool
        Whether compiled code reads what can change while every name keeps its value.
    """

    watched: Watched = ()
    functions: int = 0
    mutable: bool = False

    def is_bound(self) -> bool:
        """Return whether all names have the values that they had."""
        try:
            same = all(all(map(is_, get(space), values)) for space, get, values in self.watched)
        except KeyError:
            return False
        return same and self.functions == len(FUNCTIONS)


class _BoundState:
    """What was bound when it was last looked at.

    Attributes
    ----------
    values : dict
        The value of each shipped name, where it is no longer the shipped one.
    state : _State
        Replaced as a whole, since other threads read it while one looks again.
    old : list
        Entry points of compiled code that was given up. Another thread may still be in it, for as long as a batch
        takes, and neither Numba nor Python tells when it leaves; a call holds no reference of its own. Numba frees
        no machine code, so that these hold little that would otherwise go.
    """

    def __init__(self) -> None:
        self.values: dict[Binding, Any] = {}
        self.state = _State()
        self.old: list[Any] = []

    def holds(self) -> bool:
        """Return whether nothing that compiled code reads can have changed."""
        state = self.state
        return not state.mutable and state.is_bound()


_BOUND = _BoundState()


def apply_replacements() -> None:
    """Let compiled code call the rules, and hold the constants, that are bound now.

    Called when a blueprint is made, that is, once a batch of runs; it takes some 15 microseconds where nothing has
    changed. The runs of one blueprint, and the months of a `SpreadModel` that is already built, are not looked at
    again: what is replaced during them is taken by the Mesa agents at once, and by compiled code from the next
    blueprint on.

    Raises
    ------
    TypeError
        Where what was put in place of a compiled function is no function, or takes other arguments.
    """
    if _BOUND.holds():
        return
    with _LOCK:
        if _BOUND.holds():
            return  # another thread has looked
        while True:
            state, walk = _find_replacements()
            _recompile(walk)
            _BOUND.state = state
            if state.is_bound():
                return  # else another thread has replaced something while this one compiled


def _find_replacements() -> tuple[_State, ContentWalker]:
    """Take over all replacements, and return what is bound, before anything is compiled with it."""
    homes = _original_bindings()
    while changed := _changed():
        for binding in changed:
            _adopt_replacement(binding)
        homes = _original_bindings()
    walk = _walk_all()
    spaces: dict[int, tuple[Mapping[str, Any], dict[str, Any]]] = {}
    for key, (space, name) in walk.reads.items():
        spaces.setdefault(id(space), (space, {}))[1][name] = walk.values[key]
    for (module, name), value in homes.items():
        space = vars(sys.modules[module])
        spaces.setdefault(id(space), (space, {}))[1][name] = value  # as it was when no change was found
    watched = []
    for space, held in spaces.values():
        names = [*held, next(iter(held))]  # two names at least, of which a getter makes a tuple
        watched.append((space, itemgetter(*names), tuple(held[name] for name in names)))
    return _State(tuple(watched), len(FUNCTIONS), walk.mutable), walk


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


def _adopt_replacement(binding: Binding) -> None:
    """Compile what was put in place of a function where it is plain, and bind it in the modules that import it."""
    before = _BOUND.values.get(binding, BINDINGS[binding])
    given = _value(binding)
    is_function = binding in FUNCTIONS or hasattr(BINDINGS.get(binding), "py_func")  # or an imported one
    if given is _MISSING:
        needed = "a function, plain or compiled by numba.njit" if is_function else "a constant"
        raise TypeError(f"{'.'.join(binding)} was removed; needed: {needed}")
    now = _usable(binding, given) if is_function else given
    module, name = binding
    if _value(binding) is not given:
        return  # another thread has replaced it meanwhile: it is still changed
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
    where, shipped = ".".join(binding), BINDINGS[binding]
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
    return compiled(given, cached=False, inner=inner, forceinline=inline)


def _original_bindings() -> dict[Binding, Any]:
    return {binding: _value(binding) for binding in list(BINDINGS)}


def _walk_all() -> ContentWalker:
    walk = ContentWalker()
    for binding, shipped in FUNCTIONS.items():
        for function in (shipped, _value(binding)):
            walk.visit_function(function)
    return walk


def _recompile(walk: ContentWalker) -> None:
    """Compile again what was compiled with something that is bound no more, after all that it calls."""
    for function in walk.functions:
        if is_current(function):
            _note(function)
            continue
        _note(function)
        _BOUND.old.extend(one.entry_point for one in function.overloads.values())
        compiler: Any = getattr(function, "_compiler", None)
        if hasattr(compiler, "pysig"):
            compiler.pysig = inspect.signature(function.py_func)  # its defaults may have changed
        function.recompile()


def _note(dispatcher: Any) -> None:
    """Note from now on with what a function of somebody else is compiled; what was compiled before is not known."""
    noted = getattr(dispatcher, "_cache", None)
    if noted is not None and not isinstance(noted, CodeCache):
        dispatcher._cache = CodeCache(dispatcher.py_func, None)  # noqa: SLF001 - the only place for it


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
    # A module that was imported by a former name is there under both, and has its own name (decision 83).
    modules = [name for name, module in list(sys.modules.items()) if is_ours(name) and module.__name__ == name]
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
