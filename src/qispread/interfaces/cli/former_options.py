"""Options and measures under the names of version 0.1: read as those of now, with a note on stderr (`former_names`)."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from qispread.common.former_names import MEASURES, OPTIONS, refusal, removal_note

MEASURE_OPTION = "--measure"


class FormerOption(argparse.Action):
    """An option under its former name: what it says goes to the option of now."""

    def __init__(self, current: argparse.Action, option_strings: Sequence[str], **settings: Any) -> None:
        super().__init__(option_strings, **settings)
        self.current = current

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Set the option of now, with a note."""
        say_note(removal_note(str(option), self.current.option_strings[0]))
        self.current(parser, namespace, values, self.current.option_strings[0])


def say_note(text: str) -> None:
    """Print a note to stderr."""
    sys.stderr.write(f"note: {text}\n")


def add_former_options(command: str, parser: argparse.ArgumentParser) -> None:
    """Let a command take its options under their former names too, which its help does not show."""
    for old, new in OPTIONS.get(command, {}).items():
        current = next(action for action in parser._actions if new in action.option_strings)  # noqa: SLF001
        same: dict[str, Any] = {name: getattr(current, name) for name in ("dest", "nargs", "type", "metavar")}
        hidden: dict[str, Any] = {"default": argparse.SUPPRESS, "help": argparse.SUPPRESS}
        parser.add_argument(old, action=former_action(current), **same, **hidden)


def former_action(current: argparse.Action) -> Any:
    """Return what makes the former name of an option, as `argparse` calls it."""

    def build_action(option_strings: Sequence[str], **settings: Any) -> FormerOption:
        return FormerOption(current, option_strings, **settings)

    return build_action


def read_former_arguments(arguments: argparse.Namespace, typed: Sequence[str]) -> None:
    """Read a measure that is named as before, and refuse what cannot be read.

    Raises
    ------
    InputError
        For an option that is given under both names, and for a measure whose word has another meaning now.
    """
    from qispread.inputs.errors import Fault, InputError

    options = {word.partition("=")[0] for word in typed}
    faults = [
        Fault(old, f"is the former name of {new}, which is given too; leave {old} out")
        for old, new in OPTIONS.get(arguments.command, {}).items()
        if {old, new} <= options
    ]
    measure = getattr(arguments, "measure", None)
    if problem := refusal(measure) if measure else "":
        faults.append(Fault(MEASURE_OPTION, problem))
    if faults:
        raise InputError(faults)
    if measure in MEASURES:
        arguments.measure = MEASURES[measure]
        say_note(removal_note(measure, arguments.measure))
