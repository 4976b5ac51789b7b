"""What users type. No logic of its own: arguments in, tables and words out, an exit code."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from qispread import __version__, terminal

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.config.scenario import Scenario
    from qispread.engines.run import Runs

DONE, SOME_FAILED, BAD_INPUT = 0, 1, 2
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
    add_compare(commands.add_parser("compare", help="say what policies or other scenarios would change"))
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


def add_compare(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `compare`."""
    command.add_argument("base", help="the scenario that arms are compared with")
    command.add_argument("others", nargs="*", help="scenarios of the same world, each an arm")
    command.add_argument("--policy", metavar="FILE", action="append", default=[], help="an arm: the base and this file")
    command.add_argument("--branch-at", type=int, metavar="MONTH", help="month at which added policies begin")
    command.add_argument("--replicates", type=int, help="worlds to simulate (default: the base's)")
    command.add_argument("--seed", type=int, help="seed of all draws (default: the base's)")
    command.add_argument("--workers", type=int, help="threads (default: one a core); results do not depend on it")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: results/compare-NAME-FINGERPRINT)")
    command.add_argument("--overwrite", action="store_true", help="replace the results of another run in that folder")
    command.set_defaults(act=compare)


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
    terminal.introduce(scenario, console)
    try:
        runs = simulated(scenario, arguments, console)
    except KeyboardInterrupt:
        with suppress(OSError):
            folder.rmdir()
        raise
    paths = save(runs, folder, csv=arguments.csv, overwrite=arguments.overwrite, command=["qispread", *arguments.typed])
    terminal.show_headlines(runs, console)
    say = partial(console.print, soft_wrap=True, markup=False)
    say("Results: " + ", ".join(path.name for path in paths), f"in {folder}")
    for failure in runs.failed[:MOST_FAILURES]:
        say(f"replicate {failure.replicate} failed: {failure.error}", style="red")
    return SOME_FAILED if runs.failed else DONE


def compare(arguments: argparse.Namespace, console: "Console") -> int:
    """Compare arms with a base, print what differs and write the tables."""
    from pathlib import Path

    from qispread.comparison import arms_from_files, ready_arms
    from qispread.comparison import compare as compared
    from qispread.results import check_arms, comparison_folder, save_comparison

    base, arms = arms_from_files(
        arguments.base, arguments.others, arguments.policy, seed=arguments.seed, replicates=arguments.replicates
    )
    everything = ready_arms(base, arms, arguments.branch_at)
    folder = Path(arguments.out) if arguments.out else comparison_folder(everything)
    check_arms(folder, everything, overwrite=arguments.overwrite)
    terminal.introduce(base, console)
    with terminal.progress_bar(console, "Comparing", base.replicates * len(everything)) as advance:
        comparison = compared(base, arms, branch_at=arguments.branch_at, workers=arguments.workers, progress=advance)
    paths = save_comparison(comparison, folder, overwrite=arguments.overwrite, command=["qispread", *arguments.typed])
    for arm in comparison.arms:
        terminal.show_differences(comparison, arm, console)
    console.print(terminal.DIFFERENCES_CAUTION, soft_wrap=True)
    terminal.caution_seeding(comparison.runs.values(), console)
    names = ", ".join(path.name for path in paths)
    console.print(f"Results: {names} and a folder an arm in {folder}", soft_wrap=True, markup=False)
    return SOME_FAILED if any(runs.failed for runs in comparison.runs.values()) else DONE


def simulated(scenario: "Scenario", arguments: argparse.Namespace, console: "Console") -> "Runs":
    """Run the scenario behind a progress bar."""
    from qispread.engines.run import simulate

    with terminal.progress_bar(console, "Simulating", scenario.replicates) as advance:
        return simulate(
            scenario,
            engine=arguments.engine,
            workers=arguments.workers,
            keep_events=arguments.events,
            progress=advance,
        )


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
            terminal.show_parameter(one, console)
        shown += len(chosen)
    if not shown:
        raise InputError([Fault("describe", f"no parameter's place or meaning holds '{arguments.search}'")])
    return DONE


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
