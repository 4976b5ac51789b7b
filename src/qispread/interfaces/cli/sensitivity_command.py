"""`qispread sensitivity`: rank the parameters that a measure of a sweep depends on."""

import argparse
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli.exit_codes import EXIT_OK
from qispread.interfaces.cli.sweep_arguments import open_sweep, path_table, sweep_provenance, unfinished_note

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.analysis.sensitivity_tables import SensitivityResult

METHOD_DESCRIPTIONS = {
    "sobol": "Sobol' indices (share of the variance between points)",
    "morris": "Elementary effects (scaled to the whole range)",
    "first_order": "First-order indices (share of the variance between points)",
}
METHOD_COLUMNS = {
    "sobol": {"first": "First order", "total": "Total"},
    "morris": {"mu_star": "Mean absolute", "mu": "Mean", "sigma": "Spread"},
    "first_order": {"first": "First order"},
}
MAX_MONTHS, MAX_PAIRS = 6, 5
NEEDS_SALTELLI_NOTE = "This design does not identify interactions; a saltelli design does."


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sensitivity`."""
    command.add_argument("sweep", help="folder of a sweep, or its experiment file")
    command.add_argument("--measure", help="measure to explain (default: events_averted, or the first that was saved)")
    command.add_argument("--intervention", help="intervention that is measured (default: all together)")
    command.add_argument(
        "--months",
        type=int,
        nargs="+",
        metavar="MONTH",
        help="months to analyse (default: every twelfth, if months were saved)",
    )
    command.add_argument(
        "--out", metavar="DIR", help="folder for results (default: analysis/MEASURE in the folder of the sweep)"
    )
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Analyse a sweep, print the ranking of its parameters, and write tables and figures."""
    from qispread.analysis.sensitivity import sensitivity
    from qispread.inputs.cross_checks import POOLED
    from qispread.outputs.figures.save_analysis import analysis_path
    from qispread.runs.sweep.sweep_outcomes import choose_measure

    sweep = open_sweep(arguments.sweep)
    measure = arguments.measure or choose_measure(sweep.experiment)
    intervention = arguments.intervention or POOLED
    result = sensitivity(sweep, measure, intervention=intervention, months=arguments.months)
    names = (measure,) if intervention == POOLED else (measure, intervention)
    folder = Path(arguments.out) if arguments.out else analysis_path(sweep.folder, *names)
    notes = (*sweep.notes, *unfinished_note(sweep), *result.notes)
    about = {
        "method": result.method,
        "measure": measure,
        "intervention": intervention,
        "notes": notes,
        **sweep_provenance(sweep),
    }
    write_outputs(result, folder, about, arguments, sweep.experiment.scenario.horizon)
    show_result(result, notes, console)
    console_printer(console)(f"Results: sensitivity.csv and other files, with figures, in {folder}")
    return EXIT_OK


def write_outputs(
    result: "SensitivityResult",
    folder: Path,
    provenance_data: dict[str, Any],
    arguments: argparse.Namespace,
    horizon: int,
) -> None:
    """Write tables and figures."""
    from importlib.metadata import PackageNotFoundError, version

    from qispread.analysis.sensitivity_tables import INDEX_COLUMNS, PAIR_COLUMNS, VARIANCE_COLUMNS
    from qispread.outputs.figures.save_analysis import save_analysis
    from qispread.outputs.figures.sensitivity_figures import sensitivity_figures

    tables = {"": (result.indices, INDEX_COLUMNS[result.method])}
    tables |= {} if result.noise.empty else {"_noise": (result.noise, VARIANCE_COLUMNS)}
    tables |= {} if result.pairs.empty else {"_pairs": (result.pairs, PAIR_COLUMNS)}
    with suppress(PackageNotFoundError):  # small grids are analysed without SALib
        provenance_data = {**provenance_data, "SALib": version("SALib")}
    command = ["qispread", *arguments.argv]
    save_analysis(folder, "sensitivity", tables, sensitivity_figures(result, horizon), provenance_data, command)


def console_printer(console: "Console") -> Any:
    """Return a function that prints a line of plain text."""
    return partial(console.print, soft_wrap=True, markup=False, highlight=False)


def show_result(result: "SensitivityResult", notes: tuple[str, ...], console: "Console") -> None:
    """Print the indices at the end and over time, interactions, the split of the variance, and notes."""
    show_indices(result, console)
    if len(set(result.indices["month"])) > 1:
        show_months(result, console)
    if not result.pairs.empty:
        show_pairs(result, console)
    print_line = console_printer(console)
    if result.method == "first_order":
        print_line(NEEDS_SALTELLI_NOTE)
    if not result.noise.empty:
        print_line(describe_noise(result))
    for note in notes:
        console.print(f"[yellow]note[/] {note.replace('[', chr(92) + '[')}", soft_wrap=True, highlight=False)


def show_indices(result: "SensitivityResult", console: "Console") -> None:
    """Print the indices of the last month with their intervals."""
    from rich.markup import escape

    from qispread.inputs.cross_checks import POOLED

    last, columns = result.final_indices, METHOD_COLUMNS[result.method]
    suffix = "" if result.intervention == POOLED else f" of {result.intervention}"
    print_line = partial(console.print, soft_wrap=True, highlight=False)
    print_line(
        f"[bold]{escape(result.measure + suffix)}[/] in month {last['month'].iloc[0]}, 95% intervals in brackets"
    )
    table = path_table(METHOD_DESCRIPTIONS[result.method], ("", *columns.values()))
    for row in last.to_dict("records"):
        table.add_row(escape(str(row["parameter"])), *(index_cell(row, name, result.method) for name in columns))
    console.print(table)


def index_cell(row: dict[Any, Any], name: str, method: str) -> str:
    """Return an index with its interval, if it has one."""
    columns = (name, f"{name}_low", f"{name}_high")
    value, *ends = (format_index(row[column], method) for column in columns if column in row)
    return f"{value} ({' to '.join(ends)})" if ends else value


def format_index(value: float, method: str) -> str:
    """Return an index as text: shares with two decimals."""
    from qispread.common.formatting import format_short

    return format_short(value) if method == "morris" else f"{value:.2f}".replace("-0.00", "0.00")


def show_months(result: "SensitivityResult", console: "Console") -> None:
    """Print the main index over time, in some of the months."""
    from rich.markup import escape

    months = sorted(set(result.indices["month"]))
    columns = months[:: -(-len(months) // MAX_MONTHS)]
    by_month = result.indices.pivot_table(index="parameter", columns="month", values=result.ranking_column)
    heading = METHOD_COLUMNS[result.method][result.ranking_column].lower()
    table = path_table(f"Over time, {heading}", ("Month", *map(str, columns)))
    for name in result.final_indices["parameter"]:
        table.add_row(escape(str(name)), *(format_index(by_month.loc[name, month], result.method) for month in columns))
    console.print(table)


def show_pairs(result: "SensitivityResult", console: "Console") -> None:
    """Print the pairs of parameters whose interaction is clearly above zero."""
    from rich.markup import escape

    last = result.pairs[result.pairs["month"] == result.pairs["month"].max()]
    pairs = last[last["low"] > 0.0].sort_values("second", ascending=False, kind="stable").head(MAX_PAIRS)
    if pairs.empty:
        console.print("No pair of parameters clearly interacts.", soft_wrap=True)
        return
    table = path_table("Interactions of two parameters (second-order indices)", ("", "Share"))
    for row in pairs.to_dict("records"):
        share = f"{row['second']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        table.add_row(escape(f"{row['parameter']} x {row['other']}"), share)
    console.print(table)


def describe_noise(result: "SensitivityResult") -> str:
    """Return the sentences on what the variance of single runs is due to, and how much of the analysis is noise."""
    last = result.noise.iloc[-1]
    shares = (f"{100.0 * last[name]:.0f}%" for name in ("parameters", "between_replicates", "both"))
    parameters, replicates, both = shares
    noise = float(last["noise_of_points"])
    amount = "less than 1%" if noise < 0.01 else f"{100.0 * noise:.0f}%"
    consequence = "; it inflates total indices, and more replicates would reduce it" if result.method == "sobol" else ""
    return (
        f"Variance of single runs: {parameters} parameters, {replicates} initial conditions (replicates), {both} their "
        f"interaction and chance. Noise is {amount} of the variance between points{consequence}."
    )
