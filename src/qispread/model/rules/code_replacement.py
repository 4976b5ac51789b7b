"""Rules and constants replaced from outside, `capacity.climate = mine`: both engines use them, or raise an error.

Numba freezes what a function reads when it compiles it, and a rule imported by name is bound in several modules.
Before a run, current values are therefore compared with the shipped ones: a replaced rule is compiled and bound
wherever the shipped one was imported, and code compiled with the former one is compiled again (decision 69).
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
"""A namespace, a getter of names from it, and their values, for everything that compiled code reads."""


class _State(NamedTuple):
    """The values bound at the last check.

    Attributes
    ----------
    watched : tuple
        The names that compiled code reads, with their values before compilation.
    functions : int
        Number of shipped functions.
    mutable : bool
        Whether compiled code reads content that can change while every name keeps its value.
    """

    watched: Watched = ()
    functions: int = 0
    mutable: bool = False

    def is_bound(self) -> bool:
        """Return whether all names still have these values."""
        try:
            same = all(all(map(is_, get(space), values)) for space, get, values in self.watched)
        except KeyError:
            return False
        return same and self.functions == len(FUNCTIONS)


class _BoundState:
    """The replacements in force and the values bound at the last check.

    Attributes
    ----------
    values : dict
        The value of each shipped name that has been replaced.
    state : _State
        Assigned as a whole, because other threads read it during a check.
    old : list
        Entry points of compiled code that is no longer used. Another thread may still run it for as long as a batch
        takes; a call holds no reference of its own, and neither Numba nor Python reports its end. Numba frees no
        machine code, so these references hold little memory.
    """

    def __init__(self) -> None:
        self.values: dict[Binding, Any] = {}
        self.state = _State()
        self.old: list[Any] = []

    def holds(self) -> bool:
        """Return whether nothing that compiled code reads has changed."""
        state = self.state
        return not state.mutable and state.is_bound()


_BOUND = _BoundState()


def apply_replacements() -> None:
    """Update compiled code to the rules and constants that are bound now.

    Called by `prepare_scenario`, that is, once for each batch of runs; it takes about 15 microseconds if nothing has
    changed. Replacements during a batch, or during the months of a `SpreadModel`, take effect at once for Mesa agents,
    and from the next batch for compiled code.

    Raises
    ------
    TypeError
        If the replacement of a compiled function is not a function, or takes another number of arguments.
    """
    if _BOUND.holds():
        return
    with _LOCK:
        if _BOUND.holds():
            return  # another thread has checked
        while True:
            state, walk = _find_replacements()
            _recompile(walk)
            _BOUND.state = state
            if state.is_bound():
                return  # else another thread has replaced something during compilation


def _find_replacements() -> tuple[_State, ContentWalker]:
    """Adopt all replacements, and return the bound values before anything is compiled with them."""
    bindings = _original_bindings()
    while changed := _changed():
        for binding in changed:
            _adopt_replacement(binding)
        bindings = _original_bindings()
    walker = _walk_all()
    spaces: dict[int, tuple[Mapping[str, Any], dict[str, Any]]] = {}
    for key, (space, name) in walker.reads.items():
        spaces.setdefault(id(space), (space, {}))[1][name] = walker.values[key]
    for (module, name), value in bindings.items():
        space = vars(sys.modules[module])
        spaces.setdefault(id(space), (space, {}))[1][name] = value  # the value when no change was found
    watched = []
    for space, names_to_values in spaces.values():
        names = [
            *names_to_values,
            next(iter(names_to_values)),
        ]  # at least two names, so that the getter returns a tuple
        watched.append((space, itemgetter(*names), tuple(names_to_values[name] for name in names)))
    return _State(tuple(watched), len(FUNCTIONS), walker.mutable), walker


def replaced_rules() -> tuple[str, ...]:
    """Return the shipped rules and constants that have been replaced in this process.

    Returns
    -------
    tuple of str
        "MODULE.NAME=HASH" for functions, with their content hash, and "MODULE.NAME=VALUE" for constants, sorted;
        empty without replacements.
    """
    changed = {binding: value for binding, shipped in BINDINGS.items() if _differs(value := _value(binding), shipped)}
    if not changed:
        return ()
    imported = _imported_names()

    def follows(binding: Binding, value: Any) -> bool:
        """Return whether a name was imported and has the value of its definition, or the one bound together with it."""
        if binding not in imported:
            return False
        return value is _BOUND.values.get(binding, _MISSING) or not _differs(value, _value(imported[binding]))

    replaced = {binding: value for binding, value in changed.items() if not follows(binding, value)}
    return tuple(sorted(f"{module}.{name}={_digest(value)}" for (module, name), value in replaced.items()))


def applied_replacements() -> tuple[str, ...]:
    """Return `replaced_rules()` as it was when `apply_replacements` last found a change; fast, for every run."""
    state, replaced = _APPLIED
    if state is not _BOUND.state:
        replaced = replaced_rules()
        _APPLIED[:] = [_BOUND.state, replaced]
    return tuple(replaced)


_APPLIED: list[Any] = [None, ()]


def _value(binding: Binding) -> Any:
    module, name = binding
    return vars(sys.modules[module]).get(name, _MISSING) if module in sys.modules else _MISSING


def _differs(value: Any, shipped: Any) -> bool:
    if value is shipped:
        return False
    comparable = isinstance(shipped, bool | int | float | complex | str | tuple)
    return not (comparable and type(value) is type(shipped) and repr(value) == repr(shipped))


def _digest(value: Any) -> str:
    if not callable(value):
        return "missing" if value is _MISSING else repr(value)
    try:
        return content_hash(value)[:16]
    except (UnknownContentError, AttributeError):
        return f"unknown-{type(value).__name__}"


def _changed() -> list[Binding]:
    """Return the shipped names whose value has changed since the last check."""
    known = {**BINDINGS, **_BOUND.values}
    return [binding for binding, value in known.items() if _differs(_value(binding), value)]


def _adopt_replacement(binding: Binding) -> None:
    """Compile the replacement of a function if necessary, and bind it in the modules that import it."""
    previous = _BOUND.values.get(binding, BINDINGS[binding])
    replacement = _value(binding)
    is_function = binding in FUNCTIONS or hasattr(BINDINGS.get(binding), "py_func")  # or an imported one
    if replacement is _MISSING:
        needed = "a function, plain or compiled by numba.njit" if is_function else "a constant"
        raise TypeError(f"{'.'.join(binding)} was removed; needed: {needed}")
    usable = _usable(binding, replacement) if is_function else replacement
    module, name = binding
    if _value(binding) is not replacement:
        return  # replaced by another thread meanwhile: it is still listed as changed
    if usable is not replacement:
        setattr(sys.modules[module], name, usable)
    for (importer, alias), home in _imported_names().items():
        current = _value((importer, alias))
        if home == binding and (not _differs(current, previous) or current is replacement):
            setattr(sys.modules[importer], alias, usable)
            _BOUND.values[importer, alias] = usable
    _BOUND.values[binding] = usable


def _usable(binding: Binding, replacement: Any) -> Any:
    """Return a replacement that compiled code can call."""
    label, shipped = ".".join(binding), BINDINGS[binding]
    plain = getattr(replacement, "py_func", replacement)
    if not isinstance(plain, FunctionType):
        raise TypeError(f"{label} was replaced by {replacement!r}; needed: a function, plain or compiled by numba.njit")
    expected, given = (
        list(inspect.signature(function).parameters) for function in (getattr(shipped, "py_func", shipped), plain)
    )
    if len(given) != len(expected):
        counts = f"{len(given)} arguments ({', '.join(given)}); needed: {len(expected)} ({', '.join(expected)})"
        raise TypeError(f"{label} was replaced by a function of {counts}")
    if replacement is not plain:
        return replacement
    options = getattr(shipped, "targetoptions", {})
    inner, inline = (bool(options.get(name, False)) for name in ("no_cpython_wrapper", "forceinline"))
    return compiled(replacement, cached=False, inner=inner, forceinline=inline)


def _original_bindings() -> dict[Binding, Any]:
    return {binding: _value(binding) for binding in list(BINDINGS)}


def _walk_all() -> ContentWalker:
    walker = ContentWalker()
    for binding, shipped in FUNCTIONS.items():
        for function in (shipped, _value(binding)):
            walker.visit_function(function)
    return walker


def _recompile(walker: ContentWalker) -> None:
    """Recompile functions that were compiled with values no longer bound, after the functions that they call."""
    for function in walker.functions:
        if is_current(function):
            _note(function)
            continue
        _note(function)
        _BOUND.old.extend(overload.entry_point for overload in function.overloads.values())
        compiler: Any = getattr(function, "_compiler", None)
        if hasattr(compiler, "pysig"):
            compiler.pysig = inspect.signature(function.py_func)  # its defaults may have changed
        function.recompile()


def _note(dispatcher: Any) -> None:
    """Record from now on the content that an external function is compiled from."""
    code_cache = getattr(dispatcher, "_cache", None)
    if code_cache is not None and not isinstance(code_cache, CodeCache):
        dispatcher._cache = CodeCache(dispatcher.py_func, None)  # noqa: SLF001 - the only place for it


@cache
def _imports_of(module: str) -> tuple[tuple[str, Binding], ...]:
    """Return the names that a module imports from other modules of this package, with their source."""
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
    """Return where each name that a loaded module of this package imports was defined."""
    # A module that was imported by a former name is there under both, and has its own name (decision 83).
    modules = [name for name, module in list(sys.modules.items()) if is_ours(name) and module.__name__ == name]
    direct = {
        (module, alias): home
        for module in modules
        for alias, home in _imports_of(module)
        if alias in vars(sys.modules[module]) and home != (module, alias)  # a package may import its own modules
    }
    return {binding: _origin(home, direct) for binding, home in direct.items()}


def _origin(binding: Binding, direct: Mapping[Binding, Binding]) -> Binding:
    visited = {binding}
    while binding in direct and direct[binding] not in visited:
        binding = direct[binding]
        visited.add(binding)
    return binding
