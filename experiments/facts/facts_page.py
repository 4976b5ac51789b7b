"""The facts as part (b) of the page of validation, made from the stored tables alone."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from experiments.facts.file_names import NEAR, PUBLISHED, RULE, SHORT, WAYS
from experiments.facts.observed_facts import FACTS
from qispread.common.formatting import format_range, format_short
from qispread.runs.calibration.abc_posterior import IDENTIFIED_SHRINKAGE, PARTLY_IDENTIFIED_SHRINKAGE
from qispread.runs.calibration.self_check import MIN_COVERED_SHARE

SETS = dict(zip(WAYS, ("at the defaults", "calibrated to all", "calibrated to those within reach"), strict=True))
ONE = "None is out of reach, so that this is the calibration above."
STRONGEST = 5
"""Correlations that are shown."""


def read_stored_table(name: str) -> pd.DataFrame:
    """Return a stored table."""
    return pd.read_csv(PUBLISHED / f"{name}.csv")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)


def parameter_set_labels(facts: pd.DataFrame) -> dict[str, str]:
    """Return the parameter sets that are shown, in words: where none is out of reach, two of them are one."""
    return {way: words for way, words in SETS.items() if way != "within" or not facts["reachable"].all()}


def format_estimate(value: float, low: float, high: float) -> str:
    """Return a number with its interval."""
    return f"{format_short(value)} ({format_range(low, high)})"


def format_verdict(row: pd.Series, way: str) -> str:
    """Return a verdict, and whether a missed fact is within reach."""
    reach = ", within reach" if row[f"{way}_verdict"] != NEAR and row[f"{way}_within_reach"] else ""
    return f"{row[f'{way}_verdict']}{reach}"


def render_facts_table(facts: pd.DataFrame) -> str:
    """Return each counterpart with what was measured and what runs show."""
    header, ways = ["fact", "counterpart", "confidence", "measured"], parameter_set_labels(facts)
    header += [part for words in ways.values() for part in (words, "")]
    rows = []
    for _, row in facts.iterrows():
        cells = [str(row["fact"]), f"`{row['counterpart']}`: {row['about']}", str(row["confidence"])]
        cells.append(format_estimate(row["measured"], row["low"], row["high"]))
        for way in ways:
            cells += [format_estimate(row[way], row[f"{way}_low"], row[f"{way}_high"]), format_verdict(row, way)]
        rows.append(cells)
    return markdown_table(header, rows)


def count_near(facts: pd.DataFrame) -> str:
    """Return how many counterparts, and how many facts whole, are near, in words."""
    lines = [RULE]
    for way, words in parameter_set_labels(facts).items():
        near = facts[f"{way}_verdict"] == NEAR
        whole = near.groupby(facts["fact"]).all()
        missed = facts.loc[~near, "counterpart"]
        rest = f"; missed: {', '.join(f'`{one}`' for one in missed)}" if len(missed) else ""
        lines.append(
            f"{words.capitalize()} {int(near.sum())} of {len(facts)} counterparts are near, and {int(whole.sum())} of "
            f"{len(whole)} facts in all their counterparts{rest}."
        )
    beyond = facts.loc[~facts["reachable"], "counterpart"]
    named = ", ".join(f"`{one}`" for one in beyond)
    lines.append(f"Out of reach, since {SHORT} the interval: {named or 'none, so that both calibrations are one'}.")
    return " ".join(lines)


def facts_meanings_table() -> str:
    """Return what was measured, and what stands for it, of the facts that runs can show."""
    rows = [
        (name, one.statement, one.measured, one.source, "; ".join(f"`{k}`: {v}" for k, v in one.counterparts.items()))
        for name, one in FACTS.items()
        if one.counterparts
    ]
    return markdown_table(("fact", "", "measured", "source", "what stands for it"), rows)


def not_expressed_table() -> str:
    """Return what the model cannot express, with the reason."""
    rows = [(name, one.statement, one.measured, one.source, one.reason) for name, one in FACTS.items() if one.reason]
    return markdown_table(("fact", "", "measured", "source", "why not, or what of it not"), rows)


def render_parameters_table(parameters: pd.DataFrame) -> str:
    """Return what the facts say of each parameter."""
    rows = [
        (
            f"`{row['parameter']}`",
            format_short(row["default"]),
            format_range(row["low"], row["high"]),
            format_estimate(row["median"], row["low_90"], row["high_90"]),
            f"{100.0 * max(0.0, row['shrinkage']):.0f} %",
            str(row["identified"]),
        )
        for _, row in parameters.iterrows()
    ]
    return markdown_table(("parameter", "default", "before", "median (90 %)", "narrower by", ""), rows)


def describe_identification(parameters: pd.DataFrame, correlations: pd.DataFrame, check: pd.DataFrame) -> str:
    """Return what cannot be identified, what is known only together, and whether it can be trusted, in words."""
    half, fifth = f"{100 * IDENTIFIED_SHRINKAGE:.0f} %", f"{100 * PARTLY_IDENTIFIED_SHRINKAGE:.0f} %"
    lines = [f"A parameter is identified where its 90 % interval is narrower by {half} or more, partly from {fifth}."]
    for word, words in (("partly", "Partly identified"), ("not identified", "Not identified")):
        names = parameters.loc[parameters["identified"] == word, "parameter"]
        lines += [f"{words}: {', '.join(f'`{one}`' for one in names)}."] if len(names) else []
    strongest = ", ".join(
        f"`{row['parameter']}` and `{row['other']}` {row['correlation']:.2f}"
        for _, row in correlations.head(STRONGEST).iterrows()
    )
    lines.append(f"Strongest correlations in the posterior: {strongest}.")
    if len(check):
        lines += iterate_trust_notes(check)
    return " ".join(lines)


def iterate_trust_notes(check: pd.DataFrame) -> Iterator[str]:
    """Yield how well synthetic truths were found again, and how much company the facts have among runs."""
    covered = ", ".join(
        f"{100 * float(rows['covered'].mean()):.1f} % of them in {100 * float(str(level)):.0f} % intervals"
        for level, rows in check.groupby("level")
    )
    one = check.iloc[0]
    yield (
        f"Of {one['truths']} synthetic truths from the same runs, found again by the {one['targets']} counterparts "
        f"within reach with their whole world left out, mean over the parameters: {covered}."
    )
    within = {} if one["lonely"] == one["lonely_all"] else {"Those within reach": one["lonely"]}
    for words, lonely in (within | {"All counterparts": one["lonely_all"]}).items():
        inside = "within" if lonely >= MIN_COVERED_SHARE else "outside"
        yield (
            f"{words} together lie {inside} the cloud of what runs show over the whole ranges: a share of "
            f"{lonely:.3f} of the runs has as little company."
        )


def describe_screening(screen: pd.DataFrame) -> str:
    """Return the parameters that tell most, in words."""
    chosen = screen[screen["chosen"]]
    told = ", ".join(f"`{row['parameter']}` {100 * row['score']:.0f} %" for _, row in chosen.iterrows())
    none = screen.loc[screen["score"] < 0.001, "parameter"]
    idle = ", ".join(f"`{one}`" for one in none)
    return (
        f"Of {len(screen)} parameters with a plausible range these tell most (mean share of the effects): {told}. "
        f"The facts say next to nothing of: {idle}."
    )


def iterate_facts_blocks(folder: Path = PUBLISHED) -> Iterator[tuple[str, str]]:
    """Yield the name and text of every generated part; none where nothing is stored yet."""
    if not (folder / "facts.csv").exists():
        return
    facts, parameters = read_stored_table("facts"), read_stored_table("facts_parameters")
    every = read_stored_table("facts_parameters_all")
    yield "facts: measured", facts_meanings_table()
    yield "facts: counted", count_near(facts)
    yield "facts: table", render_facts_table(facts)
    yield "facts: screen", describe_screening(read_stored_table("facts_screen"))
    yield "facts: parameters", render_parameters_table(parameters)
    yield "facts: parameters from all", ONE if facts["reachable"].all() else render_parameters_table(every)
    yield (
        "facts: learnt",
        describe_identification(parameters, read_stored_table("facts_correlations"), read_stored_table("facts_check")),
    )
    yield "facts: not expressed", not_expressed_table()
