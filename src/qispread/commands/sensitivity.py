"""`qispread sensitivity`: say which parameters a measure of a sweep depends on, and how much of it is noise."""

import argparse
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.commands.given import about_sweep, path_table, sweep_at, unfinished
from qispread.commands.outcome import DONE

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.analysis.sensitivity_tables import Sensitivity

WORDS = {
    "sobol": "Sobol' indices, of the variance between points",
    "morris": "Elementary effects, of a step as if over the whole range",
    "first_order": "First-order shares of the variance between points",
}
COLUMNS = {
    "sobol": {"first": "By itself", "total": "With others too"},
    "morris": {"mu_star": "Mean size", "mu": "Mean", "sigma": "Spread"},
    "first_order": {"first": "By itself"},
}
MOST_MONTHS, MOST_PAIRS = 6, 5
NEEDS_SALTELLI = "What parameters do together cannot be told from this design; a saltelli design tells it."


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sensitivity`."""
    command.add_argument("sweep", help="the folder of a sweep, or its experiment file")
    command.add_argument("--measure", help="what to explain (default: harm_averted, or the first that was kept)")
    command.add_argument("--intervention", help="of which intervention (default: all together)")
    command.add_argument(
        "--months", type=int, nargs="+", metavar="MONTH", help="when (default: every twelfth, where months were kept)"
    )
    command.add_argument("--out", metavar="DIR", help="folder for results (default: analysis/MEASURE in the sweep's)")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Analyse a sweep, print what matters and write tables and pictures."""
    from qispread.analysis.outcomes import default_measure
    from qispread.analysis.sensitivity import sensitivity
    from qispread.config.cross import POOLED
    from qispread.figures.saving import analysis_folder

    sweep = sweep_at(arguments.sweep)
    measure = arguments.measure or default_measure(sweep.experiment)
    whose = arguments.intervention or POOLED
    found = sensitivity(sweep, measure, intervention=whose, months=arguments.months)
    names = (measure,) if whose == POOLED else (measure, whose)
    folder = Path(arguments.out) if arguments.out else analysis_folder(sweep.folder, *names)
    notes = (*unfinished(sweep), *found.notes)
    about = {"method": found.method, "measure": measure, "intervention": whose, "notes": notes, **about_sweep(sweep)}
    write(found, folder, about, arguments, sweep.experiment.scenario.horizon)
    show(found, notes, console)
    terminal_say(console)(f"Results: sensitivity.csv and others, with pictures, in {folder}")
    return DONE


def write(
    found: "Sensitivity", folder: Path, about: dict[str, Any], arguments: argparse.Namespace, horizon: int
) -> None:
    """Write tables and pictures."""
    from importlib.metadata import PackageNotFoundError, version

    from qispread.analysis.sensitivity_tables import INDICES, NOISE, PAIRS
    from qispread.figures.saving import save_analysis
    from qispread.figures.sensitivity import sensitivity_figures

    tables = {"": (found.indices, INDICES[found.method])}
    tables |= {} if found.noise.empty else {"_noise": (found.noise, NOISE)}
    tables |= {} if found.pairs.empty else {"_pairs": (found.pairs, PAIRS)}
    with suppress(PackageNotFoundError):  # a grid of few values is analysed without it
        about = {**about, "SALib": version("SALib")}
    command = ["qispread", *arguments.typed]
    save_analysis(folder, "sensitivity", tables, sensitivity_figures(found, horizon), about, command)


def terminal_say(console: "Console") -> Any:
    """Return how a line of words is printed."""
    return partial(console.print, soft_wrap=True, markup=False, highlight=False)


def show(found: "Sensitivity", notes: tuple[str, ...], console: "Console") -> None:
    """Print the indices at the end and over time, pairs, the split of the variance, and what was left out."""
    show_indices(found, console)
    if len(set(found.indices["month"])) > 1:
        show_months(found, console)
    if not found.pairs.empty:
        show_pairs(found, console)
    say = terminal_say(console)
    if found.method == "first_order":
        say(NEEDS_SALTELLI)
    if not found.noise.empty:
        say(noise_in_words(found))
    for note in notes:
        console.print(f"[yellow]note[/] {note.replace('[', chr(92) + '[')}", soft_wrap=True, highlight=False)


def show_indices(found: "Sensitivity", console: "Console") -> None:
    """Print the indices of the last month with their intervals."""
    from rich.markup import escape

    from qispread.config.cross import POOLED

    last, columns = found.last, COLUMNS[found.method]
    whose = "" if found.intervention == POOLED else f" of {found.intervention}"
    say = partial(console.print, soft_wrap=True, highlight=False)
    say(f"[bold]{escape(found.measure + whose)}[/] in month {last['month'].iloc[0]}, 95 % intervals in brackets")
    table = path_table(WORDS[found.method], ("", *columns.values()))
    for one in last.to_dict("records"):
        table.add_row(escape(str(one["parameter"])), *(cell(one, name, found.method) for name in columns))
    console.print(table)


def cell(row: dict[Any, Any], name: str, method: str) -> str:
    """Return an index with its interval, where it has one."""
    value, *ends = (number(row[one], method) for one in (name, f"{name}_low", f"{name}_high") if one in row)
    return f"{value} ({' to '.join(ends)})" if ends else value


def number(value: float, method: str) -> str:
    """Return an index as a reader wants it: shares to two places."""
    from qispread.presentation.formatting import format_short

    return format_short(value) if method == "morris" else f"{value:.2f}".replace("-0.00", "0.00")


def show_months(found: "Sensitivity", console: "Console") -> None:
    """Print the leading index over time, in some of the months."""
    from rich.markup import escape

    months = sorted(set(found.indices["month"]))
    shown = months[:: -(-len(months) // MOST_MONTHS)]
    wide = found.indices.pivot_table(index="parameter", columns="month", values=found.leading)
    heading = COLUMNS[found.method][found.leading].lower()
    table = path_table(f"Over time, {heading}", ("Month", *map(str, shown)))
    for name in found.last["parameter"]:
        table.add_row(escape(str(name)), *(number(wide.loc[name, month], found.method) for month in shown))
    console.print(table)


def show_pairs(found: "Sensitivity", console: "Console") -> None:
    """Print the pairs of parameters that can be told to do something together."""
    from rich.markup import escape

    last = found.pairs[found.pairs["month"] == found.pairs["month"].max()]
    told = last[last["low"] > 0.0].sort_values("second", ascending=False, kind="stable").head(MOST_PAIRS)
    if told.empty:
        console.print("No pair of parameters can be told to do more together than each by itself.", soft_wrap=True)
        return
    table = path_table("What two make together, beyond what each makes by itself", ("", "Share"))
    for one in told.to_dict("records"):
        words = f"{one['second']:.2f} ({one['low']:.2f} to {one['high']:.2f})"
        table.add_row(escape(f"{one['parameter']} x {one['other']}"), words)
    console.print(table)


def noise_in_words(found: "Sensitivity") -> str:
    """Return what single runs differ by, and how much of what was analysed is noise."""
    last = found.noise.iloc[-1]
    shares = (f"{100.0 * last[name]:.0f} %" for name in ("parameters", "worlds", "both"))
    parameters, worlds, both = shares
    noise = float(last["noise_of_points"])
    amount = "less than 1 %" if noise < 0.01 else f"{100.0 * noise:.0f} %"
    return (
        f"Single runs differ by the parameters ({parameters} of their variance), by the world ({worlds}), and by what "
        f"parameters do in some worlds only, and chance ({both}). Of the variance between points {amount} is noise"
        + ("; total indices hold it too, and more replicates would lessen it." if found.method == "sobol" else ".")
    )
