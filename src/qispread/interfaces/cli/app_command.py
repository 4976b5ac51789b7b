"""`qispread app`: open the page in a browser, to see spread, change one thing and see the difference."""

import argparse
from typing import TYPE_CHECKING

from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.scenario import Scenario


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `app`."""
    command.add_argument("scenario", nargs="?", help="a YAML scenario or a manifest.json (default: PROMPT in England)")
    command.add_argument("--replicates", type=int, help="worlds to simulate (default: the scenario's)")
    command.add_argument("--port", type=int, help="of the address (default: 8765, or any that is free)")
    command.add_argument("--no-browser", action="store_true", help="say the address and open nothing")
    command.add_argument(
        "--mesa", action="store_true", help="open Mesa's own page of the model instead: one world, live"
    )
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Serve the page on this computer until Ctrl-C."""
    if arguments.mesa:
        return serve_mesa(arguments)
    require_app_packages()
    start = load_start_scenario(arguments)
    from qispread.interfaces.page.server import bind_socket, create_server, page_address

    made = bind_socket(arguments.port)
    address = page_address(made)

    def ready() -> None:
        console.print(f"The page of {start.name}: {address} (Ctrl-C stops it)", soft_wrap=True, markup=False)
        if not arguments.no_browser:
            import webbrowser

            webbrowser.open(address)

    try:
        create_server(start, ready).run(sockets=[made])
    except KeyboardInterrupt:
        console.print("Stopped.")
    finally:
        made.close()
    return EXIT_OK


def serve_mesa(arguments: argparse.Namespace) -> int:
    """Serve Mesa's own page of the model on this computer until Ctrl-C.

    Raises
    ------
    InputError
        For a number of worlds, since it lives one.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.interfaces.mesa_page import serve

    if arguments.replicates is not None:
        raise InputError([Fault("--replicates", "is for the page of many worlds: Mesa's page lives one")])
    return serve(load_start_scenario(arguments), port=arguments.port, open_browser=not arguments.no_browser)


def require_app_packages() -> None:
    """Refuse to start without the packages of the extra.

    Raises
    ------
    InputError
        With the command that installs them.
    """
    from importlib.util import find_spec

    from qispread.inputs.errors import Fault, InputError

    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        problem = f"needs {' and '.join(missing)}: pip install 'qispread[app]'"
        raise InputError([Fault("app", problem)])


def load_start_scenario(arguments: argparse.Namespace) -> "Scenario":
    """Return the scenario that the page opens with."""
    from qispread.inputs.load_scenario import load, reject_policy_file
    from qispread.interfaces.page.default_scenario import default_scenario

    changes = {} if arguments.replicates is None else {"replicates": arguments.replicates}
    if arguments.scenario is None:
        return default_scenario().replace(changes)
    reject_policy_file(arguments.scenario)
    return load(arguments.scenario, changes=changes)
