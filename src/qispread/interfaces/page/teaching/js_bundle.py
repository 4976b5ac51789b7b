"""Bundles the page into one HTML file: modules, styles, chart library and data."""

import json
import re
from importlib.resources import files
from typing import Any

from qispread.interfaces.page.static_files import render_index

JS_IMPORT = re.compile(r'^import \{(?P<names>[^}]+)\} from "\./(?P<module>\w+)\.js";\n', re.MULTILINE)
JS_EXPORT = re.compile(r"^export (?=(?:async )?(?:class|const|function\*?) (?P<name>\w+))", re.MULTILINE)
PAGE_FOLDER = files("qispread.interfaces.page").joinpath("static")
REPLACED_MODULES = {"api_client": "offline_client"}
"""Modules that the single file replaces, and their replacements."""
OFFLINE_SECURITY_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'none'; base-uri 'none'; form-action 'none'"
)
"""Forbids every request, so that the browser itself keeps the file offline."""


def read_module(name: str) -> str:
    """Read the source of a JavaScript module."""
    return PAGE_FOLDER.joinpath("js", f"{REPLACED_MODULES.get(name, name)}.js").read_text(encoding="utf-8")


def dependency_order(name: str, visited: dict[str, str]) -> dict[str, str]:
    """Return the source of a module and its dependencies by name, dependencies first."""
    if name not in visited:
        text = read_module(name)
        for match in JS_IMPORT.finditer(text):
            dependency_order(match["module"], visited)
        visited[name] = text
    return visited


def wrap_module(name: str, text: str) -> str:
    """Return a module as an immediately invoked function that returns its exports.

    Browsers refuse to load separate modules from a file.
    """
    names = [match["name"] for match in JS_EXPORT.finditer(text)]
    body = JS_IMPORT.sub(lambda match: f"const {{{match['names']}}} = module_{match['module']};\n", text)
    body = JS_EXPORT.sub("", body)
    return f"const module_{name} = (() => {{\n{body}\nreturn {{ {', '.join(names)} }};\n}})();\n"


def bundle_modules() -> str:
    """Return all modules of the page as one script."""
    return "".join(wrap_module(name, text) for name, text in dependency_order("main", {}).items())


def escape_script(script: str) -> str:
    """Escape a script so that it cannot close its element or open an HTML comment."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def json_script_block(name: str, data: dict[str, Any]) -> str:
    """Return data as a JSON script element."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def render_single_file(start: dict[str, Any], results: dict[str, Any], library: bytes) -> str:
    """Render the page as one HTML file.

    Parameters
    ----------
    start : dict
        Initial data of the page.
    results : dict
        Precomputed results.
    library : bytes
        The chart library.
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
                json_script_block("stored-results", results),
                f"<script>{escape_script(library.decode())}</script>",
                f'<script type="module">\n{escape_script(bundle_modules())}</script>',
                "</body>",
            )
        ),
    }
    for old, new in swaps.items():
        if page.count(old) != 1:
            raise ValueError(f"the page must contain '{old}' exactly once")
        page = page.replace(old, new)
    return page
