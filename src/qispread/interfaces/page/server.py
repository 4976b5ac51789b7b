"""Starting and stopping the page's server on this computer."""

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
"""Seconds that open requests have to finish when the server stops."""


class ReadyServer(uvicorn.Server):
    """A server that calls a function when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving, then call `ready`."""
        await super().startup(sockets)
        if self.started:
            self.ready()


def bind_socket(port: int | None) -> socket.socket:
    """Bind a local socket: at the given port, else at the default port or any free one.

    Raises
    ------
    InputError
        For an invalid port, or one that is in use.
    """
    if port is not None and not 0 <= port <= MAX_PORT:
        raise InputError([Fault("--port", f"got {port}; needed: a number from 0 to {MAX_PORT}")])
    for candidate in (port,) if port is not None else (PORT, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, candidate))
        except OSError as error:
            listener.close()
            problem = f"port {candidate} is not available: {error.strerror}; leave --port out to use any free port"
        else:
            return listener
    raise InputError([Fault("--port", problem)])


def page_address(socket: socket.socket) -> str:
    """Return the URL of the page at a socket."""
    return f"http://{HOST}:{socket.getsockname()[1]}/"


def create_server(start: Scenario, ready: Callable[[], object] = lambda: None) -> ReadyServer:
    """Return a server of the page; its `run` takes the sockets to serve at, and returns when interrupted.

    Parameters
    ----------
    start : Scenario
        The start scenario of the page.
    ready : callable
        Called once the page is available.

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
