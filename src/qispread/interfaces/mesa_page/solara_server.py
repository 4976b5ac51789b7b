"""Starting Mesa's page on this computer, and stopping it."""

import os
import warnings
from importlib.util import find_spec

from qispread.inputs.errors import Fault, InputError
from qispread.inputs.scenario import Scenario

SOLARA_APP = "qispread.interfaces.mesa_page"
SOLARA_ENVIRONMENT = {
    "SOLARA_APP": SOLARA_APP,
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_ASSETS_FONTAWESOME_ENABLED": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_CHECK_HOOKS": "off",
}
"""What Solara reads when it is imported: which page to show, to report to nobody, to be silent about Mesa."""
STARTED_WITH: dict[str, Scenario] = {}
"""The scenario that `serve` was given, as "scenario"."""


def given_scenario() -> Scenario | None:
    """Return the scenario that `serve` was given, if it was."""
    return STARTED_WITH.get("scenario")


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
        Of the address: 8765, or any that is free, unless given.
    open_browser : bool
        Whether to open it.

    Raises
    ------
    InputError
        Where Solara is not installed, and for a port that cannot be had.
    """
    require_solara()
    import uvicorn

    from qispread.interfaces.page.server import SHUTDOWN_SECONDS, ReadyServer, bind_socket, page_address

    made = bind_socket(port)
    os.environ.update(SOLARA_ENVIRONMENT)
    # Solara would tell everybody who is not on a page within another page what its cookie could not do there.
    warnings.filterwarnings("ignore", "Cookies with samesite", UserWarning)
    # Each visitor's state has IPython look where it runs, which means nothing here.
    warnings.filterwarnings("ignore", "Attempting to work in a virtualenv", UserWarning)
    try:
        warm_up(scenario)
        config = uvicorn.Config(
            "solara.server.starlette:app", log_level="warning", timeout_graceful_shutdown=SHUTDOWN_SECONDS
        )
        server = ReadyServer(config, lambda: show_address(page_address(made), open_browser=open_browser))
        server.run(sockets=[made])
    except KeyboardInterrupt:
        return 0
    finally:
        made.close()
    return 0


def warm_up(scenario: Scenario | None) -> None:
    """Keep the scenario for the page, and load and compile what the first visitor would wait for.

    Raises
    ------
    InputError
        For a scenario that is too large.
    """
    from qispread.interfaces.mesa_page.adjustable_model import AdjustableModel, build_model_parameters
    from qispread.interfaces.page.default_scenario import default_scenario

    base = scenario or default_scenario()
    STARTED_WITH["scenario"] = base
    build_model_parameters(base)
    AdjustableModel(base).step()


def show_address(address: str, *, open_browser: bool) -> None:
    """Say where the page is, and open it if that is wanted."""
    import sys
    import webbrowser

    sys.stdout.write(f"Mesa's page: {address} (Ctrl-C stops it)\n")
    sys.stdout.flush()
    if open_browser:
        webbrowser.open(address)
