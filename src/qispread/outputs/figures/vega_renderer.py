"""Pictures of Vega-Lite specifications, in a process of its own: the converter keeps Python's lock while it works."""

import base64
import json
import re
import signal
import subprocess
import sys
from typing import Any

PNG_SCALE = 2
"""Pixels of a PNG for one of the SVG."""
DECIMALS = re.compile(r"(-?\d+\.\d)\d+")
POSITION_ATTRIBUTES = re.compile(r'(?<= )(?:d|transform|x|y|x1|x2|y1|y2)="[^"]*"')
ARIA_ATTRIBUTES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
ID_ATTRIBUTES = re.compile(r'(?<= id=")[^"]+(?=")')
EMPTY_CHART = {"data": {"values": [{}]}, "mark": "point"}
"""The least chart, for the converter to get ready on."""


class VegaRenderer:
    """A process that makes pictures, one after the other; it gets ready while others work."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "qispread.outputs.figures.vega_renderer"]
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # A stop from the keyboard is for who asks, even before the process can ignore it.
            start_new_session=True,
        )

    def render(self, specification: dict[str, Any], name: str) -> tuple[str, bytes]:
        """Return a specification as SVG and PNG; ids in the SVG begin with `name`.

        Raises
        ------
        RuntimeError
            Where the converter cannot make it, with what it says.
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the converter has no pipes")
        self.process.stdin.write(json.dumps({"specification": specification, "name": name}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the converter ended"}
        if "error" in answer:
            raise RuntimeError(f"{name}: {answer['error']}")
        return answer["svg"], base64.b64decode(answer["png"])

    def close(self) -> None:
        """End the process."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait()


def render_request(request: dict[str, Any]) -> dict[str, str]:
    """Return the answer to one request: SVG and PNG, or why there is none."""
    import vl_convert

    try:
        svg = minify_svg(str(vl_convert.vegalite_to_svg(request["specification"])), request["name"])
        png = base64.b64encode(bytes(vl_convert.svg_to_png(svg, scale=PNG_SCALE))).decode("ascii")
    except ValueError as error:
        return {"error": str(error)}
    return {"svg": svg, "png": png}


def minify_svg(svg: str, name: str) -> str:
    """Return an SVG with its places to a tenth of a pixel, and ids that no other figure has."""
    for place, old in enumerate(dict.fromkeys(ID_ATTRIBUTES.findall(svg))):
        new = f"{name}-{place}"
        svg = svg.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
    svg = ARIA_ATTRIBUTES.sub("", svg)
    return POSITION_ATTRIBUTES.sub(lambda found: DECIMALS.sub(r"\1", found[0]), svg)


def serve_requests() -> None:
    """Answer requests, a line each, until there are no more, or nobody reads the answers."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    render_request({"specification": EMPTY_CHART, "name": "nothing"})
    for line in sys.stdin:
        sys.stdout.write(json.dumps(render_request(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve_requests()
