"""Render Vega-Lite specifications in a process of its own: the converter holds the global interpreter lock."""

import base64
import json
import re
import signal
import subprocess
import sys
from typing import Any

PNG_SCALE = 2
"""Pixels of a PNG for each pixel of the SVG."""
DECIMALS = re.compile(r"(-?\d+\.\d)\d+")
POSITION_ATTRIBUTES = re.compile(r'(?<= )(?:d|transform|x|y|x1|x2|y1|y2)="[^"]*"')
ARIA_ATTRIBUTES = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
ID_ATTRIBUTES = re.compile(r'(?<= id=")[^"]+(?=")')
EMPTY_CHART = {"data": {"values": [{}]}, "mark": "point"}
"""A minimal chart, to warm up the converter."""


class VegaRenderer:
    """A process that renders charts one after another; it warms up in the background."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "qispread.outputs.figures.vega_renderer"]
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # An interrupt from the keyboard is for the parent process only.
            start_new_session=True,
        )

    def render(self, specification: dict[str, Any], name: str) -> tuple[str, bytes]:
        """Return a specification as SVG and PNG; ids in the SVG begin with `name`.

        Raises
        ------
        RuntimeError
            Where the converter fails, with its message.
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
    """Return the answer to one request: SVG and PNG, or the error."""
    import vl_convert

    try:
        svg = minify_svg(str(vl_convert.vegalite_to_svg(request["specification"])), request["name"])
        png = base64.b64encode(bytes(vl_convert.svg_to_png(svg, scale=PNG_SCALE))).decode("ascii")
    except ValueError as error:
        return {"error": str(error)}
    return {"svg": svg, "png": png}


def minify_svg(svg: str, name: str) -> str:
    """Return an SVG with coordinates to a tenth of a pixel, and ids that are unique to the figure."""
    for index, old in enumerate(dict.fromkeys(ID_ATTRIBUTES.findall(svg))):
        new = f"{name}-{index}"
        svg = svg.replace(f'id="{old}"', f'id="{new}"').replace(f"url(#{old})", f"url(#{new})")
    svg = ARIA_ATTRIBUTES.sub("", svg)
    return POSITION_ATTRIBUTES.sub(lambda match: DECIMALS.sub(r"\1", match[0]), svg)


def serve_requests() -> None:
    """Answer requests, one line each, until input or output is closed."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    render_request({"specification": EMPTY_CHART, "name": "nothing"})
    for line in sys.stdin:
        sys.stdout.write(json.dumps(render_request(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve_requests()
