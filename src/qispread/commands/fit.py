"""`qispread fit`: ask of a diffusion that was observed whether it needs contagion by ties."""

import argparse
import json
from functools import partial
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread import terminal
from qispread.commands.outcome import DONE

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from qispread.fitting.fit import Fit
    from qispread.fitting.people import Observed
    from qispread.fitting.reading import Terms

NAME = "fit"
"""With which all files begin."""
FIELDS = {"id": "id", "adopted": "adopted", "community": "community", "from": "first", "to": "second"}
FIELDS |= {"weight": "weight"}
"""What `--columns` calls the fields of `Terms`."""
CAUTION = (
    "Ties that help to foretell are no proof of contagion: like people are tied, and what reaches one may reach the "
    "other. Intervals are of this model of these people."
)
VERDICTS = {
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
        help=f"for fields that the tables name otherwise: {', '.join(FIELDS)}",
    )
    command.add_argument("--never", metavar="TEXT", nargs="+", default=[], help="what `adopted` says of non-adopters")
    command.add_argument("--start", metavar="WHEN", help="first period (default: 1, or the earliest date)")
    command.add_argument("--end", metavar="WHEN", help="last period observed (default: the last adoption)")
    command.add_argument("--unit", choices=("period", "month", "quarter", "year"), help="how long a period of dates is")
    command.add_argument("--no-seeds", action="store_true", help="explain the adoptions of the first period too")
    command.add_argument(
        "--alike", metavar="COLUMN", nargs="+", default=[], help="shuffle only among people equal in these too"
    )
    command.add_argument(
        "--leave-out", choices=("self-ties", "unknown"), nargs="+", default=[], help="ties that are else refused"
    )
    command.add_argument("--worlds", type=int, default=100, help="simulated worlds of each model (default: 100)")
    command.add_argument("--shuffles", type=int, default=1999, help="of the times of adoption (default: 1999)")
    command.add_argument("--seed", type=int, default=0, help="of the parameters drawn for the worlds (default: 0)")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: results/fit-PEOPLE)")
    command.set_defaults(act=act)


def terms_of(arguments: argparse.Namespace) -> "Terms":
    """Return the terms on which the tables are to be read.

    Raises
    ------
    InputError
        For columns that are given for no field.
    """
    from qispread.config.faults import Fault, InputError, nearest
    from qispread.fitting.reading import Terms

    columns, faults = {}, []
    for given in arguments.columns:
        name, sign, column = given.partition("=")
        if name not in FIELDS or not sign or not column:
            hint = nearest(name, FIELDS) if name not in FIELDS else ""
            faults.append(Fault("--columns", f"got '{given}'; needed: FIELD=COLUMN{hint}"))
        else:
            columns[FIELDS[name]] = column
    if faults:
        raise InputError(faults)
    return Terms(
        **columns,
        alike=tuple(arguments.alike),
        never=tuple(arguments.never),
        start=arguments.start,
        end=arguments.end,
        unit=arguments.unit,
        seeds=not arguments.no_seeds,
        self_ties="leave_out" if "self-ties" in arguments.leave_out else "refuse",
        unknown="leave_out" if "unknown" in arguments.leave_out else "refuse",
    )


def read(arguments: argparse.Namespace, terms: "Terms") -> "Observed":
    """Return what the tables say.

    Raises
    ------
    InputError
        With every fault of the tables, of the numbers asked for and of the name of the folder.
    """
    from qispread.config.faults import Fault, InputError
    from qispread.fitting.fit import refuse_counts
    from qispread.fitting.reading import read_observed

    faults: list[Fault] = []
    counts = partial(refuse_counts, arguments.worlds, arguments.shuffles, arguments.seed)
    for check in (counts, partial(folder_for, arguments)):
        try:
            check()
        except InputError as error:
            faults += error.faults
    try:
        observed = read_observed(arguments.people, arguments.ties, terms)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    if faults:
        raise InputError(faults)
    return observed


def folder_for(arguments: argparse.Namespace) -> Path:
    """Return the folder for results.

    Raises
    ------
    InputError
        Where none is given and no folder can be called as the table of people is.
    """
    from qispread.config.faults import Fault, InputError
    from qispread.config.scenario import folder_name

    if arguments.out:
        return Path(arguments.out)
    name = f"fit-{Path(arguments.people).stem}"
    try:
        return Path("results", folder_name(name))
    except ValueError as error:
        raise InputError([Fault("--out", f"is not given, and '{name}' is no name for a folder; {error}")]) from None


def refuse_folder(folder: Path, observed: "Observed") -> None:
    """Refuse a folder that cannot be written to, or that holds the fit of other tables.

    Raises
    ------
    InputError
        In both cases.
    """
    from qispread.results.folder import check_folder, refuse

    check_folder(folder, {}, (), overwrite=True)
    kept = folder / f"{NAME}.json"
    if kept.exists() and hashes_in(kept) != [one["sha256"] for one in observed.inputs]:
        raise refuse(folder, "holds the fit of other tables; say another folder with --out, or remove this one")


def hashes_in(kept: Path) -> list[str] | None:
    """Return the hashes of the tables of a fit, as it tells them; None where it tells none."""
    try:
        return [one["sha256"] for one in json.loads(kept.read_text(encoding="utf-8"))["read"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Fit the models, print what they say of ties, and write tables and pictures."""
    from qispread.fitting.fit import fit_observed
    from qispread.fitting.models import models_for
    from qispread.results.folder import tidied

    observed, folder = read(arguments, terms_of(arguments)), folder_for(arguments)
    with tidied(folder):
        refuse_folder(folder, observed)
        introduce(observed, console)
        with terminal.progress_bar(console, "Fitting", len(list(models_for(observed)))) as advance:
            found = fit_observed(
                observed,
                worlds=arguments.worlds,
                shuffles=arguments.shuffles,
                seed=arguments.seed,
                progress=advance,
            )
        show(found, console)
        write(found, folder, arguments)
    console.print(f"Results: fit_parameters.csv and others, with pictures, in {folder}", soft_wrap=True, markup=False)
    return DONE


def introduce(observed: "Observed", console: "Console") -> None:
    """Say what was read."""
    from qispread.fitting.people import NEVER

    adopted, units = int((observed.adopted != NEVER).sum()), f"{observed.periods} {observed.unit}s"
    seeds = int((observed.adopted == 1).sum()) if observed.seeded else 0
    several = len(observed.communities)
    where = f" in {several} communities" if several > 1 else ""
    ties = observed.ties.others.size // 2
    console.print(
        f"{observed.number:,} people{where}, {ties:,} ties, {units}: {adopted:,} adopted, {seeds:,} of them as seeds",
        soft_wrap=True,
        highlight=False,
    )


def write(found: "Fit", folder: Path, arguments: argparse.Namespace) -> None:
    """Write tables and pictures."""
    from qispread.figures.fitting import fit_figures
    from qispread.figures.saving import save_analysis
    from qispread.fitting.tables import TABLES

    tables = {f"_{name}": (table, TABLES[name][1]) for name, table in found.tables.items() if not table.empty}
    about = {"verdict": found.verdict, "signs": found.signs, "most_by_ties": found.most_by_ties, "notes": found.notes}
    about |= {"read": found.observed.inputs}
    save_analysis(folder, NAME, tables, fit_figures(found), about, ["qispread", *arguments.typed])


def show(found: "Fit", console: "Console") -> None:
    """Print the strength of contagion in each model, what ties add, and what the signs say."""
    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    console.print(strengths_shown(found))
    if not found.tables["scores"].empty:
        console.print(gains_shown(found))
    say(across_in_words(found))
    say(f"{VERDICTS[found.verdict]}: {signs_in_words(found)}.")
    say(most_in_words(found))
    say(CAUTION)
    for note in found.notes:
        console.print(f"[yellow]note[/] {note.replace('[', chr(92) + '[')}", soft_wrap=True, highlight=False)


def across_in_words(found: "Fit") -> str:
    """Return how times of adoption go together across ties, and whether by chance."""
    row = found.tables["shuffles"].iloc[0]
    if isnan(row["observed"]):
        return "Times of adoption across ties: all alike, so that there is neither correlation nor p."
    return (
        f"Times of adoption across ties: correlation {row['observed']:.3f}, {row['mean']:.3f} when shuffled; "
        f"p = {row['p']:.4f} (Monte Carlo error {row['error']:.4f})."
    )


def most_in_words(found: "Fit") -> str:
    """Return the share of the adoptions that ties may bring, and what follows from it for the verdict."""
    from qispread.fitting.fit import MUCH, NOT_NEEDED, TOO_LITTLE

    high = found.posteriors["contact_by_period"].strength()[2]
    told = f"Ties alone would bring {found.most_by_ties:.0%} of the adoptions at the upper end of contact ({high:.2g})"
    follows = {
        NOT_NEEDED: f": below {MUCH:.0%}, so that it is excluded that they bring as many as all else.",
        TOO_LITTLE: f": not below {MUCH:.0%}, so that it is not excluded that they bring as many as all else.",
    }
    return told + follows.get(found.verdict, ".")


def signs_in_words(found: "Fit") -> str:
    """Return each sign and whether it is there."""
    words = {
        "across ties": ("tied people adopt at like times", "tied people do not adopt at like times"),
        "evidence": ("the evidence is for contact", "the evidence is against contact"),
        "held out": ("held-out communities are foretold better", "held-out communities are not foretold better"),
    }
    return "; ".join(words[name][not there] for name, there in found.signs.items())


def strengths_shown(found: "Fit") -> Any:
    """Return the table of the strength of contagion and of the evidence for it."""
    table = terminal.plain_table("Contagion, 95 % intervals in brackets", ("", "Strength", "Evidence"))
    parameters = found.tables["parameters"]
    for name, one in found.posteriors.items():
        if one.model.contagion == "none":
            continue
        rows = parameters[(parameters["model"] == name) & ~parameters["parameter"].str.startswith("push")]
        row: pd.Series[Any] = rows.iloc[0]
        words = f"{row['parameter']} {row['median']:.3g} ({row['low']:.2g} to {row['high']:.2g})"
        base = found.posteriors["independent" + ("_by_period" if one.model.push == "by period" else "")]
        table.add_row(name, words, f"{one.evidence - base.evidence:+.1f}")
    return table


def gains_shown(found: "Fit") -> Any:
    """Return the table of gains in communities held out."""
    title = "Gain in log-probability of a held-out community, mean"
    table = terminal.plain_table(title, ("", "Against", "Gain", "95 % interval"))
    for row in found.tables["comparisons"].to_dict("records"):
        gain, low, high = (f"{row[name]:+.2f}" for name in ("gain", "low", "high"))
        table.add_row(str(row["model"]), str(row["against"]), gain, f"{low} to {high}")
    return table
