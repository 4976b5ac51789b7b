"""The page in a real browser: everything is drawn, fits the screen, asks for nothing and prints."""

import shutil
import subprocess

import pytest

from optional import launch, require

BOXES = """[...document.querySelectorAll('svg')].map(one => {
    const box = one.getBoundingClientRect(); return [box.left, box.right, box.width, box.height]; })"""


@pytest.fixture(scope="module")
def browser():
    """Return a browser."""
    with require("playwright.sync_api", "test").sync_playwright() as started:
        opened = launch(started)
        yield opened
        opened.close()


@pytest.mark.quick_cases(1)
@pytest.mark.parametrize("width", [1280, 390])
def test_every_picture_is_drawn_within_the_screen_and_nothing_is_asked_for(browser, written_report, width):
    asked, complaints = [], []
    page = browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=True)
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((written_report.folder / "report.html").as_uri())
    boxes = page.evaluate(BOXES)
    assert len(boxes) == sum(path.suffix == ".svg" for path in written_report.paths)
    for left, right, across, down in boxes:
        assert across > 100
        assert down > 40
        assert left >= 0
        assert right <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert len(asked) == 1
    assert not complaints
    page.close()


FIRST_CHARTS = {
    "Use and replication of the effect": "Using the intervention",
    "Cost-effectiveness": "Probability of being cost-effective",
    "Maps of one run": "Key: fidelity of users",
    "Response of adopters": "Share of organisations that ever adopted",
    "Robustness to uncertain assumptions": "Share of models",
}
"""Headings, each with words of its first chart."""


@pytest.mark.slow
def test_on_paper_a_heading_stands_on_the_page_of_its_chart(browser, written_report, tmp_path):
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not there")
    page = browser.new_page()
    page.goto((written_report.folder / "report.html").as_uri())
    # Pages of several lengths, so that their ends fall in many places.
    for height in ("297mm", "279mm", "250mm", "230mm"):
        page.add_style_tag(content=f"@media print {{ @page {{ size: 210mm {height}; }} }}")
        page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
        text = subprocess.run(["pdftotext", tmp_path / "report.pdf", "-"], capture_output=True, check=True, text=True)  # noqa: S607
        for heading, words in FIRST_CHARTS.items():
            assert any(
                heading in one and words in one.replace("\N{NO-BREAK SPACE}", " ") for one in text.stdout.split("\f")
            ), (height, heading)
    page.close()


@pytest.mark.slow
def test_it_prints(browser, written_report):
    page = browser.new_page()
    page.goto((written_report.folder / "report.html").as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    page.close()
