"""What the site adds to Sphinx: generated pages, the sidebar, links to sources, room for tables, short signatures."""

import inspect
import re
from pathlib import Path
from typing import Any

from api_pages import RULES, with_equation, write
from bibliography import read_sources
from docutils import nodes
from navigation import toctrees
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

DOCS = Path(__file__).resolve().parent
HTML_ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)
MANY_COLUMNS = 5
"""Columns of a table that needs all the room there is."""
LONG_CELL = 6
"""Words that need a wide column."""
REFERENCES = "docs/api/references"
SOURCES = read_sources()
SOURCE = re.compile(rf"\b({'|'.join(SOURCES)})\b")


def adapt_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Give a page its anchors of HTML, and the front page the sidebar that its list of links describes."""
    source[0] = HTML_ANCHOR.sub(r"(\1)=", source[0])
    if name == app.config.root_doc:
        source[0] += toctrees(source[0], DOCS)


def link_sources(app: Sphinx, tree: nodes.document, name: str) -> None:
    """Make every key of a source in running text a link to the page of references."""
    if name == REFERENCES:
        return
    page = app.builder.get_relative_uri(name, REFERENCES)
    for text in list(tree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.literal | nodes.literal_block | nodes.reference | nodes.title):
            parts = [linked(part, page) for part in SOURCE.split(text.astext())]
            if len(parts) > 1:
                text.parent.replace(text, parts)


def widen_tables(app: Sphinx, tree: nodes.document, name: str) -> None:
    """Mark tables of many columns and their long cells, which site.css gives the room that they need."""
    del app, name
    for table in tree.findall(nodes.table):
        if len(list(table.findall(nodes.colspec))) >= MANY_COLUMNS:
            table["classes"].append("wide")
            for cell in table.findall(nodes.entry):
                cell["classes"] += ["long"] if len(cell.astext().split()) >= LONG_CELL else []


def linked(text: str, page: str) -> nodes.Node:
    """Return text as a link to the page of references where it is the key of a source."""
    if text in SOURCES:
        return nodes.reference("", text, internal=True, refuri=f"{page}#{text}")
    return nodes.Text(text)


def show_type_as_text(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.Element
) -> nodes.Element | None:
    """Return the plain name of a type that the site has no page for; other references that are missing stay faults."""
    del app, env
    is_type = node.get("refdomain") == "py" and node.get("reftype") in {"class", "obj"}
    return text if is_type and "py:class" in node else None


def shorten_signature(
    app: Sphinx, what: str, name: str, item: Any, options: object, signature: str, returned: str
) -> tuple[str, str | None] | None:
    """Return a signature without what a table below it describes, or without the marks that rules give to tests."""
    del app, what, options, signature, returned
    if hasattr(item, "model_fields"):
        return "(**fields)", None
    if name.startswith(f"{RULES}."):
        return f"({', '.join(inspect.signature(item).parameters)})", None
    return None


def set_equation_apart(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Set the equation of a rule as code, in a paragraph of its own, and its source in another."""
    del app, what, item, options
    if name.startswith(f"{RULES}."):
        lines[:] = with_equation("\n".join(lines)).split("\n")


def setup(app: Sphinx) -> None:
    """Connect what the site adds to Sphinx."""
    app.connect("config-inited", lambda *_: write(DOCS / "api"))
    app.connect("source-read", adapt_page)
    app.connect("doctree-resolved", link_sources)
    app.connect("doctree-resolved", widen_tables)
    app.connect("autodoc-process-signature", shorten_signature)
    # Before numpydoc reads the docstring, which it does at the default priority.
    app.connect("autodoc-process-docstring", set_equation_apart, priority=400)
    app.connect("missing-reference", show_type_as_text)
