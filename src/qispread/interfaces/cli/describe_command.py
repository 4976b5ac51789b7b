"""`qispread describe`: print parameters and glossary terms with their meanings and sources."""

import argparse
import sys
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console

GLOSSARY = "glossary"
"""Search text that prints every term."""
PLUGINS = "plugins"
"""Search text that prints the loaded and the installed plug-ins."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `describe`."""
    output_format = command.add_mutually_exclusive_group()
    output_format.add_argument("--yaml", action="store_true", help="print a scenario with every default")
    output_format.add_argument(
        "--markdown",
        action="store_true",
        help="print the reference page of parameters, or of the glossary, as Markdown",
    )
    command.add_argument(
        "search",
        nargs="?",
        default="",
        help="glossary term, or word in the path or meaning of a parameter or of a form of a rule; 'glossary' prints "
        "every term, 'rules' every rule that has several forms, 'plugins' the plug-ins",
    )
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Print every parameter, or the glossary terms and parameters that match a word."""
    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.text.glossary import find_entries, load_glossary, nearest_term
    from qispread.outputs.text.glossary_pages import entry_as_text

    word = arguments.search
    if arguments.yaml or arguments.markdown:
        write_page(arguments)
    elif word.lower() == GLOSSARY:
        print_lines(("\n" + entry_as_text(entry) for entry in load_glossary()), console)
    elif word.lower() == PLUGINS:
        print_lines(plugin_lines(), console)
    else:
        entries = find_entries(word)
        print_lines(map(entry_as_text, entries), console)
        count = print_parameters(word.lower(), console) + print_rules(word.lower(), console)
        if not count and not entries:
            problem = f"no parameter, no rule with several forms and no glossary term matches '{word}'"
            raise InputError([Fault("describe", f"{problem}{nearest_term(word, GLOSSARY)}")])
    return EXIT_OK


def plugin_lines() -> "Iterator[str]":
    """Yield what the loaded plug-ins declare, and the names of installed ones, which are not loaded for this."""
    from qispread.inputs.extensions.plugin_files import ENTRY_POINT_GROUP, installed_plugins
    from qispread.inputs.extensions.plugins import LOADED

    for plugin in LOADED.values():
        yield f"{plugin.name} (SHA-256 {plugin.short_hash})"
        for extension in plugin.extensions:
            yield f"  {extension.label}: {extension.meaning}"
            yield from (f"    {line}" for line in extension.settings())
    installed = installed_plugins()
    for name, point in installed.items():
        yield f"{name}: installed ({point.value}), loaded where a scenario or --plugin names it"
    if not LOADED and not installed:
        yield f"No plug-in is named (--plugin FILE), and none is installed (entry points of {ENTRY_POINT_GROUP})."


def write_page(arguments: argparse.Namespace) -> None:
    """Write the default scenario, the reference of parameters or the glossary to standard output."""
    from qispread.inputs.parameter_descriptions import render_markdown, render_yaml_template
    from qispread.outputs.text.glossary_pages import glossary_as_markdown

    page = glossary_as_markdown if arguments.search.lower() == GLOSSARY else render_markdown
    sys.stdout.write(render_yaml_template() if arguments.yaml else page())


def print_lines(lines: "Iterable[str]", console: "Console", style: str | None = None) -> None:
    """Print lines unchanged; only the terminal wraps them."""
    for line in lines:
        console.print(line, style=style, highlight=False, soft_wrap=True, markup=False)


def print_parameters(word: str, console: "Console") -> int:
    """Print the parameters that match a lower-case word, and return their number."""
    from qispread.inputs.frameworks import heading_counterparts, parameter_counterparts
    from qispread.inputs.parameter_descriptions import describe_parts

    count = 0
    for heading, meaning, descriptions in describe_parts():
        all_match = word in heading.lower() or word in meaning.lower()
        matches = [entry for entry in descriptions if all_match or word in f"{entry.path}\n{entry.meaning}".lower()]
        if matches:
            print_lines((f"\n{heading}: {meaning}",), console, style="bold")
            print_lines(map(str, heading_counterparts(heading)), console)
        for description in matches:
            terminal.show_parameter(description, console)
            counterparts = parameter_counterparts(description.path)
            print_lines((f"    {counterpart}" for counterpart in counterparts), console, style="dim")
        count += len(matches)
    return count


def print_rules(word: str, console: "Console") -> int:
    """Print the rules with several forms that match a lower-case word, and return their number."""
    from qispread.inputs.rule_choices import SECTION
    from qispread.inputs.rule_descriptions import RULES_MEANING, describe_form, matching_rules
    from qispread.inputs.rule_forms import RULE_FORMS, SHIPPED

    rules = matching_rules(word)
    if rules:
        print_lines((f"\n{SECTION}: {RULES_MEANING}".replace("`", ""),), console, style="bold")
    for rule in rules:
        print_lines((f"  {SECTION}.{rule} = {SHIPPED}",), console)
        print_lines((f"    {describe_form(form)}" for form in RULE_FORMS[rule].values()), console)
    return len(rules)
