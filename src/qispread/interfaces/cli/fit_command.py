"""`qispread fit`: ask of a diffusion that was observed whether it needs contagion by ties."""

import argparse
import json
from functools import partial
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from qispread.runs.diffusion_fit.fit_diffusion import DiffusionFit
    from qispread.runs.diffusion_fit.observed_diffusion import ObservedDiffusion
    from qispread.runs.diffusion_fit.read_diffusion import TableOptions

FILE_PREFIX = "fit"
"""With which all files begin."""
COLUMN_FIELDS = {"id": "id", "adopted": "adopted", "community": "community", "from": "first", "to": "second"}
COLUMN_FIELDS |= {"weight": "weight"}
"""What `--columns` calls the fields of `TableOptions`."""
CONTAGION_CAUTION = (
    "Ties that help to foretell are no proof of contagion: like people are tied, and what reaches one may reach the "
    "other. Intervals are of this model of these people."
)
VERDICT_TEXTS = {
    "needed": "The signs agree that ties are needed, with a push free in each period",
    "not needed": "No sign that ties are needed, once a push is free in each period",
    "unclear": "The signs do not agree whether ties are needed, with a push free in each period",
    "too little to tell": "Too little to tell whether ties are needed, with a push free in each period",
}


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `fit`."""
    command.add_argument("people", help="CSV table: id, adopted (a period or a date, or nothing), perhaps community")
    command.add_argument("ties", help="CSV table: from, to, perhaps weight")
    command.add_argument(
        "--columns",
        metavar="FIELD=COLUMN",
        nargs="+",
        default=[],
        help=f"for fields that the tables name otherwise: {', '.join(COLUMN_FIELDS)}",
    )
    command.add_argument("--never", metavar="TEXT", nargs="+", default=[], help="what `adopted` says of non-adopters")
    command.add_argument("--start", metavar="WHEN", help="first period (default: 1, or the earliest date)")
    command.add_argument("--end", metavar="WHEN", help="last period observed (default: the last adoption)")
    command.add_argument("--unit", choices=("period", "month", "quarter", "year"), help="how long a period of dates is")
    command.add_argument("--no-seeds", action="store_true", help="explain the adoptions of the first period too")
    command.add_argument(
        "--strata", metavar="COLUMN", nargs="+", default=[], help="shuffle only among people equal in these too"
    )
    command.add_argument(
        "--leave-out", choices=("self-ties", "unknown"), nargs="+", default=[], help="ties that are else refused"
    )
    command.add_argument("--replicates", type=int, default=100, help="simulated worlds of each model (default: 100)")
    command.add_argument("--permutations", type=int, default=1999, help="of the times of adoption (default: 1999)")
    command.add_argument("--seed", type=int, default=0, help="of the parameters drawn for the worlds (default: 0)")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: results/fit-PEOPLE)")
    command.set_defaults(act=act)


def table_options(arguments: argparse.Namespace) -> "TableOptions":
    """Return the terms on which the tables are to be read.

    Raises
    ------
    InputError
        For columns that are given for no field.
    """
    from qispread.inputs.errors import Fault, InputError, did_you_mean
    from qispread.runs.diffusion_fit.read_diffusion import TableOptions

    columns, faults = {}, []
    for given in arguments.columns:
        name, sign, column = given.partition("=")
        if name not in COLUMN_FIELDS or not sign or not column:
            hint = did_you_mean(name, COLUMN_FIELDS) if name not in COLUMN_FIELDS else ""
            faults.append(Fault("--columns", f"got '{given}'; needed: FIELD=COLUMN{hint}"))
        else:
            columns[COLUMN_FIELDS[name]] = column
    if faults:
        raise InputError(faults)
    return TableOptions(
        **columns,
        permutation_columns=tuple(arguments.strata),
        never=tuple(arguments.never),
        start=arguments.start,
        end=arguments.end,
        unit=arguments.unit,
        seeds=not arguments.no_seeds,
        self_ties="leave_out" if "self-ties" in arguments.leave_out else "refuse",
        unknown="leave_out" if "unknown" in arguments.leave_out else "refuse",
    )


def read_tables(arguments: argparse.Namespace, options: "TableOptions") -> "ObservedDiffusion":
    """Return what the tables say.

    Raises
    ------
    InputError
        With every fault of the tables, of the numbers asked for and of the name of the folder.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.runs.diffusion_fit.fit_diffusion import check_counts
    from qispread.runs.diffusion_fit.read_diffusion import read_observed

    faults: list[Fault] = []
    counts = partial(check_counts, arguments.replicates, arguments.permutations, arguments.seed)
    for check in (counts, partial(output_folder, arguments)):
        try:
            check()
        except InputError as error:
            faults += error.faults
    try:
        observed = read_observed(arguments.people, arguments.ties, options)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    return observed


def output_folder(arguments: argparse.Namespace) -> Path:
    """Return the folder for results.

    Raises
    ------
    InputError
        Where none is given and no folder can be called as the table of people is.
    """
    from qispread.inputs.errors import Fault, InputError
    from qispread.inputs.scenario_fields import validate_folder_name

    if arguments.out:
        return Path(arguments.out)
    name = f"fit-{Path(arguments.people).stem}"
    try:
        return Path("results", validate_folder_name(name))
    except ValueError as error:
        raise InputError([Fault("--out", f"is not given, and '{name}' is no name for a folder; {error}")]) from None


def check_output_folder(folder: Path, observed: "ObservedDiffusion") -> None:
    """Refuse a folder that cannot be written to, or that holds the fit of other tables.

    Raises
    ------
    InputError
        In both cases.
    """
    from qispread.outputs.results.results_folder import check_results_folder, output_folder_error

    check_results_folder(folder, {}, (), overwrite=True)
    kept = folder / f"{FILE_PREFIX}.json"
    if kept.exists() and stored_hashes(kept) != [one["sha256"] for one in observed.inputs]:
        raise output_folder_error(
            folder, "holds the fit of other tables; say another folder with --out, or remove this one"
        )


def stored_hashes(path: Path) -> list[str] | None:
    """Return the hashes of the tables of a fit, as it tells them; None where it tells none."""
    try:
        return [one["sha256"] for one in json.loads(path.read_text(encoding="utf-8"))["read"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Fit the models, print what they say of ties, and write tables and pictures."""
    from qispread.outputs.results.results_folder import cleanup_on_abort
    from qispread.runs.diffusion_fit.contagion_models import identifiable_models
    from qispread.runs.diffusion_fit.fit_diffusion import fit_observed

    observed, folder = read_tables(arguments, table_options(arguments)), output_folder(arguments)
    with cleanup_on_abort(folder):
        check_output_folder(folder, observed)
        show_input(observed, console)
        with terminal.progress_bar(console, "Fitting", len(list(identifiable_models(observed)))) as advance:
            found = fit_observed(
                observed,
                replicates=arguments.replicates,
                shuffles=arguments.permutations,
                seed=arguments.seed,
                progress=advance,
            )
        show_fit(found, console)
        write_outputs(found, folder, arguments)
    console.print(f"Results: fit_parameters.csv and others, with pictures, in {folder}", soft_wrap=True, markup=False)
    return EXIT_OK


def show_input(observed: "ObservedDiffusion", console: "Console") -> None:
    """Say what was read."""
    from qispread.runs.diffusion_fit.observed_diffusion import NEVER_ADOPTED

    adopted, units = int((observed.adopted != NEVER_ADOPTED).sum()), f"{observed.periods} {observed.unit}s"
    seeds = int((observed.adopted == 1).sum()) if observed.seeded else 0
    several = len(observed.communities)
    where = f" in {several} communities" if several > 1 else ""
    ties = observed.ties.indices.size // 2
    console.print(
        f"{observed.person_count:,} people{where}, {ties:,} ties, {units}: "
        f"{adopted:,} adopted, {seeds:,} of them as seeds",
        soft_wrap=True,
        highlight=False,
    )


def write_outputs(fit_result: "DiffusionFit", folder: Path, arguments: argparse.Namespace) -> None:
    """Write tables and pictures."""
    from qispread.outputs.figures.fit_figures import fit_figures
    from qispread.outputs.figures.save_analysis import save_analysis
    from qispread.runs.diffusion_fit.fit_tables import FIT_TABLES

    tables = {f"_{name}": (table, FIT_TABLES[name][1]) for name, table in fit_result.tables.items() if not table.empty}
    about = {
        "verdict": fit_result.verdict,
        "signs": fit_result.signs,
        "most_by_ties": fit_result.max_share_by_ties,
        "notes": fit_result.notes,
    }
    about |= {"read": fit_result.observed.inputs}
    save_analysis(folder, FILE_PREFIX, tables, fit_figures(fit_result), about, ["qispread", *arguments.typed])


def show_fit(fit_result: "DiffusionFit", console: "Console") -> None:
    """Print the strength of contagion in each model, what ties add, and what the signs say."""
    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    console.print(build_strengths_table(fit_result))
    if not fit_result.tables["scores"].empty:
        console.print(build_gains_table(fit_result))
    say(describe_tie_correlation(fit_result))
    say(f"{VERDICT_TEXTS[fit_result.verdict]}: {describe_signs(fit_result)}.")
    say(describe_max_share(fit_result))
    say(CONTAGION_CAUTION)
    for note in fit_result.notes:
        console.print(f"[yellow]note[/] {note.replace('[', chr(92) + '[')}", soft_wrap=True, highlight=False)


def describe_tie_correlation(fit_result: "DiffusionFit") -> str:
    """Return how times of adoption go together across ties, and whether by chance."""
    row = fit_result.tables["shuffles"].iloc[0]
    if isnan(row["observed"]):
        return "Times of adoption across ties: all alike, so that there is neither correlation nor p."
    return (
        f"Times of adoption across ties: correlation {row['observed']:.3f}, {row['mean']:.3f} when shuffled; "
        f"p = {row['p']:.4f} (Monte Carlo error {row['error']:.4f})."
    )


def describe_max_share(fit_result: "DiffusionFit") -> str:
    """Return the share of the adoptions that ties may bring, and what follows from it for the verdict."""
    from qispread.runs.diffusion_fit.fit_diffusion import MAJOR_SHARE, NOT_NEEDED, TOO_LITTLE

    high = fit_result.posteriors["contact_by_period"].strength_quantiles()[2]
    told = (
        f"Ties alone would bring {fit_result.max_share_by_ties:.0%} of the adoptions "
        f"at the upper end of contact ({high:.2g})"
    )
    follows = {
        NOT_NEEDED: f": below {MAJOR_SHARE:.0%}, so that it is excluded that they bring as many as all else.",
        TOO_LITTLE: f": not below {MAJOR_SHARE:.0%}, so that it is not excluded that they bring as many as all else.",
    }
    return told + follows.get(fit_result.verdict, ".")


def describe_signs(fit_result: "DiffusionFit") -> str:
    """Return each sign and whether it is there."""
    words = {
        "across ties": ("tied people adopt at like times", "tied people do not adopt at like times"),
        "evidence": ("the evidence is for contact", "the evidence is against contact"),
        "held out": ("held-out communities are foretold better", "held-out communities are not foretold better"),
    }
    return "; ".join(words[name][not there] for name, there in fit_result.signs.items())


def build_strengths_table(fit_result: "DiffusionFit") -> Any:
    """Return the table of the strength of contagion and of the evidence for it."""
    table = terminal.create_table("Contagion, 95 % intervals in brackets", ("", "Strength", "Evidence"))
    parameters = fit_result.tables["parameters"]
    for name, one in fit_result.posteriors.items():
        if one.model.contagion == "none":
            continue
        rows = parameters[(parameters["model"] == name) & ~parameters["parameter"].str.startswith("push")]
        row: pd.Series[Any] = rows.iloc[0]
        words = f"{row['parameter']} {row['median']:.3g} ({row['low']:.2g} to {row['high']:.2g})"
        base = fit_result.posteriors["independent" + ("_by_period" if one.model.push == "by period" else "")]
        table.add_row(name, words, f"{one.evidence - base.evidence:+.1f}")
    return table


def build_gains_table(fit_result: "DiffusionFit") -> Any:
    """Return the table of gains in communities held out."""
    title = "Gain in log-probability of a held-out community, mean"
    table = terminal.create_table(title, ("", "Against", "Gain", "95 % interval"))
    for row in fit_result.tables["comparisons"].to_dict("records"):
        gain, low, high = (f"{row[name]:+.2f}" for name in ("gain", "low", "high"))
        table.add_row(str(row["model"]), str(row["against"]), gain, f"{low} to {high}")
    return table
