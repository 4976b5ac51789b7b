"""What users type. No logic of its own: arguments in, tables and words out, an exit code."""

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
    "run": (run_command, "simulate a scenario in many worlds"),
    "compare": (compare_command, "say what policies or other scenarios would change"),
    "sweep": (sweep_command, "run an experiment over many points and worlds, or go on with it"),
    "sensitivity": (sensitivity_command, "say which parameters a measure of a sweep depends on"),
    "discover": (discover_command, "say in which corner of the uncertainties a policy fails"),
    "fit": (fit_command, "ask of a diffusion that was observed whether it needs contagion by ties"),
    "calibrate": (calibrate_command, "fit parameters to targets with their uncertainty: a posterior, not a point"),
    "report": (report_command, "write a report to read and print from a folder of results"),
    "app": (app_command, "open a page in the browser to see it, change it and teach with it"),
    "lesson": (lesson_command, "write the page with its lessons as one file that needs no server"),
    "check": (check_command, "list all faults of scenarios, policy files and tables"),
    "describe": (describe_command, "print every parameter with its meaning and source"),
}


GC_THRESHOLD = 100_000


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="qispread",
        description="How quality improvement spreads between health-care organisations, and what it loses on the way.",
        epilog="Start with: qispread run configs/prompt.yaml",
    )
    top.add_argument("--version", action="version", version=f"qispread {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, words) in COMMANDS.items():
        module.add(command := commands.add_parser(name, help=words))
        add_former_options(name, command)
    return top


def run_program() -> int:
    """Run the command line as a program of its own, whose memory goes with it."""
    # Loading libraries makes many objects and no rubbish, and looking for it takes a tenth of the time to start.
    gc.set_threshold(GC_THRESHOLD, 50, 50)
    # An interpreter that ends looks for it once more, for a quarter of a second, in memory that all goes anyway.
    atexit.register(gc.freeze)
    ended = stop_on_termination()
    code = main()
    if ended and code == EXIT_INTERRUPTED:
        code = EXIT_TERMINATED
    if threading.active_count() > 1:
        exit_after_signal(code)
    return code


def stop_on_termination() -> list[int]:
    """Let SIGTERM, as schedulers of clusters send it, stop a command as Ctrl-C does; a second one ends it at once.

    Returns
    -------
    list of int
        The signals that came.
    """
    came: list[int] = []

    def stop(number: int, _: Any) -> None:
        came.append(number)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    return came


def exit_after_signal(code: int) -> NoReturn:
    """End the process without waiting for threads: one may be compiling, or in the middle of a long run.

    Nothing that such a thread makes is kept: whoever writes results waits for them first.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 some runs failed, 2 bad input."""
    argv = list(sys.argv[1:] if argv is None else argv)
    arguments = build_parser().parse_args(argv)
    arguments.typed = argv
    try:
        return read_action(arguments)
    except KeyboardInterrupt as stop:
        from rich.console import Console

        Console(stderr=True, emoji=False).print(str(stop) or "Stopped; nothing was written.", style="red")
        return EXIT_INTERRUPTED


def read_action(arguments: argparse.Namespace) -> int:
    """Do what a command asks and return its exit code."""
    from rich.console import Console

    from qispread.inputs.errors import InputError

    class Quiet(Console):
        """A console that ends well when the reader of a pipe has gone, as with `qispread describe | head`."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    try:
        read_former_arguments(arguments, arguments.typed)
        return int(arguments.act(arguments, Quiet(emoji=False)))
    except InputError as error:
        Console(stderr=True, emoji=False).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return EXIT_BAD_INPUT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK


if __name__ == "__main__":
    sys.exit(run_program())
