"""The page as one file: its modules, styles and library in the same text, and no server behind it."""

import json
import re
from importlib.resources import files
from typing import Any

from qispread.app.pages import page_html

IMPORT = re.compile(r'^import \{(?P<names>[^}]+)\} from "\./(?P<module>\w+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:class|const|function\*?) (?P<name>\w+))", re.MULTILINE)
PAGE = files("qispread.app").joinpath("page")
REPLACED = {"server": "embedded"}
"""Modules in whose place a file without a server has others."""
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)
"""Nothing from anywhere: a browser itself refuses every request."""


def module_text(name: str) -> str:
    """Return the text of a module of the page."""
    return PAGE.joinpath("js", f"{REPLACED.get(name, name)}.js").read_text(encoding="utf-8")


def in_order(name: str, known: dict[str, str]) -> dict[str, str]:
    """Return a module and all that it needs, by name, what is needed first."""
    if name not in known:
        text = module_text(name)
        for found in IMPORT.finditer(text):
            in_order(found["module"], known)
        known[name] = text
    return known


def wrapped(name: str, text: str) -> str:
    """Return a module as a function that is called at once, with its exports as what it returns.

    Modules of their own cannot be loaded from a file: browsers refuse it.
    """
    names = [found["name"] for found in EXPORT.finditer(text)]
    inside = IMPORT.sub(lambda found: f"const {{{found['names']}}} = of_{found['module']};\n", text)
    inside = EXPORT.sub("", inside)
    return f"const of_{name} = (() => {{\n{inside}\nreturn {{ {', '.join(names)} }};\n}})();\n"


def bundled() -> str:
    """Return all modules of the page as one script."""
    return "".join(wrapped(name, text) for name, text in in_order("main", {}).items())


def unclosed(script: str) -> str:
    """Return a script that nothing in it ends early, or opens a comment of the page."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def data_block(name: str, data: dict[str, Any]) -> str:
    """Return data as an element of a page."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def page_in_one(start: dict[str, Any], held: dict[str, Any], library: bytes) -> str:
    """Return the page as one file.

    Parameters
    ----------
    start : dict
        What the page begins with.
    held : dict
        Every answer that it can give.
    library : bytes
        The script that draws charts.
    """
    css = PAGE.joinpath("style.css").read_text(encoding="utf-8")
    page = page_html(start)
    rules = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    swaps = {
        '<link rel="icon" href="/icon.svg" type="image/svg+xml">': rules,
        '<link rel="stylesheet" href="/style.css">': f"<style>\n{css}</style>",
        '<script type="module" src="/js/main.js"></script>': "",
        "</body>": "\n".join(
            (
                data_block("embedded", held),
                f"<script>{unclosed(library.decode())}</script>",
                f'<script type="module">\n{unclosed(bundled())}</script>',
                "</body>",
            )
        ),
    }
    for old, new in swaps.items():
        if page.count(old) != 1:
            raise ValueError(f"the page has no '{old}', or several")
        page = page.replace(old, new)
    return page
