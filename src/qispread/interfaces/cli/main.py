"""The command line: parses arguments, runs the command, reports errors and returns the exit code."""

import argparse
import atexit
import gc
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

from qispread import __version__
from qispread.interfaces.cli import (
    app_command,
    calibrate_command,
    check_command,
    compare_command,
    describe_command,
    discover_command,
    fit_command,
    lesson_command,
    report_command,
    run_command,
    sensitivity_command,
    sweep_command,
)
from qispread.interfaces.cli.exit_codes import EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_OK, EXIT_TERMINATED
from qispread.interfaces.cli.former_options import add_former_options, read_former_arguments

COMMANDS = {
    "run": (run_command, "simulate a scenario many times"),
    "compare": (compare_command, "compare policies or other scenarios with a baseline"),
    "sweep": (sweep_command, "run an experiment over many parameter values, or resume it"),
    "sensitivity": (sensitivity_command, "rank the parameters that a measure of a sweep depends on"),
    "discover": (discover_command, "find the conditions under which a policy fails"),
    "fit": (fit_command, "test whether observed adoption spread through network ties"),
    "calibrate": (calibrate_command, "fit parameters to targets, with their uncertainty"),
    "report": (report_command, "write a printable report from a folder of results"),
    "app": (app_command, "open the interactive page in a browser"),
    "lesson": (lesson_command, "write the page and its lessons as one offline file"),
    "check": (check_command, "check scenarios, policy files and tables"),
    "describe": (describe_command, "print parameters and glossary terms with their meanings"),
}


WITHOUT_PLUGINS = ("fit",)
"""Commands that simulate no scenario."""

GC_THRESHOLD = 100_000


class CommandListFormatter(argparse.HelpFormatter):
    """A help formatter that prints each command with its summary on one line."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        # argparse forgets the indentation of subcommands when it measures the longest.
        self._action_max_length = max(map(len, COMMANDS)) + 4


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="qispread",
        description="Simulate how quality improvement spreads between health-care organisations.",
        formatter_class=CommandListFormatter,
        epilog="Start with: qispread run configs/prompt.yaml. For the options of a command: qispread COMMAND --help",
    )
    top.add_argument("--version", action="version", version=f"qispread {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        module.add(command)
        add_former_options(name, command)
        if name not in WITHOUT_PLUGINS:
            command.add_argument(
                "--plugin",
                metavar="FILE",
                action="append",
                default=[],
                dest="plugins",
                help="run a Python file (or an installed plug-in) with measures, rules, networks or policies of your "
                "own, and use it in every scenario of this command; repeatable",
            )
    return top


def run_program() -> int:
    """Run the command line as a process of its own, and return its exit code."""
    # Importing libraries creates many objects and no garbage; collecting takes a tenth of the start-up time.
    gc.set_threshold(GC_THRESHOLD, 50, 50)
    # At exit the interpreter collects once more, for a quarter of a second, in memory that is freed anyway.
    atexit.register(gc.freeze)
    signals = stop_on_termination()
    code = main()
    if signals and code == EXIT_INTERRUPTED:
        code = EXIT_TERMINATED
    if threading.active_count() > 1:
        exit_after_signal(code)
    return code


def stop_on_termination() -> list[int]:
    """Make SIGTERM, which cluster schedulers send, act as Ctrl-C; a second one ends the process at once.

    Returns
    -------
    list of int
        The signals received so far; it grows.
    """
    received: list[int] = []

    def stop(number: int, _: Any) -> None:
        received.append(number)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    return received


def exit_after_signal(code: int) -> NoReturn:
    """End the process without waiting for threads, which may be compiling or in a long run.

    No result is lost: commands wait for all results before they write them.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 some runs failed, 2 bad input."""
    argv = list(sys.argv[1:] if argv is None else argv)
    arguments = build_parser().parse_args(argv)
    arguments.argv = argv
    try:
        return dispatch(arguments)
    except KeyboardInterrupt as stop:
        from rich.console import Console

        Console(stderr=True, emoji=False).print(str(stop) or "Stopped; nothing was written.", style="red")
        return EXIT_INTERRUPTED


def load_plugins(files: Sequence[str]) -> None:
    """Run the plug-ins that the user names, and let every scenario of this process use them.

    Raises
    ------
    InputError
        With the faults of all.
    """
    if not files:
        return
    from qispread.inputs.errors import Fault, InputError
    from qispread.inputs.extensions.plugin_files import read_plugin
    from qispread.inputs.extensions.plugins import use_by_default

    faults: list[Any] = []
    names: list[str] = []
    for file in files:
        try:
            name = read_plugin(file).name
        except InputError as error:
            faults.extend(error.faults)
            continue
        if name in names:
            faults.append(Fault("--plugin", f"two files have the name {name}; needed: another name for one of them"))
        names.append(name)
    if faults:
        raise InputError(faults)
    use_by_default(names)


def dispatch(arguments: argparse.Namespace) -> int:
    """Run a command, print bad input as a message, and return the exit code."""
    from rich.console import Console

    from qispread.inputs.errors import InputError

    class PipeConsole(Console):
        """A console that exits quietly if the reader of a pipe has closed it, as in `qispread describe | head`."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    try:
        read_former_arguments(arguments, arguments.argv)
        load_plugins(getattr(arguments, "plugins", ()))
        return int(arguments.act(arguments, PipeConsole(emoji=False)))
    except InputError as error:
        Console(stderr=True, emoji=False).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return EXIT_BAD_INPUT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


if __name__ == "__main__":
    sys.exit(run_program())
