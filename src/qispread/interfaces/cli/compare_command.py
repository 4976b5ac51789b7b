"""`qispread compare`: compare policies or other scenarios with a baseline: effects, for whom, and at what cost."""

import argparse
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK, EXIT_SOME_FAILED, MAX_SHOWN_FAILURES, report_interrupted_write

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.inputs.scenario import Scenario
    from qispread.outputs.results import ComparisonResult
    from qispread.runs.comparison import Comparison
    from qispread.runs.comparison.robustness import Robustness


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `compare`."""
    command.add_argument("baseline", help="scenario that the options are compared with")
    command.add_argument(
        "others",
        metavar="SCENARIO",
        nargs="*",
        help="scenarios of the same organisations, each an option named after its file",
    )
    options, question, runs, results = (
        command.add_argument_group(title) for title in ("options compared", "question", "runs", "results")
    )
    options.add_argument(
        "--policy",
        metavar="FILE",
        action="append",
        default=[],
        help="policy file: an option that adds it to the baseline; repeatable",
    )
    options.add_argument("--factorial", action="store_true", help="also run every combination of the policies")
    options.add_argument("--branch-at", type=int, metavar="MONTH", help="month in which the added policies start")
    options.add_argument("--organisations", metavar="CSV", help="your own table of organisations, for all options")
    options.add_argument("--ties", metavar="CSV", help="your own table of ties, for all options")
    question.add_argument(
        "--measure", help="measure that the options are ranked by (default: events_averted; with --precision: effect)"
    )
    question.add_argument(
        "--team-month-cost", type=float, default=0.0, metavar="PRICE", help="price of a team-month of staff time"
    )
    question.add_argument("--models", type=int, metavar="N", help="number of plausible models (default: 64; 0: none)")
    precision = runs.add_mutually_exclusive_group()
    precision.add_argument("--replicates", type=int, metavar="N", help="number of runs (default: the baseline's)")
    precision.add_argument(
        "--precision", type=float, metavar="X", help="run until the 95%% interval of the measure is within +-X"
    )
    runs.add_argument("--seed", type=int, metavar="N", help="seed of all random draws (default: the baseline's)")
    runs.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="number of threads (default: one per core); results do not depend on it",
    )
    results.add_argument("--report", action="store_true", help="also write a printable report")
    results.add_argument("--out", metavar="DIR", help="folder for results (default: results/compare-NAME-FINGERPRINT)")
    results.add_argument("--overwrite", action="store_true", help="replace other results in that folder")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Compare the options with the baseline, print the differences and write the tables."""
    from qispread.outputs.results import ComparisonRequest, ComparisonResult, cleanup_on_abort, write_comparison
    from qispread.runs.comparison import arms_from_files, prepare_arms
    from qispread.runs.sweep.atomic_files import local_folder

    check_arguments(arguments)
    reject_single_replicates(arguments)
    baseline, arms = arms_from_files(
        arguments.baseline,
        arguments.others,
        arguments.policy,
        organisations=arguments.organisations,
        ties=arguments.ties,
        seed=arguments.seed,
        replicates=arguments.replicates,
    )
    all_arms = prepare_arms(baseline, arms, arguments.branch_at, factorial=arguments.factorial)
    measure, models = choose_measure(arguments), choose_model_count(arguments)
    request = ComparisonRequest(all_arms, measure, arguments.precision, arguments.team_month_cost, models)
    folder = local_folder(arguments.out) if arguments.out else request.default_folder()
    with cleanup_on_abort(folder):
        request.check_output_folder(folder, overwrite=arguments.overwrite)
        terminal.show_scenario(baseline, console, show_replicates=arguments.precision is None)
        for scenario in all_arms.values():
            terminal.compile_with_progress(scenario, console)
        comparison = run_comparison(baseline, arms, len(all_arms), arguments, console)
        robustness = run_robustness(comparison, models, arguments, console)
    result = ComparisonResult(comparison, robustness, arguments.team_month_cost)
    command = ["qispread", *arguments.argv]
    with report_interrupted_write():
        paths = write_comparison(result, folder, overwrite=arguments.overwrite, command=command)
        show_result(result, paths, arguments, console)
    return EXIT_SOME_FAILED if any(runs.failed_runs for runs in comparison.runs.values()) else EXIT_OK


def show_result(
    result: "ComparisonResult", paths: "list[Path]", arguments: argparse.Namespace, console: "Console"
) -> None:
    """Print the results, their folder and the failures, and write the report if `--report` is given."""
    from qispread.model.engines.run_failures import all_failed
    from qispread.runs.comparison import BASELINE_ARM

    runs = result.comparison.runs
    failed_arms = {name: message for name, arm_runs in runs.items() if (message := all_failed(arm_runs.runs))}
    if BASELINE_ARM not in failed_arms and len(failed_arms) < len(result.comparison.arms):
        terminal.show_comparison(result, console)
    print_line = partial(console.print, soft_wrap=True, markup=False)
    names = ", ".join(path.name for path in paths if path.suffix != ".parquet")
    print_line(f"Results: {names}, the same tables as Parquet, and a folder for each option, in {paths[0].parent}")
    for name, message in failed_arms.items():
        print_line(f"{name}: {message}", style="red")
    if arguments.report and failed_arms:
        print_line("No report was written, because all runs of an option failed.", style="red")
    elif arguments.report:
        terminal.write_report_and_show(paths[0].parent, console)
    failures = [
        (name, run) for name, arm_runs in runs.items() if name not in failed_arms for run in arm_runs.failed_runs
    ]
    for name, failure in failures[:MAX_SHOWN_FAILURES]:
        print_line(f"{name}, replicate {failure.replicate} failed: {failure.error}", style="red")


def reject_single_replicates(arguments: argparse.Namespace) -> None:
    """Check that no manifest is of a single replicate: arms are compared in all replicates, from the first.

    Raises
    ------
    InputError
        If any is, with all of them.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.results import read_origin

    needed = "needed: a scenario, or a manifest of all replicates"
    replicates = {path: read_origin(path).replicate for path in (arguments.baseline, *arguments.others)}
    faults = [
        Fault("", f"is of replicate {replicate} alone, and options are compared in all replicates; {needed}", path)
        for path, replicate in replicates.items()
        if replicate is not None
    ]
    if faults:
        raise InputError(faults)


def read_installed_plugins(file: str) -> None:
    """Load the installed plug-ins that a scenario names; faults are reported when it is read."""
    from qispread.inputs.errors import InputError
    from qispread.inputs.extensions.plugin_files import read_named_packages
    from qispread.inputs.load_scenario import read_with_parents

    with suppress(InputError):
        read_named_packages(read_with_parents(Path(file), file)[0].get("plugins", ()))


def check_arguments(arguments: argparse.Namespace) -> None:
    """Check the options before any file is read, and raise all faults together."""
    from qispread.inputs.errors import Fault, InputError, did_you_mean
    from qispread.model.measures import MEASURES

    faults = []
    if arguments.workers is not None and arguments.workers < 1:
        faults.append(Fault("--workers", f"got {arguments.workers}; needed: at least 1"))
    if arguments.models is not None and (arguments.models < 0 or arguments.models == 1):
        faults.append(Fault("--models", f"got {arguments.models}; needed: at least 2, or 0 for none"))
    measure = arguments.measure
    if measure is not None and measure not in MEASURES:
        read_installed_plugins(arguments.baseline)
    if measure is not None and measure not in MEASURES:
        faults.append(Fault("--measure", f"no measure is called '{measure}'{did_you_mean(measure, MEASURES)}"))
    elif arguments.models and MEASURES[choose_measure(arguments)].better == "neither":
        faults.append(Fault("--models", f"'{measure}' has no better direction: options cannot be ranked by it"))
    if not 0.0 <= arguments.team_month_cost < float("inf"):
        faults.append(Fault("--team-month-cost", f"got {arguments.team_month_cost}; needed: a price of at least 0"))
    if arguments.precision is not None and not 0.0 < arguments.precision < float("inf"):
        faults.append(Fault("--precision", f"got {arguments.precision}; needed: a number above 0"))
    if faults:
        raise InputError(faults)


def run_comparison(
    baseline: "Scenario", arms: "dict[str, Scenario]", count: int, arguments: argparse.Namespace, console: "Console"
) -> "Comparison":
    """Run all arms behind a progress bar."""
    from qispread.runs.comparison import compare

    with terminal.progress_bar(console, "Comparing", baseline.replicates * count) as advance:
        return compare(
            baseline,
            arms,
            measure=choose_measure(arguments),
            precision=arguments.precision,
            branch_at=arguments.branch_at,
            factorial=arguments.factorial,
            workers=arguments.workers,
            progress=advance,
        )


def choose_measure(arguments: argparse.Namespace) -> str:
    """Return the measure that options are ranked by; a precision needs a share, since events have no fixed scale."""
    from qispread.runs.comparison.paired_comparison import DEFAULT_MEASURE

    return arguments.measure or (DEFAULT_MEASURE if arguments.precision is None else "effect")


def choose_model_count(arguments: argparse.Namespace) -> int:
    """Return the number of plausible models; none by default if the measure cannot rank options."""
    from qispread.model.measures import MEASURES
    from qispread.runs.comparison.robustness import DEFAULT_MODELS

    if arguments.models is not None:
        return int(arguments.models)
    return 0 if MEASURES[choose_measure(arguments)].better == "neither" else DEFAULT_MODELS


def run_robustness(
    comparison: "Comparison", models: int, arguments: argparse.Namespace, console: "Console"
) -> "Robustness | None":
    """Run the arms in plausible models behind a progress bar; return None, with a message, if that is impossible."""
    from qispread.inputs.errors import InputError
    from qispread.model.engines.run_failures import all_failed
    from qispread.runs.comparison.robustness import robustness

    if not models or any(all_failed(runs.runs) for runs in comparison.runs.values()):
        return None
    try:
        with terminal.progress_bar(console, "Plausible models", models) as advance:
            return robustness(comparison, models, workers=arguments.workers, progress=advance)
    except InputError as error:
        console.print("; ".join(fault.problem for fault in error.faults), style="yellow", markup=False, soft_wrap=True)
        return None
