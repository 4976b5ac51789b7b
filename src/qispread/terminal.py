"""What the command line prints: tables, progress, words of caution."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from qispread.comparison import Comparison
    from qispread.comparison.robustness import Robustness
    from qispread.config.describe import Description
    from qispread.config.scenario import Scenario
    from qispread.engines.run import Runs
    from qispread.results import Answer

CAUTION = (
    "Worlds of a model and not predictions: what copies lose has no published data and is a hypothesis "
    "(qispread describe copying)."
)
FACTORIAL_WORDS = (
    "Main: the mean effect over all combinations of the others; interaction: half of how much more one does where the "
    "other acts. Alone and together: against the base; beyond: together, less the sum of alone."
)
LEAST_WORLDS = 30
"""Worlds below which nothing is said of variances."""
SEEDED = "A seeding policy changes where it begins: shares of the origin's effect do not compare where origins differ."


def introduce(scenario: "Scenario", console: "Console", *, counted: bool = True) -> None:
    """Say what will be run, and what was left out of the input."""
    from rich.markup import escape

    from qispread.config.adapting import adaptation_notes
    from qispread.config.cross import organisation_ids

    for note in (*scenario.notes, *adaptation_notes(scenario)):
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
    places = len(organisation_ids(scenario))
    worlds = "1 world" if scenario.replicates == 1 else f"{scenario.replicates} worlds"
    worlds = worlds if counted else "as many worlds as it takes"
    size = f"{places} organisations, {scenario.horizon} months, {worlds}"
    console.print(f"[bold]{escape(scenario.name)}[/]: {size}", soft_wrap=True)
    if scenario.description:
        console.print(scenario.description, soft_wrap=True, markup=False)
    for name, policy in scenario.policies.items():
        end = "to the end" if (policy.end or scenario.horizon) >= scenario.horizon else f"to {policy.end}"
        console.print(f"policy {name}: months {policy.start} {end}", soft_wrap=True, markup=False)


def compile_first(scenario: "Scenario", console: "Console") -> None:
    """Compile the model where that has not been done: behind a bar on a terminal, after one line elsewhere."""
    from qispread.rules.compiling import already_compiled

    if already_compiled():
        return
    from qispread.engines.compile_ahead import compile_kernel

    if not console.is_terminal:
        console.print("Compiling the model first: once on this machine, about a quarter of a minute ...")
    with progress_bar(console, "Compiling the model, once on this machine", 1) as advance:
        compile_kernel(scenario, advance)


@contextmanager
def progress_bar(console: "Console", what: str, total: int) -> "Iterator[Callable[[int, int], None]]":
    """Show progress with time left on a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


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


def show_comparison(answer: "Answer", console: "Console") -> None:
    """Print what each arm changes, at what cost, and in how many plausible models."""
    from qispread.analysis.telling import CAUTION as DIFFERENCES_CAUTION

    comparison = answer.comparison
    singles = [arm for arm in comparison.arms if not comparison.factors or arm in comparison.factors]
    for arm in singles:
        show_differences(answer, arm, console)
    if comparison.factors:
        show_factorial(answer, console)
    elif len(singles) > 1:
        show_between(comparison, console)
    console.print(DIFFERENCES_CAUTION, soft_wrap=True)
    if comparison.precision is not None:
        show_precision(comparison, console)
    show_costs(answer, console)
    if answer.robustness is not None:
        show_robustness(answer.robustness, comparison.number, console)
    caution_seeding(comparison.runs.values(), console)


def show_differences(answer: "Answer", arm: str, console: "Console") -> None:
    """Print what one arm changes."""
    from rich.markup import escape

    from qispread.analysis.telling import HEADINGS, told_differences

    comparison = answer.comparison
    if comparison.changes_nothing(arm):
        costs = " but costs" if comparison.difference(arm, "cost")["difference"] else ""
        console.print(f"{arm} changes nothing{costs}.", soft_wrap=True, markup=False)
    table, told = plain_table(f"{escape(arm)} against the base", HEADINGS), told_differences(comparison, arm)
    for one in told:
        table.add_row(*one.cells)
    console.print(table)
    console.print(gain_of_the_ready(answer, arm), soft_wrap=True)
    gains = [one.pairing for one in told if one.pairing < float("inf")]
    if gains and comparison.worlds >= LEAST_WORLDS:
        saved = f"{min(gains):.1f} to {max(gains):.1f}"
        console.print(f"Independent worlds would have needed {saved} times as many runs.", soft_wrap=True)


def show_between(comparison: "Comparison", console: "Console") -> None:
    """Print how every two arms differ in the comparison's measure."""
    from rich.markup import escape

    from qispread.analysis.summary import written, written_difference
    from qispread.analysis.telling import shown_as

    measure = comparison.measure
    form, scale, star = shown_as(measure, comparison.number)
    title = f"Arms against each other: {measure.replace('_', ' ')}{star}"
    table = plain_table(title, ("", "Difference", "95 % interval", "Better in"))
    found = comparison.between
    for one in found[found["measure"] == measure].to_dict("records"):
        low, middle, high = (written_difference(scale * one[name], form) for name in ("low", "difference", "high"))
        words = f"{escape(str(one['arm']))} against {escape(str(one['against']))}"
        table.add_row(words, middle, f"{low} to {high}", written(one["better"], "percent"))
    console.print(table)


def gain_of_the_ready(answer: "Answer", arm: str) -> str:
    """Return in words what the least ready and the readiest third gain."""
    from qispread.analysis.for_whom import GROUPINGS
    from qispread.analysis.summary import written_difference

    found = answer.tables["for_whom"]
    found = found[(found["arm"] == arm) & (found["grouping"] == "readiness") & (found["measure"] == "harm_reduction")]
    gains = {one["group"]: written_difference(one["difference"], "percent") for one in found.to_dict("records")}
    least, _, most = GROUPINGS["readiness"][1]
    if least not in gains:
        return ""
    gained = f"{gains[least]} points in the {least} and {gains[most]} in the {most}"
    return f"By how much more of the harm at the start is gone: {gained}."


def plain_table(title: str, headings: "Iterable[str]") -> "Table":
    """Return an empty table whose first column is of words and the others of numbers."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    return table


def show_precision(comparison: "Comparison", console: "Console") -> None:
    """Say how many worlds a precision took, and how many independent ones would have."""
    from qispread.analysis.summary import short

    worlds, asked = comparison.worlds, comparison.precision.half_width if comparison.precision else 1.0
    found = [comparison.difference(arm, comparison.measure) for arm in comparison.arms]
    alone = max(worlds * one["pairing"] * ((one["high"] - one["low"]) / 2.0 / asked) ** 2 for one in found)
    others = f"; independent seeds would have needed about {alone:,.0f}" if alone < float("inf") else ""
    text = f"{worlds:,} worlds of each arm bring the interval of {comparison.measure} within {short(asked)}{others}."
    console.print(text, soft_wrap=True)


def show_factorial(answer: "Answer", console: "Console") -> None:
    """Print main effects and interactions on the comparison's measure."""
    from rich.markup import escape

    from qispread.analysis.summary import written_difference
    from qispread.analysis.telling import shown_as

    measure, found = answer.comparison.measure, answer.tables["factorial"]
    found = found[found["measure"] == measure]
    form, scale, star = shown_as(measure, answer.comparison.number)
    title = f"Effects on {measure.replace('_', ' ')}{star}, of every combination"
    table = plain_table(title, ("", "Effect", "95 % interval"))
    for one in found.to_dict("records"):
        low, middle, high = (written_difference(scale * one[name], form) for name in ("low", "effect", "high"))
        table.add_row(f"{one['kind']}: {escape(str(one['term']))}", middle, f"{low} to {high}")
    console.print(table)
    console.print(FACTORIAL_WORDS, soft_wrap=True)


def show_costs(answer: "Answer", console: "Console") -> None:
    """Print what an event averted costs in each arm, and which arms are dominated."""
    from rich.markup import escape

    from qispread.analysis.summary import short, written
    from qispread.analysis.telling import STARRED

    found = answer.tables["cost_effectiveness"]
    if not found["total_cost"].any():
        console.print("No policy has a cost: say `cost` in its file to learn what a result costs.", soft_wrap=True)
        return
    columns = ("cost_per_event", "cost_per_event_low", "cost_per_event_high")
    table = plain_table("Cost", ("", f"More than base{STARRED}", "An event averted", "95 % interval", "Standing"))
    for one in found.to_dict("records"):
        price, low, high = (written(one[name], "number") for name in columns)
        between = "-" if "-" in (low, high) else f"{low} to {high}"
        dearer = short(100.0 / answer.comparison.number * one["cost_difference"], "+")
        table.add_row(escape(str(one["arm"])), dearer, price, between, escape(one["standing"]))
    console.print(table)
    priced = f"at {short(answer.team_month)} a team-month" if answer.team_month else "not priced (--team-month PRICE)"
    console.print(f"Staff time is {priced}; nothing is discounted.", soft_wrap=True)


def show_robustness(robustness: "Robustness", number: int, console: "Console") -> None:
    """Print how the ranking of the arms fares in plausible models."""
    from rich.markup import escape

    from qispread.analysis.summary import short, written
    from qispread.analysis.telling import shown_as

    _, scale, star = shown_as(robustness.measure, number)
    title = f"{len(robustness.means)} plausible models, by {robustness.measure.replace('_', ' ')}{star}"
    table = plain_table(title, ("", "Best in", "Above base in", "Mean regret", "Worst regret"))
    for one in robustness.arms.to_dict("records"):
        parts = (written(one[name], "percent") for name in ("share_best", "share_above_base"))
        table.add_row(
            escape(str(one["arm"])), *parts, *(short(scale * one[name]) for name in ("regret_mean", "regret_worst"))
        )
    console.print(table)
    flip = robustness.top_flip
    told = (
        f"What flips the best arm first: {escape(flip)}." if flip else "No parameter can be told to flip the best arm."
    )
    if robustness.stays.all():
        told = ""
    shares = [written(share, "percent") for share in (robustness.ranking_holds, robustness.best_holds)]
    text = f"The ranking holds in {shares[0]} of them, the best arm in {shares[1]}."
    console.print(f"{text} {told}", soft_wrap=True)
    for arm, against, parameter in robustness.changing_places:
        console.print(f"What decides between {arm} and {against} is {parameter}.", soft_wrap=True, markup=False)


def write_report(folder: "Path", console: "Console", out: str | None = None, *, overwrite: bool = False) -> None:
    """Write the report of a folder of results and say where it is."""
    from qispread.report import write_report as write

    paths = write(folder, out, overwrite=overwrite)
    console.print(f"Report: {paths[0]}", soft_wrap=True, markup=False)


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
