"""`qispread discover`: say in which corner of the uncertainties a policy fails."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qispread.interfaces.cli import terminal
from qispread.interfaces.cli.exit_codes import EXIT_OK
from qispread.interfaces.cli.sweep_arguments import open_sweep, path_table, sweep_provenance, unfinished_note

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from qispread.analysis.discovery import BoxSearchOptions, Discovery

MAX_BOXES = 12
QUASI_P_NOTE = (
    "p, of each limit: how likely at least as many failures were inside, if the limit told nothing (quasi-p-values). A "
    "limit with a large one can go."
)
FEW_MODELS_NOTE = "few models: what is found in so few is a hint, to be checked by a sweep of the same parameters"
MIN_MODELS = 200
MAX_CHANCE = 0.05
"""Probability above which chance alone may have made a box."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `discover`."""
    command.add_argument("results", help="folder or experiment file of a sweep, or folder of a comparison")
    case = command.add_mutually_exclusive_group(required=True)
    case.add_argument("--below", type=float, metavar="X", help="failing is to have the measure below this")
    case.add_argument("--above", type=float, metavar="X", help="failing is to have it above this")
    case.add_argument("--arm", metavar="NAME", help="failing is that this arm of a comparison does not beat the base")
    command.add_argument("--measure", help="of a sweep (default: events_averted, or the first that was kept)")
    command.add_argument("--intervention", help="of which intervention (default: all together)")
    command.add_argument("--month", type=int, help="when (default: the end)")
    command.add_argument(
        "--replicate-share",
        type=float,
        metavar="SHARE",
        help="it fails where this share of its worlds does (default: by mean)",
    )
    command.add_argument(
        "--coverage", type=float, metavar="SHARE", help="suggest the densest box with this share of the failures"
    )
    command.add_argument("--alpha", type=float, default=0.05, help="share of a box that a step takes (default: 0.05)")
    command.add_argument("--mass", type=float, default=0.05, help="share of all that a box holds (default: 0.05)")
    command.add_argument("--permutations", type=int, default=99, help="to tell what chance would find (default: 99)")
    command.add_argument("--box", type=int, metavar="N", help="show the limits of this box (default: the suggested)")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: within analysis of the results)")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Search for boxes, print the trade-off and the limits of one, and write tables and pictures."""
    from qispread.analysis.discovery import BoxSearchOptions
    from qispread.analysis.prim import PrimOptions

    search = BoxSearchOptions(PrimOptions(arguments.alpha, arguments.mass), arguments.coverage, arguments.permutations)
    seek = discover_in_comparison if arguments.arm is not None else discover_in_sweep
    found, folder, about = seek(arguments, search)
    box = found.suggested_index if arguments.box is None else arguments.box
    found.box_limits(box)
    write_outputs(found, folder, about, arguments)
    show_discovery(found, box, about["notes"], console)
    say = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    say(f"Results: discovery.csv, discovery_limits.csv and others, with pictures, in {folder}")
    return EXIT_OK


def discover_in_sweep(
    arguments: argparse.Namespace, options: "BoxSearchOptions"
) -> "tuple[Discovery, Path, dict[str, Any]]":
    """Return what is found in a sweep, the folder to write to, and what was read."""
    from qispread.analysis.discovery import discover
    from qispread.inputs.cross_checks import POOLED
    from qispread.outputs.figures.save_analysis import analysis_path
    from qispread.runs.sweep.sweep_outcomes import choose_measure

    sweep = open_sweep(arguments.results)
    measure, whose = arguments.measure or choose_measure(sweep.experiment), arguments.intervention or POOLED
    found = discover(
        sweep,
        measure,
        below=arguments.below,
        above=arguments.above,
        replicate_share=arguments.replicate_share,
        intervention=whose,
        month=arguments.month,
        options=options,
    )
    names = (measure,) if whose == POOLED else (measure, whose)
    folder = Path(arguments.out) if arguments.out else analysis_path(sweep.folder, *names)
    return found, folder, {"notes": (*sweep.notes, *unfinished_note(sweep), *found.notes), **sweep_provenance(sweep)}


def discover_in_comparison(
    arguments: argparse.Namespace, options: "BoxSearchOptions"
) -> "tuple[Discovery, Path, dict[str, Any]]":
    """Return what is found in the plausible models of a comparison, the folder to write to, and what was read."""
    from qispread.analysis.discovery import discover_models
    from qispread.inputs.former_data import MANIFEST_NOTE
    from qispread.model.measures import MEASURES
    from qispread.outputs.figures.save_analysis import analysis_path
    from qispread.outputs.results import MANIFEST, read_manifest
    from qispread.outputs.results.former_results import is_former_manifest, rename_saved_manifest

    folder = Path(arguments.results)
    check_comparison_options(arguments)
    saved = read_manifest(folder)
    manifest = rename_saved_manifest(saved, folder / MANIFEST)
    models = read_plausible_models(folder, manifest, former=is_former_manifest(saved))
    measure = manifest["comparison"]["measure"]
    found = discover_models(models, arguments.arm, measure, MEASURES[measure].better, options)
    former_notes = (f"{folder}: {MANIFEST_NOTE}",) if is_former_manifest(saved) else ()
    notes = (*former_notes, *((FEW_MODELS_NOTE,) if len(models) < MIN_MODELS else ()))
    place = Path(arguments.out) if arguments.out else analysis_path(folder, arguments.arm)
    return found, place, {"notes": notes, "comparison": manifest["identity"]}


def check_comparison_options(arguments: argparse.Namespace) -> None:
    """Refuse options that a comparison's models cannot answer."""
    from qispread.inputs.errors import Fault, InputError

    given = {"--measure": arguments.measure, "--intervention": arguments.intervention, "--month": arguments.month}
    given["--replicate-share"] = arguments.replicate_share
    problem = "is for sweeps: the models of a comparison hold the mean of its own measure at the end"
    faults = [Fault(name, problem) for name, value in given.items() if value is not None]
    if faults:
        raise InputError(faults)


def read_plausible_models(folder: Path, manifest: "dict[str, Any]", *, former: bool = False) -> "pd.DataFrame":
    """Return the plausible models of a comparison.

    Raises
    ------
    InputError
        Where the folder holds no comparison, or one without models.
    """
    import pyarrow as pa

    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.results.former_results import MODELS_TABLE, read_saved_table

    if "comparison" not in manifest:
        raise InputError([Fault("--arm", "is for comparisons, and this folder holds none", str(folder))])
    path = folder / "models.parquet"
    try:
        return read_saved_table(path, MODELS_TABLE, former=former)
    except FileNotFoundError:
        problem = "is not there: the comparison has no plausible models; run compare again without --models 0"
    except (OSError, ValueError, pa.ArrowException) as error:
        problem = f"cannot be read: {error}"
    raise InputError([Fault("", problem, str(path))])


def write_outputs(
    discovery: "Discovery", folder: Path, provenance_data: dict[str, Any], arguments: argparse.Namespace
) -> None:
    """Write tables and pictures."""
    from qispread.analysis.discovery import LIMIT_COLUMNS, TRAJECTORY_COLUMNS
    from qispread.outputs.figures.discovery_figures import discovery_figures
    from qispread.outputs.figures.save_analysis import save_analysis

    tables = {"": (discovery.trajectory, TRAJECTORY_COLUMNS), "_limits": (discovery.limits, LIMIT_COLUMNS)}
    told = {
        "cases": discovery.question,
        "suggested": discovery.suggested_index,
        "chance": discovery.chance_probability,
        **provenance_data,
    }
    save_analysis(folder, "discovery", tables, discovery_figures(discovery), told, ["qispread", *arguments.typed])


def show_discovery(discovery: "Discovery", box: int, notes: tuple[str, ...], console: "Console") -> None:
    """Print the question, the boxes, the limits of one of them, and what chance would find."""
    from rich.markup import escape

    from qispread.common.formatting import format_value

    whole = discovery.steps[0]
    say = partial(console.print, soft_wrap=True, highlight=False)
    share = format_value(whole.density, "percent")
    say(f"[bold]{escape(discovery.question)}[/]: {whole.case_count} of {whole.point_count} {discovery.unit}, {share}")
    show_boxes(discovery, box, console)
    if not discovery.steps[discovery.suggested_index].box:
        say("No box says more than everything together: where it fails is not told by any few limits.")
    if discovery.steps[box].box:
        show_limits(discovery, box, console)
        say(QUASI_P_NOTE)
    elif box != discovery.suggested_index:
        say(f"Box {box} has no limits: it holds everything.")
    if discovery.chance_probability is not None:
        say(describe_chance(discovery.chance_probability))
    for note in notes:
        say(f"[yellow]note[/] {escape(note)}")


def describe_chance(chance: float) -> str:
    """Return how much the search is to be believed."""
    told = f"Were failures dealt out by chance, the search would find as telling a box with probability {chance:.2g}"
    return f"{told}." if chance <= MAX_CHANCE else f"[yellow]{told}: this one may say nothing.[/]"


def show_boxes(discovery: "Discovery", box: int, console: "Console") -> None:
    """Print some of the boxes, from everything to the densest."""
    from qispread.common.formatting import format_value

    table = terminal.create_table("Boxes", ("", "Coverage", "Density", "Mass", "Limits on"))
    last = len(discovery.steps) - 1
    shown = {round(place * last / (MAX_BOXES - 1)) for place in range(MAX_BOXES)} | {box, discovery.suggested_index}
    for one in discovery.trajectory[discovery.trajectory["box"].isin(shown)].to_dict("records"):
        mark = " suggested" if one["suggested"] else ""
        shares = (format_value(one[name], "percent") for name in ("coverage", "density", "mass"))
        table.add_row(f"{one['box']}{mark}", *shares, str(one["restricted"]))
    console.print(table)


def show_limits(discovery: "Discovery", box: int, console: "Console") -> None:
    """Print the limits of a box."""
    import math

    from rich.markup import escape

    from qispread.common.formatting import format_range

    table = path_table(f"Limits of box {box}", ("", "Inside", "Of", "p"))
    for one in discovery.box_limits(box):
        p_values = [one[f"p_{side}"] for side in ("low", "high", "labels")]
        told = ", ".join(f"{value:.2g}" for value in p_values if not math.isnan(value))
        inside, of = one["labels"], ", ".join(sorted(discovery.cases.labels.get(one["parameter"], ())))
        if not inside:
            inside, of = (format_range(one[f"{all_of}low"], one[f"{all_of}high"]) for all_of in ("", "whole_"))
        table.add_row(*map(escape, (str(one["parameter"]), inside, of)), told)
    console.print(table)
