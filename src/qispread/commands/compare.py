"""`qispread compare`: say what policies or other scenarios would change, for whom, and at what cost."""

import argparse
from functools import partial
from typing import TYPE_CHECKING

from qispread import terminal
from qispread.commands.outcome import DONE, MOST_FAILURES, SOME_FAILED

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.comparison import Comparison
    from qispread.comparison.robustness import Robustness
    from qispread.config.scenario import Scenario


def add(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `compare`."""
    command.add_argument("base", help="the scenario that arms are compared with")
    command.add_argument("others", nargs="*", help="scenarios of the same world, each an arm")
    command.add_argument("--policy", metavar="FILE", action="append", default=[], help="an arm: the base and this file")
    command.add_argument("--factorial", action="store_true", help="run every combination of the policies too")
    command.add_argument("--branch-at", type=int, metavar="MONTH", help="month at which added policies begin")
    command.add_argument("--measure", help="what the answer is about (default: harm_averted; with --precision: effect)")
    number = command.add_mutually_exclusive_group()
    number.add_argument("--replicates", type=int, help="worlds to simulate (default: the base's)")
    number.add_argument(
        "--precision", type=float, metavar="X", help="as many worlds as make the interval of the measure +-X"
    )
    command.add_argument("--models", type=int, metavar="N", help="plausible models to try (default: 64; 0: none)")
    command.add_argument(
        "--team-month", type=float, default=0.0, metavar="PRICE", help="price of a team-month of staff time"
    )
    command.add_argument("--seed", type=int, help="seed of all draws (default: the base's)")
    command.add_argument("--workers", type=int, help="threads (default: one a core); results do not depend on it")
    command.add_argument("--report", action="store_true", help="write a report to read and print")
    command.add_argument("--out", metavar="DIR", help="folder for results (default: results/compare-NAME-FINGERPRINT)")
    command.add_argument("--overwrite", action="store_true", help="replace the results of another run in that folder")
    command.set_defaults(act=act)


def act(arguments: argparse.Namespace, console: "Console") -> int:
    """Compare arms with a base, print what differs and write the tables."""
    from pathlib import Path

    from qispread.comparison import arms_from_files, ready_arms
    from qispread.results import Answer, check_arms, comparison_folder, save_comparison, tidied

    refuse_bad(arguments)
    base, arms = arms_from_files(
        arguments.base, arguments.others, arguments.policy, seed=arguments.seed, replicates=arguments.replicates
    )
    everything = ready_arms(base, arms, arguments.branch_at, factorial=arguments.factorial)
    folder = Path(arguments.out) if arguments.out else comparison_folder(everything)
    if arguments.precision is not None and not arguments.out:
        folder = folder.with_name(f"{folder.name}-within-{arguments.precision:g}")
    check_arms(folder, everything, overwrite=arguments.overwrite, known=arguments.precision is None)
    terminal.introduce(base, console)
    with tidied(folder):
        comparison = compared(base, arms, len(everything), arguments, console)
        robust = robustness_of(comparison, arguments, console)
    answer = Answer(comparison, robust, arguments.team_month)
    typed = ["qispread", *arguments.typed]
    paths = save_comparison(answer, folder, overwrite=arguments.overwrite, command=typed)
    terminal.show_comparison(answer, console)
    say = partial(console.print, soft_wrap=True, markup=False)
    names = ", ".join(path.name for path in paths if path.suffix != ".parquet")
    say(f"Results: {names}, the tables as Parquet too, and a folder an arm in {paths[0].parent}")
    if arguments.report:
        terminal.write_report(paths[0].parent, console)
    failures = [(name, run) for name, runs in comparison.runs.items() for run in runs.failed]
    for name, failure in failures[:MOST_FAILURES]:
        say(f"{name}, replicate {failure.replicate} failed: {failure.error}", style="red")
    return SOME_FAILED if failures else DONE


def refuse_bad(arguments: argparse.Namespace) -> None:
    """Refuse what can be seen to be wrong before anything is read."""
    from qispread.config.faults import Fault, InputError, nearest
    from qispread.measures import NAMES

    faults = []
    if arguments.workers is not None and arguments.workers < 1:
        faults.append(Fault("--workers", f"got {arguments.workers}; needed: at least 1"))
    if arguments.models is not None and (arguments.models < 0 or arguments.models == 1):
        faults.append(Fault("--models", f"got {arguments.models}; needed: at least 2, or 0 for none"))
    if arguments.measure is not None and arguments.measure not in NAMES:
        faults.append(
            Fault("--measure", f"no measure is called '{arguments.measure}'{nearest(arguments.measure, NAMES)}")
        )
    if not arguments.team_month >= 0.0:
        faults.append(Fault("--team-month", f"got {arguments.team_month}; needed: a price of at least 0"))
    if arguments.precision is not None and not 0.0 < arguments.precision < float("inf"):
        faults.append(Fault("--precision", f"got {arguments.precision}; needed: a number above 0"))
    if faults:
        raise InputError(faults)


def compared(
    base: "Scenario", arms: "dict[str, Scenario]", count: int, arguments: argparse.Namespace, console: "Console"
) -> "Comparison":
    """Run the arms behind a progress bar."""
    from qispread.comparison import compare
    from qispread.comparison.paired import HEADLINE

    measure = arguments.measure or (HEADLINE if arguments.precision is None else "effect")
    with terminal.progress_bar(console, "Comparing", base.replicates * count) as advance:
        return compare(
            base,
            arms,
            measure=measure,
            precision=arguments.precision,
            branch_at=arguments.branch_at,
            factorial=arguments.factorial,
            workers=arguments.workers,
            progress=advance,
        )


def robustness_of(comparison: "Comparison", arguments: argparse.Namespace, console: "Console") -> "Robustness | None":
    """Run the arms in plausible models behind a progress bar, unless none are asked or arms cannot be ranked."""
    from qispread.comparison.robustness import MODELS, robustness
    from qispread.measures import MEASURES

    models = MODELS if arguments.models is None else arguments.models
    if not models or (arguments.models is None and MEASURES[comparison.measure].better == "neither"):
        return None
    with terminal.progress_bar(console, "Plausible models", models) as advance:
        return robustness(comparison, models, workers=arguments.workers, progress=advance)
