"""`qispread calibrate`: fit parameters to targets, and report which of them the targets identify."""

import argparse
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli.exit_codes import EXIT_INTERRUPTED, EXIT_OK, EXIT_SOME_FAILED, report_interrupted_write
from qispread.interfaces.cli.sweep_arguments import path_table
from qispread.interfaces.cli.sweep_command import (
    add_execution_options,
    execution_keywords,
    show_progress,
    sweep_progress_bar,
)

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.runs.calibration.run_calibration import CalibrationResult

CALIBRATED_FILE = "calibrated.yaml"
UNMET_TARGETS_NOTE = "No run meets all targets, so the following may not hold (see the warning above):"
"""Printed before the summary of the parameters if there is a warning."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `calibrate`."""
    command.add_argument(
        "targets", help="calibration file (scenario, parameters, targets); with --status also its folder"
    )
    command.add_argument(
        "--self-check",
        type=int,
        nargs="?",
        const=200,
        metavar="TRUTHS",
        help="test how well synthetic truths are recovered from the same runs (default: 200 of them)",
    )
    add_execution_options(command, "folder for results (default: results/calibrate-NAME)")
    command.add_argument(
        "--yes", action="store_true", help="start even with very many runs, or parameters without effect"
    )
    command.add_argument(
        "--status", action="store_true", help="report how many runs are done, failed and pending; run nothing"
    )
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Calibrate, print the posterior, and write tables, figures and the calibrated scenario."""
    from qispread.inputs.former_data import select_former_notes
    from qispread.runs.calibration.run_calibration import calibrate

    if arguments.status:
        return show_status(arguments, console)
    if arguments.out is not None:
        check_output_folder(Path(arguments.out))
    print_line = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    try:
        with sweep_progress_bar(console) as advance:
            result = calibrate(
                arguments.targets,
                arguments.out,
                **execution_keywords(arguments),
                self_check_runs=arguments.self_check,
                progress=advance,
                log=print_line,
            )
    except KeyboardInterrupt:
        show_stopped(arguments, console)
        return EXIT_INTERRUPTED
    for note in select_former_notes(result.specification.calibration.scenario.notes):
        print_line(f"note: {note}", style="yellow")
    show_result(result, console)
    with report_interrupted_write():
        write_outputs(result, arguments)
    print_line(
        f"Results: parameters.csv, targets.csv, posterior.csv, {CALIBRATED_FILE} and other files, "
        f"with figures, in {result.folder}"
    )
    plugins = "".join(f" --plugin {name}" for name in arguments.plugins)
    print_line(f"Run the calibrated scenario: qispread run {result.folder / CALIBRATED_FILE}{plugins}")
    return EXIT_SOME_FAILED if result.prior_runs.failed or result.posterior_runs.failed else EXIT_OK


def show_status(arguments: argparse.Namespace, console: "Console") -> int:
    """Print how many runs of a calibration are done, failed and pending, and which have not started.

    Raises
    ------
    InputError
        If none has started.
    """
    from qispread.runs.calibration.calibration_runs import describe_missing_sweeps, find_sweeps
    from qispread.runs.calibration.load_calibration import read_calibration
    from qispread.runs.calibration.run_calibration import default_folder

    source = Path(arguments.out or arguments.targets)
    plan = None if Path(arguments.targets).is_dir() else read_calibration(arguments.targets)
    folder = source if plan is None or arguments.out else default_folder(plan)
    sweeps = find_sweeps(folder)
    for sweep in sweeps:
        show_progress(sweep, console)
    for description in describe_missing_sweeps(plan, folder, sweeps):
        console.print(f"{description}: not started", soft_wrap=True, markup=False, highlight=False)
    return EXIT_OK


def show_stopped(arguments: argparse.Namespace, console: "Console") -> None:
    """Print which runs of a stopped calibration are saved, and how to resume it."""
    from qispread.inputs.errors import InputError

    print_line = partial(console.print, style="red", soft_wrap=True, markup=False)
    try:
        show_status(arguments, console)
    except InputError:
        print_line("Stopped before the first run.")
        return
    print_line("Stopped. Finished runs are saved; run the same command again to resume.")


def check_output_folder(folder: Path) -> None:
    """Check that the folder does not hold results of another kind.

    Raises
    ------
    InputError
        If its manifest is not of a calibration.
    """
    from qispread.outputs.results.results_folder import MANIFEST, output_folder_error, read_manifest

    if (folder / MANIFEST).exists() and "calibration" not in read_manifest(folder):
        raise output_folder_error(folder, "holds results of another kind; choose another folder")


def show_result(result: "CalibrationResult", console: "Console") -> None:
    """Print warnings, the posterior of each parameter, the fit to each target, a summary and notes."""
    print_line = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    for warning in result.warnings:
        print_line(f"warning: {warning}", style="red")
    show_parameters(result, console)
    show_targets(result, console)
    for line in summarise_result(result):
        print_line(line)
    for note in result.notes[len(result.warnings) :]:
        print_line(f"note: {note}", style="yellow")


def show_parameters(result: "CalibrationResult", console: "Console") -> None:
    """Print the posterior of each parameter."""
    from rich.markup import escape

    from qispread.common.formatting import format_range, format_short

    table = path_table(
        "Parameters: prior range, posterior median with 90% interval", ("", "Prior", "Posterior", "Narrower by")
    )
    for row in result.parameters.to_dict("records"):
        posterior = f"{format_short(row['median'])} ({format_range(row['low_90'], row['high_90'])})"
        narrower = f"{100.0 * max(0.0, row['shrinkage']):.0f}%"
        table.add_row(escape(str(row["parameter"])), format_range(row["low"], row["high"]), posterior, narrower)
    console.print(table)


def show_targets(result: "CalibrationResult", console: "Console") -> None:
    """Print each target with its observed and simulated value."""
    from rich.markup import escape

    from qispread.common.formatting import format_range, format_short

    table = path_table("Targets, 95% intervals in brackets", ("", "Observed", "Simulated", ""))
    for row in result.targets.to_dict("records"):
        observed = f"{format_short(row['value'])} ({format_range(row['low'], row['high'])})"
        interval = format_range(row["posterior_low"], row["posterior_high"])
        simulated = f"{format_short(row['posterior_median'])} ({interval})"
        table.add_row(escape(str(row["target"])), observed, simulated, str(row["verdict"]))
    console.print(table)


def summarise_result(result: "CalibrationResult") -> list[str]:
    """Return the lines that summarise which parameters are identified and how reliable the posterior is."""
    table, lines = result.parameters, [UNMET_TARGETS_NOTE] if result.warnings else []
    for verdict, heading in (
        ("identified", "Identified:"),
        ("partly", "Partly identified:"),
        ("not identified", "Not identified:"),
        ("unclear", "Estimates are unreliable for:"),
    ):
        names = list(table.loc[table["identified"] == verdict, "parameter"])
        if names:
            lines.append(f"{heading} {', '.join(names)}.")
    missed = list(result.targets.loc[result.targets["verdict"] == "missed", "target"])
    lines.append(f"Missed: {', '.join(missed)}." if missed else "All targets are met.")
    lines.append(
        f"{len(result.posterior.draws):,} of {len(result.posterior.prior):,} runs accepted; effective sample size "
        f"{result.posterior.effective_sample_size:,.0f}."
    )
    return [*lines, *describe_self_check(result)]


def describe_self_check(result: "CalibrationResult") -> list[str]:
    """Return the lines that report how well synthetic truths were recovered."""
    if result.self_check_result is None:
        return []
    import numpy as np

    from qispread.runs.calibration.abc_posterior import INTERVAL_LEVELS

    lines, check = [], result.self_check_result
    for level, share in zip(INTERVAL_LEVELS, check.coverage.mean(axis=1), strict=True):
        low, high = check.interval(np.array(share))
        lines.append(f"{100 * level:.0f}% intervals contain {share:.1%} of the truths ({low:.1%} to {high:.1%})")
    errors = ", ".join(
        f"{factor.path} {error:.2f}" for factor, error in zip(result.specification.factors, check.error, strict=True)
    )
    return [
        f"Self-check on {check.truths} synthetic truths, mean over the parameters: {'; '.join(lines)}.",
        f"Error of posterior means in standard deviations of the prior (1: the targets add nothing): {errors}.",
    ]


def write_outputs(result: "CalibrationResult", arguments: argparse.Namespace) -> None:
    """Write tables, figures and the calibrated scenario."""
    from qispread.outputs.figures.calibration_figures import calibration_figures
    from qispread.outputs.figures.save_analysis import save_analysis
    from qispread.runs.calibration import calibration_tables
    from qispread.runs.calibration.calibrated_scenario import render_calibrated_scenario

    tables: dict[str, tuple[Any, dict[str, str]]] = {
        "parameters": (result.parameters, calibration_tables.PARAMETER_COLUMNS),
        "targets": (result.targets, calibration_tables.TARGET_COLUMNS),
        "correlations": (result.correlations, calibration_tables.CORRELATION_COLUMNS),
        "posterior": (result.draws, calibration_tables.draws_column_meanings(result.specification)),
    }
    for stale in ("self_check.csv", "self_check.parquet"):
        (result.folder / stale).unlink(missing_ok=True)
    if result.self_check_result is not None:
        tables["self_check"] = (
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
    command = ["qispread", *arguments.argv]
    texts = {CALIBRATED_FILE: render_calibrated_scenario(result, result.folder, shlex.join(command))}
    save_analysis(result.folder, "", tables, calibration_figures(result), about, command, texts)
