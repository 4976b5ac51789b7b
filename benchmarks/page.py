"""Measure the page: first paint, a slider move to new curves on the screen, and thirty visitors at once.

`python benchmarks/page.py` prints a table; it needs the extra `app`, Playwright and a Chromium.
"""

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from run import BenchmarkResult, BenchmarkSize, markdown_table

CHROMIUM = "/usr/bin/chromium"
PORT, VISITORS, MOVES = 8899, 30, 25
PAUSE = 6.0
"""Seconds between two moves of a visitor of a class, on average."""
BROWSER = ("First paint", "A slider to the first curves", "A slider to the curves of all runs")
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


def start_server(port: int) -> tuple[subprocess.Popen, float]:
    """Start the server and return it with the seconds until it answers."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "qispread.interfaces.cli.main", "app", "--no-browser", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    server.stdout.readline()
    return server, time.perf_counter() - begin


def request_comparison(port: int, setting: dict) -> tuple[float, float]:
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


def unique_setting(number: int) -> dict:
    """Return a setting that nobody else has asked about."""
    return {"policies": {"coaching": {"support": round(0.3 + 0.000001 * number, 6)}}}


def simultaneous_waits(port: int, first: int) -> list[tuple[float, float]]:
    """Return what visitors wait who all ask at the same moment about different settings."""
    with ThreadPoolExecutor(VISITORS) as pool:
        return list(pool.map(lambda number: request_comparison(port, unique_setting(first + number)), range(VISITORS)))


def class_waits(port: int, first: int, moves: int) -> list[tuple[float, float]]:
    """Return what visitors wait who each move a slider now and then, to a setting that nobody else has asked about."""

    def visitor(number: int) -> list[tuple[float, float]]:
        chance, waited = Random(number), []
        for move in range(moves):
            time.sleep(chance.uniform(0.0, 2.0 * PAUSE))
            waited.append(request_comparison(port, unique_setting(first + number * moves + move)))
        return waited

    with ThreadPoolExecutor(VISITORS) as pool:
        return [one for some in pool.map(visitor, range(VISITORS)) for one in some]


def browser_timings(port: int, moves: int) -> dict[str, list[float]]:
    """Return milliseconds to the first paint, and from a slider to new curves: the first, and those of all worlds."""
    from playwright.sync_api import sync_playwright

    found = {name: [] for name in BROWSER}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(3):
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(f"http://127.0.0.1:{port}/#coaching")
            page.wait_for_selector("#result[aria-busy=false]")
            page.wait_for_selector("#chart-effect svg")
            found[BROWSER[0]].append(page.evaluate(FIRST_PAINT))
        values = [0.31 + 0.01 * place for place in range(59)]
        Random(1).shuffle(values)
        for value in values[:moves]:
            page.wait_for_timeout(400)
            first, whole = page.evaluate(MOVE, [round(value, 3), "200"])
            found[BROWSER[1]].append(first)
            found[BROWSER[2]].append(whole)
        browser.close()
    return found


def offline_file_timing() -> list[BenchmarkResult]:
    """Return how long the file without a server takes to write, and how large it is."""
    with tempfile.TemporaryDirectory() as folder:
        path, begin = Path(folder) / "lessons.html", time.perf_counter()
        command = [sys.executable, "-m", "qispread.interfaces.cli.main", "lesson", "--html", str(path)]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command
        seconds = time.perf_counter() - begin
        return [
            BenchmarkResult("`qispread lesson --html`, written in", [seconds], " s"),
            BenchmarkResult("`qispread lesson --html`, size", [path.stat().st_size / 1e6], " MB"),
        ]


def thirty_visitors_waits(port: int, moves: int) -> list[BenchmarkResult]:
    """Return what thirty visitors wait: all at the same moment, and as a class does."""
    results = []
    for name, waits in (
        (f"{VISITORS} visitors who move a slider at the same moment", simultaneous_waits(port, 10_000)),
        (f"{VISITORS} visitors, each moving a slider every {PAUSE:g} s", class_waits(port, 20_000, moves)),
    ):
        first, whole = zip(*waits, strict=True)
        results += [BenchmarkResult(f"{name}: first curves", list(first), " s", ("at most", 1.0))]
        results += [BenchmarkResult(f"{name}: curves of all runs", list(whole), " s", ("at most", 1.0))]
    return results


def measure_page(quick: bool) -> list[BenchmarkResult]:
    """Return all that is measured of the page."""
    moves = 5 if quick else MOVES
    server, seconds = start_server(PORT)
    try:
        request_comparison(PORT, {})
        results = [BenchmarkResult("`qispread app` answers after", [seconds], " s")]
        if Path(CHROMIUM).exists():
            targets = dict.fromkeys(BROWSER, ("at most", 400.0)) | {BROWSER[0]: ("at most", 3000.0)}
            found = browser_timings(PORT, moves).items()
            results += [BenchmarkResult(name, values, " ms", targets[name]) for name, values in found]
        results += thirty_visitors_waits(PORT, max(2, moves // 5))
    finally:
        server.terminate()
        server.wait()
    return results if quick else results + offline_file_timing()


def benchmark_section(effort: BenchmarkSize) -> str:
    """Measure the page and return its section of docs/benchmarks.md."""
    rows = [result.markdown_row for result in measure_page(effort != BenchmarkSize())]
    return f"""## The page

`qispread app` as it opens: 200 runs of 152 organisations over 120 months, a policy's slider moved to {MOVES} settings
without cached results, in headless Chromium at 1280 by 800; then the same request from {VISITORS} visitors, as
fast as the server answers. First curves are of the first 50 runs. Medians, with the lowest and the highest.

{markdown_table(["What", "Median (range)", "Target", "Met"], rows)}
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="take a fast look, and write no file")
    print(benchmark_section(BenchmarkSize(rounds=2) if parser.parse_args().quick else BenchmarkSize()))
