"""YAML with line numbers, and without the surprises of YAML 1.1.

`on` and `no` are text, `1e-3` is a number, `0123` and `12:30` are text, and a duplicate key is a fault (decision 14).
"""

import math
import re
from dataclasses import dataclass
from typing import Any, Protocol

import yaml

from qispread.inputs.errors import Fault, InputError, visible
from qispread.inputs.yaml_depth import find_line_beyond_depth

KeyPath = tuple[str | int, ...]


class ReadableFile(Protocol):
    """Anything with bytes: a path, or an uploaded file."""

    def read_bytes(self) -> bytes:
        """Return the bytes."""


@dataclass(frozen=True)
class SourceLocation:
    """The origin of a value: file, line and, for a table, the column."""

    file: str
    line: int
    label: str = ""


SourceLocations = dict[KeyPath, SourceLocation]

BACKSLASH = "; in double quotes a backslash starts an escape sequence, so write / or put the name in single quotes"
MAX_DIGITS = 400
MAX_DEPTH = 100
MAX_NODES = 1_000_000
"""More values than any scenario needs: a file that expands to more (through aliases) is refused."""

INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
NUMBER = re.compile(r"[-+]?((0|[1-9][0-9_]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
LITERAL_WORDS = {"~": None, "": None} | {
    form(word): value
    for word, value in (("true", True), ("false", False), ("null", None))
    for form in (str.lower, str.title, str.upper)
}
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
QUOTE_STYLES = ("'", '"', "|", ">")
NOT_FINITE = {".inf": math.inf, "-.inf": -math.inf, ".nan": math.nan, ".NaN": math.nan, ".Inf": math.inf}


def read_text(path: ReadableFile, display_name: str) -> str:
    """Return the text of a UTF-8 file.

    Raises
    ------
    InputError
        Where the file is missing, is a folder, cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        problem = "no such file" + (BACKSLASH if visible(display_name) != display_name else "")
    except IsADirectoryError:
        problem = "is a folder, not a file"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except ValueError as error:
        if not isinstance(error, UnicodeDecodeError):
            problem = f"is not a valid file name: {error}"
        else:
            problem = f"is not UTF-8 text (byte {error.start}); save it as UTF-8 (in Excel: CSV UTF-8)"
    raise InputError([Fault("", problem, display_name)])


def parse_scalar(node: yaml.ScalarNode) -> Any:
    """Return the value of a scalar by the rules of YAML 1.2; quoted text stays text."""
    text = node.value
    if node.style in QUOTE_STYLES:
        return text
    if text in LITERAL_WORDS:
        return LITERAL_WORDS[text]
    if text in NOT_FINITE:
        return NOT_FINITE[text]
    if len(text) > MAX_DIGITS:
        return text
    if INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    return float(text.replace("_", "")) if NUMBER.fullmatch(text) else text


class YamlNodeReader:
    """Converts the nodes of one file into values and records the location of each."""

    def __init__(self, display_name: str) -> None:
        self.shown = display_name
        self.locations: SourceLocations = {}
        self.faults: list[Fault] = []

    def read_value(self, node: yaml.Node, path: KeyPath) -> Any:
        """Return the value of a node, including all nodes below it."""
        self.locations.setdefault(path, SourceLocation(self.shown, node.start_mark.line + 1))
        if len(self.locations) > MAX_NODES:
            raise InputError([Fault("", f"holds more than {MAX_NODES:,} values", self.shown)])
        if isinstance(node, yaml.MappingNode):
            return self.read_mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read_value(item, (*path, index)) for index, item in enumerate(node.value)]
        return parse_scalar(node) if isinstance(node, yaml.ScalarNode) else None

    def read_mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        """Return a mapping; a duplicate key is a fault and its first value is kept."""
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in mapping:
                first = self.locations[*path, key].line
                dotted = ".".join(map(str, (*path, key)))
                self.faults.append(Fault(dotted, f"given twice (first on line {first})", self.shown, line))
                continue
            self.locations[*path, key] = SourceLocation(self.shown, line)
            mapping[key] = self.read_value(value_node, (*path, key))
        return mapping


def check_depth(text: str, display_name: str) -> None:
    """Raise InputError for text nested too deeply, before it is parsed."""
    line = find_line_beyond_depth(text, MAX_DEPTH)
    if line is not None:
        problem = f"is nested too deeply; needed: at most {MAX_DEPTH} lists or mappings within each other"
        raise InputError([Fault("", problem, display_name, line)])


def read_yaml(
    path: ReadableFile, display_name: str, allow_duplicates: list[Fault] | None = None
) -> tuple[dict[str, Any], SourceLocations]:
    """Return the mapping in a YAML file, and the file and line of each path in it.

    Parameters
    ----------
    path : Path or other that is read like one
    display_name : str
        The file as the user named it.
    allow_duplicates : list of Fault, optional
        Collects the faults of duplicate keys, which are then not raised, so that they can be reported with others.

    Raises
    ------
    InputError
        For text that is not YAML, is not a mapping, or gives a key twice.
    """
    reader = YamlNodeReader(display_name)
    try:
        text = read_text(path, display_name)
        check_depth(text, display_name)
        node = yaml.compose(text, Loader=LOADER)
        data = {} if node is None else reader.read_value(node, ())
    except yaml.YAMLError as error:
        problem_mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = problem_mark.line + 1 if problem_mark else 0
        raise InputError([Fault("", f"is not valid YAML: {problem}", display_name, line)]) from None
    except RecursionError:
        raise InputError([Fault("", "holds an alias that refers to itself", display_name)]) from None
    if not isinstance(data, dict):
        reader.faults.append(Fault("", "must be a mapping of names to values", display_name, 1))
    if allow_duplicates is not None and isinstance(data, dict):
        allow_duplicates += reader.faults
    elif reader.faults:
        raise InputError(reader.faults)
    return data, reader.locations
