"""Starting and stopping Mesa's page on this computer."""

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
"""Environment that Solara reads on import: the page, no telemetry, no external fonts, no banner."""
SERVED: dict[str, Scenario] = {}
"""The scenario passed to `serve`, under "scenario"."""


def served_scenario() -> Scenario | None:
    """Return the scenario passed to `serve`, or None."""
    return SERVED.get("scenario")


def require_solara() -> None:
    """Check that Solara is installed.

    Raises
    ------
    InputError
        If it is not, with the command that installs it.
    """
    if find_spec("solara") is None:
        raise InputError([Fault("Mesa's page", "needs Solara: pip install 'qispread[solara]'")])


def serve(scenario: Scenario | None = None, *, port: int | None = None, open_browser: bool = True) -> int:
    """Serve Mesa's page on this computer until Ctrl-C, and return the exit code.

    Parameters
    ----------
    scenario : Scenario, optional
        Default: PROMPT in England.
    port : int, optional
        Default: 8765, or any free port.
    open_browser : bool
        Whether to open the page in a browser.

    Raises
    ------
    InputError
        If Solara is not installed, or the port is not available.
    """
    require_solara()
    import uvicorn

    from qispread.interfaces.page.server import SHUTDOWN_SECONDS, ReadyServer, bind_socket, page_address

    listener = bind_socket(port)
    os.environ.update(SOLARA_ENVIRONMENT)
    # Solara warns that its cookie would not work inside an iframe, which this page is not.
    warnings.filterwarnings("ignore", "Cookies with samesite", UserWarning)
    # IPython, which Solara starts for each visitor, warns about virtual environments.
    warnings.filterwarnings("ignore", "Attempting to work in a virtualenv", UserWarning)
    try:
        warm_up(scenario)
        config = uvicorn.Config(
            "solara.server.starlette:app", log_level="warning", timeout_graceful_shutdown=SHUTDOWN_SECONDS
        )
        server = ReadyServer(config, lambda: show_address(page_address(listener), open_browser=open_browser))
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return 0
    finally:
        listener.close()
    return 0


def warm_up(scenario: Scenario | None) -> None:
    """Store the scenario for the page, and compile the model before the first visitor.

    Raises
    ------
    InputError
        For a scenario that is too large for the page.
    """
    from qispread.interfaces.mesa_page.adjustable_model import AdjustableModel, build_model_parameters
    from qispread.interfaces.page.default_scenario import default_scenario

    base = scenario or default_scenario()
    SERVED["scenario"] = base
    build_model_parameters(base)
    AdjustableModel(base).step()


def show_address(address: str, *, open_browser: bool) -> None:
    """Print the address of the page, and open it if requested."""
    import sys
    import webbrowser

    sys.stdout.write(f"Mesa's page: {address} (press Ctrl-C to stop)\n")
    sys.stdout.flush()
    if open_browser:
        webbrowser.open(address)
