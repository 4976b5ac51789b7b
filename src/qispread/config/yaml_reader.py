"""YAML with line numbers, and without the surprises of YAML 1.1.

`on` and `no` are words, `1e-3` is a number, `0123` and `12:30` are text, and a key given twice is a fault.
"""

import math
import re
from dataclasses import dataclass
from typing import Any, Protocol

import yaml

from qispread.config.faults import Fault, InputError, visible
from qispread.config.yaml_depth import line_nested_beyond

Keys = tuple[str | int, ...]


class Readable(Protocol):
    """What has bytes: a path, or a file that somebody sent."""

    def read_bytes(self) -> bytes:
        """Return the bytes."""


@dataclass(frozen=True)
class Place:
    """Where a value was given: file, line and, for a table, the column."""

    file: str
    line: int
    label: str = ""


Places = dict[Keys, Place]

BACKSLASH = "; in double quotes a backslash begins a code, so write / or put the name in single quotes"
MOST_DIGITS = 400
MOST_DEPTH = 100
MOST_NODES = 1_000_000
"""More values than any scenario needs: a file that unfolds to more (through aliases) is refused."""

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
NUMBER = re.compile(r"[-+]?((0|[1-9][0-9_]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
WORDS = {"~": None, "": None} | {
    form(word): value
    for word, value in (("true", True), ("false", False), ("null", None))
    for form in (str.lower, str.title, str.upper)
}
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
QUOTED = ("'", '"', "|", ">")
NOT_FINITE = {".inf": math.inf, "-.inf": -math.inf, ".nan": math.nan, ".NaN": math.nan, ".Inf": math.inf}


def read_text(path: Readable, shown: str) -> str:
    """Return the text of a UTF-8 file.

    Raises
    ------
    InputError
        Where the file is missing, is a folder, cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        problem = "no such file" + (BACKSLASH if visible(shown) != shown else "")
    except IsADirectoryError:
        problem = "is a folder, not a file"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except ValueError as error:
        if not isinstance(error, UnicodeDecodeError):
            problem = f"is no name of a file: {error}"
        else:
            problem = f"is not UTF-8 text (byte {error.start}); save it as UTF-8 (in Excel: CSV UTF-8)"
    raise InputError([Fault("", problem, shown)])


def scalar_value(node: yaml.ScalarNode) -> Any:
    """Return the value of a scalar by the rules of YAML 1.2; quoted text stays text."""
    text = node.value
    if node.style in QUOTED:
        return text
    if text in WORDS:
        return WORDS[text]
    if text in NOT_FINITE:
        return NOT_FINITE[text]
    if len(text) > MOST_DIGITS:
        return text
    if INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    return float(text.replace("_", "")) if NUMBER.fullmatch(text) else text


class Reader:
    """Turns the nodes of one file into values, and notes the place of each."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.places: Places = {}
        self.faults: list[Fault] = []

    def value(self, node: yaml.Node, path: Keys) -> Any:
        """Return the value of a node and of all below it."""
        self.places.setdefault(path, Place(self.shown, node.start_mark.line + 1))
        if len(self.places) > MOST_NODES:
            raise InputError([Fault("", f"holds more than {MOST_NODES:,} values", self.shown)])
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return scalar_value(node) if isinstance(node, yaml.ScalarNode) else None

    def mapping(self, node: yaml.MappingNode, path: Keys) -> dict[str, Any]:
        """Return a mapping; a key given twice is a fault and its first value stays."""
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                first = self.places[*path, key].line
                dotted = ".".join(map(str, (*path, key)))
                self.faults.append(Fault(dotted, f"given twice (first on line {first})", self.shown, line))
                continue
            self.places[*path, key] = Place(self.shown, line)
            found[key] = self.value(value_node, (*path, key))
        return found


def refuse_depth(text: str, shown: str) -> None:
    """Refuse text that is nested deeper than any scenario, before a parser sees it."""
    line = line_nested_beyond(text, MOST_DEPTH)
    if line is not None:
        problem = f"is nested too deeply; needed: at most {MOST_DEPTH} lists or mappings within each other"
        raise InputError([Fault("", problem, shown, line)])


def read_yaml(path: Readable, shown: str, twice: list[Fault] | None = None) -> tuple[dict[str, Any], Places]:
    """Return the mapping in a YAML file, and the file and line of each path in it.

    Parameters
    ----------
    path : Path or other that is read like one
    shown : str
        The file as it was given.
    twice : list of Fault, optional
        Takes the faults of keys given twice, which then stop nothing, so that they can be said with others.

    Raises
    ------
    InputError
        For text that is not YAML, is not a mapping, or gives a key twice.
    """
    reader = Reader(shown)
    try:
        text = read_text(path, shown)
        refuse_depth(text, shown)
        node = yaml.compose(text, Loader=LOADER)
        data = {} if node is None else reader.value(node, ())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else 0
        raise InputError([Fault("", f"is not valid YAML: {problem}", shown, line)]) from None
    except RecursionError:
        raise InputError([Fault("", "holds an alias that refers to itself", shown)]) from None
    if not isinstance(data, dict):
        reader.faults.append(Fault("", "must be a mapping of names to values", shown, 1))
    if twice is not None and isinstance(data, dict):
        twice += reader.faults
    elif reader.faults:
        raise InputError(reader.faults)
    return data, reader.places
