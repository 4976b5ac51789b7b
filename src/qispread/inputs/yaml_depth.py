"""How deeply a YAML text nests, counted before any YAML parser sees it.

Parsers recurse on nesting: on a text of brackets some end the process, some take a minute, and newer ones raise an
error of their own. The count uses only indentation and brackets; invalid YAML gets some count, and the parser rejects
it afterwards (decision 81).
"""

import re
from collections.abc import Iterator

INDENT = re.compile(r"[ ]*")
BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
TO_LINE_END = re.compile(r"[^\n]*")
DOCUMENT = re.compile(r"(?:---|\.\.\.)(?=\s|\Z)|%[^\n]*")
QUOTED = r""""[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)|'[^']*(?:''[^']*)*(?:'|\Z)"""
BLOCK_TOKEN = re.compile(
    rf"""(?P<space>[ \t]+(?:\#[^\n]*)?)
    |(?P<entry>[-?:](?=\s|\Z))
    |(?P<property>[!&][^\s]*)
    |(?P<flow>[\[{{])
    |(?P<literal>[|>][^\n]*)
    |(?P<quoted>{QUOTED})
    |(?P<plain>[^\s](?:[^\n:#]|:(?=[^\s])|(?<=[^\s])\#)*)""",
    re.VERBOSE | re.DOTALL,
)
FLOW_TOKEN = re.compile(
    rf"""(?P<open>[\[{{])
    |(?P<close>[\]}}])
    |(?P<quoted>{QUOTED})
    |(?P<other>\#[^\n]*|[\s,:?]+|[^\s,:?\[\]{{}}"'\#](?:[^,:#\[\]{{}}]|:(?=[^\s,\[\]{{}}])|(?<=[^\s])\#)*|.)""",
    re.VERBOSE | re.DOTALL,
)
KEY_COLON = re.compile(r"[ \t]*:(?=\s|\Z)")


class DepthCounter:
    """Counts the open collections in one pass through a text.

    Parameters
    ----------
    text : str
        Text that may be YAML.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.blocks: list[tuple[int, str]] = []
        """Column and kind ("sequence" or "mapping") of each open block collection, the outermost first."""
        self.continues = False
        """Whether the last token was plain text, which continues on lines that are indented more."""

    def depths(self) -> Iterator[tuple[int, int]]:
        """Yield the depth and the position in the text wherever a collection may start."""
        while self.position < len(self.text):
            yield from self.line()

    def line(self) -> Iterator[tuple[int, int]]:
        """Read one line of block style, with everything that starts in it and ends in a later line."""
        start = self.position
        if blank := BLANK.match(self.text, start):
            self.position = max(blank.end(), start + 1)
            return
        if document := DOCUMENT.match(self.text, start):
            self.position, self.blocks, self.continues = document.end(), [], False
        else:
            self.position = self.find_end(INDENT)
        column = self.position - start
        if self.continues and column > self.column():
            self.position = self.find_end(TO_LINE_END)
            return
        while self.blocks and self.column() > column:
            self.blocks.pop()
        yield from self.nodes(start)

    def nodes(self, start: int) -> Iterator[tuple[int, int]]:
        """Read the nodes of a line of block style that starts at a position."""
        self.continues = False
        node: int | None = None
        while token := BLOCK_TOKEN.match(self.text, self.position):
            kind = token.lastgroup
            self.position = token.end()
            if kind == "space":
                continue
            # A node starts with its tag or anchor, if it has one.
            node = token.start() if node is None else node
            if kind == "literal":
                self.skip_indented()
                return
            if kind == "flow":
                self.position = token.start()
                yield from self.flow()
            if kind == "entry":
                yield self.open_columns(node - start, "sequence" if token.group() == "-" else "mapping"), node
                node = None
            elif kind != "property":
                colon = KEY_COLON.match(self.text, self.position)
                self.continues = kind == "plain" and colon is None
                if colon is None:
                    self.position = self.find_end(TO_LINE_END)
                    return
                self.position = colon.end()
                yield self.open_columns(node - start, "mapping"), node
                node = None

    def flow(self) -> Iterator[tuple[int, int]]:
        """Read a collection in brackets up to the bracket that closes it."""
        depth = 0
        while token := FLOW_TOKEN.match(self.text, self.position):
            self.position = token.end()
            if token.lastgroup == "open":
                depth += 1
                yield len(self.blocks) + depth, token.start()
            elif token.lastgroup == "close":
                depth -= 1
                if depth == 0:
                    return

    def open_columns(self, column: int, kind: str) -> int:
        """Open a block collection at a column, unless it is open already, and return the number of open collections."""
        while self.blocks and self.column() > column:
            self.blocks.pop()
        # The entries of a sequence may be in the column of its key; the next key in that column ends the sequence.
        if kind == "mapping" and self.blocks and self.blocks[-1] == (column, "sequence"):
            self.blocks.pop()
        if not self.blocks or self.blocks[-1] != (column, kind):
            self.blocks.append((column, kind))
        return len(self.blocks)

    def column(self) -> int:
        """Return the column of the innermost open block collection, or -1 if none is open."""
        return self.blocks[-1][0] if self.blocks else -1

    def skip_indented(self) -> None:
        """Skip the lines of a literal or folded text: those that are blank or indented more than its collection."""
        self.position += 1
        while self.position < len(self.text):
            indent = INDENT.match(self.text, self.position)
            end = indent.end() if indent else self.position
            if self.text[end : end + 1] not in ("\n", "") and end - self.position <= self.column():
                return
            self.position = end
            self.position = self.find_end(TO_LINE_END) + 1

    def find_end(self, pattern: re.Pattern[str]) -> int:
        """Return the end of a match at the current position, for a pattern that always matches."""
        match = pattern.match(self.text, self.position)
        return match.end() if match else self.position


def find_line_beyond_depth(text: str, max_depth: int) -> int | None:
    """Return the line, from 1, in which a YAML text first nests deeper than `max_depth`, or None.

    Parameters
    ----------
    text : str
        Text that may be YAML, with any line endings.
    max_depth : int
        Most collections that may be open at once, at least 0.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    for depth, position in DepthCounter(plain).depths():
        if depth > max_depth:
            return plain.count("\n", 0, position) + 1
    return None
