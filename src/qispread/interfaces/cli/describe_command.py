"""`qispread describe`: print every parameter with its meaning and source."""

import argparse
import sys
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from rich.console import Console


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `describe`."""
    form = command.add_mutually_exclusive_group()
    form.add_argument("--yaml", action="store_true", help="as a scenario with every default")
    form.add_argument("--markdown", action="store_true", help="as the reference page")
    command.add_argument("search", nargs="?", default="", help="only parameters whose path or meaning holds this word")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Print every parameter, or those that a word finds."""
    from qispread.inputs.errors import Fault, InputError
    from qispread.inputs.parameter_descriptions import describe_parts, render_markdown, render_yaml_template

    if arguments.yaml or arguments.markdown:
        sys.stdout.write(render_yaml_template() if arguments.yaml else render_markdown())
        return EXIT_OK
    word, shown = arguments.search.lower(), 0
    for heading, meaning, found in describe_parts():
        whole = word in heading.lower() or word in meaning.lower()
        chosen = [one for one in found if whole or word in one.path.lower() or word in one.meaning.lower()]
        if chosen:
            console.print(f"\n{heading}: {meaning}", style="bold", highlight=False, soft_wrap=True, markup=False)
        for one in chosen:
            terminal.show_parameter(one, console)
        shown += len(chosen)
    if not shown:
        raise InputError([Fault("describe", f"no parameter's place or meaning holds '{arguments.search}'")])
    return EXIT_OK
