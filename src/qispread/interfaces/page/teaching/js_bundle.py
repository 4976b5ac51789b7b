"""The page as one file: its modules, styles and library in the same text, and no server behind it."""

import json
import re
from importlib.resources import files
from typing import Any

from qispread.interfaces.page.static_files import render_index

JS_IMPORT = re.compile(r'^import \{(?P<names>[^}]+)\} from "\./(?P<module>\w+)\.js";\n', re.MULTILINE)
JS_EXPORT = re.compile(r"^export (?=(?:async )?(?:class|const|function\*?) (?P<name>\w+))", re.MULTILINE)
PAGE_FOLDER = files("qispread.interfaces.page").joinpath("static")
REPLACED_MODULES = {"server": "embedded"}
"""Modules in whose place a file without a server has others."""
OFFLINE_SECURITY_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)
"""Nothing from anywhere: a browser itself refuses every request."""


def read_module(name: str) -> str:
    """Return the text of a module of the page."""
    return PAGE_FOLDER.joinpath("js", f"{REPLACED_MODULES.get(name, name)}.js").read_text(encoding="utf-8")


def dependency_order(name: str, visited: dict[str, str]) -> dict[str, str]:
    """Return a module and all that it needs, by name, what is needed first."""
    if name not in visited:
        text = read_module(name)
        for found in JS_IMPORT.finditer(text):
            dependency_order(found["module"], visited)
        visited[name] = text
    return visited


def wrap_module(name: str, text: str) -> str:
    """Return a module as a function that is called at once, with its exports as what it returns.

    Modules of their own cannot be loaded from a file: browsers refuse it.
    """
    names = [found["name"] for found in JS_EXPORT.finditer(text)]
    inside = JS_IMPORT.sub(lambda found: f"const {{{found['names']}}} = of_{found['module']};\n", text)
    inside = JS_EXPORT.sub("", inside)
    return f"const of_{name} = (() => {{\n{inside}\nreturn {{ {', '.join(names)} }};\n}})();\n"


def bundle_modules() -> str:
    """Return all modules of the page as one script."""
    return "".join(wrap_module(name, text) for name, text in dependency_order("main", {}).items())


def escape_script(script: str) -> str:
    """Return a script that nothing in it ends early, or opens a comment of the page."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def json_script_block(name: str, data: dict[str, Any]) -> str:
    """Return data as an element of a page."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def render_single_file(start: dict[str, Any], results: dict[str, Any], library: bytes) -> str:
    """Return the page as one file.

    Parameters
    ----------
    start : dict
        What the page begins with.
    results : dict
        Every answer that it can give.
    library : bytes
        The script that draws charts.
    """
    css = PAGE_FOLDER.joinpath("style.css").read_text(encoding="utf-8")
    page = render_index(start)
    rules = f'<meta http-equiv="Content-Security-Policy" content="{OFFLINE_SECURITY_POLICY}">'
    swaps = {
        '<link rel="icon" href="/icon.svg" type="image/svg+xml">': rules,
        '<link rel="stylesheet" href="/style.css">': f"<style>\n{css}</style>",
        '<script type="module" src="/js/main.js"></script>': "",
        "</body>": "\n".join(
            (
                json_script_block("embedded", results),
                f"<script>{escape_script(library.decode())}</script>",
                f'<script type="module">\n{escape_script(bundle_modules())}</script>',
                "</body>",
            )
        ),
    }
    for old, new in swaps.items():
        if page.count(old) != 1:
            raise ValueError(f"the page has no '{old}', or several")
        page = page.replace(old, new)
    return page
