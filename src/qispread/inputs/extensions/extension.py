"""One function of the user's own and its declaration."""

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal

from qispread.inputs.errors import Fault

ExtensionKind = Literal["measure", "rule", "network", "policy"]
"""A measure of a month, another form of a rule, a kind of network, or a policy."""


@dataclass(frozen=True, eq=False)
class Extension:
    """A function of the user's own: a measure, a form of a rule, a network or a policy.

    Attributes
    ----------
    kind : {"measure", "rule", "network", "policy"}
    name : str
        Name under which scenarios and commands use it; for a form, "MODULE.RULE=FORM".
    function : callable
        The function as the user wrote it.
    declaration : object
        Its declaration: a `Measure`, a `RuleForm` or a section class.
    registry : mutable mapping
        Where the declarations of its kind are, by `key`.
    key : str
    trial : callable
        Tries the function and returns a description of each problem.
    details : dict
        Further settings of its kind.
    """

    kind: ExtensionKind
    name: str
    function: Callable[..., Any]
    declaration: Any
    registry: MutableMapping[str, Any]
    key: str
    trial: Callable[["Extension"], list[str]]
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """The line of its declaration in its file."""
        return int(self.function.__code__.co_firstlineno)

    @property
    def file(self) -> str:
        """The name of its file, without folders."""
        return PurePath(self.function.__code__.co_filename).name

    @property
    def label(self) -> str:
        """Its kind, name and line, for messages."""
        return f"{self.kind} '{self.name}' ({self.file}, line {self.line})"

    @property
    def meaning(self) -> str:
        """One sentence on it."""
        meaning = getattr(self.declaration, "meaning", None) or self.declaration.__doc__ or ""
        return str(meaning).strip().partition("\n")[0]

    def settings(self) -> Iterator[str]:
        """Yield a line for each of its settings: what it moves or measures, and its parameters with their ranges."""
        if self.kind == "measure":
            yield f"unit: {self.declaration.unit}; better: {self.declaration.better}"
        if "moves" in self.details:
            yield f"moves: {self.details['moves']}"
        if self.kind == "rule":
            yield f"source: {self.declaration.source}"
        for name in self.details.get("parameters", ()):
            field = self.declaration.model_fields[name]
            low, high = field.json_schema_extra["plausible"]
            yield f"{name}: {field.default:g}, plausible from {low:g} to {high:g}"

    def fault(self, problem: str) -> Fault:
        """Return a fault at its line."""
        return Fault(f"{self.kind} '{self.name}'", problem, self.function.__code__.co_filename, self.line)
