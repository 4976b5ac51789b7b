"""`qispread compare`: say what policies or other scenarios would change, for whom, and at what cost."""

import argparse
from functools import partial
from typing import TYPE_CHECKING

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK, EXIT_SOME_FAILED, MAX_SHOWN_FAILURES, report_interrupted_write

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from qispread.inputs.scenario import Scenario
    from qispread.outputs.results import ComparisonResult
    from qispread.runs.comparison import Comparison
    from qispread.runs.comparison.robustness import Robustness


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `compare`."""
    command.add_argument("baseline", help="the scenario that arms are compared with")
    command.add_argument("others", nargs="*", help="scenarios of the same world, each an arm called after its file")
    arms, question, worlds, results = (
        command.add_argument_group(title) for title in ("arms", "the question", "worlds", "results")
    )
    arms.add_argument("--policy", metavar="FILE", action="append", default=[], help="an arm: the base and this file")
    arms.add_argument("--factorial", action="store_true", help="run every combination of the policies too")
    arms.add_argument("--branch-at", type=int, metavar="MONTH", help="month at which added policies begin")
    arms.add_argument("--organisations", metavar="CSV", help="your own table of organisations, for all arms")
    arms.add_argument("--ties", metavar="CSV", help="your own table of ties, for all arms")
    question.add_argument(
        "--measure", help="what the answer is about (default: events_averted; with --precision: effect)"
    )
    question.add_argument(
        "--team-month-cost", type=float, default=0.0, metavar="PRICE", help="price of a team-month of staff time"
    )
    question.add_argument("--models", type=int, metavar="N", help="plausible models to try (default: 64; 0: none)")
    number = worlds.add_mutually_exclusive_group()
    number.add_argument("--replicates", type=int, metavar="N", help="worlds to simulate (default: the base's)")
    number.add_argument(
        "--precision", type=float, metavar="X", help="as many worlds as make the interval of the measure +-X"
    )
    worlds.add_argument("--seed", type=int, metavar="N", help="seed of all draws (default: the base's)")
    worlds.add_argument(
        "--workers", type=int, metavar="N", help="threads (default: one a core); results do not depend on it"
    )
    results.add_argument("--report", action="store_true", help="write a report to read and print")
    results.add_argument("--out", metavar="DIR", help="folder for results (default: results/compare-NAME-FINGERPRINT)")
    results.add_argument("--overwrite", action="store_true", help="replace the results of another run in that folder")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Compare arms with a base, print what differs and write the tables."""
    from qispread.outputs.results import ComparisonRequest, ComparisonResult, cleanup_on_abort, save_comparison
    from qispread.runs.comparison import arms_from_files, prepare_arms
    from qispread.runs.sweep.atomic_files import local_folder

    check_arguments(arguments)
    reject_single_replicates(arguments)
    base, arms = arms_from_files(
        arguments.baseline,
        arguments.others,
        arguments.policy,
        organisations=arguments.organisations,
        ties=arguments.ties,
        seed=arguments.seed,
        replicates=arguments.replicates,
    )
    everything = prepare_arms(base, arms, arguments.branch_at, factorial=arguments.factorial)
    measure, models = choose_measure(arguments), choose_model_count(arguments)
    asked = ComparisonRequest(everything, measure, arguments.precision, arguments.team_month_cost, models)
    folder = local_folder(arguments.out) if arguments.out else asked.default_folder()
    with cleanup_on_abort(folder):
        asked.check_output_folder(folder, overwrite=arguments.overwrite)
        terminal.show_scenario(base, console, show_replicates=arguments.precision is None)
        terminal.compile_with_progress(base, console)
        comparison = run_comparison(base, arms, len(everything), arguments, console)
        robust = run_robustness(comparison, models, arguments, console)
    answer = ComparisonResult(comparison, robust, arguments.team_month_cost)
    typed = ["qispread", *arguments.typed]
    with report_interrupted_write():
        paths = save_comparison(answer, folder, overwrite=arguments.overwrite, command=typed)
        show_result(answer, paths, arguments, console)
    return EXIT_SOME_FAILED if any(runs.failed_runs for runs in comparison.runs.values()) else EXIT_OK


def show_result(
    result: "ComparisonResult", paths: "list[Path]", arguments: argparse.Namespace, console: "Console"
) -> None:
    """Print the answer, where it is kept and what failed, and write the report if it is asked."""
    from qispread.model.engines.run_failures import all_failed
    from qispread.runs.comparison import BASELINE_ARM

    runs = result.comparison.runs
    nothing = {name: said for name, one in runs.items() if (said := all_failed(one.runs))}
    if not set(nothing) & {BASELINE_ARM} and len(nothing) < len(result.comparison.arms):
        terminal.show_comparison(result, console)
    say = partial(console.print, soft_wrap=True, markup=False)
    names = ", ".join(path.name for path in paths if path.suffix != ".parquet")
    say(f"Results: {names}, the tables as Parquet too, and a folder an arm in {paths[0].parent}")
    for name, said in nothing.items():
        say(f"{name}: {said}", style="red")
    if arguments.report and nothing:
        say("No report is written: it compares all arms.", style="red")
    elif arguments.report:
        terminal.write_report_and_show(paths[0].parent, console)
    failures = [(name, run) for name, one in runs.items() if name not in nothing for run in one.failed_runs]
    for name, failure in failures[:MAX_SHOWN_FAILURES]:
        say(f"{name}, replicate {failure.replicate} failed: {failure.error}", style="red")


def reject_single_replicates(arguments: argparse.Namespace) -> None:
    """Refuse manifests of one replicate that is not the first: arms are compared in all of them, from the first.

    Raises
    ------
    InputError
        With every such manifest.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.results import read_origin

    needed = "needed: a scenario, or a manifest of all replicates"
    found = {path: read_origin(path).replicate for path in (arguments.baseline, *arguments.others)}
    faults = [
        Fault("", f"is of replicate {replicate} alone, and arms are compared in replicates from 0 on; {needed}", path)
        for path, replicate in found.items()
        if replicate is not None
    ]
    if faults:
        raise InputError(faults)


def check_arguments(arguments: argparse.Namespace) -> None:
    """Refuse what can be seen to be wrong before anything is read."""
    from qispread.inputs.errors import Fault, InputError, did_you_mean
    from qispread.model.measures import MEASURES

    faults = []
    if arguments.workers is not None and arguments.workers < 1:
        faults.append(Fault("--workers", f"got {arguments.workers}; needed: at least 1"))
    if arguments.models is not None and (arguments.models < 0 or arguments.models == 1):
        faults.append(Fault("--models", f"got {arguments.models}; needed: at least 2, or 0 for none"))
    wanted = arguments.measure
    if wanted is not None and wanted not in MEASURES:
        faults.append(Fault("--measure", f"no measure is called '{wanted}'{did_you_mean(wanted, MEASURES)}"))
    elif arguments.models and MEASURES[choose_measure(arguments)].better == "neither":
        faults.append(Fault("--models", f"'{wanted}' is neither good nor bad: arms cannot be ranked by it"))
    if not 0.0 <= arguments.team_month_cost < float("inf"):
        faults.append(Fault("--team-month-cost", f"got {arguments.team_month_cost}; needed: a price of at least 0"))
    if arguments.precision is not None and not 0.0 < arguments.precision < float("inf"):
        faults.append(Fault("--precision", f"got {arguments.precision}; needed: a number above 0"))
    if faults:
        raise InputError(faults)


def run_comparison(
    base: "Scenario", arms: "dict[str, Scenario]", count: int, arguments: argparse.Namespace, console: "Console"
) -> "Comparison":
    """Run the arms behind a progress bar."""
    from qispread.runs.comparison import compare

    with terminal.progress_bar(console, "Comparing", base.replicates * count) as advance:
        return compare(
            base,
            arms,
            measure=choose_measure(arguments),
            precision=arguments.precision,
            branch_at=arguments.branch_at,
            factorial=arguments.factorial,
            workers=arguments.workers,
            progress=advance,
        )


def choose_measure(arguments: argparse.Namespace) -> str:
    """Return the measure that the answer is about: 0.01 of a harmful event would mean nothing as a precision."""
    from qispread.runs.comparison.paired_comparison import DEFAULT_MEASURE

    return arguments.measure or (DEFAULT_MEASURE if arguments.precision is None else "effect")


def choose_model_count(arguments: argparse.Namespace) -> int:
    """Return how many plausible models are asked: none by default where arms cannot be ranked by the measure."""
    from qispread.model.measures import MEASURES
    from qispread.runs.comparison.robustness import DEFAULT_MODELS

    if arguments.models is not None:
        return int(arguments.models)
    return 0 if MEASURES[choose_measure(arguments)].better == "neither" else DEFAULT_MODELS


def run_robustness(
    comparison: "Comparison", models: int, arguments: argparse.Namespace, console: "Console"
) -> "Robustness | None":
    """Run the arms in plausible models behind a progress bar; what cannot be said of them does not undo the rest."""
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
