"""Starting Mesa's page on this computer, and stopping it."""

import os
import socket
from importlib.util import find_spec

from qispread.config.faults import Fault, InputError
from qispread.config.scenario import Scenario

HOST, PORT, LARGEST_PORT = "127.0.0.1", 8766, 65_535
PATIENCE = 1
"""Seconds that visitors have to finish when the server stops."""
HOME = "qispread.mesa_page"
SETTINGS = {
    "SOLARA_APP": HOME,
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
}
"""What Solara reads when it is imported: which page to show, to report to nobody, and to leave out what is not used."""
GIVEN: dict[str, Scenario] = {}
"""The scenario that `serve` was given, as "scenario"."""


def given_scenario() -> Scenario | None:
    """Return the scenario that `serve` was given, if it was."""
    return GIVEN.get("scenario")


def require_solara() -> None:
    """Refuse to go on without Solara.

    Raises
    ------
    InputError
        With the command that installs it.
    """
    if find_spec("solara") is None:
        raise InputError([Fault("Mesa's page", "needs Solara: pip install 'qispread[solara]'")])


def serve(scenario: Scenario | None = None, *, port: int | None = None, open_browser: bool = True) -> int:
    """Serve Mesa's page on this computer until Ctrl-C, and return the exit code.

    Parameters
    ----------
    scenario : Scenario, optional
        PROMPT in England unless given.
    port : int, optional
        Of the address: 8766, or any that is free, unless given.
    open_browser : bool
        Whether to open it.

    Raises
    ------
    InputError
        Where Solara is not installed, and for a port that cannot be had.
    """
    require_solara()
    made = bound(port)
    os.environ.update(SETTINGS)
    if scenario is not None:
        GIVEN["scenario"] = scenario
    import uvicorn

    get_ready(scenario)

    address = f"http://{HOST}:{made.getsockname()[1]}/"

    class Announcing(uvicorn.Server):
        """A server that says when it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                announce(address, open_browser=open_browser)

    config = uvicorn.Config("solara.server.starlette:app", log_level="warning", timeout_graceful_shutdown=PATIENCE)
    try:
        Announcing(config).run(sockets=[made])
    except KeyboardInterrupt:
        return 0
    finally:
        made.close()
    return 0


def get_ready(scenario: Scenario | None) -> None:
    """Load and compile what the first visitor would wait for, and refuse a scenario that cannot be shown.

    Raises
    ------
    InputError
        For a scenario that is too large.
    """
    from qispread.mesa_page.adjusting import AdjustableModel, default_scenario, model_parameters

    base = scenario or default_scenario()
    model_parameters(base)
    AdjustableModel(base).step()


def announce(address: str, *, open_browser: bool) -> None:
    """Say where the page is, and open it if that is wanted."""
    import sys
    import webbrowser

    sys.stdout.write(f"Mesa's page: {address} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    if open_browser:
        webbrowser.open(address)


def bound(port: int | None) -> socket.socket:
    """Return a socket of this computer alone: at a port, or at the usual one or any that is free where none is given.

    Raises
    ------
    InputError
        For a port that is none, or that another program has.
    """
    if port is not None and not 0 <= port <= LARGEST_PORT:
        raise InputError([Fault("--port", f"got {port}; needed: a number from 0 to {LARGEST_PORT}")])
    wanted = PORT if port is None else port
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, wanted))
    except OSError as error:
        if port is None:
            made.bind((HOST, 0))
            return made
        made.close()
        problem = f"port {wanted} cannot be had: {error.strerror}; leave the port out to take any that is free"
        raise InputError([Fault("--port", problem)]) from error
    return made
