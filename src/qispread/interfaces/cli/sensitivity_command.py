"""`qispread sensitivity`: say which parameters a measure of a sweep depends on, and how much of it is noise."""

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
    "sobol": "Sobol' indices, of the variance between points",
    "morris": "Elementary effects, of a step as if over the whole range",
    "first_order": "First-order shares of the variance between points",
}
METHOD_COLUMNS = {
    "sobol": {"first": "By itself", "total": "With others too"},
    "morris": {"mu_star": "Mean size", "mu": "Mean", "sigma": "Spread"},
    "first_order": {"first": "By itself"},
}
MAX_MONTHS, MAX_PAIRS = 6, 5
NEEDS_SALTELLI_NOTE = "What parameters do together cannot be told from this design; a saltelli design tells it."


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sensitivity`."""
    command.add_argument("sweep", help="the folder of a sweep, or its experiment file")
    command.add_argument("--measure", help="what to explain (default: events_averted, or the first that was kept)")
    command.add_argument("--intervention", help="of which intervention (default: all together)")
    command.add_argument(
        "--months", type=int, nargs="+", metavar="MONTH", help="when (default: every twelfth, where months were kept)"
    )
    command.add_argument("--out", metavar="DIR", help="folder for results (default: analysis/MEASURE in the sweep's)")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Analyse a sweep, print what matters and write tables and pictures."""
    from qispread.analysis.sensitivity import sensitivity
    from qispread.inputs.cross_checks import POOLED
    from qispread.outputs.figures.save_analysis import analysis_path
    from qispread.runs.sweep.sweep_outcomes import choose_measure

    sweep = open_sweep(arguments.sweep)
    measure = arguments.measure or choose_measure(sweep.experiment)
    whose = arguments.intervention or POOLED
    found = sensitivity(sweep, measure, intervention=whose, months=arguments.months)
    names = (measure,) if whose == POOLED else (measure, whose)
    folder = Path(arguments.out) if arguments.out else analysis_path(sweep.folder, *names)
    notes = (*sweep.notes, *unfinished_note(sweep), *found.notes)
    about = {
        "method": found.method,
        "measure": measure,
        "intervention": whose,
        "notes": notes,
        **sweep_provenance(sweep),
    }
    write_outputs(found, folder, about, arguments, sweep.experiment.scenario.horizon)
    show_result(found, notes, console)
    console_printer(console)(f"Results: sensitivity.csv and others, with pictures, in {folder}")
    return EXIT_OK


def write_outputs(
    result: "SensitivityResult",
    folder: Path,
    provenance_data: dict[str, Any],
    arguments: argparse.Namespace,
    horizon: int,
) -> None:
    """Write tables and pictures."""
    from importlib.metadata import PackageNotFoundError, version

    from qispread.analysis.sensitivity_tables import INDEX_COLUMNS, PAIR_COLUMNS, VARIANCE_COLUMNS
    from qispread.outputs.figures.save_analysis import save_analysis
    from qispread.outputs.figures.sensitivity_figures import sensitivity_figures

    tables = {"": (result.indices, INDEX_COLUMNS[result.method])}
    tables |= {} if result.noise.empty else {"_noise": (result.noise, VARIANCE_COLUMNS)}
    tables |= {} if result.pairs.empty else {"_pairs": (result.pairs, PAIR_COLUMNS)}
    with suppress(PackageNotFoundError):  # a grid of few values is analysed without it
        provenance_data = {**provenance_data, "SALib": version("SALib")}
    command = ["qispread", *arguments.typed]
    save_analysis(folder, "sensitivity", tables, sensitivity_figures(result, horizon), provenance_data, command)


def console_printer(console: "Console") -> Any:
    """Return how a line of words is printed."""
    return partial(console.print, soft_wrap=True, markup=False, highlight=False)


def show_result(result: "SensitivityResult", notes: tuple[str, ...], console: "Console") -> None:
    """Print the indices at the end and over time, pairs, the split of the variance, and what was left out."""
    show_indices(result, console)
    if len(set(result.indices["month"])) > 1:
        show_months(result, console)
    if not result.pairs.empty:
        show_pairs(result, console)
    say = console_printer(console)
    if result.method == "first_order":
        say(NEEDS_SALTELLI_NOTE)
    if not result.noise.empty:
        say(describe_noise(result))
    for note in notes:
        console.print(f"[yellow]note[/] {note.replace('[', chr(92) + '[')}", soft_wrap=True, highlight=False)


def show_indices(result: "SensitivityResult", console: "Console") -> None:
    """Print the indices of the last month with their intervals."""
    from rich.markup import escape

    from qispread.inputs.cross_checks import POOLED

    last, columns = result.final_indices, METHOD_COLUMNS[result.method]
    whose = "" if result.intervention == POOLED else f" of {result.intervention}"
    say = partial(console.print, soft_wrap=True, highlight=False)
    say(f"[bold]{escape(result.measure + whose)}[/] in month {last['month'].iloc[0]}, 95 % intervals in brackets")
    table = path_table(METHOD_DESCRIPTIONS[result.method], ("", *columns.values()))
    for one in last.to_dict("records"):
        table.add_row(escape(str(one["parameter"])), *(index_cell(one, name, result.method) for name in columns))
    console.print(table)


def index_cell(row: dict[Any, Any], name: str, method: str) -> str:
    """Return an index with its interval, where it has one."""
    value, *ends = (format_index(row[one], method) for one in (name, f"{name}_low", f"{name}_high") if one in row)
    return f"{value} ({' to '.join(ends)})" if ends else value


def format_index(value: float, method: str) -> str:
    """Return an index as a reader wants it: shares to two places."""
    from qispread.common.formatting import format_short

    return format_short(value) if method == "morris" else f"{value:.2f}".replace("-0.00", "0.00")


def show_months(result: "SensitivityResult", console: "Console") -> None:
    """Print the leading index over time, in some of the months."""
    from rich.markup import escape

    months = sorted(set(result.indices["month"]))
    shown = months[:: -(-len(months) // MAX_MONTHS)]
    wide = result.indices.pivot_table(index="parameter", columns="month", values=result.ranking_column)
    heading = METHOD_COLUMNS[result.method][result.ranking_column].lower()
    table = path_table(f"Over time, {heading}", ("Month", *map(str, shown)))
    for name in result.final_indices["parameter"]:
        table.add_row(escape(str(name)), *(format_index(wide.loc[name, month], result.method) for month in shown))
    console.print(table)


def show_pairs(result: "SensitivityResult", console: "Console") -> None:
    """Print the pairs of parameters that can be told to do something together."""
    from rich.markup import escape

    last = result.pairs[result.pairs["month"] == result.pairs["month"].max()]
    told = last[last["low"] > 0.0].sort_values("second", ascending=False, kind="stable").head(MAX_PAIRS)
    if told.empty:
        console.print("No pair of parameters can be told to do more together than each by itself.", soft_wrap=True)
        return
    table = path_table("What two make together, beyond what each makes by itself", ("", "Share"))
    for one in told.to_dict("records"):
        words = f"{one['second']:.2f} ({one['low']:.2f} to {one['high']:.2f})"
        table.add_row(escape(f"{one['parameter']} x {one['other']}"), words)
    console.print(table)


def describe_noise(result: "SensitivityResult") -> str:
    """Return what single runs differ by, and how much of what was analysed is noise."""
    last = result.noise.iloc[-1]
    shares = (f"{100.0 * last[name]:.0f} %" for name in ("parameters", "between_replicates", "both"))
    parameters, worlds, both = shares
    noise = float(last["noise_of_points"])
    amount = "less than 1 %" if noise < 0.01 else f"{100.0 * noise:.0f} %"
    return (
        f"Single runs differ by the parameters ({parameters} of their variance), by the world ({worlds}), and by what "
        f"parameters do in some worlds only, and chance ({both}). Of the variance between points {amount} is noise"
        + ("; total indices hold it too, and more replicates would lessen it." if result.method == "sobol" else ".")
    )
