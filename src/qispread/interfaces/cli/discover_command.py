"""`qispread discover`: find the conditions under which a policy fails (scenario discovery)."""

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
    "p: the probability of at least as many failures inside if the limit were uninformative (quasi-p-value). Limits "
    "with a large p can be dropped."
)
FEW_MODELS_NOTE = "few models: treat the result as a hint, and check it with a sweep of the same parameters"
MIN_MODELS = 200
MAX_CHANCE = 0.05
"""Probability above which chance alone may explain a box."""


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `discover`."""
    command.add_argument("results", help="folder or experiment file of a sweep, or folder of a comparison")
    case = command.add_mutually_exclusive_group(required=True)
    case.add_argument("--below", type=float, metavar="X", help="a case fails if the measure is below this")
    case.add_argument("--above", type=float, metavar="X", help="a case fails if the measure is above this")
    case.add_argument(
        "--arm", metavar="NAME", help="a case fails if this option of a comparison does not beat the baseline"
    )
    command.add_argument("--measure", help="measure of a sweep (default: events_averted, or the first that was saved)")
    command.add_argument("--intervention", help="intervention that is measured (default: all together)")
    command.add_argument("--month", type=int, help="month that is measured (default: the last)")
    command.add_argument(
        "--replicate-share",
        type=float,
        metavar="SHARE",
        help="a point fails if this share of its runs does (default: if their mean does)",
    )
    command.add_argument(
        "--coverage",
        type=float,
        metavar="SHARE",
        help="suggest the densest box with at least this share of the failures",
    )
    command.add_argument(
        "--alpha", type=float, default=0.05, help="share of a box that a step peels off (default: 0.05)"
    )
    command.add_argument(
        "--mass", type=float, default=0.05, help="smallest share of all cases in a box (default: 0.05)"
    )
    command.add_argument(
        "--permutations",
        type=int,
        default=99,
        help="permutations to estimate what chance alone would find (default: 99)",
    )
    command.add_argument(
        "--box", type=int, metavar="N", help="show the limits of this box (default: the suggested one)"
    )
    command.add_argument("--out", metavar="DIR", help="folder for results (default: analysis/ in the results)")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Search for boxes, print their trade-off and the limits of one of them, and write tables and figures."""
    from qispread.analysis.discovery import BoxSearchOptions
    from qispread.analysis.prim import PrimOptions

    search = BoxSearchOptions(PrimOptions(arguments.alpha, arguments.mass), arguments.coverage, arguments.permutations)
    find_boxes = discover_in_comparison if arguments.arm is not None else discover_in_sweep
    discovery, folder, about = find_boxes(arguments, search)
    box = discovery.suggested_index if arguments.box is None else arguments.box
    discovery.box_limits(box)  # raises for a box that there is not, before anything is written
    write_outputs(discovery, folder, about, arguments)
    show_discovery(discovery, box, about["notes"], console)
    print_line = partial(console.print, soft_wrap=True, markup=False, highlight=False)
    print_line(f"Results: discovery.csv, discovery_limits.csv and other files, with figures, in {folder}")
    return EXIT_OK


def discover_in_sweep(
    arguments: argparse.Namespace, options: "BoxSearchOptions"
) -> "tuple[Discovery, Path, dict[str, Any]]":
    """Search the points of a sweep; return the discovery, the output folder and the provenance."""
    from qispread.analysis.discovery import discover
    from qispread.inputs.cross_checks import POOLED
    from qispread.outputs.figures.save_analysis import analysis_path
    from qispread.runs.sweep.sweep_outcomes import choose_measure

    sweep = open_sweep(arguments.results)
    measure = arguments.measure or choose_measure(sweep.experiment)
    intervention = arguments.intervention or POOLED
    discovery = discover(
        sweep,
        measure,
        below=arguments.below,
        above=arguments.above,
        replicate_share=arguments.replicate_share,
        intervention=intervention,
        month=arguments.month,
        options=options,
    )
    names = (measure,) if intervention == POOLED else (measure, intervention)
    folder = Path(arguments.out) if arguments.out else analysis_path(sweep.folder, *names)
    return (
        discovery,
        folder,
        {"notes": (*sweep.notes, *unfinished_note(sweep), *discovery.notes), **sweep_provenance(sweep)},
    )


def discover_in_comparison(
    arguments: argparse.Namespace, options: "BoxSearchOptions"
) -> "tuple[Discovery, Path, dict[str, Any]]":
    """Search the plausible models of a comparison; return the discovery, the output folder and the provenance."""
    from qispread.analysis.discovery import discover_models
    from qispread.inputs.errors import Fault, InputError
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
    if measure not in MEASURES:
        problem = f"is compared by '{measure}', which a plug-in declares; needed: --plugin FILE"
        raise InputError([Fault("", problem, str(folder))])
    discovery = discover_models(models, arguments.arm, measure, MEASURES[measure].better, options)
    former_notes = (f"{folder}: {MANIFEST_NOTE}",) if is_former_manifest(saved) else ()
    notes = (*former_notes, *((FEW_MODELS_NOTE,) if len(models) < MIN_MODELS else ()))
    output = Path(arguments.out) if arguments.out else analysis_path(folder, arguments.arm)
    return discovery, output, {"notes": notes, "comparison": manifest["identity"]}


def check_comparison_options(arguments: argparse.Namespace) -> None:
    """Check that no option for sweeps is given."""
    from qispread.inputs.errors import Fault, InputError

    options = {"--measure": arguments.measure, "--intervention": arguments.intervention, "--month": arguments.month}
    options["--replicate-share"] = arguments.replicate_share
    problem = "applies to sweeps; the models of a comparison contain only the mean of its measure at the end"
    faults = [Fault(name, problem) for name, value in options.items() if value is not None]
    if faults:
        raise InputError(faults)


def read_plausible_models(folder: Path, manifest: "dict[str, Any]", *, former: bool = False) -> "pd.DataFrame":
    """Read the plausible models of a comparison.

    Raises
    ------
    InputError
        If the folder holds no comparison, or one without models.
    """
    import pyarrow as pa

    from qispread.inputs.errors import Fault, InputError
    from qispread.outputs.results.former_results import MODELS_TABLE, read_saved_table

    if "comparison" not in manifest:
        raise InputError([Fault("--arm", "applies to comparisons, and this folder holds none", str(folder))])
    path = folder / "models.parquet"
    try:
        return read_saved_table(path, MODELS_TABLE, former=former)
    except FileNotFoundError:
        problem = "is missing: the comparison has no plausible models; run compare again without --models 0"
    except (OSError, ValueError, pa.ArrowException) as error:
        problem = f"cannot be read: {error}"
    raise InputError([Fault("", problem, str(path))])


def write_outputs(
    discovery: "Discovery", folder: Path, provenance_data: dict[str, Any], arguments: argparse.Namespace
) -> None:
    """Write tables and figures."""
    from qispread.analysis.discovery import LIMIT_COLUMNS, TRAJECTORY_COLUMNS
    from qispread.outputs.figures.discovery_figures import discovery_figures
    from qispread.outputs.figures.save_analysis import save_analysis

    tables = {"": (discovery.trajectory, TRAJECTORY_COLUMNS), "_limits": (discovery.limits, LIMIT_COLUMNS)}
    about = {
        "cases": discovery.question,
        "suggested": discovery.suggested_index,
        "chance": discovery.chance_probability,
        **provenance_data,
    }
    save_analysis(folder, "discovery", tables, discovery_figures(discovery), about, ["qispread", *arguments.argv])


def show_discovery(discovery: "Discovery", box: int, notes: tuple[str, ...], console: "Console") -> None:
    """Print the question, the boxes, the limits of one of them, and how likely chance alone finds such a box."""
    from rich.markup import escape

    from qispread.common.formatting import format_value

    all_cases = discovery.steps[0]
    print_line = partial(console.print, soft_wrap=True, highlight=False)
    share = format_value(all_cases.density, "percent")
    count = f"{all_cases.case_count} of {all_cases.point_count} {discovery.unit}, {share}"
    print_line(f"[bold]{escape(discovery.question)}[/]: {count}")
    show_boxes(discovery, box, console)
    if not discovery.steps[discovery.suggested_index].box:
        print_line("No box is denser than all cases together: no few limits predict failure.")
    if discovery.steps[box].box:
        show_limits(discovery, box, console)
        print_line(QUASI_P_NOTE)
    elif box != discovery.suggested_index:
        print_line(f"Box {box} has no limits: it contains all cases.")
    if discovery.chance_probability is not None:
        print_line(describe_chance(discovery.chance_probability))
    for note in notes:
        print_line(f"[yellow]note[/] {escape(note)}")


def describe_chance(chance: float) -> str:
    """Return the sentence on how likely chance alone finds such a box."""
    sentence = f"With failures shuffled at random, the search finds a box as informative with probability {chance:.2g}"
    return f"{sentence}." if chance <= MAX_CHANCE else f"[yellow]{sentence}: this box may be due to chance.[/]"


def show_boxes(discovery: "Discovery", box: int, console: "Console") -> None:
    """Print some of the boxes, from everything to the densest."""
    from qispread.common.formatting import format_value

    table = terminal.create_table("Boxes", ("", "Coverage", "Density", "Mass", "Limits on"))
    last = len(discovery.steps) - 1
    boxes = {round(index * last / (MAX_BOXES - 1)) for index in range(MAX_BOXES)} | {box, discovery.suggested_index}
    for row in discovery.trajectory[discovery.trajectory["box"].isin(boxes)].to_dict("records"):
        suffix = " suggested" if row["suggested"] else ""
        shares = (format_value(row[name], "percent") for name in ("coverage", "density", "mass"))
        table.add_row(f"{row['box']}{suffix}", *shares, str(row["restricted"]))
    console.print(table)


def show_limits(discovery: "Discovery", box: int, console: "Console") -> None:
    """Print the limits of a box."""
    import math

    from rich.markup import escape

    from qispread.common.formatting import format_range

    table = path_table(f"Limits of box {box}", ("", "Inside the box", "Range", "p"))
    for row in discovery.box_limits(box):
        values = [row[f"p_{side}"] for side in ("low", "high", "labels")]
        p_values = ", ".join(f"{value:.2g}" for value in values if not math.isnan(value))
        inside, full_range = row["labels"], ", ".join(sorted(discovery.cases.labels.get(row["parameter"], ())))
        if not inside:
            inside, full_range = (format_range(row[f"{prefix}low"], row[f"{prefix}high"]) for prefix in ("", "whole_"))
        table.add_row(*map(escape, (str(row["parameter"]), inside, full_range)), p_values)
    console.print(table)
