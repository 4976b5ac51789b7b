"""A server of a small scenario, asked as a browser asks it, and a browser."""

import http.client
import json
import threading
from types import SimpleNamespace

import pytest

from browser_client import PageVisitor
from optional import launch, require
from patience import PATIENCE
from result_fixtures import small_scenario

require("starlette", "app")
require("uvicorn", "app")

WORLDS = 120
WORLDS_OF_LESSONS = 60
"""Fewer than on the page, so that all lessons are lived through in seconds: the first of the same worlds."""


@pytest.fixture(scope="session")
def start():
    """Return the scenario that the page opens with: enough worlds for an answer in two parts."""
    return small_scenario(replicates=WORLDS)


@pytest.fixture(scope="session")
def serve_scenario():
    """Return what serves a scenario: its port and its server, until the session ends."""
    from qispread.interfaces.page.server import bind_socket, create_server

    running = []

    def serve(scenario):
        ready, made = threading.Event(), bind_socket(0)
        server = create_server(scenario, ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [made]}, daemon=True)
        thread.start()
        assert ready.wait(PATIENCE)
        running.append((server, thread, made))
        port = made.getsockname()[1]
        return SimpleNamespace(port=port, url=f"http://127.0.0.1:{port}/", page=server.config.app)

    yield serve
    for server, thread, made in running:
        server.should_exit = True
        thread.join(20)
        made.close()


@pytest.fixture(scope="session")
def server(serve_scenario, start):
    """Return a server of the small scenario."""
    return serve_scenario(start)


@pytest.fixture(scope="session")
def send_request(server):
    """Return what asks the server: status, headers and body."""

    def asked(path, question=None, *, method="POST", headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        sent = body if body is not None else json.dumps(question or {}).encode()
        kind = {"content-type": "application/json"} if method == "POST" else {}
        try:
            connection.request(method, path, sent if method == "POST" else None, {**kind, **(headers or {})})
            answer = connection.getresponse()
            return SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())
        finally:
            connection.close()

    return asked


@pytest.fixture(scope="session")
def read_lines(send_request):
    """Return what asks the server and reads its answer line by line."""

    def asked(path, question):
        answer = send_request(path, question)
        assert answer.status == 200, answer.body
        return [json.loads(line) for line in answer.body.splitlines()]

    return asked


@pytest.fixture(scope="module")
def browser():
    """Return a browser."""
    with require("playwright.sync_api", "test").sync_playwright() as started:
        opened = launch(started)
        yield opened
        opened.close()


@pytest.fixture
def open_visitor(browser, server):
    """Return what lets visitors come; they leave at the end."""
    came = []

    def visited(address="", **how):
        came.append(PageVisitor(browser, server.url, **how))
        return came[-1].open(address)

    yield visited
    for one in came:
        one.close()


@pytest.fixture(scope="session")
def fewer_replicates():
    """Let lessons live through fewer worlds than on the page."""
    from qispread.interfaces.page.default_scenario import default_scenario
    from qispread.interfaces.page.teaching import budget, lesson

    patch = pytest.MonkeyPatch()
    small = default_scenario().replace(replicates=WORLDS_OF_LESSONS)
    for module in (budget, lesson):
        patch.setattr(module, "default_scenario", lambda: small)
    lesson.lesson_scenario.cache_clear()
    yield small
    patch.undo()
    lesson.lesson_scenario.cache_clear()
