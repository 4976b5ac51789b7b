"""`qispread app`: serve the interactive page, which shows spread and what a change would make of it."""

import argparse
from typing import TYPE_CHECKING

from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.scenario import Scenario


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `app`."""
    command.add_argument("scenario", nargs="?", help="a YAML scenario or a manifest.json (default: PROMPT in England)")
    command.add_argument("--replicates", type=int, help="number of runs (default: the scenario's)")
    command.add_argument("--port", type=int, help="port to serve at (default: 8765, or any free one)")
    command.add_argument("--no-browser", action="store_true", help="print the address without opening a browser")
    command.add_argument("--mesa", action="store_true", help="open Mesa's own page instead: one run, month by month")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Serve the page on this computer until Ctrl-C, and return the exit code."""
    if arguments.mesa:
        return serve_mesa(arguments)
    require_app_packages()
    start = load_start_scenario(arguments)
    from qispread.interfaces.page.server import bind_socket, create_server, page_address

    listener = bind_socket(arguments.port)
    address = page_address(listener)

    def ready() -> None:
        console.print(f"{start.name}: {address} (press Ctrl-C to stop)", soft_wrap=True, markup=False)
        if not arguments.no_browser:
            import webbrowser

            webbrowser.open(address)

    try:
        create_server(start, ready).run(sockets=[listener])
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        listener.close()
    return EXIT_OK


def serve_mesa(arguments: argparse.Namespace) -> int:
    """Serve Mesa's own page of the model on this computer until Ctrl-C.

    Raises
    ------
    InputError
        If `--replicates` is given: that page shows a single run.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.interfaces.mesa_page import serve

    if arguments.replicates is not None:
        raise InputError([Fault("--replicates", "does not apply to --mesa, which shows one run; leave it out")])
    return serve(load_start_scenario(arguments), port=arguments.port, open_browser=not arguments.no_browser)


def require_app_packages() -> None:
    """Check that the packages of the `app` extra are installed.

    Raises
    ------
    InputError
        If one is missing, with the command that installs it.
    """
    from importlib.util import find_spec

    from qispread.inputs.errors import Fault, InputError

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        problem = f"needs {' and '.join(missing)}: pip install 'qispread[app]'"
        raise InputError([Fault("app", problem)])


def load_start_scenario(arguments: argparse.Namespace) -> "Scenario":
    """Load the scenario that the page opens with."""
    from qispread.inputs.load_scenario import read_scenario, reject_policy_file
    from qispread.interfaces.page.default_scenario import default_scenario

    changes = {} if arguments.replicates is None else {"replicates": arguments.replicates}
    if arguments.scenario is None:
        return default_scenario().replace(changes)
    reject_policy_file(arguments.scenario)
    return read_scenario(arguments.scenario, changes=changes)
