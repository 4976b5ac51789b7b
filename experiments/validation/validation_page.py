"""The page of validation: its tables between marks, made from the stored tables alone."""

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from experiments.facts.facts_page import iterate_facts_blocks
from experiments.validation.known_limit import MEANINGS
from experiments.validation.run_validation import ROOT, STEPS, TABLE, read_table, summarise_verdicts

PAGE = ROOT / "docs/validation.md"
BLOCK = re.compile(r"(<!-- generated: (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)


def format_digits(value: float, digits: int = 4) -> str:
    """Return a number to some digits; empty text for NaN."""
    if pd.isna(value):
        return ""
    return f"{value:.{digits}g}" if np.isfinite(value) else "infinite"


def format_with_error(row: pd.Series) -> tuple[str, str, str]:
    """Return reference, mean and standard error, all to two digits of the error."""
    if pd.isna(row["reference"]):
        return "", "", ""
    if row["standard_error"] == 0.0:
        return format_digits(row["reference"], 6), format_digits(row["ours"], 6), "0"
    digits = max(0, 1 - int(np.floor(np.log10(row["standard_error"]))))
    reference, ours, error = (f"{row[name]:.{digits}f}" for name in ("reference", "ours", "standard_error"))
    return reference, ours, error


def format_score(value: float) -> str:
    """Return a standard score with its sign."""
    return "" if pd.isna(value) else f"{value:+.1f}"


def family_table(rows: pd.DataFrame) -> str:
    """Return the findings of one family: the exact result of each limit, then its numbers."""
    return "\n\n".join(limit_table(str(name), limit) for name, limit in rows.groupby("limit", sort=False))


def limit_table(name: str, rows: pd.DataFrame) -> str:
    """Return the findings about one limit."""
    first = rows.iloc[0]
    two_samples = rows["similar"].notna().any()
    reference = "other program" if two_samples else "exact"
    header = ["quantity", reference, "model", "standard error", "z", "margin", "verdict"]
    header += ["KS"] if two_samples else []
    body = [
        [
            str(row["quantity"]),
            *format_with_error(row),
            format_score(row["z"]),
            format_digits(row["margin"], 2),
            str(row["verdict"]),
            *([format_digits(row["similar"], 2)] if two_samples else []),
        ]
        for _, row in rows.iterrows()
    ]
    replicates = f"{first['replicates']:,} replicates" if first["replicates"] > 1 else "One replicate"
    return f"**{name}** ({first['source']}): {first['exact']}. {replicates}.\n\n{markdown_table(header, body)}"


def steps_table(table: pd.DataFrame) -> str:
    """Return the distance of exact means in steps from continuous curves."""
    header = ("growth", "organisations", "steps a year", "largest distance")
    rows = (
        (
            str(row["growth"]),
            format_digits(row["organisations"]),
            format_digits(row["steps a year"]),
            format_digits(row["distance"], 2),
        )
        for _, row in table.iterrows()
    )
    return markdown_table(header, rows)


def verdict_meanings() -> str:
    """Return the meanings of the verdicts."""
    return markdown_table(("verdict", "meaning"), MEANINGS.items())


def iterate_blocks() -> Iterator[tuple[str, str]]:
    """Yield the name and text of everything generated on the page."""
    table = read_table(TABLE)
    yield "tally", summarise_verdicts(table)
    yield "verdicts", verdict_meanings()
    yield "steps", steps_table(pd.read_csv(STEPS))
    for heading, rows in table.groupby("family", sort=False):
        yield str(heading), family_table(rows)
    yield from iterate_facts_blocks()


def render_page() -> str:
    """Return the page with all generated parts from the stored tables."""
    texts = dict(iterate_blocks())
    return BLOCK.sub(lambda found: f"{found[1]}\n{texts[found[2]]}\n\n{found[3]}", PAGE.read_text(encoding="utf-8"))
