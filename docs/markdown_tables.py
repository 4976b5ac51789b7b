"""Tables and phrases of generated pages, made of names and docstrings."""

import re
from collections.abc import Iterable, Sequence

from qispread.inputs.parameter_descriptions import escape_markdown_cell


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *([escape_markdown_cell(text) for text in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def format_code(name: str) -> str:
    """Return a name as code."""
    return f"`{name}`"


def docstring_summary(docstring: str | None) -> str:
    """Return the first paragraph of a docstring as what it names, without the imperative, equation and source."""
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    found = re.split(r" ?(?:Equation|Source): ", paragraph)[0].removeprefix("Return ")
    return found[:1].upper() + found[1:] if found[1:2].isalpha() else found
