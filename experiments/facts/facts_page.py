"""The facts as part (b) of the page of validation, made from the stored tables alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from experiments.facts.file_names import NEAR, PUBLISHED, RULE, SHORT, WAYS
from experiments.facts.observed_facts import FACTS, ObservedFact
from qispread.common.formatting import format_range, format_short
from qispread.runs.calibration.abc_posterior import IDENTIFIED_SHRINKAGE, PARTLY_IDENTIFIED_SHRINKAGE
from qispread.runs.calibration.self_check import MIN_COVERED_SHARE

SETS = dict(zip(WAYS, ("at the defaults", "calibrated to all", "calibrated to those within reach"), strict=True))
SAME_CALIBRATION = "No counterpart is out of reach, so this is the calibration above."
STRONGEST = 5
"""Number of correlations shown."""


def read_stored_table(name: str) -> pd.DataFrame:
    """Return a stored table."""
    return pd.read_csv(PUBLISHED / f"{name}.csv")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)


def parameter_set_labels(facts: pd.DataFrame) -> dict[str, str]:
    """Return the labels of the parameter sets: if no counterpart is out of reach, two sets are the same."""
    return {way: label for way, label in SETS.items() if way != "within" or not facts["reachable"].all()}


def format_estimate(value: float, low: float, high: float) -> str:
    """Return a number with its interval."""
    return f"{format_short(value)} ({format_range(low, high)})"


def format_verdict(row: pd.Series, way: str) -> str:
    """Return a verdict, and whether a missed fact is within reach."""
    reach = ", within reach" if row[f"{way}_verdict"] != NEAR and row[f"{way}_within_reach"] else ""
    return f"{row[f'{way}_verdict']}{reach}"


def render_facts_table(facts: pd.DataFrame) -> str:
    """Return each counterpart with the measured value and the values of runs."""
    header, ways = ["fact", "counterpart", "confidence", "measured"], parameter_set_labels(facts)
    header += [part for label in ways.values() for part in (label, "")]
    rows = []
    for _, row in facts.iterrows():
        cells = [str(row["fact"]), f"`{row['counterpart']}`: {row['about']}", str(row["confidence"])]
        cells.append(format_estimate(row["measured"], row["low"], row["high"]))
        for way in ways:
            cells += [format_estimate(row[way], row[f"{way}_low"], row[f"{way}_high"]), format_verdict(row, way)]
        rows.append(cells)
    return markdown_table(header, rows)


def count_near(facts: pd.DataFrame) -> str:
    """Return how many counterparts are near, and how many facts in all their counterparts, as text."""
    lines = [RULE]
    for way, label in parameter_set_labels(facts).items():
        near = facts[f"{way}_verdict"] == NEAR
        whole = near.groupby(facts["fact"]).all()
        missed = facts.loc[~near, "counterpart"]
        rest = f"; missed: {', '.join(f'`{name}`' for name in missed)}" if len(missed) else ""
        lines.append(
            f"{label.capitalize()} {int(near.sum())} of {len(facts)} counterparts are near, and {int(whole.sum())} of "
            f"{len(whole)} facts in all their counterparts{rest}."
        )
    beyond = facts.loc[~facts["reachable"], "counterpart"]
    named = ", ".join(f"`{name}`" for name in beyond)
    lines.append(f"Out of reach, because {SHORT} the interval: {named or 'none, so both calibrations are the same'}.")
    return " ".join(lines)


def facts_meanings_table() -> str:
    """Return the measured facts with their counterparts in runs."""
    rows = [
        (name, fact.statement, fact.measured, fact.source, describe_counterparts(fact))
        for name, fact in FACTS.items()
        if fact.counterparts
    ]
    return markdown_table(("fact", "", "measured", "source", "counterparts in runs"), rows)


def describe_counterparts(fact: ObservedFact) -> str:
    """Return the counterparts of a fact as text."""
    return "; ".join(f"`{name}`: {reason}" for name, reason in fact.counterparts.items())


def not_expressed_table() -> str:
    """Return the facts that the model cannot express, with the reasons."""
    rows = [
        (name, fact.statement, fact.measured, fact.source, fact.reason) for name, fact in FACTS.items() if fact.reason
    ]
    return markdown_table(("fact", "", "measured", "source", "what is not expressed, and why"), rows)


def render_parameters_table(parameters: pd.DataFrame) -> str:
    """Return the posterior of each parameter."""
    rows = [
        (
            f"`{row['parameter']}`",
            format_short(row["default"]),
            format_range(row["low"], row["high"]),
            format_estimate(row["median"], row["low_90"], row["high_90"]),
            f"{100.0 * max(0.0, row['shrinkage']):.0f}%",
            str(row["identified"]),
        )
        for _, row in parameters.iterrows()
    ]
    return markdown_table(("parameter", "default", "prior range", "median (90% interval)", "narrower by", ""), rows)


def describe_identification(parameters: pd.DataFrame, correlations: pd.DataFrame, check: pd.DataFrame) -> str:
    """Return which parameters are not identified or are correlated, and the self-check, as text."""
    half, fifth = f"{100 * IDENTIFIED_SHRINKAGE:.0f}%", f"{100 * PARTLY_IDENTIFIED_SHRINKAGE:.0f}%"
    lines = [f"A parameter is identified if its 90% interval is narrower by {half} or more, partly from {fifth}."]
    for verdict, label in (("partly", "Partly identified"), ("not identified", "Not identified")):
        names = parameters.loc[parameters["identified"] == verdict, "parameter"]
        lines += [f"{label}: {', '.join(f'`{name}`' for name in names)}."] if len(names) else []
    strongest = ", ".join(
        f"`{row['parameter']}` and `{row['other']}` {row['correlation']:.2f}"
        for _, row in correlations.head(STRONGEST).iterrows()
    )
    lines.append(f"Strongest correlations in the posterior: {strongest}.")
    if len(check):
        lines += iterate_trust_notes(check)
    return " ".join(lines)


def iterate_trust_notes(check: pd.DataFrame) -> Iterator[str]:
    """Yield how well synthetic truths were recovered, and whether the facts are within the range of runs."""
    covered = ", ".join(
        f"{100 * float(rows['covered'].mean()):.1f}% of them in {100 * float(str(level)):.0f}% intervals"
        for level, rows in check.groupby("level")
    )
    first = check.iloc[0]
    yield (
        f"{first['truths']} synthetic truths from the same runs were recovered from the {first['targets']} "
        f"counterparts within reach, without other runs of the same replicate; mean over the parameters: {covered}."
    )
    within = {} if first["lonely"] == first["lonely_all"] else {"The counterparts within reach": first["lonely"]}
    for label, isolated in (within | {"All counterparts": first["lonely_all"]}).items():
        side = "within" if isolated >= MIN_COVERED_SHARE else "outside"
        yield (
            f"{label} together are {side} the range of results of runs over the whole ranges: a share of "
            f"{isolated:.3f} of the runs is as isolated."
        )


def describe_screening(screen: pd.DataFrame) -> str:
    """Return the most influential parameters, as text."""
    chosen = screen[screen["chosen"]]
    influential = ", ".join(f"`{row['parameter']}` {100 * row['score']:.0f}%" for _, row in chosen.iterrows())
    without_effect = ", ".join(f"`{name}`" for name in screen.loc[screen["score"] < 0.001, "parameter"])
    return (
        f"Of {len(screen)} parameters with a plausible range these have the largest effects (mean share of the "
        f"effects): {influential}. These have almost none: {without_effect}."
    )


def iterate_facts_blocks(folder: Path = PUBLISHED) -> Iterator[tuple[str, str]]:
    """Yield the name and text of every generated part; none without stored tables."""
    if not (folder / "facts.csv").exists():
        return
    facts, parameters = read_stored_table("facts"), read_stored_table("facts_parameters")
    every = read_stored_table("facts_parameters_all")
    yield "facts: measured", facts_meanings_table()
    yield "facts: counted", count_near(facts)
    yield "facts: table", render_facts_table(facts)
    yield "facts: screen", describe_screening(read_stored_table("facts_screen"))
    yield "facts: parameters", render_parameters_table(parameters)
    yield "facts: parameters from all", SAME_CALIBRATION if facts["reachable"].all() else render_parameters_table(every)
    yield (
        "facts: learnt",
        describe_identification(parameters, read_stored_table("facts_correlations"), read_stored_table("facts_check")),
    )
    yield "facts: not expressed", not_expressed_table()
