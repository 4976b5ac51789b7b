"""Faults of input: each with its place, what was got and what is needed, and all of them at once."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TRUNCATION_MARK = (
    "is not whole: it was cut short, or edited by hand so that it is no longer JSON; the files beside it are "
    "unaffected: restore it from a backup"
)
"""What is said of a manifest that is damaged."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the input.

    Attributes
    ----------
    path : str
        The parameter, row or option concerned, as the user knows it.
    problem : str
        What was got and what is needed.
    file : str
        The file as it was given, or "" for what was said in code or on the command line.
    line : int
        Line in the file, from 1; 0 where there is none.
    """

    path: str
    problem: str
    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return visible(": ".join(part for part in (place, self.path, self.problem) if part))


def visible(text: str) -> str:
    """Return text with what cannot be seen, such as a tab, as its code: a tab in a path is a backslash before a t."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


class InputError(ValueError):
    """Input that cannot be used; `faults` holds every fault found, and the message lists them all."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults), key=lambda fault: (fault.file, fault.line, fault.path)))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{count} in the input", *(f"  {fault}" for fault in self.faults)]))


def index_of(name: str, names: Sequence[str], what: str) -> int:
    """Return the place of a name among some.

    Raises
    ------
    InputError
        Where it is not among them.
    """
    if not isinstance(name, str):
        raise InputError([Fault(what, f"got {name!r:.60}; needed: the name of one, such as '{next(iter(names), '')}'")])
    if name not in names:
        raise InputError([Fault(what, f"no {what} is called '{name}'{did_you_mean(name, names)}")])
    return names.index(name)


def declared_encoding(got: str, needed: str) -> str:
    """Return in words how two names differ that look alike, such as an accent that is a character of its own."""
    if got == needed or unicodedata.normalize("NFKC", got) != unicodedata.normalize("NFKC", needed):
        return ""
    return f" They look alike but are coded differently: got {got!a}, needed {needed!a}"


MAX_LISTED = 24


def did_you_mean(name: str, valid_names: Iterable[str], *, listing: bool = True) -> str:
    """Return a hint with the nearest valid name, or else, if `listing`, with all of them where they are few."""
    names = sorted(valid_names)
    by_small_letters = {one.lower(): one for one in names}
    close = difflib.get_close_matches(name.lower(), by_small_letters, n=1, cutoff=0.6)
    if close:
        return f"; did you mean '{by_small_letters[close[0]]}'?{declared_encoding(name, by_small_letters[close[0]])}"
    return f"; valid: {', '.join(names)}" if listing and 0 < len(names) <= MAX_LISTED else ""
