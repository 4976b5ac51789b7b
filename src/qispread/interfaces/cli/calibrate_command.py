"""`qispread calibrate`: fit parameters to targets with their uncertainty, and say what was learnt and what was not."""

import argparse
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli.exit_codes import EXIT_INTERRUPTED, EXIT_OK, EXIT_SOME_FAILED, report_interrupted_write
from qispread.interfaces.cli.sweep_arguments import path_table
from qispread.interfaces.cli.sweep_command import show_progress, sweep_progress_bar

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.runs.calibration.run_calibration import CalibrationResult

CALIBRATED_FILE = "calibrated.yaml"
UNMET_TARGETS_NOTE = "By targets that runs do not meet, so that it may not hold (see the warning above):"
"""What comes before what is said of the parameters, where there is a warning."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `calibrate`."""
    command.add_argument("targets", help="a calibration file: base, parameters, targets; or its folder, with --status")
    command.add_argument(
        "--self-check",
        type=int,
        nargs="?",
        const=200,
        metavar="TRUTHS",
        help="find so many synthetic truths again from the same runs, and say how well (200 unless given)",
    )
    command.add_argument("--executor", choices=("threads", "processes", "dask", "inline"), help="as for sweep")
    command.add_argument("--workers", type=int, help="how many (default: one a core); results do not depend on it")
    command.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, such as tcp://host:8786")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: results/calibrate-NAME)")
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="that a run may take; then it has failed")
    command.add_argument("--retry-failed", action="store_true", help="run those again that failed")
    command.add_argument(
        "--yes", action="store_true", help="start even with very many runs, or parameters that change nothing"
    )
    command.add_argument("--status", action="store_true", help="say what is done, failed and left, and run nothing")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Calibrate, print what was learnt, and write tables, pictures and the calibrated scenario."""
    from qispread.inputs.former_data import select_former_notes
    from qispread.runs.calibration.run_calibration import calibrate

    if arguments.status:
        return show_status(arguments, console)
    if arguments.out is not None:
        check_output_folder(Path(arguments.out))
    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    try:
        with sweep_progress_bar(console) as advance:
            found = calibrate(
                arguments.targets,
                arguments.out,
                executor=arguments.executor or ("dask" if arguments.scheduler else "threads"),
                workers=arguments.workers,
                scheduler=arguments.scheduler,
                timeout=arguments.timeout,
                confirmed=arguments.yes,
                retry_failed=arguments.retry_failed,
                self_check_runs=arguments.self_check,
                progress=advance,
                log=say,
            )
    except KeyboardInterrupt:
        show_stopped(arguments, console)
        return EXIT_INTERRUPTED
    for note in select_former_notes(found.specification.calibration.scenario.notes):
        say(f"note: {note}", style="yellow")
    show_result(found, console)
    with report_interrupted_write():
        write_outputs(found, arguments)
    say(
        f"Results: parameters.csv, targets.csv, posterior.csv, {CALIBRATED_FILE} and others, "
        f"with pictures, in {found.folder}"
    )
    say(f"To run it: qispread run {found.folder / CALIBRATED_FILE}")
    return EXIT_SOME_FAILED if found.prior_runs.failed or found.posterior_runs.failed else EXIT_OK


def show_status(arguments: argparse.Namespace, console: "Console") -> int:
    """Say what is done, failed and left of the runs of a calibration, and what has not begun.

    Raises
    ------
    InputError
        Where none has begun.
    """
    from qispread.runs.calibration.calibration_runs import describe_missing_sweeps, find_sweeps
    from qispread.runs.calibration.load_calibration import load_calibration
    from qispread.runs.calibration.run_calibration import default_folder

    given = Path(arguments.out or arguments.targets)
    plan = None if Path(arguments.targets).is_dir() else load_calibration(arguments.targets)
    folder = given if plan is None or arguments.out else default_folder(plan)
    begun = find_sweeps(folder)
    for one in begun:
        show_progress(one, console)
    for words in describe_missing_sweeps(plan, folder, begun):
        console.print(f"{words}: not begun", soft_wrap=True, markup=False, highlight=False)
    return EXIT_OK


def show_stopped(arguments: argparse.Namespace, console: "Console") -> None:
    """Say what is kept of a calibration that was stopped, and how to go on."""
    from qispread.inputs.errors import InputError

    say = partial(console.print, style="red", soft_wrap=True, markup=False)
    try:
        show_status(arguments, console)
    except InputError:
        say("Stopped. Nothing was run yet.")
        return
    say("Stopped. What was run is kept; to go on, run the same command again.")


def check_output_folder(folder: Path) -> None:
    """Refuse a folder that holds results of another kind, before anything is run.

    Raises
    ------
    InputError
        Where it has the manifest of something that is no calibration.
    """
    from qispread.outputs.results.results_folder import MANIFEST, output_folder_error, read_manifest

    if (folder / MANIFEST).exists() and "calibration" not in read_manifest(folder):
        raise output_folder_error(folder, "holds results of another kind; say another folder")


def show_result(result: "CalibrationResult", console: "Console") -> None:
    """Print why it may not hold, and what was learnt of each parameter and target, in words and tables."""
    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    for warning in result.warnings:
        say(f"warning: {warning}", style="red")
    show_parameters(result, console)
    show_targets(result, console)
    for line in summarise_result(result):
        say(line)
    for note in result.notes[len(result.warnings) :]:
        say(f"note: {note}", style="yellow")


def show_parameters(result: "CalibrationResult", console: "Console") -> None:
    """Print the posterior of each parameter."""
    from rich.markup import escape

    from qispread.common.formatting import format_range, format_short

    table = path_table(
        "Parameters: ranges before, medians and 90 % intervals after", ("", "Before", "After", "Narrower by")
    )
    for one in result.parameters.to_dict("records"):
        after = f"{format_short(one['median'])} ({format_range(one['low_90'], one['high_90'])})"
        narrower = f"{100.0 * max(0.0, one['shrinkage']):.0f} %"
        table.add_row(escape(str(one["parameter"])), format_range(one["low"], one["high"]), after, narrower)
    console.print(table)


def show_targets(result: "CalibrationResult", console: "Console") -> None:
    """Print each target against what runs show."""
    from rich.markup import escape

    from qispread.common.formatting import format_range, format_short

    table = path_table("Targets, 95 % intervals in brackets", ("", "Observed", "Runs at draws", ""))
    for one in result.targets.to_dict("records"):
        observed = f"{format_short(one['value'])} ({format_range(one['low'], one['high'])})"
        shown = f"{format_short(one['posterior_median'])} ({format_range(one['posterior_low'], one['posterior_high'])})"
        table.add_row(escape(str(one["target"])), observed, shown, str(one["verdict"]))
    console.print(table)


def summarise_result(result: "CalibrationResult") -> list[str]:
    """Return in plain words what was learnt, what cannot be told, and whether it can be trusted."""
    table, lines = result.parameters, [UNMET_TARGETS_NOTE] if result.warnings else []
    for word, told in (
        ("identified", "Identified:"),
        ("partly", "Partly identified:"),
        ("not identified", "Not identified:"),
        ("unclear", "Estimates are unreliable for:"),
    ):
        names = list(table.loc[table["identified"] == word, "parameter"])
        if names:
            lines.append(f"{told} {', '.join(names)}.")
    missed = list(result.targets.loc[result.targets["verdict"] == "missed", "target"])
    lines.append(f"Missed: {', '.join(missed)}." if missed else "No target is missed.")
    lines.append(
        f"From {len(result.posterior.prior):,} runs, {len(result.posterior.draws):,} kept, worth "
        f"{result.posterior.effective_sample_size:,.0f} independent draws."
    )
    return [*lines, *describe_self_check(result)]


def describe_self_check(result: "CalibrationResult") -> list[str]:
    """Return how well synthetic truths were found again, in words."""
    if result.self_check_result is None:
        return []
    import numpy as np

    from qispread.runs.calibration.abc_posterior import INTERVAL_LEVELS

    lines, check = [], result.self_check_result
    for level, share in zip(INTERVAL_LEVELS, check.coverage.mean(axis=1), strict=True):
        low, high = check.interval(np.array(share))
        lines.append(f"{100 * level:.0f} % intervals hold {share:.1%} of the truths ({low:.1%} to {high:.1%})")
    errors = ", ".join(
        f"{one.path} {error:.2f}" for one, error in zip(result.specification.factors, check.error, strict=True)
    )
    return [
        f"Self-check on {check.truths} synthetic truths, mean over the parameters: {'; '.join(lines)}.",
        f"Error of posterior means, in standard deviations of the range (1 is nothing learnt): {errors}.",
    ]


def write_outputs(result: "CalibrationResult", arguments: argparse.Namespace) -> None:
    """Write tables, pictures and the calibrated scenario."""
    from qispread.outputs.figures.calibration_figures import calibration_figures
    from qispread.outputs.figures.save_analysis import save_analysis
    from qispread.runs.calibration import calibration_tables
    from qispread.runs.calibration.calibrated_scenario import render_calibrated_scenario

    written: dict[str, tuple[Any, dict[str, str]]] = {
        "parameters": (result.parameters, calibration_tables.PARAMETER_COLUMNS),
        "targets": (result.targets, calibration_tables.TARGET_COLUMNS),
        "correlations": (result.correlations, calibration_tables.CORRELATION_COLUMNS),
        "posterior": (result.draws, calibration_tables.draws_column_meanings(result.specification)),
    }
    for stale in ("self_check.csv", "self_check.parquet"):
        (result.folder / stale).unlink(missing_ok=True)
    if result.self_check_result is not None:
        written["self_check"] = (
            calibration_tables.build_self_check_table(result.specification, result.self_check_result),
            calibration_tables.SELF_CHECK_COLUMNS,
        )
    calibration = result.specification.calibration
    about = {
        "calibration": calibration.model_dump(mode="json", exclude={"scenario"}),
        "scenario": calibration.scenario.model_dump(mode="json", exclude_none=True),
        "runs": {"all": len(result.prior_runs.summaries), "left_out": result.posterior.excluded_runs},
        "effective_draws": result.posterior.effective_sample_size,
        "inside_the_cloud": result.coverage_check.is_covered,
        "notes": list(result.notes),
    }
    command = ["qispread", *arguments.typed]
    texts = {CALIBRATED_FILE: render_calibrated_scenario(result, result.folder, shlex.join(command))}
    save_analysis(result.folder, "", written, calibration_figures(result), about, command, texts)
