"""Static files of the page, in memory, with ETags; the HTML page; the chart library."""

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
"""Bundles the chart library; ends silently if its reader has closed the pipe."""
NO_CACHE = "no-cache"
"""Browsers cache a file and revalidate it on each request."""


@dataclass(frozen=True)
class StaticFile:
    """A file of the page.

    Attributes
    ----------
    content : bytes
    content_type : str
        Media type.
    etag : str
        Hash of the content.
    """

    content: bytes
    content_type: str
    etag: str

    def respond(self, request: Request) -> Response:
        """Return the file, or 304 if the browser has it already."""
        headers = {"etag": self.etag, "cache-control": NO_CACHE}
        if request.headers.get("if-none-match") == self.etag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.content_type, headers=headers)


def make_static_file(content: bytes, content_type: str) -> StaticFile:
    """Return a static file with its ETag."""
    return StaticFile(content, content_type, f'"{hashlib.sha256(content).hexdigest()[:20]}"')


def load_static_files() -> dict[str, StaticFile]:
    """Load all static files, by URL path."""
    return {f"/{path}": file for path, file in collect_files(files("qispread.interfaces.page").joinpath("static"), "")}


def collect_files(folder: Traversable, prefix: str) -> list[tuple[str, StaticFile]]:
    """Return the static files of a folder and its subfolders, with their paths."""
    collected = []
    for entry in folder.iterdir():
        suffix = entry.name.rsplit(".", 1)[-1]
        if entry.is_dir():
            collected += collect_files(entry, f"{prefix}{entry.name}/")
        elif suffix in CONTENT_TYPES and suffix != "html":
            collected.append((f"{prefix}{entry.name}", make_static_file(entry.read_bytes(), CONTENT_TYPES[suffix])))
    return collected


def render_index(start: dict[str, Any]) -> str:
    """Render the HTML page with its initial data embedded."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("qispread.interfaces.page", "static"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    # The only markup that a browser recognises inside a data block is the end of its element.
    data = json.dumps(start, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return environment.get_template("index.html").render(start=data)


async def bundle_vega() -> StaticFile:
    """Bundle the chart library in a subprocess, since it takes a second and would hold the interpreter lock."""
    # In a new session, so that Ctrl-C does not reach the subprocess.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUNDLE_SCRIPT, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    content, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("the chart library could not be bundled")
    return make_static_file(content, CONTENT_TYPES["js"])


class VegaBundle:
    """The chart library, bundled once in the background."""

    def __init__(self) -> None:
        self._bundle: asyncio.Task[StaticFile] | None = None

    def start_build(self) -> None:
        """Start bundling."""
        self._bundle = asyncio.create_task(bundle_vega())

    async def respond(self, request: Request) -> Response:
        """Return the library as soon as it is bundled."""
        if self._bundle is None:
            self.start_build()
        bundle = self._bundle
        if bundle is None:
            raise RuntimeError("bundling was not started")
        return (await asyncio.shield(bundle)).respond(request)
