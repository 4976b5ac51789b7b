"""What the command line prints: tables, progress, words of caution."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from qispread.inputs.parameter_descriptions import ParameterDescription
    from qispread.inputs.scenario import Scenario
    from qispread.model.engines.simulation import Runs
    from qispread.outputs.results import ComparisonResult
    from qispread.outputs.text.display_tables import TextTable
    from qispread.runs.comparison import Comparison
    from qispread.runs.comparison.robustness import Robustness

MODEL_CAUTION = (
    "Runs of a model, not predictions: what copies lose has no published data and is an untested assumption "
    "(qispread describe copying)."
)
FACTORIAL_NOTE = (
    "Main: the mean effect over all combinations of the others; interaction: half the change in the effect of "
    "one when the other is added. Alone and together: against the baseline; beyond: together, less the sum of alone."
)
MIN_REPLICATES = 30
"""Worlds below which nothing is said of variances."""


def show_scenario(scenario: "Scenario", console: "Console", *, show_replicates: bool = True) -> None:
    """Say what will be run, and what was left out of the input."""
    from rich.markup import escape

    from qispread.inputs.adapt_scenario import adaptation_notes
    from qispread.inputs.cross_checks import organisation_ids

    for note in (*scenario.notes, *adaptation_notes(scenario)):
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
    places = len(organisation_ids(scenario))
    worlds = "1 world" if scenario.replicates == 1 else f"{scenario.replicates} worlds"
    worlds = worlds if show_replicates else "as many worlds as it takes"
    size = f"{places} organisations, {scenario.horizon} months, {worlds}"
    console.print(f"[bold]{escape(scenario.name)}[/]: {size}", soft_wrap=True)
    if scenario.description:
        console.print(scenario.description, soft_wrap=True, markup=False)
    for name, policy in scenario.policies.items():
        end = "to the end" if (policy.end or scenario.horizon) >= scenario.horizon else f"to {policy.end}"
        console.print(f"policy {name}: months {policy.start} {end}", soft_wrap=True, markup=False)


def compile_with_progress(scenario: "Scenario", console: "Console") -> None:
    """Compile the model where that has not been done: behind a bar on a terminal, after one line elsewhere."""
    from qispread.model.rules.jit import is_compiled

    if is_compiled():
        return
    from qispread.model.engines.compile_ahead import compile_kernel

    if not console.is_terminal:
        console.print("Compiling the model first: once on this machine, about a quarter of a minute ...")
    with progress_bar(console, "Compiling the model, once on this machine", 1) as advance:
        compile_kernel(scenario, advance)


@contextmanager
def progress_bar(console: "Console", description: str, total: int) -> "Iterator[Callable[[int, int], None]]":
    """Show progress with time left on a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def show_headlines(runs: "Runs", console: "Console") -> None:
    """Print the numbers that a board asks for."""
    from rich.markup import escape
    from rich.table import Table

    from qispread.common.formatting import MISSING_MARK, format_duration, format_value
    from qispread.inputs.cross_checks import POOLED
    from qispread.runs.summary import headline_estimates

    horizon = runs.scenario.horizon
    for name, figures in headline_estimates(runs).items():
        title = "All organisations" if name == POOLED else escape(name)
        table = Table(title=f"{title} after {format_duration(horizon)}", title_justify="left", title_style="bold")
        table.add_column("")
        several = runs.scenario.replicates > 1
        table.add_column("Median" if several else "This run", justify="right")
        if several:
            table.add_column("9 in 10 runs", justify="right")
        for one in figures:
            middle, low, high = (format_value(value, one.number_format) for value in (one.median, one.low, one.high))
            between = f"{low} to {high}" if one.replicates else MISSING_MARK
            table.add_row(one.label, middle, *([between] if several else []))
        console.print(table)
    console.print(MODEL_CAUTION, soft_wrap=True)
    show_seeding_caution([runs], console)


def show_comparison(answer: "ComparisonResult", console: "Console") -> None:
    """Print what each arm changes, at what cost, and in how many plausible models."""
    from qispread.outputs.text.labels import DIFFERENCES_NOTE as DIFFERENCES_CAUTION

    comparison = answer.comparison
    singles = [arm for arm in comparison.arms if not comparison.factors or arm in comparison.factors]
    for arm in singles:
        show_differences(answer, arm, console)
    if comparison.factors:
        show_factorial(answer, console)
    elif len(singles) > 1:
        show_arm_differences(comparison, console)
    console.print(DIFFERENCES_CAUTION, soft_wrap=True)
    if comparison.precision is not None:
        show_precision(comparison, console)
    show_costs(answer, console)
    if answer.robustness is not None:
        show_robustness(answer.robustness, comparison.organisation_count, console)
    show_seeding_caution(comparison.runs.values(), console)


def show_differences(answer: "ComparisonResult", arm: str, console: "Console") -> None:
    """Print what one arm changes."""
    from qispread.outputs.text.display_tables import TextTable, difference_rows
    from qispread.outputs.text.labels import DIFFERENCE_HEADINGS

    comparison = answer.comparison
    if comparison.has_no_effect(arm):
        costs = " but costs" if comparison.difference(arm, "cost")["difference"] else ""
        console.print(f"{arm} changes nothing{costs}.", soft_wrap=True, markup=False)
    rows = difference_rows(comparison, arm)
    show_table(TextTable(f"{arm} against the baseline", DIFFERENCE_HEADINGS, [row.cells for row in rows]), console)
    console.print(describe_readiness_gain(answer, arm), soft_wrap=True)
    gains = [row.pairing_gain for row in rows if row.pairing_gain < float("inf")]
    if gains and comparison.replicate_count >= MIN_REPLICATES:
        saved = f"{min(gains):.1f} to {max(gains):.1f}"
        words = "Common random numbers cut the number of runs needed by a factor of"
        console.print(f"{words} {saved}.", soft_wrap=True)


def show_arm_differences(comparison: "Comparison", console: "Console") -> None:
    """Print how every two arms differ in the comparison's measure."""
    from qispread.outputs.text.display_tables import between_table

    show_table(between_table(comparison), console)


def show_table(table: "TextTable", console: "Console") -> None:
    """Print a table."""
    from rich.markup import escape

    shown = create_table(escape(table.title), table.headings)
    for row in table.rows:
        shown.add_row(*map(escape, row))
    console.print(shown)


def create_table(title: str, headings: "Iterable[str]") -> "Table":
    """Return an empty table whose first column is of words and the others of numbers."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left", no_wrap=not index)
    return table


def describe_readiness_gain(answer: "ComparisonResult", arm: str) -> str:
    """Return in words what the least ready and the readiest third gain."""
    from qispread.analysis.heterogeneity import GROUPINGS
    from qispread.common.formatting import format_difference

    found = answer.tables["subgroup_gains"]
    found = found[
        (found["arm"] == arm) & (found["grouping"] == "readiness") & (found["measure"] == "event_rate_reduction")
    ]
    gains = {one["group"]: format_difference(one["difference"], "percent") for one in found.to_dict("records")}
    least, _, most = GROUPINGS["readiness"][1]
    if least not in gains:
        return ""
    gained = f"{gains[least]} points in the {least} and {gains[most]} in the {most}"
    return f"Further reduction of adverse events (% of those at the start): {gained}."


def show_precision(comparison: "Comparison", console: "Console") -> None:
    """Say how many worlds a precision took, and how many independent ones would have."""
    from qispread.outputs.text.sentences import precision_phrase

    worlds, asked = comparison.replicate_count, comparison.precision.half_width if comparison.precision else 1.0
    found = [comparison.difference(arm, comparison.measure) for arm in comparison.arms]
    alone = max(worlds * one["pairing_gain"] * ((one["high"] - one["low"]) / 2.0 / asked) ** 2 for one in found)
    others = f"; independent seeds would have needed about {alone:,.0f}" if alone < float("inf") else ""
    within = precision_phrase(comparison.measure, asked)
    text = f"{worlds:,} runs of each option bring the interval of {within}{others}."
    console.print(text, soft_wrap=True)


def show_factorial(answer: "ComparisonResult", console: "Console") -> None:
    """Print main effects and interactions on the comparison's measure."""
    from qispread.outputs.text.display_tables import factorial_table

    comparison = answer.comparison
    show_table(factorial_table(answer.tables["factorial"], comparison.measure, comparison.organisation_count), console)
    console.print(FACTORIAL_NOTE, soft_wrap=True)


def show_costs(answer: "ComparisonResult", console: "Console") -> None:
    """Print what an event averted costs in each arm, and which arms are dominated."""
    from qispread.common.formatting import format_short
    from qispread.outputs.text.display_tables import cost_table

    costs = answer.tables["cost_effectiveness"]
    if not costs["total_cost"].any():
        console.print("No policy has a cost: give `cost` in its file to learn what a result costs.", soft_wrap=True)
        return
    show_table(cost_table(costs, answer.comparison.organisation_count), console)
    priced = "not priced (--team-month-cost PRICE)"
    if answer.team_month:
        priced = f"at {format_short(answer.team_month)} a team-month"
    console.print(f"Staff time is {priced}; nothing is discounted.", soft_wrap=True)


def show_robustness(robustness: "Robustness", number: int, console: "Console") -> None:
    """Print how the ranking of the arms fares in plausible models of `organisation_count` organisations."""
    from qispread.outputs.text.display_tables import robustness_sentences, robustness_table

    show_table(robustness_table(robustness, number), console)
    for sentence in robustness_sentences(robustness):
        console.print(sentence, soft_wrap=True, markup=False)


def write_report_and_show(
    folder: "Path", console: "Console", out: str | None = None, *, overwrite: bool = False
) -> None:
    """Write the report of a folder of results and say where it is."""
    from qispread.outputs.report import write_report as write

    paths = write(folder, out, overwrite=overwrite)
    console.print(f"Report: {paths[0]}", soft_wrap=True, markup=False)


def show_seeding_caution(several: "Iterable[Runs]", console: "Console") -> None:
    """Say that shares of the pilot site's effect do not compare where a policy changes the pilot site."""
    from qispread.outputs.text.labels import SEEDING_CAUTION, changes_pilot_site

    if changes_pilot_site(runs.scenario for runs in several):
        console.print(SEEDING_CAUTION, soft_wrap=True)


def show_parameter(description: "ParameterDescription", console: "Console") -> None:
    """Print one parameter."""
    say = partial(console.print, highlight=False, soft_wrap=True, markup=False)
    say(f"  {description.path} = {description.default}" + ("" if description.unit == "-" else f" {description.unit}"))
    say(f"    {description.meaning}")
    known = description.evidence + ("" if description.source in ("-", "assumption") else f" ({description.source})")
    plausible = f"; plausible {description.plausible_range}" if description.plausible_range else ""
    say(f"    {description.allowed_range}{plausible}; {known}; {description.role}", style="dim")
