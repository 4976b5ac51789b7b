"""Terminal output: tables, progress bars and notes of caution."""

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
    "Results of a model, not predictions: how much a copy loses is an untested assumption without published data "
    "(qispread describe copying)."
)
FACTORIAL_NOTE = (
    "Main: the mean effect over all combinations of the others; interaction: half the change in the effect of one "
    "when the other is added. Alone and together: against the baseline; beyond: together minus the sum of alone."
)
MIN_REPLICATES = 30
"""Runs below which no variance is reported."""


def show_scenario(scenario: "Scenario", console: "Console", *, show_replicates: bool = True) -> None:
    """Print the notes on a scenario, its size and its policies."""
    from rich.markup import escape

    from qispread.inputs.adapt_scenario import adaptation_notes
    from qispread.inputs.cross_checks import organisation_ids

    for note in (*scenario.notes, *adaptation_notes(scenario)):
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
    runs = "1 run" if scenario.replicates == 1 else f"{scenario.replicates} runs"
    if not show_replicates:
        runs = "as many runs as the precision needs"
    size = f"{len(organisation_ids(scenario))} organisations, {scenario.horizon} months, {runs}"
    console.print(f"[bold]{escape(scenario.name)}[/]: {size}", soft_wrap=True)
    if scenario.description:
        console.print(scenario.description, soft_wrap=True, markup=False)
    for name, policy in scenario.policies.items():
        end = "to the end" if (policy.end or scenario.horizon) >= scenario.horizon else f"to {policy.end}"
        console.print(f"policy {name}: months {policy.start} {end}", soft_wrap=True, markup=False)
    for rule, form in scenario.rules.changed().items():
        console.print(f"rule {rule} in the form {form.name}: {form.meaning}", soft_wrap=True, markup=False)


def compile_with_progress(scenario: "Scenario", console: "Console") -> None:
    """Compile the model of a scenario if needed, and print how long it takes."""
    from qispread.model.engines.composed_model import SHIPPED_MODEL, composed_model

    if composed_model(scenario) is SHIPPED_MODEL:
        compile_shipped_model(scenario, console)
    else:
        compile_own_functions(scenario, console)


def compile_own_functions(scenario: "Scenario", console: "Console") -> None:
    """Compile the model with a scenario's own functions if needed, after one line."""
    from qispread.model.engines.composed_model import COMPILE_SECONDS, composed_model
    from qispread.model.world.run_inputs import prepare_scenario

    model = composed_model(scenario)
    if model.is_ready:
        return
    names = ", ".join(dict.fromkeys(extension.file for extension in model.extensions))
    duration = f"once on this machine, {COMPILE_SECONDS} to {3 * COMPILE_SECONDS} seconds"
    console.print(f"Compiling the model with {names} ({duration}) ...", markup=False, soft_wrap=True)
    model.compile(prepare_scenario(scenario))


def compile_shipped_model(scenario: "Scenario", console: "Console") -> None:
    """Compile the shipped model if needed, behind a progress bar on a terminal, after one line elsewhere."""
    from qispread.model.rules.jit import is_compiled

    if is_compiled():
        return
    from qispread.model.engines.compile_ahead import compile_kernel

    if not console.is_terminal:
        console.print("Compiling the model (once on this machine, about 15 seconds) ...")
    with progress_bar(console, "Compiling the model, once on this machine", 1) as advance:
        compile_kernel(scenario, advance)


@contextmanager
def progress_bar(console: "Console", description: str, total: int) -> "Iterator[Callable[[int, int], None]]":
    """Show progress and remaining time on a terminal; elsewhere nothing."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda completed, count: bar.update(task, completed=completed, total=count)


def show_headlines(runs: "Runs", console: "Console") -> None:
    """Print the headline measures of each intervention."""
    from rich.markup import escape
    from rich.table import Table

    from qispread.common.formatting import MISSING_MARK, format_duration, format_value
    from qispread.inputs.cross_checks import POOLED
    from qispread.runs.summary import headline_estimates

    horizon = runs.scenario.horizon
    for name, estimates in headline_estimates(runs).items():
        title = "All organisations" if name == POOLED else escape(name)
        table = Table(title=f"{title} after {format_duration(horizon)}", title_justify="left", title_style="bold")
        table.add_column("")
        multiple = runs.scenario.replicates > 1
        table.add_column("Median" if multiple else "This run", justify="right")
        if multiple:
            table.add_column("90% of runs", justify="right")
        for estimate in estimates:
            values = (estimate.median, estimate.low, estimate.high)
            median, low, high = (format_value(value, estimate.number_format) for value in values)
            interval = f"{low} to {high}" if estimate.replicates else MISSING_MARK
            table.add_row(estimate.label, median, *([interval] if multiple else []))
        console.print(table)
    console.print(MODEL_CAUTION, soft_wrap=True)
    show_seeding_caution([runs], console)


def show_comparison(answer: "ComparisonResult", console: "Console") -> None:
    """Print the effects of each arm, its cost, and its rank in plausible models."""
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
    """Print the differences between one arm and the baseline."""
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
        factor = f"{min(gains):.1f} to {max(gains):.1f}"
        console.print(f"Common random numbers cut the number of runs needed by a factor of {factor}.", soft_wrap=True)


def show_arm_differences(comparison: "Comparison", console: "Console") -> None:
    """Print the pairwise differences between arms in the comparison's measure."""
    from qispread.outputs.text.display_tables import between_table

    show_table(between_table(comparison), console)


def show_table(table: "TextTable", console: "Console") -> None:
    """Print a table."""
    from rich.markup import escape

    printed = create_table(escape(table.title), table.headings)
    for row in table.rows:
        printed.add_row(*map(escape, row))
    console.print(printed)


def create_table(title: str, headings: "Iterable[str]") -> "Table":
    """Return an empty table with a first column of text and other columns of numbers."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left", no_wrap=not index)
    return table


def describe_readiness_gain(answer: "ComparisonResult", arm: str) -> str:
    """Return the sentence on the gains of the least ready and the most ready third."""
    from qispread.analysis.heterogeneity import GROUPINGS
    from qispread.common.formatting import format_difference

    table = answer.tables["subgroup_gains"]
    rows = table[
        (table["arm"] == arm) & (table["grouping"] == "readiness") & (table["measure"] == "event_rate_reduction")
    ]
    gains = {row["group"]: format_difference(row["difference"], "percent") for row in rows.to_dict("records")}
    lowest, _, highest = GROUPINGS["readiness"][1]
    if lowest not in gains:
        return ""
    by_group = f"{gains[lowest]} points in the {lowest} and {gains[highest]} in the {highest}"
    return f"Further reduction of adverse events (% of those at the start): {by_group}."


def show_precision(comparison: "Comparison", console: "Console") -> None:
    """Print the number of runs that the precision took, and how many independent runs it would have taken."""
    from qispread.outputs.text.sentences import precision_phrase

    count, half_width = comparison.replicate_count, comparison.precision.half_width if comparison.precision else 1.0
    differences = [comparison.difference(arm, comparison.measure) for arm in comparison.arms]
    independent = max(
        count * row["pairing_gain"] * ((row["high"] - row["low"]) / 2.0 / half_width) ** 2 for row in differences
    )
    saving = f"; independent seeds would have needed about {independent:,.0f}" if independent < float("inf") else ""
    phrase = precision_phrase(comparison.measure, half_width)
    text = f"{count:,} runs of each option bring the interval of {phrase}{saving}."
    console.print(text, soft_wrap=True)


def show_factorial(answer: "ComparisonResult", console: "Console") -> None:
    """Print main effects and interactions on the comparison's measure."""
    from qispread.outputs.text.display_tables import factorial_table

    comparison = answer.comparison
    show_table(factorial_table(answer.tables["factorial"], comparison.measure, comparison.organisation_count), console)
    console.print(FACTORIAL_NOTE, soft_wrap=True)


def show_costs(answer: "ComparisonResult", console: "Console") -> None:
    """Print the cost per event averted of each arm, and which arms are dominated."""
    from qispread.common.formatting import format_short
    from qispread.outputs.text.display_tables import cost_table

    costs = answer.tables["cost_effectiveness"]
    if not costs["total_cost"].any():
        console.print("No policy has a cost: set `cost` in its file to see the cost per event averted.", soft_wrap=True)
        return
    show_table(cost_table(costs, answer.comparison.organisation_count), console)
    price = "not priced (--team-month-cost PRICE)"
    if answer.team_month:
        price = f"priced at {format_short(answer.team_month)} a team-month"
    console.print(f"Staff time is {price}; costs are not discounted.", soft_wrap=True)


def show_robustness(robustness: "Robustness", organisation_count: int, console: "Console") -> None:
    """Print how the arms rank across plausible models."""
    from qispread.outputs.text.display_tables import robustness_sentences, robustness_table

    show_table(robustness_table(robustness, organisation_count), console)
    for sentence in robustness_sentences(robustness):
        console.print(sentence, soft_wrap=True, markup=False)


def write_report_and_show(
    folder: "Path", console: "Console", out: str | None = None, *, overwrite: bool = False
) -> None:
    """Write the report of a folder of results and print its path."""
    from qispread.outputs.report import write_report as write

    paths = write(folder, out, overwrite=overwrite)
    console.print(f"Report: {paths[0]}", soft_wrap=True, markup=False)


def show_seeding_caution(runs_of_arms: "Iterable[Runs]", console: "Console") -> None:
    """Print the caution on replication ratios if a policy changes the pilot site."""
    from qispread.outputs.text.labels import SEEDING_CAUTION, changes_pilot_site

    if changes_pilot_site(runs.scenario for runs in runs_of_arms):
        console.print(SEEDING_CAUTION, soft_wrap=True)


def show_parameter(description: "ParameterDescription", console: "Console") -> None:
    """Print one parameter."""
    print_line = partial(console.print, highlight=False, soft_wrap=True, markup=False)
    unit = "" if description.unit == "-" else f" {description.unit}"
    print_line(f"  {description.path} = {description.default}{unit}")
    print_line(f"    {description.meaning}")
    evidence = description.evidence
    if description.source not in ("-", "assumption"):
        evidence = f"{evidence} ({description.source})"
    plausible = f"; plausible {description.plausible_range}" if description.plausible_range else ""
    print_line(f"    {description.allowed_range}{plausible}; {evidence}; {description.role}", style="dim")
