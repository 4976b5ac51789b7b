"""Take the picture of the page for the README: `python docs/page_picture.py`.

It needs the extras `app` and `test`, Pillow, and Chromium (its path in QISPREAD_CHROMIUM, else /usr/bin/chromium).
"""

import os
import threading
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

import qispread as qs
from qispread.interfaces.page.server import bind_socket, create_server, page_address

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
PICTURE = HERE / "page.png"
CHROMIUM = os.environ.get("QISPREAD_CHROMIUM", "/usr/bin/chromium")
WIDTH, HEIGHT = 1280, 800
SETTING = "#coaching"
"""What is switched on in the address of the page: the coaching policy."""
MONTH = "60"
COLOURS = 128
MAX_BYTES = 200_000
MOVE_TO_MONTH = """month => {
  const slider = document.getElementById("month");
  slider.value = month;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}"""


@contextmanager
def served_page() -> "Iterator[str]":
    """Serve the page with its default scenario, and yield its address."""
    listening, ready = bind_socket(0), threading.Event()
    server = create_server(qs.read_scenario(HERE.parent / "configs/prompt.yaml"), ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        if not ready.wait(timeout=60):
            raise TimeoutError("the page did not answer within a minute")
        yield page_address(listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def take_screenshot(address: str) -> bytes:
    """Return a PNG of the page once all runs are shown and the map is half-way through the first ten years."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}).new_page()
        page.goto(address + SETTING)
        page.wait_for_selector("#result[aria-busy=false]")
        page.wait_for_selector("#chart-effect svg")
        page.evaluate(MOVE_TO_MONTH, MONTH)
        page.wait_for_timeout(1000)
        picture = page.screenshot()
        browser.close()
    return picture


def reduce_colours(picture: bytes) -> bytes:
    """Return a PNG of few colours, which is a third as large and looks the same."""
    reduced = Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    written = BytesIO()
    reduced.save(written, format="PNG", optimize=True)
    return written.getvalue()


def main() -> None:
    """Write the picture, if it is small enough for a README."""
    with served_page() as address:
        reduced = reduce_colours(take_screenshot(address))
    if len(reduced) > MAX_BYTES:
        raise ValueError(f"the picture has {len(reduced):,} bytes; at most {MAX_BYTES:,}: lower COLOURS")
    PICTURE.write_bytes(reduced)
    print(f"{PICTURE}: {len(reduced):,} bytes")


if __name__ == "__main__":
    main()
