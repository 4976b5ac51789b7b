"""`qispread describe`: print every parameter with its meaning and source, and the terms of the glossary."""

import argparse
import sys
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

GLOSSARY = "glossary"
"""What to search for to print every term."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `describe`."""
    form = command.add_mutually_exclusive_group()
    form.add_argument("--yaml", action="store_true", help="as a scenario with every default")
    form.add_argument("--markdown", action="store_true", help="as the reference page, or that of the glossary")
    command.add_argument(
        "search",
        nargs="?",
        default="",
        help="a term of the glossary, or a word in the path or meaning of parameters; 'glossary' prints every term",
    )
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Print every parameter, or the term and the parameters that a word finds."""
    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.text.glossary import find_entries, load_glossary, nearest_term
    from qispread.outputs.text.glossary_pages import entry_as_text

    word = arguments.search
    if arguments.yaml or arguments.markdown:
        write_page(arguments)
    elif word.lower() == GLOSSARY:
        print_lines(("\n" + entry_as_text(entry) for entry in load_glossary()), console)
    else:
        entries = find_entries(word)
        print_lines(map(entry_as_text, entries), console)
        if not print_parameters(word.lower(), console) and not entries:
            problem = f"no parameter's place or meaning holds '{word}', and no term of the glossary is called so"
            raise InputError([Fault("describe", f"{problem}{nearest_term(word, GLOSSARY)}")])
    return EXIT_OK


def write_page(arguments: argparse.Namespace) -> None:
    """Write the scenario of defaults, the page of parameters or the page of the glossary to standard output."""
    from qispread.inputs.parameter_descriptions import render_markdown, render_yaml_template
    from qispread.outputs.text.glossary_pages import glossary_as_markdown

    page = glossary_as_markdown if arguments.search.lower() == GLOSSARY else render_markdown
    sys.stdout.write(render_yaml_template() if arguments.yaml else page())


def print_lines(lines: "Iterable[str]", console: "Console", style: str | None = None) -> None:
    """Print lines as they are, wrapped by the terminal alone."""
    for line in lines:
        console.print(line, style=style, highlight=False, soft_wrap=True, markup=False)


def print_parameters(word: str, console: "Console") -> int:
    """Print the parameters that a word in small letters finds, and return how many there are."""
    from qispread.inputs.frameworks import heading_counterparts, parameter_counterparts
    from qispread.inputs.parameter_descriptions import describe_parts

    count = 0
    for heading, meaning, found in describe_parts():
        whole = word in heading.lower() or word in meaning.lower()
        chosen = [one for one in found if whole or word in one.path.lower() or word in one.meaning.lower()]
        if chosen:
            print_lines((f"\n{heading}: {meaning}",), console, style="bold")
            print_lines(map(str, heading_counterparts(heading)), console)
        for one in chosen:
            terminal.show_parameter(one, console)
            print_lines((f"    {each}" for each in parameter_counterparts(one.path)), console, style="dim")
        count += len(chosen)
    return count
