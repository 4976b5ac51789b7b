"""The identity of a run: whether two results are of the same run, for every command that writes or reads results.

A result depends on code, libraries and inputs. Each folder of results records all three in its manifest as its
identity, which `compare_identities` compares with the current one (decision 65).
"""

import json
import platform
import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from qispread.inputs.errors import Fault
from qispread.inputs.extensions.plugins import SESSION
from qispread.model.engines.organisation_class import ORGANISATION_CLASS
from qispread.runs.provenance import model_in_use, qispread_version, random_generator_name

RESULT_LIBRARIES = ("networkx", "numba", "numpy", "scipy")
"""Libraries whose version can change numbers.

numba compiles the rules (0.61 and 0.68 differ in the last bit), networkx draws small worlds and preferential ties, and
numpy and scipy compute the distributions of organisations. Mesa is not one, because its engine gives the results of
the kernel under every version; nor are pandas and pyarrow, which only store tables.
"""
CODE = ("qispread", "draws", "model", "replaced_rules", "session_functions", ORGANISATION_CLASS)
"""The entries of an identity that concern code."""
UNKNOWN_CONTENT = f"unknown, of process {uuid.uuid4().hex[:12]}"
"""In place of the hash of a function that reads what has none: equal in no two processes."""
LIBRARIES = "libraries"
COMPILING = "qispread.model.rules.jit"
"""The module that every rule needs."""
MAX_LISTED = 12
"""The most changes that are listed."""
NOT_PRESENT = "absent"


@dataclass(frozen=True)
class EnvironmentChange:
    """One difference between a recorded identity and the current one.

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
        """What it concerns: "code", "libraries" or "inputs"."""
        first = self.name.split(".", maxsplit=1)[0]
        if first in CODE:
            return "code"
        return LIBRARIES if first == LIBRARIES else "inputs"


@cache
def libraries() -> dict[str, str]:
    """Return the versions that can change a number: of libraries, and of Python without the patch release.

    Python matters, too: since 3.12, `sum` rounds once and not at every step.
    """
    python = ".".join(platform.python_version_tuple()[:2])
    return {**{name: version(name) for name in RESULT_LIBRARIES}, "python": python}


def replaced_rule_names() -> dict[str, str]:
    """Return replaced rules and constants by name, without loading the compiler."""
    if COMPILING not in sys.modules:
        return {}  # no rule is loaded, so none is replaced
    from qispread.model.rules.code_replacement import replaced_rules

    return dict(rule.split("=", maxsplit=1) for rule in replaced_rules())


def session_functions() -> dict[str, str]:
    """Return the functions that this session declares outside of plug-ins, by kind and name, with a hash of each."""
    if not SESSION.extensions:
        return {}
    from qispread.model.rules.code_content import UnknownContentError, content_hash

    contents = {}
    for extension in SESSION.extensions:
        try:
            content = content_hash(extension.function)
        except UnknownContentError:
            content = UNKNOWN_CONTENT
        contents[f"{extension.kind} {extension.name}"] = content
    return contents


def environment() -> dict[str, Any]:
    """Return everything but inputs that can change a result: code, replaced rules and libraries.

    It is fast after the first call, so that workers can compare it before every task.
    """
    return {
        "qispread": qispread_version(),
        "draws": random_generator_name(),
        "model": model_in_use(),
        "replaced_rules": replaced_rule_names(),
        "session_functions": session_functions(),
        LIBRARIES: dict(libraries()),
    }


def read_identity(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the identity in a manifest; that of version 0.1, which hashed sources, in the current form.

    Raises
    ------
    KeyError, TypeError
        If the manifest has none.
    """
    identity = dict(manifest["identity"])
    if "model" in identity:
        return identity
    sources = identity.pop("sources", manifest.get("sources", "unknown"))
    versions = {
        name: version for name, version in dict(manifest.get("versions", {})).items() if name in RESULT_LIBRARIES
    }
    python = ".".join(str(manifest.get("python", "")).split(".")[:2])
    model_entries = {"model": f"{sources} (sources, as an earlier version hashed them)", "replaced_rules": {}}
    return {**identity, **model_entries, LIBRARIES: {**versions, **({"python": python} if python else {})}}


def compare_identities(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[EnvironmentChange]:
    """Return the differences between two identities, or parts of them; empty for the same run.

    Parameters
    ----------
    old, new : mapping
        Result of `environment`, with inputs; lists and mappings may be nested.
    """
    old, new = flatten(to_plain_data(old)), flatten(to_plain_data(new))
    names = [name for name in {**old, **new} if old.get(name, NOT_PRESENT) != new.get(name, NOT_PRESENT)]
    return [EnvironmentChange(name, old.get(name, NOT_PRESENT), new.get(name, NOT_PRESENT)) for name in names]


def to_plain_data(data: Any) -> Any:
    """Return data as read from a manifest."""
    return json.loads(json.dumps(data))


def flatten(data: Any, path: str = "") -> dict[str, Any]:
    """Return nested data as values by dotted path, without empty lists and mappings."""
    if not isinstance(data, dict | list):
        return {path: data}
    items = data.items() if isinstance(data, dict) else enumerate(data)
    flat: dict[str, Any] = {}
    for name, value in items:
        flat |= flatten(value, f"{path}.{name}" if path else str(name))
    return flat


def select_changes(changes: Iterable[EnvironmentChange], *kinds: str) -> list[EnvironmentChange]:
    """Return the changes that concern code, libraries or inputs."""
    return [change for change in changes if change.concerns in kinds]


def describe_changes(changes: Iterable[EnvironmentChange]) -> str:
    """Return the kinds of changes in words, such as "other code, other inputs"."""
    kinds = {change.concerns for change in changes}
    return ", ".join(f"other {kind}" for kind in ("inputs", "code", LIBRARIES) if kind in kinds)


def change_faults(changes: Sequence[EnvironmentChange], file: str) -> list[Fault]:
    """Return a fault for each of at most `MAX_LISTED` changes, and one with the number of others."""
    faults = [Fault(change.name, change.text, file) for change in changes[:MAX_LISTED]]
    remaining = len(changes) - MAX_LISTED
    return [*faults, Fault("others", f"{remaining} more differ", file)] if remaining > 0 else faults
