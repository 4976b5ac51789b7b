"""`qispread run`: simulate a scenario many times."""

import argparse
from functools import partial
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK, EXIT_SOME_FAILED, MAX_SHOWN_FAILURES, report_interrupted_write

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.scenario import Scenario
    from qispread.model.engines.simulation import Runs


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `run`."""
    command.add_argument("scenario", help="YAML scenario, or the manifest.json of an earlier run")
    command.add_argument("--replicates", type=int, help="number of runs (default: the scenario's)")
    command.add_argument("--seed", type=int, help="seed of all random draws (default: the scenario's)")
    command.add_argument(
        "--engine", choices=("kernel", "mesa"), default="kernel", help="simulation engine; both give identical results"
    )
    command.add_argument(
        "--workers", type=int, help="number of threads (default: one per core); results do not depend on it"
    )
    command.add_argument("--organisations", metavar="CSV", help="your own table of organisations")
    command.add_argument("--ties", metavar="CSV", help="your own table of ties")
    command.add_argument("--policy", metavar="FILE", action="append", default=[], help="add a policy file; repeatable")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: results/NAME-FINGERPRINT)")
    command.add_argument("--overwrite", action="store_true", help="replace other results in that folder")
    command.add_argument("--csv", action="store_true", help="also write the tables as CSV")
    command.add_argument(
        "--events", action="store_true", help="also write every event and its reason, for one replicate"
    )
    command.add_argument("--report", action="store_true", help="also write a printable report")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Simulate a scenario, print its headline measures and write its tables."""
    from qispread.inputs.errors import Fault, InputError
    from qispread.inputs.load_scenario import read_scenario, reject_policy_file
    from qispread.outputs.results import check_run_folder, cleanup_on_abort, default_folder, read_origin, write_runs
    from qispread.runs.sweep.atomic_files import local_folder

    reject_policy_file(arguments.scenario)
    origin = read_origin(arguments.scenario)
    replicates = 1 if arguments.events and arguments.replicates is None else arguments.replicates
    changes = {"seed": arguments.seed, "replicates": replicates}
    scenario = read_scenario(
        arguments.scenario,
        organisations=arguments.organisations,
        ties=arguments.ties,
        policies=arguments.policy,
        changes={name: value for name, value in changes.items() if value is not None},
    )
    faults = []
    if origin.replicate is not None and arguments.replicates is not None:
        problem = f"the manifest is of replicate {origin.replicate} alone, which is rerun"
        faults.append(Fault("--replicates", f"{problem}; leave this option out"))
    if arguments.events and scenario.replicates != 1:
        faults.append(Fault("--events", f"got {scenario.replicates} replicates; needed: 1"))
    if arguments.workers is not None and arguments.workers < 1:
        faults.append(Fault("--workers", f"got {arguments.workers}; needed: at least 1"))
    if faults:
        raise InputError(faults)
    unchanged = (arguments.seed, arguments.organisations, arguments.ties) == (None, None, None) and not arguments.policy
    about = origin.description if unchanged else {}
    print_line = partial(console.print, soft_wrap=True, markup=False)
    for note in origin.notes:
        print_line(f"note: {note}", style="yellow")
    from qispread.model.engines.run_failures import all_failed

    folder = local_folder(arguments.out) if arguments.out else default_folder(scenario, origin.replicate)
    with cleanup_on_abort(folder):
        check_run_folder(folder, scenario, overwrite=arguments.overwrite, replicate=origin.replicate)
        terminal.show_scenario(scenario, console)
        runs = run_simulation(scenario, origin.replicate, arguments, console)
    command = ["qispread", *arguments.argv]
    with report_interrupted_write():
        paths = write_runs(runs, folder, csv=arguments.csv, overwrite=arguments.overwrite, command=command, about=about)
    failure_message = all_failed(runs.runs)
    if not failure_message:
        terminal.show_headlines(runs, console)
    print_line("Results: " + ", ".join(path.name for path in paths), f"in {folder}")
    if failure_message:
        consequence = "; no report was written" if arguments.report else ""
        print_line(f"{failure_message}{consequence}", style="red")
        return EXIT_SOME_FAILED
    if arguments.report:
        terminal.write_report_and_show(folder, console)
    for failure in runs.failed_runs[:MAX_SHOWN_FAILURES]:
        print_line(f"replicate {failure.replicate} failed: {failure.error}", style="red")
    return EXIT_SOME_FAILED if runs.failed_runs else EXIT_OK


def run_simulation(
    scenario: "Scenario", replicate: int | None, arguments: argparse.Namespace, console: "Console"
) -> "Runs":
    """Run the scenario, or one replicate of it, behind a progress bar."""
    from qispread.model.engines.simulation import Runs, run_replicates

    if arguments.engine == "kernel" and not arguments.events:
        terminal.compile_with_progress(scenario, console)
    replicates = range(scenario.replicates) if replicate is None else range(replicate, replicate + 1)
    with terminal.progress_bar(console, "Simulating", len(replicates)) as advance:
        runs = run_replicates(
            scenario,
            replicates,
            engine=arguments.engine,
            workers=arguments.workers,
            keep_events=arguments.events,
            progress=advance,
        )
    return Runs(scenario, runs)
