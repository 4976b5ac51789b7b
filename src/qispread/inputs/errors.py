"""Faults in input: each with its location, what was got and what is needed; all are reported at once."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TRUNCATION_MARK = (
    "is incomplete: it was cut short, or edited by hand so that it is no longer JSON; the files beside it are "
    "unaffected: restore it from a backup"
)
"""The message for a damaged manifest."""


@dataclass(frozen=True)
class Fault:
    """One fault in the input.

    Attributes
    ----------
    path : str
        The parameter, row or option concerned, as the user knows it.
    problem : str
        What was got and what is needed.
    file : str
        The file as the user named it, or "" for arguments in code or on the command line.
    line : int
        Line in the file, from 1; 0 where there is none.
    """

    path: str
    problem: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        location = f"{self.file}:{self.line}" if self.line else self.file
        return visible(": ".join(part for part in (location, self.path, self.problem) if part))


def visible(text: str) -> str:
    """Return text with unprintable characters escaped: a tab, often a backslash before a "t" in a path, is shown."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


class InputError(ValueError):
    """Invalid input; `faults` holds every fault, and the message lists them all."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults), key=lambda fault: (fault.file, fault.line, fault.path)))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{count} in the input", *(f"  {fault}" for fault in self.faults)]))

    def __reduce__(self) -> tuple[type["InputError"], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)


def index_of(name: str, names: Sequence[str], label: str) -> int:
    """Return the index of a name in a sequence of names.

    Raises
    ------
    InputError
        If the name is not among them.
    """
    if not isinstance(name, str):
        raise InputError([Fault(label, f"got {name!r:.60}; needed: a name, such as '{next(iter(names), '')}'")])
    if name not in names:
        raise InputError([Fault(label, f"no {label} is called '{name}'{did_you_mean(name, names)}")])
    return names.index(name)


def declared_encoding(got: str, needed: str) -> str:
    """Return how two names that look alike differ in encoding, such as a separate accent; empty if they do not."""
    if got == needed or unicodedata.normalize("NFKC", got) != unicodedata.normalize("NFKC", needed):
        return ""
    return f" They look alike but are coded differently: got {got!a}, needed {needed!a}"


MAX_LISTED = 24


def did_you_mean(name: str, valid_names: Iterable[str], *, listing: bool = True) -> str:
    """Return a hint with the nearest valid name, or else, if `listing`, with all names if there are few."""
    names = sorted(valid_names)
    names_by_lower_case = {valid_name.lower(): valid_name for valid_name in names}
    close = difflib.get_close_matches(name.lower(), names_by_lower_case, n=1, cutoff=0.6)
    if close:
        return (
            f"; did you mean '{names_by_lower_case[close[0]]}'?{declared_encoding(name, names_by_lower_case[close[0]])}"
        )
    return f"; valid: {', '.join(names)}" if listing and 0 < len(names) <= MAX_LISTED else ""
