"""Compiled functions rebuilt with other functions in place of some that they call, directly or through others.

Only functions on the way to a replaced one are rebuilt; all others are shared. The shipped functions stay as they are
(decision 95). The cache of compiled code is keyed by content, so that each composition has entries of its own.
"""

import hashlib
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from qispread.model.rules.code_content import UnknownContentError, content_hash
from qispread.model.rules.jit import INTERPRETED, compiled

OWN_MODULE = "qispread.model.engines.extension_points"
"""The module that functions of users are compiled under.

Numba looks it up when it loads cached code, and the user's own module is gone once the file is edited.
"""

INHERITED_OPTIONS = ("forceinline",)


def read_names(code: CodeType) -> Iterator[str]:
    """Yield the global names and attributes that code reads, with those of functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from read_names(constant)


def is_function(value: Any) -> bool:
    """Return whether a value is a function, compiled or not."""
    return isinstance(value, FunctionType) or isinstance(getattr(value, "py_func", None), FunctionType)


def plain_function(function: Any) -> FunctionType:
    """Return a function as Python."""
    plain: FunctionType = getattr(function, "py_func", function)
    return plain


def rebuilt_function(function: FunctionType, changed: Mapping[str, Any], qualified_name: str) -> FunctionType:
    """Return a function with other values of some global names, under a name of its own."""
    space = {**function.__globals__, **changed}
    new = FunctionType(function.__code__, space, function.__name__, function.__defaults__, function.__closure__)
    new.__kwdefaults__, new.__annotations__ = function.__kwdefaults__, function.__annotations__
    new.__module__, new.__qualname__, new.__doc__ = function.__module__, qualified_name, function.__doc__
    return new


def compile_own(function: Any, **options: Any) -> Any:
    """Compile a function of the user's own, with the functions of its file that it calls.

    Parameters
    ----------
    function : function
        As the user wrote it.
    **options
        Further options of `numba.njit`.
    """
    if INTERPRETED:
        return plain_function(function)
    return _compile_own(plain_function(function), {}, options)


def _compile_own(function: FunctionType, made: dict[int, Any], options: Mapping[str, Any]) -> Any:
    if id(function) in made:
        if made[id(function)] is None:
            raise TypeError(f"{function.__name__} is called by a function that it calls; needed: no such circle")
        return made[id(function)]
    made[id(function)] = None
    space, changed = function.__globals__, {}
    for name in dict.fromkeys(read_names(function.__code__)):
        called = space.get(name)
        if is_function(called) and plain_function(called).__globals__ is space and called is not function:
            changed[name] = _compile_own(plain_function(called), made, options)
    new = rebuilt_function(function, changed, f"{function.__qualname__}_{short_content(function)}")
    new.__module__ = OWN_MODULE
    made[id(function)] = compiled(new, cached=False, **options)
    return made[id(function)]


def short_content(function: Any) -> str:
    """Return the first digits of the content hash of a function; of its place in memory if it has none."""
    try:
        return content_hash(function)[:16]
    except UnknownContentError:
        return f"{id(plain_function(function)):x}"


class Composition:
    """Functions of the package in which others are replaced.

    Parameters
    ----------
    replaced : mapping of compiled function to compiled function
        Functions of the package, and those in their place.
    """

    def __init__(self, replaced: Mapping[Any, Any]) -> None:
        self.replaced = {id(plain_function(old)): new for old, new in replaced.items()}
        contents = "_".join(sorted(short_content(new) for new in replaced.values()))
        self.names = hashlib.sha256(contents.encode()).hexdigest()[:16]
        self._made: dict[int, Any] = {}
        self._modules: dict[str, ModuleType] = {}

    def bind(self, function: Any, *, cached: bool = False) -> Any:
        """Return a compiled function that calls what is in place of replaced ones; itself if it calls none of them.

        Parameters
        ----------
        function : compiled function
        cached : bool
            Whether its machine code is stored on disk.
        """
        plain = plain_function(function)
        key = id(plain)
        if key in self.replaced:
            return self.replaced[key]
        if key not in self._made:
            self._made[key] = function
            changed = self.changed_names(plain)
            if changed:
                new = rebuilt_function(plain, changed, f"{plain.__qualname__}_{self.names}")
                self._made[key] = self._compile_like(function, new, cached=cached)
        return self._made[key]

    def _compile_like(self, function: Any, new: FunctionType, *, cached: bool) -> Any:
        if function is plain_function(function):
            return new
        options = {name: True for name in INHERITED_OPTIONS if function.targetoptions.get(name)}
        inner = bool(function.targetoptions.get("no_cpython_wrapper"))
        return compiled(new, cached=cached, inner=inner, **options)

    def changed_names(self, function: FunctionType) -> dict[str, Any]:
        """Return the global names that a function of this package reads and whose values change."""
        names, changed = tuple(dict.fromkeys(read_names(function.__code__))), {}
        for name in names:
            value = function.__globals__.get(name)
            if isinstance(value, ModuleType) and value.__name__.startswith("qispread.model."):
                new: Any = self._module(value, names)
            elif is_function(value) and str(plain_function(value).__module__).startswith("qispread.model."):
                new = self.bind(value)
            else:
                continue
            if new is not value:
                changed[name] = new
        return changed

    def _module(self, module: ModuleType, names: tuple[str, ...]) -> ModuleType:
        """Return a module with the changed functions among some names; itself if none is changed."""
        changed = {
            name: new
            for name in names
            if is_function(value := vars(module).get(name)) and (new := self.bind(value)) is not value
        }
        if not changed:
            return module
        copy = self._modules.get(module.__name__)
        if copy is None:
            copy = self._modules[module.__name__] = ModuleType(module.__name__, module.__doc__)
            vars(copy).update(vars(module))
        vars(copy).update(changed)
        return copy

    def bind_class(self, cls: Any) -> Any:
        """Return a subclass whose methods of this package call what is in place of replaced functions."""
        own: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            for name, method in vars(base).items():
                own.pop(name, None)  # a class of the user's own may override a method of the package
                function = method.__func__ if isinstance(method, classmethod) else method
                if not isinstance(function, FunctionType) or not base.__module__.startswith("qispread.model."):
                    continue
                changed = self.changed_names(function)
                if changed:
                    new = rebuilt_function(function, changed, function.__qualname__)
                    own[name] = classmethod(new) if isinstance(method, classmethod) else new
        if not own:
            return cls
        return type(cls.__name__, (cls,), {**own, "__module__": cls.__module__, "__doc__": cls.__doc__})
