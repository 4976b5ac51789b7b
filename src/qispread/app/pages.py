"""The files of the page, kept in memory and told apart by a mark of their content."""

import asyncio
import hashlib
import json
import sys
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import Response

from qispread import __version__
from qispread.app.parameters import parameters_of
from qispread.app.teaching.telling import lessons_told
from qispread.config.scenario import Scenario
from qispread.figures.palette import FIDELITY_COLOURS, STAGE_COLOURS

KINDS = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
BUNDLE = """
import signal, sys
if hasattr(signal, "SIGPIPE"):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
import vl_convert
sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())
"""
"""Ends without a word where nobody reads it any more."""
NO_CACHE = "no-cache"
"""Browsers keep a file and ask each time whether it is still the same."""


@dataclass(frozen=True)
class Asset:
    """A file of the page.

    Attributes
    ----------
    content : bytes
    kind : str
        Its media type.
    mark : str
        Another for another content.
    """

    content: bytes
    kind: str
    mark: str

    def answer(self, request: Request) -> Response:
        """Return the file, or word that the browser has it already."""
        headers = {"etag": self.mark, "cache-control": NO_CACHE}
        if request.headers.get("if-none-match") == self.mark:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.kind, headers=headers)


def asset(content: bytes, kind: str) -> Asset:
    """Return a file of the page from its content."""
    return Asset(content, kind, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


def assets() -> dict[str, Asset]:
    """Return the files of the page that are sent as they are, by the path under which they are asked for."""
    return {f"/{path}": one for path, one in found_in(files("qispread.app").joinpath("page"), "")}


def found_in(folder: Traversable, before: str) -> list[tuple[str, Asset]]:
    """Return the files of a folder and of those in it, by path."""
    found = []
    for one in folder.iterdir():
        ending = one.name.rsplit(".", 1)[-1]
        if one.is_dir():
            found += found_in(one, f"{before}{one.name}/")
        elif ending in KINDS and ending != "html":
            found.append((f"{before}{one.name}", asset(one.read_bytes(), KINDS[ending])))
    return found


def start_data(scenario: Scenario) -> dict[str, Any]:
    """Return what the page must know to begin: what can be changed, and the colours of the map."""
    colours = {"fidelity": FIDELITY_COLOURS, "stage": STAGE_COLOURS}
    parameters = parameters_of(scenario)
    return {"version": __version__, "colours": colours, "parameters": parameters, "lessons": lessons_told()}


def page_html(start: dict[str, Any]) -> str:
    """Return the page with the data it begins with inside."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("qispread.app", "page"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    # In a data block a browser looks for nothing but the end of its element.
    data = json.dumps(start, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return environment.get_template("index.html").render(start=data)


async def charting() -> Asset:
    """Return the library that draws the charts: it takes a second to put together, and would keep Python's lock."""
    # In a session of its own: a stop from the keyboard is for who asks, even before it can be ignored.
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUNDLE, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    content, _ = await running.communicate()
    if running.returncode:
        raise RuntimeError("the library that draws the charts could not be put together")
    return asset(content, KINDS["js"])


class Charting:
    """The library that draws the charts, put together once while the page is shown already."""

    def __init__(self) -> None:
        self._made: asyncio.Task[Asset] | None = None

    def begin(self) -> None:
        """Begin to put it together."""
        self._made = asyncio.create_task(charting())

    async def answer(self, request: Request) -> Response:
        """Return it as soon as it is there."""
        if self._made is None:
            self.begin()
        made = self._made
        if made is None:
            raise RuntimeError("nothing was begun")
        return (await asyncio.shield(made)).answer(request)
