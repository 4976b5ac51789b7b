"""Starting the server on this computer, and stopping it."""

import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario
from qispread.interfaces.page.routes import create_application

HOST, PORT = "127.0.0.1", 8765
MAX_PORT = 65_535
SHUTDOWN_SECONDS = 1
"""Seconds that visitors have to finish when the server stops."""


class ReadyServer(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self.ready()


def bind_socket(port: int | None) -> socket.socket:
    """Return a socket of this computer alone: at a port, or at the usual one or any that is free where none is given.

    Raises
    ------
    InputError
        For a port that is none, or that another program has.
    """
    if port is not None and not 0 <= port <= MAX_PORT:
        raise InputError([Fault("--port", f"got {port}; needed: a number from 0 to {MAX_PORT}")])
    for wanted in (port,) if port is not None else (PORT, 0):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, wanted))
        except OSError as error:
            made.close()
            problem = f"port {wanted} cannot be had: {error.strerror}; leave --port out to take any that is free"
        else:
            return made
    raise InputError([Fault("--port", problem)])


def page_address(socket: socket.socket) -> str:
    """Return the address of a page that is served at a socket."""
    return f"http://{HOST}:{socket.getsockname()[1]}/"


def create_server(start: Scenario, ready: Callable[[], object] = lambda: None) -> ReadyServer:
    """Return a server of the page: its `run` takes the sockets that it answers at, and ends when it is interrupted.

    Parameters
    ----------
    start : Scenario
        With which the page opens.
    ready : callable
        Called once the page answers.

    Raises
    ------
    InputError
        For a scenario that is too large for the page.
    """
    options: dict[str, Any] = {"http": "h11", "ws": "none", "lifespan": "on", "loop": "asyncio"}
    config = uvicorn.Config(
        create_application(start),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        **options,
    )
    return ReadyServer(config, ready)
