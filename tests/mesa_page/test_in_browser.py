"""Mesa's page in a real browser, as it is served: played, changed, shared by two, and in touch with nobody else."""

import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from optional import launch, require
from patience import BROWSER_PATIENCE

pytestmark = pytest.mark.slow

SERVE = """
import result_fixtures
from qispread.interfaces.mesa_page import serve
raise SystemExit(serve(result_fixtures.small_scenario(horizon=6), port=0, open_browser=False))
"""
MONTH = re.compile(r"Month (\d+) of 6")


@pytest.fixture(scope="module")
def blocked_proxy():
    """Return the address of a proxy that answers nothing, and how often it was asked."""
    asked, door = [], socket.create_server(("127.0.0.1", 0))

    def count():
        while True:
            try:
                caller, _ = door.accept()
            except OSError:
                return
            asked.append(caller.recv(200))
            caller.close()

    threading.Thread(target=count, daemon=True).start()
    yield f"http://127.0.0.1:{door.getsockname()[1]}", asked
    door.close()


@pytest.fixture(scope="module")
def page_url(blocked_proxy, tmp_path_factory):
    """Return the address of the page, whose server can reach the internet through the proxy alone."""
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), blocked_proxy[0])
    here = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])}
    home = {"SOLARA_HOME": str(tmp_path_factory.mktemp("home"))}
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True, env={**os.environ, **proxies, **here, **home}
    ) as server:
        yield re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())[0]
        server.terminate()


@pytest.fixture(scope="module")
def browser():
    require("solara", "solara")
    with require("playwright.sync_api", "test").sync_playwright() as started:
        opened = launch(started)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser, page_url):
    """Return what opens the page anew, as somebody else."""
    opened = []

    def visit():
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(BROWSER_PATIENCE)
        page.asked, page.complaints = [], []
        page.on("response", lambda answer: page.asked.append((answer.url, answer.status)))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(page_url)
        page.wait_for_selector("svg circle")
        return page

    yield visit
    for context in opened:
        context.close()


def shown_month(page):
    """Return the month that the map shows."""
    return int(MONTH.search(page.locator("svg[role=img]").first.get_attribute("aria-label"))[1])


def press_button(page, name, *, until):
    """Press a button, and wait until the map shows a month."""
    page.get_by_role("button", name=name).click()
    page.wait_for_selector(f'svg[role=img][aria-label^="Month {until} of"]')


def test_step_reset_and_play_move_one_visitors_model_alone(open_page, blocked_proxy, page_url):
    first, second = open_page(), open_page()
    press_button(first, "Step", until=1)
    press_button(first, "Step", until=2)
    assert (shown_month(first), shown_month(second)) == (2, 0)
    press_button(first, "Reset", until=0)
    press_button(first, "▶", until=6)
    assert first.get_by_role("button", name="Step").is_disabled()
    assert shown_month(second) == 0
    assert first.locator("svg circle title").first.text_content()
    for page in (first, second):
        assert not page.complaints
        assert {url for url, _ in page.asked if not url.startswith(page_url)} == set()
        assert [(url, status) for url, status in page.asked if status >= 400] == []
    assert not blocked_proxy[1]


def test_sliders_and_policies_act_at_reset_their_meaning_is_told_and_colour_can_be_the_stage(open_page):
    page = open_page()
    page.get_by_text("fidelity", exact=True).first.click()
    page.get_by_role("option", name="stage").click()
    page.wait_for_selector("text=implementing")
    press_button(page, "Step", until=1)
    page.wait_for_selector('svg[role=img] circle[fill="#4fa3d1"]')
    slider = page.get_by_role("slider", name="copying: copy loss")
    slider.focus()
    slider.press("ArrowLeft")
    page.get_by_text("no new policy").click()
    page.get_by_role("option", name="coaching").click()
    assert page.get_by_text("Changed: nothing.").count() == 1
    page.get_by_role("button", name="Reset").click()
    page.wait_for_selector("text=/Changed: coaching; copying: copy loss 0.5\\d* instead of 0.6/")
    page.get_by_role("tab", name="Page 1").click()
    last = page.locator("table tr").last
    last.scroll_into_view_if_needed()
    assert last.is_visible()
    assert page.get_by_text("Loss of core components at each copy").count() == 1
    assert not page.complaints
