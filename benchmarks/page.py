"""Measure the page: first paint, a slider move to new curves on the screen, and thirty visitors at once.

`python benchmarks/page.py` prints a table; it needs the extra `app`, Playwright and a Chromium.
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

CHROMIUM = "/usr/bin/chromium"
PORT, VISITORS, MOVES = 8899, 30, 25
PAUSE = 6.0
"""Seconds between two moves of a visitor of a class, on average."""
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
MOVE = """([value, worlds]) => new Promise(done => {
    const slider = document.querySelector('.strength input[type=range]');
    const charts = ['adoption', 'fidelity', 'effect'].map(one => document.getElementById(`chart-${one}`));
    const begin = performance.now();
    let first = null;
    const look = () => {
        if (first === null && charts.every(one => one.dataset.worlds)) first = performance.now() - begin;
        if (charts.every(one => one.dataset.worlds === worlds)) done([first, performance.now() - begin]);
        else requestAnimationFrame(look);
    };
    charts.forEach(one => { one.dataset.worlds = ''; });
    slider.value = value;
    slider.dispatchEvent(new Event('input'));
    requestAnimationFrame(look);
})"""


def started(port: int) -> tuple[subprocess.Popen, float]:
    """Start the server and return it with the seconds until it answers."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "qispread.cli", "app", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    server.stdout.readline()
    return server, time.perf_counter() - begin


def asked(port: int, setting: dict) -> tuple[float, float]:
    """Ask what a setting comes to; return the seconds to the first curves and to those of all worlds."""
    begin = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", "/api/compare", json.dumps({"setting": setting}), {"content-type": "application/json"})
    answer, times = connection.getresponse(), []
    while line := answer.readline():
        if b'"worlds"' in line[:12]:
            times.append(time.perf_counter() - begin)
    connection.close()
    return times[0], times[-1]


def setting_of(number: int) -> dict:
    """Return a setting that nobody else has asked about."""
    return {"policies": {"coaching": {"support": round(0.3 + 0.000001 * number, 6)}}}


def at_once(port: int, first: int) -> list[tuple[float, float]]:
    """Return what visitors wait who all ask at the same moment about different settings."""
    with ThreadPoolExecutor(VISITORS) as pool:
        return list(pool.map(lambda number: asked(port, setting_of(first + number)), range(VISITORS)))


def a_class(port: int, first: int, moves: int) -> list[tuple[float, float]]:
    """Return what visitors wait who each move a slider now and then, to a setting that nobody else has asked about."""

    def visitor(number: int) -> list[tuple[float, float]]:
        chance, waited = Random(number), []
        for move in range(moves):
            time.sleep(chance.uniform(0.0, 2.0 * PAUSE))
            waited.append(asked(port, setting_of(first + number * moves + move)))
        return waited

    with ThreadPoolExecutor(VISITORS) as pool:
        return [one for some in pool.map(visitor, range(VISITORS)) for one in some]


def in_browser(port: int, moves: int) -> dict[str, list[float]]:
    """Return milliseconds to the first paint, and from a slider to new curves: the first, and those of all worlds."""
    from playwright.sync_api import sync_playwright

    found = {"First paint": [], "Slider to first curves": [], "Slider to curves of all worlds": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(3):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(f"http://127.0.0.1:{port}/#coaching")
            page.wait_for_selector("#result[aria-busy=false]")
            page.wait_for_selector("#chart-effect svg")
            found["First paint"].append(page.evaluate(FIRST_PAINT))
        values = [0.31 + 0.01 * place for place in range(59)]
        Random(1).shuffle(values)
        for value in values[:moves]:
            page.wait_for_timeout(400)
            first, whole = page.evaluate(MOVE, [round(value, 3), "200"])
            found["Slider to first curves"].append(first)
            found["Slider to curves of all worlds"].append(whole)
        browser.close()
    return found


def row(name: str, values: list[float], unit: str) -> str:
    """Return a row of the table: median, lowest and highest."""
    digits = 0 if unit == "ms" else 2
    told = (f"{one:.{digits}f}" for one in (statistics.median(values), min(values), max(values)))
    return f"| {name} | {' | '.join(told)} | {unit} |"


def written_file() -> list[str]:
    """Return the rows of the file without a server: how long it takes to write, and how large it is."""
    with tempfile.TemporaryDirectory() as folder:
        path, begin = Path(folder) / "lessons.html", time.perf_counter()
        command = [sys.executable, "-m", "qispread.cli", "lesson", "--html", str(path)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
        seconds = time.perf_counter() - begin
        return [
            row("File without a server, to write", [seconds], "s"),
            row("File without a server", [path.stat().st_size / 1e6], "MB"),
        ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="take a fast look, and write no file")
    quick = parser.parse_args().quick
    moves = 5 if quick else MOVES
    server, seconds = started(PORT)
    try:
        asked(PORT, {})
        lines = [row("Server answers after", [seconds], "s")]
        if Path(CHROMIUM).exists():
            lines += [row(name, values, "ms") for name, values in in_browser(PORT, moves).items()]
        for name, waits in (
            (f"{VISITORS} visitors at the same moment", at_once(PORT, 10_000)),
            (f"{VISITORS} visitors, a move every {PAUSE:g} s each", a_class(PORT, 20_000, max(2, moves // 5))),
        ):
            first, whole = zip(*waits, strict=True)
            lines += [row(f"{name}: first curves", first, "s"), row(f"{name}: all worlds", whole, "s")]
    finally:
        server.terminate()
        server.wait()
    lines += [] if quick else written_file()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| what | median | lowest | highest | unit |\n|---|---|---|---|---|")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
