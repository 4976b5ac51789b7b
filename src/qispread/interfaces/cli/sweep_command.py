"""`qispread sweep`: run an experiment, resume it, report its progress, or rerun one of its runs."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli.exit_codes import EXIT_INTERRUPTED, EXIT_OK, EXIT_SOME_FAILED, MAX_SHOWN_FAILURES

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.scenario import Scenario
    from qispread.runs.sweep.scheduler import SweepProgress
    from qispread.runs.sweep.sweep_reader import Sweep

SWEEP_OPTIONS = ("executor", "workers", "scheduler", "timeout", "retry_failed", "yes")
"""Options for running a sweep."""
RERUN_OPTIONS = ("engine", "events", "overwrite")
"""Options for rerunning one of its runs."""
OUT_HELP = "folder for results (default: results/sweep-NAME; with --run: reruns/RUN_ID in the folder of the sweep)"
RERUNS_FOLDER = "reruns"
"""Folder of reruns within the folder of a sweep."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sweep`."""
    command.add_argument("experiment", help="experiment file, or folder of a sweep")
    add_execution_options(command, OUT_HELP)
    command.add_argument(
        "--yes",
        action="store_true",
        help="start even with very many runs or factors without effect; resume with changed libraries",
    )
    mode = command.add_mutually_exclusive_group()
    mode.add_argument(
        "--status", action="store_true", help="report how many runs are done, failed and pending; run nothing"
    )
    mode.add_argument("--run", metavar="RUN_ID", help="rerun one run and compare it with its row")
    command.add_argument("--engine", choices=("kernel", "mesa"), help="with --run: simulation engine (default: kernel)")
    command.add_argument("--events", action="store_true", help="with --run: also write every event and its reason")
    command.add_argument("--overwrite", action="store_true", help="with --run: replace other results in its folder")
    command.set_defaults(act=act)


def add_execution_options(command: argparse.ArgumentParser, out_help: str) -> None:
    """Declare the options of how to run, and of the folder, which `sweep` and `calibrate` share."""
    command.add_argument(
        "--executor",
        choices=("threads", "processes", "dask", "inline"),
        help="how to run (default: threads); results do not depend on it",
    )
    command.add_argument(
        "--workers", type=int, help="number of workers (default: one per core); results do not depend on it"
    )
    command.add_argument("--scheduler", metavar="ADDRESS", help="address of a Dask cluster, such as tcp://host:8786")
    command.add_argument("--out", metavar="DIR", help=out_help)
    command.add_argument(
        "--timeout", type=float, metavar="SECONDS", help="time limit of a run; a slower one counts as failed"
    )
    command.add_argument("--retry-failed", action="store_true", help="repeat the runs that failed")


def execution_keywords(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the options of how to run as keywords of `qispread.sweep` and `qispread.calibrate`."""
    return {
        "executor": arguments.executor or ("dask" if arguments.scheduler else "threads"),
        "workers": arguments.workers,
        "scheduler": arguments.scheduler,
        "timeout": arguments.timeout,
        "confirmed": arguments.yes,
        "retry_failed": arguments.retry_failed,
    }


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Run, resume or report a sweep, or rerun one of its runs; return the exit code."""
    check_unused_options(arguments)
    if arguments.status:
        return show_status(arguments, console)
    if arguments.run:
        return rerun_single(arguments, console)
    return run_sweep(arguments, console)


def check_unused_options(arguments: argparse.Namespace) -> None:
    """Check that no option is without effect in combination with the others.

    Raises
    ------
    InputError
        If any is, with what each of them needs.
    """
    from qispread.inputs.errors import Fault, InputError

    # By identity, since `--workers 0` is given and equals False.
    options = {
        name
        for name in (*SWEEP_OPTIONS, *RERUN_OPTIONS)
        if getattr(arguments, name) is not None and getattr(arguments, name) is not False
    }
    reasons: dict[str, str] = {}
    if arguments.status:
        reasons = dict.fromkeys((*SWEEP_OPTIONS, *RERUN_OPTIONS), "has no effect with --status, which runs nothing")
    elif arguments.run:
        reasons = dict.fromkeys(SWEEP_OPTIONS, "has no effect with --run, which runs a single run here")
    else:
        reasons = dict.fromkeys(RERUN_OPTIONS, "applies to single runs; needed: --run RUN_ID")
        if arguments.executor not in (None, "dask"):
            reasons["scheduler"] = f"has no effect with --executor {arguments.executor}; needed: --executor dask"
        if arguments.executor == "inline":
            reasons["workers"] = "has no effect with --executor inline, which is one worker"
        elif arguments.scheduler:
            reasons["workers"] = "has no effect with --scheduler, whose cluster has its own workers"
    faults = [Fault(f"--{name.replace('_', '-')}", reason) for name, reason in reasons.items() if name in options]
    if faults:
        raise InputError(faults)


def run_sweep(arguments: argparse.Namespace, console: "Console") -> int:
    """Run or resume an experiment."""
    from qispread.inputs.former_data import select_former_notes
    from qispread.runs.sweep.run_sweep import sweep

    print_line = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    try:
        with sweep_progress_bar(console) as advance:
            finished_sweep = sweep(
                arguments.experiment,
                arguments.out,
                **execution_keywords(arguments),
                progress=advance,
                log=print_line,
                command=["qispread", *arguments.argv],
            )
    except KeyboardInterrupt:
        show_stopped(arguments, console)
        return EXIT_INTERRUPTED
    for note in select_former_notes(finished_sweep.experiment.scenario.notes):
        print_line(f"note: {note}", style="yellow")
    print_line(f"{finished_sweep.status}, in {finished_sweep.folder}")
    if finished_sweep.status.failed:
        show_failures(finished_sweep, console)
    return EXIT_SOME_FAILED if finished_sweep.status.failed else EXIT_OK


def show_stopped(arguments: argparse.Namespace, console: "Console") -> None:
    """Print which runs of a stopped sweep are saved, and how to resume it."""
    from qispread.inputs.errors import InputError

    try:
        message = f"Stopped. {find_sweep(arguments).status}. Run the same command again to resume."
    except InputError:
        message = "Stopped before the first run."
    console.print(message, style="red", soft_wrap=True, markup=False)


def find_sweep(arguments: argparse.Namespace) -> "Sweep":
    """Open the sweep that the arguments name by its folder or its experiment."""
    from qispread.runs.sweep.load_experiment import read_experiment
    from qispread.runs.sweep.sweep_reader import read_sweep
    from qispread.runs.sweep.sweep_store import default_folder

    # With --run, --out is the folder for the results of that run.
    out = None if arguments.run else arguments.out
    source = Path(out or arguments.experiment)
    return read_sweep(source if source.is_dir() else default_folder(read_experiment(arguments.experiment)))


def show_status(arguments: argparse.Namespace, console: "Console") -> int:
    """Print how many runs of a sweep are done, failed and pending."""
    show_progress(find_sweep(arguments), console)
    return EXIT_OK


def show_progress(sweep: "Sweep", console: "Console") -> None:
    """Print the progress of a sweep, its environments, damaged parts and first failures."""
    from qispread.runs.sweep.resume import describe_environments
    from qispread.runs.sweep.sweep_log import part_file_name

    print_line = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    for note in sweep.notes:
        print_line(f"note: {note}", style="yellow")
    print_line(f"{sweep.folder}: {sweep.status}")
    for description in describe_environments(sweep.store):
        print_line(description)
    damaged = sweep.store.damaged_parts()
    if damaged:
        listed = ", ".join(part_file_name(part) for part in damaged[:MAX_SHOWN_FAILURES])
        more = f" and {len(damaged) - MAX_SHOWN_FAILURES:,} more" if len(damaged) > MAX_SHOWN_FAILURES else ""
        print_line(f"Missing or damaged, and recomputed when the sweep resumes: {listed}{more}.", style="red")
    if sweep.status.failed:
        show_failures(sweep, console)


def show_failures(sweep: "Sweep", console: "Console") -> None:
    """Print the first failures."""
    print_line = partial(console.print, soft_wrap=True, markup=False, highlight=False, style="red")
    count = 0
    for table in sweep.iterate_parts():
        for _, row in table[table["status"] == "failed"].iterrows():
            print_line(f"{row['run_id']} failed: {row['error']}")
            count += 1
            if count == MAX_SHOWN_FAILURES:
                return


def rerun_single(arguments: argparse.Namespace, console: "Console") -> int:
    """Rerun one run of a sweep, compare it with its row, and write its tables."""
    from qispread.interfaces.cli import terminal
    from qispread.outputs.results import cleanup_on_abort, write_runs
    from qispread.runs.sweep.rerun import differing_columns, environment_changes, parse_run_id, point_scenario, rerun

    sweep = find_sweep(arguments)
    print_line = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    point, replicate = parse_run_id(sweep, arguments.run)
    folder = rerun_folder(sweep, arguments)
    changes = environment_changes(sweep, arguments.run)
    for note in (*sweep.notes, *changes):
        print_line(f"note: {note}", style="yellow")
    with cleanup_on_abort(folder):
        check_rerun_folder(folder, point_scenario(sweep, point).replace(replicates=1), replicate, arguments)
        runs = rerun(sweep, arguments.run, engine=arguments.engine or "kernel", keep_events=arguments.events)
    terminal.show_headlines(runs, console)
    differences = differing_columns(sweep, arguments.run, runs.runs[0])
    if differences is None:
        print_line("The sweep has no row for this run yet.")
    elif differences:
        origin = "with other code or libraries" if changes else "on another machine"
        print_line(f"Differs from its row in {', '.join(differences)}: the row was computed {origin}.", style="red")
    else:
        print_line("Identical to its row, bit for bit.")
    command, about = ["qispread", *arguments.argv], {"run_id": arguments.run}
    paths = write_runs(runs, folder, overwrite=arguments.overwrite, command=command, about=about)
    print_line("Results: " + ", ".join(path.name for path in paths), f"in {folder}")
    return EXIT_SOME_FAILED if differences or runs.failed_runs else EXIT_OK


def rerun_folder(sweep: "Sweep", arguments: argparse.Namespace) -> Path:
    """Return the folder for the results of a rerun.

    Raises
    ------
    InputError
        If it is the folder of the sweep itself.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.runs.sweep.atomic_files import local_folder

    if not arguments.out:
        return sweep.folder / RERUNS_FOLDER / str(arguments.run)
    folder = local_folder(arguments.out)
    if folder.resolve() == sweep.folder.resolve():
        problem = "is the folder of the sweep; with --run it is the folder for the rerun"
        raise InputError([Fault("--out", f"{problem}; leave it out for {sweep.folder / RERUNS_FOLDER}", str(folder))])
    return folder


def check_rerun_folder(folder: Path, scenario: "Scenario", replicate: int, arguments: argparse.Namespace) -> None:
    """Check, before a rerun, that its results can be written; raises as `check_run_folder`."""
    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.results import check_run_folder

    try:
        check_run_folder(folder, scenario, overwrite=arguments.overwrite, replicate=replicate or None)
    except InputError as error:
        if arguments.out:
            raise
        hint = "; choose a folder for this rerun with --out"
        hinted = [
            Fault(fault.path, f"{fault.problem}{hint}", fault.file) if fault.path == "--out" else fault
            for fault in error.faults
        ]
        raise InputError(hinted) from None


@contextmanager
def sweep_progress_bar(console: "Console") -> "Iterator[Callable[[SweepProgress], None] | None]":
    """Show progress, speed, failures and remaining time on a terminal; elsewhere nothing."""
    if not console.is_terminal:
        yield None
        return
    from rich import progress as bars

    text = bars.TextColumn(
        "{task.completed:,.0f} of {task.total:,.0f} runs, {task.fields[rate]}, {task.fields[failed]}"
    )
    columns = (bars.BarColumn(), text, bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Sweeping", total=None, visible=False, rate="", failed="none failed")

        def advance(progress: "SweepProgress") -> None:
            failed = f"{progress.failed:,} failed" if progress.failed else "none failed"
            per_second = f"{progress.rate:,.0f} per second"
            rate = per_second if progress.rate >= 1.0 else f"{60.0 * progress.rate:,.1f} per minute"
            completed = progress.completed + progress.failed
            bar.update(task, total=progress.runs, completed=completed, visible=True, rate=rate, failed=failed)

        yield advance
