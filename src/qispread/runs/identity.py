"""What decides whether two results are of the same run, in one place for every command that writes or reads results.

A result is made by code, with libraries, of inputs. Each folder of results holds all three in its manifest, as its
identity; `compare_identities` compares it with what would be made now (decision 65).
"""

import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from qispread.inputs.errors import Fault
from qispread.runs.provenance import model_in_use, qispread_version, random_generator_name

RESULT_LIBRARIES = ("networkx", "numba", "numpy", "scipy")
"""Libraries of which another version can give other numbers.

numba compiles the rules (0.61 and 0.68 differ in the last bit), networkx draws small worlds and preferential ties,
numpy and scipy compute what populations are drawn from. Not Mesa, whose engine must give the kernel's bytes under every
version; not pandas and pyarrow, which keep tables and compute nothing in them.
"""
CODE = ("qispread", "draws", "model", "replaced_rules")
"""What of an identity is about code."""
LIBRARIES = "libraries"
COMPILING = "qispread.model.rules.jit"
"""The module without which no rule can be loaded."""
MAX_LISTED = 12
"""Changes that are listed one by one."""
NOT_PRESENT = "not there"


@dataclass(frozen=True)
class EnvironmentChange:
    """One thing that differs between what was made and what would be made now.

    Attributes
    ----------
    name : str
        Its dotted path in the identity, such as "libraries.numba".
    old, new : object
    """

    name: str
    old: Any
    new: Any

    @property
    def text(self) -> str:
        """The change in words."""
        return f"was {self.old}, is now {self.new}"

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"

    @property
    def concerns(self) -> str:
        """What it is about: "code", "libraries" or "inputs"."""
        first = self.name.split(".", maxsplit=1)[0]
        if first in CODE:
            return "code"
        return LIBRARIES if first == LIBRARIES else "inputs"


@cache
def libraries() -> dict[str, str]:
    """Return the versions that can change a number: of libraries, and of Python without its patch.

    Python itself computes: since 3.12 its `sum` rounds once and not at every step.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    return {**{name: version(name) for name in RESULT_LIBRARIES}, "python": python}


def replaced_rule_names() -> dict[str, str]:
    """Return what was put in place of rules and constants at run time, by their names; the compiler is not loaded."""
    if COMPILING not in sys.modules:
        return {}  # no rule is loaded that could have been replaced
    from qispread.model.rules.code_replacement import replaced_rules

    return dict(one.split("=", maxsplit=1) for one in replaced_rules())


def environment() -> dict[str, Any]:
    """Return all that can change a result and is no input: code, rules replaced at run time, libraries.

    Cheap after the first call, so that workers can compare it before every task.
    """
    return {
        "qispread": qispread_version(),
        "draws": random_generator_name(),
        "model": model_in_use(),
        "replaced_rules": replaced_rule_names(),
        LIBRARIES: dict(libraries()),
    }


def read_identity(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the identity that a manifest holds; one of version 0.1, which hashed sources, in the form of today's.

    Raises
    ------
    KeyError, TypeError
        Where it holds none.
    """
    held = dict(manifest["identity"])
    if "model" in held:
        return held
    sources = held.pop("sources", manifest.get("sources", "unknown"))
    versions = {name: one for name, one in dict(manifest.get("versions", {})).items() if name in RESULT_LIBRARIES}
    python = ".".join(str(manifest.get("python", "")).split(".")[:2])
    found = {"model": f"{sources} (sources, as an earlier version hashed them)", "replaced_rules": {}}
    return {**held, **found, LIBRARIES: {**versions, **({"python": python} if python else {})}}


def compare_identities(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[EnvironmentChange]:
    """Return everything that differs between two identities, or parts of them; nothing where they are the same run.

    Parameters
    ----------
    old, new : mapping
        As `environment` gives it, with what is of inputs beside; lists and mappings may be nested.
    """
    old, new = flatten(to_plain_data(old)), flatten(to_plain_data(new))
    names = [name for name in {**old, **new} if old.get(name, NOT_PRESENT) != new.get(name, NOT_PRESENT)]
    return [EnvironmentChange(name, old.get(name, NOT_PRESENT), new.get(name, NOT_PRESENT)) for name in names]


def to_plain_data(data: Any) -> Any:
    """Return data as a manifest gives it back."""
    return json.loads(json.dumps(data))


def flatten(data: Any, path: str = "") -> dict[str, Any]:
    """Return nested data as values by dotted path; what is empty is as if it were not there."""
    if not isinstance(data, dict | list):
        return {path: data}
    items = data.items() if isinstance(data, dict) else enumerate(data)
    found: dict[str, Any] = {}
    for name, one in items:
        found |= flatten(one, f"{path}.{name}" if path else str(name))
    return found


def select_changes(changes: Iterable[EnvironmentChange], *kinds: str) -> list[EnvironmentChange]:
    """Return the changes that are about code, libraries or inputs."""
    return [one for one in changes if one.concerns in kinds]


def describe_changes(changes: Iterable[EnvironmentChange]) -> str:
    """Return in words what kinds of things differ, such as "other code, other inputs"."""
    kinds = {one.concerns for one in changes}
    return ", ".join(f"other {kind}" for kind in ("inputs", "code", LIBRARIES) if kind in kinds)


def change_faults(changes: Sequence[EnvironmentChange], file: str) -> list[Fault]:
    """Return a fault for each change, at most `MAX_LISTED` of them, and how many there are beside."""
    faults = [Fault(one.name, one.text, file) for one in changes[:MAX_LISTED]]
    left = len(changes) - MAX_LISTED
    return [*faults, Fault("others", f"{left} more differ", file)] if left > 0 else faults
