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
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.page_parameters import list_parameters
from qispread.interfaces.page.teaching.lesson_api import describe_lessons
from qispread.outputs.figures.palette import FIDELITY_COLOURS, STAGE_COLOURS

CONTENT_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
BUNDLE_SCRIPT = """
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
class StaticFile:
    """A file of the page.

    Attributes
    ----------
    content : bytes
    content_type : str
        Its media type.
    etag : str
        Another for another content.
    """

    content: bytes
    content_type: str
    etag: str

    def respond(self, request: Request) -> Response:
        """Return the file, or word that the browser has it already."""
        headers = {"etag": self.etag, "cache-control": NO_CACHE}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.content_type, headers=headers)


def make_static_file(content: bytes, content_type: str) -> StaticFile:
    """Return a file of the page from its content."""
    return StaticFile(content, content_type, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


def load_static_files() -> dict[str, StaticFile]:
    """Return the files of the page that are sent as they are, by the path under which they are asked for."""
    return {f"/{path}": one for path, one in collect_files(files("qispread.interfaces.page").joinpath("static"), "")}


def collect_files(folder: Traversable, before: str) -> list[tuple[str, StaticFile]]:
    """Return the files of a folder and of those in it, by path."""
    found = []
    for one in folder.iterdir():
        ending = one.name.rsplit(".", 1)[-1]
        if one.is_dir():
            found += collect_files(one, f"{before}{one.name}/")
        elif ending in CONTENT_TYPES and ending != "html":
            found.append((f"{before}{one.name}", make_static_file(one.read_bytes(), CONTENT_TYPES[ending])))
    return found


def initial_page_data(scenario: Scenario) -> dict[str, Any]:
    """Return what the page must know to begin: what can be changed, and the colours of the map."""
    colours = {"fidelity": FIDELITY_COLOURS, "stage": STAGE_COLOURS}
    parameters = list_parameters(scenario)
    return {"version": __version__, "colours": colours, "parameters": parameters, "lessons": describe_lessons()}


def render_index(start: dict[str, Any]) -> str:
    """Return the page with the data it begins with inside."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("qispread.interfaces.page", "static"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    # In a data block a browser looks for nothing but the end of its element.
    data = json.dumps(start, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return environment.get_template("index.html").render(start=data)


async def bundle_vega() -> StaticFile:
    """Return the library that draws the charts: it takes a second to put together, and would keep Python's lock."""
    # In a session of its own: a stop from the keyboard is for who asks, even before it can be ignored.
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUNDLE_SCRIPT, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    content, _ = await running.communicate()
    if running.returncode:
        raise RuntimeError("the library that draws the charts could not be put together")
    return make_static_file(content, CONTENT_TYPES["js"])


class VegaBundle:
    """The library that draws the charts, put together once while the page is shown already."""

    def __init__(self) -> None:
        self._made: asyncio.Task[StaticFile] | None = None

    def start_build(self) -> None:
        """Begin to put it together."""
        self._made = asyncio.create_task(bundle_vega())

    async def respond(self, request: Request) -> Response:
        """Return it as soon as it is there."""
        if self._made is None:
            self.start_build()
        made = self._made
        if made is None:
            raise RuntimeError("nothing was begun")
        return (await asyncio.shield(made)).respond(request)
