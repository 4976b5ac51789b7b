"""`qispread report`: write a report to read and print from a folder of results."""

import argparse
from typing import TYPE_CHECKING

from qispread import terminal
from qispread.commands.outcome import DONE

if TYPE_CHECKING:
    from rich.console import Console


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `report`."""
    command.add_argument("results", help="a folder written by run or compare")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Write the report and its charts into the folder."""
    from pathlib import Path

    terminal.write_report(Path(arguments.results), console)
    return DONE
