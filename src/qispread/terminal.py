"""What the command line prints: tables, progress, words of caution."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from qispread.comparison import Comparison
    from qispread.config.describe import Description
    from qispread.config.scenario import Scenario
    from qispread.engines.run import Runs

CAUTION = (
    "Worlds of a model and not predictions: what copies lose has no published data and is a hypothesis "
    "(qispread describe copying)."
)
SEEDED = "A seeding policy changes where it begins: shares of the origin's effect do not compare where origins differ."
DIFFERENCES_CAUTION = (
    "Means over worlds at the end; differences of shares in percentage points. The interval tells how sure the model "
    "is of its own mean, not how sure anybody can be of the world. Better in: the share of worlds."
)


def introduce(scenario: "Scenario", console: "Console") -> None:
    """Say what will be run, and what was left out of the input."""
    from rich.markup import escape

    from qispread.config.cross import organisation_ids
    from qispread.rules.compiling import already_compiled

    for note in scenario.notes:
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
    places = len(organisation_ids(scenario))
    worlds = "1 world" if scenario.replicates == 1 else f"{scenario.replicates} worlds"
    size = f"{places} organisations, {scenario.horizon} months, {worlds}"
    console.print(f"[bold]{escape(scenario.name)}[/]: {size}", soft_wrap=True)
    if scenario.description:
        console.print(scenario.description, soft_wrap=True, markup=False)
    for name, policy in scenario.policies.items():
        end = "to the end" if policy.end in (None, scenario.horizon) else f"to {policy.end}"
        console.print(f"policy {name}: months {policy.start} {end}", soft_wrap=True, markup=False)
    if not already_compiled():
        console.print("Compiling the model first: once on this machine, about a quarter of a minute ...")


@contextmanager
def progress_bar(console: "Console", what: str, total: int) -> "Iterator[Callable[[int, int], None]]":
    """Show progress with time left on a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, _: bar.update(task, completed=done)


def show_headlines(runs: "Runs", console: "Console") -> None:
    """Print the numbers that a board asks for."""
    from rich.markup import escape
    from rich.table import Table

    from qispread.analysis.summary import headlines, written
    from qispread.config.cross import POOLED

    horizon = runs.scenario.horizon
    years = f"{horizon / 12:g} years" if horizon % 12 == 0 else f"{horizon} months"
    for name, figures in headlines(runs).items():
        title = "The whole" if name == POOLED else escape(name)
        table = Table(title=f"{title} after {years}", title_justify="left", title_style="bold")
        table.add_column("")
        several = runs.scenario.replicates > 1
        table.add_column("Median" if several else "This world", justify="right")
        if several:
            table.add_column("9 in 10 worlds", justify="right")
        for one in figures:
            between = f"{written(one.low, one.form)} to {written(one.high, one.form)}" if one.worlds else "-"
            table.add_row(one.label, written(one.middle, one.form), *([between] if several else []))
        console.print(table)
    console.print(CAUTION, soft_wrap=True)
    caution_seeding([runs], console)


def show_differences(comparison: "Comparison", arm: str, console: "Console") -> None:
    """Print what one arm changes."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from qispread.analysis.summary import DIFFERENCES_SHOWN, written, written_difference

    if comparison.changes_nothing(arm):
        console.print(f"{arm} changes nothing but costs.", soft_wrap=True, markup=False)
    title = f"{escape(arm)} against the base"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "Base", "Arm", "Difference", "95 % interval", "Better in"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = [(label, form, comparison.difference(arm, measure)) for measure, label, form in DIFFERENCES_SHOWN]
    for label, form, one in rows:
        low, middle, high = (written_difference(one[name], form) for name in ("low", "difference", "high"))
        means = (written(one["base"], form), written(one["arm_mean"], form))
        if one["low"] == one["high"] == 0.0:
            table.add_row(label, *means, "none", "", "")
            continue
        between = "in every world" if low == high else f"{low} to {high}"
        table.add_row(label, *means, middle, between, written(one["better"], "percent"))
    console.print(table)
    gains = [one["pairing"] for _, _, one in rows if one["pairing"] < float("inf")]
    if gains:
        saved = f"{min(gains):.1f} to {max(gains):.1f}"
        console.print(f"Independent worlds would have needed {saved} times as many runs.", soft_wrap=True)


def caution_seeding(several: "Iterable[Runs]", console: "Console") -> None:
    """Say that shares of the origin's effect do not compare where a policy changes the origin."""
    if any(policy.lever == "seeding" for runs in several for policy in runs.scenario.policies.values()):
        console.print(SEEDED, soft_wrap=True)


def show_parameter(one: "Description", console: "Console") -> None:
    """Print one parameter."""
    say = partial(console.print, highlight=False, soft_wrap=True, markup=False)
    say(f"  {one.path} = {one.default}" + ("" if one.unit == "-" else f" {one.unit}"))
    say(f"    {one.meaning}")
    known = one.known + ("" if one.source in ("-", "assumption") else f" ({one.source})")
    plausible = f"; plausible {one.plausible}" if one.plausible else ""
    say(f"    {one.allowed}{plausible}; {known}; {one.role}", style="dim")
