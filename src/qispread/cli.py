"""What users type. No logic of its own: arguments in, tables and words out, an exit code."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qispread import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from qispread.config.describe import Description
    from qispread.config.scenario import Scenario
    from qispread.engines.run import Runs

DONE, SOME_FAILED, BAD_INPUT = 0, 1, 2
CAUTION = (
    "Worlds of a model and not predictions: what copies lose has no published data and is a hypothesis "
    "(qispread describe copying)."
)
SEEDED = (
    "A seeding policy changes where it begins: shares of the origin's effect do not compare with those of other runs."
)
MOST_FAILURES = 5
"""How many failures are printed; the table of runs has them all."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="qispread",
        description="How quality improvement spreads between health-care organisations, and what it loses on the way.",
        epilog="Start with: qispread run configs/prompt.yaml",
    )
    top.add_argument("--version", action="version", version=f"qispread {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_run(commands.add_parser("run", help="simulate a scenario in many worlds"))
    add_check(commands.add_parser("check", help="list all faults of scenarios, policy files and tables"))
    add_describe(commands.add_parser("describe", help="print every parameter with its meaning and source"))
    return top


def add_run(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `run`."""
    command.add_argument("scenario", help="a YAML scenario, or the manifest.json of an earlier run")
    command.add_argument("--replicates", type=int, help="worlds to simulate (default: the scenario's)")
    command.add_argument("--seed", type=int, help="seed of all draws (default: the scenario's)")
    command.add_argument("--engine", choices=("kernel", "mesa"), default="kernel", help="both give the same bytes")
    command.add_argument("--workers", type=int, help="threads (default: one a core); results do not depend on it")
    command.add_argument("--organisations", metavar="CSV", help="your own table of organisations")
    command.add_argument("--ties", metavar="CSV", help="your own table of ties")
    command.add_argument("--policy", metavar="FILE", action="append", default=[], help="add a policy file; repeatable")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: results/NAME-FINGERPRINT)")
    command.add_argument("--overwrite", action="store_true", help="replace the results of another run in that folder")
    command.add_argument("--csv", action="store_true", help="write the tables as CSV too")
    command.add_argument("--events", action="store_true", help="write what happened and why, of one replicate")
    command.set_defaults(act=run)


def add_check(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `check`."""
    command.add_argument("files", nargs="+", help="scenarios, policy files, or CSV tables of organisations")
    command.set_defaults(act=check)


def add_describe(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `describe`."""
    form = command.add_mutually_exclusive_group()
    form.add_argument("--yaml", action="store_true", help="as a scenario with every default")
    form.add_argument("--markdown", action="store_true", help="as the reference page")
    command.add_argument("search", nargs="?", default="", help="only parameters whose path or meaning holds this word")
    command.set_defaults(act=describe)


def run(arguments: argparse.Namespace, console: "Console") -> int:
    """Simulate a scenario, print its headlines and write its tables."""
    from pathlib import Path

    from qispread.config.faults import Fault, InputError
    from qispread.config.load import load, refuse_policy_file

    refuse_policy_file(arguments.scenario)
    replicates = 1 if arguments.events and arguments.replicates is None else arguments.replicates
    changes = {"seed": arguments.seed, "replicates": replicates}
    scenario = load(
        arguments.scenario,
        organisations=arguments.organisations,
        ties=arguments.ties,
        policies=arguments.policy,
        changes={name: value for name, value in changes.items() if value is not None},
    )
    faults = []
    if arguments.events and scenario.replicates != 1:
        faults.append(Fault("--events", f"got {scenario.replicates} replicates; needed: 1"))
    if arguments.workers is not None and arguments.workers < 1:
        faults.append(Fault("--workers", f"got {arguments.workers}; needed: at least 1"))
    if faults:
        raise InputError(faults)
    from qispread.results import check_folder, default_folder, save

    folder = Path(arguments.out) if arguments.out else default_folder(scenario)
    check_folder(folder, scenario, overwrite=arguments.overwrite)
    introduce(scenario, console)
    try:
        runs = simulated(scenario, arguments, console)
    except KeyboardInterrupt:
        with suppress(OSError):
            folder.rmdir()
        raise
    paths = save(runs, folder, csv=arguments.csv, overwrite=arguments.overwrite, command=["qispread", *arguments.typed])
    show_headlines(runs, console)
    say = partial(console.print, soft_wrap=True, markup=False)
    say("Results: " + ", ".join(path.name for path in paths), f"in {folder}")
    for failure in runs.failed[:MOST_FAILURES]:
        say(f"replicate {failure.replicate} failed: {failure.error}", style="red")
    return SOME_FAILED if runs.failed else DONE


def introduce(scenario: "Scenario", console: "Console") -> None:
    """Say what will be run, and what was left out of the input."""
    from rich.markup import escape

    from qispread.config.cross import organisation_ids
    from qispread.rules.compiling import already_compiled

    for note in scenario.notes:
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
    places = len(organisation_ids(scenario))
    worlds = "1 world" if scenario.replicates == 1 else f"{scenario.replicates} worlds"
    size = f"{places} organisations, {scenario.horizon} months, {worlds}"
    console.print(f"[bold]{escape(scenario.name)}[/]: {size}", soft_wrap=True)
    if scenario.description:
        console.print(scenario.description, soft_wrap=True, markup=False)
    for name, policy in scenario.policies.items():
        end = "to the end" if policy.end in (None, scenario.horizon) else f"to {policy.end}"
        console.print(f"policy {name}: months {policy.start} {end}", soft_wrap=True, markup=False)
    if not already_compiled():
        console.print("Compiling the model first: once on this machine, about a quarter of a minute ...")


def simulated(scenario: "Scenario", arguments: argparse.Namespace, console: "Console") -> "Runs":
    """Run the scenario behind a progress bar."""
    from qispread.engines.run import simulate

    with progress_bar(console, "Simulating", scenario.replicates) as advance:
        return simulate(
            scenario,
            engine=arguments.engine,
            workers=arguments.workers,
            keep_events=arguments.events,
            progress=advance,
        )


@contextmanager
def progress_bar(console: "Console", what: str, total: int) -> "Iterator[Callable[[int, int], None]]":
    """Show progress with time left on a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, _: bar.update(task, completed=done)


def show_headlines(runs: "Runs", console: "Console") -> None:
    """Print the numbers that a board asks for."""
    from rich.markup import escape
    from rich.table import Table

    from qispread.analysis.summary import headlines, written
    from qispread.config.cross import POOLED

    horizon = runs.scenario.horizon
    years = f"{horizon / 12:g} years" if horizon % 12 == 0 else f"{horizon} months"
    for name, figures in headlines(runs).items():
        title = "The whole" if name == POOLED else escape(name)
        table = Table(title=f"{title} after {years}", title_justify="left", title_style="bold")
        table.add_column("")
        several = runs.scenario.replicates > 1
        table.add_column("Median" if several else "This world", justify="right")
        if several:
            table.add_column("9 in 10 worlds", justify="right")
        for one in figures:
            between = f"{written(one.low, one.form)} to {written(one.high, one.form)}" if one.worlds else "-"
            table.add_row(one.label, written(one.middle, one.form), *([between] if several else []))
        console.print(table)
    console.print(CAUTION, soft_wrap=True)
    if any(policy.lever == "seeding" for policy in runs.scenario.policies.values()):
        console.print(SEEDED, soft_wrap=True)


def check(arguments: argparse.Namespace, console: "Console") -> int:
    """List all faults of all files at once."""
    from qispread.config.faults import InputError
    from qispread.config.load import check as check_file

    faults: list[Any] = []
    for file in arguments.files:
        try:
            scenario = check_file(file)
        except InputError as error:
            faults.extend(error.faults)
            continue
        console.print(f"{file}: no faults", soft_wrap=True, markup=False)
        for note in scenario.notes if scenario else ():
            console.print(f"  note: {note}", soft_wrap=True, markup=False)
    if faults:
        raise InputError(faults)
    return DONE


def describe(arguments: argparse.Namespace, console: "Console") -> int:
    """Print every parameter, or those that a word finds."""
    from qispread.config.describe import as_markdown, as_yaml, parts
    from qispread.config.faults import Fault, InputError

    if arguments.yaml or arguments.markdown:
        sys.stdout.write(as_yaml() if arguments.yaml else as_markdown())
        return DONE
    word, shown = arguments.search.lower(), 0
    for heading, meaning, found in parts():
        whole = word in heading.lower() or word in meaning.lower()
        chosen = [one for one in found if whole or word in one.path.lower() or word in one.meaning.lower()]
        if chosen:
            console.print(f"\n{heading}: {meaning}", style="bold", highlight=False, soft_wrap=True, markup=False)
        for one in chosen:
            show_parameter(one, console)
        shown += len(chosen)
    if not shown:
        raise InputError([Fault("describe", f"no parameter's place or meaning holds '{arguments.search}'")])
    return DONE


def show_parameter(one: "Description", console: "Console") -> None:
    """Print one parameter."""
    say = partial(console.print, highlight=False, soft_wrap=True, markup=False)
    say(f"  {one.path} = {one.default}" + ("" if one.unit == "-" else f" {one.unit}"))
    say(f"    {one.meaning}")
    known = one.known + ("" if one.source in ("-", "assumption") else f" ({one.source})")
    plausible = f"; plausible {one.plausible}" if one.plausible else ""
    say(f"    {one.allowed}{plausible}; {known}; {one.role}", style="dim")


def main(typed: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 some runs failed, 2 bad input."""
    typed = list(sys.argv[1:] if typed is None else typed)
    arguments = parser().parse_args(typed)
    arguments.typed = typed
    from rich.console import Console

    from qispread.config.faults import InputError

    class Quiet(Console):
        """A console that ends well when the reader of a pipe has gone, as with `qispread describe | head`."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    try:
        return int(arguments.act(arguments, Quiet(emoji=False)))
    except InputError as error:
        Console(stderr=True, emoji=False).print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        Console(stderr=True, emoji=False).print("Stopped; nothing was written.", style="red")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


if __name__ == "__main__":
    sys.exit(main())
