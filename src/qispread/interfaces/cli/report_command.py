"""`qispread report`: write a printable report from a folder of results."""

import argparse
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from rich.console import Console


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `report`."""
    command.add_argument("results", help="folder written by run or compare")
    command.add_argument("--out", metavar="DIR", help="folder for the report (default: the folder of the results)")
    command.add_argument("--overwrite", action="store_true", help="with --out: replace the report in that folder")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Write the report and its charts."""
    from pathlib import Path

    from qispread.inputs.errors import Fault, InputError
    from qispread.inputs.former_data import MANIFEST_NOTE
    from qispread.outputs.report.read_results import is_former_results

    if arguments.overwrite and not arguments.out:
        raise InputError(
            [Fault("--overwrite", "needs --out; a report in the folder of its results is always replaced")]
        )
    if is_former_results(Path(arguments.results)):
        console.print(f"note: {arguments.results}: {MANIFEST_NOTE}", style="yellow", soft_wrap=True, markup=False)
    terminal.write_report_and_show(Path(arguments.results), console, arguments.out, overwrite=arguments.overwrite)
    return EXIT_OK
