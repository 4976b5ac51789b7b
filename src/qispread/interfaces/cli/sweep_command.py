"""`qispread sweep`: run an experiment, go on with it, say how far it is, or run one of its runs again."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qispread.interfaces.cli.exit_codes import EXIT_INTERRUPTED, EXIT_OK, EXIT_SOME_FAILED, MAX_SHOWN_FAILURES

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.scenario import Scenario
    from qispread.runs.sweep.scheduler import SweepProgress
    from qispread.runs.sweep.sweep_reader import Sweep

SWEEP_OPTIONS = ("executor", "workers", "scheduler", "timeout", "retry_failed", "yes")
"""Options that matter where a sweep is run."""
RERUN_OPTIONS = ("engine", "events", "overwrite")
"""Options that matter where one of its runs is made again."""
OUT_HELP = "folder for results (default: results/sweep-NAME; with --run: reruns/RUN_ID in the folder of the sweep)"
RERUNS_FOLDER = "reruns"
"""The folder, within that of a sweep, of its runs that are made again."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sweep`."""
    command.add_argument("experiment", help="an experiment file, or the folder of a sweep")
    command.add_argument(
        "--executor",
        choices=("threads", "processes", "dask", "inline"),
        help="who does the work (default: threads); the same bytes from all",
    )
    command.add_argument("--workers", type=int, help="how many (default: one a core); results do not depend on it")
    command.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, such as tcp://host:8786")
    command.add_argument("--out", metavar="DIR", help=OUT_HELP)
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="that a run may take; then it has failed")
    command.add_argument("--retry-failed", action="store_true", help="run those again that failed")
    command.add_argument(
        "--yes",
        action="store_true",
        help="start even with very many runs, or factors that change nothing; go on with other libraries than before",
    )
    other = command.add_mutually_exclusive_group()
    other.add_argument("--status", action="store_true", help="say what is done, failed and left, and run nothing")
    other.add_argument("--run", metavar="RUN_ID", help="run one run again, alone, and compare it with its row")
    command.add_argument("--engine", choices=("kernel", "mesa"), help="with --run (default: kernel)")
    command.add_argument("--events", action="store_true", help="with --run: write what happened and why")
    command.add_argument("--overwrite", action="store_true", help="with --run: replace other results in its folder")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Do what was asked with an experiment."""
    check_unused_options(arguments)
    if arguments.status:
        return show_status(arguments, console)
    if arguments.run:
        return rerun_one(arguments, console)
    return run_sweep(arguments, console)


def check_unused_options(arguments: argparse.Namespace) -> None:
    """Refuse options that would do nothing beside the others, all at once.

    Raises
    ------
    InputError
        That says what each of them is for.
    """
    from qispread.inputs.errors import Fault, InputError

    given = {
        name
        for name in (*SWEEP_OPTIONS, *RERUN_OPTIONS)
        if not any(getattr(arguments, name) is one for one in (None, False))
    }
    idle: dict[str, str] = {}
    if arguments.status:
        idle = dict.fromkeys((*SWEEP_OPTIONS, *RERUN_OPTIONS), "does nothing with --status, which runs nothing")
    elif arguments.run:
        idle = dict.fromkeys(SWEEP_OPTIONS, "does nothing with --run, which runs one run here and now")
    else:
        idle = dict.fromkeys(RERUN_OPTIONS, "is for one run; needed: --run RUN_ID")
        if arguments.executor not in (None, "dask"):
            idle["scheduler"] = f"does nothing with --executor {arguments.executor}; needed: --executor dask"
        if arguments.executor == "inline":
            idle["workers"] = "does nothing with --executor inline, which is one worker"
        elif arguments.scheduler:
            idle["workers"] = "does nothing with --scheduler, whose cluster has its own"
    faults = [Fault(f"--{name.replace('_', '-')}", why) for name, why in idle.items() if name in given]
    if faults:
        raise InputError(faults)


def run_sweep(arguments: argparse.Namespace, console: "Console") -> int:
    """Run an experiment, or go on with it."""
    from qispread.inputs.former_data import select_former_notes
    from qispread.runs.sweep.run_sweep import sweep

    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    try:
        with sweep_progress_bar(console) as advance:
            found = sweep(
                arguments.experiment,
                arguments.out,
                executor=arguments.executor or ("dask" if arguments.scheduler else "threads"),
                workers=arguments.workers,
                scheduler=arguments.scheduler,
                timeout=arguments.timeout,
                confirmed=arguments.yes,
                retry_failed=arguments.retry_failed,
                progress=advance,
                log=say,
                command=["qispread", *arguments.typed],
            )
    except KeyboardInterrupt:
        show_stopped(arguments, console)
        return EXIT_INTERRUPTED
    for note in select_former_notes(found.experiment.scenario.notes):
        say(f"note: {note}", style="yellow")
    say(f"{found.status}, in {found.folder}")
    if found.status.failed:
        show_failures(found, console)
    return EXIT_SOME_FAILED if found.status.failed else EXIT_OK


def show_stopped(arguments: argparse.Namespace, console: "Console") -> None:
    """Say what is kept of a sweep that was stopped, and how to go on."""
    from qispread.inputs.errors import InputError

    try:
        kept = f"{find_sweep(arguments).status}. To go on, run the same command again."
    except InputError:
        kept = "Nothing was run yet."
    console.print(f"Stopped. {kept}", style="red", soft_wrap=True, markup=False)


def find_sweep(arguments: argparse.Namespace) -> "Sweep":
    """Return the sweep that the arguments speak of: by its folder, or by its experiment."""
    from qispread.runs.sweep.load_experiment import load_experiment
    from qispread.runs.sweep.sweep_reader import read_sweep
    from qispread.runs.sweep.sweep_store import default_folder

    # With --run, --out says where the results of that run go.
    out = None if arguments.run else arguments.out
    given = Path(out or arguments.experiment)
    return read_sweep(given if given.is_dir() else default_folder(load_experiment(arguments.experiment)))


def show_status(arguments: argparse.Namespace, console: "Console") -> int:
    """Say what is done, failed and left of a sweep."""
    show_progress(find_sweep(arguments), console)
    return EXIT_OK


def show_progress(sweep: "Sweep", console: "Console") -> None:
    """Say how far a sweep is, and the first failures."""
    from qispread.runs.sweep.resume import describe_environments
    from qispread.runs.sweep.sweep_log import part_file_name

    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    for note in sweep.notes:
        say(f"note: {note}", style="yellow")
    say(f"{sweep.folder}: {sweep.status}")
    for words in describe_environments(sweep.store):
        say(words)
    unsound = sweep.store.damaged_parts()
    if unsound:
        listed = ", ".join(part_file_name(part) for part in unsound[:MAX_SHOWN_FAILURES])
        more = f" and {len(unsound) - MAX_SHOWN_FAILURES:,} more" if len(unsound) > MAX_SHOWN_FAILURES else ""
        say(f"Missing or not as written, and made again when the sweep goes on: {listed}{more}.", style="red")
    if sweep.status.failed:
        show_failures(sweep, console)


def show_failures(sweep: "Sweep", console: "Console") -> None:
    """Print the first failures."""
    say = partial(console.print, soft_wrap=True, markup=False, highlight=False, style="red")
    told = 0
    for table in sweep.iterate_parts():
        for _, row in table[table["status"] == "failed"].iterrows():
            say(f"{row['run_id']} failed: {row['error']}")
            told += 1
            if told == MAX_SHOWN_FAILURES:
                return


def rerun_one(arguments: argparse.Namespace, console: "Console") -> int:
    """Run one run of a sweep again, say whether it gave the same numbers, and write its tables."""
    from qispread.interfaces.cli import terminal
    from qispread.outputs.results import cleanup_on_abort, save
    from qispread.runs.sweep.rerun import differing_columns, environment_changes, parse_run_id, point_scenario, rerun

    found = find_sweep(arguments)
    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    point, replicate = parse_run_id(found, arguments.run)
    folder = rerun_folder(found, arguments)
    others = environment_changes(found, arguments.run)
    for one in (*found.notes, *others):
        say(f"note: {one}", style="yellow")
    with cleanup_on_abort(folder):
        check_rerun_folder(folder, point_scenario(found, point).replace(replicates=1), replicate, arguments)
        runs = rerun(found, arguments.run, engine=arguments.engine or "kernel", keep_events=arguments.events)
    terminal.show_headlines(runs, console)
    apart = differing_columns(found, arguments.run, runs.runs[0])
    if apart is None:
        say("The sweep has no row of this run yet.")
    elif apart:
        why = "its row was made with other code or libraries" if others else "its row was made on another machine"
        say(f"Differs from its row in {', '.join(apart)}: {why}.", style="red")
    else:
        say("The same numbers as its row, to the last bit.")
    typed, about = ["qispread", *arguments.typed], {"run_id": arguments.run}
    paths = save(runs, folder, overwrite=arguments.overwrite, command=typed, about=about)
    say("Results: " + ", ".join(path.name for path in paths), f"in {folder}")
    return EXIT_SOME_FAILED if apart or runs.failed_runs else EXIT_OK


def rerun_folder(found: "Sweep", arguments: argparse.Namespace) -> Path:
    """Return the folder for the results of a run that is made again.

    Raises
    ------
    InputError
        Where it is the folder of the sweep itself.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.runs.sweep.atomic_files import local_folder

    if not arguments.out:
        return found.folder / RERUNS_FOLDER / str(arguments.run)
    folder = local_folder(arguments.out)
    if folder.resolve() == found.folder.resolve():
        problem = "is the folder of the sweep; with --run it says where the run's results go"
        raise InputError([Fault("--out", f"{problem}; leave it out for {found.folder / RERUNS_FOLDER}", str(folder))])
    return folder


def check_rerun_folder(folder: Path, scenario: "Scenario", replicate: int, arguments: argparse.Namespace) -> None:
    """Make sure that the results of a run can be written, before it is run; raises as `check_run_folder`."""
    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.results import check_run_folder

    try:
        check_run_folder(folder, scenario, overwrite=arguments.overwrite, replicate=replicate or None)
    except InputError as error:
        if arguments.out:
            raise
        more = "; say with --out where the results of this run go"
        raise InputError(
            [Fault(one.path, one.problem + (more if one.path == "--out" else ""), one.file) for one in error.faults]
        ) from None


@contextmanager
def sweep_progress_bar(console: "Console") -> "Iterator[Callable[[SweepProgress], None] | None]":
    """Show progress, runs a second, failures and time left on a terminal, and nothing elsewhere."""
    if not console.is_terminal:
        yield None
        return
    from rich import progress as bars

    words = bars.TextColumn(
        "{task.completed:,.0f} of {task.total:,.0f} runs, {task.fields[rate]}, {task.fields[failed]}"
    )
    columns = (bars.BarColumn(), words, bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Sweeping", total=None, visible=False, rate="", failed="none failed")

        def advance(now: "SweepProgress") -> None:
            failed = f"{now.failed:,} failed" if now.failed else "none failed"
            rate = f"{now.rate:,.0f} a second" if now.rate >= 1.0 else f"{60.0 * now.rate:,.1f} a minute"
            completed = now.completed + now.failed
            bar.update(task, total=now.runs, completed=completed, visible=True, rate=rate, failed=failed)

        yield advance
