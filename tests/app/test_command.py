"""`qispread app`: an address, a page, and an end."""

import http.client
import importlib.util
import os
import signal
import socket
import subprocess
import sys

import pytest

from patience import PATIENCE
from qispread.inputs.errors import InputError
from qispread.interfaces.cli.main import main
from qispread.interfaces.page.server import HOST, bind_socket

COMMAND = [sys.executable, "-m", "qispread.interfaces.cli.main", "app", "--no-browser"]


@pytest.fixture
def scenario(tmp_path):
    """Return the path of a small scenario."""
    path = tmp_path / "tiny.yaml"
    path.write_text("name: tiny\nhorizon: 6\nreplicates: 2\norganisations: {number: 8, partnerships: 2, regions: 1}\n")
    return path


def test_it_says_its_address_answers_there_and_ends_with_an_interrupt(scenario):
    running = subprocess.Popen([*COMMAND, str(scenario), "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        said = running.stdout.readline()
        assert said.startswith("tiny: http://127.0.0.1:")
        connection = http.client.HTTPConnection(HOST, int(said.split(":")[3].split("/")[0]), timeout=PATIENCE)
        connection.request("GET", "/")
        assert b"<title>qispread" in connection.getresponse().read()
        connection.close()
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 0
        assert running.stdout.read().strip() == "Stopped."
    finally:
        running.kill()
        running.stdout.close()
        running.wait()


def test_a_port_that_is_taken_is_passed_over_unless_it_was_asked_for(monkeypatch):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("qispread.interfaces.page.server.PORT", port)
        with bind_socket(None) as other:
            assert other.getsockname()[1] != port
        with pytest.raises(InputError, match=f"port {port} is not available"):
            bind_socket(port)


def test_nobody_else_can_reach_it():
    with bind_socket(0) as made:
        assert made.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--port", "70000"], "--port: got 70000; needed: a number from 0 to 65535"),
        (["nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--replicates", "5000"], "replicates: got 5,000; the page allows at most 1,000"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_served(capsys, typed, said):
    assert main(["app", "--no-browser", *typed]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_without_the_extra_it_says_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "uvicorn" else True)
    assert main(["app", "--no-browser"]) == 2
    assert "pip install 'qispread[app]'" in " ".join(capsys.readouterr().err.split())


def test_the_first_look_at_the_command_line_loads_no_server():
    code = "import sys, qispread.interfaces.cli.main as c; c.build_parser()\n"
    code += "print({'starlette', 'uvicorn'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert found.stdout.strip() == "set()"


def test_mesas_page_lives_one_world(capsys):
    assert main(["app", "--mesa", "--replicates", "3"]) == 2
    assert "--replicates: does not apply to --mesa" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("solara") is not None, reason="the extra `solara` is installed")
def test_mesas_page_names_the_extra_that_it_needs(scenario, capsys):
    assert main(["app", "--mesa", str(scenario)]) == 2
    assert "pip install 'qispread[solara]'" in capsys.readouterr().err
